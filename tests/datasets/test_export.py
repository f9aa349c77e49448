"""Data sets from the store: whole, private (C5), immutable, logged."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

import pyreadstat
import pytest
from sqlmodel import Session, select

from analysis.dataset import TooFewToShare
from app.dataset_files import shelf
from app.datasets.order import (
    NoReason,
    NothingToExport,
    UnknownFormat,
    UnknownShape,
    WavesDoNotFit,
    order,
)
from app.datasets.service import Exported, export
from app.datasets.source import project_key, pseudonym
from app.settings import Settings
from app.tables import AuditEvent, Dataset
from tests.datasets.study import INSTRUMENT, SUBMITTED, Study

ALL = ["csv", "xlsx", "sav", "dta", "parquet"]
CODES = {0: -1, 250: -2, 251: -3, 252: -4, 253: -5}
DDI = "{ddi:codebook:2_5}"


def made(study: Study, *waves: str, **wanted: Any) -> Exported:
    return export(study.settings, order(waves=waves or ["sidoarjo-1"], **wanted))


def rows(found: Exported) -> list[dict[str, str]]:
    with found.data.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def log(study: Study) -> list[AuditEvent]:
    with Session(study.database.read) as session, session.begin():
        found = session.exec(select(AuditEvent)).all()
        session.expunge_all()
        return [one for one in found if one.action.startswith(("dataset.", "k."))]


def tombstones(study: Study) -> dict[str, bool]:
    """Names of data sets, and whether their files are gone."""
    with Session(study.database.read) as session, session.begin():
        return {
            one.manifest["dataset"]["name"]: one.files_deleted_on is not None
            for one in session.exec(select(Dataset)).all()
        }


def test_spss_holds_the_store_cell_by_cell(study: Study) -> None:
    """Acceptance 25: the bytes of the store are the numbers of the SPSS file, by person."""
    found = made(study, formats=ALL)
    frame, _ = pyreadstat.read_sav(found.folder / f"{found.name}-simulasi.sav", user_missing=True)
    with Session(study.database.read) as session:
        keys = session.connection().exec_driver_sql("SELECT id FROM project").scalars().all()
    key = project_key(study.settings.key("secret_key"), keys[0])
    by_person = frame.set_index("PID")
    assert len(by_person) == 12
    for ref in study.people:
        row = by_person.loc[pseudonym(key, ref)]
        stored = study.answers[1, ref]
        for code, byte in zip(INSTRUMENT.item_codes, stored, strict=True):
            assert row[code] == CODES.get(byte, byte)
    told = {line["PID"]: line for line in rows(found)}
    assert set(told) == set(by_person.index)


def test_the_manifest_describes_every_file(study: Study) -> None:
    study.answer(study.wave(), study.people[:7])
    study.answer(2, study.people[7:9], choices={"research": False})
    found = made(study, "sidoarjo-2", formats=ALL, language="en")
    told = found.manifest
    on_disk = json.loads(next(found.folder.glob("*-manifest.json")).read_text(encoding="utf-8"))
    assert on_disk == json.loads(json.dumps(told))
    assert told["rows"] == {
        "expected": 7, "written": 7, "sheets_expected": 7, "sheets_written": 7,
        "by_status": {"complete": 7}, "flagged_careless": told["rows"]["flagged_careless"],
    }  # fmt: skip
    assert told["consent"] == {
        "responses": 9, "granted": {"adult": 9, "research": 7, "report": 9, "sales": 9}
    }  # fmt: skip
    assert told["timezone"] == "Asia/Jakarta"
    assert told["dataset"]["made_on"].endswith("+07:00")
    assert told["dataset"]["partial"] is True
    assert told["waves"][0]["eligible"] == 60
    files = {one.name for one in found.folder.iterdir()}
    described = {told[role]["file"]: told[role] for role in told["roles"]}
    assert files == set(described) | {f"{found.name}-simulasi-manifest.json"}
    for name, one in described.items():
        content = (found.folder / name).read_bytes()
        assert one["sha256"] == hashlib.sha256(content).hexdigest()
        assert one["bytes"] == len(content)
    shown = sum(
        CODES.get(byte) == -2
        for (wave, ref), stored in study.answers.items()
        if wave == 2 and ref in study.people[:7]
        for code, byte in zip(INSTRUMENT.item_codes, stored, strict=True)
        if code in INSTRUMENT.form("full").items
    )
    assert told["missing_cells"]["-2"] == shown


def test_codebooks_and_scripts_name_the_columns_of_the_file(study: Study) -> None:
    """CSV, HTML, DDI, R and SPSS against the header and against the CSV codebook's labels."""
    found = made(study, language="en")
    stem = found.folder / f"{found.name}-simulasi"

    def text(ending: str) -> str:
        return Path(f"{stem}{ending}").read_text(encoding="utf-8")

    header = list(rows(found)[0])
    with Path(f"{stem}-codebook.csv").open(encoding="utf-8", newline="") as file:
        book = {row["NAME"]: row for row in csv.DictReader(file)}
    assert list(book) == header
    assert re.findall(r'<tr id="([^"]+)">', text("-codebook.html")) == header
    root = ET.fromstring(text("-codebook.xml"))
    variables = root.findall(f"{DDI}dataDscr/{DDI}var")
    assert [one.get("name") for one in variables] == header
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    for one in variables:
        row = book[one.get("name", "")]
        labels = {label.get(lang): label.text for label in one.findall(f"{DDI}labl")}
        assert labels == {"id": row["LABEL_ID"], "en": row["LABEL_EN"]}
        categories = {
            category.findtext(f"{DDI}catValu"): category.get("missing")
            for category in one.findall(f"{DDI}catgry")
        }
        invalid = {item.get("VALUE") for item in one.findall(f"{DDI}invalrng/{DDI}item")}
        assert {value for value, missing in categories.items() if missing} == invalid
        assert invalid == ({"-1", "-2", "-3", "-4", "-5"} if row["MISSING_EN"] else set())
    script = text("-read.R")
    kinds = re.search(r"^kinds <- c\((.*)\)$", script, re.MULTILINE)
    assert kinds is not None
    assert re.findall(r'"(\w+)" = "(?:character|numeric)"', kinds[1]) == header
    own = re.compile(r'^attr\(data\[\["(\w+)"\]\], "label"\) <- (".*")$', re.MULTILINE)
    told = dict(own.findall(script))
    assert {name: json.loads(label) for name, label in told.items()} == {
        name: row["LABEL_EN"] for name, row in book.items()
    }
    for name, pairs in re.findall(
        r'^attr\(data\[\["(\w+)"\]\], "labels"\) <- c\((.*)\)$', script, re.MULTILINE
    ):
        found_ = re.findall(r'("(?:[^"\\]|\\.)*") = (-?\d+)', pairs)
        shown = "; ".join(f"[{value}] {json.loads(label)}" for label, value in found_)
        assert shown == book[name]["VALUES_EN"]
    coded = re.search(r"^coded <- c\((.*)\)$", script, re.MULTILINE)
    assert coded is not None
    with_codes = [name for name, row in book.items() if row["MISSING_EN"]]
    assert re.findall(r'"(\w+)"', coded[1]) == with_codes
    syntax = text("-read.sps")
    block = syntax.split("  /VARIABLES=\n")[1].split("\n  .\n")[0]
    assert [line.split()[0] for line in block.splitlines()] == header
    missing = re.compile(r"^MISSING VALUES (\w+) \(-5 THRU -1\)\.$", re.MULTILINE)
    assert missing.findall(syntax) == with_codes
    assert dict(re.findall(r"^VARIABLE LEVEL (\w+) \((\w+)\)\.$", syntax, re.MULTILINE)) == {
        name: row["MEASURE"].upper() for name, row in book.items()
    }
    labels_ = syntax.split("VARIABLE LABELS\n")[1].split("\n  .\n")[0]
    for line in labels_.splitlines():
        name, label = line.strip().split(" ", 1)
        assert label[1:-1].replace("''", "'") == book[name]["LABEL_EN"]
    assert 'value: "sha256:' + found.sha256 + '"' in text("-citation.cff")


