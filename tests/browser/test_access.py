"""Accessible to everybody: axe on every page, targets, zoom, keyboard (A4, A5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import (
    ITEMS,
    STEPS,
    House,
    Phones,
    advance,
    answer_step,
    choose,
    saved,
    start,
)
from tests.browser.faults import faults

SMALL = """() => [...document.querySelectorAll('a,button,input,textarea,summary')].filter(e => {
  const at = e.closest('label.row') || e, box = at.getBoundingClientRect()
  if (!box.width || e.type === 'hidden' || e.matches('.skip, .vh')) return false
  const words = e.tagName === 'A' && e.parentElement.closest('p,li')
  if (words && words.textContent.trim() !== e.textContent.trim()) return false
  return box.width < 44 || box.height < 44
}).map(e => e.outerHTML.slice(0, 120))"""
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def every_page(page: Page, house: House, language: str) -> Iterator[str]:
    """Lead a phone past every member page and state; yields the name of each."""

    def show(path: str = "", slug: str = "sidoarjo") -> None:
        page.goto(house.url(path, language, slug))

    for slug in ("sidoarjo", "terbuka", "tutup", "nanti", "kosong", "takada"):
        show(slug=slug)
        yield f"landing of {slug}"
    for path in ("/hasil", "/hak"):
        show(path)
        yield path
    show()
    page.click(".do .go")
    yield "landing with errors"
    for why in ("ikut", "umur"):
        show()
        page.click(f"[name=tidak][value={why}]")
        yield f"declined, {why}"
    code = house.code()
    start(page, house, code, language=language)
    yield "section 1"
    choose(page, "REL1", 4)
    advance(page, 1)
    saved(page)
    yield "section 2, saved"
    for number in range(2, 10):
        advance(page, number)
    yield "behaviour"
    page.fill("#BEH1", "banyak")
    page.click("#b10 .go")
    page.wait_for_selector("#galat")
    yield "behaviour with an error"
    page.fill("#BEH1", "1")
    advance(page, 10)
    yield "background"
    advance(page, 11)
    saved(page)
    yield "open questions"
    page.click(f"#b{STEPS} .go")
    page.wait_for_selector("[name=tolak]")
    yield "prompt"
    show()
    page.click("#lanjut .go")
    page.wait_for_selector("#f")
    yield "welcome back"
    page.evaluate("(f => { f.rev.value = 1; f.REL1.value = 1; f.submit() })(document.forms.f)")
    page.wait_for_selector("#galat button")
    yield "conflict"
    page.click("#galat [name=ke]")
    page.wait_for_selector("#f[data-at]")
    for number in range(int(page.get_attribute("#f", "data-at") or 1), STEPS):
        advance(page, number)
    page.click(f"#b{STEPS} .go")
    page.wait_for_selector(".do .go2")
    page.click(".do .go2")
    page.wait_for_selector(".keep b")
    yield "receipt"
    show("/hak")
    page.click("[name=lupakan]")
    page.wait_for_selector("h1")
    yield "removed from this phone"


@pytest.mark.parametrize("language", ["id", "en"])
def test_axe_finds_nothing(house: House, phones: Phones, language: str) -> None:
    """A4: 0 violations on every page, light and dark, normal and in error."""
    page = phones.page()
    found: dict[str, Any] = {}
    count = 0
    for name in every_page(page, house, language):
        count += 1
        found |= {f"{name}, {fault}": nodes for fault, nodes in faults(page).items()}
    print(f"\naxe {language}: {count} pages, {len(found)} violations")
    assert found == {}
    assert count == 22


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("size", ["320 px", "200 % text"])
def test_everything_can_be_reached_and_read(
    house: House, phones: Phones, language: str, size: str
) -> None:
    """A5: targets of 44 px and no sideways scroll, at 320 px and with text twice as large."""
    page = phones.page(320 if size == "320 px" else 360)
    enlarge: Callable[[], None] = lambda: None  # noqa: E731
    if size != "320 px":
        page.add_init_script(
            "document.addEventListener('DOMContentLoaded', () => {"
            " document.documentElement.style.fontSize = '200%' })"
        )
    for name in every_page(page, house, language):
        enlarge()
        assert page.evaluate(SIDEWAYS) <= 0, name
        assert page.evaluate(SMALL) == [], name


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element that matches has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} was not reached by Tab")


def test_keyboard_alone_is_enough(house: House, phones: Phones) -> None:
    """A5: the whole survey by Tab, Space, arrows and Enter; the focus is never lost."""
    page = phones.page(1280)
    page.goto(house.url())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for box in ("adult", "research", "report"):
        tab_to(page, f"[value={box}]")
        page.keyboard.press("Space")
    tab_to(page, "#kode")
    page.keyboard.type(house.code())
    page.keyboard.press("Enter")
    page.wait_for_selector("#f")
    id_ = str(page.get_attribute("#f [name=id]", "value"))
    for number in range(1, STEPS + 1):
        if number > 1:
            page.wait_for_selector(f"#h{number}:focus")
        for name in page.locator(f"#b{number}").evaluate(
            "s => [...new Set([...s.querySelectorAll('[type=radio]')].map(i => i.name))]"
        ):
            tab_to(page, f"[name={name}]")
            page.keyboard.press("ArrowDown")
        tab_to(page, f"#b{number} .go")
        page.keyboard.press("Enter")
    page.wait_for_selector("[name=tolak], .keep b")
    if page.locator("[name=tolak]").count():
        tab_to(page, ".go2")
        page.keyboard.press("Enter")
    page.wait_for_selector(".keep b")
    stored = house.answers("response", id_)
    assert stored is not None
    assert {stored[code] for code in ITEMS} == {2}


def test_enter_in_a_field_goes_on_and_never_switches_the_language(
    house: House, phones: Phones
) -> None:
    page = phones.page()
    start(page, house)
    for number in range(1, 10):
        advance(page, number)
    page.fill("#BEH1", "2")
    page.press("#BEH1", "Enter")
    page.wait_for_selector("#b11 .go")
    assert page.get_attribute("html", "lang") == "id"
    plain = phones.page(java_script_enabled=False)
    start(plain, house)
    plain.fill("#BEH1", "2")
    plain.press("#BEH1", "Enter")
    plain.wait_for_selector("#st[data-k=saved]")
    assert plain.get_attribute("html", "lang") == "id"
    assert plain.input_value("#BEH1") == "2"


def test_spoken_order_and_names(house: House, phones: Phones) -> None:
    """A reader hears the question, then its options in order, each with its own name."""
    page = phones.page()
    start(page, house)
    group = page.get_by_role("group", name="Saya puas dengan hubungan saya dengan sesama anggota.")
    names = [radio.get_attribute("value") for radio in group.get_by_role("radio").all()]
    assert names == ["1", "2", "3", "4", "5"]
    assert group.get_by_role("radio", name="Sangat tidak setuju").count() == 1
    assert group.get_by_role("radio", name="Setuju", exact=True).count() == 1


def test_forced_colours_and_less_motion(house: House, phones: Phones) -> None:
    """What is chosen stays visible without our colours; nothing moves by itself."""
    page = phones.page(forced_colors="active", reduced_motion="reduce")
    start(page, house)
    choose(page, "REL1", 4)
    weight = page.locator("label.row:has([name=REL1][value='4']) span").evaluate(
        "s => getComputedStyle(s).fontWeight"
    )
    assert int(weight) >= 600
    assert page.is_checked("[name=REL1][value='4']")
    moving = page.evaluate("document.getAnimations().length")
    assert moving == 0


def test_print_shows_every_section(house: House, phones: Phones) -> None:
    page = phones.page()
    start(page, house)
    answer_step(page, 1)
    page.emulate_media(media="print")
    assert page.locator("section.step:visible").count() == STEPS
    assert page.locator(".go:visible").count() == 0
