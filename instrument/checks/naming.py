"""Names: legal in SPSS, R and Stata, used once, and no two columns alike."""

from __future__ import annotations

from collections.abc import Iterator

from instrument import names
from instrument.draft import Draft, Found
from instrument.lines import Path
from instrument.rules import Rule

_COLUMNED = frozenset({"scales", "items", "questions"})


def _identity(draft: Draft) -> Iterator[Found]:
    if draft.key and not names.KEY.fullmatch(draft.key):
        yield Found(
            Rule.ILLEGAL_NAME,
            ("key",),
            f"is {draft.key!r}; use small letters, digits, - and _, a letter first",
        )
    if draft.version and not names.VERSION.fullmatch(draft.version):
        yield Found(
            Rule.ILLEGAL_NAME, ("version",), f"is {draft.version!r}; write three numbers: 1.0.0"
        )


def _codes(draft: Draft) -> Iterator[Found]:
    for table, codes in _tables(draft):
        seen: set[str] = set()
        for place, code in codes:
            path: Path = (table, place, "code")
            if not code:
                continue  # told as empty
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


def _columns(draft: Draft) -> Iterator[Found]:
    owner: dict[str, str] = {}
    for name, path in _export_columns(draft):
        if len(name) > names.LONGEST:
            yield Found(
                Rule.ILLEGAL_NAME,
                path,
                f"makes the column {name}, {len(name)} characters; Stata allows {names.LONGEST}",
            )
        # SPSS takes MOT and mot for one name, so columns differ by more than case.
        if (other := owner.setdefault(name.upper(), name)) != name or _repeated(owner, name, path):
            yield Found(
                Rule.COLUMN_CLASH,
                path,
                f"makes the column {name}, which {other} is already; rename one of them",
            )


def _repeated(owner: dict[str, str], name: str, path: Path) -> bool:
    return owner.setdefault(f"{name.upper()} at", str(path)) != str(path)


def _export_columns(draft: Draft) -> Iterator[tuple[str, Path]]:
    for table, codes in (
        ("items", draft.items.codes),
        ("scales", draft.scales.codes),
        ("questions", draft.questions.codes),
    ):
        for place, code in _first_of_each(codes):
            yield code, (table, place, "code")
    for item in draft.items.entries:
        if item.value.reverse:
            yield item.value.code + names.REVERSED_SUFFIX, ("items", item.place, "code")
    for scale in draft.scales.entries:
        if scale.value.kind == "scale":
            yield scale.value.code + names.POMP_SUFFIX, ("scales", scale.place, "code")


def _first_of_each(codes: tuple[tuple[int, str], ...]) -> Iterator[tuple[int, str]]:
    # A code used twice in one list is told as such, not as a clash of columns as well.
    seen: set[str] = set()
    for place, code in codes:
        if code not in seen:
            seen.add(code)
            yield place, code


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
