"""Published versions never change, and what changed is told by code."""

import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from instrument import loading, registry
from instrument.errors import DigestMismatch, UnknownInstrument
from instrument.model import Instrument


def copied(folder: Path, *, old: str = "", new: str = "") -> Path:
    """Copy the definitions, and change words of the partnership instrument."""
    target = folder / "definitions"
    shutil.copytree(registry.DEFINITIONS, target)
    file = target / "partnership" / "1.0.0.toml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    return target


def changed(old: str, new: str) -> Instrument:
    text = registry.path("partnership", "1.0.0").read_text("utf-8")
    assert old in text
    return loading.loads(text.replace(old, new))


def test_acceptance_24_published_definitions_are_unchanged() -> None:
    """The build's own check: fails on any drift of a published version."""
    registry.verify()
    assert set(registry.published()) == set(registry.available())


def test_acceptance_24_a_changed_word_fails(tmp_path: Path) -> None:
    folder = copied(tmp_path, old="Saya puas dengan", new="Saya senang dengan")
    with pytest.raises(DigestMismatch, match=r"partnership 1\.0\.0 is published and was changed"):
        registry.verify(folder)


def test_a_remark_or_a_space_changes_no_word(tmp_path: Path) -> None:
    registry.verify(copied(tmp_path, old='\nkey = "partnership"', new='\n# hi\nkey="partnership"'))


def test_a_removed_published_version_fails(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "bfi" / "1.0.0.toml").unlink()
    with pytest.raises(DigestMismatch, match=r"put bfi/1\.0\.0\.toml back"):
        registry.verify(folder)


def test_a_file_in_the_wrong_place_fails(tmp_path: Path) -> None:
    folder = copied(tmp_path, old='version = "1.0.0"', new='version = "1.0.1"')
    with pytest.raises(DigestMismatch, match=r"says it is partnership 1\.0\.1"):
        registry.verify(folder)


@pytest.mark.parametrize(
    ("old", "new", "code", "what"),
    [
        ("Saya puas dengan", "Saya senang dengan", "REL1", ("text",)),
        ("I feel close to other members.", "I feel near other members.", "REL2", ("text",)),
        ('facet = "awkwardness"', "not_applicable = true", "REL3", ("not_applicable",)),
        ("expected = 4", "expected = 5", "ATT1", ("expected",)),
        ("high = 30", "high = 40", "BEH1", ("high",)),
        ("8 kali atau lebih", "8 kali lebih", "BEH4", ("options",)),
        ("Kira-kira saja. Boleh", "Boleh", "BG4", ("hint",)),
    ],
)
def test_acceptance_24_a_wording_change_without_a_new_code_is_named(
    partnership: Instrument, old: str, new: str, code: str, what: tuple[str, ...]
) -> None:
    changes = registry.wording_changes(partnership, changed(old, new))
    assert [(one.code, one.changed) for one in changes] == [(code, what)]


def test_a_changed_key_is_a_changed_item(partnership: Instrument) -> None:
    flipped = changed(
        'code = "MOT1"\nscale = "MOT"\nkeyed = "+"', 'code = "MOT1"\nscale = "MOT"\nkeyed = "-"'
    )
    assert registry.wording_changes(partnership, flipped)[0].changed == ("keyed",)


def test_a_changed_response_label_changes_every_item(partnership: Instrument) -> None:
    other = changed('id = "Netral"', 'id = "Ragu-ragu"')
    changes = registry.wording_changes(partnership, other)
    assert [one.code for one in changes] == list(partnership.item_codes)
    assert {one.changed for one in changes} == {("options",)}


def test_a_new_code_is_no_change_of_an_old_one(partnership: Instrument) -> None:
    renamed = changed('"REL1"', '"REL1b"')
    assert registry.wording_changes(partnership, renamed) == ()


def test_versions_of_one_questionnaire_keep_the_wording_of_every_code() -> None:
    """The build's check on new versions: a changed wording needs a new code."""
    for (key, one), (other_key, other) in pairwise(registry.available()):
        if key == other_key:
            old, new = registry.find(key, one), registry.find(key, other)
            assert registry.wording_changes(old, new) == ()


def test_acceptance_24_different_digests_cannot_be_trended(partnership: Instrument) -> None:
    assert registry.comparable(partnership, registry.find("partnership"))
    assert not registry.comparable(partnership, changed("Saya puas dengan", "Saya senang dengan"))
    unknown = partnership.model_copy(update={"version": "9.9.9"})
    assert not registry.comparable(unknown, unknown), "no digest, no comparison"


def test_find_gives_the_highest_version_once() -> None:
    assert registry.find("partnership") is registry.find("partnership")
    assert registry.find("partnership").version == "1.0.0"
    assert registry.version_order("1.10.0") > registry.version_order("1.9.0")


@pytest.mark.parametrize(("key", "version"), [("nothing", None), ("bfi", "0.0.1"), ("../x", None)])
def test_what_is_not_installed_is_said(key: str, version: str | None) -> None:
    with pytest.raises(UnknownInstrument, match=r"is not installed; installed are: bfi 1\.0\.0"):
        registry.find(key, version)


def test_an_altered_published_definition_is_not_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(tmp_path, old="Saya puas dengan", new="Saya senang dengan")
    monkeypatch.setattr(registry, "DEFINITIONS", folder)
    registry.find.cache_clear()
    try:
        with pytest.raises(DigestMismatch, match="a changed wording under a new item code"):
            registry.find("partnership")
    finally:
        registry.find.cache_clear()


def test_a_folder_without_published_versions_has_none(tmp_path: Path) -> None:
    assert registry.published(tmp_path) == {}
    assert registry.available(tmp_path) == []
    registry.verify(tmp_path)
