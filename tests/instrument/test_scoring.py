"""Scores and careless flags, to the digit. Answers read in code order unless said."""

import json
import math
from fractions import Fraction
from pathlib import Path
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument import registry
from instrument.answers import Missing
from instrument.errors import InvalidAnswers
from instrument.model import Instrument, Role
from instrument.scoring import (
    band,
    longest_run,
    needed,
    pomp,
    reverse,
    score,
    sd_below,
    seconds_per_item,
    tcr,
)

PARTNERSHIP = registry.find("partnership", "1.0.0")
OPTIONS = PARTNERSHIP.response_scale
SKIP, NA, UNSEEN = Missing.SKIPPED, Missing.NOT_APPLICABLE, Missing.NOT_SEEN
REFUSED, AFTER = Missing.REFUSED, Missing.SKIPPED_AFTER_PROMPT
R = json.loads((Path(__file__).parent / "bfi_careless.json").read_text("utf-8"))


def answered(default: int = 0, **codes: int) -> bytes:
    return bytes(codes.get(code, default) for code in PARTNERSHIP.item_codes)


def scale_answers(scale: str, *values: int) -> bytes:
    items = PARTNERSHIP.items_of(scale)
    assert len(values) == len(items)
    return answered(**{item.code: value for item, value in zip(items, values, strict=True)})


# --- acceptance 2: everybody's favourite straight line -----------------------------------


def test_acceptance_2_all_four_scores_reverse_items_as_two() -> None:
    scales = score(PARTNERSHIP, answered(4)).scales
    means = {code: scale.mean for code, scale in scales.items()}
    five, six = 3.60, 22 / 6
    assert means == {
        "MOT": five, "BEN": five, "COM": five, "DEP": five, "REL": five,
        "FLX": six, "INF": six, "INT": 4.0, "COC": 4.0,
    }  # fmt: skip


def test_acceptance_2_all_four_is_flagged_and_left_out() -> None:
    wrong = score(PARTNERSHIP, answered(4)).flags  # ATT1 wants Setuju (4), ATT2 Tidak setuju (2)
    assert (wrong.attention, wrong.time, wrong.run, wrong.sd, wrong.pairs) == (1, 0, 1, 1, 1)
    assert wrong.points == 4
    right = score(PARTNERSHIP, answered(4, ATT2=2)).flags
    assert (right.attention, right.run, right.sd, right.pairs) == (0, 1, 1, 1)
    assert right.points == 3
    assert right.excluded


@pytest.mark.parametrize("option", [1, 2, 3, 4, 5])
def test_a_straight_line_gives_every_scale_its_keyed_mean(option: int) -> None:
    for code, scale in score(PARTNERSHIP, answered(option)).scales.items():
        items = PARTNERSHIP.items_of(code)
        keyed = [6 - option if item.reverse else option for item in items]
        assert scale.mean == sum(keyed) / len(keyed), code
        assert (scale.total, scale.answered) == (sum(keyed), len(items))


# --- acceptance 3: how many answers a score needs ----------------------------------------

ENOUGH = [
    # scale, raw answers in code order, mean or None
    ("MOT", (4, 4, 4, 4, SKIP), 4.0),
    ("MOT", (4, 4, 4, SKIP, SKIP), None),
    ("FLX", (4, 4, 4, 4, 2, SKIP), 4.0),  # 5 of 6; FLX5 is reversed: 2 counts as 4
    ("FLX", (4, 4, 4, 4, SKIP, SKIP), None),  # 4 of 6
    ("FLX", (4, 4, 4, 4, SKIP, NA), 4.0),  # 4 of 5 applicable
    ("FLX", (4, 4, 4, SKIP, SKIP, NA), None),  # 3 of 5 applicable
    ("INT", (4, 4, 4, SKIP), 4.0),
    ("INT", (4, 4, SKIP, SKIP), None),
    ("BEN", (NA, 4, 4, 4, SKIP), 4.0),  # 3 of 4 applicable
    ("BEN", (NA, 4, 4, SKIP, SKIP), None),
    ("REL", (5, 5, 1, NA, SKIP), 5.0),
    ("COC", (3, 4), 3.5),
    ("COC", (3, SKIP), None),  # an index of two needs both
    ("MOT", (UNSEEN,) * 5, None),
]


