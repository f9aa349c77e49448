"""The runs of analyses: one row a question, a lease while somebody works on it.

The key is a hash of all that the result depends on, so asking twice is asking once, and a
result is kept until its answers change. A worker that dies lets its lease run out; then the
run is taken up again, at most `ATTEMPTS` times. No function commits: the caller's session
does. On SQLite the writing session has begun with BEGIN IMMEDIATE; on PostgreSQL rows are
locked with ``FOR UPDATE SKIP LOCKED``: no two workers claim one run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any, Literal, cast

from sqlalchemy import CursorResult, delete, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app import audit
from app.errors import AppError
from app.tables import AnalysisRun, AnalysisRunWave, DataVersion

Kind = Literal["analysis", "card"]
Part = Literal["main", "before"]
State = Literal["queued", "running", "done", "failed", "cancelled"]
Fault = Literal["lost", "changed", "data", "disk", "internal"]
"""``lost``: the worker died too often; ``changed``: answers changed meanwhile; ``data``: the
data or the plan do not bear it; ``disk``: files could not be written; ``internal``: ours."""

ASKED: dict[Kind, str] = {"analysis": "analysis.ask", "card": "card.prepare"}
CANCELLED: dict[Kind, str] = {"analysis": "analysis.cancel", "card": "card.cancel"}
"""What the audit log calls it."""
LEASE = timedelta(seconds=60)
"""A worker says every few seconds that it lives (`app.worker.BEAT`)."""
ATTEMPTS = 2
"""Starts of one run; a run that has killed two workers would kill the third."""


class UnknownRun(AppError):
    """There is no such analysis, or not for this account."""

    status = 404
    slug = "unknown-analysis"
    title_id = "Analisis ini tidak ada"
    title_en = "There is no such analysis"
    hint_id = "Buka daftar laporan dan pilih dari sana."
    hint_en = "Open the list of reports and choose from there."


@dataclass(frozen=True, slots=True)
class Source:
    """A wave that is read, and the state of its answers when it was asked for."""

    community_id: int
    wave_id: int
    part: Part
    data_version: int


@dataclass(frozen=True, slots=True)
class Question:
    """All that a result depends on; its language is no part of it."""

    instrument: str
    """Digest of the definition."""
    form: str
    plan: str
    plan_digest: str
    sources: tuple[Source, ...]
    code: str
    kind: Kind = "analysis"

    @property
    def key(self) -> str:
        """SHA-256 of the question, in hex; the order of pooled waves plays no part."""
        told = asdict(self) | {
            "sources": sorted((asdict(one) for one in self.sources), key=json.dumps)
        }
        told.pop("plan")  # the digest is what counts, whatever the file is called
        if self.kind == "analysis":
            told.pop("kind")  # keys of before there were cards stay as they are
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def code_version() -> str:
    """Name of the program's numbers: another one asks every question anew."""
    from analysis.code_version import CODE  # noqa: PLC0415 - a constant; nothing numeric

    return f"guyub {version('guyub')} {CODE}"


def data_version(session: Session, community_id: int, wave_id: int) -> int:
    """Count of changes to a wave's answers; 0 where there is no answer."""
    found = session.get(DataVersion, (community_id, wave_id))
    return found.seq if found else 0


def ask(*, session: Session, question: Question, by: str, at: datetime) -> AnalysisRun:
    """Return the run of this question: the one that is there, or a new one in the queue.

    One that failed, was cancelled or whose files are gone is queued again.
    """
    key = question.key
    run = locked(session, key)
    if run is not None and run.state in ("queued", "running", "done") and not run.files_deleted_on:
        return run
    fresh = AnalysisRun(
        key=key,
        kind=question.kind,
        plan=question.plan,
        plan_digest=question.plan_digest,
        code=question.code,
        asked_by=by,
        asked_at=at,
    )
    if run is None:
        try:
            with session.begin_nested():
                session.add(fresh)
        except IntegrityError:  # somebody asked the same at the same moment
            run = locked(session, key)
            assert run is not None
            return run
        session.add_all(AnalysisRunWave(key=key, **asdict(one)) for one in question.sources)
        run = fresh
    else:
        for name in AnalysisRun.model_fields:
            setattr(run, name, getattr(fresh, name))
    session.flush()
    for community_id in sorted({one.community_id for one in question.sources}):
        audit.record(
            session,
            by=by,
            action=ASKED[question.kind],
            subject=f"analysis:{key[:16]}",
            at=at,
            community_id=community_id,
            detail={"plan": question.plan or "-", "waves": len(question.sources)},
        )
    return run


