"""The researcher's shelf: from the first look to a file, a tombstone and a reason."""

from __future__ import annotations

import re
import time

import pytest

from tests.datasets.study import Study
from tests.staff.office import Browser, Office, heading

DATA = "/staff/k/sidoarjo/data"
ORDER = {"g": "1", "format": ["sav", "xlsx"], "bentuk": "long", "bahasa": "en", "proyek": "tesis"}


@pytest.fixture
def desk(office: Office) -> Study:
    """Twelve people of one background and a closed wave, beside the running application."""
    study = Study(office.settings, office.database)
    study.community()
    study.join(12)
    study.answer(study.wave(), study.people)
    study.close(1)
    return study


def ready(browser: Browser) -> str:
    """Wait, as a person does, until the page stops renewing itself; return it."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        page = browser.get(DATA)
        if "refresh" not in page.headers:
            return page.text
        assert 'role="status"' in page.text
        time.sleep(0.2)
    raise AssertionError(page.text)


def test_an_empty_shelf_teaches(office: Office) -> None:
    page = office.sign_in("researcher").get(DATA)
    assert heading(page) == "Belum ada gelombang yang dijawab"
    assert "SPSS" in page.text


def test_from_the_order_to_the_files(office: Office, desk: Study) -> None:
    browser = office.sign_in("researcher")
    page = browser.get(DATA)
    assert f'href="{DATA}/baru?g=1"' in page.text
    form = browser.get(f"{DATA}/baru?g=1").text
    assert re.search(r'name="g" value="1" checked', form)
    answer = browser.post(f"{DATA}/baru", ORDER)
    assert answer.headers["location"] == DATA
    assert f'href="{DATA}/sidoarjo-1-v1"' in ready(browser)
    page = browser.get(f"{DATA}/sidoarjo-1-v1")
    assert heading(page) == "sidoarjo-1-v1"
    files = re.findall(rf'href="({DATA}/sidoarjo-1-v1/[^"/]+\.\w+)"', page.text)
    endings = {name.rpartition(".")[2] for name in files}
    assert endings == {"csv", "xlsx", "sav", "html", "xml", "R", "sps", "cff", "json"}
    for name in files:
        got = browser.get(name)
        assert got.status_code == 200
        assert got.headers["content-disposition"].startswith("attachment")
        assert got.headers["cache-control"] == "no-store"
    book = browser.get(f"{DATA}/sidoarjo-1-v1/buku-kode")
    assert "Saya ikut komunitas ini sekadar ikut-ikutan." in book.text
    actor = next(one for one, action, _ in office.audit() if action == "dataset.export")
    assert actor == f"staff:{browser.staff_id}"


def test_an_order_that_cannot_be_filled_says_so(office: Office, desk: Study) -> None:
    browser = office.sign_in("researcher", language="en")
    answer = browser.post(f"{DATA}/baru", {**ORDER, "g": "7"})
    assert answer.status_code == 422
    assert "Choose at least one wave." in answer.text
    desk.answer(desk.wave(), desk.people[:3])
    browser.post(f"{DATA}/baru", {**ORDER, "g": "2"})
    page = ready(browser)
    assert "Too few people for a shared file, so none was made." in page


def test_the_full_file_needs_a_reason(office: Office, desk: Study) -> None:
    desk.join(40, alike=False)
    desk.answer(desk.wave(), desk.people)
    desk.close(2)
    browser = office.sign_in("researcher", language="en")
    browser.post(f"{DATA}/baru", {**ORDER, "g": "2"})
    ready(browser)
    page = browser.get(f"{DATA}/sidoarjo-2-v1")
    assert "left out:" in page.text or "bands merged:" in page.text
    full = f"{DATA}/sidoarjo-2-v1/lengkap"
    assert f'href="{full}"' in page.text
    assert "In the full file the smallest group" in browser.get(full).text
    assert browser.post(full, {"alasan": "because"}).status_code == 422
    browser.post(full, {"alasan": "Controls of the planned regression."})
    ready(browser)
    page = browser.get(f"{DATA}/sidoarjo-2-v2")
    assert "Controls of the planned regression." in page.text
    assert "not passed, overridden" in page.text
    assert [action for _, action, _ in office.audit() if action == "k.override"]


def test_a_tombstone_keeps_its_digest_and_no_file(office: Office, desk: Study) -> None:
    browser = office.sign_in("researcher", language="en")
    browser.post(f"{DATA}/baru", ORDER)
    ready(browser)
    before = browser.get(f"{DATA}/sidoarjo-1-v1").text
    digest = re.search(r'class="hash soft">([0-9a-f]{64})<', before)
    assert digest is not None
    desk.withdraw(1, desk.people[0])
    browser.post(f"{DATA}/baru", ORDER)
    page = ready(browser)
    assert "<s>sidoarjo-1-v1</s>" in page
    assert digest[1][:16] in page
    assert f'href="{DATA}/sidoarjo-1-v2"' in page
    ended = browser.get(f"{DATA}/sidoarjo-1-v1")
    assert digest[1] in ended.text
    assert browser.get(f"{DATA}/sidoarjo-1-v1/sidoarjo-1-v1-simulasi.csv").status_code == 404


def test_nothing_outside_the_shelf_is_served(office: Office, desk: Study) -> None:
    browser = office.sign_in("researcher")
    browser.post(f"{DATA}/baru", ORDER)
    ready(browser)
    for name in ("..%2F..%2Fguyub.sqlite3", "guyub.sqlite3", ".data-set-x", "secrets.toml"):
        assert browser.get(f"{DATA}/sidoarjo-1-v1/{name}").status_code == 404
    assert browser.get(f"{DATA}/gresik-1-v1").status_code == 404
    office.community("gresik")
    other = office.sign_in("researcher", community="gresik")
    assert other.get("/staff/k/gresik/data/sidoarjo-1-v1").status_code == 404


def test_data_sets_of_analyses_are_offered_to_nobody(office: Office, desk: Study) -> None:
    from app.dataset_files import ANALYSIS
    from app.datasets.order import order
    from app.datasets.service import export

    made = export(
        office.settings,
        order(waves=["sidoarjo-1"], full=True, reason="Analysis on this server.", made_by=ANALYSIS),
    )
    browser = office.sign_in("researcher")
    assert made.name not in browser.get(DATA).text
    assert browser.get(f"{DATA}/{made.name}").status_code == 404
