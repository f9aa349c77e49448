"""Names of the lints, which a definition may switch off with a reason."""

from __future__ import annotations

LINTS = (
    "double-barrelled",
    "too-long",
    "negated-reverse",
    "adjacent",
    "pair-distance",
    "reverse-distance",
    "reverse-per-section",
    "constructs-per-section",
    "attention-positions",
    "outcome-position",
)
