"""What the metamorphic tests share: answers, the statistics by name, results as flat numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from analysis import (
    correlations,
    factors,
    halves,
    htmt,
    items,
    key_alarm,
    method_variance,
    missingness,
    polychoric,
    reliability,
    reliability_ordinal,
    simulate,
    validity,
)
from analysis.confirm.fitting import fit
from analysis.results import Flag

MODEL = {
    "need": ("DEP1", "DEP2", "DEP3", "DEP5"),
    "share": ("INF1", "INF3", "INF4", "INF5"),
}
CODES = [item.code for item in simulate.ITEMS]
REVERSE = np.array([item.reverse for item in simulate.ITEMS])
NAMING = ("factor", "other_factor", "item", "other_item", "group", "threshold", "a", "b")
"""Columns that name a row where the index only counts."""


@cache
def _keyed(n: int, seed: int) -> pd.DataFrame:
    raw = simulate.clean(n, seed)
    return pd.DataFrame(np.where(REVERSE, 6 - raw, raw).astype(float), columns=CODES)


def answers(n: int = 300, seed: int = 7) -> pd.DataFrame:
    """Keyed answers to eight items of two scales, 1 to 5."""
    return _keyed(n, seed)[[code for scale in MODEL.values() for code in scale]].copy()


def scores(n: int = 120, seed: int = 7) -> pd.DataFrame:
    """Scale means, one column a scale."""
    keyed = _keyed(n, seed)
    return pd.DataFrame(
        {
            scale: keyed[[code for code in CODES if code.startswith(scale)]].mean(axis=1)
            for scale in simulate.SCALES
        }
    )


def with_holes(frame: pd.DataFrame, seed: int = 3, share: float = 0.06) -> pd.DataFrame:
    """The same with answers missing at random and three wholly empty rows."""
    hole = np.random.default_rng(seed).random(frame.shape) < share
    hole[[4, 50, 51]] = True
    return frame.mask(pd.DataFrame(hole, index=frame.index, columns=frame.columns))


def _model(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Scales in one order of items, whatever the frame's; items added to it come last."""
    return {
        name: sorted(str(c) for c in frame.columns if str(c).startswith(codes[0][:3]))
        for name, codes in MODEL.items()
    }


