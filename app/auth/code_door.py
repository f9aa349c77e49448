"""Who a member's code belongs to. Slices ask `CodeDoor` and never learn a name.

Wrong codes are counted in memory, under a key made from the network by a secret of this
process: no address is stored or logged.
"""

from __future__ import annotations

import logging
import secrets
import socket
import sqlite3
from collections.abc import Callable
from datetime import date
from uuid import UUID

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import Connection, bindparam
from sqlalchemy.exc import ProgrammingError
from sqlmodel import Session, col, select
from starlette.concurrency import run_in_threadpool

from app.codes import code_hmac, normalise
from app.db import Database
from app.errors import AppError
from app.keyed import keyed_hash
from app.submission import StoreUnavailable
from app.tables import Code, Community, Participant
from app.transactions import Row, Transaction
from app.writer import PostgresReader

log = logging.getLogger(__name__)
_IPV4_MAPPED = bytes(10) + b"\xff\xff"
_IPV4_BYTES = 4


class WrongCode(AppError):
    """No valid code: mistyped, revoked, of another community, of somebody who left.

    One sentence for all of them; a page that told them apart would be an oracle.
    """

    status = 403
    slug = "wrong-code"
    title_id = "Kode itu tidak cocok"
    title_en = "That code does not fit"
    hint_id = "Periksa lagi kode Anda (8 huruf dan angka), atau minta yang baru ke pengurus."
    hint_en = "Check your code again (8 letters and digits), or ask the organisers for a new one."


class TooManyWrongCodes(AppError):
    """Too many wrong codes came from this network; wait ``retry_after`` seconds."""

    status = 429
    slug = "too-many-wrong-codes"
    title_id = "Terlalu banyak kode yang salah"
    title_en = "Too many wrong codes"
    hint_id = "Tunggu sepuluh menit, lalu coba lagi. Jawaban yang tersimpan tetap aman."
    hint_en = "Wait ten minutes, then try again. Answers already saved are safe."
    retry_after = 600


class UnknownLink(AppError):
    """A personal link that opens nothing: mistyped, replaced, or of somebody who left."""

    status = 404
    slug = "unknown-link"
    title_id = "Tautan pribadi ini tidak berlaku"
    title_en = "This personal link is not valid"
    hint_id = "Mungkin terpotong atau sudah diganti. Minta yang baru ke pengurus komunitas."
    hint_en = "It may be cut off, or replaced. Ask the community's organisers for a new one."


class IdentityRemoved(AppError):
    """The roster was deleted at the end of the study: no code means anybody any more."""

    status = 410
    slug = "identity-removed"
    title_id = "Daftar kode sudah dihapus"
    title_en = "The list of codes has been deleted"
    hint_id = "Studi ini sudah berakhir; kode tidak bisa dipakai lagi."
    hint_en = "This study has ended; codes can no longer be used."


_VALID_CODE = (
    select(col(Participant.respondent_ref), col(Participant.left_on))
    .join(Code, col(Code.participant_id) == col(Participant.id))
    .where(
        col(Code.code_hmac) == bindparam("code_hmac"),
        col(Code.kind) == bindparam("kind"),
        col(Code.revoked_at).is_(None),
        col(Participant.community_id) == bindparam("community_id"),
    )
)
"""Built once: building it costs twice what running it does, at every start of a visit."""
_VALID_CODE_SQLITE = """
SELECT p.respondent_ref, p.left_on FROM code c JOIN participant p ON p.id = c.participant_id
WHERE c.code_hmac = ? AND c.kind = ? AND c.revoked_at IS NULL AND p.community_id = ?"""
"""The same in the identity file alone."""
_VALID_CODE_POSTGRES = _VALID_CODE_SQLITE.replace("FROM code", "FROM identity.code").replace(
    "JOIN participant", "JOIN identity.participant"
)
"""The same past SQLAlchemy, for `_resolve_together`."""


def resolve_code(
    connection: Connection,
    community_id: int,
    code: str,
    *,
    key: bytes,
    today: date,
    kind: str = "code",
) -> UUID | None:
    """Return the respondent_ref of a canonical code (`app.codes.normalise`), or None.

    None for a code that is unknown, revoked, of another community, or of somebody who
    had left by ``today``.
    """
    wanted = code_hmac(key, community_id, code, kind=kind)
    row = connection.execute(
        _VALID_CODE, {"code_hmac": wanted, "kind": kind, "community_id": community_id}
    ).one_or_none()
    if row is None or (row.left_on is not None and row.left_on <= today):
        return None
    ref: UUID = row.respondent_ref
    return ref


