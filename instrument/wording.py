"""Wordings in both languages, and the base of all definition types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["id", "en"]
LANGUAGES: tuple[Language, ...] = ("id", "en")


class Frozen(BaseModel):
    """Base of all definition types: immutable, and strict about unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False
    )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy with changes; whatever was derived from the original is left behind."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(copied).model_fields.keys():
            del copied.__dict__[name]
        return copied


class Text(Frozen):
    """A wording in every language of the house; none may be empty.

    One mark-up is allowed: ``**word**`` stands out on the page. `in_` leaves it out,
    `runs` keeps it.
    """

    id: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def in_(self, language: Language) -> str:
        """Return the wording in ``language``, without mark-up."""
        return self._written(language).replace("**", "")

    def runs(self, language: Language) -> tuple[tuple[str, bool], ...]:
        """Return the wording as pieces ``(text, stands out)``, in reading order."""
        pieces = self._written(language).split("**")
        return tuple((piece, place % 2 == 1) for place, piece in enumerate(pieces) if piece)

    def _written(self, language: Language) -> str:
        return self.en if language == "en" else self.id


class WordList(Frozen):
    """Words of each language, as a rule about wording names them."""

    id: tuple[str, ...] = ()
    en: tuple[str, ...] = ()

    def in_(self, language: Language) -> tuple[str, ...]:
        """Return the words of ``language``."""
        return self.en if language == "en" else self.id
