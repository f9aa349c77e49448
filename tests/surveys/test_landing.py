"""The landing page: consent and code on one page, previews, and everything that stops."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.surveys.conftest import PURPOSES, Member, Place, TestClient, Town, heading

WHATSAPP = {"user-agent": "WhatsApp/2.23.20.0 A"}
PREVIEW = {"user-agent": "facebookexternalhit/1.1"}


def meta(page: httpx.Response, name: str) -> str:
    found = re.search(rf'<meta (?:property|name)="{name}" content="([^"]*)"', page.text)
    assert found, name
    return found[1]


@pytest.mark.parametrize(
    ("query", "language", "title", "locale"),
    [
        ("", "id", "Survei komunitas", "id_ID"),
        ("?lang=en", "en", "Community survey", "en_GB"),
        ("?lang=xx", "id", "Survei komunitas", "id_ID"),
    ],
)
def test_preview_card_is_the_same_for_everybody(
    member: Member, query: str, language: str, title: str, locale: str
) -> None:
    """A11: title <= 35 and description <= 65 characters, one image, no person in it."""
    page = member.get(query)
    assert f'<html lang="{language}">' in page.text
    assert f"<title>{title} · Guyub</title>" in page.text
    assert len(meta(page, "og:title")) <= 35
    assert len(meta(page, "og:description")) <= 65
    assert meta(page, "og:locale") == locale
    image = meta(page, "og:image")
    assert image.startswith("http://127.0.0.1:8000/static/")
    picture = member.client.get(image.removeprefix("http://127.0.0.1:8000"))
    assert picture.headers["content-type"] == "image/png"
    assert len(picture.content) < 60_000
    head = page.text.partition("<body>")[0]
    assert not any(code in head for code in member.place.codes)
    assert member.place.slug not in re.sub(r'href="[^"]*"', "", head)


@pytest.mark.parametrize(("form", "minutes"), [("full", 10), ("pulse", 3)])
def test_the_card_promises_the_minutes_of_the_form(
    town: Town, client: TestClient, form: str, minutes: int
) -> None:
    member = Member(client, town.found(form=form))
    told = meta(member.get(""), "og:description")
    assert told == f"Sekitar {minutes} menit. Boleh dilewati, boleh berhenti kapan saja."
    english = meta(member.get("?lang=en"), "og:description")
    assert english.startswith(f"About {minutes} minutes.")


def test_reading_changes_nothing(town: Town, member: Member) -> None:
    """A11: any GET or HEAD, by a chat app or a person, changes no row."""
    member.start()
    before = town.count()
    pages = ("", "?lang=en", "/hasil", "/hak", "/mulai", "/simpan", "/kirim", "/lupakan")
    seen = set()
    for path in pages:
        for headers in (WHATSAPP, PREVIEW, {}):
            for method in ("GET", "HEAD"):
                answer = member.client.request(
                    method, f"/s/{member.place.slug}{path}", headers=headers, follow_redirects=False
                )
                assert answer.status_code in (200, 303)
                assert "set-cookie" not in answer.headers
                seen.add((path, method, answer.status_code, answer.content))
    assert len(seen) == 2 * len(pages)  # the agent's name changes nothing in the answer
    assert town.count() == before


def test_addresses_that_only_take_forms_lead_home(member: Member) -> None:
    """A reload of the document in a phone's tab asks for it by GET."""
    assert member.get("/mulai", follow_redirects=False).headers["location"] == "/s/uji"
    english = member.get("/simpan?lang=en", follow_redirects=False)
    assert english.headers["location"] == "/s/uji?lang=en"


def test_no_box_is_ticked_and_the_text_is_the_wave_s(member: Member) -> None:
    page = member.get()
    assert " checked" not in page.text
    assert "Rina, Universitas Uji, 0812" in page.text
    assert "[" not in page.text.partition("<main")[2].partition("<form class")[0]
    assert "rahasia" in page.text
    assert "anonim" not in page.text


