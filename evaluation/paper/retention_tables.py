"""Tables without a reader: table 2, all systems at the same budgets, and the words of summaries."""

from __future__ import annotations

from evaluation.markdown import number, table
from evaluation.paper import published
from evaluation.paper.numbers import Results, say, signed

RATES = (0.2, 0.41)


def systems(results: Results) -> str:
    """All systems at the same budgets."""
    head = ["rule"]
    for rate in RATES:
        head += [f"answer at {rate:g}", f"all gold sentences at {rate:g}", f"whole words at {rate:g}"]
    names = dict.fromkeys(r["arm"] for r in results.of("systems"))
    lines = []
    for arm in names:
        line = [arm]
        for rate in RATES:
            line += [
                number(results.mean("systems", figure, arm=arm, ratio=rate))
                for figure in ("answer", "chain", "whole")
            ]
        lines.append(line)
    lines.sort(key=lambda line: line[1], reverse=True)
    return f"{table(head, lines)}\n\nHere: {results.rows('systems')}."


# The rows of the paper that an arm of table 2 is about, what it is compared with, if not the default, and
# what it is called. The last two are a reader's: its cache, fixed after the prompt or chosen anew.
PARTS = {
    "semtoken": "full",
    "no clusters: cut at any word": "w/o clustering",
    "no cut: whole units": "w/o clustering",
    "no density": "w/o density scoring",
    "no question, no density: source order": "w/o density scoring",
    "no question": "w/o AR-budget",
    "kv": "w/o AR-budget",
    "span": "full",
}
AGAINST = {"no question, no density: source order": "no question", "span": "kv"}
CALLED = {
    "semtoken": "the default",
    "kv": "the default in the KV cache, fixed after the prompt",
    "span": "spans of the KV cache by the current query vector, `SpanRelevance` (3.4)",
}


def ablation(results: Results) -> str:
    """Table 2: means over all ratios, and differences to the default, question by question."""
    head = ["variant", "row of the paper", "PPL, ms, EM: paper says", "PPL, here"]
    head += ["nats minus the default, here", "answer, here", "minus the default, here"]
    head += ["all gold sentences, here", "minus the default, here", "ms a call, here"]
    lines, idle = [], []
    for arm in dict.fromkeys(r["arm"] for job in ("ablation", "ablation_lm") for r in results.of(job)):
        row, base = PARTS.get(arm, ""), AGAINST.get(arm, "semtoken")
        differences = [results.difference("ablation", f, arm, base) for f in ("answer", "chain")]
        nats = results.difference("ablation_lm", "nats", arm, base)
        to = "" if base == "semtoken" else f" to `{base}`"
        lines.append(
            [
                CALLED.get(arm, arm),
                row or "-",
                ", ".join(f"{v:g}" for v in published.ABLATION.get(row, ())) or "-",
                say(results.perplexity("ablation_lm", arm=arm)),
                signed(nats) + (to if nats else ""),
                number(results.mean("ablation", "answer", arm=arm), 3),
                signed(differences[0]) + (to if differences[0] else ""),
                number(results.mean("ablation", "chain", arm=arm), 3),
                signed(differences[1]) + (to if differences[1] else ""),
                say(results.median("ablation", "ms", arm=arm)),
            ]
        )
        if any(differences) and not any(d and d[1] and d[1][1] < 0 for d in differences):
            idle.append(f"`{arm}`")
    return (
        f"{table(head, lines)}\n\nHere: {results.rows('ablation')}; means over .1, .2 and .4 of the tokens, "
        "paired differences with 95 % intervals. "
        f"PPL: {results.rows('ablation_lm') or 'not measured'}, .41 of the tokens.\n\n"
        "Each of these by itself costs neither answers nor chains that so many questions can tell from none: "
        f"{', '.join(idle) or 'no part'}."
    )


def recall(results: Results) -> str:
    """Content words of the reference summaries that the compressed texts hold."""
    sets = results.sets("recall")
    shown = dict.fromkeys((r["arm"], r["ratio"]) for r in results.of("recall"))
    lines = [
        [
            arm,
            f"{ratio:g}",
            *(number(results.mean("recall", "recall", arm=arm, ratio=ratio, set=s)) for s in sets),
        ]
        for arm, ratio in shown
    ]
    lines.sort(key=lambda line: (line[1], line[-1]), reverse=True)
    return f"{table(['rule', 'tokens', *sets], lines)}\n\nHere: {results.rows('recall')}."
