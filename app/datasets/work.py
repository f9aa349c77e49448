"""Make one data set in a process of its own: `python -m app.datasets.work`, order on stdin.

The process that serves members imports none of what this needs, and this one steps back
(`os.nice`) whenever members are waiting. The answer is one line of JSON on stdout: the name of
the data set, or what went wrong in both languages.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from app.datasets.order import order
from app.datasets.service import export
from app.errors import AppError
from app.settings import Settings

NICE = 10


def run(asked: dict[str, Any]) -> dict[str, Any]:
    """Make the data set; return its name, or the error as a page shows it."""
    from analysis.dataset import TooFewToShare  # noqa: PLC0415 - numpy
    from analysis.errors import AnalysisError  # noqa: PLC0415

    try:
        return {"name": export(Settings(), order(**asked)).name}
    except TooFewToShare:
        return {
            "error": {
                "id": "Terlalu sedikit orang untuk berkas yang dibagikan, jadi tidak dibuat. "
                "Tunggu lebih banyak jawaban, atau minta berkas lengkap dengan alasannya.",
                "en": "Too few people for a shared file, so none was made. Wait for more "
                "answers, or ask for the full file with the reason.",
            }
        }
    except AppError as error:
        return {
            "error": {
                "id": f"{error.title('id')}. {error.hint('id')}",
                "en": f"{error.title('en')}. {error.hint('en')}",
            }
        }
    except AnalysisError as error:
        return {"error": {"id": f"Berkas tidak dibuat: {error}", "en": f"No file: {error}"}}


def main() -> None:
    """Read the order, make the data set, say which."""
    os.nice(NICE)
    json.dump(run(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
