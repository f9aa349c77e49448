"""What a data set is made of: waves as they stand, their rows, and the people behind them.

Only rows with the research consent are read, in the order of a random reference. A person is
the first 16 Crockford characters of HMAC-SHA-256(project key, respondent_ref): the same in all
waves of a project, another in another project.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlmodel import Session

from app.codes import ALPHABET
from app.datasets.order import VersionChanged, WavesDoNotFit
from app.keyed import keyed_hash
from app.store import Store
from app.submission import PARADATA, StoredColumns, seconds_seen
from app.tables import DataVersion
from app.wave_reader import WaveView, find_wave
from instrument import answers as reading
from instrument import registry
from instrument.answers import Missing
from instrument.model import Instrument, Question

if TYPE_CHECKING:
    from analysis.dataset import Batch
    from analysis.dataset.sharing import Answer

PSEUDONYM_CHARACTERS = 16
_PSEUDONYM_BYTES = PSEUDONYM_CHARACTERS * 5 // 8
_ROWS_AT_ONCE = 1024
"""Answer sheets in memory at a time; some 5 kB each while they are Python objects."""


@dataclass(frozen=True, slots=True)
class Source:
    """The waves as they stood when the export began; one community, version and form."""

    waves: tuple[WaveView, ...]
    instrument: Instrument
    data_versions: tuple[int, ...]

    @property
    def last(self) -> WaveView:
        """The newest wave: whose name leads, and in whose sequence the data set counts."""
        return self.waves[-1]

    @property
    def form(self) -> str:
        """The form all waves share."""
        return self.last.form

    @property
    def simulated(self) -> bool:
        """Whether any answer is nobody's."""
        return any(wave.is_simulated for wave in self.waves)

    @property
    def partial(self) -> bool:
        """Whether a wave is still open, so that more answers may come."""
        return any(wave.state == "open" for wave in self.waves)

    @property
    def name(self) -> str:
        """``sidoarjo-1``, or ``sidoarjo-1-2`` of two waves."""
        return "-".join([self.last.slug, *(str(wave.number) for wave in self.waves)])


@dataclass
class Tally:
    """Counted in the store, by another route than the writers' own counts."""

    responses: dict[int, int] = field(default_factory=dict)
    """Answer sheets of each wave (by number), whatever was agreed to."""
    research: dict[int, int] = field(default_factory=dict)
    """... of which may be used for research: the rows the file must have."""
    granted: dict[str, int] = field(default_factory=dict)
    """How many sheets grant each choice."""

    @property
    def expected(self) -> int:
        """Rows that a long file has."""
        return sum(self.research.values())


def source_of(session: Session, names: tuple[str, ...]) -> Source:
    """Read the waves; raises UnknownCommunity, UnknownWave, WavesDoNotFit, VersionChanged."""
    waves = tuple(find_wave(session, name) for name in names)
    kinds = {(wave.community_id, wave.digest, wave.form) for wave in waves}
    if len(kinds) > 1:
        told = ", ".join(f"{wave.name}: {wave.version} {wave.form}" for wave in waves)
        raise WavesDoNotFit(told)
    first = waves[0]
    definition = registry.find(first.instrument_key, first.version)
    if definition.digest != first.digest:
        msg = (
            f"wave {first.name} was answered with digest {first.digest[:12]}; installed is "
            f"{definition.digest[:12]} as {first.instrument_key} {first.version}"
        )
        raise VersionChanged(msg)
    return Source(waves, definition, tuple(data_version(session, wave) for wave in waves))


def data_version(session: Session, wave: WaveView) -> int:
    """Return how often the wave's answers have changed."""
    found = session.get(DataVersion, (wave.community_id, wave.wave_id))
    return found.seq if found else 0


