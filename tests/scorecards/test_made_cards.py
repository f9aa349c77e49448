"""Cards the analysis makes of simulated answers, as the page would say them."""

from __future__ import annotations

import pytest

from analysis import simulate
from analysis.scorecard import scores
from analysis.scorecard.model import Card, Score
from app.scorecards import printing
from app.scorecards.view import in_both
from tests.analysis.simulated_cards import cards
from tests.scorecards.setting import pages, setting


@pytest.fixture(scope="module")
def made() -> list[Card]:
    """Three waves of the small world in which something happens."""
    return cards(simulate.world("S", 20261146, waves=3, scenario="action"), 3)


def test_their_blocks_are_short_in_both_languages(made: list[Card]) -> None:
    """Acceptance 21 with the words the questionnaire's card really has."""
    for card in made:
        for view in in_both(card).values():
            long = [place for place, block in view.blocks() if len(block.split()) > 60]
            assert long == []
            assert view.judged
            assert len(view.table.rows) == 8


def test_a_word_that_was_kept_is_marked(made: list[Card]) -> None:
    """The contract's `kept` is what the score alone would not say; here it happens."""
    for card in made:
        for one in card.scales:
            if isinstance(one.score, Score):
                assert one.kept == (one.state != scores.state(one.score)), one.code
    assert any(one.kept for one in made[2].scales)


def test_the_small_line_begins_with_the_third_wave(made: list[Card]) -> None:
    drawn = [{len(one.course) for one in in_both(card)["id"].scales} for card in made]
    assert drawn == [{0}, {0}, {3}]


def test_they_are_set_on_every_medium(made: list[Card]) -> None:
    for kind in ("card", "shared", "results"):
        given = setting(kind, "wave3", "id") | {"view": in_both(made[2])["id"]}
        assert "Saling membutuhkan" in pages().render(f"scorecards/{kind}.html", "id", **given)
    assert printing.pdf(made[2], "id").startswith(b"%PDF")
    assert printing.picture(made[2], "en").startswith(b"\x89PNG")
