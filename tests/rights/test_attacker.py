"""Somebody steals answers, logs and a backup, and knows in which order people answered.

The truth is known here: who answered when. The attacker tries every order the stolen files
have to offer and matches it with the order they saw. Chance: Spearman's rho of n ranks has
mean 0 and variance 1/(n-1), so |rho| * sqrt(n-1) > 4.5 comes up in fewer than one of 100,000
tries. Each channel is judged alone, which is stricter than one guess of the best. The last
test shows that the attack does find an order where there is one.
"""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from app.backups import service
from app.db import Database
from app.settings import Settings
from app.store import Save, Start, Store
from app.waves import laying
from app.waves.laying import lay_anew
from tests.surveys.conftest import Town

PEOPLE = 200
PAGE = 4096
LIMIT = 4.5


def rho(order: Sequence[str], truth: Sequence[str]) -> float:
    """Spearman's rank correlation of two orders of the same things, times sqrt(n - 1)."""
    place = {one: rank for rank, one in enumerate(truth)}
    found = [one for one in order if one in place]
    n = len(found)
    assert n == len(truth), "an order that has lost somebody proves nothing"
    squares = sum((rank - place[one]) ** 2 for rank, one in enumerate(found))
    return (1 - 6 * squares / (n * (n * n - 1))) * (n - 1) ** 0.5


@pytest.fixture
def stolen(settings, caplog) -> tuple[Path, Path, list[str], str]:
    """The live file, a backup's file, submissions in the order of answering, the log."""
    database = Database(settings)
    store = Store(database)
    truth = answered(database, store)
    made = service.backup(settings, at=datetime.now(UTC))
    store.close()
    database.close()
    return settings.sqlite_path, made.folder / "guyub.sqlite3", truth, caplog.text


def answered(database: Database, store: Store) -> list[str]:
    """People answer one after another and the wave closes; submissions in that order."""
    town = Town(database)
    place = town.found()
    instrument = town.instrument
    truth = []
    now = within_one_day(datetime.now(UTC), timedelta(seconds=30 * PEOPLE + 20))
    people = [uuid4() for _ in range(PEOPLE)]
    for number, ref in enumerate(people):
        at = now + timedelta(seconds=30 * number)
        start = Start(
            community_id=place.community_id,
            wave_id=place.wave_id or 0,
            submission_id=uuid4(),
            respondent_ref=ref,
            consent=_consent(),
            language="id",
            at=at,
        )
        store.run([start])
        answers = bytes(random.choice((1, 2, 3, 4, 5)) for _ in instrument.items)
        store.run([
            Save(
                community_id=place.community_id,
                wave_id=place.wave_id or 0,
                submission_id=start.submission_id,
                rev=1,
                answers=answers,
                extra={"values": {}, "missing": {}},
                background={"values": {"BG1": 1}, "missing": {}},
                language="id",
                layout="vertical-1",
                final=True,
                at=at + timedelta(seconds=20),
            )
        ])  # fmt: skip
        truth.append(start.submission_id.hex)
    town.close(place)
    return truth


def within_one_day(start: datetime, length: timedelta) -> datetime:
    """The start, or the next midnight in Jakarta where the day would change on the way.

    The day itself is stored, on purpose, and tells yesterday's people from today's; the privacy
    page says so. What is tried here is the order within a day.
    """
    zone = ZoneInfo("Asia/Jakarta")
    first, last = start.astimezone(zone), (start + length).astimezone(zone)
    if first.date() == last.date():
        return start
    return last.replace(hour=0, minute=0, second=1, microsecond=0).astimezone(UTC)


def _consent():
    from app.store import ConsentGiven

    return ConsentGiven(
        text_hash="a" * 64, version="1.0.0", language="id",
        choices={"adult": True, "research": True, "report": True, "sales": False},
    )  # fmt: skip


