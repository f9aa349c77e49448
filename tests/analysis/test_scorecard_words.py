"""What a card says first, its words as data, and what may be loaded without statistics."""

from __future__ import annotations

import subprocess
import sys
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import disclosure, simulate
from analysis.scorecard import choosing, counts
from analysis.scorecard.making import make
from analysis.scorecard.model import Card, Change, ScaleCard, Score, State, Withheld, Word
from analysis.scorecard.spec import Attendance, ScaleWords, Spec, plain, spec_of
from instrument import registry
from instrument.model import Text
from tests.analysis.simulated_cards import answers, meetings

FORBIDDEN = ("berpengaruh", "causes", "terbukti", "pengaruh", "proves")


def scale(code: str, word: State, moved: Word | None, point: float) -> ScaleCard:
    change: Change | Withheld = Withheld(why="first_wave")
    if moved is not None:
        low, high = {"up": (3, 9), "down": (-9, -3), "unclear": (-3, 9)}[moved]
        change = Change(word=moved, points=(low + high) / 2, low=low, high=high, n=30, since=1)
    text = Text(id=code, en=code)
    return ScaleCard(
        code=code, name=text, meaning=text, strength=text, attention=text, n=45,
        score=Score(point=point, low=point, high=point), state=word,
        agree=Withheld(why="below_ten"), change=change,
    )  # fmt: skip


one = st.tuples(
    st.sampled_from(get_args(State)),
    st.sampled_from([None, *get_args(Word)]),
    st.floats(0, 100),
)


@given(st.lists(one, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_chosen_by_state_and_change_in_card_order_and_never_by_score(given_scales, random) -> None:
    scales = [scale(f"S{i}", *parts) for i, parts in enumerate(given_scales)]
    strong, weak = choosing.strengths(scales), choosing.work_on(scales)
    by_code = {s.code: s for s in scales}
    assert len(strong) <= 3
    assert len(weak) <= 3
    assert not set(strong) & set(weak)
    assert all(by_code[code].state == "strong" for code in strong)
    assert list(strong) == sorted(strong)
    assert list(weak) == sorted(weak)
    for code in weak:
        assert by_code[code].state == "attention" or choosing.word_of(by_code[code]) == "down"
    fallen = [s.code for s in scales if s.state != "not_enough" and choosing.word_of(s) == "down"]
    assert len(fallen) > 3 or set(fallen) <= set(weak)
    # other scores, same words: the same choice
    points = [s.score.point for s in scales]
    random.shuffle(points)
    again = [
        scale(s.code, *parts[:2], point)
        for s, parts, point in zip(scales, given_scales, points, strict=True)
    ]
    assert choosing.strengths(again) == strong
    assert choosing.work_on(again) == weak


def test_topic_is_the_first_to_work_on_else_how_to_keep_a_strength() -> None:
    spec = spec_of(registry.find("partnership"))
    assert choosing.topic(spec, ("REL",), ("FLX", "INF")).scale == "FLX"
    kept = choosing.topic(spec, ("REL",), ())
    assert (kept.scale, kept.text.id) == ("REL", "Jaga lewat kegiatan bersama.")
    assert choosing.topic(spec, (), ()) is None


def test_words_of_the_partnership_card() -> None:
    instrument = registry.find("partnership")
    spec = spec_of(instrument)
    assert spec.order == ("DEP", "FLX", "REL", "INF", "INT", "MOT", "BEN", "COM")
    assert len(spec.aspects) == 4
    assert spec.outcome == "INT"
    assert (spec.attendance.reference, spec.attendance.reference_name.id) == (
        20, "perkiraan pengurus, 2024",
    )  # fmt: skip
    for words in spec.scales:
        for text in (words.meaning, words.strength, words.attention, words.topic, words.keep):
            for language in ("id", "en"):
                said = text.in_(language)
                assert len(said.split()) <= 20
                assert not any(word in said.lower() for word in FORBIDDEN)
        for clause in (words.strength, words.attention):
            assert not clause.id.endswith(".")
            assert not clause.en.endswith(".")


def test_an_index_never_stands_beside_scales(monkeypatch: pytest.MonkeyPatch) -> None:
    # acceptance 23: COC is an index
    from analysis.scorecard import spec as module

    instrument = registry.find("partnership")
    assert "COC" not in plain(instrument).order
    wrong = Spec(
        key="partnership", aspects=("COC",),
        scales=(ScaleWords(code="COC", meaning=Text(id="x", en="x")),),
    )  # fmt: skip
    monkeypatch.setattr(module, "_stored", lambda _: wrong)
    with pytest.raises(ValueError, match="names COC"):
        spec_of(instrument)


def test_a_spec_names_words_for_each_scale_once() -> None:
    with pytest.raises(ValueError, match="do not name the same scales"):
        Spec(key="x", aspects=("A",), scales=())
    with pytest.raises(ValueError, match="with its source"):
        Attendance(reference=20)


def test_persons_behind_every_figure_judge_a_reissue() -> None:
    world = simulate.world("S", 7, nonresponse=False, damaged=False)
    whole = simulate.dataset(world)

    def card(rows: int) -> Card:
        data = whole.select(slice_of(rows))
        return make(answers(world, 1, data=data, eligible=60), events=meetings(world, 1))

    def slice_of(rows: int):
        import numpy as np

        return np.arange(rows)

    old = counts.behind(card(45))
    assert old["who"] == 45
    assert {f"score {code}" for code in ("DEP", "COM")} <= old.keys()
    assert old["behaviour shared"] == old["obstacle"] == 45
    assert not any(name.startswith("change") for name in old)
    assert disclosure.may_reissue(old, counts.behind(card(40)), changes=5)
    assert not disclosure.may_reissue(old, counts.behind(card(41)), changes=4)
    assert not disclosure.may_reissue(old, counts.behind(card(41)), changes=5)
    # nothing of a count-only card can be subtracted
    assert list(counts.behind(card(4))) == ["who"]


def test_the_web_process_can_load_cards_without_statistics() -> None:
    script = (
        "import sys, analysis.disclosure, analysis.scorecard.counts, analysis.scorecard.inputs, "
        "analysis.scorecard.model, analysis.scorecard.spec; "
        "print([m for m in ('numpy', 'scipy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
