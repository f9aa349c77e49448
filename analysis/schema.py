"""JSON Schema of ``results.json``, made from the result types themselves.

Every result is a closed object: a field that the type does not have is an error, and so is one
that is missing. ``docs/manual/results.schema.json`` is this, written down; a test holds them
together.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Any

from analysis.results import Flag, Result

DRAFT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

NUMBER: Schema = {"type": ["number", "null"]}
"""null: undefined or infinite."""
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer"}
CELL: Schema = {"type": ["number", "string", "boolean", "null"]}
SERIES: Schema = {"type": "object", "additionalProperties": CELL}
TABLE: Schema = {"type": "object", "additionalProperties": SERIES}
FLAG: Schema = {
    "type": "object",
    "properties": {"code": TEXT, "names": {"type": "array", "items": TEXT}, "value": NUMBER},
    "required": ["code", "names", "value"],
    "additionalProperties": False,
}


def closed(properties: Schema, *, optional: tuple[str, ...] = ()) -> Schema:
    """An object with these properties and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def by_name(part: Schema) -> Schema:
    """An object of parts under names of scales, items, models."""
    return {"type": "object", "additionalProperties": part, "minProperties": 1}


class Definitions:
    """Schemas of result types by class name, filled as they are asked for."""

    def __init__(self) -> None:
        self.found: dict[str, Schema] = {}

    def of(self, kind: type[Result]) -> Schema:
        """Return a reference to the schema of a result type."""
        name = kind.__name__
        if name not in self.found:
            self.found[name] = {}  # stands here while its own fields are looked at
            hints = typing.get_type_hints(kind, localns=_names())
            fields = [f.name for f in dataclasses.fields(kind) if not f.name.startswith("_")]
            made = closed({field: self.value(hints[field]) for field in fields})
            made["properties"]["method"] = made["properties"]["missing"] = {
                "type": "string",
                "minLength": 1,
            }
            made["properties"]["n"] = {"type": "integer", "minimum": 0}
            if kind.__doc__:
                made["description"] = kind.__doc__.strip().splitlines()[0]
            self.found[name] = made
        return {"$ref": f"#/$defs/{name}"}

    def value(self, hint: Any) -> Schema:  # noqa: PLR0911 - one line a kind of value
        """Return the schema of one field's type."""
        import pandas as pd

        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if origin in {types.UnionType, typing.Union}:
            parts = [self.value(one) for one in inner if one is not type(None)]
            return {"anyOf": [*parts, {"type": "null"}]}
        if origin is typing.Literal:
            return {"enum": list(inner)}
        if origin is tuple:
            if len(inner) == 2 and inner[1] is Ellipsis:
                return {"type": "array", "items": self.value(inner[0])}
            cells = [self.value(one) for one in inner]
            return {"type": "array", "prefixItems": cells, "items": False, "minItems": len(cells)}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.value(inner[1])}
        plain = {bool: {"type": "boolean"}, int: COUNT, float: NUMBER, str: TEXT, Flag: FLAG}
        if hint in plain:
            return plain[hint]
        if hint is pd.DataFrame:
            return TABLE
        if hint is pd.Series:
            return SERIES
        if hint is Any:
            return {}
        if isinstance(hint, type) and issubclass(hint, Result):
            return self.of(hint)
        raise TypeError(f"{hint!r} has no JSON Schema; teach analysis.schema about it.")


def _names() -> dict[str, Any]:
    """What result types import for the type checker only."""
    import pandas as pd

    from analysis.results import Interval

    return {"pd": pd, "Interval": Interval}


def results() -> Schema:
    """Schema of the whole of ``results.json``."""
    from analysis.findings.found import Findings

    kept = Definitions()
    hints = typing.get_type_hints(Findings, localns=_names())

    def part(field: str) -> Schema:
        """What the findings hold in a field, without the None of not computed."""
        hint = hints[field]
        inner = [one for one in typing.get_args(hint) if one is not type(None)]
        if typing.get_origin(hint) is dict:
            return by_name(_nested(kept, inner[1]))
        return kept.value(inner[0])

    block = hints["whole"].__args__[0]
    factor = {
        name: kept.value(typing.get_args(hint)[0])
        for name, hint in typing.get_type_hints(block, localns=_names()).items()
        if name != "scales"
    }
    wave_hints = typing.get_type_hints(hints["before"].__args__[0], localns=_names())
    changes = ("paired", "mixed", "unpaired", "attrition")
    change = {name: kept.value(wave_hints[name].__args__[0]) for name in changes}
    change["arrows"] = {
        "type": "object",
        "additionalProperties": {"enum": ["up", "down", "none"]},
    }
    reliability = {
        key: _one(part(field))
        for key, field in (
            ("alpha", "alphas"),
            ("omega", "omegas"),
            ("ordinal_alpha", "ordinal_alphas"),
            ("categorical_omega", "categorical_omegas"),
            ("spearman_brown", "pairs"),
        )
    }
    regression, alpha = part("regression"), _one(part("alphas"))
    sensitivity = closed(
        {
            "all_rows": closed(
                {
                    "reliability": by_name(closed({"alpha": alpha})),
                    "regression": regression,
                },
                optional=("reliability", "regression"),
            ),
            "without": by_name(closed({"regression": regression})),
        },
        optional=("all_rows", "without"),
    )
    blocks = {name: part(field) for name, field in _BLOCKS.items()} | {
        "reliability": by_name(closed(reliability, optional=tuple(reliability))),
        **factor,
        "explorations": by_name(
            closed({"scales": {"type": "array", "items": TEXT}} | factor, optional=tuple(factor))
        ),
        "change": closed(change, optional=tuple(change)),
        "invariance": by_name(_nested(kept, typing.get_args(wave_hints["invariance"])[1])),
        "sensitivity": sensitivity,
    }
    return {
        "$schema": DRAFT,
        "title": "results.json of guyub analyze",
        **closed(_FRAME | {"blocks": closed(blocks, optional=tuple(blocks))}, optional=("before",)),
        "$defs": dict(sorted(kept.found.items())),
    }


