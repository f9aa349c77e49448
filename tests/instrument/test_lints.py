"""Each lint finds its own fault, and a definition may switch it off with a reason."""

from pathlib import Path

import pytest

from instrument import lints, loading, registry
from instrument.errors import InvalidDefinition
from instrument.lint_rules import LINTS, LintOff
from instrument.model import Form, Instrument, Section, Text

HERE = Path(__file__).parent


def reworded(instrument: Instrument, code: str, **texts: str) -> Instrument:
    items = tuple(
        item.model_copy(update={"text": item.text.model_copy(update=texts)})
        if item.code == code
        else item
        for item in instrument.items
    )
    return instrument.model_copy(update={"items": items})


def reordered(instrument: Instrument, *swaps: tuple[str, str]) -> Instrument:
    full = instrument.form("full")
    order = list(full.items)
    for one, other in swaps:
        a, b = order.index(one), order.index(other)
        order[a], order[b] = other, one
    sections = tuple(Section(items=tuple(order[n : n + 5])) for n in range(0, 45, 5))
    forms = (full.model_copy(update={"sections": sections}), *instrument.forms[1:])
    return instrument.model_copy(update={"forms": forms})


def found(instrument: Instrument) -> set[str]:
    return {finding.lint for finding in lints.lint(instrument)}


@pytest.mark.parametrize(
    ("code", "text", "lint"),
    [
        ("MOT1", {"id": "Saya ikut untuk belajar dan berdagang."}, "double-barrelled"),
        ("MOT1", {"id": "Saya belajar atau berdagang."}, "double-barrelled"),
        ("MOT1", {"en": "I learn and trade."}, "double-barrelled"),
        ("MOT1", {"en": "I learn or trade."}, "double-barrelled"),
        ("MOT5", {"id": "Saya tidak punya tujuan."}, "negated-reverse"),
        ("MOT5", {"id": "Saya ikut tanpa tujuan."}, "negated-reverse"),
        ("MOT5", {"id": "Ini bukan tujuan saya."}, "negated-reverse"),
        ("MOT1", {"id": "Saya " + "sangat " * 12 + "senang."}, "too-long"),
    ],
)
def test_wording(partnership: Instrument, code: str, text: dict[str, str], lint: str) -> None:
    assert found(reworded(partnership, code, **text)) == {lint}


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("FLX5", {"id": "Jadwal sering bentrok dengan kesibukan saya."}),  # "bukan" inside a word
        ("MOT1", {"id": "Saya " + "sangat " * 11 + "senang."}),  # 13 words
        ("MOT1", {"id": "Saya tidak sekadar ikut."}),  # negation, but not reverse-keyed
        ("MOT1", {"id": "Saya suka dandan.", "en": "I like the orchestra."}),  # parts of words
    ],
)
def test_wording_that_only_looks_wrong(
    partnership: Instrument, code: str, text: dict[str, str]
) -> None:
    assert found(reworded(partnership, code, **text)) == set()


@pytest.mark.parametrize(
    ("swap", "lint"),
    [
        (("INT1", "COM4"), "adjacent"),  # INT1 at 3, INT4 at 4
        (("MOT1", "INF3"), "pair-distance"),  # MOT1 at 42, MOT5 at 44
        (("FLX5", "COM3"), "reverse-distance"),  # COM5 at 5, FLX5 at 7
        (("COM5", "FLX2"), "reverse-per-section"),  # COM5 and FLX5 in section 2
        (("COM4", "MOT2"), "constructs-per-section"),  # REL INT MOT INT COM
        (("ATT1", "DEP4"), "attention-positions"),  # ATT1 at 17
        (("INT3", "DEP4"), "outcome-position"),  # INT3 in section 4
    ],
)
def test_order(partnership: Instrument, swap: tuple[str, str], lint: str) -> None:
    assert lint in found(reordered(partnership, swap))


