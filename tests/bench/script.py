"""What the respondents of a run send, and stand-in pages for a floor without our server."""

from __future__ import annotations

import random

from tests.bench.driver import Script
from tests.bench.floor import ID, Page, Pages

SEED = 20261124


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
