"""Findings as tables and as a page in two languages; words derived, nothing recomputed."""

from analysis.report.page import STYLE, page, page_name
from analysis.report.tables import tables

__all__ = ["STYLE", "page", "page_name", "tables"]
"""`STYLE`: the style sheet that stands beside the pages."""
