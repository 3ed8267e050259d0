from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

from evaluation.faithful.__main__ import main
from evaluation.faithful.case import Case, Limit
from evaluation.faithful.generate import LANGS, generate, make, sound, split_of
from evaluation.faithful.judge import Kept, answered, bare_claims, broken, judge, places
from evaluation.faithful.methods import RULES, counter, get, hanging, of_documents, own
from evaluation.faithful.templates import TEMPLATES
from semtoken_rag import Granularity

KINDS = sorted({kind for kind, _ in TEMPLATES.values()})


@cache
def cases() -> list[Case]:
    return generate()


def whole(case: Case) -> Kept:
    """All of a case, as a method with offsets gives it."""
    slices = {i: [(0, len(text))] for i, text in enumerate(case.chunks)}
    return Kept(dict(enumerate(case.chunks)), slices=slices)


def made(text: str, *limits: Limit, atoms: tuple[str, ...] = (), answer: str = "") -> Case:
    """A case of one chunk."""
    pairs = tuple((0, atom) for atom in atoms)
    return Case("a/en/0", "kind", "a", "en", (text,), "?", 0, (answer or limits[0].text,), limits, pairs)


def misleads(case: Case, text: str) -> bool:
    return bool(bare_claims(case, Kept({0: text})))


def test_there_are_enough_cases_of_all_kinds_in_all_languages():
    assert len(cases()) >= 300
    assert len({case.id for case in cases()}) == len(cases())
    assert {(case.kind, case.lang) for case in cases()} == {(kind, lang) for kind in KINDS for lang in LANGS}
    assert {len(case.chunks) for case in cases()} == {1, 2, 3, 4}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    dumped = [json.dumps(case.as_dict(), ensure_ascii=False) for case in generate(n=1)]
    assert dumped == [json.dumps(case.as_dict(), ensure_ascii=False) for case in generate(n=1)]
    assert dumped != [json.dumps(case.as_dict(), ensure_ascii=False) for case in generate(n=1, seed=1)]


def test_a_case_survives_json():
    case = make("statute-sections", "de", 0)
    assert Case.of(json.loads(json.dumps(case.as_dict()))) == case


def test_splits_part_the_templates_and_each_kind_is_in_both():
    dev, test = (generate(n=1, split=split) for split in ("dev", "test"))
    assert {case.template for case in dev}.isdisjoint(case.template for case in test)
    assert {case.template for case in dev + test} == set(TEMPLATES)
    assert sorted({case.kind for case in dev}) == sorted({case.kind for case in test}) == KINDS
    assert all(split_of(case.template) == "dev" for case in dev)
    with pytest.raises(ValueError, match="'train'"):
        generate(split="train")


def test_the_whole_text_passes():
    for case in cases() + generate(n=1, seed=5):
        assert sound(case), case.id
        for kept in (whole(case), Kept(dict(enumerate(case.chunks))), Kept({-1: "\n".join(case.chunks)})):
            found = judge(case, kept)
            assert (found["answer"], found["misleading"], found["broken"]) == (1, 0, 0), case.id


def test_nothing_is_never_misleading():
    for case in cases():
        found = judge(case, Kept({}, slices={}))
        assert (found["answer"], found["misleading"], found["broken"]) == (0, 0, 0), case.id


@pytest.mark.parametrize("template", sorted(TEMPLATES))
@pytest.mark.parametrize("lang", LANGS)
def test_each_need_of_each_claim_is_looked_for(template: str, lang: str):
    """The claim alone misleads where it needs anything, and so it does with all of its needs but one."""
    case = make(template, lang, 0)
    for limit in case.limits:
        if limit.before or limit.after:
            assert misleads(case, limit.text) or limit.chunk != 0
            assert bare_claims(case, Kept({limit.chunk: limit.text})), limit
        for need in (*limit.before, *limit.after):
            parts = [part for part in (*limit.before, limit.text, *limit.after) if part != need]
            assert bare_claims(case, Kept({limit.chunk: " … ".join(parts)})), (limit, need)


