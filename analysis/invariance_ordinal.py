"""Measurement invariance of ordered answers across groups (WLSMV, theta parameterisation).

Invariance of ordered answers is a matter of thresholds: equal loadings alone say nothing about
equal use of the categories. Two orders of steps are offered:

``lavaan`` (``group.equal = "thresholds"``, then ``"loadings"``, then ``"residuals"``):
configural; thresholds equal *and intercepts 0 in all groups* (latent means free from the second
group on), so this first step tests more than thresholds, and with loadings still free its fit
depends on which group comes first (that of the other steps does not); scalar: + loadings;
strict: + residual variances.

``wu-estabrook`` (Wu & Estabrook 2016, Psychometrika 81): configural; thresholds alone
(intercepts and residual variances free); loadings; intercepts (latent means free); residuals.
It needs four categories in every item: with three the first step cannot be told from the
configural model, with two nothing can.

Identification: Millsap & Yun-Tein (2004), Multivar. Behav. Res. 39. Differences are tested by
Satorra's (2000) scaled and shifted statistic, never by subtracting scaled statistics.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from analysis.confirm.data import group_codes
from analysis.confirm.measures import chi2_tail
from analysis.confirm.ordinal import sample_of, solve
from analysis.confirm.ordinal_group_fit import group_confirmation
from analysis.confirm.ordinal_groups import GroupSolution, difference, fit_groups, group_sample
from analysis.confirm.ordinal_sharing import OrdinalSharing, group_table
from analysis.confirm.result import Confirmation
from analysis.confirm.structure import Structure, read_structure
from analysis.counts_layout import ABSENT, Layout
from analysis.errors import (
    DegenerateItem,
    DuplicateName,
    MissingColumn,
    NotEnoughData,
    NotIdentified,
    UnknownName,
    WrongArgument,
)
from analysis.moments import chosen
from analysis.polychoric import Places, encode
from analysis.results import Flag, Result

if TYPE_CHECKING:
    import pandas as pd

Order = Literal["lavaan", "wu-estabrook"]
ROWS_PER_ITEM = 5.0
STEPS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "lavaan": {
        "configural": frozenset(),
        "thresholds": frozenset({"thresholds", "intercepts"}),
        "scalar": frozenset({"thresholds", "intercepts", "loadings"}),
        "strict": frozenset({"thresholds", "intercepts", "loadings", "residuals"}),
    },
    "wu-estabrook": {
        "configural": frozenset(),
        "thresholds": frozenset({"thresholds"}),
        "loadings": frozenset({"thresholds", "loadings"}),
        "intercepts": frozenset({"thresholds", "loadings", "intercepts"}),
        "residuals": frozenset({"thresholds", "loadings", "intercepts", "residuals"}),
    },
}
"""What is equal in all groups at each step."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OrdinalLadder(Result):
    """Invariance of ordered answers, step by step.

    There is no verdict: the limits for changes of CFI and RMSEA in use were found for
    continuous items.
    """

    estimator: str
    by: str
    groups: tuple[str, ...]
    """In order of first appearance; the first is the reference."""
    n_by_group: dict[str, int]
    n_dropped: int
    order: str
    rungs: dict[str, Confirmation]
    """The models by the step's name."""
    delta_cfi: pd.Series
    """Change of the *scaled* CFI against the step before."""
    delta_rmsea: pd.Series
    """Change of the scaled RMSEA."""
    delta_srmr: pd.Series
    lrt: pd.DataFrame
    """Step x df, chisq, df_diff, chisq_diff, p: the restrictions the step adds (Satorra 2000)."""
    latent_means: pd.DataFrame
    """factor, group, est, se, z, p, std where loadings and intercepts are equal."""
    merged: dict[str, tuple[tuple[int, ...], ...]]
    """Items whose categories were merged in all groups, and the categories as used."""
    freed: tuple[str, ...]

    @property
    def configural(self) -> Confirmation:
        """Nothing is equal."""
        return self.rungs["configural"]

    @property
    def thresholds(self) -> Confirmation:
        """Equal thresholds (and intercepts, in lavaan's order)."""
        return self.rungs["thresholds"]

    @property
    def scalar(self) -> Confirmation:
        """Equal thresholds, loadings and intercepts: latent means can be compared."""
        return self.rungs[_SCALAR[self.order]]

    @property
    def strict(self) -> Confirmation:
        """Equal residual variances as well."""
        return self.rungs[_STRICT[self.order]]


_SCALAR = {"lavaan": "scalar", "wu-estabrook": "intercepts"}
_STRICT = {"lavaan": "strict", "wu-estabrook": "residuals"}


