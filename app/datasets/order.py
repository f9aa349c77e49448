"""What somebody wants of a data set, and why an order is refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from app.errors import AppError
from instrument.model import LANGUAGES, Language

Format = Literal["csv", "xlsx", "sav", "dta", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
"""CSV is always made: the scripts read it, and its SHA-256 is the data set's."""
Shape = Literal["long", "wide"]
SHAPES: tuple[Shape, ...] = get_args(Shape)
REASON_LENGTH = 15
"""Characters of a reason, at least: "because" is none."""


class UnknownFormat(AppError):
    """The file format is not offered."""

    slug = "unknown-format"
    title_id = "Format ini tidak tersedia"
    title_en = "This format is not offered"
    hint_id = "Pilih csv, xlsx, sav, dta, atau parquet."
    hint_en = "Choose csv, xlsx, sav, dta or parquet."


class UnknownShape(AppError):
    """The shape or the language of the files is not offered."""

    slug = "unknown-shape"
    title_id = "Bentuk atau bahasa ini tidak tersedia"
    title_en = "This shape or language is not offered"
    hint_id = "Pilih bentuk long atau wide, dan bahasa id atau en."
    hint_en = "Choose the shape long or wide, and the language id or en."


class WavesDoNotFit(AppError):
    """Waves of other communities, questionnaires or forms cannot stand in one file."""

    status = 409
    slug = "waves-do-not-fit"
    title_id = "Gelombang ini tidak bisa digabung dalam satu berkas"
    title_en = "These waves cannot stand in one file"
    hint_id = "Pilih gelombang dari satu komunitas, satu versi kuesioner, dan satu bentuk formulir."
    hint_en = "Choose waves of one community, one version of the questionnaire and one form."


class NoReason(AppError):
    """The full file was asked for without a reason."""

    slug = "no-reason"
    title_id = "Berkas lengkap perlu alasan"
    title_en = "The full file needs a reason"
    hint_id = "Tulis alasannya, paling sedikit 15 huruf; alasan itu dicatat bersama data."
    hint_en = "Write the reason, 15 characters at least; it is kept with the data."


class NothingToExport(AppError):
    """No answer of the wave may be used for research."""

    status = 409
    slug = "nothing-to-export"
    title_id = "Belum ada jawaban yang boleh dipakai untuk penelitian"
    title_en = "No answer may be used for research yet"
    hint_id = "Tunggu sampai ada anggota yang menjawab dan mengizinkan pemakaian untuk penelitian."
    hint_en = "Wait until members have answered and agreed to research."


class VersionChanged(AppError):
    """The installed definition is not the one that was answered."""

    status = 409
    slug = "version-changed"
    title_id = "Kuesioner yang terpasang bukan yang dijawab"
    title_en = "The installed definition is not the one that was answered"
    hint_id = "Pasang versi program yang menjalankan gelombang itu."
    hint_en = "Install the program version that ran the wave."


class StillChanging(AppError):
    """Answers kept coming in while the file was written."""

    status = 409
    slug = "still-changing"
    title_id = "Jawaban berubah saat data set ditulis"
    title_en = "Answers changed while the data set was written"
    hint_id = "Coba lagi sebentar lagi, atau tunggu sampai gelombang ditutup."
    hint_en = "Try again in a minute, or wait until the wave is closed."


@dataclass(frozen=True, slots=True)
class Order:
    """One data set, to be made. Build it with `order`, which checks."""

    waves: tuple[str, ...]
    """``<community>-<number>``, in the order of their numbers."""
    formats: tuple[Format, ...] = ("csv",)
    language: Language = "id"
    """Of labels, codebook page and scripts; the codebooks CSV and DDI have both."""
    shape: Shape = "long"
    project: str = "default"
    reason: str = ""
    """Why background is not coarsened; empty = it is, where the k-check asks for it."""
    made_by: str = "command line"

    @property
    def content(self) -> dict[str, Any]:
        """What decides the files; equal for equal orders, whoever gives them."""
        return {
            "formats": list(self.formats),
            "language": self.language,
            "shape": self.shape,
            "project": self.project,
            "reason": self.reason,
        }


def order(
    *,
    waves: Iterable[str],
    formats: Iterable[str] = ("csv",),
    language: str = "id",
    shape: str = "long",
    project: str = "default",
    full: bool = False,
    reason: str = "",
    made_by: str = "command line",
) -> Order:
    """Check what was asked for and return the order.

    Raises UnknownFormat, UnknownShape, NoReason (``full`` without one), WavesDoNotFit (none).
    """
    wanted = {one.strip() for part in formats for one in part.split(",") if one.strip()}
    unknown = sorted(wanted - set(FORMATS))
    if unknown:
        raise UnknownFormat(", ".join(unknown))
    if shape not in SHAPES or language not in LANGUAGES:
        raise UnknownShape(f"{shape}, {language}")
    why = " ".join(reason.split())
    if full and len(why) < REASON_LENGTH:
        raise NoReason
    named = sorted({one.strip() for one in waves}, key=_number)
    if not named:
        msg = "no wave was named"
        raise WavesDoNotFit(msg)
    return Order(
        waves=tuple(named),
        formats=tuple(one for one in FORMATS if one == "csv" or one in wanted),
        language=language,
        shape=shape,
        project=project.strip() or "default",
        reason=why if full else "",
        made_by=made_by,
    )


def _number(wave: str) -> tuple[str, int]:
    slug, _, number = wave.rpartition("-")
    return slug, int(number) if number.isdecimal() else 0
