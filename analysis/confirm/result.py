"""The result of a confirmatory model, whatever estimator made it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from analysis.confirm.indices import Fit
from analysis.errors import WrongArgument
from analysis.moments import Floats
from analysis.results import Result, plain

if TYPE_CHECKING:
    import pandas as pd

VALUES = ["est", "se", "z", "p", "std", "std_se", "std_ci_low", "std_ci_high"]


class Source(Protocol):
    """What a fitted model can still be asked."""

    def parameters(self) -> pd.DataFrame:
        """Every parameter, one a row, as `analysis.confirm.solution.tabulate` has them."""

    def modification(self) -> pd.DataFrame:
        """Modification indices of every fixed loading and covariance."""

    def residuals(self) -> dict[str, tuple[Floats, Floats, int]]:
        """Observed and implied covariances and n of each group."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Confirmation(Result):
    """A fitted confirmatory factor model.

    With several groups the tables have a column ``group``.
    """

    estimator: str
    fit: Fit
    """lavaan's ``fitMeasures`` names: chisq df pvalue cfi tli rmsea rmsea.ci.lower
    rmsea.ci.upper rmsea.pvalue srmr logl aic bic, chisq.scaled cfi.scaled cfi.robust ...
    (see `analysis.confirm.indices`)."""
    model: dict[str, tuple[str, ...]]
    n_used: int
    n_dropped: int
    groups: tuple[str, ...]
    """Groups in order; empty for one sample."""
    loadings: pd.DataFrame
    """factor, item, est, se, z, p, std, std_se, std_ci_low, std_ci_high."""
    factor_correlations: pd.DataFrame
    """Factor x factor; with groups one block below the other, rows ``factor [group]``."""
    factor_covariances: pd.DataFrame
    residual_variances: pd.DataFrame
    """item, est, se, z, p, std (share of the item's variance), ..."""
    residual_covariances: pd.DataFrame
    intercepts: pd.DataFrame
    latent_means: pd.DataFrame
    thresholds: pd.DataFrame
    _source: Source

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            field.name: plain(getattr(self, field.name))
            for field in fields(self)
            if not field.name.startswith("_")
        }

    @property
    def parameters(self) -> pd.DataFrame:
        """Every parameter: lhs, op, rhs, est, se, z, p, ci_low, ci_high, std, ..."""
        return self._source.parameters()

    def modification(self, *, least: float = 0.0) -> pd.DataFrame:
        """Modification indices of at least ``least``, largest first.

        Columns lhs op rhs group mi p epc sepc_lv sepc_all; see
        `analysis.confirm.modification`. A suspicion, never a licence: change a model only
        for a reason in the wording of the items.
        """
        table = self._source.modification()
        if not self.groups:
            table = table.drop(columns="group")
        return table[table["mi"] >= least].reset_index(drop=True)

    def residuals(self, kind: str = "standardized", *, group: str | None = None) -> pd.DataFrame:
        """What the model leaves unexplained, item x item.

        ``standardized``: (S - Sigma) / (sd_i sd_j), observed SDs, the terms of SRMR.
        ``raw``: S - Sigma. ``normalized``: raw over the standard error of s_ij under
        normality, sqrt((s_ii s_jj + s_ij^2) / n) (Bollen 1989, p. 259).
        """
        import pandas as pd

        found = self._source.residuals()
        if group is None:
            group = next(iter(found))
        if group not in found:
            raise WrongArgument(f"Group {group} is not there; groups: {', '.join(found)}.")
        observed, implied, n = found[group]
        gap = observed - implied
        variance = np.diag(observed)
        if kind == "standardized":
            gap = gap / np.sqrt(np.outer(variance, variance))
        elif kind == "normalized":
            gap = gap / np.sqrt((np.outer(variance, variance) + observed**2) / n)
        elif kind != "raw":
            raise WrongArgument(
                f"residuals of kind {kind!r}; choose 'standardized', 'normalized' or 'raw'."
            )
        index = pd.Index(self.items)
        return pd.DataFrame(gap, index=index, columns=index)

    @property
    def items(self) -> tuple[str, ...]:
        """Items in the order of the model."""
        return tuple(dict.fromkeys(item for mine in self.model.values() for item in mine))

    def standardized(self) -> pd.DataFrame:
        """Standardised loadings, item x factor (0 where an item does not load)."""
        import pandas as pd

        if self.groups:
            raise WrongArgument("Ask one group's result for a loading table, or use .loadings.")
        table = pd.DataFrame(
            0.0, index=pd.Index(self.items), columns=pd.Index(list(self.model)), dtype=float
        )
        loadings = self.loadings
        for factor, item, value in zip(
            loadings["factor"], loadings["item"], loadings["std"], strict=True
        ):
            table.loc[item, factor] = value
        return table


def tables_of(
    parameters: pd.DataFrame, model: Mapping[str, Iterable[str]], groups: tuple[str, ...]
) -> dict[str, pd.DataFrame]:
    """Split the parameters into the tables of `Confirmation`."""
    import pandas as pd

    factors = list(model)
    texts = ["lhs", "rhs", *(["group"] if groups else [])]
    columns = {name: parameters[name].array for name in texts}
    # through arrays: selecting rows of the frame itself costs more than fitting the model
    values = parameters[VALUES].to_numpy(dtype=np.float64)
    lhs, rhs, op = (parameters[name].to_numpy(dtype=object) for name in ("lhs", "rhs", "op"))
    of_factor = np.isin(lhs.astype(str), factors)

    def pick(rows: npt.NDArray[np.bool_], names: dict[str, str]) -> pd.DataFrame:
        at = np.flatnonzero(rows)
        table = pd.DataFrame(values[at], index=parameters.index.take(at), columns=VALUES)
        for place, old in enumerate(name for name in texts if name in names or name == "group"):
            table.insert(place, names.get(old, old), columns[old].take(at))
        return table

    same = lhs == rhs
    covariance = op == "~~"
    return {
        "loadings": pick(op == "=~", {"lhs": "factor", "rhs": "item"}),
        "factor_covariances": pick(
            covariance & of_factor, {"lhs": "factor", "rhs": "other_factor"}
        ),
        "residual_variances": pick(covariance & ~of_factor & same, {"lhs": "item"}),
        "residual_covariances": pick(
            covariance & ~of_factor & ~same, {"lhs": "item", "rhs": "other_item"}
        ),
        "intercepts": pick((op == "~1") & ~of_factor, {"lhs": "item"}),
        "latent_means": pick((op == "~1") & of_factor, {"lhs": "factor"}),
        "thresholds": pick(op == "|", {"lhs": "item", "rhs": "threshold"}),
        "factor_correlations": _correlations(parameters, factors, groups),
    }


def _correlations(
    parameters: pd.DataFrame, factors: list[str], groups: tuple[str, ...]
) -> pd.DataFrame:
    import pandas as pd

    place = {factor: i for i, factor in enumerate(factors)}
    labels = groups or ("",)
    found = {label: np.eye(len(factors)) for label in labels}
    of = parameters["group"] if groups else [""] * len(parameters)
    columns = (parameters[name] for name in ("lhs", "op", "rhs", "std"))
    for label, lhs, op, rhs, value in zip(of, *columns, strict=True):
        if op == "~~" and lhs in place:
            i, j = place[lhs], place[rhs]
            found[label][i, j] = found[label][j, i] = value
    blocks = [
        pd.DataFrame(
            found[label],
            index=pd.Index([f"{factor} [{label}]" if groups else factor for factor in factors]),
            columns=pd.Index(factors),
        )
        for label in labels
    ]
    return pd.concat(blocks) if groups else blocks[0]
