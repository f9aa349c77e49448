"""Write a wave's data set: scored rows, codebook, manifest; once, never changed.

Only rows with the research consent are in the file, in the order of a random reference.
A person is the first 16 Crockford characters of HMAC-SHA-256(project key, respondent_ref):
the same in all waves of a project, another in another project.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlmodel import Session, col, func, select

from app import audit
from app.codes import ALPHABET
from app.datasets.manifest import Facts, manifest
from app.db import Database
from app.errors import AppError
from app.settings import Settings
from app.store import Store, StoredResponse
from app.submission import PARADATA
from app.tables import Dataset as DatasetRow
from app.tables import DataVersion, Project, Response
from app.wave_reader import WaveView, find_wave
from instrument import answers as reading
from instrument import registry
from instrument.model import Instrument

if TYPE_CHECKING:
    from analysis.dataset import Batch, Written

PSEUDONYM_CHARACTERS = 16
ATTEMPTS = 3


class UnknownFormat(AppError):
    """The file format is not offered."""

    slug = "unknown-format"
    title_en = "This format is not offered"


class VersionChanged(AppError):
    """The installed definition is not the one that was answered."""

    status = 409
    slug = "version-changed"
    title_en = "The installed definition is not the one that was answered"


class StillChanging(AppError):
    """Answers kept coming in while the file was written."""

    status = 409
    slug = "still-changing"
    title_en = "Answers changed while the data set was written"


@dataclass(frozen=True, slots=True)
class Exported:
    """A data set on disk."""

    folder: Path
    data: Path
    rows: int
    expected: int
    sha256: str
    instrument_key: str
    instrument_version: str
    simulated: bool
    eligible: int | None
    """Members on the register when the wave opened (N)."""


@dataclass(frozen=True, slots=True)
class _Source:
    """The wave as it stood when the export began."""

    wave: WaveView
    instrument: Instrument
    data_version: int
    responses: int


def export_wave(
    settings: Settings,
    *,
    wave: str,
    format_: str = "csv",
    out: Path | None = None,
    project: str = "default",
    made_by: str = "command line",
) -> Exported:
    """Write the data set of ``wave`` (``<community>-<number>``); return where it is.

    Answers that have not changed since the last export of the project give the data set
    that is there; changed ones the next number. A wave that is still open can be exported;
    its manifest says so. Raises UnknownCommunity, UnknownWave, UnknownFormat, VersionChanged,
    StillChanging, and what the writer raises; then no file is offered.
    """
    if format_ != "csv":
        msg = f"--format {format_} is not offered; use --format csv"
        raise UnknownFormat(msg)
    folder = out or settings.data_dir / "exports"
    database = Database(settings)
    store = Store(database)  # reads only: the writer never starts
    try:
        for _ in range(ATTEMPTS):
            with Session(database.read) as session, session.begin():
                source = _source(session, wave)
            with Session(database.write) as session, session.begin():
                project_id = _project(session, source.wave.community_id, project)
                done = _unchanged(session, source, project, folder)
            if done is not None:
                return done
            order = _Order(project, project_key(settings.key("secret_key"), project_id), made_by)
            made = _write(database, store, source, order, folder)
            if made is not None:
                return made
        msg = f"the answers of {wave} changed {ATTEMPTS} times meanwhile; try again in a minute"
        raise StillChanging(msg)
    finally:
        store.close()
        database.close()


def project_key(secret: bytes, project_id: int) -> bytes:
    """Return the key of a project's person ids: HKDF-SHA-256 of the installation's secret."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - exports only
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    return HKDF(
        algorithm=hashes.SHA256(), length=32, salt=None, info=f"project:{project_id}".encode()
    ).derive(secret)


def pseudonym(key: bytes, respondent_ref: UUID) -> str:
    """Return a person's id in a project's files: 16 Crockford characters, 80 bits."""
    value = int.from_bytes(hmac.digest(key, respondent_ref.bytes, hashlib.sha256), "big")
    top = 256 - 5 * PSEUDONYM_CHARACTERS
    return "".join(ALPHABET[value >> shift & 31] for shift in range(251, top - 1, -5))


