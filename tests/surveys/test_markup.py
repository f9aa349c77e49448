"""What every page must have: nothing inline, one heading, a language, labels."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.surveys.conftest import Member, Place, TestClient, Town, answers


class Reader(HTMLParser):
    """Notes what a strict content policy would refuse, and what readers need."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.ids: list[str] = []
        self.foreign: list[str] = []
        self.headings = 0
        self.language = ""
        self.unlabelled: list[str] = []
        self._labels: set[str] = set()
        self._inside_label = 0
        self._waiting: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.inline += [f"{tag} {name}" for name in given if name.startswith("on")]
        if "style" in given or tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        for name in ("src", "href", "action", "formaction"):
            value = given.get(name) or ""
            if value.startswith(("http:", "https:", "//", "data:", "javascript:")):
                self.foreign.append(value)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        self.headings += tag == "h1"
        if tag == "html":
            self.language = given.get("lang") or ""
        if tag == "label":
            self._inside_label += 1
            self._labels.add(given.get("for") or "")
        if (
            tag in ("input", "textarea")
            and given.get("type") != "hidden"
            and not self._inside_label
        ):
            self._waiting.append(given.get("id") or "?")

    def handle_endtag(self, tag: str) -> None:
        self._inside_label -= tag == "label"

    def close(self) -> None:
        super().close()
        self.unlabelled = [name for name in self._waiting if name not in self._labels]


def pages(member: Member, town: Town) -> dict[str, str]:
    """Every member page of one language, by name."""
    found: dict[str, str] = {}
    for language in ("id", "en"):
        query = f"?lang={language}"
        keep = {"lang": language}
        found |= {f"{path or 'landing'} {language}": member.get(path + query).text
                  for path in ("", "/hasil", "/hak")}  # fmt: skip
        found[f"errors {language}"] = member.post("mulai", keep).text
        for why in ("ikut", "umur"):
            found[f"{why} {language}"] = member.post("mulai", keep | {"tidak": why}).text
        found[f"document {language}"] = member.start(**keep).text
        here = dict(member.hidden)
        rev = int(here["rev"])
        found[f"saved {language}"] = member.save({"REL1": str(rev % 5 + 1), "ke": "2"}).text
        found[f"conflict {language}"] = member.post("simpan", here | {"REL1": "5"}).text
        found[f"faulty {language}"] = member.post(
            "simpan", here | {"rev": str(rev + 1), "BEH1": "abc", "REL1": "9"}
        ).text
        found[f"prompt {language}"] = member.post(
            "kirim", here | {"rev": str(rev + 2), "final": "1"}
        ).text
        found[f"forgotten {language}"] = member.post("lupakan", keep).text
    last = (
        dict(here) | {"rev": str(rev + 3), "final": "1", "ditanya": "1"} | answers(town.instrument)
    )
    found["receipt en"] = member.post("kirim", last).text
    found["unknown"] = member.client.get("/s/takada").text
    return found


def test_every_page(town: Town, client: TestClient, place: Place) -> None:
    """B7, A1: nothing inline, nothing from elsewhere; one h1, ids once, every field named."""
    for name, page in pages(Member(client, place), town).items():
        reader = Reader()
        reader.feed(page)
        reader.close()
        assert reader.inline == [], name
        assert reader.foreign == [], name
        assert reader.headings == 1, name
        assert len(reader.ids) == len(set(reader.ids)), name
        assert reader.unlabelled == [], name
        assert reader.language in ("id", "en"), name
        assert re.search(r"<title>[^<]{5,70} · Guyub</title>", page), name
        anchors = set(re.findall(r'href="#([\w-]+)"', page))
        assert anchors <= set(reader.ids), name


@pytest.mark.parametrize("path", ["", "/hasil", "/hak", "/takada"])
def test_headers_of_every_answer(member: Member, path: str) -> None:
    answer = member.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


def test_static_files_are_kept_for_ever_and_changed_by_name(member: Member) -> None:
    page = member.get().text
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(found) == 3  # icon, style, script
    for address in found:
        for coding in ("br", "gzip", "identity"):
            answer = member.client.get(address, headers={"accept-encoding": coding})
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers.get("content-encoding", "identity") == coding
        assert member.client.head(address).content == b""
        assert member.client.post(address).status_code in (403, 405)
        stale = re.sub(r"/static/\w+/", "/static/0000000000/", address)
        assert member.client.get(stale).status_code == 404