@pytest.mark.parametrize(("scale", "raw", "mean"), ENOUGH)
def test_acceptance_3_a_score_needs_enough_answers(
    scale: str, raw: tuple[int, ...], mean: float | None
) -> None:
    found = score(PARTNERSHIP, scale_answers(scale, *raw)).scales[scale]
    assert found.mean == mean
    assert (found.pomp is None) is (found.tcr is None) is (mean is None)
    assert found.answered == sum(1 <= value <= 5 for value in raw)
    assert found.applicable == len(raw) - raw.count(NA)


@pytest.mark.parametrize("missing", [SKIP, AFTER, REFUSED, UNSEEN])
def test_acceptance_3_every_other_missing_code_stays_in_the_denominator(missing: Missing) -> None:
    found = score(PARTNERSHIP, scale_answers("FLX", 4, 4, 4, 4, missing, missing)).scales["FLX"]
    assert found.mean is None
    assert found.applicable == 6


def test_needed_rounds_the_share_up_exactly() -> None:
    flx = PARTNERSHIP.scale("FLX")
    assert [needed(flx, n) for n in (3, 4, 5, 6)] == [3, 3, 4, 5]
    share = flx.model_copy(update={"min_share": 0.7, "min_items": 1})
    assert needed(share, 10) == 7, "0.7 * 10 is 7, whatever floating point makes of it"
    assert needed(share.model_copy(update={"min_share": 0.55}), 20) == 11


# --- acceptance 4: percentages and bands -------------------------------------------------


@pytest.mark.parametrize(
    ("mean", "percent", "level"), [(3.0, 50, 60), (3.5, 62.5, 70), (1, 0, 20), (5, 100, 100)]
)
def test_acceptance_4_pomp_and_tcr(mean: float, percent: float, level: float) -> None:
    assert pomp(mean, 1, 5) == percent
    assert tcr(mean, 5) == level


@given(st.integers(1, 60), st.data())
def test_acceptance_4_tcr_is_twenty_plus_four_fifths_of_pomp(
    answers: int, data: st.DataObject
) -> None:
    mean = data.draw(st.integers(answers, 5 * answers)) / answers
    assert math.isclose(tcr(mean, 5), 20 + 0.8 * pomp(mean, 1, 5), abs_tol=1e-9)


BANDS = {bands.code: bands for bands in PARTNERSHIP.band_sets}

EDGES = [
    # set, total, answered, word: 100 total / (5 answered) percent, or total / answered
    ("A", 55, 20, "Kurang baik"),  # TCR 55 exactly
    ("A", 54, 20, "Tidak baik"),
    ("A", 65, 20, "Cukup baik"),  # 65 exactly
    ("A", 64, 20, "Kurang baik"),
    ("A", 80, 20, "Baik"),  # 80 exactly
    ("A", 90, 20, "Sangat baik"),  # 90 exactly
    ("A", 89, 20, "Baik"),
    ("A", 15_999, 4_000, "Cukup baik"),  # 79.995: no gap between 79.99 and 80
    ("A", 100, 20, "Sangat baik"),
    ("A", 20, 20, "Tidak baik"),
    ("B", 4, 1, "Tinggi"),  # 4.00 belongs to the lower band
    ("B", 4_001, 1_000, "Sangat tinggi"),
    ("B", 10, 3, "Cukup"),  # Mi + SDi / 2 = 10/3 exactly
    ("B", 3_334, 1_000, "Tinggi"),
    ("B", 333, 100, "Cukup"),
    ("B", 8, 3, "Rendah"),  # 8/3 exactly
    ("B", 267, 100, "Cukup"),
    ("B", 2, 1, "Sangat rendah"),
    ("B", 1, 1, "Sangat rendah"),
    ("C", 18, 10, "Rendah"),  # 1.80 belongs to the higher band
    ("C", 26, 10, "Cukup"),
    ("C", 34, 10, "Tinggi"),
    ("C", 42, 10, "Sangat tinggi"),
    ("C", 419, 100, "Tinggi"),
    ("C", 1, 1, "Sangat rendah"),
]


@pytest.mark.parametrize(("code", "total", "answers", "word"), EDGES)
def test_acceptance_4_band_edges(code: str, total: int, answers: int, word: str) -> None:
    assert band(BANDS[code], total, answers, OPTIONS).label.id == word


