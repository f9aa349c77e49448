"""Findings as tables and as a page in two languages; words derived, nothing recomputed."""

from analysis.report.files import RESULTS, WORKBOOK, fragment_name, write
from analysis.report.page import STYLE, fragment, page, page_name
from analysis.report.tables import tables

__all__ = [
    "RESULTS",
    "STYLE",
    "WORKBOOK",
    "fragment",
    "fragment_name",
    "page",
    "page_name",
    "tables",
    "write",
]
"""`STYLE`: the style sheet that stands beside the pages."""
