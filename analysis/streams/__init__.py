"""Second passes: what counts cannot give, from partitions in bounded memory.

`analysis.counts.burt` is the first pass; whatever lives on moments or tables follows from it.
The rest needs the rows once more, and here it gets them a block at a time: HC3 (`regress`),
casewise scores of MLR, missing patterns of FIML and the weight matrix of WLSMV (`fit`),
distributions of scale scores (`score_counts`), and a bootstrap (`resamples`).

Every function equals its twin in memory on the partitions put together: whole numbers to the
last bit, others to 1e-9 (WLSMV from 20,000 rows on, where both multiply in single precision,
to 1e-5). The order of partitions and of their merging changes rounding only.

``partitions``: one table, or an iterable of tables that can be passed over again (a list, or
an object whose ``__iter__`` opens its files anew): numpy arrays with the columns in the order
named, or frames whose columns are found by name. NaN is missing; in tables of integers the
store's bytes or the files' codes are, as in `counts.burt`. ``read``: turns a partition that
is not a table yet (a file slice) into one, where it is worked on. ``executor``: any
``concurrent.futures`` executor (`analysis.merging.reduce`).
"""

from analysis.streams.bootstrap import Resamples, resamples
from analysis.streams.distribution import Distribution, ScoreCounts, score_counts
from analysis.streams.models import fit
from analysis.streams.reading import ReadTwice
from analysis.streams.regression import regress
from analysis.streams.sums import Sums, moments

__all__ = [
    "Distribution",
    "ReadTwice",
    "Resamples",
    "ScoreCounts",
    "Sums",
    "fit",
    "moments",
    "regress",
    "resamples",
    "score_counts",
]