def cancel(*, session: Session, key: str, by: str, at: datetime) -> None:
    """Stop a run that waits or is worked on; what is finished stays as it is.

    A worker notices at its next beat. Raises UnknownRun.
    """
    run = locked(session, key)
    if run is None:
        raise UnknownRun(key)
    if run.state not in ("queued", "running"):
        return
    _let_go(run, "cancelled", at)
    session.flush()
    for community_id in sorted({one.community_id for one in sources(session, key)}):
        audit.record(
            session,
            by=by,
            action=CANCELLED[cast("Kind", run.kind)],
            subject=f"analysis:{key[:16]}",
            at=at,
            community_id=community_id,
        )


def claim(*, session: Session, worker: str, at: datetime) -> AnalysisRun | None:
    """Lease the run that has waited longest to ``worker``; None where nothing waits."""
    run = session.exec(
        select(AnalysisRun)
        .where(col(AnalysisRun.state) == "queued")
        .order_by(col(AnalysisRun.asked_at), col(AnalysisRun.key))
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if run is None:
        return None
    run.state, run.worker, run.lease_until = "running", worker, at + LEASE
    run.attempts += 1
    run.progress, run.step = 0, ""
    session.flush()
    return run


def beat(
    *, session: Session, key: str, worker: str, at: datetime, progress: int, step: str
) -> bool:
    """Extend the lease and tell how far it is; False where the run is this worker's no more."""
    return _mine(
        session, key, worker, {"lease_until": at + LEASE, "progress": progress, "step": step}
    )


def finish(
    *, session: Session, key: str, worker: str, at: datetime, digest: str, facts: dict[str, Any]
) -> bool:
    """Note that the files are there; False where the run was cancelled or taken over."""
    return _mine(
        session,
        key,
        worker,
        {
            "state": "done",
            "worker": None,
            "lease_until": None,
            "progress": 100,
            "step": "",
            "digest": digest,
            "facts": facts,
            "finished_at": at,
        },
    )


def fail(
    *, session: Session, key: str, worker: str, at: datetime, error: Fault, detail: str
) -> bool:
    """Note that it cannot be done, and why; False where the run is this worker's no more."""
    return _mine(
        session,
        key,
        worker,
        {
            "state": "failed",
            "worker": None,
            "lease_until": None,
            "error": error,
            "detail": detail[:1000],
            "finished_at": at,
        },
    )


def release(*, session: Session, key: str, worker: str) -> bool:
    """Put a run back into the queue: the worker was told to stop, so the try does not count."""
    run = locked(session, key)
    if run is None or run.worker != worker:
        return False
    run.state, run.worker, run.lease_until = "queued", None, None
    run.attempts -= 1
    session.flush()
    return True


def recover(*, session: Session, at: datetime, dead: Sequence[str] = ()) -> tuple[int, int]:
    """Take runs from workers whose lease is over or that are ``dead``; (queued, given up)."""
    left = session.exec(
        select(AnalysisRun)
        .where(
            col(AnalysisRun.state) == "running",
            or_(col(AnalysisRun.lease_until) < at, col(AnalysisRun.worker).in_(dead)),
        )
        .with_for_update(skip_locked=True)
    ).all()
    again = [run for run in left if run.attempts < ATTEMPTS]
    for run in left:
        if run in again:
            _let_go(run, "queued", None)
        else:
            _let_go(run, "failed", at)
            run.error = "lost"
    session.flush()
    return len(again), len(left) - len(again)


def lost(session: Session, at: datetime) -> bool:
    """Whether a lease has run out."""
    found = select(AnalysisRun.key).where(
        col(AnalysisRun.state) == "running", col(AnalysisRun.lease_until) < at
    )
    return session.exec(found.limit(1)).first() is not None


def waiting(session: Session) -> bool:
    """Whether a run waits for a worker."""
    found = select(AnalysisRun.key).where(col(AnalysisRun.state) == "queued").limit(1)
    return session.exec(found).first() is not None


def expired(session: Session) -> list[str]:
    """Keys of finished runs whose answers have changed since: their files must go."""
    return list(
        session.exec(
            select(AnalysisRun.key)
            .join(AnalysisRunWave, col(AnalysisRunWave.key) == col(AnalysisRun.key))
            .join(
                DataVersion,
                (col(DataVersion.community_id) == col(AnalysisRunWave.community_id))
                & (col(DataVersion.wave_id) == col(AnalysisRunWave.wave_id)),
            )
            .where(
                col(AnalysisRun.state) == "done",
                col(AnalysisRun.files_deleted_on).is_(None),
                col(DataVersion.seq) != col(AnalysisRunWave.data_version),
            )
            .distinct()
        )
    )


def readable(session: Session, run: AnalysisRun) -> bool:
    """Whether a run's files may be read: done, of answers that still are as they were.

    Judged at the moment of reading: a withdrawal counts before the files are swept away.
    """
    return run.state == "done" and run.files_deleted_on is None and run.key not in expired(session)


def bury(*, session: Session, key: str, at: datetime) -> None:
    """Note that a run's files are gone; its digest stays."""
    session.execute(
        update(AnalysisRun).where(col(AnalysisRun.key) == key).values(files_deleted_on=at)
    )


def forget_wave(*, session: Session, community_id: int, wave_id: int) -> list[str]:
    """Delete every run that reads a wave (the wave itself is about to go); return their keys."""
    keys = list(
        session.exec(
            select(AnalysisRunWave.key).where(
                col(AnalysisRunWave.community_id) == community_id,
                col(AnalysisRunWave.wave_id) == wave_id,
            )
        )
    )
    for table in (AnalysisRunWave, AnalysisRun):
        session.execute(delete(table).where(col(table.key).in_(keys)))
    return keys


def sources(session: Session, key: str) -> tuple[Source, ...]:
    """The waves a run reads."""
    rows = session.exec(
        select(AnalysisRunWave)
        .where(col(AnalysisRunWave.key) == key)
        .order_by(col(AnalysisRunWave.community_id), col(AnalysisRunWave.wave_id))
    )
    return tuple(
        Source(row.community_id, row.wave_id, cast("Part", row.part), row.data_version)
        for row in rows
    )


def seen_by(
    session: Session, communities: Sequence[int], kind: Kind = "analysis"
) -> list[AnalysisRun]:
    """Runs of a kind all of whose waves are of these communities, the newest first."""
    elsewhere = select(AnalysisRunWave.key).where(
        col(AnalysisRunWave.community_id).not_in(list(communities))
    )
    return list(
        session.exec(
            select(AnalysisRun)
            .where(col(AnalysisRun.key).not_in(elsewhere), col(AnalysisRun.kind) == kind)
            .order_by(col(AnalysisRun.asked_at).desc(), col(AnalysisRun.key))
        )
    )


def find(
    session: Session, key: str, communities: Sequence[int], kind: Kind = "analysis"
) -> AnalysisRun:
    """The run ``key`` if all its waves are of these communities; raises UnknownRun."""
    run = session.get(AnalysisRun, key)
    if (
        run is None
        or run.kind != kind
        or any(one.community_id not in communities for one in sources(session, key))
    ):
        raise UnknownRun(key)
    return run


def locked(session: Session, key: str) -> AnalysisRun | None:
    """The run's row, held until the transaction ends."""
    return session.exec(
        select(AnalysisRun)
        .where(col(AnalysisRun.key) == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _let_go(run: AnalysisRun, state: State, at: datetime | None) -> None:
    run.state, run.worker, run.lease_until, run.finished_at = state, None, None, at


def _mine(session: Session, key: str, worker: str, values: dict[str, Any]) -> bool:
    """Change a run that ``worker`` still holds, in one statement; False where it does not."""
    done = session.execute(
        update(AnalysisRun)
        .where(
            col(AnalysisRun.key) == key,
            col(AnalysisRun.worker) == worker,
            col(AnalysisRun.state) == "running",
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1