def orders(path: Path) -> dict[str, list[str]]:
    """Every order of submissions that SQL has to offer."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        everybody = [row[0] for row in db.execute("SELECT id FROM response")]
        by_ref = dict(db.execute("SELECT respondent_ref, id FROM response"))
        found = {
            "rows of response": everybody,
            "ids": sorted(everybody),
            "refs": [by_ref[ref] for ref in sorted(by_ref)],
            "receipts": [r[0] for r in db.execute("SELECT id FROM response ORDER BY receipt_hmac")],
            "digests": [r[0] for r in db.execute("SELECT id FROM response ORDER BY digest, id")],
            "background": [
                by_ref[r[0]] for r in db.execute("SELECT respondent_ref FROM background")
            ],
            "consents": [r[0] for r in db.execute("SELECT submission_id FROM consent")],
            "consent times": [
                r[0] for r in db.execute("SELECT submission_id FROM consent ORDER BY at")
            ],
            "days": [r[0] for r in db.execute("SELECT id FROM response ORDER BY submitted_on")],
        }
    db.close()
    return found


def layout(path: Path, truth: Sequence[str]) -> list[str]:
    """The order in which the ids lie in the file's bytes."""
    content = path.read_bytes()
    wal = path.with_name(path.name + "-wal")
    if wal.exists():
        content += wal.read_bytes()
    places = {one: content.find(one.encode()) for one in truth}
    assert min(places.values()) >= 0
    return sorted(places, key=places.__getitem__)


def within_pages(path: Path, truth: Sequence[str]) -> float:
    """How well places inside a page agree with the order of answering, as a normal score.

    SQLite fills a page from its end, so that a page nobody has tidied tells what came first.
    Kendall's S over all pages; its variance under chance is the sum of n(n-1)(2n+5)/18.
    """
    content, rank = path.read_bytes(), {one: place for place, one in enumerate(truth)}
    pages: dict[int, dict[str, int]] = {}
    for one in truth:
        at = content.find(one.encode())
        while at >= 0:
            pages.setdefault(at // PAGE, {}).setdefault(one, at)
            at = content.find(one.encode(), at + 1)
    agree, variance = 0, 0.0
    for places in pages.values():
        order = [rank[one] for one in sorted(places, key=places.__getitem__, reverse=True)]
        n = len(order)
        agree += sum(
            1 if earlier < later else -1
            for place, earlier in enumerate(order)
            for later in order[place + 1 :]
        )
        variance += n * (n - 1) * (2 * n + 5) / 18
    return float(agree / variance**0.5)


def test_no_stolen_order_tells_who_answered_when(stolen) -> None:
    """Rows, ids, references, receipts, times, the bytes of the backup: all like chance."""
    live, copy, truth, _ = stolen
    tried = {f"live: {name}": order for name, order in orders(live).items()}
    tried |= {f"backup: {name}": order for name, order in orders(copy).items()}
    tried["backup: bytes of the file"] = layout(copy, truth)
    strength = {name: round(rho(order, truth), 2) for name, order in tried.items()}
    strength["live: inside pages"] = round(within_pages(live, truth), 2)
    strength["backup: inside pages"] = round(within_pages(copy, truth), 2)
    assert {name: value for name, value in strength.items() if abs(value) > LIMIT} == {}
    assert len(strength) == 21


def test_the_trial_stays_within_a_day() -> None:
    """Also where it starts one minute before midnight in Jakarta (17.00 UTC)."""
    length = timedelta(minutes=100)
    noon = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)
    assert within_one_day(noon, length) == noon
    late = within_one_day(datetime(2026, 3, 1, 16, 59, tzinfo=UTC), length)
    assert late == datetime(2026, 3, 1, 17, 0, 1, tzinfo=UTC)


def test_a_clock_time_stands_beside_no_submission(stolen) -> None:
    """Consents hold the day; audit rows and logs name no submission; and no file is newer
    for one person than for another, since all stand in one.
    """
    live, copy, truth, log = stolen
    for path in (live, copy):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            moments = {row[0] for row in db.execute("SELECT at FROM consent")}
            days = {row[0] for row in db.execute("SELECT submitted_on FROM response")}
            audit = " ".join(str(row) for row in db.execute("SELECT * FROM audit_event"))
            refs = [row[0] for row in db.execute("SELECT respondent_ref FROM response")]
        db.close()
        assert {moment[10:] for moment in moments} <= {" 17:00:00.000000"}  # midnight in Jakarta
        assert len(moments) == 1
        assert len(days) == 1
        plain = audit.replace("-", "") + log.replace("-", "")
        assert [one for one in (*truth, *refs) if one in plain] == []
    assert not re.search(r"[0-9a-f]{32}", log)


