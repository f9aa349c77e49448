"""Measurement invariance: does the questionnaire mean the same in every group, or wave?

Rungs (Meredith 1993; Vandenberg & Lance 2000): configural (same pattern), metric (equal
loadings), scalar (equal intercepts; latent means free but for the first group), strict
(equal residual variances). Factor variances and covariances are free everywhere. Groups in
order of first appearance, as lavaan: the order turns the sign of latent mean differences.
R: ``lavaan::cfa(model, data, group = ..., group.equal = ...)``, ``lavTestLRT``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from analysis.confirm.data import MissingRule, Prepared, prepare
from analysis.confirm.estimation import NormalEstimator, estimate
from analysis.confirm.fitting import confirmation
from analysis.confirm.result import Confirmation
from analysis.confirm.structure import Identification, Sharing, Structure, read_structure
from analysis.errors import DuplicateName, MissingColumn, UnknownName, WrongArgument
from analysis.invariance_steps import (
    RUNGS,
    SOURCE,
    differences,
    equality_names,
    judge,
    number,
)
from analysis.invariance_waves import Waves, at, panel
from analysis.results import Flag, Result, plain

if TYPE_CHECKING:
    import pandas as pd

    from analysis.invariance_ordinal import OrdinalLadder

ROWS_PER_ITEM = 5.0
"""A group with fewer rows per item is refused by name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ladder(Result):
    """The four rungs, and what each step up costs."""

    estimator: str
    by: str
    """``groups`` or ``waves``."""
    groups: tuple[str, ...]
    n_by_group: dict[str, int]
    n_dropped: int
    configural: Confirmation
    metric: Confirmation
    scalar: Confirmation
    strict: Confirmation
    delta_cfi: pd.Series
    """metric, scalar, strict: CFI minus that of the rung below (plain CFI)."""
    delta_rmsea: pd.Series
    delta_srmr: pd.Series
    """Of lavaan's srmr, means included."""
    delta_cfi_robust: pd.Series
    """The same of the robust CFI (MLR, FIML); NaN where there is none."""
    lrt: pd.DataFrame
    """Rung x (df, chisq, df_diff, chisq_diff, p)."""
    latent_means: pd.DataFrame
    """Of the scalar rung: factor, group, est, se, z, p, std (0 in the first group)."""
    verdict: pd.DataFrame
    """metric, scalar, strict x (delta_cfi_limit, delta_rmsea_limit, delta_srmr_limit,
    accepted): limits of `SOURCE`."""
    reached: str
    """Highest rung all steps to which are accepted."""
    freed: tuple[str, ...]
    _bearing: _Bearing

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            field.name: plain(getattr(self, field.name))
            for field in fields(self)
            if not field.name.startswith("_")
        }

    @property
    def rungs(self) -> dict[str, Confirmation]:
        """The four models by name."""
        return {name: getattr(self, name) for name in RUNGS}

    def suspects(self, rung: Literal["metric", "scalar", "strict"] = "scalar") -> pd.DataFrame:
        """Free each equality of ``rung`` alone and refit: which one costs most?

        Columns parameter, chisq_drop, df_drop, delta_cfi; largest drop first. For partial
        invariance free at most one item in five, with a reason in its wording (Byrne,
        Shavelson & Muthen 1989), by ``ladder(..., free=[...])``.
        """
        import pandas as pd

        whole: Confirmation = getattr(self, rung)
        rows = []
        for name in self._bearing.equalities(rung):
            freed = self._bearing.fit(rung, (*self.freed, name))
            rows.append(
                (
                    name,
                    number(whole, "chisq") - number(freed, "chisq"),
                    int(number(whole, "df") - number(freed, "df")),
                    number(freed, "cfi") - number(whole, "cfi"),
                )
            )
        table = pd.DataFrame(rows, columns=["parameter", "chisq_drop", "df_drop", "delta_cfi"])
        return table.sort_values("chisq_drop", ascending=False, ignore_index=True)


@dataclass(frozen=True, slots=True, eq=False)
class _Bearing:
    """Structure and data under a ladder."""

    structure: Structure
    data: Prepared
    estimator: NormalEstimator
    identification: Identification
    waves: Waves | None = None

    def sharing(self, rung: str, freed: Iterable[str]) -> Sharing:
        level = RUNGS.index(rung)
        loose = frozenset(freed)
        if self.waves is None:
            return Sharing(
                self.data.labels,
                loadings=level >= 1,
                intercepts=level >= 2,
                residuals=level >= 3,
                freed=loose,
            )
        return Sharing(
            across=self.waves.across(level, loose),
            means=True,
            latent_means=self.waves.later if level >= 2 else frozenset(),
        )

    def fit(self, rung: str, freed: Iterable[str]) -> Confirmation:
        solved = estimate(
            self.structure,
            self.data,
            estimator=self.estimator,
            identification=self.identification,
            sharing=self.sharing(rung, freed),
        )
        return confirmation(solved)

    def equalities(self, rung: str) -> list[str]:
        """Names that can be freed at a rung."""
        if self.waves is not None:
            return self.waves.names(rung)
        markers = self.identification != "marker"
        names = equality_names(self.structure.model, markers=markers)
        return names[rung]


