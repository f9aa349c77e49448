"""The plan as data: tiers, faults told at once, freezing."""

import datetime
from pathlib import Path

import pytest

from analysis import plan
from analysis.plan import InvalidPlan, Plan
from analysis.plan.known import BLOCKS, CUTOFFS
from analysis.plan.loading import FOLDER
from instrument import registry

PARTNERSHIP = registry.find("partnership")
STANDARD = plan.default(PARTNERSHIP)

# instrument specification 3.1, row by row: what must and must not be printed at n
ROWS = [
    (4, "<5", set()),
    (5, "5-9", {"medians"}),
    (9, "5-9", {"medians"}),
    (10, "10-29", {"levels", "descriptives", "alpha", "correlations"}),
    (10, "10-29", {"missing", "careless", "power", "change"}),
    (29, "10-29", set()),
    (30, "30-59", {"items", "key_alarm", "omega", "regression", "importance", "hypotheses"}),
    (59, "30-59", set()),
    (60, "60-99", {"one_factor", "mediation", "ordered_logit"}),
    (99, "60-99", set()),
    (100, "100-199", {"mcar", "factorability", "parallel", "factors", "pair_models", "htmt"}),
    (100, "100-199", {"ordinal_reliability", "convergent", "harman", "hierarchical"}),
    (100, "100-199", {"moderation", "communities", "invariance"}),
    (199, "100-199", set()),
    (200, ">=200", {"confirmatory", "method_factor", "discriminant", "categorical_omega"}),
    (200, ">=200", {"importance_map"}),
]


@pytest.mark.parametrize("n", sorted({n for n, _, _ in ROWS}))
def test_tiers_and_blocks(n: int) -> None:
    assert STANDARD.tier(n).code == next(tier for least, tier, _ in ROWS if least == n)
    allowed = set().union(*(blocks for least, _, blocks in ROWS if least <= n))
    for block in STANDARD.rules.blocks:
        refused = plan.permit(STANDARD, block.code, n)
        assert (refused is None) == (block.code in allowed), block.code
        if refused:
            assert refused.n == n
            assert str(block.least) in refused.reason


def test_rules_fill_every_name_once() -> None:
    rules = plan.rules()
    assert [one.code for one in rules.blocks if one.code in BLOCKS] == [
        one.code for one in rules.blocks
    ]
    assert {one.code for one in rules.blocks} == set(BLOCKS)
    assert {one.code for one in rules.cutoffs} == set(CUTOFFS)
    assert [one.number for one in rules.steps] == list(range(1, 17))


@pytest.mark.parametrize(
    ("block", "n", "mark"),
    [
        ("alpha", 29, "indikatif"),
        ("alpha", 30, None),
        ("correlations", 12, "indikatif"),
        ("regression", 45, "eksploratif"),
        ("regression", 60, None),
        ("importance", 199, "eksploratif"),
        ("importance", 200, None),
        ("mediation", 80, "eksploratif"),
        ("moderation", 599, "eksploratif"),
        ("moderation", 600, None),
    ],
)
def test_marks(block: str, n: int, mark: str | None) -> None:
    found = plan.mark(STANDARD, block, n)
    assert (found.code if found else None) == mark


def test_hypotheses_are_those_of_the_specification() -> None:
    made = plan.load("partnership-1.0.0", PARTNERSHIP)
    assert [one.code for one in made.hypotheses] == [f"H{i}" for i in range(1, 11)]
    assert [one.code for one in made.family_of("primary")] == ["H1", "H2", "H3", "H4"]
    assert {one.correction for one in made.families} == {"holm", "bh"}
    assert made.change.aimed == ("FLX", "INF")
    # the three relations of H1-H4 beside each other are one regression
    for one in made.family_of("primary"):
        assert {*one.test.predictors} == set(made.predictors)


def test_no_unconfirmed_source_is_printed_as_a_citation() -> None:
    from analysis.plan.shown import source

    for one in plan.rules().cutoffs:
        words = source(one, "en")
        if one.evidence == "M":
            assert words.startswith("attributed to")
            assert "not yet checked" in words
        assert one.source or one.evidence in {"C", "D"}


SMALL = """
code = "mine"
version = "1"
rules = "standard-1.0.0"
title = { id = "Milik saya", en = "Mine" }
instrument = { key = "partnership" }
outcome = "INT"
predictors = ["DEP", "FLX"]
"""


def test_a_small_plan_is_enough() -> None:
    made = plan.loads(SMALL, instrument=PARTNERSHIP)
    assert made.limit("kmo_sufficient") == 0.60
    assert made.settings == plan.rules().settings


