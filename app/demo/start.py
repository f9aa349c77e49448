"""`guyub demo`: make what is missing, and say what to open."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, select

from app.codes import show
from app.db import Database
from app.demo.cards import publish_cards
from app.demo.load import BY, NAME, SLUG, TRY_DAYS, fresh_codes, load_community
from app.demo.products import analysis_folder, newest
from app.demo.routes import Demo, product_environment
from app.demo.sign_ins import SignIns, ensure_accounts
from app.errors import AppError
from app.migrate import current, head, upgrade
from app.settings import Settings
from app.tables import Wave
from app.waves import service as waves

HOST = "127.0.0.1"
CODES = 3
EXTEND_BELOW = timedelta(days=7)


class PortTaken(AppError):
    """Another program listens there."""

    slug = "port-taken"
    title_en = "That port is taken"
    title_id = "Port itu sudah dipakai"


class ProductsFailed(AppError):
    """The data sets or analyses of the demo could not be made."""

    status = 500
    slug = "products-failed"
    title_en = "The demo's data sets and analyses could not be made"
    title_id = "Data dan analisis demo gagal dibuat"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A demo that is ready to be served."""

    settings: Settings
    demo: Demo

    @property
    def greeting(self) -> str:
        """What to open, for the terminal."""
        address = self.settings.base_url
        codes = "  ".join(self.demo.codes) or "none is free; use --reset"
        sign_ins = "\n".join(
            f"  Sign in as {role:<12}{address}/demo/masuk/{token}"
            for role, token in self.demo.sign_ins.tokens.items()
        )
        return f"""
  Guyub demo (everything in it is simulated)

  Front page             {address}/
  Answer as a member     {address}/s/{self.demo.slug}
                         with one of these codes: {codes}
  Results for members    {address}/s/{self.demo.slug}/hasil
  Data sets, analysis    {address}/demo/data
{sign_ins}

  Stop with Ctrl+C. `guyub demo --reset` starts anew.
"""


def prepare(*, port: int, reset: bool, say: Callable[[str], None]) -> Prepared:
    """Make the demo's store, data sets and analyses where they are missing.

    Always the embedded store, in ``DATA_DIR/demo``. ``say`` tells what goes on. Raises
    PortTaken, ProductsFailed, CardsFailed.
    """
    _require_free(port)
    home = Settings().data_dir / "demo"
    settings = _settings(home, port)
    if reset and home.exists():
        shutil.rmtree(home)
        say("Demo data deleted.")
    if not settings.sqlite_path.exists():
        say(_build(home, port))
    elif current(settings) != head():
        upgrade(settings)
        say("The demo's store was of an older version; it is at the newest migration now.")
    names = _keep_open(settings)
    missing = [
        name
        for name in names
        if newest(settings, name) is None
        or not (analysis_folder(settings, name) / "report.html").exists()
    ]
    if missing:
        say(f"Making data sets and first analyses of {', '.join(missing)} ...")
        _make_products(settings, missing)
    database = Database(settings)
    try:
        for name in publish_cards(database):
            say(f"The scorecard of {name} is published.")
        accounts = ensure_accounts(database, slug=SLUG, by=BY, at=datetime.now(UTC))
        codes = fresh_codes(database, settings.key("code_key"), count=CODES, at=datetime.now(UTC))
    finally:
        database.close()
    shown = tuple(show(code) for code in codes)
    demo = Demo(slug=SLUG, community=NAME, waves=names, codes=shown, sign_ins=SignIns(accounts))
    return Prepared(settings, demo)


def _settings(home: Path, port: int) -> Settings:
    return Settings(
        data_dir=home,
        database_url="",
        base_url=f"http://{HOST}:{port}",
        demo=True,
        log_level="WARNING",
    )


def _build(home: Path, port: int) -> str:
    """Load the community beside its place, then move it there: it is whole or absent."""
    began = time.process_time()
    building = home.with_name("demo.being-made")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    settings = _settings(building, port)
    upgrade(settings)
    loaded = load_community(settings, today=datetime.now(UTC).date())
    building.rename(home)
    return (
        f"Loaded {NAME}: {loaded.responses} answers of simulated members in {len(loaded.waves)} "
        f"waves, through the door that people use ({time.process_time() - began:.1f} CPU s)."
    )


def _keep_open(settings: Settings) -> tuple[str, ...]:
    """Keep the last wave open for trying; return the names of the simulated waves."""
    now = datetime.now(UTC)
    database = Database(settings)
    try:
        with Session(database.write) as session, session.begin():
            found = session.exec(select(Wave).order_by(col(Wave.number))).all()
            last = found[-1]
            if last.id is not None and (
                last.closes_at is None or last.closes_at < now + EXTEND_BELOW
            ):
                waves.extend_wave(
                    session=session,
                    wave_id=last.id,
                    closes_at=now + timedelta(days=TRY_DAYS),
                    by=BY,
                    at=now,
                )
            return tuple(f"{SLUG}-{wave.number}" for wave in found if wave.is_simulated)
    finally:
        database.close()


def _make_products(settings: Settings, names: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 - this program, our own names
        [sys.executable, "-m", "app.demo.products", *names],
        env=product_environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ProductsFailed(done.stderr.strip()[-2000:])


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            msg = f"something listens on port {port}; stop it, or use --port with another number"
            raise PortTaken(msg) from error
