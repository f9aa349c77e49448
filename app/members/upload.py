"""A file that a form brings (multipart/form-data, RFC 7578), read by the standard library."""

from __future__ import annotations

from email import policy
from email.parser import BytesParser
from typing import Annotated

from fastapi import Depends, Request

from app.errors import AppError


class NoFile(AppError):
    """A form that was to bring a file and did not."""

    status = 415
    slug = "no-file"
    title_id = "Kiriman ini tidak membawa berkas"
    title_en = "This form brought no file"
    hint_id = "Pilih berkasnya di halaman impor, lalu kirim dari sana."
    hint_en = "Choose the file on the import page and send it from there."


async def read_upload(request: Request) -> bytes:
    """The content of the field ``berkas``; empty where none was chosen. Raises NoFile."""
    body = await request.body()
    if not body:
        return b""
    return field_of(body, request.headers.get("content-type", ""), "berkas")


def field_of(body: bytes, content_type: str, name: str) -> bytes:
    """The bytes of one field of a multipart body. Raises NoFile."""
    if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        raise NoFile(content_type)
    # The parser reads messages: headers, a blank line, the parts.
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    for part in message.iter_parts() if message.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == name:
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else b""
    raise NoFile(name)


Upload = Annotated[bytes, Depends(read_upload)]
