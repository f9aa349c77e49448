"""`fit`: a confirmatory factor model of a frame's items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from analysis.confirm.data import prepare
from analysis.confirm.estimation import Solved, estimate
from analysis.confirm.modification import modification
from analysis.confirm.result import Confirmation, tables_of
from analysis.confirm.solution import improper, tabulate
from analysis.confirm.structure import Identification, Structure, read_structure
from analysis.errors import WrongArgument
from analysis.moments import Floats

if TYPE_CHECKING:
    import pandas as pd

    from analysis.confirm import ordinal_fit

Estimator = Literal["ML", "MLR", "WLSMV", "DWLS", "ULSMV"]
Missing = Literal["listwise", "fiml", "pairwise"]

METHODS = {
    ("ML", "listwise"): "maximum likelihood, chi-square = n F, errors from the expected "
    "information (lavaan ML)",
    ("MLR", "listwise"): "maximum likelihood, robust errors and Yuan-Bentler scaled test "
    "(lavaan MLR)",
    ("ML", "fiml"): "full-information maximum likelihood, errors from the observed information "
    "(lavaan ML, missing = 'ml')",
    ("MLR", "fiml"): "full-information maximum likelihood, robust errors and Yuan-Bentler scaled "
    "test (lavaan MLR, missing = 'ml')",
}


def fit(
    model: Mapping[str, Sequence[str]],
    frame: pd.DataFrame,
    *,
    estimator: Estimator = "ML",
    missing: Missing = "listwise",
    identification: Identification = "marker",
    orthogonal: bool | Iterable[str] = False,
    residuals: Iterable[tuple[str, str]] = (),
    methods: Mapping[str, Sequence[str]] | None = None,
    equal: Iterable[Sequence[str]] = (),
) -> Confirmation:
    """Fit ``model`` ({"FACTOR": ["item", ...]}) to the items of ``frame`` (keyed already).

    ``estimator``: ``ML``; ``MLR`` (robust errors, scaled and robust fit); ``WLSMV``,
    ``DWLS``, ``ULSMV`` for ordered answers (`analysis.confirm.ordinal_fit`).
    ``missing``: ``listwise``; ``fiml`` (ML, MLR: every row with an answer); ``pairwise``
    (ordered answers only).
    ``identification``: ``marker`` (first loading of a factor 1, lavaan's default) or
    ``variance`` (factor variances 1); fit and standardised values are the same.
    ``orthogonal``: True, or factors uncorrelated with all others: a bifactor model is
    ``fit({"g": all, "a": some, "b": others}, frame, orthogonal=True)``. ``methods``: extra
    factors, uncorrelated with the model's, for items asked the same way (reversed items).
    ``residuals``: pairs of items whose residuals may correlate. ``equal``: sets of
    parameter names held equal, e.g. ``[("agree=~A2", "agree=~A3")]``.

    R: ``lavaan::cfa(model, data, estimator = ..., missing = ...)``. Flags: ``heywood``,
    ``not_positive_definite`` (numbers as R gives them, see `Result.require_proper`),
    ``no_standard_errors``.
    Raises `NotEnoughData` (no more rows than items), `DegenerateItem`, `ImproperSolution`
    (items that repeat each other), `NotIdentified`, `NotConverged`, `MissingColumn`,
    `DuplicateName`, `NotANumber`, `UnknownName`.
    """
    structure = read_structure(
        model, orthogonal=orthogonal, residuals=residuals, methods=methods, equal=equal
    )
    require_rules(estimator, missing)
    if estimator in {"ML", "MLR"}:
        data = prepare(frame, structure.items, missing=missing)  # type: ignore[arg-type]
        solved = estimate(
            structure,
            data,
            estimator=estimator,
            identification=identification,
        )
        return confirmation(solved)
    return _ordinal(structure, frame, estimator, missing, identification)


def require_rules(estimator: str, missing: str) -> None:
    """Refuse an estimator there is not, or a missing rule it does not have."""
    if estimator not in get_args(Estimator):
        raise WrongArgument(
            f"estimator is {estimator!r}; choose one of {', '.join(get_args(Estimator))}."
        )
    rules = ("listwise", "fiml" if estimator in {"ML", "MLR"} else "pairwise")
    if missing not in rules:
        raise WrongArgument(
            f"{estimator} has missing={rules[0]!r} or {rules[1]!r}, not {missing!r}."
        )


@dataclass(frozen=True, slots=True, eq=False)
class NormalSource:
    """A model fitted by maximum likelihood, for further questions."""

    solved: Solved

    def parameters(self) -> pd.DataFrame:
        """Every parameter; with groups one after the other."""
        import pandas as pd

        found = self.solved.estimates
        if found.labels == ("",):
            return tabulate(found, 0)
        tables = []
        for g, label in enumerate(found.labels):
            table = tabulate(found, g)
            table.insert(3, "group", label)
            table.index = pd.Index([f"{name} [{label}]" for name in table.index])
            tables.append(table)
        return pd.concat(tables)

    def modification(self) -> pd.DataFrame:
        """Modification indices."""
        return modification(self.solved.estimates, self.solved.objective, self.solved.data.n)

    def residuals(self) -> dict[str, tuple[Floats, Floats, int]]:
        """Observed and implied covariances and n of each group."""
        found = self.solved.estimates
        return {
            label: (sample.covariance, matrices.sigma(), sample.n)
            for label, sample, matrices in zip(
                found.labels, self.solved.data.samples, found.matrices(), strict=True
            )
        }


def confirmation(solved: Solved) -> Confirmation:
    """Make the result of a model fitted by maximum likelihood."""
    found, data = solved.estimates, solved.data
    source = NormalSource(solved)
    groups = () if data.labels == ("",) else data.labels
    model = found.structure.model
    return Confirmation(
        n=data.n,
        method=METHODS[solved.estimator, data.missing],
        missing=data.missing,
        flags=improper(found),
        estimator=solved.estimator,
        fit=solved.fit,
        model=model,
        n_used=data.n,
        n_dropped=data.dropped,
        groups=groups,
        _source=source,
        **tables_of(source.parameters(), model, groups),
    )


def _ordinal(
    structure: Structure,
    frame: pd.DataFrame,
    estimator: Estimator,
    missing: Missing,
    identification: Identification,
) -> Confirmation:
    from analysis.confirm import ordinal_fit  # heavy: polychorics

    found = ordinal_fit.fit_ordinal(
        structure,
        frame,
        estimator=estimator,  # type: ignore[arg-type]
        missing=missing,  # type: ignore[arg-type]
        identification=identification,
    )
    return ordinal_confirmation(found, estimator, missing)


def ordinal_confirmation(
    found: ordinal_fit.OrdinalFit, estimator: Estimator, missing: Missing
) -> Confirmation:
    """Make the result of a model of ordered answers."""
    from analysis.confirm import ordinal_fit

    model = found.estimates.structure.model
    return Confirmation(
        n=found.n,
        method=ordinal_fit.METHODS[estimator],
        missing=missing,
        flags=found.flags,
        estimator=estimator,
        fit=found.fit,
        model=model,
        n_used=found.n,
        n_dropped=found.dropped,
        groups=(),
        _source=OrdinalSource(found),
        **tables_of(found.parameters(), model, ()),
    )


@dataclass(frozen=True, slots=True, eq=False)
class OrdinalSource:
    """A model of ordered answers, for further questions."""

    found: ordinal_fit.OrdinalFit

    def parameters(self) -> pd.DataFrame:
        """Every parameter, thresholds last."""
        return self.found.parameters()

    def modification(self) -> pd.DataFrame:
        """Modification indices."""
        return self.found.modification()

    def residuals(self) -> dict[str, tuple[Floats, Floats, int]]:
        """Polychoric and implied correlations."""
        solution = self.found.solution
        return {"": (solution.sample.found.matrix(), solution.implied(), self.found.n)}