def test_no_identity_and_no_clock_in_any_file(study: Study) -> None:
    """C5, in bytes and in cells: no reference, code, address, token, text or time of day."""
    found = made(study, formats=["csv", "sav", "dta"])
    header = rows(found)[0]
    assert not {"CODE", "PHONE", "NAME", "IP", "UA", "TOKEN", "OPEN1"} & set(header)
    clock = re.compile(rb"\b\d{1,2}:\d{2}(:\d{2})?\b")
    for path in found.folder.iterdir():
        content = path.read_bytes()
        for ref in study.people:
            assert str(ref).encode() not in content
            assert ref.bytes not in content
            assert ref.hex.encode() not in content
        assert b"HYPERLINK" not in content
        if path.suffix == ".csv":
            assert not clock.search(content)
    for row in rows(found):
        assert row["SUBMITTED_ON"] == SUBMITTED.isoformat()


def test_same_person_same_mark_in_a_project_and_another_in_the_next(study: Study) -> None:
    study.answer(study.wave(), study.people[:8])
    study.close(2)
    first, second = rows(made(study)), rows(made(study, "sidoarjo-2"))
    marks = {row["PID"] for row in first}
    assert {row["PID"] for row in second} < marks
    elsewhere = {row["PID"] for row in rows(made(study, project="thesis"))}
    assert len(elsewhere) == 12
    assert not elsewhere & marks


