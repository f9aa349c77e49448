"""The SQL of a member's save, one text for both engines.

``?`` marks a parameter; no text holds a ``?`` or a ``%`` otherwise (`app.transactions` rewrites
the marks for psycopg). JSON is read by CAST, so that both drivers hand out text. The
``*_LOCKED`` texts are for PostgreSQL; SQLite has one writer at a time and knows no locks.
"""

from __future__ import annotations

WRITTEN_TABLES = ("draft", "response", "consent", "background", "data_version")

WAVE = """
SELECT w.state, w.opens_at, w.closes_at, w.is_test, w.item_count, w.digest, c.timezone
FROM wave w JOIN community c ON c.id = w.community_id
WHERE w.community_id = ? AND w.id = ?"""
WAVE_LOCKED = WAVE + " FOR SHARE OF w"

DRAFT = """
SELECT d.rev, d.digest, d.respondent_ref,
       (SELECT CAST(c.choices AS TEXT) FROM consent c
        WHERE c.community_id = d.community_id AND c.submission_id = d.id
        ORDER BY c.at DESC LIMIT 1),
       EXISTS (SELECT 1 FROM response t
               WHERE t.community_id = d.community_id AND t.receipt_hmac = ?)
FROM draft d WHERE d.community_id = ? AND d.id = ? AND d.wave_id = ?"""
DRAFT_LOCKED = DRAFT + " FOR UPDATE OF d"

RESPONSE = """
SELECT r.rev, r.digest, r.respondent_ref,
       (SELECT CAST(c.choices AS TEXT) FROM consent c
        WHERE c.community_id = r.community_id AND c.submission_id = r.id
        ORDER BY c.at DESC LIMIT 1),
       r.receipt_hmac
FROM response r WHERE r.community_id = ? AND r.id = ? AND r.wave_id = ?"""
RESPONSE_LOCKED = RESPONSE + " FOR UPDATE OF r"

_SHOWN = """
SELECT d.id, d.rev, d.answers, CAST(d.extra AS TEXT), d.language,
       (SELECT CAST(c.choices AS TEXT) FROM consent c
        WHERE c.community_id = d.community_id AND c.submission_id = d.id
        ORDER BY c.at DESC LIMIT 1),
       d.respondent_ref, NULL, CAST(d.background AS TEXT)
FROM draft d WHERE d.community_id = ? AND d.wave_id = ? AND d.{0} = ?
UNION ALL
SELECT r.id, r.rev, r.answers, CAST(r.extra AS TEXT), r.language,
       (SELECT CAST(c.choices AS TEXT) FROM consent c
        WHERE c.community_id = r.community_id AND c.submission_id = r.id
        ORDER BY c.at DESC LIMIT 1),
       r.respondent_ref, r.receipt_hmac, NULL
FROM response r WHERE r.community_id = ? AND r.wave_id = ? AND r.{0} = ?"""
SHOWN_BY_ID = _SHOWN.format("id")
"""A submission is a draft or a response: it turns from one to the other in one transaction."""

KNOWN_BACKGROUND = """
SELECT CAST(answers AS TEXT) AS answers
FROM background WHERE community_id = ? AND respondent_ref = ?"""

_WITH_BACKGROUND = """
SELECT known.answers, shown.*
FROM (SELECT 1) AS always
LEFT JOIN ({0}) AS known ON TRUE
LEFT JOIN ({1}) AS shown ON TRUE"""
SHOWN_BY_PERSON = _WITH_BACKGROUND.format(KNOWN_BACKGROUND, _SHOWN.format("respondent_ref"))
"""What is known of a person's background, and their submission; always one row."""

NEW_CONSENT = """
INSERT INTO consent (community_id, submission_id, at, text_hash, version, language, choices)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (community_id, submission_id, at)
DO UPDATE SET text_hash = excluded.text_hash, version = excluded.version,
              language = excluded.language, choices = excluded.choices"""

COUNT_CONSENTS = "SELECT count(*) FROM consent WHERE community_id = ? AND submission_id = ?"

NEW_DRAFT = """
INSERT INTO draft (community_id, id, wave_id, respondent_ref, rev, answers, extra, background,
                   digest, language, layout)
VALUES (?, ?, ?, ?, 0, ?, '{}', NULL, ?, ?, '')"""

SET_DRAFT = """
UPDATE draft SET rev = ?, answers = ?, extra = ?, background = ?, digest = ?, language = ?,
                 layout = ?
WHERE community_id = ? AND id = ?"""

DROP_DRAFT = "DELETE FROM draft WHERE community_id = ? AND id = ?"

NEW_RESPONSE = """
INSERT INTO response (community_id, id, wave_id, respondent_ref, version_digest, answers, extra,
                      language, layout, submitted_on, status, is_test, rev, digest, receipt_hmac)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'complete', ?, ?, ?, ?)"""

SET_RESPONSE = """
UPDATE response SET rev = ?, answers = ?, extra = ?, digest = ?, language = ?, layout = ?
WHERE community_id = ? AND id = ?"""

COMPLETE_RESPONSE = """
UPDATE response SET status = 'complete', receipt_hmac = ?, submitted_on = ?
WHERE community_id = ? AND id = ?"""

SET_BACKGROUND = """
INSERT INTO background (community_id, respondent_ref, answers, asked_on) VALUES (?, ?, ?, ?)
ON CONFLICT (community_id, respondent_ref)
DO UPDATE SET answers = excluded.answers, asked_on = excluded.asked_on"""

TAKEN_RECEIPT = "SELECT 1 FROM response WHERE community_id = ? AND receipt_hmac = ?"

BUMP_DATA_VERSION = """
INSERT INTO data_version (community_id, wave_id, seq) VALUES (?, ?, 1)
ON CONFLICT (community_id, wave_id) DO UPDATE SET seq = data_version.seq + 1"""
