"""What axe finds on a page: all rules in the light scheme, those of colours in the dark one.

The markup is the same in both schemes, so only what depends on colours can differ; running
everything twice was half the time of the browser tests and found nothing else.
"""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Route

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"runOnly": {"type": "tag", "values": RULES}}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
_AXE = Axe()


def faults(page: Page, *, dark: bool = True) -> dict[str, list[str]]:
    """Violations by scheme and rule, each with its first places; the page stays light.

    ``dark=False`` where the same page's colours are looked at in another width.
    """
    found: dict[str, list[str]] = {}
    for scheme, options in (("dark", COLOURS), ("light", OPTIONS))[0 if dark else 1 :]:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for violation in _AXE.run(page, options=options).response["violations"]:
            nodes = [node["html"][:160] for node in violation["nodes"][:3]]
            found[f"{scheme}: {violation['id']}"] = nodes
    return found


class Mirror:
    """Shows axe, which needs JavaScript, what a page without JavaScript looks like."""

    def __init__(self, context: BrowserContext) -> None:
        self._page = context.new_page()

    def faults(self, original: Page) -> dict[str, list[str]]:
        """`faults` of a page as it stands now."""
        address, html = original.url.partition("#")[0], original.content()

        def answer(route: Route) -> Any:
            route.fulfill(body=html, content_type="text/html; charset=utf-8")

        self._page.route(lambda url: url == address, answer)
        self._page.goto(address)
        found = faults(self._page)
        self._page.unroute_all()
        return found
