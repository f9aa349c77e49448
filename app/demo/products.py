"""The data sets and analyses of the demo, made in a process of their own.

`python -m app.demo.products <wave> ...` does for each wave what a researcher does by hand:
`guyub dataset export`, then `guyub analyze` on the file. The web process never imports
what this needs; it looks at the folders.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from app.settings import Settings

DATA_FILES = (
    ".csv", ".sav", "-codebook.csv", "-codebook.html", "-read.R", "-read.sps", "-manifest.json"
)  # fmt: skip
"""Endings of a data set's files, behind its name."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set on disk."""

    folder: Path
    stem: str
    rows: int
    sha256: str

    @property
    def files(self) -> tuple[str, ...]:
        """File names that may be downloaded."""
        return tuple(self.stem + ending for ending in DATA_FILES)


def exports_folder(settings: Settings) -> Path:
    """Where data sets are."""
    return settings.data_dir / "exports"


def analysis_folder(settings: Settings, wave: str) -> Path:
    """Where a wave's analysis is."""
    return settings.data_dir / "analyses" / wave


def newest(settings: Settings, wave: str) -> DataSet | None:
    """Return the newest data set of a wave (``sidoarjo-1``); None if there is none yet."""
    found = []
    for path in exports_folder(settings).glob(f"{wave}-v*/*-manifest.json"):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        stem = path.name.removesuffix("-manifest.json")
        made = DataSet(path.parent, stem, manifest["rows"]["written"], manifest["data"]["sha256"])
        found.append((manifest["dataset"]["seq"], made))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def make(settings: Settings, wave: str) -> None:
    """Export the wave and analyse the file."""
    from analysis.__main__ import analyze  # noqa: PLC0415 - this process only
    from app.datasets.order import order  # noqa: PLC0415
    from app.datasets.service import export  # noqa: PLC0415
    from instrument import registry  # noqa: PLC0415

    wanted = order(
        waves=[wave],
        formats=["csv", "sav"],
        full=True,
        reason="Simulated data: nobody can be recognised.",
        made_by="demo",
    )
    made = export(settings, wanted)
    definition = registry.find(made.instrument_key, made.instrument_version)
    analyze(made.data, definition, analysis_folder(settings, wave), population=made.eligible)


def main(waves: list[str]) -> None:
    """Make the products of these waves."""
    settings = Settings()
    for wave in waves:
        make(settings, wave)


if __name__ == "__main__":
    main(sys.argv[1:])
