"""``encoder="auto"`` with the extra ``multilingual``: each call gets the encoder that reads its text."""

from __future__ import annotations

import asyncio
import pickle

import pytest

from semtoken_rag import Chunk, SemToken
from semtoken_rag import compressor as module
from semtoken_rag.encoders.reading import is_spelled
from semtoken_rag.encoders.static import default_static_encoder
from semtoken_rag.engine import setup
from semtoken_rag.store import MemoryStore
from semtoken_rag.testing import HashEncoder

ENGLISH = "The tower opened in 1889. It rained on that day, and the visitors waited."
OTHER = {
    "ja": ("塔はいつ開きましたか？", "塔は1889年に開いた。その日は雨が降っていた。"),
    "ar": ("متى افتتح البرج؟", "افتُتح البرج عام 1889. هطل المطر في ذلك اليوم."),
    "th": ("หอคอยเปิดเมื่อไร", "หอคอยเปิดในปี 1889 วันนั้นฝนตก"),
    "am": ("ማማው መቼ ተከፈተ?", "ማማው በ1889 ተከፈተ። በዚያ ቀን ዘነበ።"),
    "tr": (
        "Kule ne zaman açıldı?",
        4 * "Kule 1889 yılında açıldı. O gün yağmur yağdı, ziyaretçiler bekledi. ",
    ),
}


@pytest.mark.parametrize("language", OTHER)
def test_other_scripts_and_languages_are_spelled(language):
    question, text = OTHER[language]
    assert is_spelled(question, [text] * 2)
    assert is_spelled("", [text] * 2)


@pytest.mark.parametrize("language", ["ja", "ar", "th", "am"])
def test_the_question_alone_and_the_chunks_alone_are_enough(language):
    question, text = OTHER[language]
    assert is_spelled(question, [ENGLISH] * 5)
    assert is_spelled("When did the tower open?", [text] * 5)


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("When did the tower open?", [ENGLISH]),
        ("", []),
        ("Who won?", ["The sky is red."]),
        ("Y?", ["a b c " + ENGLISH]),
        ("", ["1889 12,5 %", "-----"]),
        ("Who is Björk Guðmundsdóttir?", [ENGLISH]),
        ("What is 4f9a3c2e7b1d?", ["id 4f9a3c2e7b1d status 3 message accepted"]),
        (
            "Which function opens a file?",
            ["def read_lines(path):\n    return open(path).readlines()  # all of them"],
        ),
    ],
)
def test_english_names_numbers_identifiers_and_code_are_read(question, texts):
    assert not is_spelled(question, texts)


@pytest.fixture
def other(monkeypatch) -> HashEncoder:
    """Let a hash stand for the multilingual encoder, and the static table for the default."""
    made = HashEncoder()
    found = {"auto": default_static_encoder(), "multilingual": made}
    monkeypatch.setattr(setup, "resolve_encoder", lambda name, threads=None: found[name])
    monkeypatch.setattr(module, "has_multilingual", lambda: True)
    return made


def test_each_call_names_the_encoder_that_it_took(other):
    engine = SemToken(on_error="raise")
    question, text = OTHER["ja"]
    assert engine.compress([ENGLISH], "When did it open?", ratio=0.5).stats.encoder == engine.encoder.name
    assert engine.compress([text], question, ratio=0.5).stats.encoder == other.name
    assert asyncio.run(engine.acompress([text], question, ratio=0.5)).stats.encoder == other.name
    assert engine.encoder is default_static_encoder()


def test_the_budget_is_counted_with_the_encoder_of_the_call(other):
    question, text = OTHER["tr"]
    context = SemToken(on_error="raise").compress([text] * 2, question, max_tokens=20)
    assert 0 < other.count(context.text) <= 20


def test_chunks_are_stored_for_the_encoder_that_will_be_asked(other):
    engine = SemToken(store=MemoryStore(), on_error="raise")
    question, text = OTHER["th"]
    assert engine.annotate([ENGLISH, text, Chunk(text, title="หอคอย")]) == 3
    assert engine.annotate([ENGLISH, text]) == 0
    assert engine.compress([ENGLISH], "When did it open?", ratio=0.5).stats.stored == 1
    assert engine.compress([text], question, ratio=0.5).stats.stored == 1
    assert engine.annotate([]) == 0
    with pytest.raises(ValueError, match="annotate needs a store"):
        SemToken().annotate([])


def test_if_it_cannot_be_made_the_default_answers_and_the_log_says_why(other, monkeypatch, caplog):
    def fails(name: str, threads: int | None = None) -> object:
        if name == "multilingual":
            raise OSError("no space left")
        return default_static_encoder()

    monkeypatch.setattr(setup, "resolve_encoder", fails)
    engine = SemToken(on_error="raise")
    question, text = OTHER["ar"]
    for _ in range(2):
        context = engine.compress([text], question, ratio=0.5)
        assert context.stats.encoder == default_static_encoder().name
    assert caplog.text.count("no space left") == 1


def test_any_other_name_and_a_missing_extra_route_nothing(other, monkeypatch):
    question, text = OTHER["ja"]
    monkeypatch.setattr(module, "has_multilingual", lambda: False)
    assert SemToken().compress([text], question, ratio=0.5).stats.encoder == default_static_encoder().name


def test_a_pickled_engine_routes_too(monkeypatch):
    monkeypatch.setattr(module, "has_multilingual", lambda: True)
    router = module.Router(len)
    assert isinstance(pickle.loads(pickle.dumps(router)), module.Router)


@pytest.mark.usefixtures("other")
def test_what_chunks_carry_is_made_by_the_encoder_of_each_and_in_their_order():
    engine = SemToken(on_error="raise")
    texts = [ENGLISH, OTHER["th"][1], "Bread is made of flour.", OTHER["ja"][1]]
    chunks = [Chunk(t, fingerprint=f) for t, f in zip(texts, engine.fingerprints(texts), strict=True)]
    english, spelled = chunks[::2], chunks[1::2]
    assert engine.compress(english, "When did it open?", ratio=0.5).stats.stored == 2
    got = engine.compress(spelled, OTHER["th"][0], ratio=0.5)
    assert (got.stats.stored, got.stats.encoder) == (2, "hash")
