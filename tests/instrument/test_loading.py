"""A definition with faults tells all of them, each with its line and key path.

The table is the folder `invalid`: one tiny definition a fault. A line that is at fault
carries a comment ``#! rule path``; a fault without a line stands in a comment that
begins with ``# no line:``.
"""

import re
from pathlib import Path

import pytest

from instrument import loading
from instrument.errors import InvalidDefinition, UnknownInstrument
from instrument.rules import Rule

HERE = Path(__file__).parent
TINY = (HERE / "tiny.toml").read_text("utf-8")
INVALID = sorted((HERE / "invalid").glob("*.toml"))
MARK = re.compile(r"#! (\S+) (\S+)")


def expected(file: Path) -> list[tuple[str, str, int | None]]:
    return [
        (rule, "" if where == "-" else where, None if "# no line:" in line else number)
        for number, line in enumerate(file.read_text("latin-1").splitlines(), start=1)
        for rule, where in MARK.findall(line)
    ]


@pytest.mark.parametrize("file", INVALID, ids=lambda file: file.stem)
def test_each_fault_is_told_once_with_line_and_path(file: Path) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        loading.load(file)
    told = [(str(fault.rule), fault.where, fault.line) for fault in caught.value.faults]
    assert sorted(told, key=str) == sorted(expected(file), key=str)


def test_every_rule_has_a_fixture() -> None:
    shown = {rule for file in INVALID for rule, _, _ in expected(file)}
    assert shown == {str(rule) for rule in Rule}


def test_fixtures_differ_from_a_sound_definition_by_their_faults_only() -> None:
    assert loading.loads(TINY).key == "tiny"


def test_all_faults_of_a_definition_come_out_together() -> None:
    with pytest.raises(InvalidDefinition) as caught:
        loading.load(HERE / "invalid" / "several-faults.toml")
    message = str(caught.value)
    assert "has 7 faults; mend them and check again" in message
    assert "line 2, version: is 'one'; write three numbers: 1.0.0" in message
    assert "items.AA1.text.en: is empty; fill it in" in message


def test_messages_say_what_to_do_next() -> None:
    for file in INVALID:
        with pytest.raises(InvalidDefinition) as caught:
            loading.load(file)
        for fault in caught.value.faults:
            assert len(fault.message) > 10, (file.name, fault)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(UnknownInstrument, match=r"nowhere\.toml cannot be read"):
        loading.load(HERE / "nowhere.toml")


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    file = tmp_path / "tiny.toml"
    file.write_bytes(b"\xef\xbb\xbf" + TINY.replace("\n", "\r\n").encode())
    assert loading.load(file).digest == loading.loads(TINY).digest


def test_the_digest_depends_on_content_not_on_layout() -> None:
    base = loading.loads(TINY)
    assert re.fullmatch("[0-9a-f]{64}", base.digest)
    commented = TINY.replace('version = "1.0.0"', '# a remark\nversion   =   "1.0.0"')
    assert loading.loads(commented).digest == base.digest
    said = TINY.replace("min_items = 2", "min_items = 2\nmin_share = 0.75")
    assert loading.loads(said).digest == base.digest, "a default said aloud changes nothing"
    reworded = TINY.replace('text.en = "One"', 'text.en = "Once"')
    assert loading.loads(reworded).digest != base.digest


def test_a_copy_with_changes_loses_digest_and_everything_derived() -> None:
    base = loading.loads(TINY)
    assert base.item_codes == ("AA1", "AA2")
    assert base.derive("marker", lambda: 1) == 1
    copy = base.model_copy(update={"items": base.items[:1]})
    assert copy.item_codes == ("AA1",)
    assert copy.digest == ""
    assert copy.derive("marker", lambda: 2) == 2
    assert base.model_copy().digest == base.digest


def test_lines_are_found_past_strings_that_look_like_toml() -> None:
    tricky = TINY.replace(
        'title = { id = "Kecil", en = "Tiny" }',
        'title.id = """\n[[items]]\ncode = 1\n"""\n'
        'title.en = \'# no comment "\'\nlicence = ""\nodd = 1',
    )
    with pytest.raises(InvalidDefinition) as caught:
        loading.loads(tricky)
    assert [(fault.where, fault.line) for fault in caught.value.faults] == [("odd", 9)]
