"""The command: bad input gets one clear message, exit code 2, and changes nothing."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from app.cli import main
from instrument import registry

BFI = Path(registry.path("bfi", "1.0.0"))
ITEMS = registry.find("bfi").item_codes


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Run ``guyub`` with these words in this process; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["guyub", *map(str, words)])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def rows(count: int = 120) -> list[dict[str, str]]:
    """Plausible answers without a random source: no item is constant."""
    return [
        {code: str(1 + (place * 7 + row * (place + 3)) % 6) for place, code in enumerate(ITEMS)}
        for row in range(count)
    ]


def write(path: Path, data: list[dict[str, str]], names: list[str] | None = None) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names or list(ITEMS), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(data)
    return path


def analyse(monkeypatch: pytest.MonkeyPatch, data: Path, out: Path) -> int:
    return run(monkeypatch, "analyze", data, "--instrument", BFI, "--out", out)


def refused(capsys: pytest.CaptureFixture[str], code: int, out: Path, *words: str) -> None:
    """Exit code 2, one paragraph on stderr that holds the words, and no output."""
    told = capsys.readouterr().err
    assert code == 2
    assert told.startswith("guyub: ")
    assert "Traceback" not in told
    for word in words:
        assert word in told
    assert not out.exists()


def test_missing_column(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Every missing column is named."""
    names = [code for code in ITEMS if code not in ("A3", "N2")]
    data = write(tmp_path / "data.csv", rows(), names)
    code = analyse(monkeypatch, data, tmp_path / "out")
    refused(capsys, code, tmp_path / "out", "A3", "N2")


def test_text_in_a_number_column(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Line, column and value are named."""
    data = rows()
    data[4]["C2"] = "setuju"
    code = analyse(monkeypatch, write(tmp_path / "data.csv", data), tmp_path / "out")
    refused(capsys, code, tmp_path / "out", "C2", "setuju", "6")  # line 6: header and four rows


def test_answer_out_of_range(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A 7 on a scale of 1 to 6 is refused by place."""
    data = rows()
    data[0]["O5"] = "7"
    code = analyse(monkeypatch, write(tmp_path / "data.csv", data), tmp_path / "out")
    refused(capsys, code, tmp_path / "out", "O5", "7")


def test_constant_item(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An item that everybody answered alike is named, with the way out."""
    data = [row | {"E4": "3"} for row in rows()]
    code = analyse(monkeypatch, write(tmp_path / "data.csv", data), tmp_path / "out")
    refused(capsys, code, tmp_path / "out", "E4", "--without")


@pytest.mark.parametrize("content", ["", ",".join(ITEMS) + "\n"])
def test_empty_file(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    content: str,
) -> None:
    """No byte, or a header without a row."""
    data = tmp_path / "data.csv"
    data.write_text(content)
    code = analyse(monkeypatch, data, tmp_path / "out")
    refused(capsys, code, tmp_path / "out", "data.csv")


def test_no_such_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A path that leads nowhere."""
    code = analyse(monkeypatch, tmp_path / "none.csv", tmp_path / "out")
    refused(capsys, code, tmp_path / "out", "none.csv")


def test_broken_definition_lists_all_faults(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """`instrument check` names two faults of one definition at once."""
    broken = BFI.read_text().replace('keyed = "-"', 'keyed = "?"', 1)
    broken = broken.replace('version = "1.0.0"', 'version = ""', 1)
    path = tmp_path / "broken.toml"
    path.write_text(broken)
    code = run(monkeypatch, "instrument", "check", path)
    told = capsys.readouterr().err
    assert code == 2
    assert "keyed" in told
    assert "version" in told


def test_syntax_error_names_the_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """TOML that cannot be read is refused with its line."""
    path = tmp_path / "broken.toml"
    path.write_text('key = "x"\nversion = \n')
    assert run(monkeypatch, "instrument", "check", path) == 2
    assert "line 2" in capsys.readouterr().err


def test_unknown_wave(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A wave that is not there: refused, and no data set begins."""
    monkeypatch.setenv("GUYUB_DATA_DIR", str(tmp_path))
    assert run(monkeypatch, "db", "upgrade") == 0
    capsys.readouterr()
    code = run(monkeypatch, "dataset", "export", "--wave", "nowhere-1")
    refused(capsys, code, tmp_path / "exports", "nowhere")


def test_sweep_closes_what_is_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """For a machine on which the service does not run; on an empty store nothing is due."""
    monkeypatch.setenv("GUYUB_DATA_DIR", str(tmp_path))
    assert run(monkeypatch, "db", "upgrade") == 0
    capsys.readouterr()
    assert run(monkeypatch, "waves", "sweep") == 0
    assert capsys.readouterr().out == "0 closed.\n"


def test_store_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """`serve` without a store says which command makes one."""
    monkeypatch.setenv("GUYUB_DATA_DIR", str(tmp_path / "none"))
    code = run(monkeypatch, "serve", "--port", "0")
    refused(capsys, code, tmp_path / "none" / "guyub.sqlite3", "guyub db upgrade")


def test_only_loopback_without_https(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Plain http is not served to other machines."""
    monkeypatch.setenv("GUYUB_DATA_DIR", str(tmp_path / "none"))
    code = run(monkeypatch, "serve", "--host", "0.0.0.0")
    refused(capsys, code, tmp_path / "none" / "guyub.sqlite3", "https")


def test_second_server_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """One serving process a SQLite file; the second says what to do."""
    from app.writer import ServingLock

    monkeypatch.setenv("GUYUB_DATA_DIR", str(tmp_path))
    assert run(monkeypatch, "db", "upgrade") == 0
    capsys.readouterr()
    lock = ServingLock(tmp_path / "guyub.sqlite3")
    try:
        code = run(monkeypatch, "serve", "--port", "0")
    finally:
        lock.release()
    refused(capsys, code, tmp_path / "never", "already serves", "Stop the other")
