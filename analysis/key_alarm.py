"""The alarm for wrong keys: an item that runs against its scale is named loudly.

A reverse item that was forgotten, or reversed twice, costs alpha without any error; so does
an item that was understood backwards. Reads keyed answers and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from analysis.errors import NotEnoughData, WrongArgument
from analysis.moments import Floats, Missing, moments
from analysis.results import Flag, Result

if TYPE_CHECKING:
    import pandas as pd

WEAK = 0.20
"""Corrected item-total r below which an item is weak."""


@dataclass(frozen=True, kw_only=True, eq=False)
class KeyAlarm(Result):
    """Items that behave as if their key were wrong, or as if they belonged elsewhere."""

    table: pd.DataFrame
    """By item: scale, n, item_total (corrected, as keyed), turned (the same once every item
    called ``reversed`` is turned), ci_low, ci_high (of ``turned``), best_other (r with the
    nearest other scale), other_scale, verdict (``fine``, ``weak``, ``stray``, ``reversed``,
    ``unclear``)."""
    alphas: pd.DataFrame
    """By scale: alpha as keyed, and once the reversed items are turned."""
    messages: tuple[str, ...]
    """One sentence an alarm, in English."""

    @property
    def alarmed(self) -> bool:
        """Whether any item seems to be keyed the wrong way."""
        return any(flag.code in {"reversed_key", "unclear_key"} for flag in self.flags)


def _alpha(c: Floats) -> float:
    k = len(c)
    return float(k / (k - 1) * (1 - np.trace(c) / c.sum()))


def _turns(r: Floats) -> Floats:
    """+1 or -1 by item: its sign on the first principal component, the majority being +."""
    vector = np.linalg.eigh(r)[1][:, -1]
    plus, minus = int((vector > 0).sum()), int((vector < 0).sum())
    if plus == minus:
        vector = vector * np.sign(vector.sum() or 1.0)
    elif minus > plus:
        vector = -vector
    return np.where(vector < 0, -1.0, 1.0)


def _rest(c: Floats, sign: Floats) -> Floats:
    """Corrected item-total r of items multiplied by ``sign``."""
    turned = c * np.outer(sign, sign)
    row, variance = turned.sum(axis=1), np.diag(turned)
    rest = row.sum() - 2 * row + variance
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((row - variance) / np.sqrt(variance * rest), dtype=np.float64)


def check(
    frame: pd.DataFrame,
    scales: Mapping[str, Sequence[str]] | None = None,
    *,
    missing: Missing = "pairwise",
    level: float = 0.95,
) -> KeyAlarm:
    """Look for items of keyed ``frame`` whose key seems wrong.

    ``scales``: name -> items (None: all columns are one scale). Within a scale the sign of
    each item on the first principal component is compared with the majority's. An item on
    the other side is ``reversed`` if its corrected item-total r, once turned, is above 0
    beyond its interval (Fisher's z, smallest pairwise n), else ``weak``. ``unclear``: as
    many items stand on one side as on the other, so nobody can say which are turned. Then
    ``weak`` below r = .20, and ``stray``: the item correlates clearly (by the same
    interval) more with another scale than with the rest of its own.
    Flags: ``reversed_key``, ``unclear_key``, ``weak_item``, ``stray_item``, naming items.
    Raises `WrongArgument` (unknown item, scale of one item), `DegenerateItem`,
    `NotEnoughData` (fewer than four rows).
    """
    import pandas as pd

    groups = {k: list(v) for k, v in (scales or {"all": list(map(str, frame.columns))}).items()}
    items = [item for group in groups.values() for item in group]
    unknown = [item for item in items if item not in frame.columns]
    short = [name for name, group in groups.items() if len(group) < 2]
    if unknown or short:
        raise WrongArgument(
            f"Not in the frame: {', '.join(unknown)}."
            if unknown
            else f"Scale {', '.join(short)} has fewer than two items; a key shows from two on."
        )
    wanted = list(dict.fromkeys(items))
    found = moments(frame[wanted], missing=missing, least=4)
    place = {name: i for i, name in enumerate(found.names)}
    where = {name: [place[item] for item in group] for name, group in groups.items()}
    signs = {name: _turns(found.correlation[np.ix_(at, at)]) for name, at in where.items()}
    rows, messages, alphas = [], [], {}
    for name, at in where.items():
        c = found.covariance[np.ix_(at, at)]
        sign = signs[name]
        tie = 2 * int((sign < 0).sum()) == len(at)
        as_keyed, turned = _rest(c, np.ones(len(at))), _rest(c, sign)
        n = found.pairs[np.ix_(at, at)].min(axis=1)
        low, high = _fisher(turned, n, level)
        others = _others(found.covariance, where, signs, name)
        verdicts = []
        for i, index in enumerate(at):
            r_other = float(others[1][index]) if others[0] else float("nan")
            if sign[i] < 0 or tie:
                clear = low[i] > 0
                verdict = ("unclear" if tie else "reversed") if clear else "weak"
            elif others[0] and r_other > high[i]:
                verdict = "stray"
            else:
                verdict = "weak" if turned[i] < WEAK else "fine"
            verdicts.append(verdict)
            rows.append(
                {
                    "item": found.names[index],
                    "scale": name,
                    "n": int(n[i]),
                    "item_total": as_keyed[i],
                    "turned": turned[i],
                    "ci_low": low[i],
                    "ci_high": high[i],
                    "best_other": r_other,
                    "other_scale": others[2][index] if others[0] else "",
                    "verdict": verdict,
                }
            )
        keep = np.array(
            [s if v == "reversed" else 1.0 for s, v in zip(sign, verdicts, strict=True)]
        )
        alphas[name] = {"as_keyed": _alpha(c), "turned": _alpha(c * np.outer(keep, keep))}
        messages += _say(name, rows[-len(at) :], alphas[name])
    table = pd.DataFrame(rows).set_index("item")
    table.index.name = None
    flags = []
    for code, verdict in (
        ("reversed_key", "reversed"),
        ("unclear_key", "unclear"),
        ("weak_item", "weak"),
        ("stray_item", "stray"),
    ):
        named = tuple(str(i) for i in table.index[table["verdict"] == verdict])
        if named:
            flags.append(Flag(code, named))
    return KeyAlarm(
        n=found.n,
        method="signs on each scale's first principal component against the majority; "
        "corrected item-total r with Fisher intervals",
        missing=missing,
        flags=tuple(flags),
        table=table,
        alphas=pd.DataFrame.from_dict(alphas, orient="index"),
        messages=tuple(messages),
    )


def _fisher(r: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    inside = np.clip(np.nan_to_num(r), -1 + 1e-12, 1 - 1e-12)
    reach = special.ndtri(1 - (1 - level) / 2) / np.sqrt(np.maximum(n - 3, 1))
    low, high = np.tanh(np.arctanh(inside) - reach), np.tanh(np.arctanh(inside) + reach)
    return np.asarray(low), np.asarray(high)


def _others(
    c: Floats, where: Mapping[str, list[int]], signs: Mapping[str, Floats], own: str
) -> tuple[bool, Floats, list[str]]:
    """Largest |r| of every item with the sum of another scale (turned), and whose."""
    names = [name for name in where if name != own]
    if not names:
        return False, np.empty(0), []
    sd = np.sqrt(np.diag(c))
    weights = np.zeros((len(names), len(c)))
    for row, name in enumerate(names):
        weights[row, where[name]] = signs[name]
    variance = np.einsum("ki,ij,kj->k", weights, c, weights)
    r = np.abs(weights @ c) / np.sqrt(np.maximum(variance, 1e-300))[:, None] / sd
    best = r.argmax(axis=0)
    return True, r.max(axis=0), [names[i] for i in best.tolist()]


def _say(scale: str, rows: list[dict[str, object]], alpha: dict[str, float]) -> list[str]:
    said: list[str] = []
    turned = [row for row in rows if row["verdict"] == "reversed"]
    said += [
        f"{row['item']} runs AGAINST its scale {scale} (corrected item-total r "
        f"{row['item_total']:.2f}). Turned over, its r is {row['turned']:.2f}. Look at "
        "its key in the definition, and at whether the file already holds reversed answers."
        for row in turned
    ]
    if turned:
        said.append(
            f"Alpha of {scale} is {alpha['as_keyed']:.2f} as keyed and would be "
            f"{alpha['turned']:.2f} with {', '.join(str(row['item']) for row in turned)} turned."
        )
    unclear = [str(row["item"]) for row in rows if row["verdict"] == "unclear"]
    if unclear:
        said.append(
            f"{scale}: as many items point one way as the other ({', '.join(unclear)}), so their "
            "keys cannot be told from the answers. Look at the wordings."
        )
    said += [
        f"{row['item']} of {scale} goes with {row['other_scale']} (r {row['best_other']:.2f}) "
        f"more than with its own scale (r {row['turned']:.2f})."
        for row in rows
        if row["verdict"] == "stray"
    ]
    return said


def misresponse(
    raw_frame: pd.DataFrame, reverse_item: str, others: Sequence[str], *, low: float, high: float
) -> dict[str, float]:
    """How many persons agree with a reverse item *and* with the items it contradicts.

    Raw answers; agreeing = above the middle of ``low`` to ``high``, on the reverse item and
    on the mean of ``others`` (items of the same scale keyed the plain way). Returns n,
    agree_both and disagree_both (shares): a large agree_both says acquiescence, both large
    say that the sentence was read past its meaning (Swain, Weathers & Niedrich 2008).
    Raises `WrongArgument` (unknown column), `NotEnoughData` (nobody answered both).
    """
    unknown = [x for x in (reverse_item, *others) if x not in raw_frame.columns]
    if unknown or not others:
        raise WrongArgument(f"Not in the frame: {', '.join(unknown) or 'no other item named'}.")
    data = raw_frame[[reverse_item, *others]].dropna()
    if not len(data):
        raise NotEnoughData(f"Nobody answered {reverse_item} and {', '.join(others)}.")
    middle = (low + high) / 2
    turned = data[reverse_item].to_numpy(dtype=float)
    plain = data[list(others)].to_numpy(dtype=float).mean(axis=1)
    return {
        "n": float(len(data)),
        "agree_both": float(((turned > middle) & (plain > middle)).mean()),
        "disagree_both": float(((turned < middle) & (plain < middle)).mean()),
    }