def test_a_pseudonym_is_eighty_bits_of_an_hmac() -> None:
    """Worked out bit by bit, five at a time from the top, in Crockford's letters."""
    import hmac

    ref, key = UUID(int=42), b"k" * 32
    bits = "".join(f"{byte:08b}" for byte in hmac.digest(key, ref.bytes, "sha256"))
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    expected = "".join(letters[int(bits[at : at + 5], 2)] for at in range(0, 80, 5))
    assert pseudonym(key, ref) == expected


def test_long_and_wide_over_two_waves(study: Study) -> None:
    study.join(3)
    study.answer(study.wave(), study.people[4:])
    study.close(2)
    long = rows(made(study, "sidoarjo-2", "sidoarjo-1"))
    assert [row["WAVE"] for row in long] == ["1"] * 12 + ["2"] * 11
    found = made(study, "sidoarjo-1", "sidoarjo-2", shape="wide", formats=ALL)
    assert found.name == "sidoarjo-1-2-v2"
    wide = {row["PID"]: row for row in rows(found)}
    assert len(wide) == 15
    for row in long:
        for name, cell in row.items():
            if name not in ("PID", "WAVE", "SIMULATED") and not name.startswith("BG"):
                assert wide[row["PID"]][f"{name}_W{row['WAVE']}"] == cell
    gone = [row for row in wide.values() if row["STATUS_W1"] == ""]
    assert len(gone) == 3
    assert all(row["MOT1_W1"] == "" and row["MOT1_W2"] != "" for row in gone)
    told = found.manifest["rows"]
    assert (told["expected"], told["written"], told["sheets_written"]) == (15, 15, 23)
    frame, meta = pyreadstat.read_sav(found.folder / f"{found.name}-simulasi.sav")
    assert frame.shape == (15, len(found.manifest["columns"]))
    assert meta.variable_measure["MOT1_W2"] == "ordinal"


def test_the_column_order_is_the_same_in_every_format_and_run(study: Study) -> None:
    found = made(study, formats=ALL)
    stem = str(found.folder / f"{found.name}-simulasi")
    columns = list(rows(found)[0])
    assert columns == found.manifest["columns"]
    assert list(pyreadstat.read_sav(f"{stem}.sav")[0].columns) == columns
    assert list(pyreadstat.read_dta(f"{stem}.dta")[0].columns) == columns
    again = made(study, project="again")
    assert list(rows(again)[0]) == columns


def test_equal_orders_share_a_data_set_and_others_do_not(study: Study) -> None:
    first = made(study)
    assert made(study).name == first.name == "sidoarjo-1-v1"
    assert made(study, formats=["sav"]).name == "sidoarjo-1-v2"
    assert made(study, language="en").name == "sidoarjo-1-v3"
    assert sorted(one.action for one in log(study)) == ["dataset.export"] * 3
    assert log(study)[0].detail["sha256"] == first.sha256


def test_a_withdrawal_ends_the_data_sets_and_makes_the_next(study: Study) -> None:
    first = made(study, formats=["sav"])
    content = first.data.read_bytes()
    study.withdraw(1, study.people[0])
    second = made(study, formats=["sav"])
    assert not first.folder.exists()
    assert (second.name, second.rows) == ("sidoarjo-1-v2", 11)
    assert tombstones(study) == {"sidoarjo-1-v1": True, "sidoarjo-1-v2": False}
    with Session(study.database.read) as session, session.begin():
        digests = [one.digest for one in session.exec(select(Dataset).order_by(Dataset.seq)).all()]
    assert digests[0] == hashlib.sha256(content).hexdigest()
    assert [one.action for one in log(study)] == [
        "dataset.export", "dataset.retire", "dataset.export",
    ]  # fmt: skip


def test_a_withdrawal_from_one_wave_ends_files_of_several(study: Study) -> None:
    study.answer(study.wave(), study.people)
    study.close(2)
    both = made(study, "sidoarjo-1", "sidoarjo-2")
    study.withdraw(1, study.people[0])
    made(study, "sidoarjo-2")
    assert not both.folder.exists()
    assert tombstones(study)[both.name] is True


