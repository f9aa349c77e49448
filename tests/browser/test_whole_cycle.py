"""The whole cycle, for real: from an empty folder to a member who is gone everywhere.

One installation, made and served by the command `guyub` alone; each of the staff in a browser
of their own, members over plain HTTP. What the files say is compared with bytes that are read
past the program.
"""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from playwright.sync_api import Page

from app.waves.consent import brackets
from tests.browser.conftest import Phones
from tests.browser.cycle import (
    COMMAND,
    INSTRUMENT,
    NAMES,
    PURPOSES,
    SLUG,
    Member,
    Phone,
    Service,
    Watch,
    in_jakarta,
    now,
    roster_file,
)
from tests.browser.cycle_files import gone_everywhere, person_id, refs, same_as_the_store
from tests.house.test_wheel import free_port, wait_for

PASSWORD = "payung biru di teras belakang"
HERE = f"/staff/k/{SLUG}"
"""Address of the community's staff pages."""
SENT, BEGUN = 45, 5
NO_RESEARCH = {3, 17}
"""Members who do not agree to research: in the rate, in no file."""


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Service(tmp_path_factory.mktemp("cycle"), free_port())
    made.command("db", "upgrade")
    log = made.home / "server.log"
    with log.open("w") as out:
        made.process = subprocess.Popen(
            [COMMAND, "serve", "--port", str(made.port)],
            env=made.environment, cwd=made.home, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            wait_for(f"{made.address}/healthz", made.process, str(log))
            yield made
        finally:
            made.process.terminate()
            made.process.wait(timeout=30)


@dataclass
class Desk:
    """One of the staff: a browser of their own."""

    service: Service
    page: Page
    watch: Watch
    who: str

    def look(self, name: str, *, names_members: bool = False) -> None:
        """Axe and the rest, on the page that is open."""
        self.watch(self.page, f"{self.who}: {name}", names_members=names_members)

    def open(self, path: str, name: str = "", status: int = 200) -> None:
        """Go to a page of ours and look at it."""
        answer = self.page.goto(self.service.address + path)
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"
        if name:
            self.look(name)

    def press(self, name: str = "", *, names_members: bool = False) -> None:
        """The one thing this page's form does."""
        self.page.click("main .go")
        if name:
            self.look(name, names_members=names_members)

    def refused(self, *paths: str) -> None:
        """These pages say no, on a page of ours."""
        for path in paths:
            self.open(HERE + path, "refused" if path == paths[-1] else "", 403)

    def take(self, link: str, *, second_factor: bool) -> list[str]:
        """The one-time link: a password, then the second factor; returns the recovery codes."""
        self.page.goto(link)
        self.look("invitation")
        self.page.fill("#baru", PASSWORD)
        self.page.fill("#ulang", PASSWORD)
        self.press()
        if not second_factor:
            return []
        self.open("/staff/akun/kode", "second factor")
        secret = re.sub(r"\s", "", self.page.inner_text("main .hash"))
        self.page.fill("#kode", pyotp.TOTP(secret).now())
        self.press("recovery codes")
        codes = self.page.locator(".codes li").all_inner_texts()
        assert len(codes) == 10
        return codes

    def download(self, selector: str) -> bytes:
        """What the browser saves behind a link or a button."""
        with self.page.expect_download() as waited:
            self.page.click(selector)
        return waited.value.path().read_bytes()


def sign_in(desk: Desk, email: str, recovery: str = "") -> None:
    """Out on every device, and in again; with a recovery code where there is a second factor."""
    desk.page.click("form[action='/staff/keluar'] button")
    desk.open("/staff/masuk" + ("?pemulihan=1" if recovery else ""), "sign in")
    desk.page.fill("#surel", email)
    desk.page.fill("#sandi", PASSWORD)
    if recovery:
        desk.page.fill("#pemulihan", recovery)
    desk.press("start")


def invite(admin: Desk, role: str, name: str, language: str) -> str:
    """Make an account; return its one-time link."""
    admin.open("/staff/akun-staf/undang", f"invite {role}")
    admin.page.fill("#nama", name)
    admin.page.fill("#surel", f"{role}@guyub.test")
    admin.page.select_option("#bahasa", language)
    admin.page.select_option("#peran", role)
    admin.page.select_option("#komunitas", SLUG)
    admin.press(f"link for {role}")
    return admin.page.inner_text(".keep .hash").strip()


def take_in(operator: Desk) -> None:
    """60 people from a spreadsheet, seen before they are stored."""
    operator.open(f"{HERE}/anggota", "empty roster")
    operator.open(f"{HERE}/anggota/impor", "import")
    file = {"name": "anggota.csv", "mimeType": "text/csv", "buffer": roster_file()}
    operator.page.set_input_files("#berkas", file)
    operator.press("preview", names_members=True)
    assert NAMES[0] in operator.page.inner_text("main")
    count = "SELECT count(*) AS n FROM participant"
    assert operator.service.rows(count, identity=True) == [{"n": 0}]
    operator.press("roster", names_members=True)
    assert operator.service.rows(count, identity=True) == [{"n": 60}]


def hand_out(operator: Desk) -> list[str]:
    """Issue the codes; read them from the file, and see them on the slips."""
    operator.open(f"{HERE}/kode", "codes")
    operator.press("codes issued")
    content = operator.download("form[action$='/kode/berkas'] button")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert [row[0] for row in rows[1:]] == NAMES
    codes = [row[2] for row in rows[1:]]
    assert len(set(codes)) == 60
    operator.page.click("form[action$='/kode/slip'] button")
    operator.look("slips", names_members=True)
    slips = operator.page.inner_text("main")
    assert all(code in slips for code in codes)
    return codes


def plan(operator: Desk) -> None:
    """Plan wave 1; it does not open while one ethics field of one language is missing."""
    page, wave = operator.page, f"{HERE}/gelombang/1"
    operator.open(f"{HERE}/gelombang", "no wave yet")
    operator.open(f"{HERE}/gelombang/baru", "which questionnaire")
    operator.press("empty plan")
    assert page.input_value("#n") == "60"  # of the roster
    page.fill("#buka", in_jakarta(now() - timedelta(hours=1)))
    page.fill("#tutup", in_jakarta(now() + timedelta(days=14)))
    page.check("[name=sasaran][value=FLX]")
    fields = [
        (f"#kata-{language}-{place}", f"{name} ({language})")
        for language, names in brackets(INSTRUMENT).items()
        for place, name in enumerate(names)
    ]
    for field, words in fields:
        page.fill(field, words)
    page.fill("#simpan", "2031-12-31")
    forgotten, words = fields[-1]
    page.fill(forgotten, "")
    operator.press("a plan with a gap")
    operator.open(f"{wave}/buka", "cannot open yet", 409)
    assert page.locator(f"main .faults a[href$='{forgotten}']").count() == 1
    assert page.locator("main form").count() == 0
    operator.open(f"{wave}/rencana", "plan")
    seen = page.input_value("main form [name=dilihat]")
    pressed = page.request.post(
        f"{operator.service.address}{wave}/buka",
        form={"dilihat": seen},
        headers={"origin": operator.service.address},
    )
    assert pressed.status == 409
    assert operator.service.rows("SELECT state FROM wave") == [{"state": "draft"}]
    page.fill(forgotten, words)
    operator.press("a complete plan")
    operator.open(f"{wave}/buka", "open it?")
    operator.press("share")
    [stored] = operator.service.rows("SELECT state, eligible_n FROM wave")
    assert stored == {"state": "open", "eligible_n": 60}


def withdraw(page: Page, service: Service, code: str) -> str:
    """A member takes everything back, with the code; returns the number of the deletion."""
    page.goto(f"{service.address}/s/{SLUG}/hak")
    page.fill("#kode", code)
    page.click(".do .go")
    page.click("form[action*='/hak/tarik'] button")
    page.click("form[action*='/hak/hapus'] .go")
    return page.inner_text(".keep b").strip()


def close(operator: Desk) -> None:
    """End the asking: the word has to be typed."""
    wave = f"{HERE}/gelombang/1"
    operator.open(f"{wave}/tutup", "close it?")
    operator.page.fill("#ya", "ya")
    operator.press("close it? another word")
    assert operator.service.rows("SELECT state FROM wave") == [{"state": "open"}]
    operator.page.fill("#ya", "tutup")
    operator.press("closed")
    assert operator.service.rows("SELECT state FROM wave") == [{"state": "closed"}]


def make_data_set(researcher: Desk) -> str:
    """Order every format; wait for it; return its name."""
    before = {row["id"] for row in researcher.service.rows("SELECT id FROM dataset")}
    researcher.open(f"{HERE}/data/baru", "order a data set")
    for box in researcher.page.locator("[name=format]").all():
        box.check()
    researcher.press()
    researcher.page.wait_for_selector("main p.sign[role=status] a", timeout=60_000)
    researcher.look("shelf")
    made = researcher.service.rows("SELECT id, manifest FROM dataset")
    [name] = [
        json.loads(row["manifest"])["dataset"]["name"] for row in made if row["id"] not in before
    ]
    researcher.open(f"{HERE}/data/{name}", "a data set")
    return str(name)


def files_of(researcher: Desk) -> dict[str, bytes]:
    """Every file on the data set's page, by the end of its name."""
    found = {}
    for place in researcher.page.locator("a[download]").all():
        path = str(place.get_attribute("href"))
        answer = researcher.page.request.get(researcher.service.address + path)
        assert answer.headers["content-disposition"].startswith("attachment"), path
        found[re.sub(r"^.*-v\d+", "", path)] = answer.body()
    assert researcher.download("a[download][href$='.sav']") == found[".sav"]  # as people do
    return found


def analyse(researcher: Desk) -> dict[str, Any]:
    """One button; the report; returns results.json."""
    researcher.open(f"{HERE}/laporan", "reports")
    researcher.open(f"{HERE}/laporan/baru?gelombang=1", "new analysis")
    researcher.press("analysis under way")
    researcher.page.wait_for_selector(".report h2", timeout=300_000)
    researcher.look("report")
    results = json.loads(researcher.download("a[href$='results.json']"))
    assert isinstance(results, dict)
    return results


def story(admin: Desk) -> list[tuple[str, str]]:
    """Who did what in the community, as the log's page tells it, the oldest first."""
    admin.open(f"/staff/audit?komunitas={SLUG}&lang=en", "log")
    rows = admin.page.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
    )
    return [(row[1], row[2]) for row in reversed(rows)]


