"""Fit a structure to prepared data: estimates, covariance of estimates, fit measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import linalg

from analysis.confirm import casewise, indices
from analysis.confirm.corrected import (
    GroupSpace,
    baseline_gap,
    complete_information,
    expected_gap,
)
from analysis.confirm.data import Incomplete, Prepared
from analysis.confirm.fiml import MissingLikelihood, item_kurtosis, saturated_meat
from analysis.confirm.identify import require_identified
from analysis.confirm.indices import Fit, Pair, Residuals
from analysis.confirm.normal import NormalLikelihood
from analysis.confirm.search import Objective, Optimum, maximise
from analysis.confirm.solution import Estimates
from analysis.confirm.structure import Identification, Sharing, Structure, build
from analysis.confirm.table import Matrices, Table
from analysis.errors import NotConverged
from analysis.moments import Floats

NormalEstimator = Literal["ML", "MLR"]


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A fitted model and the data it was fitted to."""

    estimates: Estimates
    data: Prepared
    estimator: NormalEstimator
    fit: Fit
    steps: int

    def objective(self, table: Table) -> Objective:
        """Objective of the same data for another table."""
        return objective_of(table, self.data)


def objective_of(table: Table, data: Prepared) -> NormalLikelihood | MissingLikelihood:
    """Likelihood of a table: complete rows, or FIML."""
    if data.incomplete is None:
        return NormalLikelihood(table, data.samples)
    return MissingLikelihood(table, data.incomplete.patterns)


def estimate(
    structure: Structure,
    data: Prepared,
    *,
    estimator: NormalEstimator = "ML",
    identification: Identification = "marker",
    sharing: Sharing | None = None,
) -> Solved:
    """Fit by maximum likelihood; means are modelled with groups and with missing answers.

    Raises `NotIdentified`, `NotConverged`.
    """
    table, best = _solve(structure, data, identification, sharing)
    objective = objective_of(table, data)
    covariance, extra = _uncertainty(objective, data, best.x, estimator)
    estimates = Estimates(structure, table, best.x, covariance, data.labels)
    fit = _fit(objective, data, best, estimates, extra)
    return Solved(estimates, data, estimator, fit, best.steps)


def _solve(
    structure: Structure,
    data: Prepared,
    identification: Identification,
    sharing: Sharing | None,
) -> tuple[Table, Optimum]:
    table = _table(structure, data, identification, sharing)
    require_identified(table, table.start)
    best = _climb(table, data, table.start)
    if best.converged:
        return table, best
    other: Identification = "variance" if identification == "marker" else "marker"
    second = _table(structure, data, other, sharing)
    again = _climb(second, data, second.start)
    if again.converged:
        start = table.read(_rescaled(second.matrices(again.x), structure, identification))
        if np.isfinite(start).all():
            best = _climb(table, data, start)
    if not best.converged:
        raise NotConverged(
            f"The model {', '.join(structure.factors)} did not settle after {best.steps} steps "
            f"(n = {data.n}), neither with a marker item nor with unit factor variances. Look "
            "at the correlations: a factor may have nothing its items share, or n is too small."
        )
    return table, best


def _table(
    structure: Structure,
    data: Prepared,
    identification: Identification,
    sharing: Sharing | None,
) -> Table:
    shared = sharing or Sharing(data.labels)
    means = None
    if shared.means or data.incomplete is not None or len(data.labels) > 1:
        means = [sample.mean for sample in data.samples]
    covariances = [sample.covariance for sample in data.samples]
    return build(structure, covariances, means, identification=identification, sharing=shared)


def _climb(table: Table, data: Prepared, start: Floats) -> Optimum:
    best = maximise(NormalLikelihood(table, data.samples), start)
    if data.incomplete is None:
        return best
    return maximise(MissingLikelihood(table, data.incomplete.patterns), best.x, near=True)


def _rescaled(
    filled: list[Matrices], structure: Structure, identification: Identification
) -> list[Matrices]:
    """Turn matrices of one identification into the other's (the implied moments stay)."""
    first = filled[0]
    for matrices in filled:
        if identification == "marker":
            scale = np.array([matrices.lam[mine[0], j] for j, mine in enumerate(structure.loads)])
        else:
            scale = 1 / np.sqrt(np.abs(np.diag(first.psi)))
        with np.errstate(divide="ignore", invalid="ignore"):
            matrices.lam = matrices.lam / scale
        matrices.psi = matrices.psi * np.outer(scale, scale)
        matrices.alpha = matrices.alpha * scale
    return filled


def inverse_information(information: Floats) -> Floats | None:
    """Inverse of an information matrix, or None where it is not positive definite."""
    diagonal = np.diag(information)
    if not (np.isfinite(diagonal).all() and (diagonal > 0).all()):
        return None
    scale = 1 / np.sqrt(diagonal)
    scaled = information * np.outer(scale, scale)
    try:
        factor = linalg.cho_factor(scaled, lower=True, check_finite=False)
    except linalg.LinAlgError:
        return None
    if np.diag(factor[0]).min() < 1e-7:
        return None
    inverse = linalg.cho_solve(factor, np.diag(scale), check_finite=False) * scale[:, None]
    return np.asarray((inverse + inverse.T) / 2)


@dataclass(frozen=True, slots=True)
class _Scaling:
    """tr_h1, tr_h0 of the model and tr_h0 of the baseline."""

    saturated: float
    model: float
    baseline: float
    meats: tuple[Floats, ...] = ()


