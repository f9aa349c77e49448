"""Ordinal factor models of several groups, thresholds in the model (theta parameterisation).

Moments of a group: thresholds tau* = d (tau - mu) and correlations rho = d Sigma d, d =
diag(Sigma)^(-1/2), with mu = nu + Lambda alpha and Sigma = Lambda Psi Lambda' + Theta.
Derivatives by the chain rule, d d_i / d sigma_ii = -sigma_ii^(-3/2) / 2. Minimised: F = sum f_g
(m - m(x))' W_g (m - m(x)), W_g = 1 / diag Gamma_g, f_g = (n_g - 1) / (N - G), by damped
Gauss-Newton. All traces are sums of (q, q) blocks over the groups, so that 49 groups need no
matrix of all moments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

from analysis.confirm.ordinal_measures import Adjusted, adjust
from analysis.confirm.table import Matrix, Part, Table
from analysis.errors import NotConverged
from analysis.influence import Influence, gamma, influence, require_informative, threshold_index
from analysis.merging import Held
from analysis.moments import Floats
from analysis.polychoric import Places, Polychorics, count, estimate

STEPS = 200
SETTLED = 1e-13
"""g' (D'WD)^-1 g per case below which the fit has settled."""
SMALLEST = 1e-6
"""Pivot of the scaled information from which it counts as singular."""


@dataclass(frozen=True, eq=False)
class GroupSample:
    """Thresholds and correlations of one group with their covariance."""

    found: Polychorics
    moments: Floats
    """(M,): thresholds item by item, then correlations."""
    gamma: Floats
    """(M, M)."""
    item: npt.NDArray[np.intp]
    step: npt.NDArray[np.intp]
    """Item and position of every threshold."""

    @property
    def n(self) -> int:
        """Rows used."""
        return self.found.n

    @property
    def weights(self) -> Floats:
        """Diagonal weights."""
        return np.asarray(1 / np.diag(self.gamma))


def group_sample(places: Places) -> GroupSample:
    """Moments of one group; its categories are those of the layout (all of them occur)."""
    found = estimate(count(places), "pairwise")
    tables: Influence = influence(found)
    require_informative(tables)
    item, step = threshold_index(found)
    moments = np.concatenate([found.tau[item, step], found.rho])
    return GroupSample(
        found, moments, gamma(tables, Held(places.place), thresholds=True), item, step
    )


def implied(part: Part, sample: GroupSample, x: Floats) -> tuple[Floats, Floats]:
    """Moments of a group (M,) and their derivatives in its free cells (M, cells) at ``x``."""
    filled = part.matrices(x)
    slopes = part.slopes(filled)
    sigma, mu = filled.sigma(), filled.mu()
    variance = np.diag(sigma)
    if not (variance > 0).all():
        return np.full(len(sample.moments), np.nan), np.zeros((0, 0))
    d = variance**-0.5
    i, j, item, step = sample.found.i, sample.found.j, sample.item, sample.step
    gap = filled.tau[item, step] - mu[item]
    tau, rho = d[item] * gap, d[i] * sigma[i, j] * d[j]
    every = np.arange(len(d))
    own = slopes.delta(every, every) / variance[:, None]
    by_tau = -d[item, None] * slopes.delta_mean()[item] - 0.5 * tau[:, None] * own[item]
    cells = part.where(Matrix.TAU)
    at = np.full(filled.tau.shape, -1)
    at[part.row[cells], part.column[cells]] = cells
    where = at[item, step]
    free = np.flatnonzero(where >= 0)
    by_tau[free, where[free]] += d[item[free]]
    by_rho = (d[i] * d[j])[:, None] * slopes.delta(j, i) - 0.5 * rho[:, None] * (own[i] + own[j])
    return np.concatenate([tau, rho]), np.vstack([by_tau, by_rho])


@dataclass(frozen=True, eq=False)
class GroupSolution:
    """A fitted model of several groups."""

    table: Table
    samples: tuple[GroupSample, ...]
    x: Floats
    f: float
    jacobians: tuple[Floats, ...]
    """(M, free cells) of each group."""
    residuals: tuple[Floats, ...]
    steps: int

    @property
    def n(self) -> int:
        """Rows of all groups."""
        return sum(sample.n for sample in self.samples)

    @property
    def size(self) -> int:
        """N - G."""
        return self.n - len(self.samples)

    @property
    def df(self) -> int:
        """Moments minus free parameters."""
        return sum(len(sample.moments) for sample in self.samples) - self.table.size

    @property
    def chisq(self) -> float:
        """(N - G) F."""
        return self.size * self.f

    def spread(self, blocks: Sequence[Floats]) -> Floats:
        """Add the groups' (cells, cells) blocks, weighted n_g / N, over parameters (q, q)."""
        out = np.zeros((self.table.size,) * 2)
        for part, sample, block in zip(self.table.parts, self.samples, blocks, strict=True):
            part.add_square(out, sample.n / self.n * block)
        return out

    def information(self) -> Floats:
        """D'WD (q, q)."""
        pairs = zip(self.samples, self.jacobians, strict=True)
        return self.spread([d.T @ (sample.weights[:, None] * d) for sample, d in pairs])

    def meat(self) -> Floats:
        """D'W Gamma W D (q, q)."""
        along = [s.weights[:, None] * d for s, d in zip(self.samples, self.jacobians, strict=True)]
        return self.spread([a.T @ s.gamma @ a for s, a in zip(self.samples, along, strict=True)])

    def covariance(self) -> Floats | None:
        """Sampling covariance of the estimates; None where the information has no inverse."""
        bread = inverse(self.information())
        return None if bread is None else bread @ self.meat() @ bread / self.size


