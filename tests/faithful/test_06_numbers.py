"""A number is kept with all its groups, its sign and its unit, or not at all."""

# ruff: noqa: E501  (a text a line)

from __future__ import annotations

import re

import pytest

TEXTS = [
    ("What did the tunnel cost?", ("3 480 000 francs", "15 March 2031", "2 100 m"),
     "The tunnel under the Varn ridge cost 3 480 000 francs with all its lamps, was opened on 15 March 2031 by "
     "the minister, and is 2 100 m long from gate to gate. Trucks use the old road. A kiosk sells tea."),
    ("Wie viel Strom liefert das Werk?", ("4 750 MWh", "−12,5 °C", "29. Oktober 2029"),
     "Das Werk an der Ilse liefert 4 750 MWh im Jahr, auch wenn es an der Talsperre −12,5 °C kalt ist, und es "
     "ging am 29. Oktober 2029 ans Netz. Der Turm ist grün. Führungen gibt es sonntags."),
    ("What is the flow of the pump?", ("0.75 m³/h", "230 V", "1,200.50 USD"),
     "The small pump has a flow of 0.75 m³/h at full load, runs on 230 V from any socket in the house, and was "
     "sold for 1,200.50 USD when it was new. The hose is blue. It hums a little."),
    ("How do I reach the clinic?", ("+44 (0)20 7946 0018", "desk.two@clinic.example", "GB29 NWBK 6016 1331 9268 19"),
     "You reach the clinic under +44 (0)20 7946 0018 on all days, or you write to desk.two@clinic.example for "
     "an appointment, and fees are paid to GB29 NWBK 6016 1331 9268 19 in advance. Parking is free. Bring a book."),
    ("大坝花了多少钱？", ("1,250万元", "2031年3月15日", "48.6公里"),
     "这座大坝一共花了1,250万元，于2031年3月15日正式启用，从镇上到那里的公路全长48.6公里。游客很多。夏天有船。"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "wholes", "text"), TEXTS)
def test_a_number_is_whole_or_gone(sweep, question, wholes, text):
    seen = 0
    for kept in sweep(text, question, low=0.02):
        left = kept
        for whole in wholes:
            seen += whole in left
            left = left.replace(whole, "")
        for digits in {run for whole in wholes for run in re.findall(r"\d+", whole)}:
            assert digits not in re.findall(r"\d+", left), kept
    assert seen > 5