def test_adjacency_counts_across_the_border_of_two_sections(partnership: Instrument) -> None:
    instrument = reordered(partnership, ("COM5", "INT4"))  # INT4 closes 1, INT2 opens 2
    messages = " ".join(one.message for one in lints.lint(instrument))
    assert "INT4 and INT2 of INT side by side (positions 5 and 6)" in messages


def test_names_and_labels_that_a_program_would_refuse(partnership: Instrument) -> None:
    """Capitals only, a name too long with the ending of a wave, two values of one label."""
    long = partnership.question("BEH1").model_copy(update={"code": "B" * 29})
    twin = partnership.question("BEH2").model_copy(update={"code": "mot1"})
    same = partnership.question("BG2")
    same = same.model_copy(
        update={
            "code": "BG9",
            "options": tuple(one.model_copy(update={"label": same.options[0].label})
                             for one in same.options),
        }
    )  # fmt: skip
    added = (*partnership.questions, long, twin, same)
    messages = {
        one.where: one.lint
        for one in lints.lint(partnership.model_copy(update={"questions": added}))
    }
    assert messages == {
        "columns." + "B" * 29: "wide-name",
        "columns.MOT1": "file-name",
        "columns.mot1": "file-name",
        "columns.BG9.id": "value-label",
        "columns.BG9.en": "value-label",
    }


def test_a_lint_is_switched_off_by_name_everywhere_or_in_one_form(bfi: Instrument) -> None:
    assert lints.lint(bfi) == ()
    loud = bfi.model_copy(update={"lints": bfi.lints.model_copy(update={"off": ()})})
    assert found(loud) == {
        "adjacent", "negated-reverse", "reverse-distance", "reverse-per-section",
    }  # fmt: skip
    off = tuple(
        LintOff(lint=lint, form="pulse", reason="Not for the full form, so it stays on.")
        for lint in found(loud)
    )
    elsewhere = bfi.model_copy(update={"lints": bfi.lints.model_copy(update={"off": off})})
    assert found(elsewhere) == found(loud)


def test_every_lint_is_tested_here() -> None:
    text = Path(__file__).read_text("utf-8")
    assert all(f'"{lint}"' in text for lint in LINTS)


def test_installed_definitions_are_clean() -> None:
    for key, version in registry.available():
        lints.check(registry.path(key, version))


def test_check_tells_findings_like_faults(tmp_path: Path) -> None:
    file = tmp_path / "tiny.toml"
    file.write_text((HERE / "tiny.toml").read_text("utf-8"))
    with pytest.raises(InvalidDefinition, match="AA1 and AA2 of AA side by side") as caught:
        lints.check(file)
    assert [fault.rule for fault in caught.value.faults] == ["adjacent"]
    assert loading.load(file).key == "tiny"


def test_show_names_every_code_and_both_languages(partnership: Instrument) -> None:
    text = lints.show(partnership)
    squeezed = " ".join(text.split())
    for item in partnership.items:
        assert f"  {item.code}  " in text
        assert item.text.in_("id") in squeezed
        assert item.text.in_("en") in squeezed
        assert item.source in squeezed
    for scale in partnership.scales:
        assert f"{scale.name.id} / {scale.name.en}" in text
    for question in partnership.questions:
        assert f"  {question.code}  " in text
    assert partnership.digest in text
    assert "   1  REL1 INT1 COM4 INT4 COM5" in text


def test_show_of_a_definition_for_analysis_says_so(bfi: Instrument) -> None:
    assert "No consent text: for analysis only" in lints.show(bfi)


def test_an_empty_form_is_no_error(partnership: Instrument) -> None:
    empty = Form(code="full", name=Text(id="a", en="b"), sections=())
    bare = partnership.model_copy(
        update={"forms": (empty,), "lints": partnership.lints.model_copy(
            update={"attention_positions": ()})}
    )  # fmt: skip
    assert lints.lint(bare) == ()
