"""The manual names every key, rule and lint of the format, and its examples are true."""

import re
from pathlib import Path

import pytest

from instrument import loading, model
from instrument.errors import InvalidDefinition
from instrument.lint_rules import LINTS, LintOff, LintRules
from instrument.rules import Rule
from instrument.wording import Frozen, WordList

HERE = Path(__file__).parent
MANUAL = (HERE.parents[1] / "docs" / "manual" / "definition-format.md").read_text("utf-8")
NAMED = {
    word
    for span in re.findall(r"`([^`\n]+)`", MANUAL)
    for word in re.findall(r"[A-Za-z_][A-Za-z0-9_-]*", span)
}

CLASSES = [
    kind
    for kind in vars(model).values()
    if isinstance(kind, type) and issubclass(kind, Frozen) and kind is not Frozen
] + [LintOff, LintRules, WordList]


def test_every_key_of_the_format_is_named() -> None:
    fields = {name for kind in CLASSES for name in kind.model_fields}
    assert len(fields) > 60
    assert fields - NAMED == set()


def test_every_rule_and_every_lint_is_named() -> None:
    assert {str(rule) for rule in Rule} - NAMED == set()
    assert set(LINTS) - NAMED == set()


def test_the_smallest_definition_is_sound() -> None:
    blocks = re.findall(r"```toml\n(.*?)```", MANUAL, flags=re.DOTALL)
    smallest = next(block for block in blocks if block.startswith("key ="))
    assert loading.loads(smallest).key == "tiny"
    assert smallest == (HERE / "tiny.toml").read_text("utf-8")


def test_the_example_of_faults_is_what_the_program_says() -> None:
    tiny = (HERE / "tiny.toml").read_text("utf-8")
    faulty = tiny.replace('version = "1.0.0"', 'version = "one"').replace(
        'text.en = "One"', 'text.en = ""'
    )
    with pytest.raises(InvalidDefinition) as caught:
        loading.loads(faulty, source="my.toml")
    assert str(caught.value) in MANUAL


def test_every_default_in_a_table_is_the_models() -> None:
    """Rows of three cells whose second is a number: | `long_run` | 10 | …"""
    rows = re.findall(r"^\| `(\w+)` \| ([0-9.]+) \|", MANUAL, flags=re.MULTILINE)
    assert len(rows) == 6
    for name, default in rows:
        assert model.CarelessRules.model_fields[name].default == float(default), name


def test_defaults_never_change_since_digests_leave_them_out() -> None:
    """Pinned: a changed default would change published versions without their digest."""
    pinned = {
        "Item.role": "scored", "Item.scale": None, "Item.keyed": "+", "Item.referent": None,
        "Item.facet": "", "Item.source": "", "Item.not_applicable": False,
        "Item.expected": None, "Item.module": None,
        "Scale.theory": "", "Scale.kind": "scale", "Scale.min_share": 0.75, "Scale.min_items": 3,
        "Question.hint": None, "Question.options": (), "Question.low": None,
        "Question.high": None, "Question.max_length": None, "Question.specific": False,
        "Question.needs_consent": None, "Question.refusable": False, "Question.coarsen": (),
        "Question.ordered": False, "Question.source": "",
        "ResponseScale.not_applicable": None, "Module.note": None,
        "Form.questions": (), "Form.checks": (), "Form.complete_scales_only": False,
        "Form.section_size": None,
        "ConsentChoice.required": False, "ConsentChoice.purpose": False,
        "Band.low": None, "BandSet.closed": "low",
        "CarelessRules.min_seconds_per_item": 2.0, "CarelessRules.long_run": 10,
        "CarelessRules.min_sd": 0.35, "CarelessRules.pairs": (), "CarelessRules.pair_high": 4,
        "CarelessRules.min_pairs": 3, "CarelessRules.exclude_at": 2,
        "AnalysisDefaults.outcome": None, "AnalysisDefaults.predictors": (),
        "AnalysisDefaults.factors": None, "AnalysisDefaults.factor_items": (),
        "AnalysisDefaults.sensitivity_without": (),
        "Instrument.layout": "vertical-1", "Instrument.consent": None,
    }  # fmt: skip
    kinds = {kind.__name__: kind for kind in CLASSES}
    for name, default in pinned.items():
        kind, field = name.split(".")
        assert kinds[kind].model_fields[field].default == default, name
