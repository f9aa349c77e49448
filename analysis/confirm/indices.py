"""Fit indices of covariance structures, in the names of lavaan's ``fitMeasures``.

Conventions (lavaan 0.6): N = rows used (``n`` below; the least-squares estimators give
N - G); RMSEA times the square root of the number of groups; the baseline is independence
with free variances and, where means are modelled, free means, and never has the model's
equality constraints. ``srmr`` is lavaan's: residuals (S - Sigma) / (sd_i sd_j) with the
*observed* SDs over the p (p + 1) / 2 cells, and where means are modelled (ybar - mu) / sd
and p more cells, which lowers it. ``srmr_bentler_nomean`` leaves the means out always:
compare that one between models with and without means. Groups weigh n_g / N.

Sources: Bentler (1990) CFI; Tucker & Lewis (1973); Steiger (1990), Browne & Cudeck (1993)
RMSEA; Hu & Bentler (1999) SRMR; Brosseau-Liard, Savalei & Li (2012) and Brosseau-Liard &
Savalei (2014) robust RMSEA, CFI and TLI.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.confirm.measures import chi2_tail, noncentral_tail, noncentrality
from analysis.moments import Floats

Fit = dict[str, float | None]

CLOSE, NOT_CLOSE, LEVEL = 0.05, 0.08, 0.90


@dataclass(frozen=True, slots=True)
class Pair:
    """A test statistic and its degrees of freedom, of the model and of the baseline."""

    chisq: float
    df: float
    base: float
    base_df: float


def cfi_tli(pair: Pair) -> tuple[float, float]:
    """CFI and TLI. df = 0: both 1. TLI may exceed 1.

    CFI = 1 - max(X - df, 0) / max(X - df, Xb - dfb, 0);
    TLI = 1 - (X - df) dfb / ((Xb - dfb) df), df and dfb being the counts behind the
    (possibly corrected) expectations; see `robust` for those.
    """
    return _cfi_tli(pair.chisq - pair.df, pair.base - pair.base_df, pair.df, pair.base_df)


def _cfi_tli(gap: float, base_gap: float, df: float, base_df: float) -> tuple[float, float]:
    if df <= 0:
        return 1.0, 1.0
    worst = max(gap, base_gap, 0.0)
    cfi = 1 - max(gap, 0.0) / worst if worst > 0 else 1.0
    tli = 1 - gap * base_df / (base_gap * df) if base_gap != 0 else 1.0
    return cfi, tli


def incremental(pair: Pair, suffix: str = "") -> Fit:
    """CFI, TLI and their kin: NFI, PNFI, RFI (Bentler & Bonett 1980), IFI (Bollen 1989), RNI.

    nnfi is TLI by its older name; rni is CFI without its bounds.
    """
    x, df, xb, dfb = pair.chisq, pair.df, pair.base, pair.base_df
    cfi, tli = cfi_tli(pair)
    nfi = (xb - x) / xb if xb else None
    out: Fit = {
        "cfi": cfi,
        "tli": tli,
        "nnfi": tli,
        "nfi": nfi,
        "pnfi": df / dfb * nfi if nfi is not None else None,
        "rfi": (xb / dfb - x / df) / (xb / dfb) if df > 0 and xb else None,
        "ifi": (xb - x) / (xb - df) if xb != df else None,
        "rni": 1 - (x - df) / (xb - dfb) if xb != dfb else None,
    }
    return {f"{name}{suffix}": value for name, value in out.items()}


def sample_size(chisq: float, df: float, size: int, n: int) -> Fit:
    """Hoelter's (1983) critical n at .05 and .01, and the expected cross-validation index.

    cn = q / (X / N) + 1, q the chi-square quantile; ecvi = (X + 2 parameters) / N (Browne &
    Cudeck 1989).
    """
    out: Fit = {"ecvi": (chisq + 2 * size) / n}
    for name, level in (("cn_05", 0.05), ("cn_01", 0.01)):
        reachable = df > 0 and chisq > 0
        out[name] = float(special.chdtri(df, level)) / (chisq / n) + 1 if reachable else None
    return out


def rmsea(
    chisq: float,
    df: float,
    n: int,
    groups: int,
    *,
    factor: float = 1.0,
    suffix: str = "",
) -> Fit:
    """RMSEA, its 90 % interval, p of close (<= .05) and of not close (>= .08) fit.

    sqrt(G max(X / (N df) - c / N, 0)), c = ``factor``; interval: the noncentralities at
    which P(chi2(df, ncp) <= X / c) is .95 and .05, as sqrt(G c ncp / (N df)); p: the tail
    of X / c at ncp = N df .05^2 / (c G). c = 1: plain. The scaled one of MLR passes c df
    for ``df`` and X itself.
    """
    names = [f"rmsea{suffix}", f"rmsea.ci.lower{suffix}", f"rmsea.ci.upper{suffix}"]
    close, apart = f"rmsea.pvalue{suffix}", f"rmsea.notclose.pvalue{suffix}"
    if df <= 0 or factor <= 0:
        return dict.fromkeys(names, 0.0 if df <= 0 else None) | {close: None, apart: None}
    value = np.sqrt(groups * max(chisq / (n * df) - factor / n, 0.0))
    out: Fit = {names[0]: float(value)}
    for name, probability in zip(names[1:], (0.95, 0.05), strict=True):
        ncp = noncentrality(chisq / factor, df, probability)
        out[name] = float(np.sqrt(groups * factor * ncp / (n * df)))
    unit = n * df / (factor * groups)
    out[close] = noncentral_tail(chisq / factor, df, unit * CLOSE**2)
    out[apart] = 1 - noncentral_tail(chisq / factor, df, unit * NOT_CLOSE**2)
    return out


def plain(pair: Pair, n: int, groups: int) -> Fit:
    """Chi-square, baseline, incremental indices and RMSEA."""
    x, df, xb, dfb = pair.chisq, pair.df, pair.base, pair.base_df
    out: Fit = {
        "chisq": x,
        "df": df,
        "pvalue": chi2_tail(x, df) if df > 0 else None,
        "baseline.chisq": xb,
        "baseline.df": dfb,
        "baseline.pvalue": chi2_tail(xb, dfb),
    }
    out |= incremental(pair)
    out["mfi"] = float(np.exp(-(x - df) / (2 * n)))
    out |= rmsea(x, df, n, groups)
    out |= {"rmsea.ci.level": LEVEL, "rmsea.close.h0": CLOSE, "rmsea.notclose.h0": NOT_CLOSE}
    return out


def scaled(pair: Pair, factor: float, base_factor: float, n: int, groups: int) -> Fit:
    """Scaled statistics of MLR: X / c and Xb / cb; RMSEA from X with df replaced by c df.

    ``pair`` holds the unscaled statistics. df = 0 has no scaled test: nothing is returned.
    """
    if pair.df <= 0:
        return {}
    x, xb = pair.chisq / factor, pair.base / base_factor
    out: Fit = {
        "chisq.scaled": x,
        "df.scaled": pair.df,
        "pvalue.scaled": chi2_tail(x, pair.df),
        "chisq.scaling.factor": factor,
        "baseline.chisq.scaled": xb,
        "baseline.df.scaled": pair.base_df,
        "baseline.pvalue.scaled": chi2_tail(xb, pair.base_df),
        "baseline.chisq.scaling.factor": base_factor,
    }
    out |= incremental(Pair(x, pair.df, xb, pair.base_df), ".scaled")
    return out | rmsea(pair.chisq, factor * pair.df, n, groups, suffix=".scaled")


def robust(pair: Pair, factor: float, base_factor: float, n: int, groups: int) -> Fit:
    """Robust CFI, TLI and RMSEA: the expectations of X and Xb are c df and cb dfb."""
    if pair.df <= 0:
        return {}
    gap, base_gap = pair.chisq - factor * pair.df, pair.base - base_factor * pair.base_df
    cfi, tli = _cfi_tli(gap, base_gap, pair.df, pair.base_df)
    out: Fit = {
        "cfi.robust": cfi,
        "tli.robust": tli,
        "nnfi.robust": tli,
        "rni.robust": 1 - gap / base_gap if base_gap else None,
    }
    return out | rmsea(pair.chisq, pair.df, n, groups, factor=factor, suffix=".robust")


def information_criteria(logl: float, saturated: float, size: int, n: int) -> Fit:
    """Log-likelihoods, AIC, BIC (log N) and the sample-size adjusted BIC."""
    return {
        "logl": logl,
        "unrestricted.logl": saturated,
        "aic": -2 * logl + 2 * size,
        "bic": -2 * logl + size * float(np.log(n)),
        "bic2": -2 * logl + size * float(np.log((n + 2) / 24)),
    }


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Observed and implied moments of one group, and its weight n_g / N."""

    observed: Floats
    implied: Floats
    means: tuple[Floats, Floats] | None
    """Observed and implied, where means are modelled."""
    weight: float


