"""My rights on a weak phone: no JavaScript, 320 px, both languages; axe finds nothing (C2, A4)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import (
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


def answered(house: House, phones: Phones, language: str) -> tuple[Page, str, str]:
    """Somebody answers everything without JavaScript; page, code, submission."""
    page = phones.page(320, java_script_enabled=False)
    code = house.code()
    id_ = start(page, house, code, language=language)
    for number in range(1, STEPS + 1):
        answer_step(page, number)
    page.click(f"#b{STEPS} .go")
    page.wait_for_selector(".keep b")
    return page, code, id_


@pytest.mark.parametrize("language", ["id", "en"])
def test_see_download_withdraw_without_javascript(
    house: House, phones: Phones, language: str
) -> None:
    """Three presses after typing the code, and nothing is left."""
    page, code, id_ = answered(house, phones, language)
    page.goto(house.url("/hak", language))
    page.fill("#kode", code)
    page.click("main .go")
    assert page.locator(".list li").count() > 45
    with page.expect_download() as told:
        page.click("form[action*='/unduh'] button")
    (survey,) = json.loads(Path(told.value.path()).read_text())["surveys"]
    assert len(survey["answers"]) > 45
    page.click("form[action*='/tarik'] button")
    assert house.stored("response", id_) is not None
    page.click("form[action*='/hapus'] .go")
    assert len(page.inner_text(".keep b")) == 9
    assert house.stored("response", id_) is None


def test_axe_finds_nothing_and_nothing_overflows(house: House, phones: Phones) -> None:
    """Every step, opened, in both languages and schemes."""
    page, code = phones.page(320), house.code()
    start(page, house, code)
    choose(page, "REL1", 4)
    advance(page, 1)
    saved(page)

    def sound(name: str) -> None:
        assert (name, faults(page)) == (name, {})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name

    for language in ("id", "en"):
        page.goto(house.url("/hak", language))
        sound("door")
        page.fill("#kode", "AAAA AAAA")
        page.click("main .go")
        sound("wrong code")
        page.fill("#kode", code)
        page.click("main .go")
        for summary in page.locator("summary").all():
            summary.click()
        sound("own data")
        page.click(".top button")
        assert page.get_attribute("html", "lang") != language
        page.click("form[action*='/tarik'] button")
        sound("before deleting")
