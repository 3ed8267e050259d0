from __future__ import annotations

import json

import evaluate_yours

FILLER = "Boats pass in the morning. The market opens at six. Nobody sings there. Rain is rare in May. "
BORN = "The builder of the tower was born in Vessel."
ROWS = [
    {
        "question": "Where was the builder of the tower born?",
        "chunks": [
            {"title": "Mara", "text": FILLER + "The builder of the tower was born in Vessel."},
            FILLER,
        ],
        "gold": [BORN],
    },
    {
        "question": "How many steps do the stairs of the tower have?",
        "chunks": [FILLER + "The stairs of the tower have two hundred steps.", FILLER],
        "answers": ["two hundred", "200"],
    },
]


def test_a_table_of_what_survives(tmp_path, capsys):
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)) + "\n\n", encoding="utf-8")
    evaluate_yours.main(path, encoder="static")
    out = capsys.readouterr().out
    assert "2 questions" in out
    cells = {line.split()[1]: line.split()[3::2] for line in out.splitlines() if line.count("│") == 5}
    assert cells["semtoken"][-1] == "1.00"
    assert cells["lead"] == ["0.00", "0.00", "0.00"]