def _uncertainty(
    objective: NormalLikelihood | MissingLikelihood,
    data: Prepared,
    x: Floats,
    estimator: NormalEstimator,
) -> tuple[Floats | None, _Scaling | None]:
    """Sampling covariance of the estimates, and under MLR the traces of the scaling."""
    complete = isinstance(objective, NormalLikelihood)
    observed = not complete or estimator == "MLR"
    bread = inverse_information(objective.derivatives(x, observed=observed)[1])
    if bread is None:
        return None, None
    if estimator == "ML":
        return bread / data.n, None
    if isinstance(objective, NormalLikelihood):
        assert data.rows is not None
        meat = casewise.meat(objective, x, data.rows)
        found = casewise.traces(data.samples, data.rows, means=objective.table.means)
        scaling = _Scaling(found.saturated, float((meat * bread).sum()), found.baseline)
    else:
        assert data.incomplete is not None
        meat = objective.meat(x, data.incomplete.cases)
        scaling = _missing_scaling(data.incomplete, float((meat * bread).sum()))
    covariance = bread @ meat @ bread / data.n
    return (covariance + covariance.T) / 2, scaling


def _missing_scaling(incomplete: Incomplete, model: float) -> _Scaling:
    saturated = baseline = 0.0
    meats = []
    groups = zip(incomplete.patterns, incomplete.cases, incomplete.saturated, strict=True)
    for patterns, cases, one in groups:
        meat = saturated_meat(cases, one.sample)
        information = one.at.information
        assert information is not None
        saturated += float(np.trace(np.linalg.solve(information, meat)))
        baseline += float((item_kurtosis(patterns, cases) - 1).sum()) / 2 + len(one.sample.mean)
        meats.append(meat)
    return _Scaling(saturated, model, baseline, tuple(meats))


def _fit(
    objective: NormalLikelihood | MissingLikelihood,
    data: Prepared,
    best: Optimum,
    estimates: Estimates,
    scaling: _Scaling | None,
) -> Fit:
    table = objective.table
    n, groups, p, df = data.n, table.groups, len(table.items), table.df
    base_df = groups * p * (p - 1) // 2
    saturated, chisq, base = _likelihoods(data, best)
    pair = Pair(max(chisq, 0.0), df, base, base_df)
    fit: Fit = {"npar": table.size, "fmin": pair.chisq / n / 2, "ntotal": n, "ngroups": groups}
    fit |= indices.plain(pair, n, groups)
    if scaling is not None and df > 0:
        factor = (scaling.saturated - scaling.model) / df
        base_factor = (scaling.saturated - scaling.baseline) / base_df
        fit |= {
            "scaling.factor.h1": scaling.saturated / table.moments,
            "scaling.factor.h0": scaling.model / table.size,
        }
        if factor > 0 and base_factor > 0:
            fit |= indices.scaled(pair, factor, base_factor, n, groups)
            if data.incomplete is None:
                fit |= indices.robust(pair, factor, base_factor, n, groups)
    if data.incomplete is not None and df > 0 and estimates.covariance is not None:
        fit |= _corrected(data, table, best.x, scaling)
    fit |= indices.information_criteria(saturated - pair.chisq / 2, saturated, table.size, n)
    fit |= indices.sample_size(pair.chisq, df, table.size, n)
    fit |= indices.srmr(_residuals(data, estimates, means=table.means))
    return fit


def _likelihoods(data: Prepared, best: Optimum) -> tuple[float, float, float]:
    """Log-likelihood of the saturated model, chi-square, chi-square of the baseline."""
    if data.incomplete is None:
        saturated = base = 0.0
        for sample in data.samples:
            p, log_det = len(sample.mean), sample.log_det
            saturated -= sample.n / 2 * (p * np.log(2 * np.pi) + log_det + p)
            base += sample.n * (float(np.log(np.diag(sample.covariance)).sum()) - log_det)
        return float(saturated), data.n * best.deviance, float(base)
    saturated = free = base = 0.0
    for patterns, one in zip(data.incomplete.patterns, data.incomplete.saturated, strict=True):
        saturated += one.log_likelihood
        free += patterns.n * one.at.deviance
        variance = patterns.squares / patterns.answered
        base += float((patterns.answered * (np.log(variance) + 1)).sum())
    return saturated, data.n * best.deviance - free, base - free


def _corrected(data: Prepared, table: Table, x: Floats, scaling: _Scaling | None) -> Fit:
    """Robust indices with missing answers (`analysis.confirm.corrected`)."""
    assert data.incomplete is not None
    n, groups, p = data.n, table.groups, len(table.items)
    spaces, deltas = [], []
    base = 0.0
    found = zip(data.incomplete.patterns, data.incomplete.saturated, table.parts, strict=True)
    for g, (patterns, one, part) in enumerate(found):
        assert one.at.information is not None
        spaces.append(
            GroupSpace(
                patterns.n / n,
                one.at.information,
                complete_information(one.sample.covariance),
                scaling.meats[g] if scaling else None,
            )
        )
        slopes = part.slopes(part.matrices(x)).moments(means=True)
        deltas.append(part.columns(slopes, table.size))
        variance = patterns.squares / patterns.answered
        gap = one.sample.mean - patterns.centre
        second = np.diag(one.sample.covariance) + gap**2
        base += patterns.n * float(
            (np.log(variance) + second / variance).sum() - one.sample.log_det - p
        )
    base_df = groups * p * (p - 1) // 2
    model = n * NormalLikelihood(table, data.samples).deviance(x)
    factor = expected_gap(spaces, deltas) / table.df
    base_factor = baseline_gap(spaces) / base_df
    return indices.robust(Pair(model, table.df, base, base_df), factor, base_factor, n, groups)


def _residuals(data: Prepared, estimates: Estimates, *, means: bool) -> list[Residuals]:
    return [
        Residuals(
            sample.covariance,
            matrices.sigma(),
            (sample.mean, matrices.mu()) if means else None,
            sample.n / data.n,
        )
        for sample, matrices in zip(data.samples, estimates.matrices(), strict=True)
    ]
