"""A real browser for tests marked ``browser``: Debian's Chromium, driven by Playwright over a pipe.

Take the fixtures by name, `tests/conftest.py` has them for every folder::

    pytestmark = pytest.mark.browser

    def test_a_click_opens_it(open_page):
        page = open_page(width=400, dark=True)
        page.goto(path.as_uri())                       # or page.goto("http://127.0.0.1:...")
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_text("opened")).to_be_visible()

A script error on one of the pages fails the test when it ends. Chromium opens nothing but files, data and
127.0.0.1; a request for anything else is cut and ends up in ``open_page.outside``. Nothing here needs a
socket in the test's own process; a module whose server runs in a thread of it marks itself
``pytest.mark.enable_socket`` as well. Playwright's loop runs in the thread of the tests from the first use of
a fixture to the end of the module: coroutines belong to other modules or threads.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WAIT = 30_000  # milliseconds that a page may take for anything: a busy machine is no failure
LOCAL = ("file:", "data:", "blob:", "about:", "http://127.0.0.1:", "ws://127.0.0.1:")


class Pages:
    """Opens pages, each in a window and a profile of its own, and remembers what went wrong on them."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.errors: list[str] = []
        self.outside: list[str] = []

    def __call__(self, *, width: int = 1280, height: int = 900, dark: bool = False) -> Page:
        """Open an empty page of ``width`` x ``height`` CSS pixels."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(WAIT)
        context.route("**/*", self._only_local)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def _only_local(self, route: Route) -> None:
        if route.request.url.startswith(LOCAL):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def close(self) -> None:
        """Close all pages."""
        for context in self.browser.contexts:
            context.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window, one for each module that asks."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("no playwright: pip install playwright")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=WAIT)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Pages]:
    """Open pages with ``open_page(width=, height=, dark=)``; they close with the test."""
    pages = Pages(browser)
    yield pages
    pages.close()
    assert not pages.errors, "script errors on the page"
