"""An office with closed waves, a researcher, and no worker unless a test wants one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.jobs.runs import Source
from tests.jobs.conftest import answer_wave
from tests.staff.office import Office


class Still:
    """A supervisor that starts nothing; it counts how often it was nudged."""

    def __init__(self) -> None:
        self.nudged = 0

    def nudge(self) -> None:
        self.nudged += 1

    async def stop(self) -> None:
        """Nothing runs."""


def wave_in(office: Office, slug: str, **wanted: Any) -> Source:
    """A community of its own with a closed wave, in a running application."""
    return answer_wave(office.database, slug, serving=office.app.state.store, **wanted)


@pytest.fixture
def still(office: Office) -> Callable[[], Still]:
    """Take the real supervisor away; what is asked for stays in the queue."""

    def make() -> Still:
        assert office.client.portal is not None
        office.client.portal.call(office.app.state.supervisor.stop)
        office.app.state.supervisor = Still()
        return office.app.state.supervisor

    return make
