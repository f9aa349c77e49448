"""New codes on their way to people: slips, a spreadsheet, links that open WhatsApp."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.sharing import for_spreadsheet, whatsapp
from instrument.model import Language

_HEADINGS: dict[Language, tuple[str, ...]] = {
    "id": ("Nama", "Telepon", "Kode", "Tautan pribadi", "WhatsApp"),
    "en": ("Name", "Phone", "Code", "Personal link", "WhatsApp"),
}
_DELIMITERS: dict[Language, str] = {"id": ";", "en": ","}
"""What Excel expects where the decimal sign is a comma, and where it is a point."""


@dataclass(frozen=True, slots=True)
class Slip:
    """What one person gets."""

    name: str
    phone: str | None
    code: str
    """As people read it, in two groups."""
    group_link: str
    link: str
    """Types the code; for this person alone."""


def spreadsheet(slips: Sequence[Slip], language: Language, message: Callable[[Slip], str]) -> bytes:
    """One row a person, as a CSV file that Excel opens as it stands.

    ``message`` is what WhatsApp is opened with; the roster's reader takes the file back.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter=_DELIMITERS[language], lineterminator="\r\n")
    writer.writerow(_HEADINGS[language])
    for slip in slips:
        writer.writerow(
            [
                for_spreadsheet(slip.name),
                slip.phone or "",
                slip.code,
                slip.link,
                whatsapp(message(slip), slip.phone),
            ]
        )
    return out.getvalue().encode("utf-8-sig")