@given(st.sampled_from("ABC"), st.integers(1, 500), st.data())
def test_bands_are_compared_in_integers(code: str, answers: int, data: st.DataObject) -> None:
    """Against the written rule: 100 S >= e * 5 * n for A, S >= e * n for C, S > e * n for B."""
    total = data.draw(st.integers(answers, 5 * answers))
    found = band(BANDS[code], total, answers, OPTIONS)
    for one in BANDS[code].bands:
        if one.low is None:
            expected = one
            break
        e = Fraction(one.low).limit_denominator(1000)
        meets = {
            "A": 100 * total >= e * 5 * answers,
            "B": total > e * answers,
            "C": total >= e * answers,
        }[code]
        if meets:
            expected = one
            break
    assert found == expected


@given(st.sampled_from("ABC"), st.integers(1, 40), st.data())
def test_a_higher_mean_never_gets_a_lower_band(
    code: str, answers: int, data: st.DataObject
) -> None:
    low, high = sorted(data.draw(st.tuples(*[st.integers(answers, 5 * answers)] * 2)))
    words = [one.label for one in BANDS[code].bands]
    lower = words.index(band(BANDS[code], low, answers, OPTIONS).label)
    higher = words.index(band(BANDS[code], high, answers, OPTIONS).label)
    assert higher <= lower


def test_no_answer_has_no_band() -> None:
    with pytest.raises(InvalidAnswers, match="at least one answer"):
        band(BANDS["A"], 0, 0, OPTIONS)


def test_a_band_set_without_a_lowest_band_is_told() -> None:
    open_below = BANDS["A"].model_copy(update={"bands": BANDS["A"].bands[:1]})
    with pytest.raises(InvalidAnswers, match="has no band for 20; add a lowest"):
        band(open_below, 1, 1, OPTIONS)


# --- properties --------------------------------------------------------------------------


@given(st.integers(1, 5))
def test_reversing_twice_is_the_identity(value: int) -> None:
    assert reverse(reverse(value, OPTIONS), OPTIONS) == value
    assert reverse(value, OPTIONS) == 6 - value


BYTES = st.sampled_from([1, 2, 3, 4, 5, *Missing])


@given(st.lists(BYTES, min_size=50, max_size=50))
def test_a_score_is_the_mean_of_keyed_valid_answers(raw: list[int]) -> None:
    """Against a slow second reading of the rule."""
    found = score(PARTNERSHIP, bytes(raw))
    by_code = dict(zip(PARTNERSHIP.item_codes, raw, strict=True))
    for scale in PARTNERSHIP.scales:
        items = PARTNERSHIP.items_of(scale.code)
        valid = [
            6 - by_code[item.code] if item.reverse else by_code[item.code]
            for item in items
            if 1 <= by_code[item.code] <= 5
        ]
        applicable = [item for item in items if by_code[item.code] != 253]
        if scale.code == "COC":
            enough = len(valid) == 2
        else:
            enough = len(valid) >= 3 and 4 * len(valid) >= 3 * len(applicable)
        expected = sum(valid) / len(valid) if enough else None
        assert found.scales[scale.code].mean == expected
        for item in items:
            assert (found.keyed[item.code] is None) is (not 1 <= by_code[item.code] <= 5)


@given(st.lists(BYTES, min_size=50, max_size=50), st.randoms(use_true_random=False))
def test_the_order_of_items_in_the_definition_does_not_matter(
    raw: list[int], random: object
) -> None:
    by_code = dict(zip(PARTNERSHIP.item_codes, raw, strict=True))
    items = list(PARTNERSHIP.items)
    random.shuffle(items)  # type: ignore[attr-defined]
    shuffled = PARTNERSHIP.model_copy(update={"items": tuple(items)})
    again = score(shuffled, bytes(by_code[item.code] for item in items))
    first = score(PARTNERSHIP, bytes(raw))
    assert again.scales == first.scales
    assert again.flags == first.flags
    assert dict(again.keyed) == dict(first.keyed)


@given(st.lists(BYTES, min_size=50, max_size=50))
def test_attention_index_profile_and_marker_items_enter_no_scale(raw: list[int]) -> None:
    scored = {item.code for item in PARTNERSHIP.scored_items}
    plain = bytes(
        byte if code in scored else 0
        for code, byte in zip(PARTNERSHIP.item_codes, raw, strict=True)
    )
    with_all, without = score(PARTNERSHIP, bytes(raw)), score(PARTNERSHIP, plain)
    for scale in PARTNERSHIP.scales:
        if scale.kind == "scale":
            assert with_all.scales[scale.code] == without.scales[scale.code]


# --- the pulse ---------------------------------------------------------------------------


