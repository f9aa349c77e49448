"""Rows with missing answers, by pattern of what was answered.

For every pattern k: n_k rows, their sum and cross-product, centred at the item's observed
mean (exact shifts to any mu later) and zero where missing. P_k is the inverse of Sigma_oo
padded with zeros: an identity is put in the missing rows and columns, all patterns are
factored in one batch, and the identity is taken out again; log-determinants come free.
Everything the likelihood needs is a sum over patterns:

    T_k cross-product about mu, H_k = P_k T_k P_k, u_k = P_k sum(y - mu)
    deviance = sum n_k log|Sigma_oo| + sum tr(P_k T_k)
    dl/dSigma = sum (H_k - n_k P_k) / (2 n),   dl/dmu = sum u_k / n
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.confirm.table import vech_index, vech_position, vech_weights
from analysis.moments import Floats

KEPT = 30
"""Most items for which the places of `kernel` are kept: 3.5 MB; it grows with items to the 4th."""
BLOCK = 1_500_000
"""Numbers in one array of a batch of patterns: bounds the memory of many patterns."""


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """What the likelihood needs of the rows of one group; wholly empty rows are left out.

    Two of the same ``centre`` merge with ``+``; with a centre of whole numbers and answers
    that are whole numbers no digit depends on the order.
    """

    counts: npt.NDArray[np.intp]  # (K,)
    observed: npt.NDArray[np.bool_]  # (K, p)
    sums: Floats
    """(K, p), of the answers minus ``centre``; zero where missing."""
    crosses: Floats
    """(K, p*), vech of each pattern's cross-product."""
    centre: Floats  # (p,)

    @property
    def n(self) -> int:
        """Rows used."""
        return int(self.counts.sum())

    @property
    def answered(self) -> npt.NDArray[np.intp]:
        """(p,), rows that answered each item."""
        return np.asarray(self.counts @ self.observed, dtype=np.intp)

    @property
    def squares(self) -> Floats:
        """(p,), squares of the answers minus ``centre``, summed."""
        p = len(self.centre)
        own: Floats = self.crosses[:, np.diag(vech_position(p))].sum(axis=0)
        return own

    @property
    def starts(self) -> npt.NDArray[np.intp]:
        """First row of each pattern where rows are sorted by it."""
        return np.concatenate([[0], np.cumsum(self.counts)[:-1]]).astype(np.intp)

    def __add__(self, other: Patterns) -> Patterns:
        if not isinstance(other, Patterns):
            return NotImplemented
        if not np.array_equal(self.centre, other.centre):
            raise ValueError("patterns about different centres cannot be added up")
        observed, place = np.unique(
            np.concatenate([self.observed, other.observed]), axis=0, return_inverse=True
        )
        place = place.reshape(-1)

        def merged(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[Any]:
            out = np.zeros((len(observed), *a.shape[1:]), dtype=a.dtype)
            # a pattern stands once in each of the two
            out[place[: len(a)]] += a
            out[place[len(a) :]] += b
            return out

        return Patterns(
            merged(self.counts, other.counts),
            observed,
            merged(self.sums, other.sums),
            merged(self.crosses, other.crosses),
            self.centre,
        )

    def recentred(self) -> Patterns:
        """The same rows about the observed means."""
        shift = self.sums.sum(axis=0) / np.maximum(self.answered, 1)
        lower = vech_index(len(shift))
        n = self.counts[:, None]
        moved = shift * self.observed
        a, b = (moved[:, at] for at in lower)
        crosses = self.crosses - self.sums[:, lower[0]] * b - a * self.sums[:, lower[1]]
        crosses += n * a * b
        return Patterns(
            self.counts, self.observed, self.sums - n * moved, crosses, self.centre + shift
        )


@dataclass(frozen=True, slots=True, eq=False)
class SortedRows:
    """Rows and the patterns they are sorted by."""

    rows: Floats
    """(n, p), minus the patterns' centre, zero where missing."""
    patterns: Patterns


def patterns_of(data: Floats) -> Patterns:
    """Patterns of rows (n, p; NaN = missing) about the observed means."""
    return sort(data).patterns


def sort(data: Floats, centre: Floats | None = None) -> SortedRows:
    """Sort rows (n, p; NaN = missing) by what they hold; empty rows are dropped.

    ``centre`` None: the observed means.
    """
    seen = ~np.isnan(data)
    some = seen.any(axis=1)
    if not some.all():
        data, seen = data[some], seen[some]
    p = data.shape[1]
    if not len(data):
        none = np.zeros(p) if centre is None else centre
        size = p * (p + 1) // 2
        found = Patterns(
            np.zeros(0, np.intp), np.zeros((0, p), bool), data, np.zeros((0, size)), none
        )
        return SortedRows(data, found)
    packed = np.packbits(seen, axis=1)
    wide = np.zeros((len(packed), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    wide[:, : packed.shape[1]] = packed
    words = wide.view(np.uint64)
    order = np.lexsort(words.T) if words.shape[1] > 1 else np.argsort(words[:, 0], kind="stable")
    words, seen = words[order], seen[order]
    new = np.concatenate([[True], (words[1:] != words[:-1]).any(axis=1)])
    starts = np.flatnonzero(new)
    counts = np.diff(np.append(starts, len(order)))
    rows = data[order]
    rows[~seen] = 0.0
    if centre is None:
        centre = rows.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    rows -= centre
    rows[~seen] = 0.0
    sums = np.add.reduceat(rows, starts, axis=0)
    crosses = np.empty((len(starts), p * (p + 1) // 2))
    at = vech_index(p)
    single = counts == 1
    if single.any():
        alone = rows[starts[single]]
        crosses[single] = alone[:, at[0]] * alone[:, at[1]]
    for k in np.flatnonzero(~single):
        block = rows[starts[k] : starts[k] + counts[k]]
        crosses[k] = (block.T @ block)[at]
    return SortedRows(rows, Patterns(counts, seen[starts], sums, crosses, centre))


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """A run of patterns at given moments."""

    first: int
    last: int
    precision: Floats  # (k, p, p): P_k
    log_det: Floats  # (k,)
    cross: Floats  # (k, p, p): T_k
    u: Floats  # (k, p)
    counts: Floats  # (k,)

    @property
    def deviance(self) -> float:
        """Sum over the batch, without the observed count times log 2 pi."""
        trace = np.einsum("kab,kab->", self.precision, self.cross)
        return float(self.counts @ self.log_det + trace)

    def curved(self) -> Floats:
        """H_k - n_k P_k: (k, p, p)."""
        h = self.precision @ self.cross @ self.precision
        h -= self.counts[:, None, None] * self.precision
        return h


def batches(data: Patterns, mu: Floats, sigma: Floats) -> Iterator[Batch]:
    """Run over the patterns at moments mu (p,) and sigma (p, p), in bounded memory.

    Raises `numpy.linalg.LinAlgError` where a Sigma_oo is not positive definite.
    """
    p = len(mu)
    position = vech_position(p)
    shift = mu - data.centre
    step = max(1, BLOCK // (p * p))
    eye = np.eye(p)
    for first in range(0, len(data.counts), step):
        last = min(first + step, len(data.counts))
        seen = data.observed[first:last].astype(np.float64)
        both = seen[:, :, None] * seen[:, None, :]
        hole = (1 - seen)[:, :, None] * eye
        lower = np.linalg.cholesky(sigma * both + hole)
        log_det = 2 * np.log(np.einsum("kii->ki", lower)).sum(axis=1)
        half = np.linalg.inv(lower)
        precision = half.transpose(0, 2, 1) @ half - hole
        n = data.counts[first:last].astype(np.float64)
        sums = data.sums[first:last]
        cross = data.crosses[first:last][:, position]
        moved = sums[:, :, None] * shift
        cross -= moved
        cross -= moved.transpose(0, 2, 1)
        cross += n[:, None, None] * np.outer(shift, shift)
        cross *= both
        u = np.einsum("kab,kb->ka", precision, sums - n[:, None] * shift)
        yield Batch(first, last, precision, log_det, cross, u, n)


@dataclass(slots=True, eq=False)
class MomentSpace:
    """Deviance, score and information of one group in (mu, vech Sigma), per case."""

    deviance: float
    mean_slope: Floats  # (p,): dl/dmu
    slope: Floats  # (p, p): dl/dSigma
    information: Floats | None
    """(p + p*, p + p*), over (mu, vech Sigma): observed or expected."""


def deviance(data: Patterns, mu: Floats, sigma: Floats) -> float:
    """Return -2 l per case without constants; infinity where Sigma is indefinite."""
    try:
        return sum(batch.deviance for batch in batches(data, mu, sigma)) / data.n
    except np.linalg.LinAlgError:
        return float("inf")


def moment_space(
    data: Patterns, mu: Floats, sigma: Floats, *, information: str | None = "observed"
) -> MomentSpace:
    """Score and information (``observed``, ``expected`` or None) at the moments given.

    Kernel K[ab, cd] = sum m_ab m_cd / 4 (P_ac Q_bd + P_ad Q_bc + P_bc Q_ad + P_bd Q_ac), Q
    = H_k - n_k P_k / 2 (observed) or n_k P_k / 2: the sum over patterns is one product of
    the stacked vech P_k and vech Q_k, the rest four gathers.
    """
    p = len(mu)
    size = p * (p + 1) // 2
    lower = vech_index(p)
    total = 0.0
    mean_slope, slope = np.zeros(p), np.zeros((p, p))
    sums = np.zeros((size, size))
    mean_block = np.zeros((p, p))
    along = np.zeros((size, p))
    for batch in batches(data, mu, sigma):
        total += batch.deviance
        curved = batch.curved()
        mean_slope += batch.u.sum(axis=0)
        slope += curved.sum(axis=0) / 2
        if information is None:
            continue
        flat = batch.precision[:, lower[0], lower[1]]
        weighted = batch.counts[:, None] * flat
        if information == "observed":
            weighted = curved[:, lower[0], lower[1]] + weighted / 2
            along += flat.T @ batch.u
        else:
            weighted = weighted / 2
        sums += flat.T @ weighted
        mean_block += np.einsum("k,kab->ab", batch.counts, batch.precision)
    found = None
    if information is not None:
        found = np.zeros((p + size, p + size))
        found[:p, :p] = mean_block
        found[p:, p:] = kernel(sums, p)
        if information == "observed":
            found[p:, :p] = mixed(along, p)
            found[:p, p:] = found[p:, :p].T
        found /= data.n
    return MomentSpace(total / data.n, mean_slope / data.n, slope / data.n, found)


def kernel(sums: Floats, p: int) -> Floats:
    """K (p*, p*) from Z[ac, bd] = sum P_ac Q_bd over vech positions, symmetrised.

    With Z + Z' two of the four terms are one gather, and what comes is symmetric.
    """
    both = (sums + sums.T).reshape(-1)
    straight, crossed = _kernel_gathers(p) if p <= KEPT else _gathers_of(p)
    m = vech_weights(p)
    out: Floats = np.take(both, straight)
    out += np.take(both, crossed)
    out *= m[:, None] / 4
    out *= m
    return out


def _gathers_of(p: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Places in flat Z of (a_i a_j, b_i b_j) and of (a_i b_j, b_i a_j): (p*, p*)."""
    a, b = vech_index(p)
    at = vech_position(p)
    size = len(a)
    straight = at[np.ix_(a, a)] * size + at[np.ix_(b, b)]
    return straight, at[np.ix_(a, b)] * size + at[np.ix_(b, a)]


_kernel_gathers = lru_cache(maxsize=2)(_gathers_of)


def mixed(along: Floats, p: int) -> Floats:
    """Mean-covariance block (p*, p): m_ab / 2 sum (P_ca u_b + P_cb u_a)."""
    a, b = vech_index(p)
    at, m = vech_position(p), vech_weights(p)
    block: Floats = along[at[a], b[:, None]] + along[at[b], a[:, None]]
    return block * (m / 2)[:, None]
