"""A fitted ordinal model of several groups as a `Confirmation`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.confirm import indices
from analysis.confirm.modification import modification
from analysis.confirm.ordinal_groups import GroupSample, GroupSolution, implied, test_of
from analysis.confirm.ordinal_measures import scaled_measures
from analysis.confirm.result import Confirmation, tables_of
from analysis.confirm.solution import Estimates, improper, tabulate
from analysis.confirm.structure import Structure
from analysis.confirm.table import Table
from analysis.moments import Floats

if TYPE_CHECKING:
    import pandas as pd


class GroupObjective:
    """`analysis.confirm.search.Objective` of thresholds and correlations of groups."""

    def __init__(self, table: Table, samples: tuple[GroupSample, ...]) -> None:
        self.table, self.samples = table, samples
        size = sum(sample.n for sample in samples) - len(samples)
        self.weights = [(sample.n - 1) / size * sample.weights for sample in samples]

    def deviance(self, x: Floats) -> float:
        """Return F."""
        total = 0.0
        for part, sample, weight in zip(self.table.parts, self.samples, self.weights, strict=True):
            total += float(weight @ (sample.moments - implied(part, sample, x)[0]) ** 2)
        return total

    def derivatives(self, x: Floats, *, observed: bool) -> tuple[Floats, Floats]:
        """Score and Gauss-Newton information; ``observed`` makes no difference."""
        del observed
        gradient, information = np.zeros(self.table.size), np.zeros((self.table.size,) * 2)
        for part, sample, weight in zip(self.table.parts, self.samples, self.weights, strict=True):
            moments, jacobian = implied(part, sample, x)
            along = weight[:, None] * jacobian
            part.add_vector(gradient, along.T @ (sample.moments - moments))
            part.add_square(information, along.T @ jacobian)
        return gradient, information


@dataclass(frozen=True, slots=True, eq=False)
class GroupSource:
    """An ordinal model of several groups, for further questions."""

    solution: GroupSolution
    estimates: Estimates

    def parameters(self) -> pd.DataFrame:
        """Every parameter, groups one after the other."""
        import pandas as pd

        tables = []
        for g, label in enumerate(self.estimates.labels):
            table = tabulate(self.estimates, g)
            table.insert(3, "group", label)
            table.index = pd.Index([f"{name} [{label}]" for name in table.index])
            tables.append(table)
        return pd.concat(tables)

    def modification(self) -> pd.DataFrame:
        """Modification indices of the unscaled statistic."""
        samples = self.solution.samples
        return modification(
            self.estimates, lambda table: GroupObjective(table, samples), self.solution.size
        )

    def residuals(self) -> dict[str, tuple[Floats, Floats, int]]:
        """Polychoric and implied correlations."""
        out = {}
        matrices = self.estimates.matrices()
        found = zip(self.estimates.labels, self.solution.samples, matrices, strict=True)
        for label, sample, filled in found:
            sigma = filled.sigma()
            sd = np.sqrt(np.diag(sigma))
            out[label] = (sample.found.matrix(), sigma / np.outer(sd, sd), sample.n)
        return out


def group_confirmation(
    structure: Structure,
    solution: GroupSolution,
    labels: tuple[str, ...],
    *,
    method: str,
    dropped: int,
) -> Confirmation:
    """Make the result of a fitted model."""
    groups = () if labels == ("",) else labels
    estimates = Estimates(structure, solution.table, solution.x, solution.covariance(), labels)
    source = GroupSource(solution, estimates)
    parameters = source.parameters()
    return Confirmation(
        n=solution.n,
        method=method,
        missing="listwise",
        flags=improper(estimates),
        estimator="WLSMV",
        fit=group_fit(solution),
        model=structure.model,
        n_used=solution.n,
        n_dropped=dropped,
        groups=groups,
        _source=source,
        **tables_of(parameters, structure.model, groups),
    )


def group_fit(solution: GroupSolution) -> indices.Fit:
    """Fit measures in lavaan's names: naive and scaled; robust ones do not exist here.

    ``srmr``: correlations only, groups weighted n_g / N.
    """
    found = test_of(solution)
    groups, n = len(solution.samples), solution.size
    out: indices.Fit = {"npar": solution.table.size}
    pair = indices.Pair(found.chisq, found.df, found.base, found.base_df)
    out |= indices.plain(pair, n, groups)
    if found.scaled is not None:
        out |= scaled_measures(
            found.scaled, found.df, found.base_scaled, found.base_df, n, groups=groups
        )
    total = 0.0
    for sample, rest in zip(solution.samples, solution.residuals, strict=True):
        p = len(sample.found.tau)
        gap = rest[len(sample.item) :]
        total += sample.n / solution.n * float(np.sqrt((gap**2).sum() / (p * (p + 1) / 2)))
    out["srmr"] = total
    return out