def inverse(information: Floats) -> Floats | None:
    """Inverse of an information; None where it has none."""
    scale = np.sqrt(np.diag(information))
    if not (scale > 0).all():
        return None
    try:
        factor = linalg.cholesky(information / np.outer(scale, scale), lower=True)
    except linalg.LinAlgError:
        return None
    if np.diag(factor).min() < SMALLEST:
        return None
    half = linalg.solve_triangular(factor, np.eye(len(factor)), lower=True)
    return np.asarray(half.T @ half / np.outer(scale, scale))


def fit_groups(table: Table, samples: Sequence[GroupSample], what: str) -> GroupSolution:
    """Fit by Gauss-Newton with Levenberg damping. Raises `NotConverged`."""
    size = sum(sample.n for sample in samples) - len(samples)
    weights = [(sample.n - 1) / size * sample.weights for sample in samples]

    def look(x: Floats) -> tuple[float, list[Floats], list[Floats]]:
        total, residuals, jacobians = 0.0, [], []
        for part, sample, weight in zip(table.parts, samples, weights, strict=True):
            moments, jacobian = implied(part, sample, x)
            rest = sample.moments - moments
            total += float(weight @ rest**2)
            residuals.append(rest)
            jacobians.append(jacobian)
        return (total if np.isfinite(total) else np.inf), residuals, jacobians

    x, damping = table.start.copy(), 1e-3
    f, residuals, jacobians = look(x)
    for steps in range(1, STEPS + 1):
        gradient, information = np.zeros(table.size), np.zeros((table.size,) * 2)
        for part, weight, rest, d in zip(table.parts, weights, residuals, jacobians, strict=True):
            along = weight[:, None] * d
            part.add_vector(gradient, along.T @ rest)
            part.add_square(information, along.T @ d)
        diagonal = np.maximum(np.diag(information), 1e-10 * np.diag(information).max())
        step = _damped_step(information, diagonal, gradient, 1e-12)
        if float(gradient @ step) < SETTLED:
            return GroupSolution(
                table, tuple(samples), x, f, tuple(jacobians), tuple(residuals), steps
            )
        moved = False
        while damping < 1e10:
            new = x + _damped_step(information, diagonal, gradient, damping)
            lower, rests, slopes = look(new)
            if lower <= f + 1e-14 * max(1.0, f):
                x, f, residuals, jacobians, moved = new, lower, rests, slopes, True
                damping = max(damping / 10, 1e-12)
                break
            damping *= 10
        if not moved:
            break
    raise NotConverged(
        f"The {what} model of {len(samples)} groups did not settle. Look at the groups one by "
        "one: a factor may have no variance or an item no relation to it in one of them."
    )


