"""Fit of ordinal factor models in lavaan's names: naive, scaled and robust.

Three CFIs of one model differ widely (bfi: .916, .824, .751), so each has its name and the
naive one is never to be printed alone. Scaled: mean- and variance-adjusted statistic with
shift (Asparouhov & Muthen 2010). Robust: fit of the polychoric matrix in normal-theory
discrepancy at the DWLS estimates (Savalei 2021, Multivar. Behav. Res. 56). CFI: Bentler
(1990); RMSEA: Steiger (1990), 90 % interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.confirm import indices
from analysis.confirm.indices import Fit
from analysis.confirm.measures import chi2_tail
from analysis.confirm.normal import inverse_and_log_det
from analysis.confirm.ordinal import OrdinalSolution
from analysis.moments import Floats

DEFINITE = 1.5e-8
"""Smallest eigenvalue of the polychoric matrix from which robust indices exist."""


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A statistic adjusted by a X + b."""

    statistic: float
    factor: float
    """1 / a, as lavaan prints it."""
    shift: float
    t1: float
    t2: float


def adjust(x: float, df: int, t1: float, t2: float) -> Adjusted:
    """Scale and shift X so that mean and variance are those of chi-square(df)."""
    a = float(np.sqrt(df / t2))
    b = df - a * t1
    return Adjusted(a * x + b, 1 / a, b, t1, t2)


def traces(solution: OrdinalSolution, bread: Floats) -> tuple[float, float]:
    """tr(U Gamma) and tr((U Gamma)^2), U = W - W D E D'W."""
    w, gamma = solution.weights[:, None], solution.sample.gamma
    along = w * solution.jacobian
    product = w * gamma - along @ (bread @ (along.T @ gamma))
    return float(np.trace(product)), float((product * product.T).sum())


def fit_measures(solution: OrdinalSolution) -> Fit:
    """Fit of one group.

    Without a test (df 0) or without an inverse information there is no scaled statistic; the
    robust indices are None where the polychoric matrix is not positive definite.
    """
    n, df = solution.sample.n, solution.df
    rho, w = solution.sample.found.rho, solution.weights
    x, base, base_df = (n - 1) * solution.f, float((n - 1) * (w @ rho**2)), len(rho)
    e, p = solution.residuals, len(solution.table.items)
    out: Fit = {
        "npar": solution.table.size + sum(size - 1 for size in solution.sample.found.layout.sizes),
        "fmin": solution.f / 2 * (n - 1) / n,
    }
    out |= indices.plain(indices.Pair(x, df, base, base_df), n - 1, 1)
    bread = solution.bread
    if solution.estimator != "DWLS" and bread is not None and df:
        t1, t2 = traces(solution, bread)
        gamma = solution.sample.gamma
        base_t2 = float(w @ gamma**2 @ w)
        scaled = adjust(x, df, t1, t2)
        scaled_base = adjust(base, base_df, float(w @ np.diag(gamma)), base_t2)
        out |= scaled_measures(scaled, df, scaled_base, base_df, n - 1)
        out |= robust_measures(solution, bread)
    out["srmr"] = float(np.sqrt((e**2).sum() / (p * (p + 1) / 2)))
    out["crmr_nomean"] = float(np.sqrt((e**2).mean()))
    return out


def scaled_measures(
    scaled: Adjusted, df: int, base: Adjusted, base_df: int, n: int, *, groups: int = 1
) -> Fit:
    """Measures of the adjusted statistics, degrees of freedom unchanged."""
    out: Fit = {
        "chisq.scaled": scaled.statistic,
        "df.scaled": df,
        "pvalue.scaled": chi2_tail(scaled.statistic, df),
        "chisq.scaling.factor": scaled.factor,
        "chisq.shift": scaled.shift,
        "baseline.chisq.scaled": base.statistic,
        "baseline.df.scaled": base_df,
        "baseline.pvalue.scaled": chi2_tail(base.statistic, base_df),
        "baseline.chisq.scaling.factor": base.factor,
        "baseline.chisq.shift": base.shift,
    }
    pair = indices.Pair(scaled.statistic, df, base.statistic, base_df)
    out |= indices.incremental(pair, ".scaled")
    return out | indices.rmsea(scaled.statistic, df, n, groups, suffix=".scaled")


@dataclass(frozen=True, slots=True)
class RobustParts:
    """X3, c3 and the baseline's X3b, c3b of Savalei (2021)."""

    pair: indices.Pair
    factor: float
    base_factor: float


def robust_parts(solution: OrdinalSolution, bread: Floats) -> RobustParts | None:
    """What the robust indices are made of; None without a positive definite matrix.

    X3 = n F_ML(R; Sigma) and X3b = -n log|R|; V the off-diagonal block of K(Si, Si)/2; B = I -
    D E D'W; c3 = tr(B' V B Gamma)/df, c3b = tr(Gamma)/df_b.
    """
    r, implied = solution.sample.found.matrix(), solution.implied()
    found = inverse_and_log_det(implied)
    if found is None or np.linalg.eigvalsh(r)[0] <= DEFINITE:
        return None
    inverse, log_det = found
    n, df, pairs = solution.sample.n, solution.df, len(solution.weights)
    log_r = float(np.linalg.slogdet(r)[1])
    x3 = n * (log_det + float((inverse * r).sum()) - log_r - len(r))
    v = normal_weight(inverse, solution)
    gamma, d = solution.sample.gamma, solution.jacobian
    b_gamma = gamma - d @ (bread @ (d.T @ (solution.weights[:, None] * gamma)))
    # tr(B' V B Gamma) = tr(V B Gamma B'), and B Gamma B' = (B Gamma) B'
    back = (b_gamma * solution.weights) @ d @ bread @ d.T
    c3 = float((v * (b_gamma - back)).sum()) / df
    c3b = float(np.trace(gamma)) / pairs
    return RobustParts(indices.Pair(x3, df, -n * log_r, pairs), c3, c3b)


def robust_measures(solution: OrdinalSolution, bread: Floats) -> Fit:
    """Savalei's robust CFI, TLI and RMSEA of `robust_parts`, RMSEA over n - 1 as all here."""
    parts = robust_parts(solution, bread)
    if parts is None:
        names = ("rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "rmsea.pvalue")
        more = ("rmsea.notclose.pvalue", "cfi", "tli", "nnfi", "rni")
        return {f"{name}.robust": None for name in (*names, *more)}
    n = solution.sample.n
    return indices.robust(parts.pair, parts.factor, parts.base_factor, n - 1, 1)


def normal_weight(inverse: Floats, solution: OrdinalSolution) -> Floats:
    """Off-diagonal block of K(Si, Si)/2: (P, P), rows and columns in vech order.

    V[ab, cd] = (S_ac S_bd + S_ad S_bc), m_ab = m_cd = 2.
    """
    i, j = solution.sample.found.i, solution.sample.found.j
    block = inverse[np.ix_(i, i)] * inverse[np.ix_(j, j)]
    block += inverse[np.ix_(i, j)] * inverse[np.ix_(j, i)]
    return block