def test_few_people_make_no_file(study: Study) -> None:
    """The k-check fails closed: no folder, no row, no log of an export."""
    study.answer(study.wave(), study.people[:4])
    with pytest.raises(TooFewToShare):
        made(study, "sidoarjo-2", formats=ALL)
    assert list(shelf(study.settings).glob("*")) == []
    assert tombstones(study) == {}
    with pytest.raises(NoReason):
        made(study, "sidoarjo-2", full=True, reason="because")
    found = made(study, "sidoarjo-2", full=True, reason="  My own   analysis only. ")
    assert found.rows == 4
    assert found.manifest["sharing"]["full_because"] == "My own analysis only."
    override = [one for one in log(study) if one.action == "k.override"]
    assert [one.detail["reason"] for one in override] == ["My own analysis only."]


def test_background_is_coarsened_unless_a_reason_is_given(study: Study) -> None:
    study.join(40, alike=False)
    study.answer(study.wave(), study.people)
    study.close(2)
    shared, full = (
        made(study, "sidoarjo-2"),
        made(study, "sidoarjo-2", full=True, reason="Controls of the regression."),
    )
    told = shared.manifest["sharing"]
    assert told["passed"]
    assert told["left_out"] or told["merged"]
    kept = [name for name in rows(shared)[0] if name.startswith("BG")]
    groups: dict[tuple[str, ...], int] = {}
    for row in rows(shared):
        group = tuple(row[name] for name in kept)
        groups[group] = groups.get(group, 0) + 1
    assert min(groups.values()) == told["smallest_group"] >= 5
    assert {f"BG{number}" for number in range(1, 7)} <= set(rows(full)[0])
    assert full.manifest["sharing"]["passed"] is False


def test_sales_only_with_consent(study: Study) -> None:
    """BG4 of whoever did not agree to it is not in the full file either."""
    study.answer(study.wave(), study.people[:6])
    study.answer(2, study.people[6:], choices={"sales": False})
    found = rows(made(study, "sidoarjo-2", full=True, reason="Everything that was agreed to."))
    assert sorted(row["BG4"] for row in found) == ["-1"] * 6 + ["1"] * 6


def test_what_cannot_be_ordered(study: Study) -> None:
    with pytest.raises(UnknownFormat):
        order(waves=["sidoarjo-1"], formats=["csv,doc"])
    with pytest.raises(UnknownShape):
        order(waves=["sidoarjo-1"], shape="deep")
    with pytest.raises(WavesDoNotFit):
        order(waves=[])
    study.community("gresik")
    gresik = Study(study.settings, study.database)
    gresik.community("gresik")
    gresik.join(6)
    gresik.wave()
    gresik.answer(1, gresik.people, choices={"research": False})
    with pytest.raises(WavesDoNotFit):
        made(study, "sidoarjo-1", "gresik-1")
    with pytest.raises(NothingToExport):
        made(study, "gresik-1", full=True, reason="Nobody agreed to anything.")
    assert tombstones(study) == {}


_SLOW = """
import sys, time
from app.datasets import source
from app.datasets.order import order
from app.datasets.service import export
from app.settings import Settings

streamed = source.batches

def slow(*given):
    for batch in streamed(*given):
        yield batch
        print("half", flush=True)
        time.sleep(60)

import app.datasets.service
app.datasets.service.batches = slow
export(Settings(), order(waves=["sidoarjo-1"]))
"""


def test_a_killed_export_offers_nothing(study: Study) -> None:
    """SIGKILL while rows are written: no folder of a name, no row; the next one is whole."""
    settings: Settings = study.settings
    environment = {
        **os.environ,
        "GUYUB_DATA_DIR": str(settings.data_dir),
        "GUYUB_DATABASE_URL": settings.database_url,
    }
    with subprocess.Popen(
        [sys.executable, "-c", _SLOW], env=environment, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"half\n"
        child.send_signal(signal.SIGKILL)
    left = list(shelf(settings).iterdir())
    assert [path.name.startswith(".data-set-") for path in left] == [True]
    assert tombstones(study) == {}
    found = made(study)
    assert (found.name, found.rows) == ("sidoarjo-1-v1", 12)
    assert left[0].exists()  # another export may still be writing there ...
    day = time.time() - 25 * 3600
    os.utime(left[0], (day, day))
    made(study)
    assert not left[0].exists()  # ... but not since yesterday