def test_consent_is_stored_as_shown(town: Town, member: Member) -> None:
    """C1: purposes apart, with the hash of the text in the language it was read in."""
    member.start(izin=["adult", "report"])
    member.post("mulai", {"lang": "en", "kode": member.place.codes[1], "izin": PURPOSES})
    indonesian, english = sorted(town.rows("consent"), key=lambda row: str(row["language"]) == "en")
    assert indonesian["text_hash"] != english["text_hash"]
    assert [indonesian["language"], english["language"]] == ["id", "en"]
    assert str(indonesian["version"]) == "1.0.0"
    choices = str(indonesian["choices"]).lower().replace("'", '"')
    assert '"report": true' in choices
    assert '"research": false' in choices
    assert '"sales": false' in choices


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"tidak": "ikut"}, 200, ("Tidak apa-apa", "That is quite all right")),
        ({"tidak": "umur"}, 200, ("Terima kasih atas minat Anda", "Thank you for your interest")),
        (
            {"izin": ["adult"], "kode": "code"},
            200,
            ("Kalau begitu jawaban tidak boleh kami simpan", "Then we may not keep your answers"),
        ),
        (
            {"izin": ["research"], "kode": "code"},
            422,
            ("tanpa persetujuan ini kami tidak boleh bertanya", "without this consent we may not"),
        ),
        ({"izin": PURPOSES}, 422, ("kode masih kosong", "the code is still empty")),
        (
            {"izin": PURPOSES, "kode": "7KQ4 M2PX"},
            422,
            ("kode ini tidak kami kenal", "we do not know this code"),
        ),
        ({"kode": "code"}, 422, ("tanpa persetujuan ini", "without this consent")),
        ({"lanjut": "1"}, 404, ("tidak ditemukan lagi", "could not find that draft")),
        (
            {"lanjut": "1", "id": "00000000-0000-4000-8000-000000000000"},
            404,
            ("tidak ditemukan lagi", "could not find that draft"),
        ),
    ],
)
def test_whoever_does_not_get_in_leaves_nothing(
    town: Town,
    member: Member,
    fields: dict[str, object],
    status: int,
    words: tuple[str, str],
) -> None:
    """C1, C8: a page in each language says what is, and 0 rows are stored."""
    for language, expected in zip(("id", "en"), words, strict=True):
        given = fields | ({"kode": member.place.codes[0]} if fields.get("kode") == "code" else {})
        answer = member.post("mulai", given | {"lang": language})
        assert answer.status_code == status
        assert expected in answer.text
        assert f'<html lang="{language}">' in answer.text
    assert town.count()[:4] == (0, 0, 0, 0)


def test_errors_stand_in_a_summary_and_at_the_field(member: Member) -> None:
    """Title, summary with links, words at the field, and what was typed is still there."""
    page = member.post("mulai", {"izin": ["research"], "kode": "4mtr 8jhm"}).text
    assert "<title>Galat: Survei komunitas · Guyub</title>" in page
    assert '<div role="alert"><h2>Ada 2 hal' in page
    assert 'href="#adult"' in page
    assert 'href="#kode"' in page
    assert 'id="e-kode"' in page
    assert 'aria-describedby="kh e-kode" aria-invalid="true"' in page
    assert 'value="4mtr 8jhm"' in page
    assert page.count(" checked") == 1


def test_wrong_revoked_and_foreign_codes_read_the_same(
    town: Town, client: TestClient, place: Place
) -> None:
    """No page tells a revoked code or another community's from a typing error."""
    from datetime import UTC, datetime

    from sqlmodel import Session

    from app.members import service as members

    elsewhere = town.found("lain")
    with Session(town.database.write) as session, session.begin():
        members.revoke_code(
            session=session,
            community_id=place.community_id,
            participant_id=2,
            by="test",
            at=datetime.now(UTC),
        )
    pages = []
    for code in ("7KQ4M2PX", place.codes[1], elsewhere.codes[0]):
        answer = Member(client, place).start(kode=code)
        assert answer.status_code == 422
        pages.append(answer.text.replace(code, "CODE"))
    assert pages[0] == pages[1] == pages[2]


