"""What can be asked, and the question that is put: waves, plan, and what they depend on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, func, select

from app.errors import AppError
from app.jobs import runs
from app.settings import Settings
from app.tables import AnalysisRun, Community, Response, Wave
from instrument import registry
from instrument.errors import InstrumentError
from instrument.model import LANGUAGES, Instrument, Language, Text

CLOSED = ("closed", "published")


class CannotBeAsked(AppError):
    """These waves cannot be analysed together."""

    status = 409
    slug = "cannot-be-asked"
    title_id = "Gelombang ini tidak bisa dianalisis bersama"
    title_en = "These waves cannot be analysed together"
    hint_id = (
        "Pilih gelombang yang sudah ditutup, dengan kuesioner dan formulir yang sama. "
        "Gelombang pembanding harus lebih dulu, dari komunitas yang sama."
    )
    hint_en = (
        "Choose closed waves of the same questionnaire and form. The earlier wave must come "
        "before, in the same community."
    )


class DefinitionMissing(AppError):
    """The definition that was answered is not installed."""

    status = 409
    slug = "definition-missing"
    title_id = "Kuesioner yang dijawab tidak terpasang di sini"
    title_en = "The questionnaire that was answered is not installed here"
    hint_id = "Pasang versi program yang menjalankan gelombang itu."
    hint_en = "Install the version of the program that ran the wave."


class PlanGone(AppError):
    """The plan of an analysis is not installed any more."""

    status = 409
    slug = "plan-gone"
    title_id = "Rencana analisis ini sudah tidak terpasang"
    title_en = "This analysis plan is not installed any more"
    hint_id = "Minta analisis baru dan pilih rencana yang ada."
    hint_en = "Ask for a new analysis and choose a plan that is there."


@dataclass(frozen=True, slots=True)
class Choice:
    """A closed wave that may be analysed."""

    community_id: int
    community: str
    slug: str
    wave_id: int
    number: int
    digest: str
    form: str
    instrument_key: str
    version: str
    responses: int
    eligible: int | None
    closed_at: datetime | None
    simulated: bool

    @property
    def name(self) -> str:
        """``<community>-<number>``."""
        return f"{self.slug}-{self.number}"

    def fits(self, other: Choice) -> bool:
        """Whether both asked the same form of the same version."""
        return (self.digest, self.form) == (other.digest, other.form)


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """A plan that may be chosen; ``name`` "" is the one of the standard rules."""

    name: str
    title: Mapping[Language, str]
    digest: str
    hypotheses: int
    frozen_for: str = ""
    """The wave it was frozen for; empty = not frozen."""
    frozen_on: str = ""


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of one questionnaire."""

    choices: tuple[PlanChoice, ...]
    faulty: tuple[str, ...]
    """Files that are no sound plan."""

    def best(self, wave: str) -> PlanChoice:
        """The one frozen for this wave, else the first that is written down, else the rules."""
        return next(
            (one for one in self.choices if one.frozen_for == wave),
            next((one for one in self.choices if one.name), self.choices[-1]),
        )


def closed_waves(session: Session, communities: Sequence[int]) -> list[Choice]:
    """The closed waves of these communities, the newest of each community first."""
    answered = (
        select(col(Response.community_id), col(Response.wave_id), func.count().label("n"))
        .where(col(Response.is_test).is_(False))
        .group_by(col(Response.community_id), col(Response.wave_id))
        .subquery()
    )
    rows = session.exec(
        select(Wave, Community, answered.c.n)
        .join(Community, col(Community.id) == col(Wave.community_id))
        .outerjoin(
            answered,
            (answered.c.community_id == col(Wave.community_id))
            & (answered.c.wave_id == col(Wave.id)),
        )
        .where(col(Wave.community_id).in_(list(communities)), col(Wave.state).in_(CLOSED))
        .order_by(col(Community.name), col(Wave.number).desc())
    )
    return [_choice(wave, community, responses or 0) for wave, community, responses in rows]


