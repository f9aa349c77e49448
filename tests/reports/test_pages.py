"""A researcher asks for an analysis, watches it, reads and downloads it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from sqlmodel import Session

from analysis import plan as plans
from app.jobs import runs
from app.jobs.supervisor import folder_of
from app.tables import AnalysisRun, DataVersion
from app.worker import serve
from tests.jobs.conftest import PLAN, ask, question_about
from tests.reports.conftest import Still, wave_in
from tests.staff.office import Browser, Office, heading

ROOT = Path(__file__).parents[2]


def press(browser: Browser, community: str = "gresik", **fields: object) -> str:
    """Press the button; return the address of the run."""
    answer = browser.post(
        f"/staff/k/{community}/laporan/baru", {"gelombang": "1", "rencana": PLAN, **fields}
    )
    assert answer.status_code == 303, heading(answer)
    return str(answer.headers["location"])


def test_from_a_closed_wave_to_a_report(any_office: Office) -> None:
    """One button; a worker process does it; every format; the same again is the same answer."""
    office = any_office
    wave_in(office, "gresik", people=12, refusing=2)
    researcher = office.sign_in("researcher", community="gresik")
    listed = researcher.get("/staff/k/gresik/laporan")
    assert "14 dari 60" in listed.text
    form = researcher.get("/staff/k/gresik/laporan/baru?gelombang=1")
    assert form.status_code == 200
    assert f'value="{PLAN}" checked' in form.text
    address = press(researcher)
    waiting = researcher.get(address)
    assert waiting.headers.get("refresh") == "3" or "report.css" in waiting.text
    end = time.monotonic() + 120
    while "report.css" not in (page := researcher.get(address)).text:
        assert time.monotonic() < end, heading(page)
        assert page.headers["refresh"] == "3"
        time.sleep(0.5)
    assert heading(page).startswith("Laporan analisis")
    assert "n = 12" in page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Yang belum boleh dikatakan" in page.text
    assert "Patokan yang berlaku dan sumbernya" in page.text
    assert page.text.count("<h1") == 1
    assert not re.search(r"<style|<script| style=", page.text)
    english = researcher.get(f"{address}?lang=en")
    assert heading(english).startswith("Analysis report")
    assert "What cannot be said yet" in english.text

    key = address.rsplit("/", 1)[1]
    results = researcher.get(f"{address}/berkas/results.json")
    assert results.headers["content-type"] == "application/json"
    assert results.headers["content-disposition"].startswith("attachment")
    assert json.loads(results.content)["data"]["rows"] == 12
    with Session(office.database.read) as session, session.begin():
        assert (
            hashlib.sha256(results.content).hexdigest() == session.get_one(AnalysisRun, key).digest
        )
    table = researcher.get(f"{address}/berkas/scales.csv")
    assert table.text.startswith("name,n,mean")
    book = researcher.get(f"{address}/berkas/tables.xlsx")
    assert "scales" in openpyxl.load_workbook(io.BytesIO(book.content)).sheetnames
    with zipfile.ZipFile(
        io.BytesIO(researcher.get(f"{address}/berkas/report.zip").content)
    ) as all_:
        assert {"report.html", "report.en.html", "report.css", "results.json"} <= set(
            all_.namelist()
        )
        assert all_.testzip() is None
    for path in ("fragment.id.html", "..%2f..%2fguyub.sqlite3", "nothing.csv"):
        assert researcher.get(f"{address}/berkas/{path}").status_code == 404

    assert press(researcher) == address
    assert [one[1] for one in office.audit()].count("analysis.ask") == 1


def test_what_is_asked_for_waits_is_stopped_and_asked_again(
    office: Office, still: Callable[[], Still]
) -> None:
    wave_in(office, "gresik", people=5)
    supervisor = still()
    researcher = office.sign_in("researcher", community="gresik")
    address = press(researcher)
    assert supervisor.nudged == 1
    page = researcher.get(address)
    assert (heading(page), page.headers["refresh"]) == ("Menunggu giliran", "3")
    with Session(office.database.write) as session, session.begin():
        runs.claim(session=session, worker="w", at=office.now)
        runs.beat(
            session=session, key=address.rsplit("/", 1)[1], worker="w", at=office.now,
            progress=30, step="structure",
        )  # fmt: skip
    page = researcher.get(address)
    assert heading(page) == "Sedang dihitung"
    assert 'value="30"' in page.text
    assert "Langkah 4 dari 8: Faktor dan validitas." in page.text
    stopped = researcher.follow(researcher.post(f"{address}/batal"))
    assert heading(stopped) == "Dihentikan"
    assert "refresh" not in stopped.headers
    assert "Analisis dihentikan." in stopped.text
    assert researcher.post(f"{address}/ulang").headers["location"] == address
    assert heading(researcher.get(address)) == "Menunggu giliran"
    told = [action for _, action, _ in office.audit() if action.startswith("analysis")]
    assert told == ["analysis.ask", "analysis.cancel", "analysis.ask"]


def test_a_failure_says_why_and_what_next(office: Office, still: Callable[[], Still]) -> None:
    """Nobody agreed to research: the page says that the data do not bear it."""
    wave_in(office, "gresik", people=0, refusing=3)
    still()
    researcher = office.sign_in("researcher", community="gresik")
    address = press(researcher)
    serve(office.database, "w")
    page = researcher.get(address)
    assert heading(page) == "Analisis ini tidak bisa dikerjakan"
    assert "Data ini tidak cukup" in page.text
    assert '<p lang="en">' in page.text
    assert "Jalankan lagi" in page.text


def test_a_report_is_taken_back_when_somebody_withdrew(
    office: Office, still: Callable[[], Still]
) -> None:
    from app.jobs.supervisor import tidy

    source = wave_in(office, "gresik", people=6)
    still()
    researcher = office.sign_in("researcher", community="gresik")
    address = press(researcher, rencana="")
    serve(office.database, "w")
    key = address.rsplit("/", 1)[1]
    assert "report.css" in researcher.get(address).text
    with Session(office.database.write) as session, session.begin():
        version = session.get_one(DataVersion, (source.community_id, source.wave_id))
        version.seq += 1
    tidy(office.database, office.now)
    assert not folder_of(office.settings, key).exists()
    page = researcher.get(address)
    assert heading(page) == "Laporan ini ditarik kembali"
    assert re.search(r"[0-9a-f]{64}", page.text), "its digest stays"
    assert researcher.get(f"{address}/berkas/results.json").status_code == 404
    assert researcher.post(f"{address}/ulang").headers["location"] != address


def test_pooling_needs_the_role_in_every_community(
    office: Office, still: Callable[[], Still]
) -> None:
    """Foreign waves are neither offered nor taken; a pooled run is seen with both roles only."""
    one, two = wave_in(office, "gresik", people=4), wave_in(office, "malang", people=4, seed=2)
    still()
    alone = office.sign_in("researcher", community="gresik")
    assert "malang-1" not in alone.get("/staff/k/gresik/laporan/baru").text
    refused = alone.post(
        "/staff/k/gresik/laporan/baru",
        {"gelombang": "1", "rencana": PLAN, "gabung": "malang-1"},
    )
    assert refused.status_code == 422
    pooled = ask(office.database, question_about(one, two))
    assert alone.get(f"/staff/k/gresik/laporan/{pooled}").status_code == 404
    assert pooled not in alone.get("/staff/k/gresik/laporan").text
    assert alone.get("/staff/k/malang/laporan").status_code == 404

    both = office.account("researcher", community="gresik")
    with Session(office.database.write) as session, session.begin():
        from app.tables import RoleGrant

        session.add(
            RoleGrant(
                staff_id=both, community_id=two.community_id, role="researcher",
                granted_at=office.now, granted_by="test",
            )
        )  # fmt: skip
    browser = office.browser(office.cookie(both), both)
    assert "malang-1" in browser.get("/staff/k/gresik/laporan/baru").text
    address = press(browser, gabung="malang-1")
    assert address.endswith(pooled), "the same question, whoever asks"
    assert browser.get(f"/staff/k/malang/laporan/{pooled}").status_code == 200


@pytest.mark.parametrize(
    "fields",
    [{"gelombang": "2"}, {"gelombang": "x"}, {"rencana": "no-such"}, {"sebelum": "gresik-1"}],
)
def test_what_cannot_be_asked_is_refused_in_words(
    office: Office, still: Callable[[], Still], fields: dict[str, str]
) -> None:
    wave_in(office, "gresik", people=3)
    supervisor = still()
    researcher = office.sign_in("researcher", community="gresik")
    answer = researcher.post(
        "/staff/k/gresik/laporan/baru", {"gelombang": "1", "rencana": PLAN, **fields}
    )
    assert answer.status_code in (409, 422)
    assert supervisor.nudged == 0


def test_no_closed_wave_teaches(office: Office) -> None:
    researcher = office.sign_in("researcher")
    for path in ("laporan", "laporan/baru"):
        page = researcher.get(f"/staff/k/sidoarjo/{path}")
        assert page.status_code == 200
        assert heading(page) == "Belum ada laporan"


def test_the_plan_frozen_for_the_wave_is_chosen(office: Office) -> None:
    """A plan of the installation, frozen for gresik-1, stands first; a faulty one is named."""
    import datetime
    import shutil

    wave_in(office, "gresik", people=3)
    folder = office.settings.data_dir / "plans"
    folder.mkdir()
    shutil.copy(plans.FOLDER / f"{PLAN}.toml", folder / "ours-1.toml")
    plans.freeze(folder / "ours-1.toml", wave="gresik-1", on=datetime.date(2026, 2, 1))
    (folder / "broken.toml").write_text("code = ")
    researcher = office.sign_in("researcher", community="gresik")
    page = researcher.get("/staff/k/gresik/laporan/baru").text
    assert 'value="ours-1" checked' in page
    assert "dibekukan 2026-02-01 untuk gresik-1" in page
    assert "broken" in page
    assert 'value="broken"' not in page


SCRIPT = """
import sys
from pathlib import Path
from app.settings import Settings
from app.main import create_app
from tests.staff.office import Office
with Office(Settings(data_dir=Path(sys.argv[1]), _env_file=None)) as office:
    researcher = office.sign_in("researcher", community="gresik")
    for path in ("laporan", "laporan/baru", "teks", "teks/1", "token"):
        assert researcher.get(f"/staff/k/gresik/{path}").status_code == 200, path
    assert researcher.get(f"/staff/k/gresik/laporan/{sys.argv[2]}").status_code == 200
heavy = {"pandas", "scipy", "pingouin", "sklearn", "matplotlib", "factor_analyzer", "statsmodels"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_pages_import_no_statistics(settings, tmp_path: Path) -> None:
    """A process that serves every page of a researcher, a finished report among them."""
    from app.db import Database
    from tests.jobs.conftest import answer_wave

    database = Database(settings)
    try:
        key = ask(database, question_about(answer_wave(database, "gresik", people=5)))
        serve(database, "w")
    finally:
        database.close()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), key],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