@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_half_of_each_atom_is_found_by_offsets_and_by_text(template: str):
    case = make(template, "en", 0)
    for chunk, atom in case.atoms:
        at = case.chunks[chunk].index(atom)
        half = at + max(2, len(atom) // 2)
        for start, end in ((0, half), (half, len(case.chunks[chunk]))):
            kept = case.chunks[chunk][start:end]
            assert broken(case, Kept({chunk: kept}, slices={chunk: [(start, end)]})) == [atom]
            assert broken(case, Kept({chunk: kept})) in ([atom], [])  # a lower bound
    assert case.atoms or all(limit.before or limit.after for limit in case.limits)


# kind: (text, claim, what is kept of it and misleads)
WRONG = {
    "policy": (
        "Covered:\n- wool\n\nNot covered:\n- silk",
        Limit(0, "silk", ("Not covered",), (), ("Covered",)),
        "Covered:\n- silk",
    ),
    "plan": (
        "# Fox\nIt costs 7.\n# Owl\nIt costs 9.",
        Limit(0, "costs 9", ("Owl",), (), ("Fox",)),
        "# Owl\n# Fox\nIt costs 9.",
    ),
    "statute": (
        "§ 3 Bells\nBells may ring except at night.",
        Limit(0, "may ring", (), ("except at night",)),
        "§ 3 Bells\nBells may ring.",
    ),
    "manual": (
        "Do not open it before noon.",
        Limit(0, "open it", ("Do not",), ("before noon",)),
        "open it before noon.",
    ),
    "table": (
        "| a | b |\n| x | 5 |\n| y | 6 |",
        Limit(0, "6", ("b", "y"), (), ("x",)),
        "| a | b |\n| x | 6 |",
    ),
    "log": (
        "id=1\n  took 5 s\nid=2\n  took 6 s",
        Limit(0, "6 s", ("id=2",), (), ("id=1",)),
        "id=1\n  took 6 s",
    ),
    "chat": (
        "Ann: I bring tea.\nBob: I bring jam.",
        Limit(0, "jam", ("Bob",), (), ("Ann",)),
        "Ann: I bring jam.",
    ),
    "config": ("a:\n  t: 5\nb:\n  t: 6", Limit(0, "6", ("t", "b"), (), ("a",)), "t: 6"),
    "contract": (
        "Pay in 5 days. This is not for Sundays.",
        Limit(0, "5 days", (), ("not for Sundays",)),
        "Pay in 5 days.",
    ),
    "negation": (
        "Neither he nor she is liable.",
        Limit(0, "is liable", ("Neither he",)),
        "she is liable.",
    ),
}


@pytest.mark.parametrize("kind", sorted(WRONG))
def test_a_wrong_output_of_each_kind_is_found(kind: str):
    text, limit, wrong = WRONG[kind]
    case = made(text, limit)
    assert not misleads(case, text)
    assert misleads(case, wrong)


def test_every_kind_has_a_wrong_output_here():
    assert {*WRONG, "value"} == set(KINDS)


@pytest.mark.parametrize(
    ("start", "end", "parts"),
    [(0, 12, 1), (0, 16, 1), (14, 30, 1), (16, 30, 1), (0, 8, 0), (0, 30, 0), (20, 30, 0)],
)
def test_a_part_of_a_number_is_broken(start: int, end: int, parts: int):
    text = "It cost 1 250 000 in the end. "
    case = made(text, atoms=("1 250 000",), answer="1 250 000")
    assert len(broken(case, Kept({0: text[start:end]}, slices={0: [(start, end)]}))) == parts
    assert answered(case, Kept({0: text[start:end]})) == (start == 0 and end == 30)


def test_a_number_in_two_pieces_is_whole_and_with_a_hole_broken():
    text = "It cost 1 250 000 in the end. "
    case = made(text, atoms=("1 250 000",), answer="1 250 000")
    assert not broken(case, Kept({}, slices={0: [(0, 9), (10, 30)]}))
    assert broken(case, Kept({}, slices={0: [(0, 9), (14, 30)]}))


def test_without_offsets_another_sum_in_the_same_words_is_not_broken():
    text = "For the mill they paid 250 francs. For the barn they paid 275 francs. It rained."
    case = made(text, atoms=("250 francs", "275 francs"), answer="250 francs")
    assert not broken(case, Kept({0: "For the barn they paid 275 francs."}))
    assert broken(case, Kept({0: "For the mill they paid 2 It rained."})) == ["250 francs"]


def test_words_are_whole_and_blanks_are_one():
    assert places("5 euros", "15 euros, 5\n euros") == [(10, 17)]
    assert len(places("不赔付", "我们不赔付：")) == 1


def test_bare_children_are_counted_along_the_chain():
    def unit(kept: bool, parent: object) -> SimpleNamespace:
        return SimpleNamespace(granularity=Granularity(2 * kept), parent=parent)

    chain = [unit(True, -1), unit(False, 0), unit(True, 1), unit(True, 0), unit(False, 1)]
    assert hanging(chain) == (2, 1)
    assert hanging([unit(True, ()), unit(True, (0,)), unit(False, (0, 1)), unit(True, (0, 2))]) == (2, 1)


def test_documents_of_a_chunk_are_read_together():
    case = make("plan-markdown", "en", 0)
    parts = [SimpleNamespace(page_content=t, metadata={"id": "0"}) for t in case.chunks[0].split("\n\n")]
    kept = of_documents(case, 1.0, parts)
    assert not bare_claims(case, kept)
    assert kept.tokens <= kept.budget


@pytest.mark.model
def test_the_product_is_judged_by_its_offsets():
    case = make("table-csv", "en", 0)
    kept = own("static")(case, 0.4)
    assert kept.tokens <= kept.budget
    assert kept.children is not None
    assert all(0 <= a < b <= len(case.chunks[i]) for i, cut in (kept.slices or {}).items() for a, b in cut)


@pytest.mark.model
@pytest.mark.parametrize("name", sorted(RULES))
def test_rules_hold_the_budget(name: str):
    case = make("statute-prose", "zh", 0)
    kept = RULES[name](case, 0.3)
    assert 0 < kept.tokens <= kept.budget == 0.3 * sum(map(counter(), case.chunks))


@pytest.mark.model
def test_the_command_prints_a_table_and_names_what_is_not_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    out = tmp_path / "made" / "lead.json"
    main(
        [
            "--method",
            "lead",
            "llmslim",
            "--ratios",
            ".2",
            "--n",
            "1",
            "--peers",
            str(tmp_path),
            "--out",
            str(out),
        ]
    )
    said = capsys.readouterr().out
    assert "llmslim is not installed" in said
    assert "| lead | .2 |" in said
    (result,) = json.loads(out.read_text(encoding="utf-8"))
    assert result["rows"][0]["n"] == len(TEMPLATES) * len(LANGS)
    assert set(result["rows"][0]["by_kind"]) == set(KINDS)


def test_an_unknown_method_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="'nothing'"):
        get("nothing", tmp_path)