def _choice(wave: Wave, community: Community, responses: int) -> Choice:
    assert wave.id is not None
    return Choice(
        community_id=wave.community_id,
        community=community.name,
        slug=community.slug,
        wave_id=wave.id,
        number=wave.number,
        digest=wave.digest,
        form=wave.form,
        instrument_key=wave.instrument_key,
        version=wave.version,
        responses=responses,
        eligible=wave.eligible_n,
        closed_at=wave.closes_at,
        simulated=wave.is_simulated,
    )


def plan_folders(settings: Settings) -> tuple[Path, ...]:
    """Where plans lie: an installation's own first, then those of the product."""
    from analysis.plan import FOLDER  # noqa: PLC0415 - numpy; only where plans are asked for

    return settings.data_dir / "plans", FOLDER


def plans_for(settings: Settings, wave: Choice) -> Plans:
    """The plans that fit a wave's questionnaire. Raises DefinitionMissing."""
    from analysis import plan as plans  # noqa: PLC0415 - numpy; only where plans are asked for

    definition = definition_of(wave)
    found = plans.installed(definition, plan_folders(settings))
    choices = [
        PlanChoice(
            name=name,
            title=_both(plan.title),
            digest=plans.digest(plan),
            hypotheses=len(plan.hypotheses),
            frozen_for=plan.frozen.wave if plan.frozen else "",
            frozen_on=plan.frozen.on.isoformat() if plan.frozen else "",
        )
        for name, plan in found.plans.items()
    ]
    standard = plans.default(definition)
    choices.append(PlanChoice("", _both(standard.title), plans.digest(standard), 0))
    return Plans(tuple(choices), tuple(found.faulty))


def _both(text: Text) -> dict[Language, str]:
    return {language: text.in_(language) for language in LANGUAGES}


def definition_of(wave: Choice) -> Instrument:
    """The definition that was answered; raises DefinitionMissing."""
    return installed(wave.instrument_key, wave.version, wave.digest)


def installed(key: str, version: str, digest: str) -> Instrument:
    """The definition with that digest; raises DefinitionMissing where another one is here."""
    try:
        made = registry.find(key, version)
    except InstrumentError as error:
        raise DefinitionMissing(str(error)) from error
    if made.digest != digest:
        raise DefinitionMissing(f"{key} {version}")
    return made


def question(
    *, session: Session, main: Sequence[Choice], before: Choice | None, plan: PlanChoice
) -> runs.Question:
    """Put the question of these waves and this plan. Raises CannotBeAsked."""
    first = main[0] if main else None
    if first is None or not all(one.fits(first) for one in main):
        raise CannotBeAsked
    if len({one.community_id for one in main}) < len(main):
        raise CannotBeAsked("one wave of each community")
    if before is not None and (
        len(main) > 1
        or not before.fits(first)
        or before.community_id != first.community_id
        or before.number >= first.number
    ):
        raise CannotBeAsked("the earlier wave")
    parts = [(one, "main") for one in main] + ([(before, "before")] if before else [])
    return runs.Question(
        instrument=first.digest,
        form=first.form,
        plan=plan.name,
        plan_digest=plan.digest,
        sources=tuple(
            runs.Source(
                one.community_id,
                one.wave_id,
                part,  # type: ignore[arg-type]
                runs.data_version(session, one.community_id, one.wave_id),
            )
            for one, part in parts
        ),
        code=runs.code_version(),
    )


def waves_of(session: Session, run: AnalysisRun) -> list[tuple[str, str]]:
    """The waves a run reads: (part, name), the analysed ones first."""
    told = []
    for one in runs.sources(session, run.key):
        community = session.get(Community, one.community_id)
        wave = session.get(Wave, one.wave_id)
        if community is not None and wave is not None:
            told.append((one.part, f"{community.slug}-{wave.number}"))
    return sorted(told, key=lambda pair: (pair[0] != "main", pair[1]))
