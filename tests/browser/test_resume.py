"""Nothing that was shown as saved is ever lost (A6, A12, A13)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route

from tests.browser.conftest import (
    INSTRUMENT,
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


def test_killed_tab_comes_back_with_every_tap(house: House, phones: Phones) -> None:
    """A6: also what no save had reached yet, from the phone's own draft."""
    context = phones.context()
    page = context.new_page()
    id_ = start(page, house)
    answer_step(page, 1)
    advance(page, 1)
    saved(page)
    page.route("**/simpan*", lambda route: route.abort())
    choose(page, "INT2", 5)
    choose(page, "COM3", 1)
    page.close(run_before_unload=False)

    page = context.new_page()
    page.goto(house.url())
    page.click("#lanjut .go")
    page.wait_for_selector("#f")
    assert page.locator("#b2").is_visible()
    assert page.is_checked("[name=INT2][value='5']")
    assert page.is_checked("[name=COM3][value='1']")
    assert page.is_checked("[name=REL1][value='4']")
    saved(page)  # the script sends at once what the server did not have
    stored = house.answers("draft", id_)
    assert stored is not None
    assert (stored["INT2"], stored["COM3"]) == (5, 1)


def test_tab_thrown_out_of_memory_goes_on_by_itself(house: House, phones: Phones) -> None:
    """A cheap phone reloads the address of the tab: it is a GET, and leads back."""
    page = phones.page()
    start(page, house)
    answer_step(page, 1)
    advance(page, 1)
    choose(page, "INT2", 5)
    saved(page)
    page.reload()
    page.wait_for_selector("#f")
    assert page.locator("#b2").is_visible()
    assert page.is_checked("[name=INT2][value='5']")


def test_another_phone_with_link_and_code(house: House, phones: Phones) -> None:
    page = phones.page()
    code = house.code()
    start(page, house, code)
    for number in (1, 2, 3):
        answer_step(page, number)
        advance(page, number)
        saved(page)
    other = phones.page(java_script_enabled=False)
    other.goto(house.url())
    assert not other.locator("#lanjut").is_visible()
    other.fill("#kode", code.lower())
    other.click(".do .go")
    other.wait_for_selector("#f")
    assert other.locator("#f :checked").count() == 15
    other.click(".note a")
    assert other.url.endswith("#b4")


def test_two_phones_get_to_choose(house: House, phones: Phones) -> None:
    """The second phone's older page meets the newer state: both are offered, none is lost."""
    code = house.code()
    old, new = phones.page(), phones.page()
    id_ = start(old, house, code)
    choose(old, "REL1", 1)
    start(new, house, code, boxes=())
    choose(new, "REL1", 5)
    advance(new, 1)
    saved(new)
    choose(new, "INT2", 5)
    advance(new, 2)
    saved(new)
    old.click("#b1 .go")
    old.wait_for_selector("#galat button")
    assert old.title().startswith("Mohon pilih: ")
    old.wait_for_selector("#galat:focus")
    assert old.is_checked("[name=REL1][value='1']")
    stored = house.answers("draft", id_)
    assert stored is not None
    assert stored["REL1"] == 5
    old.click("#galat [name=ke]")
    old.wait_for_selector("#f[data-at]")
    stored = house.answers("draft", id_)
    assert stored is not None
    assert stored["REL1"] == 1
    # and the other way round, on the other phone
    choose(new, "MOT2", 2)
    new.click("#b3 .go")
    new.wait_for_selector("#galat button")
    new.click("#galat [value=baru]")
    new.wait_for_selector("#f[data-at]")
    assert new.is_checked("[name=REL1][value='1']")
    assert not new.is_checked("[name=MOT2][value='2']")


@pytest.mark.parametrize("scripts", [True, False])
def test_language_switch_keeps_place_and_answers(
    house: House, phones: Phones, scripts: bool
) -> None:
    """A12, with and without JavaScript."""
    page = phones.page(java_script_enabled=scripts)
    start(page, house)
    answer_step(page, 1)
    page.click("#b1 .go")
    page.wait_for_selector("#b2 .go")
    choose(page, "INT2", 5)
    page.click("[name=bahasa]")
    page.wait_for_selector("html[lang=en]")
    page.wait_for_selector("#f")
    assert page.is_checked("[name=REL1][value='4']")
    assert page.is_checked("[name=INT2][value='5']")
    assert "Strongly disagree" in page.inner_text("#b2")
    if scripts:
        assert page.locator("#b2").is_visible()
        assert page.locator("#b1").is_hidden()
        advance(page, 2)
        saved(page)
        assert page.inner_text("#st").startswith("Saved ")


def test_cookies_blocked(house: House, phones: Phones) -> None:
    """A13: the cookie is gone at once; the phone's own draft and the code still lead back."""

    context = phones.context()
    page = context.new_page()
    start(page, house)
    context.clear_cookies()
    choose(page, "REL1", 2)
    advance(page, 1)
    saved(page)
    assert context.cookies() == []
    page.close()
    page = context.new_page()
    page.goto(house.url())
    page.click("#lanjut .go")
    page.wait_for_selector("#f")
    assert page.is_checked("[name=REL1][value='2']")


