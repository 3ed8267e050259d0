"""A question, three texts of which one answers it, and a reader whose tokens are words."""

from __future__ import annotations

QUERY = "How tall is the Eiffel Tower?"
PARIS = (
    "Paris is the capital of France. The Eiffel Tower is 330 metres tall. It was built for the fair of 1889. "
    "Many people visit the city in spring."
)
BREAD = (
    "Bread is made of flour, water and salt. The dough rests for an hour. Bake it at 220 degrees. "
    "A crust forms within twenty minutes."
)
ROME = "Rome lies on the Tiber. The Colosseum held fifty thousand people. Its outer wall is 48 metres tall."
TEXTS = {"Paris": PARIS, "Bread": BREAD, "Rome": ROME}


def words(text: str) -> int:
    """Count like a reader whose tokens are words."""
    return len(text.split())