def _damped_step(information: Floats, diagonal: Floats, gradient: Floats, damping: float) -> Floats:
    lifted = information.copy()
    lifted[np.diag_indices_from(lifted)] += damping * diagonal
    try:
        return np.asarray(linalg.cho_solve(linalg.cho_factor(lifted), gradient, check_finite=False))
    except linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(lifted, gradient, rcond=1e-13)[0])


@dataclass(frozen=True, slots=True)
class GroupTest:
    """Test of a model of several groups and of its baseline, adjusted."""

    chisq: float
    df: int
    scaled: Adjusted | None
    base: float
    base_df: int
    base_scaled: Adjusted


def test_of(solution: GroupSolution) -> GroupTest:
    """Scaled and shifted statistic (Asparouhov & Muthen 2010) over groups.

    U = V - V D E D'V, V = f W and Gamma / f, f = n_g / N, block diagonal; the baseline keeps the
    thresholds free, so its U is the correlations' part of V.
    """
    bread = inverse(solution.information())
    df = solution.df
    t1 = wide = base = base_t1 = base_t2 = 0.0
    crossed = []
    for sample, d in zip(solution.samples, solution.jacobians, strict=True):
        w, g = sample.weights, sample.gamma
        first = len(sample.item)
        t1 += float(w @ np.diag(g))
        wide += float(w @ g**2 @ w)
        through = g @ (w[:, None] * d)
        crossed.append(through.T @ (w[:, None] * through))
        rho, w_rho, g_rho = sample.found.rho, w[first:], g[first:, first:]
        base += (sample.n - 1) * float(w_rho @ rho**2)
        base_t1 += float(w_rho @ np.diag(g_rho))
        base_t2 += float(w_rho @ g_rho**2 @ w_rho)
    base_df = sum(len(sample.found.rho) for sample in solution.samples)
    base_scaled = adjust(base, base_df, base_t1, base_t2)
    scaled = None
    if bread is not None and df:
        middle = bread @ solution.meat()
        t1 -= float(np.trace(middle))
        cross = solution.spread(crossed)
        t2 = wide - 2 * float((bread * cross.T).sum()) + float((middle * middle.T).sum())
        scaled = adjust(solution.chisq, df, t1, t2)
    return GroupTest(solution.chisq, df, scaled, base, base_df, base_scaled)


def difference(wider: GroupSolution, tighter: GroupSolution) -> Adjusted | None:
    """Test of the restrictions that turn ``wider`` into ``tighter``, scaled and shifted.

    Satorra (2000), with lavaan's delta method: H = lstsq(D1, D0), A the left null space of H, B
    = E1 A'(A E1 A')^-1 A E1, M = V D1 B D1'V; t1 = tr(M Gamma), t2 = tr((M Gamma)^2).
    None where an information has no inverse.
    """
    bread = inverse(wider.information())
    m = tighter.df - wider.df
    if bread is None or m <= 0:
        return None
    size, gram = wider.table.size, np.zeros((wider.table.size,) * 2)
    mixed = np.zeros((size, tighter.table.size))
    parts = zip(wider.table.parts, tighter.table.parts, strict=True)
    slopes = zip(wider.jacobians, tighter.jacobians, strict=True)
    for (part1, part0), (d1, d0) in zip(parts, slopes, strict=True):
        part1.add_square(gram, d1.T @ d1)
        rows = part0.columns(d1.T @ d0, tighter.table.size)
        np.add.at(mixed, part1.key, rows)
    h = linalg.solve(gram, mixed, assume_a="pos")
    a = linalg.qr(h)[0][:, h.shape[1] :].T
    along = a @ bread
    b = along.T @ np.linalg.solve(along @ a.T, along)
    product = b @ wider.meat()
    return adjust(
        tighter.chisq - wider.chisq,
        m,
        float(np.trace(product)),
        float((product * product.T).sum()),
    )
