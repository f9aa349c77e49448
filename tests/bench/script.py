"""What the respondents of a run send, and stand-in pages for a floor without our server."""

from __future__ import annotations

import random

from instrument.model import Form, Instrument, Question
from tests.bench.driver import Script
from tests.bench.floor import ID, Page, Pages

SEED = 20261124


def member_script(instrument: Instrument, form: Form, *, slug: str, static: list[str]) -> Script:
    """A member who agrees to everything and answers every item and closed question."""
    rng = random.Random(SEED)
    values = [str(option.value) for option in instrument.response_scale.options]
    consent = instrument.consent
    return Script(
        slug=slug,
        consent=[["lang", "id"], *(["izin", one.code] for one in consent.choices)]
        if consent
        else [],
        code_field="kode",
        sections=[
            [[code, rng.choice(values)] for code in section.items] for section in form.sections
        ],
        questions=[
            [code, answer]
            for code in form.questions
            if (answer := _answer(instrument.question(code), rng)) is not None
        ],
        static=static,
    )


def _answer(question: Question, rng: random.Random) -> str | None:
    if question.kind == "choice":
        return str(rng.choice(question.options).value)
    if question.kind == "number":
        low = question.low or 0
        return str(rng.randint(low, min(low + 10, question.high or low + 10)))
    return None  # open answers are left empty, as most people do


def stand_in_script(slug: str = "lantai") -> Script:
    """A questionnaire of the usual shape, for running the driver against the floor alone."""
    rng = random.Random(SEED)
    sections = [
        [[f"I{section * 5 + n + 1}", str(rng.randint(1, 5))] for n in range(5)]
        for section in range(9)
    ]
    return Script(
        slug=slug,
        consent=[["setuju", "1"]],
        code_field=None,
        sections=sections,
        questions=[["Q1", "3"], ["Q2", "2"]],
        static=["/static/a.css", "/static/a.js"],
    )


def stand_in_pages(script: Script) -> Pages:
    """Pages of about the real size, with the fields the driver looks for."""
    items = tuple(name for section in script.sections for name, _ in section)
    rows = "".join(
        f"<fieldset><legend>Pernyataan {code}</legend>"
        + "".join(
            f'<label class="row"><input type="radio" name="{code}" value="{n}"><span>{n}</span>'
            "</label>"
            for n in range(1, 6)
        )
        + "</fieldset>"
        for code in items
    )
    form = (
        f'<form><input type="hidden" name="id" value="{ID.decode()}">'
        f'<input type="hidden" name="rev" value="1">{rows}</form>'
    )
    return Pages(
        landing=Page(
            b"<h1>Survei</h1>" + b"<p>Kami ingin mendengar dari Anda.</p>" * 80, "text/html"
        ),
        form=Page(form.encode(), "text/html"),
        receipt=Page(b"<h1>Terima kasih</h1>" * 100, "text/html"),
        static={
            "/static/a.css": Page(b".row{display:flex}" * 300, "text/css"),
            "/static/a.js": Page(b"void 0;" * 400, "text/javascript"),
        },
        items=items,
    )
