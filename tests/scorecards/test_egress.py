"""No way out of a card leads to a row, a token, a person, or a group below the floor.

Acceptance 19, B8 and C4; "done when" 5. The ways are read out of the application: whichever
module reads cards must be known here, and each of its addresses is walked for a wave of
nobody, of too few, of a few and of many. What a file holds is a function of the published
payload alone, so it is made again from the payload and compared byte by byte.
"""

from __future__ import annotations

import ast
import html
import json
import logging
import re
import struct
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

import app
from app.auth import Scope
from app.auth.accounts import Account
from app.auth.sessions import account_of
from app.auth.tokens import issue_token
from app.scorecards import printing
from app.tables import Consent, Response, Staff
from tests.house.test_routes import routes_of
from tests.scorecards.conftest import BASE, SLUG, Town

READERS = {
    "app.api.routes",
    "app.demo.cards",
    "app.scorecards.chair_routes",
    "app.scorecards.link_routes",
    "app.scorecards.prepare_routes",
    "app.scorecards.public",
}
"""Modules with addresses (or, of the demo, verbs) that read cards; another one fails here."""
INSIDE = {
    "app.scorecards.commitments", "app.scorecards.comparing", "app.scorecards.links",
    "app.scorecards.making", "app.scorecards.preparing", "app.scorecards.printing",
    "app.scorecards.publishing", "app.scorecards.showing", "app.scorecards.view",
    "app.scorecards.words",
    "app.scorecards.headings", "app.scorecards.rows", "app.scorecards.routes",
    "app.scorecards.contexts", "app.scorecards.written", "app.scorecards.phrases", "app.worker",
    "app.published_cards", "app.main", "app.back_office",
}  # fmt: skip
"""Modules that name cards and have no address of their own."""
FILES = ("kartu-id.pdf", "kartu-en.pdf", "gambar-id.png", "gambar-en.png")
# path template -> the addresses to walk, by who reads them
WAYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "/s/{slug:str}/hasil": ("anybody", ("/s/gresik/hasil", "/s/gresik/hasil?lang=en")),
    "/s/{slug:str}/hasil/{number:int}": ("anybody", ("/s/gresik/hasil/1",)),
    "/s/{slug:str}/hasil/{number:int}/kartu": (
        "anybody",
        ("/s/gresik/hasil/1/kartu", "/s/gresik/hasil/1/kartu?lang=en"),
    ),
    "/s/{slug:str}/hasil/{number:int}/{name}": (
        "anybody",
        tuple(f"/s/gresik/hasil/1/{name}" for name in FILES[2:]),
    ),
    "/kartu/{token}": ("anybody", ("LINK", "LINK?lang=en")),
    "/api/v1/waves/{number}/card": ("program", ("/api/v1/waves/1/card",)),
    "/staff/k/{community}/kartu": ("chair", (f"{BASE}/kartu",)),
    "/staff/k/{community}/kartu/banding": ("chair", (f"{BASE}/kartu/banding",)),
    "/staff/k/{community}/kartu/{number:int}": ("chair", (f"{BASE}/kartu/1",)),
    "/staff/k/{community}/kartu/{number:int}/berkas/{name}": (
        "chair",
        tuple(f"{BASE}/kartu/1/berkas/{name}" for name in FILES),
    ),
    "/staff/k/{community}/kartu/{number:int}/bagikan": ("chair", (f"{BASE}/kartu/1/bagikan",)),
    "/staff/k/{community}/kartu/{number:int}/janji": ("chair", (f"{BASE}/kartu/1/janji",)),
    "/staff/k/{community}/kartu/{number:int}/janji/{commitment:int}": (
        "chair",
        (f"{BASE}/kartu/1/janji/1",),
    ),
    "/staff/k/{community}/kartu/{number:int}/tautan": ("chair", (f"{BASE}/kartu/1/tautan",)),
    "/staff/k/{community}/siapkan-kartu": ("researcher", (f"{BASE}/siapkan-kartu",)),
    "/staff/k/{community}/siapkan-kartu/{number:int}": (
        "researcher",
        (f"{BASE}/siapkan-kartu/1",),
    ),
    "/staff/k/{community}/siapkan-kartu/{number:int}/berkas/{name}": (
        "researcher",
        tuple(f"{BASE}/siapkan-kartu/1/berkas/{name}" for name in FILES),
    ),
    "/staff/k/{community}/siapkan-kartu/{number:int}/terbitkan": (
        "researcher",
        (f"{BASE}/siapkan-kartu/1/terbitkan",),
    ),
}