def srmr(groups: Sequence[Residuals]) -> Fit:
    """Standardised root mean square residual, in both conventions (see the module).

    crmr: of the correlations (Bollen 1989), so without the diagonal: each matrix over its own
    SDs, the means too.
    """
    out = dict.fromkeys(("srmr", "srmr_bentler_nomean", "crmr", "crmr_nomean"), 0.0)
    for group in groups:
        variance, sigma = np.diag(group.observed), np.diag(group.implied)
        scale = np.sqrt(np.outer(variance, variance))
        gap = (group.observed - group.implied) / scale
        lower = gap[np.tril_indices(len(gap))]
        out["srmr_bentler_nomean"] += group.weight * np.sqrt((lower**2).mean())
        of_r = group.observed / scale - group.implied / np.sqrt(np.outer(sigma, sigma))
        below = of_r[np.tril_indices(len(of_r), -1)]
        out["crmr_nomean"] += group.weight * np.sqrt((below**2).mean())
        if group.means is not None:
            observed, implied = group.means
            lower = np.append(lower, (observed - implied) / np.sqrt(variance))
            below = np.append(below, observed / np.sqrt(variance) - implied / np.sqrt(sigma))
        out["srmr"] += group.weight * np.sqrt((lower**2).mean())
        out["crmr"] += group.weight * np.sqrt((below**2).mean())
    found: Fit = {name: float(value) for name, value in out.items()}
    return found | {"srmr_bentler": found["srmr"]}
