"""What the play of a whole cycle needs: a service from nothing, its people, its store."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from instrument import registry
from tests.browser.faults import OPTIONS
from tests.browser.test_access import SIDEWAYS

INSTRUMENT = registry.find("partnership")
SHOWN = INSTRUMENT.form("full").items
SLUG = "pasar-baru"
COMMAND = Path(sys.prefix) / "bin" / "guyub"
NAMES = [f"Anggota {n:02d} Pasarbaru" for n in range(1, 61)]
PURPOSES = ("adult", "research", "report", "sales")
MISSING = {0: -1, 250: -2, 251: -3, 252: -4, 253: -5}
"""Codes of the files for bytes of the store that are no option (see the codebook)."""


def roster_file() -> bytes:
    """60 people as Excel saves them in Indonesia: BOM, semicolons, CRLF, a column too many."""
    lines = ["Nama;No. HP;Jenis usaha"]
    lines += [f"{name};0812-3456-{n:04d};warung" for n, name in enumerate(NAMES)]
    return "\r\n".join([*lines, ""]).encode("utf-8-sig")


@dataclass
class Service:
    """An installation of its own: made, upgraded and served by the command alone."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "GUYUB_DATA_DIR": str(self.home),
            "GUYUB_BASE_URL": self.address,
            "OPENBLAS_NUM_THREADS": "1",
        }

    def command(self, *arguments: str) -> str:
        """Run ``guyub`` to its end; return what it says."""
        return subprocess.run(
            [COMMAND, *arguments],
            env=self.environment, cwd=self.home, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip

    def rows(self, query: str, *values: Any, identity: bool = False) -> list[dict[str, Any]]:
        """Rows of a database file, read past the program."""
        name = "identity" if identity else "guyub"
        with sqlite3.connect(f"file:{self.home}/{name}.sqlite3?mode=ro", uri=True) as store:
            store.row_factory = sqlite3.Row
            return [dict(row) for row in store.execute(query, values)]

    def counts(self, *tables: str) -> dict[str, int]:
        """How many rows each table has."""
        return {name: self.rows(f"SELECT count(*) AS n FROM {name}")[0]["n"] for name in tables}


@dataclass
class Member:
    """Somebody with a code, whose phone speaks plain HTTP."""

    number: int
    code: str
    purposes: tuple[str, ...] = PURPOSES
    answers: dict[str, str] = field(default_factory=dict)
    """What was chosen, by item; skipped ones are not there."""

    def __post_init__(self) -> None:
        chance = random.Random(self.number)
        mood = chance.gauss(0, 0.7)
        by_scale = {scale.code: chance.gauss(0, 0.4) for scale in INSTRUMENT.scales}
        for item in INSTRUMENT.items:
            if item.code not in SHOWN or chance.random() < 0.04:
                continue
            level = mood + by_scale.get(item.scale or "", 0.0) + chance.gauss(0, 0.8)
            value = min(5, max(1, round(3.3 + (-level if item.keyed == "-" else level))))
            self.answers[item.code] = str(item.expected or value)

    @property
    def questions(self) -> dict[str, str]:
        """Behaviour and background: three kinds of people, so that nobody stands out."""
        kind = str(1 + self.number % 3)
        told = dict.fromkeys(["BEH1", "BEH2", "BEH3"], str(self.number % 7))
        told |= dict.fromkeys(["BEH4", "BEH5", "BEH6"], kind)
        return told | dict.fromkeys(["BG1", "BG3", "BG4", "BG5", "BG6"], kind) | {"BG2": "1"}

    def stored(self, *, prompted: bool) -> bytes:
        """The bytes the store has to hold, in the definition's order."""
        skipped = 251 if prompted else 250
        return bytes(
            int(self.answers[code]) if code in self.answers else skipped if code in SHOWN else 0
            for code in INSTRUMENT.item_codes
        )


class Phone:
    """A member's way through the forms, as a browser without scripts sends them."""

    def __init__(self, address: str, member: Member) -> None:
        self.client = httpx.Client(base_url=address, headers={"origin": address}, timeout=20)
        self.member = member
        self.hidden: dict[str, str] = {}

    def answer(self, *, send: bool) -> str:
        """Landing, consent and code, then the answers; returns the receipt, or ""."""
        assert "kode" in self.client.get(f"/s/{SLUG}").text
        self._post("mulai", {"izin": list(self.member.purposes), "kode": self.member.code})
        given = self.member.answers | self.member.questions
        if not send:
            self._post("simpan", self.hidden | given | {"ke": "12"})
            self.client.close()
            return ""
        page = self._post("kirim", self.hidden | given | {"final": "1"})
        if (
            self.hidden.get("ditanya") == "1"
        ):  # something was skipped: asked once, then taken as it is
            page = self._post("kirim", self.hidden | given | {"final": "1"})
        self.client.close()
        found = re.search(r'class="keep">.*?<b[^>]*>([0-9A-Z]{4} [0-9A-Z]{4})</b>', page, re.DOTALL)
        assert found, page
        return found[1]

    def _post(self, step: str, fields: Mapping[str, Any]) -> str:
        answer = self.client.post(f"/s/{SLUG}/{step}", data=dict(fields), follow_redirects=True)
        assert answer.status_code == 200, answer.text
        self.hidden = dict(
            re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text)
        )
        return answer.text


@dataclass
class Watch:
    """Looks at every page of the play: axe, nothing that scrolls sideways, whom it names."""

    names: list[str]
    seen: dict[str, str] = field(default_factory=dict)
    """Text of each page looked at, by name."""

    def __call__(self, page: Page, name: str, *, names_members: bool = False) -> None:
        found = Axe().run(page, options=OPTIONS)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        assert page.evaluate(SIDEWAYS) <= 0, f"{name} scrolls sideways"
        self.seen[name] = page.inner_text("body")
        if not names_members:
            shown = [one for one in self.names if one in self.seen[name]]
            assert not shown, f"{name} names {shown[:3]}"


def in_jakarta(moment: datetime) -> str:
    """As a field for day and time takes it."""
    return moment.astimezone(ZoneInfo("Asia/Jakarta")).strftime("%Y-%m-%dT%H:%M")


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