def readers() -> set[str]:
    """Modules of the service that import cards in any way."""
    root = Path(app.__file__).parent
    found = set()
    for path in root.rglob("*.py"):
        name = ".".join(("app", *path.relative_to(root).with_suffix("").parts))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                named = {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
            elif isinstance(node, ast.Import):
                named = {one.name for one in node.names}
            else:
                continue
            if any(
                one.startswith(("app.published_cards", "app.scorecards", "analysis.scorecard"))
                for one in named
            ):
                found.add(name)
    return found


def test_every_module_that_reads_cards_and_every_address_of_it_is_known(town: Town) -> None:
    assert readers() - INSIDE == READERS
    theirs = {
        route.path
        for route in routes_of(town.office.app)
        if route.endpoint.__module__ in READERS
        and "GET" in (route.methods or ())
        and (route.endpoint.__module__ != "app.api.routes" or "card" in route.path)
    }
    assert theirs == set(WAYS)


class Walk:
    """Everything that can be fetched of a wave's card, and what must not be in it."""

    def __init__(self, town: Town) -> None:
        self.town = town
        answer = town.chair.post(f"{BASE}/kartu/1/tautan")
        found = re.search(r"(/kartu/[\w-]{32})", answer.text)
        self.link = found[1] if found else ""
        self.token = _token(town)

    def fetch(self) -> Iterator[tuple[str, Any]]:
        """Every address with its answer."""
        for who, addresses in WAYS.values():
            for address in addresses:
                path = address.replace("LINK", self.link)
                if who == "anybody":
                    answer = self.town.office.client.get(path)
                elif who == "program":
                    headers = {"authorization": f"Bearer {self.token}"}
                    answer = self.town.office.client.get(path, headers=headers)
                else:
                    answer = getattr(self.town, who).get(path)
                yield address, answer

    def secrets(self) -> set[str]:
        """Ids of rows and people, in every writing; open texts nobody approved."""
        with Session(self.town.office.database.read) as session, session.begin():
            ids: set[UUID] = set()
            for response in session.exec(select(Response)):
                ids |= {response.id, response.respondent_ref}
            ids |= set(session.exec(select(Consent.submission_id)))
            hmacs = session.exec(
                select(Response.receipt_hmac).where(col(Response.receipt_hmac).is_not(None))
            ).all()
        found = {text for one in ids for text in (str(one), one.hex, one.hex[:16])}
        found |= {one.hex()[:24] for one in hmacs if one}
        return found | {f"Teks {place}" for place in range(60)} | {"respondent_ref", '"PID"'}


def _token(town: Town) -> str:
    with Session(town.office.database.write) as session, session.begin():
        staff = session.get_one(Staff, town.researcher.staff_id)
        account: Account = account_of(session, staff, session_id=0, second_factor=True)
        _, token = issue_token(
            session, account=account, community_id=town.community_id, name="R",
            scopes=[Scope.RESULTS], lasts=timedelta(days=1), at=town.office.now,
        )  # fmt: skip
    return token


@pytest.mark.parametrize("people", [0, 4, 7, 45])
def test_no_way_out_holds_a_row_a_token_or_a_person(
    any_town: Town, people: int, caplog: pytest.LogCaptureFixture
) -> None:
    town = any_town
    town.wave(people)
    with caplog.at_level(logging.DEBUG):
        town.publish(1)
        town.chair.post(
            f"{BASE}/kartu/1/janji",
            {
                "skala": "FLX",
                "tindakan": "Dua waktu",
                "siapa": "Sekretaris",
                "sampai": "2026-05-30",
            },
        )
        walk = Walk(town)
        hidden = walk.secrets()
        fetched = list(walk.fetch())
    own = walk.link.rpartition("/")[2]
    for address, answer in fetched:
        assert answer.status_code in (200, 404), (address, answer.status_code)
        told = answer.content + json.dumps(dict(answer.headers)).encode()
        if answer.headers.get("content-type") == "application/pdf":
            told += _unpacked(answer.content)
        for secret in hidden:
            assert secret.encode() not in told, (address, secret)
        for secret in (walk.token, "guyub_staf"):
            assert secret.encode() not in told, address
        if not address.startswith("LINK"):
            assert own.encode() not in told, address
    assert [address for address, answer in fetched if answer.status_code == 404] == []
    logged = " ".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("http")
    )
    assert [secret for secret in hidden | {own, walk.token} if secret in logged] == []


def test_a_file_is_made_of_the_published_payload_and_of_nothing_else(town: Town) -> None:
    """Equal bytes when made again from the payload: PDF and picture can hold nothing more."""
    town.wave(12)
    town.publish(1)
    row = town.card_of(1)
    from app.published_cards import read

    card = read(row.payload or "", row.digest)
    for name in FILES:
        stored = town.chair.get(f"{BASE}/kartu/1/berkas/{name}").content
        language = "en" if "-en." in name else "id"
        made = printing.pdf(card, language) if name.endswith("pdf") else printing.picture(
            card, language
        )  # fmt: skip
        assert made == stored, name
    api = town.office.client.get(
        "/api/v1/waves/1/card", headers={"authorization": f"Bearer {_token(town)}"}
    )
    assert api.text == row.payload
    assert api.headers["x-sha256"] == row.digest
    assert api.headers["cache-control"] == "no-store"


