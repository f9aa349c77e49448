"""What is missing: the map of it, and whether it looks like chance (Little's MCAR test)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.confirm.measures import chi2_tail
from analysis.errors import ImproperSolution, NotConverged, NotEnoughData
from analysis.moments import (
    Floats,
    moments,
    names_of,
    require_positive_definite,
    to_correlation,
    values,
)
from analysis.results import Result

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.intp]
STEPS = 2_000
"""EM steps after which it counts as not settled."""
SETTLED = 1e-10
"""EM has settled when no moment moves more than this, in SDs of the items."""
SHOWN = 20
"""Patterns a map lists; all are counted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MissingMap(Result):
    """Where answers are missing."""

    cells: int
    missing_cells: int
    share: float
    complete_rows: int
    empty_rows: int
    items: pd.DataFrame
    """By item: n, missing, share."""
    per_person: dict[str, int]
    """Missing answers -> persons with so many."""
    patterns: pd.DataFrame
    """The most frequent patterns: rows, missing (names; empty = complete)."""
    n_patterns: int


@dataclass(frozen=True, kw_only=True, eq=False)
class LittleTest(Result):
    """Little's test of missing completely at random."""

    chi2: float
    df: int
    p: float
    n_patterns: int
    dropped: int
    """Rows without any answer."""
    em_mean: pd.Series
    """Maximum-likelihood means under missing at random."""
    em_covariance: pd.DataFrame
    """Maximum-likelihood covariances (divisor n)."""
    em_steps: int


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Rows gathered by which items they answered."""

    seen: npt.NDArray[np.bool_]
    """(k, p) which items a pattern answered."""
    n: Floats
    """(k,) rows."""
    total: Floats
    """(k, p) sums of the answers about ``centre``, 0 where missing."""
    square: Floats
    """(k, p, p) cross-products of the same."""
    centre: Floats
    """(p,)"""


def _distinct(rows: npt.NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """First row of every distinct row, the distinct row of each row, and their counts."""
    codes = np.ascontiguousarray(np.packbits(rows, axis=1))
    keys = codes.view([("", codes.dtype)] * codes.shape[1]).ravel()
    _, first, place, count = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    return first, place, count


def gather(data: Floats) -> Patterns:
    """Gather the rows of ``data`` (n, p) that hold any answer by their pattern."""
    seen = ~np.isnan(data)
    data, seen = data[seen.any(axis=1)], seen[seen.any(axis=1)]
    centre = np.nanmean(data, axis=0)
    first, place, count = _distinct(seen)
    order = np.argsort(place, kind="stable")
    filled = np.where(seen, data - centre, 0.0)[order]
    starts = np.concatenate([[0], np.cumsum(count)[:-1]])
    square = np.stack(
        [
            filled[a : a + size].T @ filled[a : a + size]
            for a, size in zip(starts.tolist(), count.tolist(), strict=True)
        ]
    )
    return Patterns(
        seen[first],
        count.astype(np.float64),
        np.add.reduceat(filled, starts, axis=0),
        square,
        centre,
    )


class Resampled:
    """Patterns of resamples of rows: grouped once, then weighed. For few columns."""

    def __init__(self, data: Floats) -> None:
        seen = ~np.isnan(data)
        self.n = len(data)
        self._centre = np.nanmean(data, axis=0)
        first, place, count = _distinct(seen)
        self._seen = seen[first]
        self._order = np.argsort(place, kind="stable")
        self._starts = np.concatenate([[0], np.cumsum(count)[:-1]])
        filled = np.where(seen, data - self._centre, 0.0)[self._order]
        p = data.shape[1]
        products = (filled[:, :, None] * filled[:, None, :]).reshape(self.n, p * p)
        self._features = np.concatenate([np.ones((self.n, 1)), filled, products], axis=1)

    def take(self, counts: Ints) -> Patterns:
        """Gather rows taken ``counts`` (n,) times."""
        weighed = self._features * counts[self._order, None]
        sums = np.add.reduceat(weighed, self._starts, axis=0)
        kept = (sums[:, 0] > 0) & self._seen.any(axis=1)
        sums, p = sums[kept], self._seen.shape[1]
        square = sums[:, 1 + p :].reshape(-1, p, p)
        return Patterns(self._seen[kept], sums[:, 0], sums[:, 1 : 1 + p], square, self._centre)


def _padded_inverses(sigma: Floats, seen: npt.NDArray[np.bool_]) -> Floats:
    """Inverse of the seen block of ``sigma`` per pattern, 0 elsewhere: (k, p, p)."""
    both = seen[:, :, None] & seen[:, None, :]
    blocks = np.where(both, sigma, 0.0)
    i = np.arange(sigma.shape[0])
    blocks[:, i, i] += ~seen  # the identity where an item is missing
    inverse: Floats = np.linalg.inv(blocks)
    inverse[:, i, i] -= ~seen
    return inverse


def em(
    names: tuple[str, ...], found: Patterns, start: tuple[Floats, Floats] | None = None
) -> tuple[Floats, Floats, int]:
    """Means (p,) and covariances (p, p; divisor n) by maximum likelihood, and EM's steps.

    EM of the multivariate normal with missing values at random, in gradient form: mu +=
    S g, S += 2 S G S - (S g)(S g)', g and G the likelihood's derivatives per row (Dempster,
    Laird & Rubin 1977; Little & Rubin 2019, section 11.2). R: ``norm::em.norm``.
    ``start``: means and covariances to start from; None = those of each item's answers.
    Raises `NotConverged`, `ImproperSolution` (items that determine each other).
    """
    n = found.n.sum()
    seen = found.seen.astype(np.float64)
    answered = found.n @ seen
    first = found.total.sum(axis=0) / answered
    variance = np.einsum("kii->i", found.square) / answered - first**2
    mu, sigma = (first, np.diag(variance)) if start is None else (start[0] - found.centre, start[1])
    scale = np.sqrt(variance)
    for step in range(1, STEPS + 1):
        try:
            inverse = _padded_inverses(sigma, found.seen)
        except np.linalg.LinAlgError as error:
            raise _determined(names) from error
        off = mu * seen
        about = found.total - found.n[:, None] * off
        cross = np.einsum("ki,kj->kij", found.total, off)
        square = (
            found.square
            - cross
            - cross.transpose(0, 2, 1)
            + found.n[:, None, None] * off[:, :, None] * off[:, None, :]
        )
        slope = (inverse @ about[:, :, None])[:, :, 0].sum(axis=0) / n
        twice = (inverse @ square @ inverse).sum(axis=0)
        twice = (twice - np.tensordot(found.n, inverse, axes=1)) / n
        move = sigma @ slope
        change = sigma @ twice @ sigma - np.outer(move, move)
        mu, sigma = mu + move, sigma + (change + change.T) / 2
        moved = max(
            float((np.abs(move) / scale).max()),
            float((np.abs(change) / np.outer(scale, scale)).max()),
        )
        if not np.isfinite(moved):
            raise _determined(names)
        if moved < SETTLED:
            return mu + found.centre, sigma, step
    raise NotConverged(
        f"EM did not settle in {STEPS} steps ({', '.join(names)}): too much is missing, or two "
        "items were hardly ever answered together. Leave the emptiest item out."
    )


def _determined(names: tuple[str, ...]) -> ImproperSolution:
    return ImproperSolution(
        f"Items among {', '.join(names)} determine each other, so their covariances have no "
        "inverse; leave one of them out.",
        names,
    )


def missing_map(frame: pd.DataFrame) -> MissingMap:
    """Count missing answers by item, by person and by pattern.

    Every row counts, also wholly empty ones; patterns come by frequency. Nothing is tested
    here. Raises `NotEnoughData` for a frame without rows or columns.
    """
    import pandas as pd

    names, data = names_of(frame), values(frame)
    n, p = data.shape
    if not n or not p:
        raise NotEnoughData("No rows or no items: there is nothing to map.")
    missing = np.isnan(data)
    by_item, by_person = missing.sum(axis=0), missing.sum(axis=1)
    first, _, count = _distinct(missing)
    order = np.lexsort((first, -count))[:SHOWN]
    listed = [
        {
            "rows": int(count[i]),
            "missing": " ".join(
                name for name, gone in zip(names, missing[first[i]], strict=True) if gone
            ),
        }
        for i in order.tolist()
    ]
    many, persons = np.unique(by_person, return_counts=True)
    return MissingMap(
        n=n,
        method="missing answers counted by item, person and pattern",
        missing="counted",
        cells=n * p,
        missing_cells=int(missing.sum()),
        share=float(missing.mean()),
        complete_rows=int((by_person == 0).sum()),
        empty_rows=int((by_person == p).sum()),
        items=pd.DataFrame(
            {"n": n - by_item, "missing": by_item, "share": by_item / n}, index=pd.Index(names)
        ),
        per_person={str(m): int(k) for m, k in zip(many, persons, strict=True)},
        patterns=pd.DataFrame(listed),
        n_patterns=len(count),
    )


def little_mcar(frame: pd.DataFrame) -> LittleTest:
    """Little's (1988) test that answers are missing completely at random.

    chi2 = sum over patterns of n_k (mean_k - mu)' S_k^-1 (mean_k - mu), on the items the
    pattern answered; mu and S by `em`, S with divisor n (R: ``naniar::mcar_test``, norm's
    EM; Little's text has n - 1); df = sum of answered items over patterns - p. Wholly empty
    rows say nothing and are left out. A large p does not prove chance, and with Likert
    items and many patterns the test is rough; a small one says that people who skipped
    differ from those who did not. With no answer missing chi2 = 0 on 0 df and p = 1.
    Raises `NotEnoughData` (fewer rows than items, or a pair never answered together),
    `DegenerateItem`, `ImproperSolution`, `NotConverged`.
    """
    import pandas as pd

    names, data = names_of(frame), values(frame)
    found = moments(frame, missing="pairwise")  # refuses constants and pairs nobody answered
    if found.n <= len(names):
        raise NotEnoughData(
            f"{found.n} rows for {len(names)} items: Little's test needs more rows than items."
        )
    gathered = gather(data)
    mu, sigma, steps = em(names, gathered)
    require_positive_definite(names, to_correlation(sigma))
    inverse = _padded_inverses(sigma, gathered.seen)
    apart = gathered.total / gathered.n[:, None] + gathered.centre - mu
    apart = np.where(gathered.seen, apart, 0.0)
    distance = np.einsum("ki,kij,kj->k", apart, inverse, apart)
    df = int(gathered.seen.sum()) - len(names)
    chi2 = float(gathered.n @ distance) if df else 0.0
    index = pd.Index(names)
    return LittleTest(
        n=found.n,
        method="Little's MCAR test on EM moments of the multivariate normal (divisor n)",
        missing="rows with any answer",
        chi2=chi2,
        df=df,
        p=chi2_tail(chi2, df) if df else 1.0,
        n_patterns=len(gathered.n),
        dropped=len(data) - found.n,
        em_mean=pd.Series(mu, index=index),
        em_covariance=pd.DataFrame(sigma, index=index, columns=index),
        em_steps=steps,
    )