def test_the_attack_finds_an_order_where_there_is_one(stolen) -> None:
    """Negative control: what the tables would tell with rowids or with clock times."""
    live, _, truth, _ = stolen
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE TABLE response (id TEXT PRIMARY KEY)")  # with a rowid
        db.executemany("INSERT INTO response VALUES (?)", [(one,) for one in truth])
        leaky = [row[0] for row in db.execute("SELECT id FROM response ORDER BY rowid")]
        db.commit()
        db.execute("VACUUM INTO ?", (str(live.with_name("leaky")),))
    db.close()
    assert rho(leaky, truth) > LIMIT
    assert within_pages(live.with_name("leaky"), truth) > LIMIT


def test_names_cannot_be_guessed_back_from_what_is_stolen(stolen, settings) -> None:
    """Without the keys neither receipts nor references lead anywhere: HMACs and randomness.

    A reference is a version-4 UUID and a receipt's HMAC has 256 bits: no two people share a
    bit pattern that the order of the roster would explain.
    """
    live, _, truth, _ = stolen
    with sqlite3.connect(f"file:{live}?mode=ro", uri=True) as db:
        refs = [UUID(row[0]) for row in db.execute("SELECT respondent_ref FROM response")]
        hmacs = [row[0] for row in db.execute("SELECT receipt_hmac FROM response")]
    db.close()
    assert {ref.version for ref in refs} == {4}
    assert len({*refs}) == len({*hmacs}) == len(truth)
    assert {len(one) for one in hmacs} == {32}
    secrets = settings.secrets_path.read_text()
    for path in live.parent.iterdir():
        if path.is_file() and path != settings.secrets_path:
            content = path.read_bytes()
            for key in re.findall(r'"([0-9a-f]{64})"', secrets):
                assert key.encode() not in content
                assert bytes.fromhex(key) not in content


def server_orders(database: Database) -> dict[str, list[str]]:
    """Every order that PostgreSQL has to offer, a superuser's included."""
    of = {
        "response": "SELECT t.id FROM response t",
        "consent": "SELECT t.submission_id FROM consent t",
        "background": "SELECT r.id FROM background t"
        " JOIN response r USING (community_id, respondent_ref)",
    }
    by = {"as they come": "", "ctid": " ORDER BY t.ctid",
          "xmin": " ORDER BY age(t.xmin) DESC, t.ctid"}  # fmt: skip
    with database.read.begin() as connection:
        found = {
            f"{table} {name}": [
                row[0].hex for row in connection.exec_driver_sql(rows + order).fetchall()
            ]
            for table, rows in of.items()
            for name, order in by.items()
            if not (table == "background" and not order)  # a join has no order of its own
        }
        for order in ("receipt_hmac", "digest", "respondent_ref", "submitted_on, id"):
            rows = connection.exec_driver_sql(f"SELECT id FROM response ORDER BY {order}")
            found[f"response {order}"] = [row[0].hex for row in rows.fetchall()]
    return found


@pytest.mark.postgres
def test_no_order_of_postgresql_tells_who_answered_when(
    tmp_path, postgres_url, monkeypatch
) -> None:
    """The finding and its mending: heap and transaction numbers tell it until they are laid
    anew after the close; from then on nothing does, and it is not done a second time.
    """
    database = Database(Settings(data_dir=tmp_path, database_url=postgres_url))
    store = Store(database)
    truth = answered(database, store)
    open_book = {name: rho(order, truth) for name, order in server_orders(database).items()}
    assert min(open_book[f"{table} ctid"] for table in ("response", "consent")) > LIMIT
    assert min(open_book[f"{table} xmin"] for table in ("response", "consent")) > LIMIT
    held = store_state(database)

    with database.read.connect() as export, export.begin():
        export.exec_driver_sql("SELECT count(*) FROM response")
        monkeypatch.setattr(laying, "PATIENCE", "100ms")
        assert lay_anew(database) == []  # it reads: another time
    assert len(lay_anew(database)) == 1
    strength = {name: rho(order, truth) for name, order in server_orders(database).items()}
    assert {name: value for name, value in strength.items() if abs(value) > LIMIT} == {}
    assert len(strength) == 12
    assert store_state(database) == held
    assert lay_anew(database) == []
    store.close()
    database.close()


def store_state(database: Database) -> list[set[str]]:
    """What the tables hold, in no order."""
    with database.read.begin() as connection:
        return [
            {str(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall()}
            for table in ("response", "consent", "background")
        ]
