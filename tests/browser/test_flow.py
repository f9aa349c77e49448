"""The whole way on weak phones: no JavaScript, no worker, no storage, 320 px (A3, A9, A10)."""

from __future__ import annotations

import json

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
    local,
    saved,
    start,
)

BUDGET = 60_000


def weigh(page: Page) -> list[int]:
    """Collect the bytes of every answer, headers included."""
    sizes: list[int] = []
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    client.on(
        "Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"]))
    )
    return sizes


def finish(page: Page) -> str:
    """Press the last button and return the receipt code."""
    page.click(f"#b{STEPS} .go")
    page.wait_for_selector(".keep b")
    return page.inner_text(".keep b")


@pytest.mark.parametrize("language", ["id", "en"])
def test_without_javascript(house: House, phones: Phones, language: str) -> None:
    """The document scrolls; a button after each section saves and comes back behind it."""
    page = phones.page(320, java_script_enabled=False)
    id_ = start(page, house, language=language)
    for number in range(1, STEPS + 1):
        answer_step(page, number)
        if number in (4, 9):
            page.click(f"#b{number} .go")
            assert page.url.endswith(f"#b{number + 1}")
            assert page.locator(f"#b{number + 1} .now").is_visible()
    assert len(finish(page)) == 9
    stored = house.answers("response", id_)
    assert stored is not None
    assert {stored[code] for code in ITEMS} == {4}
    row = house.stored("response", id_)
    assert row is not None
    assert row["language"] == language
    assert json.loads(row["extra"])["values"]["BEH1"] == 2


@pytest.mark.parametrize("trouble", ["none", "workers blocked", "storage throws", "open access"])
def test_with_javascript(house: House, phones: Phones, trouble: str) -> None:
    """One section at a time; the whole survey stays under 60 KB, saves and all."""
    page = phones.page(
        320,
        storage=trouble != "storage throws",
        service_workers="block" if trouble == "workers blocked" else "allow",
    )
    sizes = weigh(page)
    slug = "terbuka" if trouble == "open access" else "sidoarjo"
    id_ = start(page, house, slug=slug)
    for number in range(1, STEPS + 1):
        assert page.locator("section.step:visible").count() == 1
        answer_step(page, number)
        if number < STEPS:
            advance(page, number)
            saved(page)
    finish(page)
    assert house.stored("draft", id_) is None
    stored = house.answers("response", id_)
    assert stored is not None
    assert {stored[code] for code in ITEMS} == {4}
    print(f"\n{trouble}: {sum(sizes)} bytes in {len(sizes)} answers")
    assert sum(sizes) <= BUDGET
    if trouble != "storage throws":
        assert local(page) == {}
    row = house.stored("response", id_)
    assert row is not None
    paradata = json.loads(row["extra"])["paradata"]
    assert paradata["shown"] == "steps"
    assert paradata["seen"] == list(range(1, STEPS + 1))
    assert len(paradata["seconds"]) == STEPS
    assert all(second > 0 for second in paradata["seconds"])


def test_empty_submit_asks_once(house: House, phones: Phones) -> None:
    """A9: nothing is required; the prompt comes once, both ways are the same size."""
    page = phones.page()
    id_ = start(page, house)
    for number in range(1, STEPS):
        advance(page, number)
    page.click(f"#b{STEPS} .go")
    page.wait_for_selector("[name=tolak]")
    ways = page.locator(".do button")
    sizes = [way.bounding_box() for way in ways.all()]
    assert [way.inner_text() for way in ways.all()] == ["Isi sekarang", "Kirim apa adanya"]
    assert sizes[0] is not None
    assert sizes[1] is not None
    assert sizes[0]["height"] == sizes[1]["height"]
    assert sizes[0]["width"] == sizes[1]["width"]
    page.check("[name=tolak][value=DEP4]")
    ways.nth(1).click()
    page.wait_for_selector(".keep b")
    stored = house.answers("response", id_)
    assert stored is not None
    assert (stored["DEP4"], stored["REL1"]) == (252, 251)


def test_fill_in_now_goes_to_the_question(house: House, phones: Phones) -> None:
    page = phones.page()
    id_ = start(page, house)
    for number in range(1, STEPS + 1):
        answer_step(page, number)
        if number == 4:
            page.evaluate("document.getElementsByName('DEP4').forEach(i => i.checked = false)")
        if number < STEPS:
            advance(page, number)
    page.click(f"#b{STEPS} .go")
    page.wait_for_selector("[name=tolak]")
    assert page.locator("[name=tolak]").count() == 1
    page.click(".do .go")
    page.wait_for_selector("#f")
    assert page.locator("#b4").is_visible()
    choose(page, "DEP4", 5)
    for number in range(4, STEPS):
        advance(page, number)
    finish(page)
    stored = house.answers("response", id_)
    assert stored is not None
    assert stored["DEP4"] == 5


def test_double_tap_sends_once(house: House, phones: Phones) -> None:
    page = phones.page()
    id_ = start(page, house)
    for number in range(1, STEPS + 1):
        answer_step(page, number, 3)
        if number < STEPS:
            advance(page, number)
    page.dblclick(f"#b{STEPS} .go")
    page.wait_for_selector(".keep b")
    assert house.answers("response", id_) is not None


def test_layout_of_this_version(house: House, phones: Phones) -> None:
    """A10: layout "vertical-1" is one column, lowest first, full width, at every width.

    Direction and order of options change answers: whoever changes what this test
    measures raises `layout` in the definition, and with it the version.
    """
    from tests.browser.conftest import INSTRUMENT

    assert INSTRUMENT.layout == "vertical-1"
    for width in (320, 1280):
        page = phones.page(width)
        start(page, house)
        rows = page.locator("fieldset:has([name=REL1]) .row")
        boxes = [row.bounding_box() for row in rows.all()]
        texts = [row.inner_text().strip() for row in rows.all()]
        assert texts == [o.label.id for o in INSTRUMENT.response_scale.options]
        places = [(box["x"], box["y"], box["width"]) for box in boxes if box]
        assert len({(x, w) for x, _, w in places}) == 1
        assert [y for _, y, _ in places] == sorted(y for _, y, _ in places)
        frame = page.locator("main").bounding_box()
        assert frame is not None
        assert places[0][2] > 0.85 * (frame["width"] - 40)
