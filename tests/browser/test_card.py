"""The card on a phone, a desk, paper and for other eyes: every situation (done 3 and 4, B1-B3).

Pages are made from cards written by hand and given to the browser under the house's policy;
that the routes send the same pages is tested where the routes are.
"""

from __future__ import annotations

import base64
import itertools
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route

from app.assets import FOLDER
from app.main import security_headers
from app.settings import Settings
from instrument.model import LANGUAGES
from tests.browser.conftest import Phones
from tests.browser.faults import OPTIONS
from tests.browser.test_access import SIDEWAYS, SMALL
from tests.scorecards.cards import CARDS
from tests.scorecards.setting import KINDS, html

HOUSE = "http://127.0.0.1:9"
HEADERS = security_headers(Settings(_env_file=None)).headers  # type: ignore[call-arg]
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
VIEWS = [
    ("id", "light", 360),
    ("en", "dark", 1280),
    ("id", "dark", 360),
    ("en", "light", 1280),
    ("en", "light", 360),
    ("id", "dark", 1280),
    ("en", "dark", 360),
    ("id", "light", 1280),
]
AXE = [
    *itertools.product(["card"], ["wave6", "n0", "part", "n9", "n10", "suppressed", "full"]),
    *itertools.product(["results"], ["wave6", "n240", "n3", "part", "all60"]),
    ("shared", "wave3"),
]
"""Pages that differ in what they are made of; a run takes a second."""
EYES = ("none", "achromatopsia", "deuteranopia", "protanopia")
GREY = """async data => {
  const image = new Image(); image.src = 'data:image/png;base64,' + data; await image.decode()
  const box = document.createElement('canvas'); box.width = box.height = 32
  const pen = box.getContext('2d'); pen.drawImage(image, 0, 0, 32, 32)
  const seen = pen.getImageData(0, 0, 32, 32).data, grey = []
  for (let at = 0; at < seen.length; at += 4)
    grey.push(.2126 * seen[at] + .7152 * seen[at + 1] + .0722 * seen[at + 2])
  return grey
}"""
HIDDEN = """() => [...document.querySelectorAll('.kartu table')].filter(
  one => !one.closest('.again') && !one.getBoundingClientRect().height).length"""
CUT = """() => [...document.querySelectorAll('.scroll')].map(
  one => one.scrollWidth - one.clientWidth)"""


def answer(route: Route) -> None:
    """Send a page or a style sheet, with the headers of the service."""
    path = urlsplit(route.request.url).path
    if path.startswith("/static/"):
        file = FOLDER / path.rsplit("/", 1)[-1]
        route.fulfill(body=file.read_bytes(), content_type=TYPES[file.suffix], headers=HEADERS)
        return
    _, kind, name, language = path.split("/")
    body = html(kind, name, language)  # type: ignore[arg-type]
    route.fulfill(body=body, content_type="text/html; charset=utf-8", headers=HEADERS)


def phone(phones: Phones, width: int, **options: Any) -> Page:
    """A page of a phone or a desk that reaches our house only."""
    page = phones.page(width, **options)
    page.context.route(f"{HOUSE}/**", answer)
    return page


def test_axe_finds_nothing_on_any_card(phones: Phones) -> None:
    """0 violations, details open: each situation once, in the views one after the other."""
    page, axe = phone(phones, 360), Axe()
    turn = itertools.cycle(VIEWS)
    wanted = [(kind, name, *next(turn)) for kind, name in AXE]
    found: dict[str, Any] = {}
    for kind, name, language, scheme, width in wanted:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(f"{HOUSE}/{kind}/{name}/{language}")
        page.evaluate("() => document.querySelectorAll('details').forEach(one => one.open = true)")
        for violation in axe.run(page, options=OPTIONS).response["violations"]:
            nodes = [node["html"][:160] for node in violation["nodes"][:3]]
            found[f"{kind} {name} {language} {scheme} {width}: {violation['id']}"] = nodes
    print(f"\naxe: {len(wanted)} runs, {len(found)} violations")
    assert found == {}


