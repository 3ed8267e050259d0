"""The paper's tables 1 to 6 on what is at hand: ``python -m evaluation.paper``, or ``make paper``."""