STORY = [
    ("Ibu Ani", "made a community"),
    ("Ibu Ani", "gave a role"),
    ("Ibu Ani", "gave a role"),
    ("Ibu Ani", "gave a role"),
    ("Pak Oki", "imported a roster"),
    ("Pak Oki", "issued codes to all who had none"),
    ("Pak Oki", "prepared a wave"),
    ("Pak Oki", "changed a wave's plan"),
    ("Pak Oki", "changed a wave's plan"),
    ("Pak Oki", "changed a wave's plan"),
    ("Pak Oki", "opened a wave"),
    ("member", "erased a member's data"),
    ("Pak Oki", "closed a wave"),
    ("Bu Rina", "exported a data set"),
    ("Bu Rina", "asked for an analysis"),
    ("analysis", "exported a data set"),
    ("member", "erased a member's data"),
    ("Bu Rina", "exported a data set"),
]


def test_from_an_empty_folder_to_a_withdrawal(
    service: Service, phones: Phones, tmp_path: Path
) -> None:
    """Staff, roster, wave, answers, files, report, withdrawal, log: nothing is put in by hand."""
    watch = Watch(NAMES)

    def desk(who: str, width: int, **options: Any) -> Desk:
        return Desk(service, phones.page(width, **options), watch, who)

    admin = desk("admin", 1280)
    told = service.command("staff", "first-admin", "admin@guyub.test", "--name", "Ibu Ani")
    with pytest.raises(subprocess.CalledProcessError):  # there is one now
        service.command("staff", "first-admin", "lain@guyub.test")
    admin.take(told.splitlines()[0], second_factor=True)
    admin.open("/staff", "no community yet")
    admin.open("/staff/komunitas/baru", "new community")
    admin.page.fill("#nama", "Paguyuban Pasar Baru")
    admin.page.fill("#alamat", SLUG)
    admin.press("communities")
    operator = desk("operator", 360)
    operator.take(invite(admin, "operator", "Pak Oki", "id"), second_factor=False)
    researcher = desk("researcher", 1280, color_scheme="dark")
    spare = researcher.take(invite(admin, "researcher", "Bu Rina", "en"), second_factor=True)
    chair = desk("chair", 360, color_scheme="dark")
    chair.take(invite(admin, "chair", "Pak Ketut", "id"), second_factor=False)
    sign_in(researcher, "researcher@guyub.test", spare[0])

    take_in(operator)
    codes = hand_out(operator)
    plan(operator)
    operator.refused("/laporan")
    researcher.refused("/anggota", "/kode", "/gelombang/baru", "/permintaan")
    chair.refused("/anggota", "/laporan", "/gelombang/1/tutup")
    admin.open(HERE, "community")

    members = [
        Member(n, code, tuple(one for one in PURPOSES if n not in NO_RESEARCH or one != "research"))
        for n, code in enumerate(codes[: SENT + BEGUN])
    ]
    assert len({member.stored(prompted=True) for member in members}) == SENT + BEGUN
    receipts = [Phone(service.address, one).answer(send=one.number < SENT) for one in members]
    assert [bool(one) for one in receipts] == [True] * SENT + [False] * BEGUN
    assert service.counts("response", "draft") == {"response": SENT, "draft": BEGUN}
    operator.open(f"{HERE}/gelombang/1", "rate")
    assert "45" in operator.page.inner_text("#m")
    operator.open(f"{HERE}/gelombang", "waves")
    before = service.counts("draft", "consent")
    assert withdraw(phones.page(), service, codes[SENT])  # who had only begun
    assert service.counts("draft", "consent") == {name: n - 1 for name, n in before.items()}
    close(operator)
    late = httpx.post(
        f"{service.address}/s/{SLUG}/mulai",
        data={"izin": list(PURPOSES), "kode": codes[-1]},
        headers={"origin": service.address},
    )
    assert 'name="REL1"' not in late.text
    assert service.counts("response", "draft") == {"response": SENT + BEGUN - 1, "draft": 0}

    kept = [one for one in members if one.number != SENT and one.number not in NO_RESEARCH]
    name = make_data_set(researcher)
    files = files_of(researcher)
    assert set(files) == {
        ".csv", ".xlsx", ".sav", ".dta", ".parquet", "-codebook.csv", "-codebook.html",
        "-codebook.xml", "-read.R", "-read.sps", "-citation.cff", "-manifest.json",
    }  # fmt: skip
    researcher.open(f"{HERE}/data/{name}/buku-kode", "codebook")
    operator.refused("/data", f"/data/{name}", f"/data/{name}/{name}.csv", "/data/baru")
    chair.refused("/data", f"/data/{name}/{name}.sav")
    same_as_the_store(service, kept, files, tmp_path)
    results = analyse(researcher)
    assert results["data"]["rows"] == len(kept)

    gone = members[5]
    ref = refs(service)[NAMES[gone.number]]
    pid = person_id(service, ref)
    assert pid.encode() in files[".csv"]
    report = researcher.page.url
    phone = phones.page()
    assert re.fullmatch(r"[0-9A-Z]{4} [0-9A-Z]{4}", withdraw(phone, service, gone.code))
    watch(phone, "member: deleted")
    researcher.open(f"{HERE}/data", "shelf with a tombstone")
    assert researcher.page.inner_text("main s") == name
    researcher.open(f"{HERE}/data/{name}", "a tombstone")
    assert researcher.page.locator("a[download]").count() == 0
    researcher.open(f"{HERE}/data/{name}/{name}.csv", status=404)
    researcher.open(report.removeprefix(service.address), "report taken back")
    assert researcher.page.locator(".report").count() == 0
    assert researcher.page.request.get(f"{report}/berkas/results.json").status == 404
    gone_everywhere(service, gone, ref, pid)
    second = make_data_set(researcher)
    assert second != name
    again = files_of(researcher)
    same_as_the_store(service, [one for one in kept if one is not gone], again, tmp_path)

    assert story(admin) == STORY
    admin.open("/staff/audit", "the whole log")
    admin.refused("/data", "/anggota", "/laporan")
    for person, seen in watch.seen.items():
        if not person.startswith("operator"):
            assert not [code for code in codes if code in seen], person
    log = (service.home / "server.log").read_text()
    assert "Traceback" not in log
    assert "/s/" not in log
    assert not [one for one in (*codes, *receipts, *NAMES) if one and one in log]