def test_many_wrong_codes_are_told_to_wait(member: Member) -> None:
    """C3, the page: after 10 wrong codes from one network even a right one waits."""
    for _ in range(10):
        assert member.start(kode="7KQ4M2PX").status_code == 422
    slowed = member.start(lang="en")
    assert slowed.status_code == 429
    assert slowed.headers["retry-after"] == "600"
    assert "Please wait ten minutes" in slowed.text


def test_codes_are_forgiving(member: Member) -> None:
    code = member.place.codes[0].lower()
    typed = f" {code[:4]}-{code[4:]} ".replace("0", "o").replace("1", "l")
    assert member.start(kode=typed).status_code == 200


@pytest.mark.parametrize(
    ("slug", "found", "words"),
    [
        ("kosong", {"wave": False}, ("Survei belum dibuka", "The survey is not open yet")),
        ("nanti", {"early": True}, ("Survei dibuka ", "It opens on ")),
        ("tutup", {"closed": True}, ("Survei ini sudah ditutup", "This survey is closed")),
    ],
)
def test_no_wave_yet_and_closed_have_their_pages(
    town: Town, client: TestClient, slug: str, found: dict[str, bool], words: tuple[str, str]
) -> None:
    visitor = Member(client, town.found(slug, **found))
    for query, expected in zip(("", "?lang=en"), words, strict=True):
        page = visitor.get(query)
        assert page.status_code == 200
        assert expected in page.text
        for path in ("/hasil", "/hak"):
            assert visitor.get(path + query).status_code == 200
    posted = visitor.start()
    assert posted.status_code == 409
    assert words[0] in posted.text


def test_unknown_address(client: TestClient) -> None:
    for query in ("", "?lang=en"):
        page = client.get(f"/s/takada{query}")
        assert page.status_code == 404
        assert "<h1" in page.text


def test_simulation_is_said_on_every_page(town: Town, client: TestClient) -> None:
    simulated = Member(client, town.found("sim", is_simulated=True, consent=None))
    pages = [simulated.get(path) for path in ("", "/hasil", "/hak")]
    pages += [simulated.post("mulai", {"tidak": "umur"}), simulated.start()]
    pages += [simulated.send({}), simulated.send({"ditanya": "1"})]
    assert all("SIMULASI" in page.text for page in pages)
    assert "[peneliti, kampus, nomor WA]" in pages[0].text
    assert "SIMULASI" not in Member(client, town.found("nyata")).get().text


def test_open_access_asks_for_no_code_and_says_anonymous(town: Town, client: TestClient) -> None:
    open_place = town.found("terbuka", access="open", codes=0)
    visitor = Member(client, open_place)
    page = visitor.get()
    assert 'name="kode"' not in page.text
    assert "anonim" in page.text
    assert visitor.start().status_code == 200
    receipt = visitor.send({"ditanya": "1"})
    assert "Jawaban Anda anonim" in receipt.text
    assert "rahasia" not in receipt.text
    # the next person on the same address is somebody else
    assert Member(client, open_place).start().status_code == 200
    assert len(town.rows("response")) == 1
    assert len(town.rows("draft")) == 1


def test_sales_box_only_where_sales_are_asked(town: Town, client: TestClient) -> None:
    pulse = Member(client, town.found("pulsa", form="pulse"))
    assert 'value="sales"' not in pulse.get().text
    assert 'value="sales"' in Member(client, town.found("penuh")).get().text


def test_forgetting_removes_the_cookie_only(town: Town, member: Member) -> None:
    member.start()
    assert "guyub" in member.client.cookies
    assert "lanjut" in member.get().text
    before = town.count()
    page = member.post("lupakan", {"lang": "en"})
    assert "Removed from this phone" in page.text
    assert "guyub" not in member.client.cookies
    assert town.count() == before


def test_cookie_is_a_convenience_with_all_its_guards(member: Member) -> None:
    cookie = member.start().headers["set-cookie"]
    for part in ("HttpOnly", "Path=/s/uji", "SameSite=lax", "Max-Age=1209600"):
        assert part in cookie
    again = member.post("mulai", {"lanjut": "1"})
    assert heading(again) == "Survei komunitas"
    assert "Selamat datang" not in again.text  # nothing was saved yet
