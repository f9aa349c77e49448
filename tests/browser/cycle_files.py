"""A cycle's files, cell by cell against bytes that are read past the program."""

from __future__ import annotations

import csv
import io
import json
import string
from base64 import b32encode
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pyreadstat
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyarrow import parquet

from app.settings import Settings
from tests.browser.cycle import INSTRUMENT, MISSING, NAMES, Member, Service

Row = dict[str, Any]
CROCKFORD = str.maketrans(string.ascii_uppercase + "234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
STATA = dict(zip("abcde", (-1, -2, -3, -4, -5), strict=True))
"""Stata's letters of missing values, as the codebook has them."""


def refs(service: Service) -> dict[str, UUID]:
    """The random reference of everybody on the roster, by name."""
    rows = service.rows("SELECT display_name, respondent_ref FROM participant", identity=True)
    return {row["display_name"]: UUID(str(row["respondent_ref"])) for row in rows}


def person_id(service: Service, ref: UUID) -> str:
    """PID of a person: 80 bits of HMAC-SHA-256 under the project's key (HKDF), in Crockford's."""
    [project] = service.rows("SELECT id FROM project")
    secret = Settings(data_dir=service.home).key("secret_key")
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=f"project:{project['id']}".encode())
    digest = hmac.HMAC(derived.derive(secret), hashes.SHA256())
    digest.update(ref.bytes)
    return b32encode(digest.finalize()[:10]).decode().translate(CROCKFORD)


def same_as_the_store(
    service: Service, members: Sequence[Member], files: Mapping[str, bytes], folder: Path
) -> None:
    """Every format has one row for each of these members, and in each cell what the store has."""
    known = refs(service)
    stored = {
        UUID(str(row["respondent_ref"])): row
        for row in service.rows("SELECT respondent_ref, answers, language, status FROM response")
    }
    expected: dict[str, Row] = {}
    for member in members:
        ref = known[NAMES[member.number]]
        row = stored[ref]
        complete = row["status"] == "complete"
        assert row["answers"] == member.stored(prompted=complete)  # and that is what they sent
        told: Row = {"LANG": row["language"], "STATUS": row["status"]}
        told |= {
            code: MISSING.get(byte, byte)
            for code, byte in zip(INSTRUMENT.item_codes, row["answers"], strict=True)
        }
        told |= {code: int(value) for code, value in member.questions.items()}
        expected[person_id(service, ref)] = told
    manifest = json.loads(files["-manifest.json"])
    sharing = manifest["sharing"]
    assert not sharing["merged"] and not sharing["left_out"], sharing  # noqa: PT018 - one fact
    assert manifest["rows"]["written"] == manifest["rows"]["expected"] == len(members)
    for suffix, read in READERS.items():
        path = folder / f"data{suffix}"
        path.write_bytes(files[suffix])
        found = {str(row["PID"]): row for row in read(path)}
        assert sorted(found) == sorted(expected), suffix
        for pid, told in expected.items():
            cells = {name: _plain(found[pid][name]) for name in told}
            assert cells == told, (suffix, pid)


def _plain(value: Any) -> Any:
    """A cell as a number where it is one: -2 of ``-2.0``, of ``"-2"``, of Stata's ``b``."""
    if isinstance(value, str):
        return STATA[value] if value in STATA else int(value) if value[-1:].isdigit() else value
    return int(value)


def _csv(path: Path) -> list[Row]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))


def _xlsx(path: Path) -> list[Row]:
    book = openpyxl.load_workbook(path, read_only=True)
    head, *rows = book.worksheets[0].iter_rows(values_only=True)
    book.close()
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def _sav(path: Path) -> list[Row]:
    found: list[Row] = pyreadstat.read_sav(path, user_missing=True)[0].to_dict("records")
    return found


def _dta(path: Path) -> list[Row]:
    found: list[Row] = pyreadstat.read_dta(path, user_missing=True)[0].to_dict("records")
    return found


def _parquet(path: Path) -> list[Row]:
    found: list[Row] = parquet.read_table(path).to_pylist()
    return found


READERS: dict[str, Callable[[Path], list[Row]]] = {
    ".csv": _csv, ".xlsx": _xlsx, ".sav": _sav, ".dta": _dta, ".parquet": _parquet,
}  # fmt: skip


def gone_everywhere(service: Service, member: Member, ref: UUID, pid: str) -> None:
    """No row of theirs, no file that holds their row; the store's own file has no trace."""
    for table in ("response", "draft", "background"):
        query = f"SELECT respondent_ref FROM {table}"
        assert ref not in {UUID(str(row["respondent_ref"])) for row in service.rows(query)}, table
    sheets = "SELECT id FROM response UNION SELECT id FROM draft"
    there = {UUID(str(row["id"])) for row in service.rows(sheets)}
    consents = service.rows("SELECT submission_id AS id FROM consent")
    assert {UUID(str(row["id"])) for row in consents} == there
    assert member.stored(prompted=True) not in [
        row["answers"] for row in service.rows("SELECT answers FROM response")
    ]
    for path in sorted((service.home / "exports").rglob("*")):
        assert not path.is_file() or pid.encode() not in path.read_bytes(), path.name
    assert not [one for one in (service.home / "analyses").glob("*") if one.is_dir()]
