"""What a rights page sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from app import desk
from app.pages import language_of
from instrument.model import Language


@dataclass(frozen=True, slots=True)
class RightsForm:
    """The fields of every rights page; what was not sent is empty."""

    language: Language
    typed: str
    """Code or receipt."""
    ticket: str
    this_phone: bool
    """Use the draft that this phone remembers."""
    wave_id: int | None
    submission_id: UUID | None
    kept: tuple[str, ...]
    """Consent choices that stay."""
    kind: str
    words: str
    contact: str


async def read_form(request: Request) -> RightsForm:
    """Read a form's body. Raises UnreadableForm."""
    return _form((await desk.read_form(request)).fields)


Form = Annotated[RightsForm, Depends(read_form)]


def _form(fields: Sequence[tuple[str, str]]) -> RightsForm:
    single = {name: value.replace("\r\n", "\n") for name, value in fields}
    wave, submission = single.get("gelombang", ""), single.get("kiriman", "")
    return RightsForm(
        language=language_of(single.get("lang")),
        typed=single.get("kode", "")[:40],
        ticket=single.get("tiket", "")[:200],
        this_phone=single.get("hp") == "1",
        wave_id=int(wave) if wave.isascii() and wave.isdigit() and len(wave) <= 9 else None,
        submission_id=_uuid(submission),
        kept=tuple(value for name, value in fields if name == "izin"),
        kind=single.get("jenis", ""),
        words=single.get("isi", ""),
        contact=single.get("hubungi", ""),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
