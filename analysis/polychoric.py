"""Polychoric correlations: what ordered answers would correlate as normal variables.

Two-step (Olsson 1979, Psychometrika 44): thresholds are the normal quantiles of each item's
cumulative proportions; then each pair's correlation maximises the likelihood of its table
with the thresholds held. Conventions are lavaan's (``lavCor``), so the numbers are:

- no continuity correction, except 2 x 2 tables with exactly one empty cell: +.5 on its
  diagonal and -.5 on the other, which keeps the margins;
- cell probabilities are floored at 1.49e-8; a floored cell leaves gradient, information and
  scores. A few answers that contradict the model (careless respondents) then cannot drag the
  estimate; they are counted in ``contradictions``.

Everything is computed from the tables, so after one pass nothing depends on n.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis import bivariate
from analysis.counts import Burt, Counting
from analysis.counts_layout import ABSENT, Layout
from analysis.errors import (
    DegenerateItem,
    ImproperSolution,
    NotCategorical,
    NotConverged,
    NotEnoughData,
    WrongArgument,
)
from analysis.moments import SINGULAR, Floats, Missing, chosen, names_of
from analysis.results import Flag, Result

if TYPE_CHECKING:
    import pandas as pd

FLOOR = float(np.sqrt(np.finfo(np.float64).eps))
"""lavaan's lowest cell probability, 1.49e-8."""
LIMIT = 0.9999
"""The search stays inside (-LIMIT, LIMIT)."""
EXTREME = 0.99
"""|rho| from here on is flagged: the table says little about where it is."""
FAR = 12.0
"""Threshold above the highest category; P(Z > 12) is 0 in double precision."""
MOST = 50
"""Most categories of an item."""
STEPS = 100


@dataclass(frozen=True, eq=False)
class Places:
    """Answers as places 0..k-1 among the categories that occur."""

    layout: Layout
    place: npt.NDArray[np.uint8]
    """(p, n), `ABSENT` where no answer is; rows without any answer are not here."""
    given: int
    """Rows given, used or not."""


@dataclass(frozen=True, eq=False)
class Polychorics:
    """The estimates as arrays, for what is built on them; k = most categories of an item."""

    layout: Layout
    n: int
    tau: Floats
    """(p, k - 1), `FAR` beyond an item's last threshold."""
    i: npt.NDArray[np.intp]
    j: npt.NDArray[np.intp]
    """(P,), items of each pair, i < j: vech order without the diagonal."""
    rho: Floats
    """(P,)."""
    tables: Floats
    """(P, k, k), counts."""
    margins: Floats
    """(p, k), counts of all who answered the item."""

    def matrix(self) -> Floats:
        """(p, p) with a unit diagonal."""
        out = np.eye(len(self.tau))
        out[self.i, self.j] = out[self.j, self.i] = self.rho
        return out

    def thresholds(self) -> list[Floats]:
        """Thresholds of each item, without the padding."""
        sizes = self.layout.sizes
        return [row[: size - 1] for row, size in zip(self.tau, sizes, strict=True)]


@dataclass(frozen=True, kw_only=True, eq=False)
class PolychoricMatrix(Result):
    """Polychoric correlations of all pairs of items."""

    rho: pd.DataFrame
    se: pd.DataFrame
    """Standard errors of rho (Muthen 1984), the sampling of the thresholds included."""
    thresholds: pd.DataFrame
    """Item x t1, t2, ...; NaN beyond an item's last one."""
    pairs: pd.DataFrame
    """Rows that answered both."""
    smallest_eigenvalue: float
    contradictions: int
    """Answers in cells the model calls impossible, summed over pairs."""
    dropped: int


