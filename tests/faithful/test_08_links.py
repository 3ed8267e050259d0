"""Links, images, code and addresses are whole or gone."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

import pytest

TEXTS = [
    ("Where is the upgrade guide?",
     ("[upgrade guide, part 2](https://kb.example.net/v4.2/up,grade?id=3#db)", "![plan, upper floor](img/p_7-b.png)"),
     "Before the move you read the [upgrade guide, part 2](https://kb.example.net/v4.2/up,grade?id=3#db) with your "
     "team, and then the port is closed. The rooms are on ![plan, upper floor](img/p_7-b.png) in the hall, and the "
     "keys are at the desk. It takes a day."),
    ("How is the cache emptied?",
     ("`drop cache, hard`", "https://ops.example.net/c?x=1,2", "/var/lib/kv,two/cache.db"),
     "The cache is emptied with `drop cache, hard` by the night crew, and it is built anew by itself. The steps are "
     "at https://ops.example.net/c?x=1,2 in the wiki, and the file is kept in /var/lib/kv,two/cache.db on the host."),
    ("Was sagt das Schild am Tor?",
     ("„Halt, hier wird gesprengt“", "[Merkblatt, Seite 4](https://bau.example.de/m,4)"),
     "Am Tor steht „Halt, hier wird gesprengt“ in roter Schrift, und der Weg ist dann für alle gesperrt. Näheres "
     "steht im [Merkblatt, Seite 4](https://bau.example.de/m,4) der Bauleitung, und es liegt auch im Büro aus."),
]  # fmt: skip


@pytest.mark.parametrize(("question", "wholes", "text"), TEXTS)
def test_what_is_one_thing_is_whole_or_gone(engine, sweep, question, wholes, text):
    seen = 0
    whole_text = engine.counter.count(text)
    for limit in range(4, whole_text):
        context = engine.compress([text], question, max_tokens=limit)
        pieces = [(p.start, p.end) for chunk in context.chunks for p in chunk.pieces]
        for whole in wholes:
            start = text.index(whole)
            end = start + len(whole)
            covered = sum(max(0, min(b, end) - max(a, start)) for a, b in pieces)
            seen += covered == len(whole)
            assert covered in (0, len(whole)), context.text
    assert seen > 5
