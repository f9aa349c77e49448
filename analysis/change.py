"""Change between waves: the panel, everybody, and who left. Never with the finite correction.

A level describes this register at this wave; a change is read as "something moved", so
persons' own fluctuation counts as noise. Frames hold scores, one row a person, the index
being the person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import NotEnoughData, WrongArgument
from analysis.halves import paired_rows
from analysis.moments import chosen, names_of, values
from analysis.multiplicity import Correction, adjust
from analysis.random_intercept import estimate
from analysis.results import Flag, Result
from analysis.two_samples import mann_whitney, paired_t, unpaired_t, wilcoxon

if TYPE_CHECKING:
    import pandas as pd

PANEL_FROM = 10
"""Pairs from which an arrow may be drawn."""
LEAST_POINTS = 5.0
"""Points of 100 a change must reach for an arrow."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PairedChange(Result):
    """The same persons at two waves."""

    correction: Correction
    level: float
    table: pd.DataFrame
    """By scale: `two_samples.paired_t` and `two_samples.wilcoxon`, p_adjusted and
    wilcoxon_p_adjusted over the scales; pomp, pomp_low, pomp_high where the range is given."""


@dataclass(frozen=True, kw_only=True, eq=False)
class UnpairedChange(Result):
    """Everybody who answered, persons of both waves taken as different people."""

    correction: Correction
    level: float
    table: pd.DataFrame
    """By scale: `two_samples.unpaired_t` of after - before (1 = after), Mann-Whitney,
    adjusted p; pomp columns where the range is given."""
    newcomers: float
    """Share of the later wave's persons who were not in the earlier one."""
    leavers: float


