"""The installed questionnaires."""

import pytest

from instrument import registry
from instrument.model import Instrument


@pytest.fixture(scope="session")
def partnership() -> Instrument:
    return registry.find("partnership", "1.0.0")


@pytest.fixture(scope="session")
def bfi() -> Instrument:
    return registry.find("bfi", "1.0.0")