def _one(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[[c for c in frame.columns if str(c).startswith("DEP")]]


@dataclass(frozen=True)
class Statistic:
    """A statistic of items, and which rows its missing rule keeps."""

    of: Callable[[pd.DataFrame], Any]
    keeps: str
    """``all`` (complete rows) or ``any`` (rows with an answer)."""
    tolerance: float = 1e-9
    one_scale: bool = False


STATISTICS: Mapping[str, Statistic] = {
    "alpha": Statistic(lambda f: reliability.alpha(_one(f)), "any", one_scale=True),
    "alpha listwise": Statistic(
        lambda f: reliability.alpha(_one(f), missing="listwise"), "all", one_scale=True
    ),
    "omega": Statistic(lambda f: reliability.omega(_one(f), n_boot=0), "all", 1e-6, one_scale=True),
    "omega fiml": Statistic(
        lambda f: reliability.omega(_one(f), missing="fiml"), "any", 1e-5, one_scale=True
    ),
    "omega categorical": Statistic(
        lambda f: reliability.omega(_one(f), ordinal=True, n_boot=0), "all", 1e-6, one_scale=True
    ),
    "ordinal alpha": Statistic(
        lambda f: reliability_ordinal.alpha(_one(f)), "all", 1e-7, one_scale=True
    ),
    "split half": Statistic(lambda f: halves.split_half(_one(f)), "any", one_scale=True),
    "icc": Statistic(lambda f: reliability.icc(_one(f)), "all", 1e-8, one_scale=True),
    "items": Statistic(lambda f: items.analyse(_one(f)), "any", one_scale=True),
    "key alarm": Statistic(lambda f: key_alarm.check(f, _model(f)), "any"),
    "adequacy": Statistic(factors.adequacy, "all"),
    "parallel": Statistic(lambda f: factors.parallel(f, seed=1, repetitions=40), "all"),
    "map": Statistic(factors.minimum_average_partial, "all"),
    "minres oblimin": Statistic(lambda f: factors.explore(f, 2), "all", 2e-4),
    "ml varimax": Statistic(
        lambda f: factors.explore(f, 2, extraction="ml", rotation="varimax"), "all", 2e-4
    ),
    "polychoric": Statistic(polychoric.matrix, "all", 1e-7),
    "polychoric pairwise": Statistic(
        lambda f: polychoric.matrix(f, missing="pairwise"), "any", 1e-7
    ),
    "cfa ML": Statistic(lambda f: fit(_model(f), f), "all", 1e-6),
    "cfa MLR": Statistic(lambda f: fit(_model(f), f, estimator="MLR"), "all", 1e-6),
    "cfa FIML": Statistic(lambda f: fit(_model(f), f, missing="fiml"), "any", 1e-5),
    "cfa FIML MLR": Statistic(
        lambda f: fit(_model(f), f, estimator="MLR", missing="fiml"), "any", 1e-5
    ),
    "cfa WLSMV": Statistic(lambda f: fit(_model(f), f, estimator="WLSMV"), "all", 1e-5),
    "cfa WLSMV pairwise": Statistic(
        lambda f: fit(_model(f), f, estimator="WLSMV", missing="pairwise"), "any", 1e-5
    ),
    "convergent": Statistic(lambda f: validity.convergent(fit(_model(f), f)), "all", 1e-6),
    "htmt": Statistic(lambda f: htmt.htmt(f, _model(f), n_boot=0), "all"),
    "harman": Statistic(method_variance.harman, "all", 1e-7),
    "correlations": Statistic(correlations.correlate, "all", 1e-8),
    "spearman": Statistic(lambda f: correlations.correlate(f, kind="spearman"), "all", 1e-8),
    "little": Statistic(missingness.little_mcar, "any", 1e-6),
}


def numbers(result: Any) -> dict[str, Any]:
    """Every value of a result by a path of names: ``field|row|column``; flags by their code."""
    out: dict[str, Any] = {}
    for field in fields(result):
        if not field.name.startswith("_") and field.name not in {"method", "missing"}:
            _flatten(getattr(result, field.name), field.name, out)
    return out


def _flatten(value: Any, path: str, out: dict[str, Any]) -> None:
    if isinstance(value, Flag):
        out[f"{path}|{value.code}"] = tuple(sorted(value.names))
    elif is_dataclass(value):
        out.update({f"{path}|{key}": cell for key, cell in numbers(value).items()})
    elif (parts := _parts(value)) is None:
        out[path] = value
    else:
        for name, cell in parts:
            _flatten(cell, path if isinstance(cell, Flag) else f"{path}|{name}", out)


def _parts(value: Any) -> list[tuple[str, Any]] | None:
    """Named parts of a table, vector, mapping or list; None of a single value."""
    if isinstance(value, pd.DataFrame):
        naming = [c for c in NAMING if c in value.columns and value[c].dtype.kind not in "fi"]
        table = value.set_index(naming) if naming else value
        return [
            (f"{' '.join(row) if isinstance(row, tuple) else row}|{column}", cell)
            for row, cells in zip(table.index, table.to_numpy(dtype=object), strict=True)
            for column, cell in zip(table.columns, cells, strict=True)
        ]
    if isinstance(value, pd.Series | Mapping):
        return [(str(key), cell) for key, cell in value.items()]
    if isinstance(value, tuple | list):
        # lists of names and flags have no order
        named = all(isinstance(cell, str | Flag) for cell in value)
        return [(str(i), x) for i, x in enumerate(sorted(value, key=repr) if named else value)]
    return None


def differences(
    ours: Mapping[str, Any],
    other: Mapping[str, Any],
    *,
    tolerance: float,
    skip: str = "",
    size: bool = False,
) -> list[str]:
    """Paths at which two results differ; ``skip``: pattern of paths that may; ``size``: |x|."""

    def plain(x: Any) -> Any:
        return abs(x) if size and isinstance(x, float | np.floating) else x

    pattern = re.compile(skip) if skip else None
    found = []
    for path in sorted(ours.keys() | other.keys()):
        if pattern and pattern.search(path):
            continue
        a, b = plain(ours.get(path)), plain(other.get(path))
        if isinstance(a, float | int | np.number) and isinstance(b, float | int | np.number):
            same = np.isclose(float(a), float(b), rtol=tolerance, atol=tolerance, equal_nan=True)
        else:
            same = a == b
        if not same:
            found.append(f"{path}: {a} is not {b}")
    return found
