"""What a form says becomes answers; what is no answer is told, and nothing is dropped."""

import json
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument import answers, registry
from instrument.answers import AnswerFault, Answers, Missing, parse
from instrument.errors import InvalidAnswers

PARTNERSHIP = registry.find("partnership", "1.0.0")
FULL = answers.asked_codes(PARTNERSHIP, "full")
CONTROL = frozenset({"id", "rev", "lang", "ke", "final"})


def byte(state: Answers, code: str) -> int:
    return state.items[PARTNERSHIP.item_codes.index(code)]


def parsed(*fields: tuple[str, str], **options: object) -> answers.Parsed:
    settings = {"seen": frozenset(), "ignore": CONTROL, **options}
    return parse(PARTNERSHIP, "full", fields, **settings)  # type: ignore[arg-type]


# --- values ------------------------------------------------------------------------------

VALUES = [
    # field, sent, what is stored
    ("MOT1", "1", 1),
    ("MOT1", "5", 5),
    ("MOT1", "refused", Missing.REFUSED),
    ("BEN1", "na", Missing.NOT_APPLICABLE),
    ("BEH1", "0", 0),
    ("BEH1", " 30 ", 30),
    ("BEH4", "5", 5),
    ("BG4", "refused", Missing.REFUSED),
    ("OPEN1", "  Pelatihan\r\nbazar  ", "Pelatihan\nbazar"),
    ("OPEN1", "a\x00b\x07c", "abc"),
    ("OPEN1", "x" * 300, "x" * 300),
]


@pytest.mark.parametrize(("code", "sent", "stored"), VALUES)
def test_values(code: str, sent: str, stored: int | str) -> None:
    found = parsed((code, sent))
    assert found.faults == ()
    if code in PARTNERSHIP.item_codes:
        assert byte(found.answers, code) == stored
    elif isinstance(stored, Missing):
        assert found.answers.missing == {code: stored}
    else:
        assert found.answers.values == {code: stored}


FAULTS = [
    ("MOT1", "6", "out_of_range"),
    ("MOT1", "0", "out_of_range"),
    ("MOT1", "-1", "out_of_range"),
    ("MOT1", "250", "out_of_range"),
    ("MOT1", "empat", "not_a_number"),
    ("MOT1", "na", "out_of_range"),  # not offered there
    ("BEH1", "31", "out_of_range"),
    ("BEH1", "-1", "out_of_range"),
    ("BEH1", "99999999999999999999", "out_of_range"),
    ("BEH1", "2 kali", "not_a_number"),
    ("BEH1", "1.5", "not_a_number"),
    ("BEH1", "1_0", "not_a_number"),
    ("BEH4", "9", "out_of_range"),
    ("OPEN1", "x" * 301, "too_long"),
    ("MOT9", "3", "unknown_item"),
    ("GCF1", "3", "unknown_item"),  # a module nobody added
    ("hello", "3", "unknown_item"),
    ("tolak", "MOT9", "unknown_item"),
]


@pytest.mark.parametrize(("code", "sent", "kind"), FAULTS)
def test_faults_are_values_and_keep_what_was_typed(code: str, sent: str, kind: str) -> None:
    found = parsed((code, sent), ("MOT2", "4"))
    if code == "tolak":
        assert found.faults == (AnswerFault("MOT9", "unknown_item"),)
    else:
        assert found.faults == (AnswerFault(code, kind, sent),)  # type: ignore[arg-type]
    assert byte(found.answers, "MOT2") == 4, "the rest is kept"
    assert code not in found.answers.values


def test_two_different_answers_to_one_item_are_told() -> None:
    found = parsed(("MOT1", "3"), ("MOT1", "4"), seen={"MOT1"})
    assert found.faults == (AnswerFault("MOT1", "ambiguous", "3, 4"),)
    assert byte(found.answers, "MOT1") == Missing.SKIPPED


def test_the_same_answer_twice_or_beside_an_empty_field_is_one_answer() -> None:
    found = parsed(("MOT1", "3"), ("MOT1", "3"), ("BEH1", ""), ("BEH1", "2"))
    assert found.faults == ()
    assert byte(found.answers, "MOT1") == 3
    assert found.answers.values == {"BEH1": 2}


def test_control_fields_belong_to_the_caller() -> None:
    assert parsed(("rev", "3"), ("ke", "2"), ("final", "1")).faults == ()