class WrongCodeCounter:
    """Counts wrong codes: 10 in 10 minutes a network, 1000 a day in all.

    A network is an IPv4 /24 or an IPv6 /64; mobile carriers put many people behind one
    address, so the limit is lenient. Over the daily limit no right code is refused; the
    limit of every network falls to 3, and an alarm is logged once an hour.
    """

    network_limit: RateLimitItem = RateLimitItemPerMinute(10, 10)
    network_limit_in_alarm: RateLimitItem = RateLimitItemPerMinute(3, 10)
    overall_limit: RateLimitItem = RateLimitItemPerDay(1000)
    _alarm_limit: RateLimitItem = RateLimitItemPerMinute(1, 60)
    refusal: type[AppError] = TooManyWrongCodes
    what = "codes"

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)  # of this process only, never stored
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def check(self, client: str | None) -> None:
        """Raise `refusal` where ``client``'s network has used its tries."""
        strict = self.network_limit_in_alarm
        if self._limiter.test(strict, *self._network(client, strict)):
            return  # as nearly always, and within the other limit, too
        calm = self._limiter.test(self.overall_limit, "overall")
        wide = self.network_limit
        if not calm or not self._limiter.test(wide, *self._network(client, wide)):
            raise self.refusal

    def count(self, client: str | None) -> None:
        """Note a wrong try from ``client``'s network; log an alarm, never an address."""
        for limit in (self.network_limit, self.network_limit_in_alarm):
            if not self._limiter.hit(limit, *self._network(client, limit)):
                self._alarm(f"a network keeps sending wrong {self.what}")
        if not self._limiter.hit(self.overall_limit, "overall"):
            self._alarm(f"more than {self.overall_limit.amount} wrong {self.what} in a day")

    def _alarm(self, what: str) -> None:
        if self._limiter.hit(self._alarm_limit, what):
            log.warning("Wrong %s: %s; somebody may be guessing", self.what, what)

    def _network(self, client: str | None, limit: RateLimitItem) -> tuple[str, str]:
        return keyed_hash(self._secret, network_of(client).encode()).hex(), str(limit.amount)


