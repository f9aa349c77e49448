"""A member's own picture: in the answer to their own submit, and nowhere else."""

from __future__ import annotations

import json
import re

from app.submission import PARADATA
from app.surveys.profile import leaning, profile_of
from instrument import registry
from instrument.answers import Answers
from instrument.scoring import reverse
from tests.surveys.conftest import Member, Town, answers

INSTRUMENT = registry.find("partnership")
SCALES = [scale for scale in INSTRUMENT.scales if scale.kind == "scale"]


def of(page: str) -> dict[str, str]:
    """Scale and points as the page has them."""
    part = page.partition('id="saya"')[2].partition("</section>")[0]
    return dict(re.findall(r"<li>([^<]+)<br><b>(\d+) (?:dari|of) 100</b>", part))


def test_the_points_are_those_of_the_scoring_rules() -> None:
    """Everybody who agrees all through after reversal has 100; indexes are not in it."""
    scale = INSTRUMENT.response_scale
    full = bytes(
        reverse(scale.high, scale) if item.reverse else scale.high for item in INSTRUMENT.items
    )
    found = profile_of(INSTRUMENT, "full", Answers(full, {}, {}), "en")
    assert [one.points for one in found] == [100] * 8
    assert [one.name for one in found] == [one.public_name.en for one in SCALES]
    assert {one.leaning for one in found} == {"agree"}
    assert profile_of(INSTRUMENT, "full", Answers(bytes(len(full)), {}, {}), "id") == ()
    assert [leaning(points) for points in (62.5, 62.4, 37.6, 37.5)] == [
        "agree", "between", "between", "disagree"
    ]  # fmt: skip


def test_it_is_in_the_answer_to_the_submit_and_nowhere_else(town: Town, member: Member) -> None:
    member.start()
    sent = member.send(answers(INSTRUMENT, 4) | {"ditanya": "1"})
    assert sent.headers["cache-control"] == "no-store"
    shown = of(sent.text)
    assert list(shown) == [scale.public_name.id for scale in SCALES]
    assert shown["Niat bermitra"] == "75"  # four items, none reversed: (4 - 1) / 4
    assert "tidak disimpan" in sent.text
    # coming back with the code, on this phone or another: the receipt alone
    again = Member(member.client, member.place)
    page = again.post("mulai", {"kode": member.place.codes[0]})
    assert "Kode bukti" in page.text or "bukti" in page.text
    assert of(page.text) == {}
    assert 'id="saya"' not in page.text
    assert 'id="saya"' not in member.get().text
    # nothing of it is stored: answers, values and what the page measured, no score
    (row,) = town.rows("response")
    extra = row["extra"] if isinstance(row["extra"], dict) else json.loads(row["extra"])
    assert set(extra) <= {"values", "missing", PARADATA}


def test_who_answered_too_little_gets_no_picture(member: Member) -> None:
    member.start()
    sent = member.send({"ditanya": "1"})
    assert 'id="saya"' not in sent.text