def project_key(secret: bytes, project_id: int) -> bytes:
    """Return the key of a project's person ids: HKDF-SHA-256 of the installation's secret."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - exports only
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    return HKDF(
        algorithm=hashes.SHA256(), length=32, salt=None, info=f"project:{project_id}".encode()
    ).derive(secret)


def pseudonym(key: bytes, respondent_ref: UUID) -> str:
    """Return a person's id in a project's files: 16 Crockford characters, 80 bits."""
    return pseudonyms(key, [respondent_ref.bytes])[0]


def pseudonyms(key: bytes, refs: Sequence[bytes]) -> list[str]:
    """Return the ids of people by the 16 bytes of their references."""
    import numpy as np  # noqa: PLC0415 - the web process exports nothing

    if not refs:
        return []
    digests = [keyed_hash(key, ref)[:_PSEUDONYM_BYTES] for ref in refs]
    # 5 bits a character, and 80 are ten whole bytes: the ids lie end to end, without padding
    bits = np.unpackbits(np.frombuffer(b"".join(digests), np.uint8)).reshape(-1, 5)
    letters = np.frombuffer(ALPHABET.encode(), np.uint8)
    joined = letters[bits @ np.array([16, 8, 4, 2, 1], np.uint8)].tobytes().decode()
    ends = range(0, len(refs) * PSEUDONYM_CHARACTERS, PSEUDONYM_CHARACTERS)
    return [joined[end : end + PSEUDONYM_CHARACTERS] for end in ends]


_NOTHING: Mapping[str, Any] = MappingProxyType({})
Told = Mapping[str, int | str]
"""What somebody tells of their background, by question."""


def people(store: Store, source: Source, tally: Tally) -> Iterator[tuple[Told, int]]:
    """Yield the backgrounds in the file, each with how many people told it; count consents.

    Somebody who answered several waves is one person, with the last answer that any row tells.
    """
    asked = source.instrument.questions_of("background")
    choices = source.instrument.consent.choices if source.instrument.consent else ()
    tally.granted = dict.fromkeys((choice.code for choice in choices), 0)
    if len(source.waves) == 1:
        yield from _of_one_wave(store, source.last, tally, asked)
        return
    together: dict[Hashable, dict[str, int | str]] = {}
    for wave in source.waves:
        tally.responses[wave.number] = tally.research[wave.number] = 0
        for person in store.people(wave.wave_id):
            if not _counted(tally, wave, person.choices, 1):
                continue
            told = _background(asked, person.background, person.choices)
            known = together.setdefault(person.key, told)
            known.update({code: one for code, one in told.items() if not _is_code(one)})
    yield from ((told, 1) for told in together.values())


def _of_one_wave(
    store: Store, wave: WaveView, tally: Tally, asked: tuple[Question, ...]
) -> Iterator[tuple[Told, int]]:
    """Everybody of one wave; nobody has to be found again, so the database counts them."""
    tally.responses[wave.number] = tally.research[wave.number] = 0
    for one in store.alike(wave.wave_id):
        if _counted(tally, wave, one.choices, one.people):
            yield _background(asked, one.background, one.choices), one.people


def _counted(tally: Tally, wave: WaveView, choices: Mapping[str, bool], people: int) -> bool:
    """Count people with these choices; return whether research may use what they told."""
    tally.responses[wave.number] += people
    for choice, given in choices.items():
        if given is True and choice in tally.granted:
            tally.granted[choice] += people
    if choices.get("research") is not True:
        return False
    tally.research[wave.number] += people
    return True


def _background(
    asked: tuple[Question, ...], stored: Mapping[str, Any] | None, choices: Mapping[str, bool]
) -> dict[str, int | str]:
    values, missing = _read(stored or {})
    told: dict[str, int | str] = {}
    for question in asked:
        need, code = question.needs_consent, question.code
        if code in values and (need is None or choices.get(need)):
            told[code] = values[code]
        else:
            told[code] = missing.get(code, Missing.NOT_SEEN).code
    return told


def _read(stored: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Missing]]:
    """Question values and missing states; most people leave nothing out."""
    return (
        reading.extra_from_json(stored) if stored.get("missing") else (stored.get("values", {}), {})
    )


def _is_code(answer: int | str) -> bool:
    return isinstance(answer, int) and answer < 0


def batches(store: Store, source: Source, wave: WaveView, key: bytes) -> Iterator[Batch]:
    """Stream a wave's rows as the writers take them."""
    for columns in store.columns(wave.wave_id, purpose="research", size=_ROWS_AT_ONCE):
        yield _batch(columns, source, wave, key)


def _batch(columns: StoredColumns, source: Source, wave: WaveView, key: bytes) -> Batch:
    import numpy as np  # noqa: PLC0415 - the web process exports nothing

    from analysis.dataset import Batch  # noqa: PLC0415

    instrument = source.instrument
    rows, sections = len(columns.ids), len(instrument.form(source.form).sections)
    seconds = [seconds_seen(extra.get(PARADATA, _NOTHING), sections) for extra in columns.extras]
    items = np.frombuffer(b"".join(columns.answers), np.uint8)
    return Batch(
        items=items.reshape(rows, len(instrument.items)),
        pid=pseudonyms(key, columns.ref_bytes()),
        wave=[str(wave.number)] * rows,
        version=[instrument.version] * rows,
        language=columns.languages,
        layout=columns.layouts,
        submitted_on=columns.submitted_on,
        status=columns.statuses,
        seconds=np.array(seconds, np.float64).reshape(rows, sections),
        answers=_answers(columns, instrument),
        missing=_missing(columns, instrument),
    )


def _answers(columns: StoredColumns, instrument: Instrument) -> dict[str, list[Answer | None]]:
    """Return a column for each question of the file, without what was not consented to."""
    from analysis.dataset import by_question  # noqa: PLC0415 - numpy

    answers: dict[str, list[Answer | None]] = {}
    for group, parts in (("behaviour", columns.extras), ("background", columns.backgrounds)):
        told = [(part or _NOTHING).get("values", _NOTHING) for part in parts]
        answers |= by_question(told, [one.code for one in instrument.questions_of(group)])
    for code, need in _held_back(instrument).items():
        answers[code] = [
            told if granted.get(need) else None
            for told, granted in zip(answers[code], columns.choices, strict=True)
        ]
    return answers


def _missing(columns: StoredColumns, instrument: Instrument) -> list[Mapping[str, Missing]]:
    """Return why questions have no answer; one whose consent was not given was not seen."""
    held_back = _held_back(instrument)
    missing: list[Mapping[str, Missing]] = [_NOTHING] * len(columns.ids)
    for place, parts in enumerate(zip(columns.extras, columns.backgrounds, strict=True)):
        left_out = [part for part in parts if part and part.get("missing")]
        if left_out:  # most people leave nothing out
            gaps = reading.from_stored(columns.answers[place], *left_out).missing
            granted = columns.choices[place]
            missing[place] = {
                code: why
                for code, why in gaps.items()
                if code not in held_back or granted.get(held_back[code])
            }
    return missing


def _held_back(instrument: Instrument) -> dict[str, str]:
    """The questions of the file that need a consent, and which."""
    asked = instrument.questions_of("behaviour", "background")
    return {one.code: one.needs_consent for one in asked if one.needs_consent}