# --- missing ------------------------------------------------------------------------------


def test_the_four_ways_of_giving_no_answer_stay_apart() -> None:
    """Acceptance 3 and the member page's A9: not seen, skipped, after the prompt, refused."""
    seen = {"MOT1", "MOT2", "BEH1", "BEH2"}
    first = parsed(("MOT2", "refused"), seen=seen).answers
    assert (byte(first, "MOT1"), byte(first, "MOT2"), byte(first, "MOT3")) == (250, 252, 0)
    assert first.missing == {"BEH1": Missing.SKIPPED, "BEH2": Missing.SKIPPED}
    last = parsed(("tolak", "MOT2"), ("tolak", "BEH2"), seen=seen, prompted=True, final=True)
    assert (byte(last.answers, "MOT1"), byte(last.answers, "MOT2")) == (251, 252)
    assert last.answers.missing == {
        "BEH1": Missing.SKIPPED_AFTER_PROMPT, "BEH2": Missing.REFUSED,
    }  # fmt: skip
    assert last.answers.why("BEH3") is Missing.NOT_SEEN
    assert {state.code for state in Missing} == {-1, -2, -3, -4, -5}


@pytest.mark.parametrize(
    ("prompted", "final", "expected"),
    [(False, False, 250), (True, False, 250), (False, True, 250), (True, True, 251)],
)
def test_after_the_prompt_means_prompted_and_final(
    *, prompted: bool, final: bool, expected: int
) -> None:
    found = parsed(seen={"MOT1"}, prompted=prompted, final=final)
    assert byte(found.answers, "MOT1") == expected


def test_an_answer_beside_a_refusal_wins() -> None:
    found = parsed(("tolak", "MOT1"), ("MOT1", "4"), ("BEH1", "3"), ("tolak", "BEH1"))
    assert byte(found.answers, "MOT1") == 4
    assert found.answers.values == {"BEH1": 3}


def test_an_answer_to_something_not_reported_as_seen_counts() -> None:
    assert byte(parsed(("MOT1", "4"), seen=()).answers, "MOT1") == 4


def test_why_a_question_has_no_answer() -> None:
    state = Answers(b"", {"BEH1": 0}, {"BEH2": Missing.SKIPPED})
    assert state.why("BEH1") is None, "0 is an answer"
    assert state.why("BEH2") is Missing.SKIPPED
    assert state.why("BEH3") is Missing.NOT_SEEN


# --- what is asked ------------------------------------------------------------------------


def test_what_a_wave_asks() -> None:
    assert len(FULL) == 45 + 14
    assert "BG4" not in answers.asked_codes(PARTNERSHIP, "full", granted={"research"})
    assert "BG4" in answers.asked_codes(PARTNERSHIP, "full", granted={"research", "sales"})
    with_module = answers.asked_codes(PARTNERSHIP, "full", modules={"GCF"})
    assert with_module - FULL == {"GCF1", "GCF2", "GCF3", "GCF4"}
    assert len(answers.asked_codes(PARTNERSHIP, "pulse")) == 12 + 4


def test_a_module_is_answered_where_it_is_asked() -> None:
    asked = answers.asked_codes(PARTNERSHIP, "full", modules={"MRK"})
    found = parsed(("MRK1", "2"), asked=asked)
    assert found.faults == ()
    assert byte(found.answers, "MRK1") == 2


def test_sales_sent_without_consent_are_not_stored() -> None:
    asked = answers.asked_codes(PARTNERSHIP, "full", granted={"research"})
    found = parsed(("BG4", "2"), asked=asked)
    assert found.answers.values == {}
    assert found.faults == (AnswerFault("BG4", "unknown_item", "2"),)


def test_a_pulse_takes_no_item_it_does_not_show() -> None:
    found = parse(PARTNERSHIP, "pulse", [("MOT1", "3"), ("DEP1", "3")], seen=())
    assert found.faults == (AnswerFault("MOT1", "unknown_item", "3"),)
    assert len(found.answers.items) == 50


# --- there and back -----------------------------------------------------------------------

TEXTS = (
    st.text(min_size=1, max_size=300)
    .map(lambda text: answers._CONTROL.sub("", text.replace("\r\n", "\n")).strip())
    .filter(lambda text: text not in ("", "refused"))
)