@overload
def ladder(
    model: Mapping[str, Sequence[str]],
    frame: pd.DataFrame,
    group: str | pd.Series,
    *,
    estimator: NormalEstimator = "ML",
    missing: MissingRule = "listwise",
    free: Iterable[str] = (),
    identification: Identification = "marker",
    residuals: Iterable[tuple[str, str]] = (),
    rows_per_item: float = ROWS_PER_ITEM,
) -> Ladder: ...


@overload
def ladder(
    model: Mapping[str, Sequence[str]],
    frame: pd.DataFrame,
    group: str | pd.Series,
    *,
    estimator: Literal["WLSMV"],
    missing: MissingRule = "listwise",
    free: Iterable[str] = (),
    identification: Identification = "marker",
    residuals: Iterable[tuple[str, str]] = (),
    rows_per_item: float = ROWS_PER_ITEM,
) -> OrdinalLadder: ...


def ladder(
    model: Mapping[str, Sequence[str]],
    frame: pd.DataFrame,
    group: str | pd.Series,
    *,
    estimator: NormalEstimator | Literal["WLSMV"] = "ML",
    missing: MissingRule = "listwise",
    free: Iterable[str] = (),
    identification: Identification = "marker",
    residuals: Iterable[tuple[str, str]] = (),
    rows_per_item: float = ROWS_PER_ITEM,
) -> Ladder | OrdinalLadder:
    """Fit the four rungs by ``group`` (a column of ``frame``, or one label a row).

    ``free``: parameters each group keeps for itself (partial invariance): ``agree=~A2``,
    ``A2~1``, ``A2~~A2``. LRT: ML plain difference; MLR Satorra & Bentler (2001), T = (X0 -
    X1) / cd, cd = (df0 c0 - df1 c1) / (df0 - df1) with unscaled X; cd <= 0: no test (NaN).
    A step is accepted where delta CFI, RMSEA and SRMR keep the limits of Chen (2007): -.010,
    .015, .030 (metric) or .010 (scalar, strict) for n > 300 and groups of like size, else
    -.005, .010, .025 or .005; all from the plain indices (robust CFI beside).
    Flags: those of the rungs, ``configural_fit`` (CFI below .90 or RMSEA above .08: there is
    little to compare), ``partial_beyond_rule`` (more than one item in five freed).
    ``estimator="WLSMV"``: ordered answers, complete rows (`analysis.invariance_ordinal.ladder`,
    whose steps are configural, thresholds, scalar, strict).
    Raises what `analysis.confirm.fit` raises, and `NotEnoughData` naming a group with fewer
    than ``rows_per_item`` rows per item.
    """
    import pandas as pd

    if estimator == "WLSMV":
        from analysis import invariance_ordinal

        if missing != "listwise" or identification != "marker":
            raise WrongArgument("WLSMV by group takes complete rows and marker items.")
        return invariance_ordinal.ladder(
            model, frame, group, free=free, residuals=residuals, rows_per_item=rows_per_item
        )

    structure = read_structure(model, residuals=residuals)
    if isinstance(group, str):
        if group not in frame.columns:
            raise MissingColumn("the frame", [group])
        column = frame[group]
        if isinstance(column, pd.DataFrame):
            raise DuplicateName("the frame", [group])
    else:
        column = group
    if len(column) != len(frame):
        raise WrongArgument(f"group has {len(column)} labels for {len(frame)} rows.")
    data = prepare(
        frame, structure.items, missing=missing, group=column, rows_per_item=rows_per_item
    )
    bearing = _Bearing(structure, data, estimator, identification)
    sizes = dict(zip(data.labels, (sample.n for sample in data.samples), strict=True))
    return _climb(bearing, tuple(free), sizes)