@dataclass(frozen=True, kw_only=True, eq=False)
class MixedChange(Result):
    """All cases of all waves: linear mixed model with a random intercept a person."""

    correction: Correction
    level: float
    table: pd.DataFrame
    """Rows "scale: wave k - wave 1": difference, se, z, p, p_adjusted, ci_low, ci_high,
    icc (share of variance between persons), persons, answers; pomp columns."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Attrition(Result):
    """Wave-1 scores of those who stayed and of those who left."""

    stayed: int
    left: int
    table: pd.DataFrame
    """By scale: `two_samples.unpaired_t` of stayers - leavers (1 = stayers), p_adjusted."""


Bounds = tuple[float, float] | None


def _points(table: pd.DataFrame, bounds: Bounds) -> None:
    """Add the difference in points of 100 (POMP)."""
    if bounds is None:
        return
    low, high = bounds
    if high <= low:
        raise WrongArgument(f"Answers from {low:g} to {high:g} cannot be.")
    for name, column in (("pomp", "difference"), ("pomp_low", "ci_low"), ("pomp_high", "ci_high")):
        table[name] = table[column] / (high - low) * 100


def paired(
    frame_before: pd.DataFrame,
    frame_after: pd.DataFrame,
    *,
    correction: Correction = "holm",
    bounds: Bounds = None,
    level: float = 0.95,
) -> PairedChange:
    """Change of every scale on the panel: persons (the index) who answered both waves.

    Mean of after - before with Student's interval, d_z and both d_av, Wilcoxon (zeros
    dropped, continuity corrected), p adjusted over the scales given. ``bounds``: lowest and
    highest answer, for differences in points of 100. No finite population correction.
    Scales that fewer than two persons answered twice are NaN and flagged ``few_pairs``.
    Raises `WrongArgument` (a person twice, columns that differ), `NotEnoughData` (no panel).
    """
    import pandas as pd

    first, second = paired_rows(frame_before, frame_after)
    a, b = values(first), values(second)
    rows: dict[str, dict[str, float]] = {}
    few = []
    for name, before, after in zip(first.columns, a.T, b.T, strict=True):
        both = ~np.isnan(before) & ~np.isnan(after)
        if both.sum() < 2:
            few.append(str(name))
            rows[str(name)] = {"n": int(both.sum())}
            continue
        before, after = before[both], after[both]  # noqa: PLW2901 - the pairs of this scale
        rows[str(name)] = paired_t(before, after, level) | wilcoxon(after - before)
    if len(few) == len(rows):
        raise NotEnoughData(f"Fewer than two persons answered {', '.join(few)} at both waves.")
    table = pd.DataFrame.from_dict(rows, orient="index")
    for column in ("p", "wilcoxon_p"):
        table[f"{column}_adjusted"] = adjust(table[column].to_numpy(dtype=float), correction)
    _points(table, bounds)
    return PairedChange(
        n=len(first),
        method="paired t and Wilcoxon on the panel, no finite population correction",
        missing="pairs complete on the scale",
        flags=(Flag("few_pairs", tuple(few)),) if few else (),
        correction=correction,
        level=level,
        table=table,
    )


def unpaired(
    frame_before: pd.DataFrame,
    frame_after: pd.DataFrame,
    *,
    correction: Correction = "holm",
    bounds: Bounds = None,
    level: float = 0.95,
) -> UnpairedChange:
    """Means of everybody at each wave, compared as if they were different people.

    Welch, Student, d, g, Mann-Whitney. Persons who answered twice make this test too
    careful; the panel (`paired`) and the mixed model (`mixed`) are the ones to read.
    Raises `WrongArgument` (columns that differ), `NotEnoughData` (fewer than two a wave).
    """
    import pandas as pd

    if set(map(str, frame_before.columns)) != set(map(str, frame_after.columns)):
        odd = sorted(set(map(str, frame_before.columns)) ^ set(map(str, frame_after.columns)))
        raise WrongArgument(f"Only one of the two waves has {', '.join(odd)}.")
    rows = {}
    names = names_of(frame_before)
    first, second = values(frame_before), chosen(frame_after, names)
    for name, was, now in zip(names, first.T, second.T, strict=True):
        after, before = now[~np.isnan(now)], was[~np.isnan(was)]
        if min(len(after), len(before)) < 2:
            raise NotEnoughData(f"{name}: a wave has fewer than two answers.")
        rows[str(name)] = unpaired_t(after, before, level) | mann_whitney(after, before)
    table = pd.DataFrame.from_dict(rows, orient="index")
    for column in ("p", "mann_whitney_p"):
        table[f"{column}_adjusted"] = adjust(table[column].to_numpy(dtype=float), correction)
    _points(table, bounds)
    new = ~frame_after.index.isin(frame_before.index)
    gone = ~frame_before.index.isin(frame_after.index)
    return UnpairedChange(
        n=len(frame_before) + len(frame_after),
        method="Welch's t on everybody of each wave, persons taken as different people",
        missing="answers of each wave",
        correction=correction,
        level=level,
        table=table,
        newcomers=float(new.mean()),
        leavers=float(gone.mean()),
    )


def mixed(
    frames: Sequence[pd.DataFrame],
    *,
    correction: Correction = "holm",
    bounds: Bounds = None,
    level: float = 0.95,
) -> MixedChange:
    """Linear mixed model with a random intercept a person, waves as a factor, all cases.

    ``frames``: one a wave, in order, index = person. Every answer counts, also of persons
    with one wave, which is right where attrition depends on earlier scores. Differences to
    wave 1 with z and no small-sample df: approximate; the card uses the paired interval.
    `random_intercept.estimate` (REML; R: ``lme4::lmer(y ~ wave + (1 | person))``).
    p adjusted over all rows. Raises `WrongArgument` (fewer than two waves, columns that
    differ, a person twice), `NotEnoughData` (nobody answered two waves).
    """
    import pandas as pd

    if len(frames) < 2:
        raise WrongArgument("A mixed model of change needs two waves or more.")
    names = list(frames[0].columns)
    for number, frame in enumerate(frames, start=1):
        odd = sorted(set(map(str, names)) ^ set(map(str, frame.columns)))
        if odd:
            raise WrongArgument(f"Wave {number} and wave 1 do not both have {', '.join(odd)}.")
        if not frame.index.is_unique:
            raise WrongArgument(f"Wave {number} has a person twice; keep one row.")
    persons = frames[0].index
    for frame in frames[1:]:
        persons = persons.union(frame.index, sort=False)
    stack = np.stack([values(frame.reindex(index=persons, columns=names)) for frame in frames])
    rows, flags = {}, []
    for column, name in enumerate(names):
        scores = stack[:, :, column].T
        found = estimate(scores, str(name), level)
        if found.boundary:
            flags.append(str(name))
        for wave in range(1, len(frames)):
            rows[f"{name}: wave {wave + 1} - wave 1"] = {
                "difference": float(found.b[wave]),
                "se": float(found.se[wave]),
                "z": float(found.z[wave]),
                "p": float(found.p[wave]),
                "ci_low": float(found.ci_low[wave]),
                "ci_high": float(found.ci_high[wave]),
                "icc": found.icc,
                "persons": found.persons,
                "answers": found.answers,
            }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table["p_adjusted"] = adjust(table["p"].to_numpy(dtype=float), correction)
    _points(table, bounds)
    return MixedChange(
        n=len(persons),
        method="linear mixed model, random person intercept, REML, z without small-sample df",
        missing="all answers of all waves (missing at random)",
        flags=(Flag("no_person_variance", tuple(flags)),) if flags else (),
        correction=correction,
        level=level,
        table=table,
    )


def attrition(
    frame_before: pd.DataFrame, frame_after: pd.DataFrame, *, correction: Correction = "holm"
) -> Attrition:
    """Wave-1 scores of persons who came back against those who did not.

    Welch's t, g with its interval, p adjusted over the scales. Raises `NotEnoughData`
    (nobody, or one person, stayed or left), `WrongArgument` (a person twice).
    """
    import pandas as pd

    if not frame_before.index.is_unique:
        raise WrongArgument("The earlier wave has a person twice; keep one row.")
    stayed = frame_before.index.isin(frame_after.index)
    rows: dict[str, dict[str, float]] = {}
    few = []
    for name, column in zip(frame_before.columns, values(frame_before).T, strict=True):
        seen = ~np.isnan(column)
        here, gone = column[seen & stayed], column[seen & ~stayed]
        if min(len(here), len(gone)) < 2:
            few.append(str(name))
            rows[str(name)] = {"n1": len(here), "n2": len(gone)}
            continue
        rows[str(name)] = unpaired_t(here, gone)
    if len(few) == len(rows):
        raise NotEnoughData(
            f"{int(stayed.sum())} stayed and {int((~stayed).sum())} left: a comparison needs two "
            "of each."
        )
    table = pd.DataFrame.from_dict(rows, orient="index")
    table["p_adjusted"] = adjust(table["p"].to_numpy(dtype=float), correction)
    return Attrition(
        n=len(frame_before),
        method="wave-1 scores of stayers against leavers: Welch's t, Hedges' g",
        missing="answers of wave 1",
        flags=(Flag("few_pairs", tuple(few)),) if few else (),
        stayed=int(stayed.sum()),
        left=int((~stayed).sum()),
        table=table,
    )


def arrows(
    found: PairedChange, *, beside: MixedChange | None = None, least: float = LEAST_POINTS
) -> pd.Series:
    """The card's change words by scale: ``up``, ``down`` or ``none``.

    An arrow needs a panel of ten, an adjusted p below 1 - level, and a difference of at
    least ``least`` points of 100. With one scale, or correction ``none``, the p says the
    same as the paired interval excluding 0. ``beside``: the mixed model of the same two
    waves; where its interval disagrees about 0 there is no arrow.
    Raises `WrongArgument` where the change was computed without ``bounds``.
    """
    import pandas as pd

    table = found.table
    if "pomp" not in table:
        raise WrongArgument("Arrows need points of 100: call change.paired with bounds.")
    clear = (table["p_adjusted"] < 1 - found.level) & (table["n"] >= PANEL_FROM)
    large = table["pomp"].abs() >= least - 1e-9  # a mean of 4.2 - 4.0 is 5 points, not 4.999...
    show = clear & large
    if beside is not None:
        rows = [f"{name}: wave 2 - wave 1" for name in table.index]
        low = beside.table.loc[rows, "ci_low"].to_numpy(dtype=float)
        high = beside.table.loc[rows, "ci_high"].to_numpy(dtype=float)
        show &= (low > 0) | (high < 0)
    sign = np.where(table["pomp"].to_numpy(dtype=float) > 0, "up", "down")
    return pd.Series(np.where(show.to_numpy(dtype=bool), sign, "none"), index=table.index)
