"""The partnership instrument 1.0.0 says what its specification says."""

import re
from itertools import pairwise

import pytest

from instrument import lints
from instrument.model import LANGUAGES, Instrument, Role

CODES = {
    "MOT": 5, "BEN": 5, "COM": 5, "DEP": 5, "FLX": 6, "REL": 5, "INF": 6, "INT": 4,
}  # fmt: skip
REVERSE = {"MOT5", "BEN5", "COM5", "DEP5", "FLX5", "REL3", "INF5"}
ORDER = (
    "REL1 INT1 COM4 INT4 COM5 | INT2 COM3 FLX2 COM1 FLX5 | INT3 REL2 MOT2 REL5 MOT1 | "
    "ATT1 DEP4 COM2 INF4 DEP5 | BEN1 FLX1 COC2 FLX6 BEN5 | FLX3 INF2 FLX4 INF5 MOT3 | "
    "INF1 COC1 DEP3 ATT2 DEP2 | BEN4 REL4 BEN3 REL3 BEN2 | MOT4 INF3 DEP1 MOT5 INF6"
)
PULSE = {
    "DEP1", "DEP3", "FLX1", "FLX2", "REL1", "REL5", "INF3", "INF4", "INT1", "INT4", "BEN4", "COM2",
}  # fmt: skip


def test_acceptance_1_items(partnership: Instrument) -> None:
    """41 scored items, 7 reverse, each complete; no double-barrelled word; ID <= 13 words."""
    scored = [item.code for item in partnership.scored_items]
    assert scored == [f"{scale}{n + 1}" for scale, count in CODES.items() for n in range(count)]
    assert len(scored) == 41
    assert {item.code for item in partnership.items if item.reverse} == REVERSE
    for item in partnership.scored_items:
        assert item.text.id, item.code
        assert item.text.en, item.code
        assert item.facet, item.code
        assert item.referent in ("self", "community"), item.code
        assert re.match(r"(R[1-8]|P|A|S|L)\b", item.source), item.code
    for item in partnership.items:
        assert not re.search(" dan | atau ", item.text.in_("id")), item.code
        assert not re.search(" and | or ", item.text.in_("en")), item.code
        assert len(item.text.in_("id").split()) <= 13, item.code
        if item.reverse:
            assert not re.search(r"\b(tidak|tanpa|bukan)\b", item.text.in_("id").lower())


def test_the_bytes_stand_in_the_order_the_store_knows(partnership: Instrument) -> None:
    tail = ("COC1", "COC2", "ATT1", "ATT2", "GCF1", "GCF2", "GCF3", "GCF4", "MRK1")
    assert partnership.item_codes[41:] == tail
    assert len(partnership.items) == 50


def test_the_full_form_shows_nine_sections_of_five_in_the_fixed_order(
    partnership: Instrument,
) -> None:
    form = partnership.form("full")
    assert " | ".join(" ".join(section.items) for section in form.sections) == ORDER
    assert form.items.index("ATT1") + 1 == 16
    assert form.items.index("ATT2") + 1 == 34
    assert len(form.questions) == 14


def test_the_pulse_keeps_the_relative_order_of_the_full_form(partnership: Instrument) -> None:
    full, pulse = partnership.form("full"), partnership.form("pulse")
    assert pulse.items == tuple(code for code in full.items if code in PULSE)
    assert [len(section.items) for section in pulse.sections] == [4, 4, 4]
    assert pulse.questions == ("BEH1", "BEH2", "BEH3", "BEH4")
    assert set(pulse.checks) == {"FLAG_TIME", "FLAG_SD"}


def test_the_order_keeps_every_rule_by_our_own_counting(partnership: Instrument) -> None:
    items = partnership.form("full").items
    scale = {item.code: item.scale for item in partnership.items}
    for one, other in pairwise(items):
        assert scale[one] is None or scale[one] != scale[other], (one, other)
    for one, other in partnership.careless.pairs:
        assert abs(items.index(one) - items.index(other)) >= 9, (one, other)
    places = sorted(items.index(code) for code in REVERSE)
    assert min(b - a for a, b in pairwise(places)) >= 4
    assert len({place // 5 for place in places}) == len(places), "at most one a section"


def test_the_lints_find_nothing(partnership: Instrument) -> None:
    assert lints.lint(partnership) == ()


def test_not_applicable_is_offered_by_three_items(partnership: Instrument) -> None:
    offered = {item.code for item in partnership.items if item.not_applicable}
    assert offered == {"BEN1", "REL4", "FLX6"}


def test_conditional_commitment_stands_outside_commitment(partnership: Instrument) -> None:
    """Acceptance 23, first part: COC never enters COM."""
    assert [item.code for item in partnership.items_of("COM")] == [f"COM{n}" for n in range(1, 6)]
    assert partnership.scale("COC").kind == "index"
    assert {item.role for item in partnership.items_of("COC")} == {Role.INDEX}


def test_members_read_public_names(partnership: Instrument) -> None:
    assert partnership.scale("DEP").public_name.id == "Saling membutuhkan"
    assert partnership.scale("DEP").public_name.en == "Mutual need"
    assert partnership.scale("FLX").public_name.id == "Keluwesan"


def test_sales_are_asked_with_their_own_consent_only(partnership: Instrument) -> None:
    question = partnership.question("BG4")
    assert question.needs_consent == "sales"
    assert question.specific
    assert question.refusable
    assert partnership.consent is not None
    required = [one.code for one in partnership.consent.choices if one.required]
    purposes = [one.code for one in partnership.consent.choices if one.purpose]
    assert required == ["adult"]
    assert purposes == ["research", "report"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_consent_text_has_brackets_to_fill(partnership: Instrument, language: str) -> None:
    assert partnership.consent is not None
    text = " ".join(getattr(one, language) for one in partnership.consent.paragraphs)
    assert len(re.findall(r"\[[^]]+\]", text)) == 4


def test_nothing_unconfirmed_is_printed_as_a_citation(partnership: Instrument) -> None:
    """Sources the specification could not confirm stand in one note that says so."""
    unconfirmed = ("Allen & Meyer", "Heide & John", "Kumar", "Crosby", "Clary", "Chan 1998")
    shown = " ".join(
        [scale.theory + scale.definition.en for scale in partnership.scales]
        + [item.source for item in partnership.items]
        + [bands.source for bands in partnership.band_sets]
    )
    for name in unconfirmed:
        assert name not in shown
        notes = [note for note in partnership.notes if name in note]
        assert all(note.startswith("Not confirmed yet") for note in notes), name


def test_emphasis_is_kept_apart_from_wording(partnership: Instrument) -> None:
    check = partnership.item("ATT2").text
    assert "*" not in check.in_("id")
    assert ("Tidak setuju", True) in check.runs("id")
    assert "".join(piece for piece, _ in check.runs("en")) == check.in_("en")


def test_every_wording_is_in_both_languages_and_differs(partnership: Instrument) -> None:
    for item in partnership.items:
        assert item.text.id != item.text.en, item.code
    for question in partnership.questions:
        assert question.text.id != question.text.en, question.code
        for option in question.options:
            assert option.label.id, question.code
            assert option.label.en, question.code