@pytest.mark.parametrize("size", ["320 px", "200 % text"])
def test_nothing_scrolls_sideways_and_targets_are_large(phones: Phones, size: str) -> None:
    """B1 at its narrowest, and with letters twice as large."""
    page = phone(phones, 320 if size == "320 px" else 360)
    if size != "320 px":
        page.add_init_script(
            "document.addEventListener('DOMContentLoaded', () => {"
            " document.documentElement.style.fontSize = '200%' })"
        )
    everything = [*itertools.product(("card", "results"), CARDS), ("shared", "full")]
    for place, (kind, name) in enumerate(everything[:: 1 if size == "320 px" else 2]):
        page.goto(f"{HOUSE}/{kind}/{name}/{LANGUAGES[place % 2]}")
        page.evaluate("() => document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate(SIDEWAYS) <= 0, (kind, name)
        assert page.evaluate(SMALL) == [], (kind, name)


def test_it_needs_no_script(phones: Phones) -> None:
    """All of it is there without JavaScript, and the table opens by a tap."""
    page = phone(phones, 360, java_script_enabled=False)
    for kind in KINDS:
        page.goto(f"{HOUSE}/{kind}/wave3/id")
        assert page.locator("h1").inner_text().startswith("Kualitas hubungan, motivasi")
        assert page.locator("svg.axis .range").count() == 8
        page.locator("summary").first.click()
        assert page.locator("table").first.is_visible()


@pytest.mark.parametrize("name", ["wave6", "full", "part", "n9", "n10"])
def test_it_prints_on_two_pages(phones: Phones, name: str) -> None:
    """B1: A4, at most two; details are open, no column is cut, members' words stay off paper."""
    page = phone(phones, 703)
    page.emulate_media(media="print")
    for kind, language in (("card", "id"), ("shared", "en")):
        page.goto(f"{HOUSE}/{kind}/{name}/{language}")
        assert page.evaluate(HIDDEN) == 0
        assert all(over <= 0 for over in page.evaluate(CUT))
        assert page.locator(".heard li:visible").count() == 0
        printed = page.pdf(prefer_css_page_size=True)
        pages = max(int(count) for count in re.findall(rb"/Type /Pages.*?/Count (\d+)", printed,
                                                       re.DOTALL))  # fmt: skip
        assert 1 <= pages <= 2, (kind, language)
        assert {(595, 842), (596, 842), (595, 843)} >= {
            (round(float(wide)), round(float(high)))
            for wide, high in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
        }


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_states_keep_apart_for_other_eyes(phones: Phones, scheme: str) -> None:
    """B3: in grey, deuteranopia and protanopia the shapes differ by a fifth of their pixels."""
    page = phone(phones, 1280, device_scale_factor=4)
    board = phone(phones, 360)
    board.goto("about:blank")
    if scheme == "print":
        page.emulate_media(media="print")
    else:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{HOUSE}/card/part/id")
    session = page.context.new_cdp_session(page)
    for eyes in EYES:
        session.send("Emulation.setEmulatedVisionDeficiency", {"type": eyes})
        masks = {}
        for state in ("strong", "fair", "attention", "not_enough"):
            shot = page.locator(f".card [data-state={state}]").first.screenshot()
            grey = board.evaluate(GREY, base64.b64encode(shot).decode())
            ground = grey[0]
            masks[state] = [abs(level - ground) > 40 for level in grey]
            assert sum(masks[state]) > 0.1 * len(grey), (eyes, state)
        for one, other in itertools.combinations(masks, 2):
            apart = sum(a != b for a, b in zip(masks[one], masks[other], strict=True))
            inked = sum(a or b for a, b in zip(masks[one], masks[other], strict=True))
            assert apart >= 0.2 * inked, (eyes, one, other, apart / inked)