def ladder(
    model: Mapping[str, Sequence[str]],
    frame: pd.DataFrame,
    group: str | pd.Series,
    *,
    order: Order = "lavaan",
    free: Iterable[str] = (),
    residuals: Iterable[tuple[str, str]] = (),
    rows_per_item: float = ROWS_PER_ITEM,
) -> OrdinalLadder:
    """Fit the invariance ladder of a model of ordered answers, complete rows.

    ``group``: a column of ``frame``, or one label a row (rows without one are dropped; order of
    first appearance, the first is the reference). ``free``: names of parameters that each group
    has for itself after all (partial invariance): ``"A1|t2"``, ``"agree=~A2"``, ``"A1~1"``,
    ``"A1~~A1"``. A category that a group never used is merged with its neighbour of fewer
    answers *in all groups* (thresholds can be equal only where categories are the same):
    ``merged`` and the flag ``merged_categories`` say which.
    chisq = sum (n_g - 1) F_g over thresholds and correlations; scaled and shifted as lavaan.
    R: ``lavaan::cfa(model, data, ordered = TRUE, group = g, parameterization = "theta",
    group.equal = ...)``, ``lavTestLRT(method = "satorra.2000")``.
    Raises `NotEnoughData` (fewer than two groups, or too few rows in one, naming it),
    `DegenerateItem` (naming item and group), `NotConverged`, `UnknownName`, what
    `analysis.polychoric.matrix` raises; `NotIdentified` where ``order`` needs more categories.
    """
    structure = read_structure(model, residuals=residuals)
    if order not in STEPS:
        raise WrongArgument(f"order is {order!r}; choose 'lavaan' or 'wu-estabrook'.")
    freed = tuple(free)
    split = _split(structure, frame, group, rows_per_item)
    layout = split.places[0].layout
    _require_categories(layout, order)
    _require_known(structure, layout, freed)
    samples = [group_sample(places) for places in split.places]
    # the first group alone, thresholds saturated, gives the starts of all
    first = solve(structure, sample_of(split.places[0], "listwise"))
    solutions: dict[str, GroupSolution] = {}
    for name, equal in STEPS[order].items():
        sharing = OrdinalSharing(
            split.labels,
            thresholds="thresholds" in equal,
            loadings="loadings" in equal,
            intercepts="intercepts" in equal,
            residuals="residuals" in equal,
            freed=frozenset(freed),
        )
        table = group_table(structure, samples, sharing, first)
        solutions[name] = fit_groups(table, samples, name)
    return _result(structure, split, solutions, order, freed)


@dataclass(frozen=True, slots=True)
class _Split:
    labels: tuple[str, ...]
    places: tuple[Places, ...]
    merged: dict[str, tuple[tuple[int, ...], ...]]
    dropped: int


def _split(
    structure: Structure, frame: pd.DataFrame, group: str | pd.Series, rows_per_item: float
) -> _Split:
    """Places of each group in one layout, empty categories merged."""
    column = _column(frame, group)
    items = structure.items
    grouped = column.notna().to_numpy()
    whole = frame[grouped]
    # the groups must be cut where the answers are: encode drops incomplete rows
    kept = np.asarray(~np.isnan(chosen(whole, items)).any(axis=1))
    everything = encode(whole, items)
    codes, labels = group_codes(column.loc[grouped].loc[kept])
    if len(labels) < 2:
        raise NotEnoughData(
            f"Comparing groups needs two; the complete rows hold {', '.join(labels) or 'none'}."
        )
    sizes = np.bincount(codes, minlength=len(labels))
    least = max(len(items) + 1, int(np.ceil(rows_per_item * len(items))))
    for label, size in zip(labels, sizes, strict=True):
        if size < least:
            raise NotEnoughData(
                f"{size} complete rows in group {label} for {len(items)} items; at least {least} "
                "are needed. Leave out the group, or compare larger ones."
            )
    place, layout, merged = _merged(everything, codes, labels)
    parts = tuple(
        Places(layout, np.ascontiguousarray(place[:, codes == g]), int(sizes[g]))
        for g in range(len(labels))
    )
    return _Split(labels, parts, merged, len(frame) - len(codes))


def _column(frame: pd.DataFrame, group: str | pd.Series) -> pd.Series:
    if not isinstance(group, str):
        if len(group) != len(frame):
            raise WrongArgument(f"group has {len(group)} labels for {len(frame)} rows.")
        return group
    names = [str(column) for column in frame.columns]
    if group not in names:
        raise MissingColumn("the frame", [group])
    if names.count(group) > 1:
        raise DuplicateName("the frame", [group])
    return frame.iloc[:, names.index(group)]


def _merged(
    places: Places, codes: npt.NDArray[np.intp], labels: tuple[str, ...]
) -> tuple[npt.NDArray[np.uint8], Layout, dict[str, tuple[tuple[int, ...], ...]]]:
    """Merge categories until every group uses every one."""
    place = places.place.copy()
    kept: list[tuple[int, ...]] = []
    merged: dict[str, tuple[tuple[int, ...], ...]] = {}
    for i, (name, own) in enumerate(zip(places.layout.names, places.layout.codes, strict=True)):
        counts = np.zeros((len(labels), len(own)), dtype=np.int64)
        np.add.at(counts, (codes, place[i]), 1)
        blocks = [[code] for code in own]
        target = np.arange(len(own))
        while len(blocks) > 1 and (counts == 0).any():
            c = int(np.flatnonzero((counts == 0).any(axis=0))[0])
            total = counts.sum(axis=0)
            left = c > 0 and (c == len(blocks) - 1 or total[c - 1] <= total[c + 1])
            low = c - 1 if left else c
            counts[:, low] += counts[:, low + 1]
            counts = np.delete(counts, low + 1, axis=1)
            blocks[low] += blocks.pop(low + 1)
            target[target > low] -= 1
        alone = [labels[g] for g in np.flatnonzero((counts > 0).sum(axis=1) < 2)]
        if alone:
            raise DegenerateItem([name], group=", ".join(alone))
        if len(blocks) < len(own):
            merged[name] = tuple(tuple(block) for block in blocks)
            close = np.full(ABSENT + 1, ABSENT, dtype=np.uint8)
            close[: len(own)] = target
            place[i] = close[place[i]]
        kept.append(tuple(block[0] for block in blocks))
    return place, Layout(places.layout.names, tuple(kept)), merged