def test_slow_save_is_not_called_saved(house: House, phones: Phones) -> None:
    """A13: a save of 10 seconds; "Tersimpan" comes after the answer and never before."""
    page = phones.page()
    id_ = start(page, house)
    held: list[Route] = []
    page.route("**/simpan*", lambda route: held.append(route), times=1)  # noqa: PLW0108
    answer_step(page, 1)
    advance(page, 1)
    page.wait_for_timeout(10_000)
    assert page.get_attribute("#st", "data-k") == "saving"
    assert house.answers("draft", id_) == dict.fromkeys(INSTRUMENT.item_codes, 0)
    held[0].continue_()
    saved(page)
    stored = house.answers("draft", id_)
    assert stored is not None
    assert stored["REL1"] == 4


@pytest.mark.parametrize("storage", [True, False])
def test_no_signal_says_where_the_answers_are(house: House, phones: Phones, storage: bool) -> None:
    """The line tells the truth about where the answers are; with signal they are sent."""
    page = phones.page(storage=storage)
    id_ = start(page, house)
    answer_step(page, 1)
    page.context.set_offline(True)
    advance(page, 1)
    page.wait_for_selector(f"#st[data-k={'kept' if storage else 'lost'}]")
    line = page.inner_text("#st")
    assert line == (
        "Tersimpan di HP, belum terkirim"
        if storage
        else "Belum terkirim. Mohon jangan tutup halaman ini"
    )
    page.context.set_offline(False)
    saved(page)
    stored = house.answers("draft", id_)
    assert stored is not None
    assert stored["REL1"] == 4


def test_no_signal_at_the_end_loses_nothing(house: House, phones: Phones) -> None:
    page = phones.page()
    id_ = start(page, house)
    for number in range(1, STEPS + 1):
        answer_step(page, number)
        if number < STEPS:
            advance(page, number)
    saved(page)
    page.context.set_offline(True)
    page.click(f"#b{STEPS} .go")
    page.wait_for_selector("#st[data-k=kept]")
    assert page.locator("#st").is_visible()
    page.context.set_offline(False)
    saved(page)
    page.click(f"#b{STEPS} .go")
    page.wait_for_selector(".keep b")
    assert house.answers("response", id_) is not None
    assert local(page) == {}


def test_server_error_is_tried_again(house: House, phones: Phones) -> None:
    page = phones.page()
    id_ = start(page, house)
    page.route("**/simpan*", lambda route: route.fulfill(status=503), times=1)
    answer_step(page, 1)
    phones.complaints.clear()
    advance(page, 1)
    page.wait_for_selector("#st[data-k=kept]")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    saved(page)
    stored = house.answers("draft", id_)
    assert stored is not None
    assert stored["REL1"] == 4
    phones.complaints[:] = [c for c in phones.complaints if "503" not in c]


def test_back_and_forth_between_sections(house: House, phones: Phones) -> None:
    """The phone's back button goes to the section before, as does ours."""
    page = phones.page()
    start(page, house)
    advance(page, 1)
    assert page.title() == "Bagian 2 dari 9 · Guyub"
    assert page.evaluate("document.activeElement.id") == "h2"
    advance(page, 2)
    page.go_back()
    page.wait_for_selector("#b2 .go")
    page.go_forward()
    page.wait_for_selector("#b3 .go")
    page.click("#b3 .go2")
    page.wait_for_selector("#b2 .go")


def test_fault_shows_the_summary_and_goes_once_mended(house: House, phones: Phones) -> None:
    page = phones.page()
    id_ = start(page, house)
    for number in range(1, 10):
        advance(page, number)
    page.fill("#BEH1", "banyak")
    page.click("#b10 .go")
    page.wait_for_selector("#galat:focus")
    assert page.title().startswith("Galat: ") or page.locator("#b10").is_visible()
    page.click("#galat a")
    assert page.evaluate("document.activeElement.id") == "BEH1"
    page.fill("#BEH1", "3")
    advance(page, 10)
    saved(page)
    assert page.locator("#galat").count() == 0
    row = house.stored("draft", id_)
    assert row is not None
    assert '"BEH1":3' in row["extra"].replace(" ", "")


def test_remove_from_this_phone(house: House, phones: Phones) -> None:
    """A shared phone: one tap, and neither draft nor cookie is left on it."""
    page = phones.page()
    start(page, house)
    choose(page, "REL1", 2)
    assert len(local(page)) == 1
    held = str(local(page))
    assert "Orang" not in held
    page.click("[name=lupakan]")
    page.wait_for_selector("h1:text('Sudah dihapus dari HP ini')")
    assert local(page) == {}
    assert page.context.cookies() == []
    page.goto(house.url())
    assert not page.locator("#lanjut").is_visible()


def test_drafts_go_after_14_days(house: House, phones: Phones) -> None:
    page = phones.page()
    id_ = start(page, house)
    choose(page, "REL1", 2)
    page.context.clear_cookies()
    page.goto(house.url("/hak"))
    page.evaluate(
        """id => { const key = 'guyub.' + id, draft = JSON.parse(localStorage[key])
        draft.t -= 14 * 864e5 + 1000; localStorage[key] = JSON.stringify(draft) }""",
        id_,
    )
    page.reload()
    assert local(page) == {}
    page.goto(house.url())
    assert not page.locator("#lanjut").is_visible()
