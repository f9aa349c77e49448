"""A study with one closed wave of twelve people, on each engine."""

from __future__ import annotations

import pytest

from app.db import Database
from app.settings import Settings
from tests.datasets.study import Study


@pytest.fixture
def study(any_settings: Settings, engine: Database) -> Study:
    made = Study(any_settings, engine)
    made.community()
    made.join(12)
    made.answer(made.wave(), made.people)
    made.close(1)
    return made
