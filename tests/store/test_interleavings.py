"""Whatever order saves of two phones arrive in, the store is what a plain rule says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.store import Ack, NewerState

CONTENTS = [bytes([value] * 7) for value in (1, 2, 3)]

arrivals = st.lists(
    st.tuples(st.integers(min_value=1, max_value=5), st.sampled_from(CONTENTS), st.booleans()),
    min_size=1,
    max_size=12,
)


@dataclass
class Rule:
    """The slow, obvious reference: newer wins, equal is acknowledged, else a conflict."""

    rev: int = 0
    content: bytes = bytes(7)
    submitted: bool = False

    def save(self, rev: int, content: bytes, final: bool) -> str:
        if rev <= self.rev and content != self.content:
            return f"newer {self.rev}"
        if self.submitted and content == self.content:
            return "submitted"  # a repeat leaves the row alone
        self.rev = max(rev, self.rev)
        self.content = content
        self.submitted = self.submitted or final
        return "submitted" if self.submitted else "draft"


def said(outcome: object) -> str:
    if isinstance(outcome, NewerState):
        return f"newer {outcome.rev}"
    assert isinstance(outcome, Ack), outcome
    return outcome.status


RELAXED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # a new submission an example
)


@RELAXED
@given(order=arrivals)
def test_saves_in_any_order_follow_the_rule(store, world, order):
    async def play() -> None:
        state = await store.start(world.start())
        rule = Rule()
        for rev, content, final in order:
            save = world.save(state.submission_id, rev=rev, answers=content, final=final, extra={})
            (outcome,) = await asyncio.gather(store.save(save), return_exceptions=True)
            assert said(outcome) == rule.save(rev, content, final)
            seen = await store.resume(world.community_id, world.wave_id, state.submission_id)
            assert (seen.rev, seen.answers, seen.status == "submitted") == (
                rule.rev,
                rule.content,
                rule.submitted,
            )

    asyncio.run(play())


@RELAXED
@given(order=arrivals)
def test_of_saves_at_once_an_older_one_never_wins(store, world, order):
    """The order is the database's choice; yet the newest acknowledged content stands."""

    async def play() -> None:
        state = await store.start(world.start())
        saves = [
            world.save(state.submission_id, rev=rev, answers=content, final=final, extra={})
            for rev, content, final in order
        ]
        outcomes = await asyncio.gather(*map(store.save, saves), return_exceptions=True)
        stored = [
            (ack.rev, save.answers)
            for save, ack in zip(saves, outcomes, strict=True)
            if isinstance(ack, Ack)
        ]
        assert all(isinstance(outcome, Ack | NewerState) for outcome in outcomes)
        seen = await store.resume(world.community_id, world.wave_id, state.submission_id)
        newest = max(rev for rev, _ in stored)
        assert seen.rev == newest
        assert seen.answers in {content for rev, content in stored if rev == newest}
        receipts = {ack.receipt for ack in outcomes if isinstance(ack, Ack)} - {None}
        assert receipts == ({seen.receipt} if seen.receipt else set())

    asyncio.run(play())