def _climb(bearing: _Bearing, freed: tuple[str, ...], sizes: dict[str, int]) -> Ladder:
    import pandas as pd

    known = {name for rung in RUNGS[1:] for name in bearing.equalities(rung)}
    unknown = [name for name in freed if name not in known]
    if unknown:
        raise UnknownName(
            f"free names {', '.join(unknown)}, which no rung makes equal (a marker loading is "
            f"1 everywhere: put another item first). It may name: {', '.join(sorted(known))}."
        )
    found = {rung: bearing.fit(rung, freed) for rung in RUNGS}
    steps = RUNGS[1:]

    def change(measure: str) -> pd.Series:
        values = [number(found[rung], measure) for rung in RUNGS]
        return pd.Series(np.diff(values), index=pd.Index(steps), name=measure)

    deltas = {name: change(name) for name in ("cfi", "rmsea", "srmr", "cfi.robust")}
    verdict = judge(deltas["cfi"], deltas["rmsea"], deltas["srmr"], list(sizes.values()))
    reached = "configural"
    for rung in steps:
        if not verdict.loc[rung, "accepted"]:
            break
        reached = rung
    data = bearing.data
    by = "groups" if bearing.waves is None else "waves"
    return Ladder(
        n=data.n,
        method=f"measurement invariance across {by}, {bearing.estimator}; limits: {SOURCE}",
        missing=data.missing,
        flags=_flags(found, freed, bearing),
        estimator=bearing.estimator,
        by=by,
        groups=tuple(sizes),
        n_by_group=sizes,
        n_dropped=data.dropped,
        **found,
        delta_cfi=deltas["cfi"],
        delta_rmsea=deltas["rmsea"],
        delta_srmr=deltas["srmr"],
        delta_cfi_robust=deltas["cfi.robust"],
        lrt=differences(found, bearing.estimator),
        latent_means=_latent_means(found["scalar"], bearing),
        verdict=verdict,
        reached=reached,
        freed=freed,
        _bearing=bearing,
    )


def _flags(
    found: dict[str, Confirmation], freed: tuple[str, ...], bearing: _Bearing
) -> tuple[Flag, ...]:
    flags: list[Flag] = []
    for rung in RUNGS:
        for flag in found[rung].flags:
            names = tuple(f"{rung}: {name}" for name in flag.names)
            flags.append(Flag(flag.code, names, flag.value))
    cfi, rmsea = number(found["configural"], "cfi"), number(found["configural"], "rmsea")
    if cfi < 0.90 or rmsea > 0.08:
        flags.append(Flag("configural_fit", (), cfi))
    items = {name.split("=~")[-1].split("~")[0] for name in freed}
    if len(items) * 5 > len(bearing.structure.items):
        flags.append(Flag("partial_beyond_rule", tuple(sorted(items)), len(items)))
    return tuple(flags)


def _latent_means(scalar: Confirmation, bearing: _Bearing) -> pd.DataFrame:
    table = scalar.latent_means.reset_index(drop=True)
    if bearing.waves is not None:
        split = [bearing.waves.origin[name] for name in table["factor"]]
        table = table.drop(columns="factor")
        table.insert(0, "factor", [factor for factor, _ in split])
        table.insert(1, "group", [wave for _, wave in split])
    return table


def across_waves(
    model: Mapping[str, Sequence[str]],
    frames_by_wave: Mapping[str, pd.DataFrame],
    person: str,
    *,
    estimator: NormalEstimator = "ML",
    missing: MissingRule = "listwise",
    free: Iterable[str] = (),
) -> Ladder:
    """Fit the four rungs across waves of one panel, paired on the column ``person``.

    One model of all waves: each factor once a wave, all factors correlated, the residuals
    of one item correlated between waves (an item keeps its own flavour over time); latent
    means 0 in the first wave. ``listwise``: persons complete in every wave; ``fiml``: every
    person with an answer. Names of items and factors in the rungs end in ``@wave``; names
    in ``free`` do not. Limits and tests as in `ladder`.
    Raises also `NotEnoughData` for fewer persons than items in all waves, `DuplicateName`
    for a person twice in a wave.
    """
    waves = tuple(str(wave) for wave in frames_by_wave)
    if len(waves) < 2:
        raise WrongArgument("Waves are compared from two on; give a frame for each.")
    base = read_structure(model)
    wide = panel(base.items, frames_by_wave, person)
    long_model = {
        at(factor, wave): [at(item, wave) for item in items]
        for wave in waves
        for factor, items in base.model.items()
    }
    pairs = [
        (at(item, one), at(item, other))
        for item in base.items
        for k, one in enumerate(waves)
        for other in waves[k + 1 :]
    ]
    structure = read_structure(long_model, residuals=pairs)
    data = prepare(wide, structure.items, missing=missing)
    bearing = _Bearing(structure, data, estimator, "marker", Waves(base.model, waves))
    return _climb(bearing, tuple(free), dict.fromkeys(waves, data.n))
