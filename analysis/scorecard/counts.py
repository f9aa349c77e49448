"""How many persons stand behind every figure of a card: what a re-issue is judged by."""

from __future__ import annotations

from analysis.scorecard.model import Card, Change, Withheld


def behind(card: Card) -> dict[str, int]:
    """Return persons by figure; a figure that is withheld is not in it.

    For `analysis.disclosure.may_reissue`, with the counts of the card that would replace it.
    """
    found = {"who": card.who.submitted}
    for scale in card.scales:
        if not isinstance(scale.score, Withheld):
            found[f"score {scale.code}"] = scale.n
        if isinstance(scale.change, Change):
            found[f"change {scale.code} since {scale.change.since}"] = scale.change.n
    for one in card.behaviours:
        if one.people is not None:
            found[f"behaviour {one.code}"] = one.n
    if not isinstance(card.obstacle, Withheld):
        found["obstacle"] = card.obstacle.n
    for name in ("relations", "priority"):
        rows = getattr(card, name)
        if not isinstance(rows, Withheld) and rows:
            found[name] = rows[0].n
    return found
