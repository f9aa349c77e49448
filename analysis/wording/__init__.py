"""From numbers to words, in Indonesian and English. Nothing here computes a statistic.

House rules: "berkaitan dengan", never "berpengaruh"; below the plan's n an interval that
holds 0 reads "belum cukup data", never "tidak ada hubungan"; a mark (indikatif,
eksploratif) stands beside what carries it; a source that was not confirmed is never printed
as a citation. Verdicts read the plan's cut-offs.
"""

from analysis.wording.names import block_name, mark, model_name, scale_name, withheld
from analysis.wording.readings import (
    TESTS,
    adequacy_reading,
    cutoff,
    evidence,
    fit_reading,
    htmt_reading,
    item_verdict,
    reliability_reading,
)
from analysis.wording.sentences import (
    answer,
    change,
    deviation,
    explained,
    limits_of,
    slope,
    verdict,
)
from analysis.wording.voice import MINUS, NB, Voice

__all__ = [
    "MINUS",
    "NB",
    "TESTS",
    "Voice",
    "adequacy_reading",
    "answer",
    "block_name",
    "change",
    "cutoff",
    "deviation",
    "evidence",
    "explained",
    "fit_reading",
    "htmt_reading",
    "item_verdict",
    "limits_of",
    "mark",
    "model_name",
    "reliability_reading",
    "scale_name",
    "slope",
    "verdict",
    "withheld",
]
