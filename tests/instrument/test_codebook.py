"""One row for every column of a file, in the order of the file."""

from instrument import codebook
from instrument.codebook import Variable
from instrument.model import Instrument, Text

META = ["PID", "WAVE", "VERSION", "LANG", "LAYOUT", "SUBMITTED_ON", "STATUS"]
FLAGS = ["FLAG_ATT", "FLAG_TIME", "FLAG_RUN", "FLAG_SD", "FLAG_PAIRS", "FLAGS", "EXCLUDED"]
REVERSED = ["MOT5_R", "BEN5_R", "COM5_R", "DEP5_R", "FLX5_R", "REL3_R", "INF5_R"]
SCORES = [
    name
    for scale in ["MOT", "BEN", "COM", "DEP", "FLX", "REL", "INF", "INT"]
    for name in (scale, f"{scale}_POMP")
] + ["COC"]
QUESTIONS = [
    "BEH1",
    "BEH2",
    "BEH3",
    "BEH4",
    "BEH5",
    "BEH6",
    "BG1",
    "BG2",
    "BG3",
    "BG4",
    "BG5",
    "BG6",
]


def names(rows: tuple[Variable, ...]) -> list[str]:
    return [row.name for row in rows]


def by_name(instrument: Instrument) -> dict[str, Variable]:
    return {row.name: row for row in codebook.rows(instrument)}


def test_export_columns_in_order(partnership: Instrument) -> None:
    seconds = [f"SEC{number}" for number in range(1, 10)]
    expected = [
        *META, *partnership.item_codes, *REVERSED, *SCORES, *FLAGS, *seconds, *QUESTIONS,
    ]  # fmt: skip
    assert names(codebook.rows(partnership)) == expected
    assert len(expected) == 109


def test_a_pulse_has_the_same_columns_but_its_own_sections(partnership: Instrument) -> None:
    full, pulse = codebook.rows(partnership), codebook.rows(partnership, form="pulse")
    assert [name for name in names(full) if name not in names(pulse)] == [
        f"SEC{number}" for number in range(4, 10)
    ]
    label = next(row.label.en for row in pulse if row.name == "DEP")
    assert label.endswith("mean of DEP1, DEP3")


def test_open_texts_and_the_mark_of_simulated_data_on_demand(partnership: Instrument) -> None:
    rows = names(codebook.rows(partnership, open_texts=True, simulated=True))
    assert rows[-3:] == ["OPEN1", "OPEN2", "SIMULATED"]
    assert len(rows) == 112


def test_an_item_carries_its_wording_labels_and_keys(partnership: Instrument) -> None:
    row = by_name(partnership)["MOT5"]
    assert row.label.id == "Saya ikut komunitas ini sekadar ikut-ikutan."
    assert row.values[0] == (1, Text(id="Sangat tidak setuju", en="Strongly disagree"))
    assert [code for code, _ in row.missing] == [-1, -2, -3, -4, -5]
    assert (row.scale, row.keyed, row.measure, row.kind) == ("MOT", "-", "ordinal", "item")
    assert row.source.startswith("R1")


def test_a_reversed_item_has_its_labels_turned_round(partnership: Instrument) -> None:
    row = by_name(partnership)["MOT5_R"]
    assert row.values[4] == (5, Text(id="Sangat tidak setuju", en="Strongly disagree"))
    assert row.values[2][1].id == "Netral"
    assert (row.keyed, row.kind) == ("+", "keyed")
    assert row.label.en.endswith("(reversed)")


def test_scores_have_no_missing_codes(partnership: Instrument) -> None:
    rows = by_name(partnership)
    assert rows["MOT"].missing == rows["MOT_POMP"].missing == ()
    assert rows["MOT"].label.en == "Motivation: mean of MOT1, MOT2, MOT3, MOT4, MOT5_R"
    assert "COC_POMP" not in rows
    assert {rows[name].measure for name in SCORES} == {"scale"}


def test_measures_of_questions(partnership: Instrument) -> None:
    measures = {code: by_name(partnership)[code].measure for code in QUESTIONS}
    assert [code for code, measure in measures.items() if measure == "scale"] == [
        "BEH1", "BEH2", "BEH3",
    ]  # fmt: skip
    nominal = [code for code, measure in measures.items() if measure == "nominal"]
    assert nominal == ["BEH6", "BG2", "BG3"]


def test_labels_have_no_markup_and_both_languages(partnership: Instrument) -> None:
    for row in codebook.rows(partnership, open_texts=True, simulated=True):
        for text in (row.label, *(label for _, label in (*row.values, *row.missing))):
            assert "**" not in text.id + text.en, row.name
            assert text.id, row.name
            assert text.en, row.name


def test_names_are_unique_without_regard_to_case(partnership: Instrument, bfi: Instrument) -> None:
    for instrument in (partnership, bfi):
        upper = [name.upper() for name in names(codebook.rows(instrument, open_texts=True))]
        assert len(set(upper)) == len(upper)
        assert max(map(len, upper)) <= 32


def test_bfi_has_its_lower_case_scales(bfi: Instrument) -> None:
    rows = by_name(bfi)
    assert rows["agree"].label.en == "Agreeableness: mean of A1_R, A2, A3, A4, A5"
    assert rows["neuroticism_POMP"].kind == "pomp"
    assert rows["A1"].values[5] == (6, Text(id="Sangat tepat", en="Very Accurate"))
