"""The demo's cards: the worked example, by the way of members and through the service's verbs."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlmodel import Session, select

from analysis import simulate
from app.db import Database
from app.demo.cards import publish_cards
from app.demo.load import SEED, SLUG, load_community
from app.migrate import upgrade
from app.settings import Settings
from app.tables import Scorecard, Wave
from tests.analysis.simulated_cards import cards


@pytest.mark.slow
def test_the_demo_publishes_what_the_generator_says(tmp_path: Path) -> None:
    """Answers go through forms and store, cards through queue, worker and publication: the
    figures are those of the generator's own data set, and say that they are simulated.
    """
    settings = Settings(data_dir=tmp_path, demo=True)
    upgrade(settings)
    load_community(settings, today=date(2026, 11, 24))
    database = Database(settings)
    try:
        assert publish_cards(database) == [f"{SLUG}-1", f"{SLUG}-2"]
        assert publish_cards(database) == []  # published once
        with Session(database.read) as session, session.begin():
            told = [json.loads(row.payload or "") for row in session.exec(select(Scorecard))]
            states = [wave.state for wave in session.exec(select(Wave).order_by(Wave.number))]  # type: ignore[arg-type]
            published = [row.published_at for row in session.exec(select(Scorecard))]
    finally:
        database.close()
    assert states == ["published", "published", "open"]
    assert max(published) < datetime(2026, 11, 24, tzinfo=UTC)
    world = simulate.world("S", SEED, waves=3, scenario="action")
    for card, expected in zip(told, cards(world, 2), strict=True):
        wanted = json.loads(expected.model_dump_json())
        assert card["simulated"] is True
        for name in (
            "who",
            "scales",
            "strengths",
            "work_on",
            "topic",
            "obstacle",
            "tier",
            "floors",
        ):
            assert card[name] == wanted[name], name
        tiles = [
            {
                one["code"]: one["value"]
                for one in each["behaviours"]
                if one["code"] != "ever_attended"
            }
            for each in (card, wanted)
        ]
        assert tiles[0] == tiles[1]
    assert [one["scale"] for one in told[0]["promises"]] == []
    assert [(one["scale"], one["state"]) for one in told[1]["promises"]] == [
        ("FLX", "done"), ("INF", "done")
    ]  # fmt: skip
