"""How answers are read: bands, careless rules, analysis defaults, lints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from instrument.draft import Draft, Found
from instrument.lines import Path
from instrument.lint_rules import LINTS
from instrument.model import BandSet, ResponseScale
from instrument.rules import Rule


def _bands(draft: Draft) -> Iterator[Found]:
    for entry in draft.band_sets.entries:
        path: Path = ("band_sets", entry.place, "bands")
        yield from _edges(entry.value, path)
        if draft.response_scale is not None:
            yield from _reach(entry.value, path, draft.response_scale)


def _edges(bands: BandSet, path: Path) -> Iterator[Found]:
    if not bands.bands or bands.bands[-1].edge is not None:
        yield Found(
            Rule.BANDS_GAP,
            path,
            "leave low values without a band; give the last band no low edge",
        )
    for place, band in enumerate(bands.bands[:-1]):
        if band.edge is None:
            yield Found(
                Rule.BANDS_GAP,
                (*path, place),
                "has no low edge, so the bands below it stay empty; only the last has none",
            )
    edges = [(place, band.edge) for place, band in enumerate(bands.bands) if band.edge is not None]
    for (_, higher), (place, lower) in pairwise(edges):
        if lower >= higher:
            yield Found(
                Rule.BANDS_NOT_DESCENDING,
                (*path, place, "low"),
                f"is {float(lower):g}, not below {float(higher):g} of the band before; "
                "write the highest band first",
            )


def _reach(bands: BandSet, path: Path, scale: ResponseScale) -> Iterator[Found]:
    low, high = (0, 100) if bands.basis == "tcr" else (scale.low, scale.high)
    for place, band in enumerate(bands.bands):
        if band.edge is not None and not low < band.edge <= high:
            yield Found(
                Rule.BAND_OUTSIDE,
                (*path, place, "low"),
                f"is {float(band.edge):g}, outside the {bands.basis} from {low} to {high}",
            )


def _careless(draft: Draft) -> Iterator[Found]:
    rules = draft.careless
    for place, pair in enumerate(rules.pairs):
        path: Path = ("careless", "pairs", place)
        for code in pair:
            if code not in draft.items:
                yield Found(
                    Rule.UNKNOWN_ITEM, path, f"names {code!r}, which is no item; correct it"
                )
        if pair[0] == pair[1]:
            yield Found(
                Rule.PAIR_OF_ONE, path, f"names {pair[0]!r} twice; a pair is two different items"
            )
    scale = draft.response_scale
    if rules.pairs and scale and not scale.low < rules.pair_high <= scale.high:
        yield Found(
            Rule.PAIR_HIGH_OUTSIDE,
            ("careless", "pair_high"),
            f"is {rules.pair_high}, outside the options {scale.low + 1} to {scale.high}",
        )


def _analysis(draft: Draft) -> Iterator[Found]:
    analysis = draft.analysis
    wanted = (() if analysis.outcome is None else (analysis.outcome,), analysis.predictors)
    for name, codes in zip(("outcome", "predictors"), wanted, strict=True):
        for place, code in enumerate(codes):
            if code not in draft.scales:
                where: Path = (
                    ("analysis", name, place)
                    if name == "predictors"
                    else (
                        "analysis",
                        name,
                    )
                )
                yield Found(
                    Rule.UNKNOWN_SCALE, where, f"is {code!r}, which is no scale; correct it"
                )
    if analysis.outcome is not None and analysis.outcome in analysis.predictors:
        yield Found(
            Rule.OUTCOME_AS_PREDICTOR,
            ("analysis", "predictors"),
            f"hold the outcome {analysis.outcome!r}; remove it",
        )
    yield from _known_items(draft, "factor_items", analysis.factor_items)
    yield from _known_items(draft, "sensitivity_without", analysis.sensitivity_without)


def _known_items(draft: Draft, name: str, codes: Sequence[str]) -> Iterator[Found]:
    for place, code in enumerate(codes):
        if code not in draft.items:
            yield Found(
                Rule.UNKNOWN_ITEM,
                ("analysis", name, place),
                f"is {code!r}, which is no item; correct it",
            )


def _lints(draft: Draft) -> Iterator[Found]:
    for place, off in enumerate(draft.lints.off):
        if off.lint not in LINTS:
            yield Found(
                Rule.UNKNOWN_LINT,
                ("lints", "off", place, "lint"),
                f"is {off.lint!r}; use one of {', '.join(LINTS)}",
            )


CHECKS = (_bands, _careless, _analysis, _lints)
