"""The alarm for wrong keys on simulated scales whose flipped item is known."""

import numpy as np
import pandas as pd
import pytest

from analysis import key_alarm
from tests.analysis.every_function import people


def scale(n: int, seed: int) -> pd.DataFrame:
    return people(n, seed)[list("abcd")]


def test_a_flipped_item_is_named_loudly_and_only_it() -> None:
    named, others = 0, 0
    for seed in range(100):
        frame = scale(150, seed)
        item = "abcd"[seed % 4]
        found = key_alarm.check(frame.assign(**{item: 6 - frame[item]}))
        flagged = [x for flag in found.flags if flag.code == "reversed_key" for x in flag.names]
        named += item in flagged
        others += len(set(flagged) - {item})
        if flagged == [item]:
            assert any(f"{item} runs AGAINST" in message for message in found.messages)
            assert found.alphas.loc["all", "turned"] > found.alphas.loc["all", "as_keyed"]
    assert named >= 99
    assert others == 0


def test_good_items_raise_no_alarm() -> None:
    alarms = [key_alarm.check(scale(150, seed)).alarmed for seed in range(100)]
    assert sum(alarms) == 0


def test_turning_the_item_back_gives_the_alpha_promised() -> None:
    frame = scale(300, 7)
    right = key_alarm.check(frame)
    wrong = key_alarm.check(frame.assign(b=6 - frame["b"]))
    assert wrong.alphas.loc["all", "turned"] == pytest.approx(right.alphas.loc["all", "as_keyed"])
    # the middle of a scale of its own: noise is weak, not reversed
    noise = np.random.default_rng(0).integers(1, 6, 300)
    table = key_alarm.check(frame.assign(noise=noise)).table
    assert table.loc["noise", "verdict"] == "weak"
    assert (table.loc[list("abcd"), "verdict"] == "fine").all()


def test_an_item_of_another_scale_is_astray() -> None:
    frame = people(600, 3)
    found = key_alarm.check(frame, {"one": [*"abcd", "h"], "two": [*"efg"]})
    assert [flag.names for flag in found.flags if flag.code == "stray_item"] == [("h",)]
    assert found.table.loc["h", "other_scale"] == "two"
