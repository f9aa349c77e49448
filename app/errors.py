"""Errors that a person or a program may see; one handler (`app.main`) renders them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class AppError(Exception):
    """Base of the service's errors: an HTTP status and words in both languages.

    ``title_*`` say what happened, ``hint_*`` say what to do next. Subclasses live in the
    module that means them.
    """

    status: int = 400
    slug: str = "bad-request"
    title_id: str = "Permintaan ini tidak bisa diproses"
    title_en: str = "This request cannot be processed"
    hint_id: str = "Kembali ke halaman sebelumnya, lalu coba lagi."
    hint_en: str = "Go back to the page before and try again."
    headers: Mapping[str, str] = MappingProxyType({})
    """HTTP headers that go with it."""

    def __init__(self, detail: str = "", *, location: str = "") -> None:
        self.detail = detail
        self.location = location
        """Where a browser goes instead of reading the error; a program still gets it."""
        super().__init__(detail or self.title_en)

    def title(self, language: str) -> str:
        """What happened, in ``language``."""
        return self.title_en if language == "en" else self.title_id

    def hint(self, language: str) -> str:
        """What to do next, in ``language``."""
        return self.hint_en if language == "en" else self.hint_id
