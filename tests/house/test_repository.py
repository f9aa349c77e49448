"""Facts of the repository that no type checker sees."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {"pyproject.toml", "README.md", "app", "instrument", "analysis", "tests", "alembic"}


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True)
    return listed.stdout.decode().splitlines()


def test_top_level_is_the_owners() -> None:
    """The owner's seven names stand at the top; nothing else is a package."""
    names = {name.split("/")[0] for name in tracked()}
    assert names >= TOP_LEVEL
    assert {name.split("/")[0] for name in tracked() if name.endswith(".py")} == {
        "app", "instrument", "analysis", "tests", "alembic",
    }  # fmt: skip


def test_alembic_folder_is_no_package() -> None:
    """With an ``__init__.py`` it would shadow the library of that name."""
    assert "alembic/__init__.py" not in tracked()


def test_locks_have_hashes_and_no_address() -> None:
    """Every locked version carries hashes; no address of a registry stands in a lock."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        entries = re.findall(
            r"^[a-z0-9][\w.\[\],-]*==\S+.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL
        )
        assert len(entries) > 40
        assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert "uv.lock" not in tracked()


def test_every_dependency_says_why() -> None:
    """Beside each dependency in pyproject.toml stands the reason it is here."""
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)
    wanted = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["postgres"],
        *project["dependency-groups"]["dev"],
    ]
    for requirement in wanted:
        (*_, line) = [line for line in text.splitlines() if f'"{requirement}"' in line]
        assert re.search(r"#\s*\S.{5,}", line), f"{requirement} has no reason beside it"


def test_nothing_is_switched_off() -> None:
    """No test is skipped or expected to fail; no unfinished place is left."""
    pattern = re.compile(
        r"pytest\.mark\.(?:skip|xfail)|pytest\.skip\(|\bTO"
        r"DO\b|\bFIX"
        r"ME\b|NotImplemented"
        r"Error"
    )
    found = [
        f"{name}: {line.strip()}"
        for name in tracked()
        if name.endswith((".py", ".html", ".js", ".toml")) and (ROOT / name).exists()
        for line in (ROOT / name).read_text(encoding="utf-8", errors="replace").splitlines()
        if pattern.search(line)
    ]
    allowed = [line for line in found if "no Chromium" in line or "test_repository" in line]
    assert found == allowed