def _require_categories(layout: Layout, order: Order) -> None:
    """Equal thresholds tell residual variances apart only from two thresholds on."""
    least = {"lavaan": 3, "wu-estabrook": 4}[order]
    few = [n for n, size in zip(layout.names, layout.sizes, strict=True) if size < least]
    if few:
        other = " Or take order='lavaan', which needs three." if least == 4 else ""
        raise NotIdentified(
            f"The steps of order {order!r} need {least} categories an item; {', '.join(few)} have "
            "fewer (after merging), so equal thresholds leave their residual variances open. "
            f"Leave them out, or compare the groups by ML.{other}",
            few,
        )


def _require_known(structure: Structure, layout: Layout, freed: tuple[str, ...]) -> None:
    loadings = [f"{f}=~{i}" for f, mine in structure.model.items() for i in mine[1:]]
    size = dict(zip(layout.names, layout.sizes, strict=True))
    thresholds = [f"{i}|t{t}" for i in structure.items for t in range(1, size[i])]
    own = [f"{i}~1" for i in structure.items] + [f"{i}~~{i}" for i in structure.items]
    known = {*loadings, *thresholds, *own}
    unknown = [name for name in freed if name not in known]
    if unknown:
        raise UnknownName(
            f"free names {', '.join(unknown)}, which no step makes equal (a marker loading is 1 "
            "everywhere: put another item first). Name loadings, thresholds, intercepts or "
            f"residual variances: {loadings[0] if loadings else own[0]}, {thresholds[0]}, "
            f"{own[0]}, {own[-1]}."
        )


def _result(
    structure: Structure,
    split: _Split,
    solutions: dict[str, GroupSolution],
    order: Order,
    freed: tuple[str, ...],
) -> OrdinalLadder:
    import pandas as pd

    method = "WLSMV by group, theta parameterisation (lavaan); equal: "
    rungs = {
        name: group_confirmation(
            structure,
            solution,
            split.labels,
            method=method + (", ".join(sorted(STEPS[order][name])) or "nothing"),
            dropped=split.dropped,
        )
        for name, solution in solutions.items()
    }
    names = list(rungs)

    def change(measure: str) -> pd.Series:
        values = [rung.fit.get(measure) for rung in rungs.values()]
        known = [np.nan if value is None else value for value in values]
        return pd.Series(np.diff(known), index=pd.Index(names[1:]), name=measure)

    flags = [
        Flag(flag.code, tuple(f"{name}: {x}" for x in flag.names), flag.value)
        for name, rung in rungs.items()
        for flag in rung.flags
    ]
    if split.merged:
        told = tuple(
            f"{item}: " + ", ".join("+".join(map(str, block)) for block in blocks)
            for item, blocks in split.merged.items()
        )
        flags.append(Flag("merged_categories", told))
    first = solutions[names[0]]
    return OrdinalLadder(
        n=first.n,
        method="measurement invariance of ordered answers, WLSMV by group, theta parameterisation; "
        f"changes of scaled CFI and RMSEA; differences by Satorra (2000); steps of {order}",
        missing="listwise",
        flags=tuple(flags),
        estimator="WLSMV",
        by="groups",
        groups=split.labels,
        n_by_group={x: sample.n for x, sample in zip(split.labels, first.samples, strict=True)},
        n_dropped=split.dropped,
        order=order,
        rungs=rungs,
        delta_cfi=change("cfi.scaled"),
        delta_rmsea=change("rmsea.scaled"),
        delta_srmr=change("srmr"),
        lrt=_differences(solutions),
        latent_means=rungs[_SCALAR[order]].latent_means.reset_index(drop=True),
        merged=split.merged,
        freed=freed,
    )


def _differences(solutions: dict[str, GroupSolution]) -> pd.DataFrame:
    import pandas as pd

    nan = float("nan")
    first = next(iter(solutions.values()))
    rows: list[tuple[float, ...]] = [(first.df, first.chisq, nan, nan, nan)]
    for wider, tighter in pairwise(solutions.values()):
        gap = tighter.df - wider.df
        test = difference(wider, tighter) if gap > 0 else None
        value = test.statistic if test else nan
        rows.append((tighter.df, tighter.chisq, gap, value, chi2_tail(value, gap) if test else nan))
    columns = ["df", "chisq", "df_diff", "chisq_diff", "p"]
    return pd.DataFrame(rows, index=pd.Index(list(solutions)), columns=columns)
