"""The rules a definition must keep, by name; `docs/manual/definition-format.md` explains them."""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """One rule of `instrument.loading`; the value is what a `Fault` carries."""

    # the file
    NOT_TOML = "not-toml"
    NOT_UTF8 = "not-utf8"
    # the shape
    MISSING_KEY = "missing-key"
    UNKNOWN_KEY = "unknown-key"
    EMPTY = "empty"
    WRONG_TYPE = "wrong-type"
    NOT_A_CHOICE = "not-a-choice"
    OUT_OF_BOUNDS = "out-of-bounds"
    # names
    ILLEGAL_NAME = "illegal-name"
    RESERVED_NAME = "reserved-name"
    DUPLICATE_CODE = "duplicate-code"
    COLUMN_CLASH = "column-clash"
    # references
    UNKNOWN_SCALE = "unknown-scale"
    UNKNOWN_ITEM = "unknown-item"
    UNKNOWN_QUESTION = "unknown-question"
    UNKNOWN_MODULE = "unknown-module"
    UNKNOWN_CONSENT = "unknown-consent"
    UNKNOWN_CHECK = "unknown-check"
    # items and scales
    OPTION_VALUES = "option-values"
    UNBALANCED_MARKUP = "unbalanced-markup"
    SCALE_NEEDED = "scale-needed"
    SCALE_NOT_ALLOWED = "scale-not-allowed"
    WRONG_KIND_OF_SCALE = "wrong-kind-of-scale"
    TOO_FEW_ITEMS = "too-few-items"
    EXPECTED_NEEDED = "expected-needed"
    EXPECTED_NOT_ALLOWED = "expected-not-allowed"
    EXPECTED_NOT_AN_OPTION = "expected-not-an-option"
    REVERSE_NOT_SCORED = "reverse-not-scored"
    NO_LABEL_FOR_NOT_APPLICABLE = "no-label-for-not-applicable"
    # questions
    OPTIONS_NEEDED = "options-needed"
    LIMITS_NEEDED = "limits-needed"
    LENGTH_NEEDED = "length-needed"
    NOT_FOR_THIS_KIND = "not-for-this-kind"
    LIMITS_CROSSED = "limits-crossed"
    COARSEN_INCOMPLETE = "coarsen-incomplete"
    # forms and modules
    NO_FULL_FORM = "no-full-form"
    SHOWN_TWICE = "shown-twice"
    NEVER_SHOWN = "never-shown"
    MODULE_ITEM_IN_FORM = "module-item-in-form"
    MODULE_EMPTY = "module-empty"
    SECTION_SIZE = "section-size"
    # consent, bands, careless rules, analysis, lints
    CONSENT_WITHOUT_REQUIRED = "consent-without-required"
    CONSENT_WITHOUT_PURPOSE = "consent-without-purpose"
    PURPOSE_REQUIRED = "purpose-required"
    BANDS_NOT_DESCENDING = "bands-not-descending"
    BANDS_GAP = "bands-gap"
    BAND_OUTSIDE = "band-outside"
    PAIR_OF_ONE = "pair-of-one"
    PAIR_HIGH_OUTSIDE = "pair-high-outside"
    OUTCOME_AS_PREDICTOR = "outcome-as-predictor"
    UNKNOWN_LINT = "unknown-lint"
