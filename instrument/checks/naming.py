"""Names: legal in SPSS, R and Stata, used once, and no two columns alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from instrument import names
from instrument.draft import Draft, Found
from instrument.lines import Path
from instrument.rules import Rule

_COLUMNED = frozenset({"scales", "items", "questions"})


def _identity(draft: Draft) -> Iterator[Found]:
    if draft.key is not None and not names.KEY.fullmatch(draft.key):
        yield Found(
            Rule.ILLEGAL_NAME,
            ("key",),
            f"is {draft.key!r}; use small letters, digits, - and _, a letter first",
        )
    if draft.version is not None and not names.VERSION.fullmatch(draft.version):
        yield Found(
            Rule.ILLEGAL_NAME, ("version",), f"is {draft.version!r}; write three numbers: 1.0.0"
        )


def _codes(draft: Draft) -> Iterator[Found]:
    for table, codes in _tables(draft):
        seen: set[str] = set()
        for place, code in codes:
            path: Path = (table, place, "code")
            if not code:
                yield Found(Rule.EMPTY, path, "is empty; fill it in")
                continue
            yield from _legal(table, path, code)
            if code in seen:
                yield Found(
                    Rule.DUPLICATE_CODE, path, f"is {code!r} a second time; give each its own code"
                )
            seen.add(code)


def _legal(table: str, path: Path, code: str) -> Iterator[Found]:
    if table == "forms":
        return  # pydantic knows the two form codes
    pattern, first = names.CODE, "a capital letter"
    if table == "scales":
        pattern, first = names.SCALE_CODE, "a letter"
    if not pattern.fullmatch(code):
        yield Found(
            Rule.ILLEGAL_NAME, path, f"is {code!r}; use letters, digits and _, {first} first"
        )
    elif table in _COLUMNED and (owner := names.reserved(code)):
        yield Found(Rule.RESERVED_NAME, path, f"is {code!r}, a word kept by {owner}; rename it")


def _tables(draft: Draft) -> Iterator[tuple[str, tuple[tuple[int, str], ...]]]:
    yield "scales", draft.scales.codes
    yield "items", draft.items.codes
    yield "questions", draft.questions.codes
    yield "modules", draft.modules.codes
    yield "forms", draft.forms.codes
    yield "band_sets", draft.band_sets.codes


@dataclass(frozen=True)
class _Column:
    """A column of the export, and the code it comes from."""

    name: str
    table: str
    code: str


def _columns(draft: Draft) -> Iterator[Found]:
    # SPSS takes MOT and mot for one name, so columns differ by more than case.
    owners: dict[str, _Column] = {}
    for column, place in _export_columns(draft):
        path: Path = (column.table, place, "code")
        if len(column.name) > names.LONGEST:
            yield Found(
                Rule.ILLEGAL_NAME,
                path,
                f"makes the column {column.name}, {len(column.name)} characters; "
                f"Stata allows {names.LONGEST}",
            )
        owner = owners.setdefault(column.name.upper(), column)
        if owner != column:  # equal: the column itself, or a code used twice, told as that
            yield Found(
                Rule.COLUMN_CLASH,
                path,
                f"makes the column {column.name}, but {owner.name} is one already (of "
                f"{owner.table}.{owner.code}); rename one of them",
            )


def _export_columns(draft: Draft) -> Iterator[tuple[_Column, int]]:
    for table, codes in (
        ("items", draft.items.codes),
        ("scales", draft.scales.codes),
        ("questions", draft.questions.codes),
    ):
        for place, code in codes:
            yield _Column(code, table, code), place
    for item in draft.items.entries:
        if item.value.reverse:
            name = item.value.code + names.REVERSED_SUFFIX
            yield _Column(name, "items", item.value.code), item.place
    for scale in draft.scales.entries:
        if scale.value.kind == "scale":
            name = scale.value.code + names.POMP_SUFFIX
            yield _Column(name, "scales", scale.value.code), scale.place


def _consent_codes(draft: Draft) -> Iterator[Found]:
    seen: set[str] = set()
    for place, choice in enumerate(draft.consent.choices if draft.consent else ()):
        path: Path = ("consent", "choices", place, "code")
        if not names.CHOICE.fullmatch(choice.code):
            yield Found(
                Rule.ILLEGAL_NAME,
                path,
                f"is {choice.code!r}; use small letters, digits and _, a letter first",
            )
        if choice.code in seen:
            yield Found(
                Rule.DUPLICATE_CODE,
                path,
                f"is {choice.code!r} a second time; give each its own code",
            )
        seen.add(choice.code)


CHECKS = (_identity, _codes, _columns, _consent_codes)
