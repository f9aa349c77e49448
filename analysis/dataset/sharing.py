"""No group of fewer than k people in the background of a shared file.

In a community of sixty, role, line of business and sales together name most people. So a file
is judged before it is written: everybody whose background answers are alike forms a group, and
every group must hold at least k people (k-anonymity, Samarati & Sweeney 1998). Where one does
not, the file goes down a ladder of fixed order until all do: bands are merged as the definition
groups them, then columns are left out. The order is the same for every file of a questionnaire
and each rung tells less than the one above, so two files of one project, laid side by side by
person, never tell more than the finer of the two.

Margins of a table whose cells all hold k people hold k people too: the check of all questions
together covers each question and each crossing of them (acceptance 25).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from analysis.errors import AnalysisError
from instrument.model import Instrument, Question

K = 5
MERGED_SUFFIX = "_G"
"""Ends the name of a column with merged bands, so that nothing reads it as the full question."""
Answer = int | str
Group = tuple[Answer, ...]
Rung = tuple[Literal["merge", "leave out"], str]


class TooFewToShare(AnalysisError):
    """Even without any background question fewer than k people are left; no file is made."""


@dataclass(frozen=True)
class Sharing:
    """What a file tells of people's background, and how that was decided."""

    k: int = K
    people: int = 0
    smallest_before: int = 0
    """People in the smallest group of the full file."""
    smallest: int = 0
    """People in the smallest group of this file."""
    merged: Mapping[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)
    """Questions with merged bands and their groups; a merged answer is the lowest of its group."""
    left_out: tuple[str, ...] = ()
    """Questions that are not in the file, in the order of leaving."""
    reason: str = ""
    """Why the full file was asked for all the same; empty = it was not."""

    @property
    def passed(self) -> bool:
        """Whether every group of the file holds k people."""
        return self.smallest >= self.k

    def column(self, code: str) -> str:
        """Return the name of a question's column: merged bands are no longer the question's."""
        return code + MERGED_SUFFIX if code in self.merged else code

    def code(self, column: str) -> str:
        """Return the question of a column."""
        code = column.removesuffix(MERGED_SUFFIX)
        return code if code in self.merged else column


FULL = Sharing()
"""A file nobody judged: every question with all its bands."""


def quasi_identifiers(instrument: Instrument) -> tuple[Question, ...]:
    """Return the background questions, in the order in which a shared file gives them up.

    Specific personal data first, then questions without bands to merge, then the rest, each
    in definition order.
    """
    return tuple(
        sorted(
            instrument.questions_of("background"),
            key=lambda one: (not one.specific, bool(one.coarsen)),
        )
    )


def ladder(instrument: Instrument) -> tuple[Rung, ...]:
    """Return the steps down, from the full file to one without background."""
    asked = quasi_identifiers(instrument)
    merges: list[Rung] = [("merge", one.code) for one in asked if one.coarsen]
    return (*merges, *(("leave out", one.code) for one in asked))


def check(
    people: Iterable[tuple[Mapping[str, Answer], int]],
    instrument: Instrument,
    *,
    k: int = K,
    reason: str = "",
) -> Sharing:
    """Go down the ladder until every group holds k people; return what the file may tell.

    Parameters: ``people`` mappings from the codes of `quasi_identifiers` to the answer as the
    file has it, missing codes included, each with how many *people* (not rows) it tells of; a
    question that is absent counts as an answer of its own. With a ``reason`` the full file is
    returned as judged: ``passed`` says what was found. Raises `TooFewToShare` where the last
    rung still fails, and ValueError for k below 2.
    """
    if k < 2:
        raise ValueError(f"k = {k} protects nobody; k is 2 or more")
    codes = [one.code for one in quasi_identifiers(instrument)]
    groups: Counter[Group] = Counter()
    for told, count in people:
        groups[tuple([told.get(code, "") for code in codes])] += count
    total = sum(groups.values())
    before = min(groups.values(), default=0)
    if reason.strip():
        return Sharing(k, total, before, before, reason=reason.strip())
    merged: dict[str, tuple[tuple[int, ...], ...]] = {}
    left_out: list[str] = []
    for rung in (None, *ladder(instrument)):
        if rung is not None:
            step, code = rung
            groups = _down(groups, codes.index(code), step, instrument.question(code))
            if step == "merge":
                merged[code] = instrument.question(code).coarsen
            else:
                left_out.append(code)
                merged.pop(code, None)
        smallest = min(groups.values(), default=0)
        if smallest >= k:
            return Sharing(k, total, before, smallest, merged, tuple(left_out))
    raise TooFewToShare(
        f"{total} people may be in this file and a shared file needs {k} at least, so none was "
        "made. Wait for more answers, or ask for the full file and give the reason."
    )


def merge(value: Answer, groups: Sequence[Sequence[int]]) -> Answer:
    """Return the lowest value of the group that holds ``value``, or ``value`` itself."""
    return next((min(group) for group in groups if value in group), value)


def _down(groups: Counter[Group], place: int, step: str, question: Question) -> Counter[Group]:
    """Take one step: recode one place of every group and add up those that are now alike."""
    below: Counter[Group] = Counter()
    for group, count in groups.items():
        new = merge(group[place], question.coarsen) if step == "merge" else ""
        below[*group[:place], new, *group[place + 1 :]] += count
    return below
