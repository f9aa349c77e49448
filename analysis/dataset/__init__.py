"""Answers beside their definition: reading, scoring, writing. numpy only; pandas in frames."""

from analysis.dataset.columns import columns, neutralise, restore
from analysis.dataset.files import write_codebook_csv
from analysis.dataset.pooling import NotPoolable, pool
from analysis.dataset.reading import read_csv
from analysis.dataset.sharing import Sharing, TooFewToShare, check
from analysis.dataset.table import Dataset, Scores
from analysis.dataset.writing import Batch, IncompleteExport, Written, by_question, write_csv

__all__ = [
    "Batch",
    "Dataset",
    "IncompleteExport",
    "NotPoolable",
    "Scores",
    "Sharing",
    "TooFewToShare",
    "Written",
    "by_question",
    "check",
    "columns",
    "neutralise",
    "pool",
    "read_csv",
    "restore",
    "write_codebook_csv",
    "write_csv",
]
