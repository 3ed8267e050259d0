"""Pictures for the README and the documentation, taken of real calls: ``python scripts/screenshots.py``.

Needs Debian's ``chromium`` and the package ``playwright``.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from semtoken_rag import Chunk, CompressedContext, SemToken

QUESTION = "In which city was the engineer born who made the iron frame of the Statue of Liberty?"
DOCUMENTS = (
    (
        "Statue of Liberty",
        "The Statue of Liberty stands on Liberty Island in New York Harbor. The sculptor Auguste "
        "Bartholdi designed its copper skin, and Gustave Eiffel the iron frame that carries it. It was "
        "dedicated on 28 October 1886. Its first torch was replaced in 1986 and is shown in a museum on "
        "the island.",
    ),
    (
        "Brooklyn Bridge",
        "The Brooklyn Bridge opened on 24 May 1883. John Roebling, who designed it, was born in "
        "Mühlhausen and died before the work began. His son Washington led it from a sickroom, and Emily "
        "Roebling carried his orders to the site.",
    ),
    (
        "Gustave Eiffel",
        "He was born in Dijon on 15 December 1832, where his mother ran a coal business. He studied "
        "chemistry at the École Centrale in Paris. In his last years he measured the drag of wings in a "
        "wind tunnel of his own.",
    ),
    (
        "Garabit viaduct",
        "The Garabit viaduct carries a railway over the river Truyère. Its arch spans 165 metres. It is "
        "painted red, and trains cross it slowly.",
    ),
    (
        "Auguste Bartholdi",
        "Auguste Bartholdi was born in Colmar on 2 August 1834. The house of his birth is a museum "
        "today. He also carved the Lion of Belfort out of red sandstone.",
    ),
    (
        "Dijon",
        "Dijon is the capital of Burgundy. It is known for its mustard, and for the palace of its dukes.",
    ),
    (
        "Ellis Island",
        "Ellis Island lies beside Liberty Island. More than twelve million people passed through its "
        "halls on their way into the country. A museum tells their story.",
    ),
)
WINDOWS = {  # name: width, height, dark
    "explain": (1280, 860, False),
    "explain-dark": (1280, 860, True),
    "explain-narrow": (400, 860, False),
}


def call() -> CompressedContext:
    """Compress the documents for the question to a third, with the table that is in the wheel."""
    chunks = [Chunk(text, title=title) for title, text in DOCUMENTS]
    return SemToken(encoder="static", on_error="raise").compress(chunks, QUESTION, ratio=0.3)


def take(browser: Browser, page: Path, folder: Path, name: str) -> None:
    """Open the page in a window, choose the sentence that answers, and take the picture."""
    width, height, dark = WINDOWS[name]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=1.5,
        color_scheme="dark" if dark else "light",
    )
    opened = context.new_page()
    opened.goto(page.as_uri())
    opened.locator(".u", has_text="born in Dijon").click()
    opened.mouse.move(0, 0)
    opened.screenshot(path=folder / f"{name}.png")
    context.close()


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("docs/img"))
    folder: Path = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        page = Path(made) / "explain.html"
        call().to_html(page)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for name in WINDOWS:
            take(browser, page, folder, name)
            print(folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
