"""Scorecards of the demo: prepared, published and answered through the verbs people use.

The numbers come from the simulated answers alone, and every card says that they are
simulated. Between the two waves the chair promised something, so the second card shows it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app import published_cards
from app.db import Database
from app.errors import AppError
from app.jobs.supervisor import environment
from app.scorecards import commitments, preparing, publishing
from app.tables import AnalysisRun, Wave

BY = "demo"
AFTER = timedelta(days=10)
"""From the close to the day the card came out."""


class CardsFailed(AppError):
    """The demo's scorecards could not be made."""

    status = 500
    slug = "cards-failed"
    title_en = "The demo's scorecards could not be made"
    title_id = "Kartu demo gagal dibuat"


@dataclass(frozen=True, slots=True)
class Promised:
    """What the chair of the demo promised after a wave."""

    scale: str
    text: str
    owner: str
    days: int
    """From the publication to the day it is due."""
    state: commitments.State


PROMISES: dict[int, Sequence[Promised]] = {
    1: (
        Promised("FLX", "Dua pilihan waktu untuk tiap acara santai", "Sekretaris", 60, "done"),
        Promised("INF", "Giliran berbagi kabar usaha tiap minggu", "Koordinator grup", 45, "done"),
    ),
    2: (Promised("FLX", "Cara ikut acara dari jauh bagi yang sibuk", "Sekretaris", 90, "planned"),),
}


def publish_cards(database: Database) -> list[str]:
    """Publish the card of every closed simulated wave that has none; return the waves' names."""
    made = []
    with Session(database.read) as session, session.begin():
        waves = [
            (wave.community_id, wave.number, wave.closes_at)
            for wave in session.exec(
                select(Wave)
                .where(col(Wave.state) == "closed", col(Wave.is_simulated))
                .order_by(col(Wave.community_id), col(Wave.number))
            )
        ]
    for community_id, number, closed in waves:
        assert closed is not None
        made.append(_publish(database, community_id, number, closed + AFTER))
    return made


def _publish(database: Database, community_id: int, number: int, at: datetime) -> str:
    with Session(database.write) as session, session.begin():
        key = preparing.prepare(
            session=session, community_id=community_id, number=number, by=BY, at=at
        ).key
    done = subprocess.run(
        [sys.executable, "-m", "app.worker"],
        env=environment(database.settings),
        capture_output=True,
        text=True,
        check=False,
    )
    with Session(database.write) as session, session.begin():
        run = session.get_one(AnalysisRun, key)
        if run.state != "done" or run.digest is None:
            raise CardsFailed(f"{run.error}: {run.detail} {done.stderr.strip()[-1500:]}")
        card = publishing.publish(
            session=session,
            settings=database.settings,
            community_id=community_id,
            number=number,
            seen=run.digest,
            by=BY,
            at=at,
        )
        for one in PROMISES.get(number, ()):
            _promise(session, card, one, at)
        return f"{card.card.slug}-{number}"


def _promise(
    session: Session, card: published_cards.Published, one: Promised, at: datetime
) -> None:
    made = commitments.add(
        session=session,
        card=card,
        scale=one.scale,
        text=one.text,
        owner=one.owner,
        due=(at + timedelta(days=one.days)).date(),
        by=BY,
        at=at,
    )
    if one.state != made.state:
        commitments.change(
            session=session,
            card=card,
            commitment_id=made.id,
            scale=made.scale,
            text=made.text,
            owner=made.owner,
            due=made.due,
            state=one.state,
            by=BY,
            at=at,
        )