def test_a_picture_holds_pixels_and_no_words(town: Town) -> None:
    """No text chunk, no time, no Exif."""
    town.wave(12)
    town.publish(1)
    for name in FILES[2:]:
        content = town.office.client.get(f"/s/{SLUG}/hasil/1/{name}").content
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        kinds, at = set(), 8
        while at < len(content):
            (length,) = struct.unpack(">I", content[at : at + 4])
            kinds.add(content[at + 4 : at + 8])
            at += 12 + length
        assert kinds <= {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"pHYs", b"sRGB", b"gAMA", b"tRNS"}


@pytest.mark.parametrize(("people", "tier"), [(4, "count_only"), (7, "medians")])
def test_a_group_below_the_floor_shows_no_figure(town: Town, people: int, tier: str) -> None:
    """n = 4: who answered and nothing else; n = 7: medians without range, share or state."""
    town.wave(people)
    town.publish(1)
    told = json.loads(town.card_of(1).payload or "")
    assert told["tier"] == tier
    for scale in told["scales"]:
        assert set(scale["agree"]) == {"why"}
        assert set(scale["change"]) == {"why"}
        assert scale["state"] == "not_enough"
        if people < 5:
            assert set(scale["score"]) == {"why"}
            assert scale["n"] == 0
        elif "point" in scale["score"]:
            assert scale["score"]["kind"] == "median"
            assert scale["score"]["low"] is None
    assert all(set(one["value"]) == {"why"} for one in told["behaviours"] if one["people"])
    assert set(told["comments"]) == {"why"}
    assert set(told["obstacle"]) == {"why"}
    points = _points(town)
    assert len(points) == 8
    seen = [
        town.chair.get(f"{BASE}/kartu/1").text,
        town.office.client.get(f"/s/{SLUG}/hasil").text,
        town.office.client.get(f"/s/{SLUG}/hasil/1/kartu").text,
        town.card_of(1).payload or "",
    ]
    if people < 5:  # not even a rounded mean stands anywhere
        for page in seen:
            text = re.sub(r"<[^>]+>", " ", html.unescape(page))
            for point in points:
                assert f"{point:.1f}" not in text
                assert f"{point:.1f}".replace(".", ",") not in text


def _points(town: Town) -> list[float]:
    """Means of the scales among those who agreed: what must not be told."""
    import numpy as np

    from app.scorecards.rows import dataset_of
    from app.store import Store
    from instrument import registry

    store = Store(town.office.database)
    definition = registry.find("partnership")
    try:
        data = dataset_of(store, town.waves[0].wave_id, definition, "full", key=b"k")
    finally:
        store.close()
    keyed = data.keyed()
    found = []
    for scale in definition.scales:
        if scale.kind != "scale":
            continue
        places = [
            place
            for place, item in enumerate(definition.items)
            if item.scale == scale.code and item.role.value == "scored"
        ]
        found.append(float((np.nanmean(keyed[:, places]) - 1) * 25))
    return found


def test_a_chair_reaches_no_row_no_token_no_list_and_no_text(town: Town) -> None:
    """Acceptance 19: refused at every door of the researcher and the operator."""
    town.wave(12)
    town.publish(1)
    for path in (
        "data", "data/baru", "data/gresik-1-v1", "data/gresik-1-v1/lengkap", "laporan",
        "laporan/baru", f"laporan/{'0' * 64}", "teks", "teks/1", "token", "anggota", "kode",
        "kode/berkas", "permintaan", "kegiatan", "siapkan-kartu", "siapkan-kartu/1",
        "siapkan-kartu/1/terbitkan", "siapkan-kartu/1/berkas/kartu-id.pdf",
    ):  # fmt: skip
        assert town.chair.get(f"{BASE}/{path}").status_code == 403, path
    for path in ("siapkan-kartu/1", "siapkan-kartu/1/terbitkan", "siapkan-kartu/1/batal",
                 "teks/1", "data/baru", "token"):  # fmt: skip
        assert town.chair.post(f"{BASE}/{path}").status_code == 403, path
    cookie = "; ".join(f"{name}={value}" for name, value in town.chair.client.cookies.items())
    for path in ("/api/v1/waves/1/card", "/api/v1/datasets", "/api/v1/results"):
        answer = town.office.client.get(path, headers={"cookie": cookie})
        assert answer.status_code == 401, path


def test_a_program_reads_published_cards_of_its_community_only(town: Town) -> None:
    town.wave(12)
    token = {"authorization": f"Bearer {_token(town)}"}
    town.prepare(1)
    assert town.office.client.get("/api/v1/waves/1/card", headers=token).status_code == 404
    town.confirm(1)
    assert town.office.client.get("/api/v1/waves/1/card", headers=token).status_code == 200
    assert town.office.client.get("/api/v1/waves/2/card", headers=token).status_code == 404


def _unpacked(pdf: bytes) -> bytes:
    """The PDF's streams, inflated."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            found.append(stream)
    return b"\n".join(found)
