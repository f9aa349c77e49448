"""The survey behind a slug is read once for all who ask at the same time."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from app.surveys import survey as module
from app.surveys.survey import Nothing, Survey, Surveys
from app.wave_reader import UnknownCommunity

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Reading:
    """Stands in for the store: every reading takes a moment and is counted."""

    def __init__(self, *, missing: bool = False) -> None:
        self.begun = 0
        self.missing = missing
        self.fails = 0

    async def __call__(self, slug: str) -> Survey | Nothing:
        self.begun += 1
        number = self.begun
        await asyncio.sleep(0.02)
        if self.fails:
            self.fails -= 1
            raise OSError("planted: the store is away")
        if self.missing:
            raise UnknownCommunity(slug)
        return cast("Survey", number)  # which reading it was


async def test_two_hundred_who_ask_at_once_wait_for_one_reading() -> None:
    reading = Reading()
    surveys = Surveys(reading)
    found = await asyncio.gather(*(surveys.of("uji") for _ in range(200)))
    assert (set(found), reading.begun) == ({1}, 1)
    await surveys.of("uji")
    assert reading.begun == 1  # remembered
    await asyncio.gather(surveys.of("lain"), surveys.of("uji"))
    assert reading.begun == 2  # each community its own


async def test_what_is_remembered_is_read_again_after_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading = Reading()
    surveys = Surveys(reading)
    monkeypatch.setattr(module, "REMEMBER_SECONDS", 0.0)
    assert await surveys.of("uji") == 1
    found = await asyncio.gather(*(surveys.of("uji") for _ in range(200)))
    assert (set(found), reading.begun) == ({2}, 2)


async def test_fresh_is_never_answered_by_a_reading_begun_before() -> None:
    """The store has just refused a save: what was read before that is no answer."""
    reading = Reading()
    surveys = Surveys(reading)
    early = asyncio.create_task(surveys.of("uji"))
    await asyncio.sleep(0)
    fresh = await asyncio.gather(*(surveys.of("uji", fresh=True) for _ in range(200)))
    assert await early == 1
    assert (set(fresh), reading.begun) == ({2}, 2)
    assert await surveys.of("uji") == 2


async def test_one_who_goes_away_takes_nobody_along() -> None:
    reading = Reading()
    surveys = Surveys(reading)
    first, second = (asyncio.create_task(surveys.of("uji")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 1
    assert reading.begun == 1


async def test_a_community_that_is_not_there_is_asked_for_once() -> None:
    reading = Reading(missing=True)
    surveys = Surveys(reading)
    found = await asyncio.gather(*(surveys.of("uji") for _ in range(50)), return_exceptions=True)
    assert {type(one) for one in found} == {UnknownCommunity}
    with pytest.raises(UnknownCommunity):
        await surveys.of("uji")
    assert reading.begun == 1


async def test_a_failure_is_told_to_all_and_not_remembered() -> None:
    reading = Reading()
    reading.fails = 1
    surveys = Surveys(reading)
    found = await asyncio.gather(*(surveys.of("uji") for _ in range(50)), return_exceptions=True)
    assert {type(one) for one in found} == {OSError}
    assert await surveys.of("uji") == 2
