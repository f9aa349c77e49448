"""Pages compressed piece by piece are the pages themselves; `gzip` is the judge."""

from __future__ import annotations

import gzip
import secrets
import zlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.packed import FilledPage, PackedPage, Piece, codings
from app.surveys.views.skeleton import packed, slot
from tests.surveys.conftest import BASE, Member, TestClient, Town, create_app

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
START = {"izin": ["adult", "research", "report"]}


@given(st.lists(st.tuples(TEXT, TEXT)), TEXT)
def test_what_is_packed_is_read_by_every_gzip(parts: list[tuple[str, str]], last: str) -> None:
    names = [f"n{number}" for number in range(len(parts))]
    page = PackedPage([*(text for text, _ in parts), last], names)
    filled = page.fill(dict(zip(names, (own for _, own in parts), strict=True)))
    whole = ("".join(text + own for text, own in parts) + last).encode()
    assert gzip.decompress(filled.gzip) == whole  # checks its CRC and length, too
    assert filled.plain() == whole
    # A browser's decoder takes it as it comes, in bits of any size.
    decoder = zlib.decompressobj(wbits=31)
    read = b"".join(
        decoder.decompress(filled.gzip[n : n + 7]) for n in range(0, len(filled.gzip), 7)
    )
    assert read == whole
    assert decoder.eof
    assert decoder.unused_data == b""


@given(st.lists(TEXT, max_size=5))
def test_a_place_takes_pieces_that_were_compressed_before(lines: list[str]) -> None:
    page = packed(f"<ul>{slot('lines')}</ul>")
    filled = page.fill({"lines": [Piece.fixed(line) for line in lines]})
    assert gzip.decompress(filled.gzip).decode() == f"<ul>{''.join(lines)}</ul>"


def test_no_place_is_forgotten_and_no_text_too_long() -> None:
    page = packed(f"a{slot('one')}b{slot('one')}c")
    assert gzip.decompress(page.fill({"one": "x"}).gzip) == b"axbxc"
    with pytest.raises(KeyError):
        page.fill({"other": "x"})
    with pytest.raises(ValueError, match="places"):
        PackedPage(["a", "b"], [])
    assert gzip.decompress(page.fill({"one": "x" * 65535}).gzip).count(b"x") == 2 * 65535
    with pytest.raises(ValueError, match="short"):
        page.fill({"one": "x" * 65536})


def test_the_length_tells_nothing_of_what_is_a_persons_own() -> None:
    """An id that repeats what stands on the page is as long as one that does not."""
    page = packed(f"<p>{'00000000-0000-4000-8000-000000000000' * 9}</p>{slot('id')}")
    lengths = {
        len(page.fill({"id": id_}).gzip)
        for id_ in (
            "00000000-0000-4000-8000-000000000000",
            str(UUID(bytes=secrets.token_bytes(16))),
        )
    }
    assert len(lengths) == 1
    assert isinstance(page.fill({"id": "x"}), FilledPage)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        (b"gzip, deflate, br, zstd", {b"gzip", b"deflate", b"br", b"zstd"}),
        (b"GZIP;q=1.0 , br;q=0", {b"gzip"}),
        (b"gzip;q=0.000", set()),
        (b"gzip; q=0.001", {b"gzip"}),
        (b"identity", {b"identity"}),
    ],
)
def test_codings_are_those_accepted(header: bytes, accepted: set[bytes]) -> None:
    assert codings({"headers": [(b"accept-encoding", header)]}) == accepted
    assert codings({"headers": []}) == set()


@pytest.mark.parametrize("accept", ["gzip", "gzip, deflate, br, zstd", "identity", "gzip;q=0", ""])
def test_each_phone_gets_the_page_it_can_read(town: Town, accept: str) -> None:
    place = town.found()
    with TestClient(create_app(town.database.settings), base_url=BASE) as client:
        headers = {"accept-encoding": accept}
        for answer in (
            client.get("/s/uji", headers=headers),
            client.post("/s/uji/mulai", data={**START, "kode": place.codes[0]}, headers=headers),
        ):
            assert answer.status_code == 200
            assert answer.headers["vary"].lower() == "accept-encoding"
            coded = "gzip" in accept and "q=0" not in accept
            assert answer.headers.get("content-encoding") == ("gzip" if coded else None)
            assert answer.text.endswith("</html>")


@pytest.mark.parametrize("language", ["id", "en"])
def test_who_begins_gets_what_who_comes_back_would(
    town: Town, member: Member, language: str
) -> None:
    """The packed page is the one that is rendered for a person; only the id differs."""
    first = member.start(lang=language)
    mine = member.hidden["id"]
    member.save({"REL1": "", "lihat": "", "layar": ""})
    again = member.start(lang=language)
    assert member.hidden["id"] == mine
    other = Member(member.client, member.place)
    begun = other.post("mulai", {**START, "kode": member.place.codes[1], "lang": language})
    assert other.hidden["id"] != mine
    assert begun.text.replace(other.hidden["id"], mine) == first.text
    # What was saved is on the page of who comes back, with a greeting; the questions are alike.
    questions = [page.text.partition('id="b1"')[2] for page in (first, again)]
    assert questions[0] == questions[1]


def test_a_slug_that_looks_like_an_id_keeps_its_cookie(town: Town) -> None:
    slug = "0" * 32
    place = town.found(slug)
    with TestClient(create_app(town.database.settings), base_url=BASE) as client:
        member = Member(client, place)
        cookie = member.start().headers["set-cookie"]
    assert f"Path=/s/{slug};" in cookie
    assert cookie.startswith(f"guyub={UUID(member.hidden['id']).hex};")
