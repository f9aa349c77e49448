"""The card's format as the manual has it: what a program reads from the API."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from analysis.scorecard.model import Card
from tests.scorecards.conftest import Town

SCHEMA = Path(__file__).parents[2] / "docs" / "manual" / "card.schema.json"


def test_the_documented_format_is_the_stored_one(town: Town) -> None:
    """Written by ``Card.model_json_schema``; a published card of many and one of few fit it."""
    told = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert told == Card.model_json_schema(mode="serialization")
    for number, people in enumerate((4, 30), start=1):
        town.wave(people, seed=number)
        town.publish(number)
        jsonschema.validate(json.loads(town.card_of(number).payload or ""), told)
