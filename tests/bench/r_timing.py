"""What R took for the same statistics, CPU seconds (user + system, single-threaded).

R 4.2.2, psych 2.2.9, lavaan 0.6-14, reference BLAS and LAPACK 3.11, Debian 12, two shared cores
that were quiet (CPU and wall time agreed). psych::bfi, 25 items with their missing answers,
reversed items reversed first; larger n = its rows resampled with replacement (seed 20261124).
Minimum over repetitions: 3 at 2,800, 2 at 100,000, 1 at 1,000,000.
"""

from __future__ import annotations

R_SECONDS: dict[tuple[str, int], float] = {
    ("psych::alpha, 25 items, pairwise", 2_800): 0.157,
    ("psych::alpha, 25 items, pairwise", 100_000): 5.551,
    ("psych::alpha, 25 items, pairwise", 1_000_000): 54.223,
    ("cor, 25 items, pairwise", 2_800): 0.007,
    ("cor, 25 items, pairwise", 100_000): 0.228,
    ("cor, 25 items, pairwise", 1_000_000): 1.795,
    ("psych::fa, 5 factors, minres, oblimin, no scores", 2_800): 0.040,
    ("psych::fa, 5 factors, minres, oblimin, no scores", 100_000): 0.553,
    ("lavaan::cfa, 5 factors, ML, listwise", 2_800): 0.088,
    ("lavaan::cfa, 5 factors, ML, listwise", 100_000): 0.421,
    ("lavaan::cfa, 5 factors, ML, listwise", 1_000_000): 3.027,
    ("lavaan::cfa, 5 factors, MLR, listwise", 2_800): 0.893,
    ("lavaan::cfa, 5 factors, MLR, listwise", 100_000): 27.529,
    ("lm, 4 predictors, and vcovHC HC3", 2_800): 0.009,
    ("lm, 4 predictors, and vcovHC HC3", 100_000): 0.270,
    ("psych::polychoric, 25 items, correct = 0", 2_800): 4.695,
    ("psych::polychoric, 25 items, correct = 0", 100_000): 7.632,
    ("lavaan::cfa, 5 factors, WLSMV, listwise", 2_800): 2.550,
    ("lavaan::cfa, 5 factors, WLSMV, listwise", 100_000): 44.290,
    ("lavaan::cfa, 5 factors, FIML", 2_800): 4.123,
    ("lavaan::cfa, 5 factors, FIML", 100_000): 6.823,
}
R_PEAK_MB = {2_800: 216.0, 100_000: 1280.0, 1_000_000: 3262.0}
"""Peak resident memory of the R process after all of its lines."""