def _source(session: Session, name: str) -> _Source:
    wave = find_wave(session, name)
    definition = registry.find(wave.instrument_key, wave.version)
    if definition.digest != wave.digest:
        msg = (
            f"wave {name} was answered with digest {wave.digest[:12]}; installed is "
            f"{definition.digest[:12]} as {wave.instrument_key} {wave.version}. Install the "
            "program version that ran the wave."
        )
        raise VersionChanged(msg)
    version = session.get(DataVersion, (wave.community_id, wave.wave_id))
    responses = session.exec(
        select(func.count())
        .select_from(Response)
        .where(Response.wave_id == wave.wave_id, col(Response.is_test).is_(False))
    ).one()
    return _Source(wave, definition, version.seq if version else 0, responses)


def _project(session: Session, community_id: int, name: str) -> int:
    found = session.exec(
        select(Project).where(Project.community_id == community_id, Project.name == name)
    ).first()
    if found is None:
        found = Project(community_id=community_id, name=name)
        session.add(found)
        session.flush()
    assert found.id is not None
    return found.id


def _unchanged(session: Session, source: _Source, project: str, folder: Path) -> Exported | None:
    """Return the data set that already holds these answers, if its files are still there."""
    rows = session.exec(
        select(DatasetRow)
        .where(
            DatasetRow.wave_id == source.wave.wave_id,
            DatasetRow.data_version == source.data_version,
            col(DatasetRow.files_deleted_on).is_(None),
        )
        .order_by(col(DatasetRow.seq).desc())
    )
    for row in rows:
        data = folder / row.manifest["dataset"]["name"] / row.manifest["data"]["file"]
        same = (
            row.manifest["dataset"]["project"] == project
            and row.manifest["wave"]["state"] == source.wave.state
            and data.exists()
        )
        if same:
            return _exported(data, row.manifest, source)
    return None


def _exported(data: Path, made: Mapping[str, Any], source: _Source) -> Exported:
    return Exported(
        folder=data.parent,
        data=data,
        rows=made["rows"]["written"],
        expected=made["rows"]["expected"],
        sha256=made["data"]["sha256"],
        instrument_key=source.instrument.key,
        instrument_version=source.instrument.version,
        simulated=source.wave.is_simulated,
        eligible=source.wave.eligible_n,
    )


@dataclass(frozen=True, slots=True)
class _Order:
    """Who wants the data set, for which project."""

    project: str
    key: bytes
    made_by: str