def _nested(kept: Definitions, hint: Any) -> Schema:
    if typing.get_origin(hint) is dict:
        return by_name(kept.value(typing.get_args(hint)[1]))
    return kept.value(hint)


def _one(part: Schema) -> Schema:
    inner: Schema = part["additionalProperties"]
    return inner


_BLOCKS = {
    "medians": "medians",
    "levels": "levels",
    "descriptives": "descriptives",
    "missing": "missing",
    "mcar": "mcar",
    "careless": "careless",
    "items": "item_analyses",
    "key_alarm": "key_alarm",
    "correlations": "correlations",
    "one_factor": "one_factor",
    "pair_models": "pair_models",
    "confirmatory": "confirmations",
    "comparison": "comparison",
    "convergent": "convergent",
    "discriminant": "discriminant",
    "htmt": "htmt",
    "harman": "harman",
    "regression": "regression",
    "regression_fiml": "fiml_regression",
    "ordered_logit": "ordered_logit",
    "communities": "pooled",
    "hierarchical": "hierarchy",
    "importance": "importance",
    "mediation": "mediations",
    "moderation": "moderations",
    "power": "power",
    "hypotheses": "answers",
}
"""Block of the file -> field of the findings."""

_DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_LIST: Schema = {"type": "array", "items": TEXT}
_MAYBE: Schema = {"type": ["string", "null"]}
_FRAME: Schema = {
    "guyub": closed({"version": TEXT, "code": TEXT}),
    "instrument": closed({"key": TEXT, "version": TEXT, "digest": _DIGEST}),
    "data": closed(
        {key: {"type": "integer", "minimum": 0} for key in ("rows", "used", "excluded", "empty")}
        | {
            "sha256": {"type": "string"},
            "simulated": {"type": "boolean"},
            "wave": TEXT,
            "form": TEXT,
            "communities": _LIST,
            "first_answer": TEXT,
        }
    ),
    "plan": closed(
        {
            "code": TEXT,
            "version": TEXT,
            "rules": TEXT,
            "digest": TEXT,
            "registered": {"type": "boolean"},
            "frozen": {"anyOf": [closed({"on": TEXT, "wave": TEXT}), {"type": "null"}]},
            "deviations": {
                "type": "array",
                "items": closed({"code": TEXT, "planned": TEXT, "done": TEXT}),
            },
            "tier": TEXT,
            "outcome": _MAYBE,
            "predictors": _LIST,
            "without": _LIST,
            "population": {"type": ["integer", "null"]},
            "seed": COUNT,
            "bootstrap": COUNT,
            "reliability_bootstrap": COUNT,
            "careless_excluded_at": {"type": ["integer", "null"]},
            "cutoffs": by_name(
                closed(
                    {
                        "step": COUNT,
                        "side": TEXT,
                        "value": {"type": "number"},
                        "source": TEXT,
                        "evidence": TEXT,
                    }
                )
            ),
        }
    ),
    "withheld": {
        "type": "array",
        "items": closed(
            {
                "block": TEXT,
                "tier": TEXT,
                "n": COUNT,
                "reason": {"type": "string", "minLength": 1},
                "code": TEXT,
                "subject": TEXT,
                "names": _LIST,
            }
        ),
    },
    "before": closed({"wave": TEXT, "rows": COUNT, "used": COUNT, "sha256": TEXT, "pairs": COUNT}),
}


def write() -> None:
    """Print the schema: ``python -m analysis.schema > docs/manual/results.schema.json``."""
    import json

    print(json.dumps(results(), indent=1))


if __name__ == "__main__":
    write()
