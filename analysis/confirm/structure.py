"""A factor model as a person writes it, and the parameter table it becomes.

A model is ``{"FACTOR": ["item", ...], ...}``. Parameters are named as in lavaan's syntax:
``agree=~A1`` (loading), ``A1~~A1`` (residual variance), ``A1~~A2`` (residual covariance),
``agree~~openness`` (factor covariance), ``A1~1`` (intercept), ``agree~1`` (latent mean);
a parameter of one group only ends in `` [group]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from analysis.confirm.starts import Starts, start_values
from analysis.confirm.table import Cell, Matrix, Table
from analysis.errors import UnknownName, WrongArgument
from analysis.moments import Floats

Identification = Literal["marker", "variance"]


@dataclass(frozen=True, slots=True)
class Structure:
    """Factors, their items, and what is correlated beside them."""

    factors: tuple[str, ...]
    items: tuple[str, ...]
    """Every item once, in the order of the model."""
    loads: tuple[tuple[int, ...], ...]
    """Items of each factor, by position."""
    uncorrelated: frozenset[tuple[int, int]] = frozenset()
    """Pairs of factors (low, high) whose covariance is fixed at 0."""
    residuals: tuple[tuple[int, int], ...] = ()
    """Pairs of items whose residuals may correlate."""
    equal: tuple[tuple[str, ...], ...] = ()
    """Sets of parameter names that are one parameter."""

    @property
    def model(self) -> dict[str, tuple[str, ...]]:
        """The model as it was given."""
        return {
            name: tuple(self.items[i] for i in mine)
            for name, mine in zip(self.factors, self.loads, strict=True)
        }


def read_structure(
    model: Mapping[str, Sequence[str]],
    *,
    orthogonal: bool | Iterable[str] = False,
    residuals: Iterable[tuple[str, str]] = (),
    methods: Mapping[str, Sequence[str]] | None = None,
    equal: Iterable[Sequence[str]] = (),
) -> Structure:
    """Read a model as given by a caller.

    ``orthogonal``: True (all factors uncorrelated) or names of factors uncorrelated with
    every other one (a bifactor model: the general and the group factors). ``methods``:
    further factors for a shared way of asking, uncorrelated with the model's factors.
    Raises `WrongArgument` for a model that is empty, or names an item twice in a factor;
    `UnknownName` for names in ``residuals`` or ``orthogonal`` that the model lacks.
    """
    whole = {str(name): [str(item) for item in items] for name, items in model.items()}
    extra = {str(name): [str(item) for item in items] for name, items in (methods or {}).items()}
    if not whole:
        raise WrongArgument('The model has no factor; give {"FACTOR": ["item", ...]}.')
    both = sorted(set(whole) & set(extra))
    if both:
        raise WrongArgument(f"{', '.join(both)} is named as a factor and as a method factor.")
    whole |= extra
    items: dict[str, int] = {}
    for name, mine in whole.items():
        if not mine:
            raise WrongArgument(f"Factor {name} has no items.")
        twice = sorted({item for item in mine if mine.count(item) > 1})
        if twice:
            raise WrongArgument(f"Factor {name} names {', '.join(twice)} twice; name items once.")
        for item in mine:
            items.setdefault(item, len(items))
    clash = sorted(set(whole) & set(items))
    if clash:
        raise WrongArgument(f"{', '.join(clash)} names a factor and an item; rename the factor.")
    factors = list(whole)
    apart = _apart(factors, orthogonal, extra)
    pairs = _pairs(residuals, items)
    return Structure(
        tuple(factors),
        tuple(items),
        tuple(tuple(items[item] for item in mine) for mine in whole.values()),
        apart,
        pairs,
        tuple(tuple(names) for names in equal),
    )


def _apart(
    factors: list[str], orthogonal: bool | Iterable[str], methods: Mapping[str, object]
) -> frozenset[tuple[int, int]]:
    alone: set[str]
    if isinstance(orthogonal, bool):
        alone = set(factors) if orthogonal else set()
    else:
        alone = set(orthogonal)
        unknown = sorted(alone - set(factors))
        if unknown:
            raise UnknownName(f"orthogonal names {', '.join(unknown)}; factors: {factors}.")
    alone |= set(methods)
    return frozenset(
        (i, j)
        for i in range(len(factors))
        for j in range(i + 1, len(factors))
        if factors[i] in alone or factors[j] in alone
    )


def _pairs(
    residuals: Iterable[tuple[str, str]], items: Mapping[str, int]
) -> tuple[tuple[int, int], ...]:
    out = []
    for a, b in residuals:
        unknown = [name for name in (a, b) if name not in items]
        if unknown or a == b:
            raise UnknownName(f"residuals names the pair {a}, {b}: give two items of the model.")
        i, j = sorted((items[a], items[b]))
        if (i, j) not in out:
            out.append((i, j))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Sharing:
    """What groups have in common."""

    labels: tuple[str, ...] = ("",)
    """Group labels in order; one empty label for a single group."""
    loadings: bool = False
    intercepts: bool = False
    """Also frees the latent means of every group but the first."""
    residuals: bool = False
    freed: frozenset[str] = frozenset()
    """Names (without group) that each group has for itself after all."""
    across: Mapping[str, str] = field(default_factory=dict)
    """Further names that are another one (waves: one item at two times)."""
    means: bool = False
    """Model the means even of one complete group."""
    latent_means: frozenset[str] = frozenset()
    """Factors whose mean is free in every group (waves: the later ones)."""


def build(
    structure: Structure,
    covariances: Sequence[Floats],
    means: Sequence[Floats] | None = None,
    *,
    identification: Identification = "marker",
    sharing: Sharing | None = None,
) -> Table:
    """Make the parameter table with start values from the groups' covariances (p, p).

    ``means``: item means of each group, which adds intercepts (latent means 0, free from
    the second group on where intercepts are shared). Marker: the first loading of each
    factor is 1; variance: factor variances are 1 (in the first group only where loadings
    are shared).
    """
    shared = sharing or Sharing()
    cells: list[Cell] = []
    for g, covariance in enumerate(covariances):
        starts = start_values(structure.loads, structure.uncorrelated, covariance)
        writer = _Writer(structure, shared, g, identification, cells)
        writer.loadings(starts)
        writer.factors(starts)
        writer.residuals(starts)
        if means is not None:
            writer.means(means[g])
    table = Table(
        structure.items,
        structure.factors,
        cells,
        groups=len(covariances),
        means=means is not None,
    )
    if not structure.equal and not shared.across:
        return table
    return _joined(table, structure, shared)


class _Writer:
    """Writes the cells of one group."""

    def __init__(
        self,
        structure: Structure,
        shared: Sharing,
        group: int,
        identification: Identification,
        cells: list[Cell],
    ) -> None:
        self.structure, self.shared, self.group = structure, shared, group
        self.identification, self.cells = identification, cells

    def key(self, name: str, *, same: bool) -> str:
        """Name of a parameter, with its group unless all groups share it."""
        if len(self.shared.labels) == 1 or (same and name not in self.shared.freed):
            return name
        return f"{name} [{self.shared.labels[self.group]}]"

    def add(self, kind: Matrix, row: int, column: int, key: str | None, value: float) -> None:
        self.cells.append(Cell(self.group, kind, row, column, key, value))

    def loadings(self, starts: Starts) -> None:
        marker = self.identification == "marker"
        for j, (factor, mine) in enumerate(
            zip(self.structure.factors, self.structure.loads, strict=True)
        ):
            unit = starts.loadings[mine[0], j] if marker else 1.0
            for order, i in enumerate(mine):
                name = f"{factor}=~{self.structure.items[i]}"
                key = self.key(name, same=self.shared.loadings)
                value = float(starts.loadings[i, j] / unit)
                fixed = marker and order == 0
                self.add(Matrix.LAMBDA, i, j, None if fixed else key, value)

    def factors(self, starts: Starts) -> None:
        marker = self.identification == "marker"
        unit = np.array(
            [
                starts.loadings[mine[0], j] if marker else 1.0
                for j, mine in enumerate(self.structure.loads)
            ]
        )
        free_variance = marker or (self.shared.loadings and self.group > 0)
        for j, factor in enumerate(self.structure.factors):
            for k in range(j, len(self.structure.factors)):
                if (j, k) in self.structure.uncorrelated:
                    continue
                key = self.key(f"{factor}~~{self.structure.factors[k]}", same=False)
                value = float(starts.phi[j, k] * unit[j] * unit[k])
                fixed = j == k and not free_variance
                self.add(Matrix.PSI, k, j, None if fixed else key, value)

    def residuals(self, starts: Starts) -> None:
        items = self.structure.items
        for i, item in enumerate(items):
            key = self.key(f"{item}~~{item}", same=self.shared.residuals)
            self.add(Matrix.THETA, i, i, key, float(starts.unique[i]))
        for i, j in self.structure.residuals:
            key = self.key(f"{items[i]}~~{items[j]}", same=False)
            self.add(Matrix.THETA, j, i, key, 0.0)

    def means(self, mean: Floats) -> None:
        for i, item in enumerate(self.structure.items):
            key = self.key(f"{item}~1", same=self.shared.intercepts)
            self.add(Matrix.NU, i, 0, key, float(mean[i]))
        later = self.shared.intercepts and self.group > 0
        for j, factor in enumerate(self.structure.factors):
            free = later or factor in self.shared.latent_means
            mean_key = self.key(f"{factor}~1", same=False) if free else None
            self.add(Matrix.ALPHA, j, 0, mean_key, 0.0)


def _joined(table: Table, structure: Structure, shared: Sharing) -> Table:
    """Give one key to the parameters that are said to be one."""
    first = dict(shared.across)
    for names in structure.equal:
        unknown = [name for name in names if name not in table.index]
        if unknown:
            raise UnknownName(
                f"equal names {', '.join(unknown)}, which the model does not estimate; "
                f"its parameters: {', '.join(table.keys)}."
            )
        first |= dict.fromkeys(names, names[0])
    cells = [
        Cell(
            c.group,
            c.matrix,
            c.row,
            c.column,
            first.get(c.key, c.key) if c.key is not None else None,
            c.value,
        )
        for c in table.cells
    ]
    return Table(table.items, table.factors, cells, groups=table.groups, means=table.means)
