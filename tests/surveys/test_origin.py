"""Where writing requests may come from: every header state times every kind of route."""

from __future__ import annotations

import pytest

from app.origin import Kind, allowed, kind_of, origin_of
from tests.surveys.conftest import Member

OWN = "https://survei.example"
# Sec-Fetch-Site, Origin, then who passes: member, api, staff
TABLE = [
    ("same-origin", None, True, True, True),
    ("same-origin", OWN, True, True, True),
    ("same-origin", "https://evil.example", True, True, True),  # the browser's word counts
    ("none", None, True, True, True),  # typed or bookmarked by the person
    ("same-site", None, False, False, False),
    ("same-site", OWN, False, False, False),
    ("cross-site", None, False, False, False),
    ("cross-site", OWN, False, False, False),
    ("nonsense", OWN, False, False, False),
    (None, OWN, True, True, True),
    (None, "https://survei.example:443", True, True, True),
    (None, "HTTPS://SURVEI.example", True, True, True),
    (None, "http://survei.example", False, False, False),
    (None, "https://survei.example:8443", False, False, False),
    (None, "https://survei.example.evil.example", False, False, False),
    (None, "null", False, False, False),
    (None, "", False, False, False),
    (None, "https://survei.example:x", False, False, False),
    (None, None, True, True, False),
]


@pytest.mark.parametrize(("site", "origin", "member", "api", "staff"), TABLE)
def test_table(site: str | None, origin: str | None, member: bool, api: bool, staff: bool) -> None:
    """B6: rules of Go 1.25's CrossOriginProtection, with our word on silent requests."""
    for kind, expected in ((Kind.MEMBER, member), (Kind.API, api), (Kind.STAFF, staff)):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert (
                allowed(method=method, kind=kind, site=site, origin=origin, own=[OWN]) is expected
            )
        for method in ("GET", "HEAD", "OPTIONS"):
            assert allowed(method=method, kind=kind, site=site, origin=origin, own=[OWN])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/s/sidoarjo/simpan", Kind.MEMBER),
        ("/api/v1/waves", Kind.API),
        ("/staff/waves", Kind.STAFF),
        ("/demo/again", Kind.STAFF),
        ("/", Kind.STAFF),
        ("/sidoarjo", Kind.STAFF),
    ],
)
def test_unknown_paths_are_judged_most_strictly(path: str, kind: Kind) -> None:
    assert kind_of(path) is kind


@pytest.mark.parametrize("url", ["", "null", "example.org", "https://", "https://h:99999999"])
def test_what_is_no_origin_is_nobody_s(url: str) -> None:
    assert origin_of(url) == "null"


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "http://127.0.0.1:8000"}, True),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
    ],
)
@pytest.mark.parametrize("path", ["mulai", "simpan", "kirim", "lupakan"])
def test_member_forms_are_behind_it(
    member: Member, headers: dict[str, str], passes: bool, path: str
) -> None:
    """B6 on the real routes; the refusal is a page, or a problem for a program."""
    address = f"/s/{member.place.slug}/{path}?lang=en"
    answer = member.client.post(address, data={"tidak": "ikut", "lang": "en"}, headers=headers)
    assert (answer.status_code == 403) is not passes
    if not passes:
        assert "This was sent from another site" in answer.text
        program = member.client.post(address, headers=headers | {"accept": "application/json"})
        assert program.json()["type"].endswith("cross-origin")