def test_a_pulse_score_needs_every_item_it_shows() -> None:
    both = score(PARTNERSHIP, answered(DEP1=5, DEP3=4, BEN4=3), form="pulse").scales
    assert both["DEP"].mean == 4.5
    assert both["DEP"].applicable == 2
    assert both["BEN"].mean == 3.0
    one = score(PARTNERSHIP, answered(DEP1=5, DEP3=SKIP), form="pulse").scales
    assert one["DEP"].mean is None
    assert one["MOT"].mean is None, "MOT is not in the pulse"


def test_a_pulse_counts_its_own_items_only() -> None:
    found = score(PARTNERSHIP, answered(5, DEP1=1, DEP3=2), form="pulse").scales["DEP"]
    assert (found.mean, found.total, found.answered) == (1.5, 3, 2)


def test_a_pulse_has_no_attention_run_and_pair_flags() -> None:
    flags = score(PARTNERSHIP, answered(4), form="pulse", seconds=[1.0, 1.0, 1.0]).flags
    assert (flags.attention, flags.run, flags.pairs) == (0, 0, 0)
    assert (flags.time, flags.sd, flags.points, flags.excluded) == (1, 1, 2, True)


# --- careless flags ----------------------------------------------------------------------


def in_shown_order(*values: int) -> bytes:
    shown = PARTNERSHIP.form("full").items
    return answered(**dict(zip(shown, values, strict=True)))


def run_flag(raw: bytes) -> int:
    return score(PARTNERSHIP, raw).flags.run


def test_a_run_counts_over_the_45_shown_items_in_shown_order() -> None:
    varied = [1 + place % 5 for place in range(45)]
    assert run_flag(in_shown_order(*varied)) == 0
    ten = [*varied[:9], *[3] * 10, *[4, 5] * 13]
    nine = [*varied[:9], *[3] * 9, *[4, 5] * 13, 4]
    assert run_flag(in_shown_order(*ten)) == 1
    assert run_flag(in_shown_order(*nine)) == 0


@pytest.mark.parametrize("missing", [SKIP, AFTER, REFUSED, NA])
def test_a_missing_answer_breaks_a_run(missing: Missing) -> None:
    broken = [*[3] * 9, missing, *[3] * 9, *[4, 5] * 13]
    assert run_flag(in_shown_order(*broken)) == 0


def test_modules_after_the_last_section_are_no_part_of_the_run() -> None:
    varied = dict(zip(PARTNERSHIP.form("full").items, [1 + n % 5 for n in range(45)], strict=True))
    module = {item.code: 3 for item in PARTNERSHIP.items if item.module}
    assert run_flag(answered(**varied, **module)) == 0


@pytest.mark.parametrize(
    ("att1", "att2", "points"),
    [(4, 2, 0), (5, 2, 1), (4, 4, 1), (1, 5, 2), (SKIP, 2, 0), (REFUSED, UNSEEN, 0)],
)
def test_one_point_for_each_wrong_check(att1: int, att2: int, points: int) -> None:
    assert score(PARTNERSHIP, answered(ATT1=att1, ATT2=att2)).flags.attention == points


def test_three_contradictory_pairs_make_a_point() -> None:
    two = answered(MOT1=4, MOT5=5, COM2=5, COM5=4)
    three = answered(MOT1=4, MOT5=5, COM2=5, COM5=4, REL2=4, REL3=4)
    low = answered(MOT1=4, MOT5=5, COM2=5, COM5=4, REL2=4, REL3=3)
    assert [score(PARTNERSHIP, raw).flags.pairs for raw in (two, three, low)] == [0, 1, 0]


def test_a_single_failed_check_never_excludes() -> None:
    varied = {item.code: 1 + n % 5 for n, item in enumerate(PARTNERSHIP.items)}
    flags = score(PARTNERSHIP, answered(**{**varied, "ATT1": 1, "ATT2": 2})).flags
    assert (flags.attention, flags.points, flags.excluded) == (1, 1, False)


PACE = [
    # seconds of the nine sections, flag; 5 items are answered in each
    ([9.9] * 9, 1),  # 1.98 s
    ([10.0] * 9, 0),  # 2.00 s is not below 2
    ([5.0] * 4 + [10.0] * 5, 0),  # the median counts
    ([5.0] * 5 + [60.0] * 4, 1),
    ([None] * 9, 0),  # no time measured
    ([math.nan] * 9, 0),
    ([None] * 8 + [5.0], 1),
    ([5.0, 15.0] + [None] * 7, 0),  # (1 + 3) / 2 = 2
]


