"""The members' page of results: what chat apps see of it, earlier waves, languages, caching."""

from __future__ import annotations

import re

from tests.scorecards.conftest import SLUG, Town

HASIL = f"/s/{SLUG}/hasil"


def test_chat_apps_see_a_title_a_sentence_and_a_small_picture(town: Town) -> None:
    """No name, no code, and a picture under 60 KB (A11)."""
    town.wave(20)
    town.publish(1)
    for language, said in (("id", "20 dari 60 anggota"), ("en", "20 of 60 members")):
        page = town.office.client.get(
            f"{HASIL}?lang={language}", headers={"user-agent": "WhatsApp/2.23"}
        )
        tags = dict(re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)"', page.text))
        assert said in tags["og:description"]
        assert tags["robots"] == "noindex"
        picture = town.office.client.get(tags["og:image"])
        assert picture.headers["content-type"] == "image/png"
        assert len(picture.content) < 60_000
        assert not re.search(
            r"[0-9A-HJKMNP-TV-Z]{4} [0-9A-HJKMNP-TV-Z]{4}", " ".join(tags.values())
        )


def test_earlier_waves_stay_within_reach(any_town: Town) -> None:
    town = any_town
    town.wave(20)
    town.publish(1)
    town.wave(25, seed=2)
    during = town.office.client.get(HASIL)  # while the next is not published
    assert "20 dari 60 anggota" in during.text
    town.publish(2)
    newest = town.office.client.get(HASIL)
    assert "25 dari 60 anggota" in newest.text
    assert f'href="{HASIL}/1"' in newest.text
    first = town.office.client.get(f"{HASIL}/1?lang=en")
    assert "20 of 60 members" in first.text
    assert f'href="{HASIL}/2?lang=en"' in first.text
    for path in (
        f"{HASIL}/3",
        f"{HASIL}/1/kartu-id.pdf",
        f"{HASIL}/1/card.json",
        "/s/takada/hasil",
    ):
        assert town.office.client.get(path).status_code == 404, path
    side = town.chair.get(f"/staff/k/{SLUG}/kartu/banding")
    assert side.text.count("Gelombang 1") == 1
    assert "25 dari 60" in side.text


def test_a_page_made_once_is_given_again_until_something_changes(town: Town) -> None:
    town.wave(20)
    town.publish(1)
    first = town.office.client.get(HASIL)
    assert first.headers["cache-control"] == "public, max-age=60"
    assert town.office.client.get(HASIL).text == first.text
    town.withdraw(1, 5)
    town.publish(1)
    assert "15 dari 60 anggota" in town.office.client.get(HASIL).text