@st.composite
def states(draw: st.DrawFn) -> tuple[Answers, bool]:
    """Any state a page can lead to; whether its skips came after the prompt."""
    prompted = draw(st.booleans())
    skipped = Missing.SKIPPED_AFTER_PROMPT if prompted else Missing.SKIPPED
    items = bytearray()
    for item in PARTNERSHIP.items:
        options = [0]
        if item.code in FULL:
            options = [0, 1, 2, 3, 4, 5, skipped, Missing.REFUSED]
            options += [Missing.NOT_APPLICABLE] if item.not_applicable else []
        items.append(draw(st.sampled_from(options)))
    values: dict[str, int | str] = {}
    missing: dict[str, Missing] = {}
    for question in PARTNERSHIP.questions:
        state = draw(st.sampled_from(["value", "unseen", skipped, Missing.REFUSED]))
        if isinstance(state, Missing):
            missing[question.code] = state
        elif state == "value" and question.kind == "number":
            values[question.code] = draw(st.integers(question.low or 0, question.high or 0))
        elif state == "value" and question.kind == "choice":
            values[question.code] = draw(st.sampled_from([o.value for o in question.options]))
        elif state == "value":
            values[question.code] = draw(TEXTS)
    return Answers(bytes(items), values, missing), prompted


@given(states())
def test_parse_undoes_to_fields(made: tuple[Answers, bool]) -> None:
    state, prompted = made
    fields = answers.to_fields(PARTNERSHIP, state)
    body = urlencode(fields)
    again = parse(
        PARTNERSHIP,
        "full",
        parse_qsl(body, keep_blank_values=True),
        seen=answers.seen_codes(PARTNERSHIP, state),
        prompted=prompted,
        final=prompted,
    )
    assert again == answers.Parsed(state)


@given(states())
def test_json_keeps_values_and_missing_states(made: tuple[Answers, bool]) -> None:
    state, _ = made
    background = [one.code for one in PARTNERSHIP.questions_of("background")]
    rest = [one.code for one in PARTNERSHIP.questions_of("behaviour", "open")]
    extra = json.loads(json.dumps(answers.extra_to_json(state, rest)))
    apart = json.loads(json.dumps(answers.extra_to_json(state, background)))
    assert not set(extra["values"]) & set(background)
    assert answers.from_stored(state.items, extra, apart) == state
    assert answers.from_stored(state.items, answers.extra_to_json(state), None) == state


def test_the_json_shape() -> None:
    state = Answers(b"", {"BEH1": 3}, {"BEH2": Missing.SKIPPED})
    assert answers.extra_to_json(state) == {
        "values": {"BEH1": 3}, "missing": {"BEH2": "skipped"},
    }  # fmt: skip
    assert answers.extra_from_json({"paradata": {}}) == ({}, {})


def test_an_unknown_missing_state_is_an_error() -> None:
    with pytest.raises(InvalidAnswers, match="BEH1 is stored as 'lost'"):
        answers.extra_from_json({"values": {}, "missing": {"BEH1": "lost"}})


NAMES = st.sampled_from([*sorted(FULL), "tolak", "rev", "MOT9", ""])
SENT = st.one_of(st.sampled_from(["1", "5", "na", "refused", "", "6", "250"]), st.text(max_size=9))


@given(st.lists(st.tuples(NAMES, SENT), max_size=40), st.booleans(), st.booleans())
def test_no_form_makes_an_exception_or_an_impossible_state(
    fields: list[tuple[str, str]],
    prompted: bool,
    final: bool,
) -> None:
    found = parse(
        PARTNERSHIP, "full", fields, seen=FULL, prompted=prompted, final=final, ignore=CONTROL
    )
    state = found.answers
    for item, stored in zip(PARTNERSHIP.items, state.items, strict=True):
        allowed = {1, 2, 3, 4, 5, 250, 251, 252} if item.code in FULL else {0}
        allowed |= {253} if item.not_applicable else set()
        assert stored in allowed
    assert not set(state.values) & set(state.missing)
    again = parse(
        PARTNERSHIP,
        "full",
        list(answers.to_fields(PARTNERSHIP, state).items()),
        seen=FULL,
        prompted=prompted,
        final=final,
    )
    assert again == answers.Parsed(state)


def test_before_anything_was_seen() -> None:
    nothing = answers.unanswered(PARTNERSHIP)
    assert nothing == Answers(bytes(50))
    assert answers.seen_codes(PARTNERSHIP, nothing) == frozenset()
    assert parsed().answers == nothing
