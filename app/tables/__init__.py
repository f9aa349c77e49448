"""The tables, all in one place: slices meet here and never in each other's code.

Rows of people live in the schema ``identity`` (an attached file on SQLite, a schema of
its own on PostgreSQL); no foreign key crosses, and nothing but the random
``respondent_ref`` stands on both sides. ``community_id`` leads the keys: it is the
distribution column where one server is too small.

Tables that hold what members did are WITHOUT ROWID on SQLite and keyed by random ids:
the order of rows would tell the order of answering.
"""

from __future__ import annotations

from app.tables.answers import Background, Consent, DataVersion, Draft, Response
from app.tables.asking import Community, Event, Wave
from app.tables.base import (
    IDENTITY,
    NAMING_CONVENTION,
    Table,
    UtcDateTime,
    complete_for_postgres,
)
from app.tables.cards import Commitment, Scorecard, ScorecardFile, ScorecardLink
from app.tables.log import AuditEvent, IdentityAuditEvent
from app.tables.research import Dataset, Project
from app.tables.rights import DataRequest, Deletion, Erasure, RetentionNotice
from app.tables.roster import Code, Participant, RosterImport
from app.tables.runs import AnalysisRun, AnalysisRunWave, TextDecision
from app.tables.staff import ApiToken, Invitation, RecoveryCode, RoleGrant, Staff, StaffSession

__all__ = [
    "IDENTITY",
    "NAMING_CONVENTION",
    "AnalysisRun",
    "AnalysisRunWave",
    "ApiToken",
    "AuditEvent",
    "Background",
    "Code",
    "Commitment",
    "Community",
    "Consent",
    "DataRequest",
    "DataVersion",
    "Dataset",
    "Deletion",
    "Draft",
    "Erasure",
    "Event",
    "IdentityAuditEvent",
    "Invitation",
    "Participant",
    "Project",
    "RecoveryCode",
    "Response",
    "RetentionNotice",
    "RoleGrant",
    "RosterImport",
    "Scorecard",
    "ScorecardFile",
    "ScorecardLink",
    "Staff",
    "StaffSession",
    "Table",
    "TextDecision",
    "UtcDateTime",
    "Wave",
    "complete_for_postgres",
]
