"""Factor models over partitions: `analysis.confirm.fit` where the rows stay outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from analysis.confirm.data import Prepared, of_complete, of_incomplete, require_rows
from analysis.confirm.estimation import estimate
from analysis.confirm.fitting import (
    Estimator,
    Missing,
    confirmation,
    ordinal_confirmation,
    require_rules,
)
from analysis.confirm.patterns import Patterns, SortedRows, sort
from analysis.confirm.result import Confirmation
from analysis.confirm.structure import Identification, Structure, read_structure
from analysis.counts import burt
from analysis.errors import WrongArgument
from analysis.moments import Floats, require_spread
from analysis.streams.reading import (
    Codes,
    Complete,
    Numbers,
    Placed,
    Read,
    Streamed,
    again,
    as_codes,
)
from analysis.streams.sums import centre_of, sums_of

if TYPE_CHECKING:
    from analysis.confirm.ordinal import OrdinalEstimator
    from analysis.moments import Missing as Rule


def fit(
    model: Mapping[str, Sequence[str]],
    partitions: Any,
    *,
    estimator: Estimator = "ML",
    missing: Missing = "listwise",
    categories: Mapping[str, int | Iterable[int]] | Iterable[int] | int | None = None,
    absent: Iterable[int] | None = None,
    identification: Identification = "marker",
    orthogonal: bool | Iterable[str] = False,
    residuals: Iterable[tuple[str, str]] = (),
    methods: Mapping[str, Sequence[str]] | None = None,
    equal: Iterable[Sequence[str]] = (),
    executor: Executor | None = None,
    read: Read | None = None,
) -> Confirmation:
    """Fit a factor model to the rows of partitions; arguments and result of `confirm.fit`.

    Arrays have the model's items as columns, in its order. ``categories``: needed for ordered
    answers (WLSMV, DWLS, ULSMV), as in `counts.burt`. ``absent``: integer codes that are no
    answer.

    Passes over the rows: ML one (moments); MLR three (moments, casewise scores, kurtosis);
    FIML one (sums of every pattern of missing answers), four with MLR; WLSMV two (tables,
    Gamma). Memory: moments, and under FIML patterns x items squared / 2 numbers, so many
    different patterns cost memory, rows do not.
    Raises what `confirm.fit` raises, and `ReadTwice`.
    """
    structure = read_structure(
        model, orthogonal=orthogonal, residuals=residuals, methods=methods, equal=equal
    )
    require_rules(estimator, missing)
    tables, codes = again(partitions), as_codes(absent)
    if estimator not in {"ML", "MLR"}:
        return _ordinal(
            structure,
            tables,
            cast("OrdinalEstimator", estimator),
            cast("Rule", missing),
            _Coded(categories, codes, read),
            identification,
            executor,
        )
    source = Numbers(structure.items, codes, read)
    rows = Streamed(tables, source, executor)
    prepare = _complete if missing == "listwise" else _incomplete
    solved = estimate(
        structure,
        prepare(structure, source, rows),
        estimator=estimator,
        identification=identification,
    )
    return confirmation(solved)


def _complete(structure: Structure, source: Numbers, rows: Streamed[Floats]) -> Prepared:
    names = structure.items
    found = sums_of(rows, len(names))
    require_rows(names, found.n, "listwise")
    require_spread(names, found.low, found.high)
    held = Streamed(rows.partitions, Complete(source), rows.executor)
    return of_complete(names, ("",), [found.sample()], [held], found.given)


@dataclass(frozen=True, slots=True, eq=False)
class PatternSums:
    """Patterns, the range of every item and the rows given; merge with ``+``."""

    patterns: Patterns
    low: Floats
    high: Floats
    given: int

    def __add__(self, other: PatternSums) -> PatternSums:
        if not isinstance(other, PatternSums):
            return NotImplemented
        return PatternSums(
            self.patterns + other.patterns,
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.given + other.given,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Sorting:
    """A block (rows, p), NaN = missing, to its rows sorted by pattern, about a point."""

    centre: Floats

    def rows(self, block: Floats) -> SortedRows:
        """Return the rows of the block with an answer."""
        return sort(block, self.centre)

    def __call__(self, block: Floats) -> PatternSums:
        """Return the sums of the block."""
        hole = np.isnan(block)
        return PatternSums(
            self.rows(block).patterns,
            np.where(hole, np.inf, block).min(axis=0, initial=np.inf),
            np.where(hole, -np.inf, block).max(axis=0, initial=-np.inf),
            len(block),
        )


@dataclass(frozen=True, slots=True, eq=False)
class SortedBlocks:
    """A partition to blocks of sorted rows about a point."""

    source: Numbers
    sorting: Sorting

    def __call__(self, partition: Any) -> Iterable[SortedRows]:
        """Run over the blocks."""
        return map(self.sorting.rows, self.source(partition))


def _incomplete(structure: Structure, source: Numbers, rows: Streamed[Floats]) -> Prepared:
    names = structure.items
    found = rows.total(Sorting(centre_of(rows, len(names))))
    require_rows(names, found.patterns.n, "fiml")
    require_spread(names, found.low, found.high)
    patterns = found.patterns.recentred()
    held = Streamed(rows.partitions, SortedBlocks(source, Sorting(patterns.centre)), rows.executor)
    return of_incomplete(names, ("",), [patterns], [held], found.given)


@dataclass(frozen=True, slots=True)
class _Coded:
    """How ordered answers are coded."""

    categories: Any
    absent: Codes | None
    read: Read | None

    def of(self, items: tuple[str, ...]) -> dict[str, Any]:
        """Categories by item. Raises `WrongArgument` where they were not given."""
        given = self.categories
        if given is None:
            raise WrongArgument(
                "Ordered answers are counted by category: give `categories`, e.g. range(1, 6)."
            )
        if isinstance(given, Mapping):
            lacking = [item for item in items if item not in given]
            if lacking:
                raise WrongArgument(f"`categories` lacks {', '.join(lacking)}; name every item.")
            return {item: given[item] for item in items}
        return dict.fromkeys(items, given if isinstance(given, int) else tuple(given))


def _ordinal(
    structure: Structure,
    tables: Iterable[Any],
    estimator: OrdinalEstimator,
    rule: Rule,
    answers: _Coded,
    identification: Identification,
    executor: Executor | None,
) -> Confirmation:
    from analysis.confirm import ordinal_fit  # heavy: polychorics
    from analysis.confirm.ordinal import sample_from
    from analysis.polychoric import estimate as polychorics

    codes = answers.of(structure.items)
    counted = burt(tables, codes, missing=answers.absent, executor=executor, read=answers.read)
    n = counted.n if rule == "pairwise" else counted.n_complete
    ordinal_fit.require_rows(structure, n, estimator)
    found = polychorics(counted, rule)
    places = Placed(counted.layout, found.layout, rule, answers.absent, answers.read)
    sample = sample_from(found, Streamed(tables, places, executor))
    made = ordinal_fit.fit_sample(structure, sample, counted.rows, estimator, identification)
    return ordinal_confirmation(made, estimator, rule)
