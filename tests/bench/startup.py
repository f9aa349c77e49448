"""What a cold start costs: from `guyub serve` to the first answered landing page."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from statistics import median

from tests.bench.servers import Server


@dataclass(frozen=True)
class ColdStart:
    """Medians over the starts."""

    seconds: float
    """From making the process to the end of the first answer."""
    cpu: float
    """CPU s (user + system) of the process tree until then."""
    rss: float
    """Resident MB after the first answer."""
    pss: float


def cold_start(
    start: Callable[[], AbstractContextManager[Server]], path: str, times: int
) -> ColdStart:
    """Start the server so many times and ask once each time."""
    seen: list[ColdStart] = []
    for _ in range(times):
        with start() as server:
            url = f"http://127.0.0.1:{server.port}{path}"
            with urllib.request.urlopen(url) as answer:
                answer.read()
            seconds = time.perf_counter() - server.started
            seen.append(ColdStart(seconds, server.cpu(), server.rss(), server.pss()))
    return ColdStart(
        median(one.seconds for one in seen),
        median(one.cpu for one in seen),
        median(one.rss for one in seen),
        median(one.pss for one in seen),
    )
