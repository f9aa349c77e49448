"""The parts without a server: forms, the plan of a document, filling it."""

from __future__ import annotations

import contextlib
import html
import re
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings import Settings
from app.surveys.faults import BrokenForm, NotAForm
from app.surveys.forms import AnswerForm, StartForm, read
from app.surveys.plan import plan
from app.surveys.views.skeleton import Skeleton, slot
from instrument import registry
from tests.surveys.conftest import BASE, Member, TestClient, Town, create_app

INSTRUMENT = registry.find("partnership")
FULL = INSTRUMENT.form("full")
FORM = "application/x-www-form-urlencoded"
ID = "00000000-0000-4000-8000-000000000000"
NAMES = ["id", "rev", "lang", "lihat", "detik", "ditanya", "ke", "bahasa", "final", "isi"]
NAMES += ["layar", "latar", "tolak", "izin", "kode", "lanjut", "tidak", "REL1", "BEH1", "OPEN1"]


@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_body_is_read_or_refused_by_name(body: bytes, kind: str) -> None:
    for content_type in (kind, FORM):
        try:
            fields = read(body, content_type)
        except (BrokenForm, NotAForm):
            continue
        else:
            StartForm.of(fields)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.text(max_size=12)), max_size=25))
def test_any_form_is_read_or_refused_by_name(fields: list[tuple[str, str]]) -> None:
    StartForm.of(fields)
    with contextlib.suppress(BrokenForm):
        assert AnswerForm.of(fields).rev >= 1
    whole = AnswerForm.of([*fields, ("id", ID), ("rev", "7")])
    assert whole.rev == 7
    assert all(0 <= second <= 86_400 for second in whole.seconds)
    assert {name for name, _ in whole.answers}.isdisjoint({"id", "rev", "lang"})


@given(st.text(max_size=80))
def test_text_comes_back_as_it_was_typed(typed: str) -> None:
    """From the phone's bytes to the page and back: nothing lost, nothing becomes markup."""
    [(name, value)] = read(urlencode({"OPEN1": typed}).encode(), FORM)
    assert name == "OPEN1"
    assert value == typed.replace("\r\n", "\n").replace("\x00", "")
    page = Skeleton.of(f"<textarea>\n{slot('v:OPEN1')}</textarea>{slot('refused')}")
    filled = page.fill({}, [("OPEN1", value)])
    inside = filled.removeprefix("<textarea>\n").removesuffix("</textarea>")
    assert "<" not in inside
    assert html.unescape(inside) == value


def test_filling_marks_what_was_answered_and_nothing_else() -> None:
    page = Skeleton.of(
        f"<i{slot('c:A=1')}><i{slot('c:A=2')}><b{slot('bad:A')}></b>{slot('refused')}{slot('id')}"
    )
    assert page.fill({"id": "x"}, [("A", "2"), ("B", "1")]) == "<i><i checked><b></b>x"
    refused = page.fill({"id": ""}, [("tolak", "A"), ("tolak", '"><script>'), ("A", "refused")])
    assert refused.count('name="tolak" value="A"') == 2
    assert "script" not in refused
    assert page.fill({"id": ""}) == "<i><i><b></b>"  # the next person starts empty


def test_plan_follows_the_definition() -> None:
    """9 sections of 5, behaviour, background without sales, open texts."""
    made = plan(INSTRUMENT, FULL, granted=frozenset())
    assert [len(step.items) for step in made.steps] == [5] * 9 + [0] * 3
    assert [step.group for step in made.steps[9:]] == ["behaviour", "background", "open"]
    assert made.sections == 9
    assert "BG4" not in made.all_codes
    assert "BG4" in plan(INSTRUMENT, FULL, granted=frozenset({"sales"})).all_codes
    known = plan(INSTRUMENT, FULL, granted=None)
    assert [step.group for step in known.steps[9:]] == ["behaviour", "open"]


def test_lead_in_keeps_the_frame_and_explains_its_term_where_it_is_used() -> None:
    """ "Think of now" stands everywhere; "business information" where an item speaks of it."""
    made = plan(INSTRUMENT, FULL)
    leads = {step.number: len(step.lead) for step in made.steps if step.items}
    speaking = {
        step.number
        for step in made.steps
        if any("informasi usaha" in item.text.id.lower() for item in step.items)
    }
    assert speaking == {4, 7, 9}
    assert {number for number, lines in leads.items() if lines == 2} == speaking | {1}
    assert set(leads.values()) == {1, 2}


@pytest.mark.parametrize(
    ("seen", "open_codes", "step"),
    [
        ([], [], 1),
        ([1], [], 2),
        ([1, 2, 3], ["INT3"], 3),
        ([1, 2, 3], ["REL1"], 4),  # what was passed over earlier waits for the prompt
        (list(range(1, 13)), [], 12),
        ([99], [], 2),
    ],
)
def test_where_somebody_goes_on(seen: list[int], open_codes: list[str], step: int) -> None:
    made = plan(INSTRUMENT, FULL, granted=frozenset())
    assert made.resume_at(seen, open_codes) == step


def test_https_makes_the_cookie_secure_and_the_card_absolute(
    settings: Settings, town: Town
) -> None:
    place = town.found()
    secure = settings.model_copy(update={"base_url": "https://survei.example/"})
    with TestClient(create_app(secure), base_url=BASE) as client:
        member = Member(client, place)
        page = member.get().text
        assert re.search(r'og:image" content="https://survei\.example/static/\w+/kartu\.png"', page)
        cookie = member.start().headers["set-cookie"]
        assert "Secure" in cookie