class CodeDoor:
    """From what a person typed to their respondent_ref; used by every member route."""

    def __init__(self, database: Database, counter: WrongCodeCounter | None = None) -> None:
        self._database = database
        self._key = database.settings.key("code_key")
        self.counter = counter or WrongCodeCounter()
        self._waiting: PostgresReader | None = None

    def close(self) -> None:
        """Let go of the connection that `admit` has opened."""
        if self._waiting is not None:
            self._waiting.close()
            self._waiting = None

    async def admit(
        self, *, community_id: int, typed: str, client: str | None, today: date, kind: str = "code"
    ) -> UUID:
        """`enter` from the event loop, by the shortest way of the engine.

        It stands before every visit, and a thread and a session for one indexed look-up cost
        twenty times the look-up. On SQLite it runs at once; on PostgreSQL all who wait are
        looked up on one connection. Raises what `enter` raises.
        """
        if self._database.is_sqlite:
            try:
                return self._enter(self._resolve_at_once, community_id, typed, client, today, kind)
            except sqlite3.OperationalError:  # a file somebody holds: the event loop never waits
                return await run_in_threadpool(
                    self._enter, self._resolve, community_id, typed, client, today, kind
                )
        code = self._code(typed, client, kind)
        ref = await self._resolve_together(community_id, code, today, kind) if code else None
        return self._known(ref, client)

    def enter(
        self, *, community_id: int, typed: str, client: str | None, today: date, kind: str = "code"
    ) -> UUID:
        """Return the respondent_ref of the code somebody typed. Blocks: call from a thread.

        ``client`` is the peer's IP address, used for counting and forgotten. Raises
        TooManyWrongCodes, WrongCode, IdentityRemoved.
        """
        return self._enter(self._resolve, community_id, typed, client, today, kind)

    def community_of_link(self, token: str) -> str:
        """Slug of the community a personal link belongs to. Blocks: call from a thread.

        A token names no community, so its HMAC is made for each (microseconds). Nothing is
        counted: 128 random bits cannot be guessed. Raises UnknownLink, IdentityRemoved.
        """
        if self._database.is_sqlite and not self._database.has_identity():
            raise IdentityRemoved
        with Session(self._database.read) as session, session.begin():
            slugs = dict(session.exec(select(Community.id, Community.slug)).all())
            hmacs = {
                code_hmac(self._key, place, token, kind="link"): place
                for place in slugs
                if place is not None
            }
            row = session.exec(
                select(Code.code_hmac, Participant.community_id)
                .join(Participant, col(Participant.id) == col(Code.participant_id))
                .where(
                    col(Code.code_hmac).in_(hmacs),
                    col(Code.kind) == "link",
                    col(Code.revoked_at).is_(None),
                )
            ).one_or_none()
        if row is None or hmacs[bytes(row[0])] != row[1]:
            raise UnknownLink
        return slugs[row[1]]

    def _enter(
        self,
        resolve: Callable[[int, str, date, str], UUID | None],
        community_id: int,
        typed: str,
        client: str | None,
        today: date,
        kind: str,
    ) -> UUID:
        code = self._code(typed, client, kind)
        return self._known(resolve(community_id, code, today, kind) if code else None, client)

    def _code(self, typed: str, client: str | None, kind: str) -> str:
        """What to look up, empty where nothing can fit; raises TooManyWrongCodes."""
        self.counter.check(client)
        return (normalise(typed) or "") if kind == "code" else typed.strip()

    def _known(self, ref: UUID | None, client: str | None) -> UUID:
        if ref is None:
            self.counter.count(client)
            raise WrongCode
        return ref

    async def _resolve_together(
        self, community_id: int, code: str, today: date, kind: str
    ) -> UUID | None:
        import psycopg  # noqa: PLC0415 - an extra; SQLite needs none of it

        if self._waiting is None:
            self._waiting = PostgresReader(self._database.settings.database_url)
        wanted = code_hmac(self._key, community_id, code, kind=kind)

        def look(transaction: Transaction) -> Row | None:
            return transaction.one(_VALID_CODE_POSTGRES, (wanted, kind, community_id))

        try:
            row = await self._waiting.submit(look)
        except (psycopg.ProgrammingError, StoreUnavailable):  # `_resolve` says what is wrong
            return await run_in_threadpool(self._resolve, community_id, code, today, kind)
        if row is None or (row[1] is not None and row[1] <= today):
            return None
        found: UUID = row[0]
        return found

    def _resolve_at_once(self, community_id: int, code: str, today: date, kind: str) -> UUID | None:
        connection = self._database.identity_at_once()
        if connection is None:
            raise IdentityRemoved
        wanted = code_hmac(self._key, community_id, code, kind=kind)
        row = connection.execute(_VALID_CODE_SQLITE, (wanted, kind, community_id)).fetchone()
        if row is None or (row[1] is not None and date.fromisoformat(row[1]) <= today):
            return None
        return UUID(row[0])

    def _resolve(self, community_id: int, code: str, today: date, kind: str) -> UUID | None:
        # A pooled SQLite connection would go on reading a file that was removed, so the file
        # is looked for first. PostgreSQL says itself that the table is gone; asking it before
        # every code would double the door's cost.
        if self._database.is_sqlite and not self._database.has_identity():
            raise IdentityRemoved
        try:
            with self._database.read.begin() as connection:
                return resolve_code(
                    connection, community_id, code, key=self._key, today=today, kind=kind
                )
        except ProgrammingError as error:
            if self._database.has_identity():
                raise
            raise IdentityRemoved from error


def network_of(client: str | None) -> str:
    """The /24 (IPv4) or /64 (IPv6) of an address; ``unknown`` for anything else.

    By the C library: `ipaddress` takes as long as the look-up of a code, before every visit,
    and keeping what it says would keep addresses.
    """
    address = (client or "").partition("%")[0]
    try:
        packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    except (OSError, ValueError):
        return "unknown"
    packed = packed.removeprefix(_IPV4_MAPPED)
    if len(packed) == _IPV4_BYTES:
        return socket.inet_ntop(socket.AF_INET, packed[:3] + bytes(1)) + "/24"
    return socket.inet_ntop(socket.AF_INET6, packed[:8] + bytes(8)) + "/64"
