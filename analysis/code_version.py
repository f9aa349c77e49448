"""Which numbers these are."""

from __future__ import annotations

CODE = "analysis-2"
"""Changes whenever a number or a rule in ``results.json`` may change."""