def matrix(frame: pd.DataFrame | Burt, *, missing: Missing = "listwise") -> PolychoricMatrix:
    """Polychoric correlations of the columns of ``frame`` (answers, or their `Burt` counts).

    Categories are the codes that occur, in ascending order; they may start at 0 or have gaps,
    and items may have different numbers of them (2 to 50). Two categories in both items:
    tetrachoric. R: ``lavaan::lavCor(x, ordered = names(x))`` (listwise), with ``missing =
    "pairwise"`` (each pair over the rows that answered both, thresholds over all who answered
    the item). ``psych::polychoric(correct = 0, global = TRUE)`` agrees to 2e-5.

    Flags: ``extreme_correlation`` with pairs beyond |.99|, ``contradictions`` with their
    number, ``not_positive_definite`` when no factor model can be fitted to the matrix (each
    pair is estimated by itself), naming the items of the null direction.
    Raises `NotCategorical` (numbers that are not whole, more than 50 categories),
    `DegenerateItem` (one category), `NotEnoughData` (fewer than 2 items or rows, a pair
    without common rows), `ImproperSolution` (a 2 x 2 table with two empty cells).
    """
    import pandas as pd

    counts = frame if isinstance(frame, Burt) else count(encode(frame, missing=missing))
    found = estimate(counts, missing)
    table = np.asarray(found.matrix())
    names = found.layout.names
    items = pd.Index(names)
    roots, vectors = np.linalg.eigh(table)
    flags: list[Flag] = []
    steep = np.flatnonzero(np.abs(found.rho) > EXTREME)
    if len(steep):
        pairs = tuple(f"{names[found.i[q]]}-{names[found.j[q]]}" for q in steep)
        flags.append(Flag("extreme_correlation", pairs, EXTREME))
    against = contradictions(found)
    if against:
        flags.append(Flag("contradictions", (), against))
    if roots[0] <= SINGULAR * roots[-1]:
        weight = np.abs(vectors[:, 0])
        heavy = tuple(names[q] for q in np.flatnonzero(weight > 0.25 * weight.max()))
        flags.append(Flag("not_positive_definite", heavy, float(roots[0])))
    both = np.diag(found.margins.sum(axis=1))
    both[found.i, found.j] = both[found.j, found.i] = found.tables.sum(axis=(1, 2))
    from analysis.influence import influence

    error = np.zeros_like(table)
    error[found.i, found.j] = np.sqrt(influence(found).gamma_rho / found.n)
    columns = pd.Index([f"t{t + 1}" for t in range(found.tau.shape[1])])

    def square(cells: Floats) -> pd.DataFrame:
        return pd.DataFrame(cells, index=items, columns=items)

    return PolychoricMatrix(
        n=found.n,
        method="two-step polychoric correlations, no continuity correction (lavaan lavCor)",
        missing=missing,
        flags=tuple(flags),
        rho=square(table),
        se=square(error + error.T),
        thresholds=pd.DataFrame(
            np.where(found.tau == FAR, np.nan, found.tau), index=items, columns=columns
        ),
        pairs=square(both),
        smallest_eigenvalue=float(roots[0]),
        contradictions=against,
        dropped=counts.rows - found.n,
    )


def encode(
    frame: pd.DataFrame, items: Sequence[str] | None = None, *, missing: Missing = "listwise"
) -> Places:
    """Turn answers (columns ``items``, or all) into places among the categories that occur.

    Raises `NotCategorical`, `DegenerateItem`, `NotEnoughData`, `MissingColumn`,
    `DuplicateName`, `NotANumber` (text, infinite).
    """
    names = names_of(frame) if items is None else tuple(items)
    data = chosen(frame, names)
    given = len(data)
    if missing not in {"listwise", "pairwise"}:
        raise WrongArgument(f"missing is {missing!r}; choose 'pairwise' or 'listwise'.")
    absent = np.isnan(data)
    lost = absent.any(axis=1) if missing == "listwise" else absent.all(axis=1)
    if lost.any():
        data, absent = data[~lost], absent[~lost]
    if len(data) < 2 or not names:
        raise NotEnoughData(
            f"{len(data)} rows can be used for {', '.join(names) or 'no items'}; categories "
            "need two rows or more."
        )
    empty = [names[j] for j in np.flatnonzero(absent.all(axis=0))]
    if empty:
        raise NotEnoughData(f"Nobody used here answered {', '.join(empty)}; leave the column out.")
    low = np.nanmin(data, axis=0)
    data = data - low
    for name, least, top in zip(names, low, np.nanmax(data, axis=0), strict=True):
        if not np.isfinite(top) or top > ABSENT - 1:
            raise NotCategorical(
                name, f"{least:g} to {least + top:g}", "categories are few whole numbers"
            )
    filled = np.where(absent, ABSENT, data)
    place = np.ascontiguousarray(filled.T).astype(np.uint8)
    broken = filled != place.T
    if broken.any():
        j = int(np.nonzero(broken.any(axis=0))[0][0])
        value = data[broken[:, j], j][0] + low[j]
        raise NotCategorical(names[j], f"{value:g}", "categories are whole numbers")
    codes: list[tuple[int, ...]] = []
    for j, name in enumerate(names):
        seen = np.flatnonzero(np.bincount(place[j], minlength=ABSENT + 1)[:ABSENT])
        if len(seen) > MOST:
            raise NotCategorical(
                name, f"{len(seen)} different values", f"at most {MOST} categories are taken"
            )
        if seen[-1] >= len(seen):  # a code that nobody used: close the gap
            close = np.full(ABSENT + 1, ABSENT, dtype=np.uint8)
            close[seen] = np.arange(len(seen))
            place[j] = close[place[j]]
        codes.append(tuple(int(code) for code in seen + int(low[j])))
    flat = [j for j, found in enumerate(codes) if len(found) == 1]
    if flat:
        raise DegenerateItem([names[j] for j in flat], values=[codes[j][0] for j in flat])
    return Places(Layout(names, tuple(codes)), place, given)