def _write(
    database: Database, store: Store, source: _Source, order: _Order, folder: Path
) -> Exported | None:
    """Write the files into a folder that appears whole; None if answers came in meanwhile."""
    from analysis.dataset import (  # noqa: PLC0415 - numpy
        IncompleteExport,
        write_codebook_csv,
        write_csv,
    )

    now = datetime.now(UTC)
    tally = _Tally(dict.fromkeys(_choices(source.instrument), 0))
    folder.mkdir(parents=True, exist_ok=True)
    hidden = Path(tempfile.mkdtemp(dir=folder, prefix=".data-set-"))
    try:
        with Session(database.write) as session, session.begin():
            seq = 1 + (
                session.exec(
                    select(func.max(DatasetRow.seq)).where(
                        DatasetRow.wave_id == source.wave.wave_id
                    )
                ).one()
                or 0
            )
        name = f"{source.wave.name}-v{seq}"
        stem = f"{name}-simulasi" if source.wave.is_simulated else name
        written: Written = write_csv(
            hidden / f"{stem}.csv",
            _batches(store, source, order.key, tally),
            source.instrument,
            form=source.wave.form,
            simulated=source.wave.is_simulated,
        )
        if written.rows != tally.expected:
            msg = f"the store gave {tally.expected} rows and {written.rows} were written"
            raise IncompleteExport(msg)
        write_codebook_csv(
            hidden / f"{stem}-codebook.csv",
            source.instrument,
            form=source.wave.form,
            simulated=source.wave.is_simulated,
        )
        made = manifest(
            Facts(
                name=name,
                seq=seq,
                data_version=source.data_version,
                made_on=now,
                made_by=order.made_by,
                project=order.project,
                community=source.wave.slug,
                wave=source.wave.number,
                wave_state=source.wave.state,
                simulated=source.wave.is_simulated,
                instrument={
                    "key": source.instrument.key,
                    "version": source.instrument.version,
                    "digest": source.instrument.digest,
                    "form": source.wave.form,
                },
                expected=tally.expected,
                written=written.rows,
                excluded=written.excluded,
                statuses=written.statuses,
                consents=tally.granted,
                responses=source.responses,
                eligible=source.wave.eligible_n,
                left_out=_left_out(source),
                files={
                    "data": _file(hidden / f"{stem}.csv"),
                    "codebook": _file(hidden / f"{stem}-codebook.csv"),
                },
                columns=written.columns,
            )
        )
        (hidden / f"{stem}-manifest.json").write_text(
            json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        with Session(database.write) as session, session.begin():
            version = session.get(DataVersion, (source.wave.community_id, source.wave.wave_id))
            if (version.seq if version else 0) != source.data_version:
                return None
            session.add(
                DatasetRow(
                    community_id=source.wave.community_id,
                    wave_id=source.wave.wave_id,
                    seq=seq,
                    data_version=source.data_version,
                    digest=written.sha256,
                    rows=written.rows,
                    manifest=made,
                    made_on=now,
                    made_by=order.made_by,
                )
            )
            audit.record(
                session,
                at=now,
                by=order.made_by,
                action="dataset.export",
                community_id=source.wave.community_id,
                subject=f"dataset:{name}",
                detail={"sha256": written.sha256, "rows": written.rows, "project": order.project},
            )
            hidden.chmod(0o755)
            hidden.rename(folder / name)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return _exported(folder / name / f"{stem}.csv", made, source)


@dataclass
class _Tally:
    """Counted while the rows go by, by another route than the writer's own count."""

    granted: dict[str, int]
    expected: int = 0


def _batches(store: Store, source: _Source, key: bytes, tally: _Tally) -> Iterator[Batch]:
    for rows in store.batches(source.wave.wave_id, purpose="research"):
        tally.expected += len(rows)
        for row in rows:
            for choice, given in row.choices.items():
                if given and choice in tally.granted:
                    tally.granted[choice] += 1
        yield _batch(rows, source, key)


def _batch(rows: list[StoredResponse], source: _Source, key: bytes) -> Batch:
    import numpy as np  # noqa: PLC0415 - the web process exports nothing

    from analysis.dataset import Batch  # noqa: PLC0415

    sections = len(source.instrument.form(source.wave.form).sections)
    seconds = np.full((len(rows), sections), np.nan)
    values, missing = [], []
    for number, row in enumerate(rows):
        paradata = row.extra.get(PARADATA, {})
        seen = set(paradata.get("seen", ()))
        for place, time in enumerate(paradata.get("seconds", ())[:sections]):
            if place + 1 in seen:  # a section that was not seen took no time, not 0 s
                seconds[number, place] = time
        own = _questions(row, source)
        values.append(own[0])
        missing.append(own[1])
    items = np.frombuffer(b"".join(row.answers for row in rows), np.uint8)
    return Batch(
        items=items.reshape(len(rows), len(source.instrument.items)),
        pid=[pseudonym(key, row.respondent_ref) for row in rows],
        wave=[str(source.wave.number)] * len(rows),
        version=[source.instrument.version] * len(rows),
        language=[row.language for row in rows],
        layout=[row.layout for row in rows],
        submitted_on=[row.submitted_on for row in rows],
        status=[row.status for row in rows],
        seconds=seconds,
        values=values,
        missing=missing,
    )


def _questions(row: StoredResponse, source: _Source) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the row's question values and missing states, without what was not granted."""
    values: dict[str, Any] = {}
    missing: dict[str, Any] = {}
    for part in (row.extra, row.background or {}):
        read = reading.extra_from_json({name: part.get(name, {}) for name in ("values", "missing")})
        values.update(read[0])
        missing.update(read[1])
    for question in source.instrument.questions:
        need = question.needs_consent
        withheld = question.code in _left_out(source)
        if withheld or (need is not None and not row.choices.get(need)):
            values.pop(question.code, None)
            missing.pop(question.code, None)
    return values, missing


def _left_out(source: _Source) -> dict[str, str]:
    """Background of real people stays out until the k-check decides about it.

    In a community of 60 six background answers together name most people. The check that
    coarsens them comes with the researchers' data sets; until then it fails closed.
    """
    if source.wave.is_simulated:
        return {}
    reason = "could identify people; no k-anonymity check has cleared it"
    return {q.code: reason for q in source.instrument.questions if q.group == "background"}


def _choices(instrument: Instrument) -> list[str]:
    return [choice.code for choice in instrument.consent.choices] if instrument.consent else []


def _file(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return {"file": path.name, "bytes": path.stat().st_size, "sha256": digest.hexdigest()}
