"""The vectorised twin gives what `instrument.scoring` gives, row by row and bit by bit."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.dataset import Dataset
from instrument import registry, scoring
from instrument.answers import Missing

FORMS = [
    (key, version, form.code)
    for key, version in registry.available()
    for form in registry.find(key, version).forms
]


def answers(instrument):
    """Rows of answer bytes: mostly answers, some rows nearly constant, every missing state."""
    scale = instrument.response_scale
    options = st.integers(scale.low, scale.high)
    cell = st.one_of(options, options, options, st.sampled_from([int(m) for m in Missing]))
    size = len(instrument.items)
    free = st.lists(cell, min_size=size, max_size=size)
    constant = st.tuples(options, st.lists(st.tuples(st.integers(0, size - 1), cell), max_size=6))
    return st.one_of(free, constant.map(lambda drawn: _line(size, *drawn)))


def _line(size, value, slips):
    row = [value] * size
    for place, other in slips:
        row[place] = other
    return row


def times(sections):
    second = st.one_of(st.just(math.nan), st.integers(0, 100).map(float), st.floats(0, 600))
    return st.lists(second, min_size=sections, max_size=sections)


@pytest.mark.parametrize(("key", "version", "form"), FORMS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_twins(key, version, form, data):
    instrument = registry.find(key, version)
    sections = len(instrument.form(form).sections)
    rows = data.draw(
        st.lists(st.tuples(answers(instrument), times(sections)), min_size=1, max_size=5)
    )
    raw = np.array([row for row, _ in rows], np.uint8)
    seconds = np.array([time for _, time in rows], np.float64).reshape(len(rows), sections)
    table = Dataset(instrument, form, raw, seconds, {})
    found = table.score()
    keyed = table.keyed()
    for row in range(len(rows)):
        one = scoring.score(
            instrument, raw[row].tobytes(), form=form, seconds=seconds[row].tolist()
        )
        assert keyed[row].tolist() == pytest.approx(
            [math.nan if value is None else value for value in one.keyed.values()],
            abs=0, nan_ok=True,
        )  # fmt: skip
        for column, (code, expected) in enumerate(one.scales.items()):
            assert found.scale_codes[column] == code
            mean, percent = found.means[row, column], found.pomp[row, column]
            assert (None if math.isnan(mean) else mean) == expected.mean
            if instrument.scale(code).kind == "scale":
                assert (None if math.isnan(percent) else percent) == expected.pomp
            assert found.totals[row, column] == expected.total
            assert found.answered[row, column] == expected.answered
        flags = {name: int(points[row]) for name, points in found.flags.items()}
        assert flags == {
            "FLAG_ATT": one.flags.attention,
            "FLAG_TIME": one.flags.time,
            "FLAG_RUN": one.flags.run,
            "FLAG_SD": one.flags.sd,
            "FLAG_PAIRS": one.flags.pairs,
            "FLAGS": one.flags.points,
        }
        assert bool(found.excluded[row]) == one.flags.excluded


@pytest.fixture(scope="module")
def partnership():
    return registry.find("partnership")


def table_of(instrument, rows, form="full", seconds=None):
    sections = len(instrument.form(form).sections)
    times = np.full((len(rows), sections), np.nan) if seconds is None else np.array(seconds)
    return Dataset(instrument, form, np.array(rows, np.uint8), times, {})


def test_everybody_who_says_setuju_to_everything(partnership):
    """Acceptance 2: reverse items turn a straight line of fours into 3.60, 3.667 and 4.00."""
    found = table_of(partnership, [[4] * len(partnership.items)]).score()
    means = dict(zip(found.scale_codes, found.means[0], strict=True))
    assert [means[s] for s in ("MOT", "BEN", "COM", "DEP", "REL")] == pytest.approx([3.6] * 5)
    assert [means["FLX"], means["INF"], means["INT"]] == pytest.approx([22 / 6, 22 / 6, 4])
    flags = {name: int(points[0]) for name, points in found.flags.items()}
    assert flags == {
        "FLAG_ATT": 1, "FLAG_TIME": 0, "FLAG_RUN": 1, "FLAG_SD": 1, "FLAG_PAIRS": 1, "FLAGS": 4,
    }  # fmt: skip
    assert found.excluded.all()


def test_frames(partnership):
    row = [4] * len(partnership.items)
    row[0] = Missing.SKIPPED
    table = table_of(partnership, [row])
    frame = table.item_frame()
    assert list(frame.columns) == list(partnership.item_codes)
    assert math.isnan(frame.loc[0, "MOT1"])
    assert frame.loc[0, "MOT5"] == 2
    assert table.item_frame(keyed=False).loc[0, "MOT5"] == 4
    scores = table.score_frame()
    assert scores.loc[0, "INT"] == 4
    assert scores.loc[0, "INT_POMP"] == 75
    assert "COC" in scores
    assert "COC_POMP" not in scores


def test_select_keeps_rows_and_meta_together(partnership):
    table = Dataset(
        partnership, "full", np.array([[1] * 50, [2] * 50, [3] * 50], np.uint8),
        np.zeros((3, 9)), {"PID": ["a", "b", "c"]},
    )  # fmt: skip
    chosen = table.select(np.array([True, False, True]))
    assert chosen.meta["PID"] == ["a", "c"]
    assert chosen.raw[:, 0].tolist() == [1, 3]
    assert table.select(np.array([2, 0])).meta["PID"] == ["c", "a"]


def test_wrong_shapes_are_refused(partnership):
    with pytest.raises(ValueError, match="raw must be"):
        Dataset(partnership, "full", np.zeros((1, 3), np.uint8), np.zeros((1, 9)), {})
    with pytest.raises(ValueError, match="seconds must be"):
        Dataset(partnership, "full", np.zeros((1, 50), np.uint8), np.zeros((1, 3)), {})
