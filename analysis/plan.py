"""The pre-registered plan: which result may be printed at which n.

The tiers are data (`TIERS`, `BLOCKS`), fixed before the first wave; `permit` is the only
question anybody asks. Tiers bind what is printed, never what a function can compute.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.results import Flag


@dataclass(frozen=True, slots=True)
class Tier:
    """A range of valid cases."""

    code: str
    low: int
    high: int | None
    """Last n of the tier; None = open."""


TIERS = (
    Tier("<5", 0, 4),
    Tier("5-9", 5, 9),
    Tier("10-29", 10, 29),
    Tier("30-59", 30, 59),
    Tier("60-99", 60, 99),
    Tier("100-199", 100, 199),
    Tier(">=200", 200, None),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A kind of result: the fewest cases it is printed at, and the mark it carries."""

    code: str
    label: tuple[str, str]
    """Indonesian, English."""
    least: int
    mark: str | None = None
    """``indikatif`` or ``eksploratif``, printed beside every number of the block."""
    marked_below: int = 0
    """The mark is printed below this n."""
    most: int | None = None
    """Printed up to this n only (medians give way to means)."""
    built: bool = True
    """Whether this version computes it; what is not built is still withheld in words."""


BLOCKS = (
    Block("medians", ("median per skala", "medians by scale"), 5, most=9),
    Block("levels", ("rerata dengan kisaran", "means with intervals"), 10),
    Block("descriptives", ("gambaran tiap butir", "item descriptives"), 10),
    Block("alpha", ("alfa Cronbach", "Cronbach’s alpha"), 10, mark="indikatif", marked_below=30),
    Block(
        "correlations",
        ("korelasi antarskala", "correlations between scales"),
        10,
        mark="indikatif",
        marked_below=30,
    ),
    Block("items", ("analisis butir", "item analysis"), 30),
    Block("omega", ("omega McDonald", "McDonald’s omega"), 30),
    Block("regression", ("regresi", "regression"), 30, mark="eksploratif", marked_below=60),
    Block(
        "importance",
        ("bagian R² tiap skala", "shares of R²"),
        30,
        mark="eksploratif",
        marked_below=200,
    ),
    Block("one_factor", ("uji satu faktor per skala", "one-factor check of each scale"), 60),
    Block("factorability", ("KMO, Bartlett, nilai eigen", "KMO, Bartlett, eigenvalues"), 100),
    Block("factors", ("analisis faktor eksploratori", "exploratory factor analysis"), 100),
    Block(
        "htmt", ("validitas diskriminan (HTMT)", "discriminant validity (HTMT)"), 100, built=False
    ),
    Block("mediation", ("mediasi", "mediation"), 60, built=False),
    Block(
        "confirmatory", ("model faktor konfirmatori", "confirmatory factor model"), 200, built=False
    ),
    Block("importance_map", ("peta prioritas", "priority map"), 200, built=False),
    Block(
        "invariance",
        ("kesetaraan pengukuran antargelombang", "measurement invariance"),
        200,
        built=False,
    ),
)
_BY_CODE = {block.code: block for block in BLOCKS}

PEARSON_FROM = 30
"""Below this n correlations are Spearman's."""
NOT_ENOUGH_BELOW = 60
"""Below this n an interval that holds 0 reads "not enough data yet", never "no relation"."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A result that is not printed, and why; said in words on every page."""

    block: str
    tier: str
    n: int
    reason: str
    """English; the page says the same in its language from ``code``."""
    code: str = "tier"
    """``tier``, or what the data said: ``degenerate``, ``not_converged``, ..."""
    subject: str = ""
    """The scale it concerns; empty = the block as a whole."""
    names: tuple[str, ...] = ()
    """The items at fault, where there are any."""


def tier(n: int) -> Tier:
    """Return the tier of ``n`` valid cases."""
    return next(t for t in TIERS if t.low <= n and (t.high is None or n <= t.high))


def block(code: str) -> Block:
    """Return a block; KeyError if the plan has none of that name."""
    return _BY_CODE[code]


def permit(code: str, n: int, subject: str = "") -> Withheld | None:
    """None if a block may be printed at ``n`` valid cases, else why not."""
    rule = _BY_CODE[code]
    if n >= rule.least:
        return None
    return Withheld(
        code,
        tier(n).code,
        n,
        f"{rule.label[1]}: printed from n = {rule.least} valid cases; here n = {n}.",
        subject=subject,
    )


def withheld_at(n: int) -> tuple[Withheld, ...]:
    """Everything the plan withholds at ``n``, in the plan's order."""
    found = (permit(rule.code, n) for rule in BLOCKS)
    return tuple(one for one in found if one is not None)


def mark(code: str, n: int) -> Flag | None:
    """The mark a block carries at ``n``, as a flag, or None."""
    rule = _BY_CODE[code]
    if rule.mark and n < rule.marked_below:
        return Flag(rule.mark)
    return None