@pytest.mark.parametrize(("seconds", "flag"), PACE)
def test_time_is_the_median_over_sections_of_seconds_per_answered_item(
    seconds: list[float | None], flag: int
) -> None:
    varied = answered(**{code: 1 + n % 5 for n, code in enumerate(PARTNERSHIP.item_codes)})
    assert score(PARTNERSHIP, varied, seconds=seconds).flags.time == flag
    assert score(PARTNERSHIP, varied).flags.time == 0


def test_seconds_are_shared_among_answered_items_only() -> None:
    form = PARTNERSHIP.form("full")
    answers: dict[str, int | None] = dict.fromkeys(PARTNERSHIP.item_codes)
    answers |= {"REL1": 3, "INT1": 4}  # two of the five items of section 1
    assert seconds_per_item(form, answers, [6.0] + [99.0] * 8) == 3.0
    assert seconds_per_item(form, dict.fromkeys(PARTNERSHIP.item_codes), [6.0] * 9) is None


@given(st.lists(st.integers(1, 5), min_size=2, max_size=41))
def test_sd_below_agrees_with_the_standard_library(values: list[int]) -> None:
    assert sd_below(values, 0.35) == (stdev(values) < 0.35)


def test_sd_needs_two_answers() -> None:
    assert not sd_below([], 0.35)
    assert not sd_below([3], 0.35)
    assert sd_below([3, 3], 0.35)
    assert score(PARTNERSHIP, answered(MOT1=3)).flags.sd == 0


def test_sd_is_of_raw_scored_items_only() -> None:
    scored = {item.code: 3 for item in PARTNERSHIP.scored_items}
    other = {item.code: 1 for item in PARTNERSHIP.items if item.role is not Role.SCORED}
    assert score(PARTNERSHIP, answered(**scored, **other)).flags.sd == 1
    assert score(PARTNERSHIP, answered(**{**scored, "MOT1": 5, "MOT2": 1})).flags.sd == 0


@pytest.mark.parametrize("row", R["rows"], ids=lambda row: f"row {row['row']}")
def test_run_and_spread_against_r(row: dict[str, object]) -> None:
    """R 4.2.2 on psych::bfi: max(rle(x)$lengths), NA breaking a run; sd(x, na.rm = TRUE)."""
    answers: list[int | None] = row["answers"]  # type: ignore[assignment]
    irv: float = row["irv"]  # type: ignore[assignment]
    assert longest_run(answers) == row["longstring"]
    valid = [answer for answer in answers if answer is not None]
    assert sd_below(valid, round(irv + 1e-6, 9))
    assert not sd_below(valid, round(max(irv - 1e-6, 0), 9))


# --- bytes that are no answers -----------------------------------------------------------


@pytest.mark.parametrize("raw", [b"", bytes(49), bytes(51)])
def test_the_wrong_number_of_bytes_is_an_error(raw: bytes) -> None:
    with pytest.raises(InvalidAnswers, match="find the version that was answered"):
        score(PARTNERSHIP, raw)


@pytest.mark.parametrize("byte", [6, 7, 249, 254, 255])
def test_a_byte_that_is_no_option_is_an_error(byte: int) -> None:
    with pytest.raises(InvalidAnswers, match=f"MOT1 is stored as {byte}"):
        score(PARTNERSHIP, answered(MOT1=byte))


def test_a_form_that_is_not_there_is_a_key_error(bfi: Instrument) -> None:
    with pytest.raises(KeyError):
        score(bfi, bytes(25), form="pulse")


def test_bfi_scores_need_every_item(bfi: Instrument) -> None:
    """Keys of psych::bfi: agree = -A1 A2 A3 A4 A5 on 1..6; complete rows only."""
    raw = bytes([2, 4, 3, 4, 4, 2, 3, 3, 4, 4, 3, 3, 3, 4, 4, 3, 4, 2, 2, 3, 3, 6, 3, 4, 3])
    means = {code: scale.mean for code, scale in score(bfi, raw).scales.items()}
    assert means == {
        "agree": 4.0,  # (5 + 4 + 3 + 4 + 4) / 5
        "conscientious": 2.8,  # (2 + 3 + 3 + 3 + 3) / 5
        "extraversion": 3.8,  # (4 + 4 + 3 + 4 + 4) / 5
        "neuroticism": 2.8,  # (3 + 4 + 2 + 2 + 3) / 5
        "openness": 3.0,  # (3 + 1 + 3 + 4 + 4) / 5
    }
    assert score(bfi, bytes([Missing.SKIPPED, *raw[1:]])).scales["agree"].mean is None