def count(places: Places) -> Burt:
    """Count the tables of all pairs."""
    plain = Layout(places.layout.names, tuple(tuple(range(k)) for k in places.layout.sizes))
    found = Counting(plain, frozenset({ABSENT}))(places.place.T)
    return Burt(places.layout, found.counts, found.complete, places.given, found.n)


def estimate(counts: Burt, missing: Missing = "pairwise") -> Polychorics:
    """Thresholds and correlations from the tables.

    Categories nobody used are dropped. Raises what `matrix` raises.
    """
    full = counts.counts if missing == "pairwise" else counts._of("listwise")
    counts = _used(counts, full)
    layout, sizes = counts.layout, counts.layout.sizes
    flat = [name for name, size in zip(layout.names, sizes, strict=True) if size < 2]
    if flat:
        raise DegenerateItem(flat)
    p, k = len(sizes), max(sizes)
    if p < 2:
        raise NotEnoughData(f"Correlations need two items or more; {layout.names[0]} is one.")
    n = counts.n if missing == "pairwise" else counts.n_complete
    padded = np.zeros((p, k, p, k))
    item, category = counts.layout.columns()
    padded[item[:, None], category[:, None], item[None], category[None]] = counts.counts
    i, j = np.triu_indices(p, 1)
    tables = padded[i, :, j, :]
    margins = np.einsum("iaia->ia", padded).copy()
    bare = np.flatnonzero(tables.sum(axis=(1, 2)) < 2)
    if len(bare):
        raise NotEnoughData(
            f"Items {layout.names[i[bare[0]]]} and {layout.names[j[bare[0]]]} were answered "
            "together by fewer than two persons; leave one of them out."
        )
    tau = thresholds_of(margins, np.array(sizes))
    kept, alone = adjusted(tables, np.array(sizes)[i], np.array(sizes)[j])
    if alone.any():
        q = int(np.flatnonzero(alone)[0])
        pair = (layout.names[i[q]], layout.names[j[q]])
        raise ImproperSolution(
            f"Items {pair[0]} and {pair[1]} leave two of their four cells empty: one answer gives "
            "away the other and their correlation is 1 or -1. Leave one of them out.",
            pair,
        )
    rho, settled = search(kept, tau[i], tau[j])
    if not settled.all():
        q = int(np.flatnonzero(~settled)[0])
        raise NotConverged(
            f"The polychoric correlation of {layout.names[i[q]]} and {layout.names[j[q]]} did not "
            "settle; look at their table."
        )
    return Polychorics(layout, n, tau, i, j, rho, tables, margins)


def thresholds_of(margins: Floats, sizes: npt.NDArray[np.int_]) -> Floats:
    """Thresholds (p, k - 1) of counts (p, k), `FAR` beyond an item's last one."""
    share = np.cumsum(margins, axis=1)[:, :-1] / margins.sum(axis=1, keepdims=True)
    # every category counted here occurs, so a share is 1 only beyond the last one
    beyond = np.arange(1, margins.shape[1])[None] >= sizes[:, None]
    return np.where(beyond, FAR, special.ndtri(np.where(beyond, 0.5, share)))