def test_all_faults_come_at_once_with_their_lines() -> None:
    text = (
        SMALL.replace('["DEP", "FLX"]', '["DEP", "NOPE", "INT"]')
        + """
colour = "red"

[settings]
level = 2.0

[[hypotheses]]
code = "H1"
family = "nobody"
direction = "positive"
text = { id = "a", en = "b" }
test = { kind = "indirect", outcome = "INT", predictors = ["BEN"] }

[[cutoffs]]
code = "kmo_sufficient"
step = 4
value = 0.5
label = { id = "KMO", en = "KMO" }
evidence = "V"
"""
    )
    with pytest.raises(InvalidPlan) as shape:
        plan.loads(text, "mine.toml", instrument=PARTNERSHIP)
    places = {fault.where for fault in shape.value.faults}
    assert places == {"colour", "settings.level"}
    assert all(fault.line for fault in shape.value.faults)

    sound = text.replace('colour = "red"\n', "").replace("level = 2.0", "level = 0.9")
    with pytest.raises(InvalidPlan) as rules:
        plan.loads(sound, "mine.toml", instrument=PARTNERSHIP)
    found = {fault.rule for fault in rules.value.faults}
    assert found == {
        "unknown-scale", "outcome-as-predictor", "unknown-family", "test-incomplete",
        "no-source", "no-reason",
    }  # fmt: skip
    assert "mine.toml has 6 faults" in str(rules.value)
    assert all(fault.line for fault in rules.value.faults)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ('rules = "nowhere-9"', "nowhere-9"),
        ("rules = 3", "rules"),
    ],
)
def test_unknown_rules_are_a_fault(change: str, word: str) -> None:
    with pytest.raises(InvalidPlan, match=word):
        plan.loads(SMALL.replace('rules = "standard-1.0.0"', change))


def test_another_questionnaire_is_refused() -> None:
    with pytest.raises(InvalidPlan, match="not for bfi"):
        plan.loads(SMALL, instrument=registry.find("bfi"))


def departing(reason: str) -> Plan:
    return plan.loads(
        SMALL
        + f"""
[[cutoffs]]
code = "kmo_sufficient"
step = 4
value = 0.5
label = {{ id = "KMO", en = "KMO" }}
evidence = "D"
reason = "{reason}"
"""
    )


def test_a_plan_may_depart_from_its_rules_with_a_reason() -> None:
    made = departing("a pilot")
    assert made.limit("kmo_sufficient") == 0.5
    assert made.limit("kmo_good") == 0.8
    assert plan.digest(made) != plan.digest(plan.loads(SMALL))
    assert "departs because: a pilot" in plan.show(made, "en")


def test_freezing_keeps_the_text_and_refuses_changes(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SMALL, encoding="utf-8")
    before = plan.load(path, PARTNERSHIP)
    day = datetime.date(2026, 11, 24)
    frozen = plan.freeze(path, wave="sidoarjo-1", on=day, instrument=PARTNERSHIP)
    text = path.read_text(encoding="utf-8")
    assert text.startswith(SMALL.rstrip())
    assert plan.load(path) == frozen
    assert frozen.frozen is not None
    assert (frozen.frozen.on, frozen.frozen.wave) == (day, "sidoarjo-1")
    assert frozen.frozen.digest == plan.digest(before)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.toml"]

    with pytest.raises(plan.AlreadyFrozen, match="2026-11-24"):
        plan.freeze(path, wave="sidoarjo-2", on=day)
    path.write_text(text.replace('"FLX"]', '"REL"]'), encoding="utf-8")
    with pytest.raises(plan.PlanChanged, match="sidoarjo-1"):
        plan.load(path)


def test_a_change_of_the_rules_shows_too(tmp_path: Path) -> None:
    rules = (FOLDER / "standard-1.0.0.toml").read_text(encoding="utf-8")
    mine = tmp_path / "ours-1.0.0.toml"
    mine.write_text(rules.replace('code = "standard"', 'code = "ours"', 1), encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(SMALL.replace("standard-1.0.0", "ours-1.0.0"), encoding="utf-8")
    plan.freeze(path, wave="w-1", on=datetime.date(2026, 1, 1))
    mine.write_text(
        mine.read_text(encoding="utf-8").replace("least = 30", "least = 20"), encoding="utf-8"
    )
    plan.rules.cache_clear()
    with pytest.raises(plan.PlanChanged):
        plan.load(path)


def test_missing_files_and_bad_bytes_are_named(tmp_path: Path) -> None:
    with pytest.raises(plan.UnknownPlan, match=r"nowhere\.toml"):
        plan.load(tmp_path / "nowhere.toml")
    path = tmp_path / "bytes.toml"
    path.write_bytes(b'code = "\xff"')
    with pytest.raises(InvalidPlan, match="UTF-8"):
        plan.load(path)
    path.write_text("code = [", encoding="utf-8")
    with pytest.raises(InvalidPlan, match="not valid TOML"):
        plan.load(path)


BROKEN = [
    ("low = 5\nhigh = 9", "low = 6\nhigh = 9", "tiers-with-gaps"),
    ("low = 200\nsays", "low = 200\nhigh = 900\nsays", "tiers-with-gaps"),
    ('code = "harman"\nstep = 8\nlabel', 'code = "magic"\nstep = 8\nlabel', "unknown-block"),
    ('code = "pile"', 'code = "heap"', "missing-cutoff"),
    ("number = 16", "number = 15", "duplicate-code"),
    ("step = 13\nlabel", "step = 33\nlabel", "unknown-step"),
]


@pytest.mark.parametrize(("old", "new", "rule"), BROKEN)
def test_broken_rules_are_told(tmp_path: Path, old: str, new: str, rule: str) -> None:
    text = (FOLDER / "standard-1.0.0.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "ours-1.0.0.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidPlan) as found:
        plan.rules("ours-1.0.0", tmp_path)
    assert rule in {fault.rule for fault in found.value.faults}
