"""An explanation as one HTML file that uses no network and runs only its own script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from semtoken_rag.explain.outcome import duration, encoder, percent, saved, sentences
from semtoken_rag.explain.views import DocumentView, Explanation, UnitView
from semtoken_rag.result import Stats
from semtoken_rag.text.visible import visible
from semtoken_rag.types import Granularity

SAID = {
    Granularity.DROPPED: "Dropped: ",
    Granularity.COARSE: "Kept in part: ",
    Granularity.FINE: "Kept: ",
}


def page(explanation: Explanation) -> str:
    """Return the HTML page of an explanation.

    Whatever the documents say is shown as text: every text is escaped, and the page's content security policy
    allows only the script whose hash it names.
    """
    stats = explanation.stats
    script, style = _asset("page.js"), _asset("theme.css") + _asset("page.css")
    question = explanation.query or "No question: by density alone"
    return Template(_asset("page.html")).substitute(
        script=script,
        style=style,
        script_hash=_hash(script),
        style_hash=_hash(style),
        title=escape_text(explanation.query or "What was kept"),
        question=escape_text(question),
        fallback=_fallback(stats.fallback),
        before=f"{stats.tokens_before:,}",
        after=f"{stats.tokens_after:,}",
        outcome="".join(f"<p>{escape_text(said)}</p>" for said in sentences(stats)),
        point="What the call kept" if stats.cut_by == "keep" else "The budget of the call",
        budget=_point(stats),
        most=max(stats.tokens_before, stats.budget),
        total=duration(stats.total_seconds),
        stages=_table({name: duration(seconds) for name, seconds in stats.seconds.items()}),
        facts=_table(
            {
                "tokens": saved(stats),
                "fingerprints": encoder(stats),
                "counted by": stats.counter,
                "from a store": f"{stats.stored} of {len(explanation.documents)} documents",
            }
        ),
        documents="\n".join(_document(document) for document in explanation.documents),
        data=_data(explanation),
    )


def frame(explanation: Explanation) -> str:
    """Return the page in an ``iframe``, which keeps a notebook's styles and scripts apart from it."""
    return (
        '<iframe title="What was kept, and why" sandbox="allow-scripts" '
        'style="width:100%;height:40rem;border:0;resize:vertical" '
        f'srcdoc="{escape(page(explanation))}"></iframe>'
    )


def escape_text(text: str) -> str:
    """Escape a text for HTML, and spell out the characters that cannot be seen.

    >>> escape_text('<b onclick="x">')
    '&lt;b onclick=&quot;x&quot;&gt;'
    """
    return escape(visible(text))


def _asset(name: str) -> str:
    return (files("semtoken_rag.explain") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _fallback(error: str | None) -> str:
    if error is None:
        return ""
    return f'<p id="failed">The call fell back: {escape_text(error)}</p>'


def _point(stats: Stats) -> int:
    """Return where the slider stands for the call: at what it kept if that sufficed, else at its budget."""
    return stats.tokens_after if stats.cut_by == "keep" else stats.budget


def _table(rows: dict[str, str]) -> str:
    body = "".join(
        f'<tr><th scope="row">{escape_text(name)}</th><td>{escape_text(value)}</td></tr>'
        for name, value in rows.items()
    )
    return f"<tbody>{body}</tbody>"


def _document(document: DocumentView) -> str:
    text, parts, end = document.text, [], 0
    for unit in document.units:
        parts += [escape_text(text[end : unit.start]), _unit(text, unit)]
        end = unit.end
    parts.append(escape_text(text[end:]))
    number, name = document.number, escape_text(document.name)
    return (
        f'<article aria-labelledby="d{number}"><header><h2 id="d{number}">'
        f'<span class="number">{number}</span> <bdi>{name}</bdi></h2>'
        f'<p class="count quiet"><span class="kept">{document.tokens_after:,}</span> of '
        f"{document.tokens_before:,} tokens</p></header>"
        f'<div class="text" dir="auto">{"".join(parts)}</div></article>'
    )


def _unit(text: str, unit: UnitView) -> str:
    start, end = unit.part if unit.granularity == Granularity.COARSE else (unit.start, unit.end)
    name = unit.granularity.name.lower()
    spans = (("rest", unit.start, start), ("part", start, end), ("rest", end, unit.end))
    inner = "".join(f'<span class="{kind}">{escape_text(text[a:b])}</span>' for kind, a, b in spans if b > a)
    said = f'<span class="unseen">{SAID[unit.granularity]}</span>'
    return f'<span class="u {name} s{unit.shade}">{said}{inner}</span>'


def _data(explanation: Explanation) -> str:
    """Return the data of the page's script, as JSON that cannot end the element that holds it."""
    stats = explanation.stats
    names = _names(next(explanation.units, None))
    data = {
        "budget": _point(stats),
        "before": stats.tokens_before,
        "after": stats.tokens_after,
        "most": max(stats.tokens_before, stats.budget, 1),
        "movable": bool(names),
        "names": names,
        "documents": [{"after": document.tokens_after} for document in explanation.documents],
        "units": [_facts(u, d.number - 1, names) for d in explanation.documents for u in d.units],
    }
    return json.dumps(data).replace("<", "\\u003c")


def _names(unit: UnitView | None) -> list[str]:
    """Return the names of the scores: relevance first, the score that decided last."""
    order = ("relevance", "bridge", "density")
    return sorted(
        unit.scores if unit else (),
        key=lambda n: (n == "score", n not in order, order.index(n) if n in order else 0),
    )


def _facts(unit: UnitView, document: int, names: Sequence[str]) -> dict[str, Any]:
    reason = unit.reason
    return {
        "document": document,
        "grain": int(unit.granularity),
        "cost": unit.cost,
        "part": unit.part_cost,
        "value": unit.value,
        "parent": unit.parent,
        "bridged_from": unit.bridged_from,
        "lent": unit.scores.get("bridge", 0.0) if unit.bridged_from >= 0 else 0.0,
        "group": unit.group,
        "chance": unit.probability and percent(unit.probability),
        "scores": [round(unit.scores[name], 4) for name in names],
        "reason": reason
        and [visible(reason.before), visible(reason.quoted), visible(reason.after), reason.unit],
    }
