"""What the respondents of a run send, and stand-in pages for a floor without our server."""

from __future__ import annotations

import random

from app.surveys.plan import Plan
from instrument.model import Question
from tests.bench.driver import Script
from tests.bench.floor import ID, Page, Pages

SEED = 20261124


def member_script(plan: Plan, *, slug: str, static: list[str]) -> Script:
    """A member who agrees to everything and answers all but the open questions."""
    rng = random.Random(SEED)
    values = [str(option.value) for option in plan.instrument.response_scale.options]
    consent = plan.instrument.consent
    choices = consent.choices if consent else ()
    return Script(
        slug=slug,
        consent=[["lang", "id"], *(["izin", one.code] for one in choices)],
        code_field="kode",
        steps=[
            [[item.code, rng.choice(values)] for item in step.items]
            + [[question.code, answer(question, rng)] for question in step.questions]
            for step in plan.steps
        ],
        static=static,
    )


def answer(question: Question, rng: random.Random) -> str:
    """An answer as a form sends it; an open question is left empty."""
    if question.kind == "choice":
        return str(rng.choice(question.options).value)
    if question.kind == "number":
        low = question.low or 0
        return str(rng.randint(low, min(low + 10, question.high or low + 10)))
    return ""  # as most people leave it


def stand_in_script(slug: str = "lantai") -> Script:
    """A questionnaire of the usual shape, for running the driver against the floor alone."""
    rng = random.Random(SEED)
    steps = [
        [[f"I{section * 5 + n + 1}", str(rng.randint(1, 5))] for n in range(5)]
        for section in range(9)
    ]
    return Script(
        slug=slug,
        consent=[["setuju", "1"]],
        code_field=None,
        steps=[*steps, [["Q1", "3"], ["Q2", ""]]],
        static=["/static/a.css", "/static/a.js"],
    )


def stand_in_pages(script: Script) -> Pages:
    """Pages of about the real size, with the fields the driver looks for."""
    items = tuple(name for step in script.steps for name, _ in step if name[0] == "I")
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
