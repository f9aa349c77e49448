"""The second factor: a code from an app (TOTP, RFC 6238), or a recovery code, each good once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from app.errors import AppError
from app.sealing import NotOurs, Sealer
from app.settings import Settings
from app.tables import RecoveryCode, Staff

STEP_SECONDS = 30
RECOVERY_CODES = 10
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's, as member codes
_LENGTH = 24  # 120 bits
_FORGIVEN = str.maketrans("OIL", "011")


class SecondFactorUnreadable(AppError):
    """The stored secret cannot be read with this installation's key."""

    status = 500
    slug = "second-factor-unreadable"
    title_id = "Kode kedua akun ini tidak bisa dibaca"
    title_en = "This account's second factor cannot be read"
    hint_id = "Kunci server berubah. Admin: lepas kode kedua akun ini, lalu kirim tautan baru."
    hint_en = "The server's key has changed. Admin: take off its second factor, send a new link."


def new_secret() -> str:
    """160 random bits in base 32, as authenticator apps read them."""
    return pyotp.random_base32()


def address_of(secret: str, email: str) -> str:
    """The ``otpauth://`` address that an app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Guyub")


def qr_of(address: str) -> str:
    """The QR code as SVG for the page: shapes with attributes, which the CSP allows.

    Dark on light in every colour scheme; scanners expect it.
    """
    import segno  # noqa: PLC0415 - once in an account's life

    code = segno.make(address, error="m", micro=False)
    return code.svg_inline(border=4, light="#fff", dark="#000", omitsize=True, svgclass="qr")


def step_at(at: datetime) -> int:
    """The number of the 30-second step."""
    return int(at.timestamp()) // STEP_SECONDS


def step_of(secret: str, code: str, at: datetime, *, after: int | None) -> int | None:
    """Return the step whose code this is: now, the one before or the next; else None.

    RFC 6238 5.2: one step of delay each way; a code that was taken (``after``) and older
    ones are refused, so that nobody uses one that was read over a shoulder.
    """
    typed = "".join(code.split())
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    now = step_at(at)
    found = None
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), typed.encode()):
            found = step
    return found if found is not None and (after is None or found > after) else None


def seal(settings: Settings, staff_id: int, secret: str) -> bytes:
    """Encrypt a secret for the store, bound to its account."""
    return _sealer(settings).seal(secret.encode(), about=f"staff:{staff_id}")


def unseal(settings: Settings, staff_id: int, sealed: bytes) -> str:
    """Decrypt; raises SecondFactorUnreadable."""
    try:
        return _sealer(settings).open(sealed, about=f"staff:{staff_id}").decode()
    except NotOurs as error:
        raise SecondFactorUnreadable from error


def new_recovery_codes(session: Session, staff_id: int) -> tuple[str, ...]:
    """Replace an account's recovery codes; returned once, kept as hashes."""
    drop_recovery_codes(session, staff_id)
    codes = tuple(
        "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(RECOVERY_CODES)
    )
    session.add_all(RecoveryCode(staff_id=staff_id, code_hash=_hash(code)) for code in codes)
    return tuple("-".join(code[at : at + 6] for at in range(0, _LENGTH, 6)) for code in codes)


def drop_recovery_codes(session: Session, staff_id: int) -> None:
    """Delete them all."""
    session.connection().execute(delete(RecoveryCode).where(col(RecoveryCode.staff_id) == staff_id))


def codes_left(session: Session, staff_id: int) -> int:
    """How many recovery codes were not spent yet."""
    unspent = select(func.count()).where(
        col(RecoveryCode.staff_id) == staff_id, col(RecoveryCode.used_at).is_(None)
    )
    return session.exec(unspent).one()


def use_recovery_code(session: Session, staff_id: int, typed: str, at: datetime) -> bool:
    """Spend a recovery code; False where it is none, or spent."""
    code = "".join(letter for letter in typed.upper() if letter.isalnum()).translate(_FORGIVEN)
    if len(code) != _LENGTH or not code.isascii():
        return False
    spent = session.connection().execute(
        update(RecoveryCode)
        .where(
            col(RecoveryCode.staff_id) == staff_id,
            col(RecoveryCode.code_hash) == _hash(code),
            col(RecoveryCode.used_at).is_(None),
        )
        .values(used_at=at)
    )
    return spent.rowcount == 1


def take_off(session: Session, staff: Staff) -> None:
    """Forget an account's second factor and its recovery codes."""
    staff.totp_secret = None
    staff.totp_step = None
    session.add(staff)
    drop_recovery_codes(session, staff.id or 0)


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


def _sealer(settings: Settings) -> Sealer:
    return Sealer(settings.key("secret_key"), "second factor")