def _used(counts: Burt, full: npt.NDArray[np.int64]) -> Burt:
    """Keep the categories that occur."""
    kept = np.diag(full) > 0
    codes, item = counts.layout.codes, counts.layout.columns()[0]
    value = counts.layout.values()
    left = tuple(tuple(int(code) for code in value[kept & (item == q)]) for q in range(len(codes)))
    empty = [name for name, some in zip(counts.names, left, strict=True) if not some]
    if empty:
        raise NotEnoughData(f"Nobody used here answered {', '.join(empty)}; leave the column out.")
    again = np.ix_(kept, kept)
    complete = None if counts.complete is None else counts.complete[again]
    return Burt(Layout(counts.names, left), full[again], complete, counts.rows, counts.n)


def _pearson(tables: Floats) -> Floats:
    """Correlation of the places, as a start."""
    n = tables.sum(axis=(1, 2))
    k = np.arange(tables.shape[1], dtype=np.float64)
    rows, columns = tables.sum(axis=2) / n[:, None], tables.sum(axis=1) / n[:, None]
    mean_a, mean_b = rows @ k, columns @ k
    cross = np.einsum("pab,a,b->p", tables, k, k) / n - mean_a * mean_b
    spread = (rows @ k**2 - mean_a**2) * (columns @ k**2 - mean_b**2)
    safe = np.where(spread > 0, spread, 1.0)
    return np.asarray(np.clip(cross / np.sqrt(safe), -0.95, 0.95), dtype=np.float64)


def adjusted(
    tables: Floats, rows: npt.NDArray[np.int_], columns: npt.NDArray[np.int_]
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Apply the rule of 2 x 2 tables with one empty cell; say which have two or more.

    ``rows``, ``columns``: categories of the two items of each pair.
    """
    alone = np.zeros(len(tables), dtype=bool)
    small = np.flatnonzero((rows == 2) & (columns == 2))
    if not len(small):
        return tables, alone
    out = tables.copy()
    four = tables[small][:, :2, :2]
    empty = (four == 0).sum(axis=(1, 2))
    alone[small] = empty > 1
    one = empty == 1
    on = (four[:, 0, 0] == 0) | (four[:, 1, 1] == 0)
    shift = np.where(one, np.where(on, 0.5, -0.5), 0.0)
    out[small, :2, :2] = four + shift[:, None, None] * np.array([[1, -1], [-1, 1]])
    return out, alone


def search(
    tables: Floats,
    a: Floats,
    b: Floats,
    *,
    start: Floats | None = None,
    within: float = 1e-11,
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Correlations of tables (P, k, k) at thresholds a, b (P, k - 1), and which have settled.

    Fisher scoring of all pairs at once, from the correlation of the places, inside brackets
    that the sign of the gradient shrinks: without them a table with an empty cell may
    oscillate for ever. ``start`` (P,): from these instead, as resamples may from the sample's;
    ``within``: the last step, up to which a correlation has settled.
    """
    rho = _pearson(tables) if start is None else start.copy()
    low, high = np.full_like(rho, -LIMIT), np.full_like(rho, LIMIT)
    n = tables.sum(axis=(1, 2))
    active = np.arange(len(rho))
    for _ in range(STEPS):
        r = rho[active]
        prob = bivariate.cells(a[active], b[active], r)
        slope = bivariate.cell_slopes(a[active], b[active], r)
        score = np.divide(slope, prob, out=np.zeros_like(prob), where=prob > FLOOR)
        gradient = (tables[active] * score).sum(axis=(1, 2))
        information = n[active] * (slope * score).sum(axis=(1, 2))
        up = gradient > 0
        low[active[up]], high[active[~up]] = r[up], r[~up]
        with np.errstate(divide="ignore", invalid="ignore"):
            new = r + gradient / information
        outside = ~((new > low[active]) & (new < high[active]))
        new[outside] = ((low[active] + high[active]) / 2)[outside]
        rho[active] = new
        active = active[np.abs(new - r) > within]
        if not len(active):
            break
    settled = np.ones(len(rho), dtype=bool)
    settled[active] = False
    return rho, settled


def contradictions(found: Polychorics) -> int:
    """Answers in cells whose probability is below `FLOOR`, summed over pairs."""
    prob = bivariate.cells(found.tau[found.i], found.tau[found.j], found.rho)
    return int(found.tables[prob <= FLOOR].sum())
