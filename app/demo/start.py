"""`guyub demo`: make what is missing, say what to open, serve."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, select

from app.db import Database
from app.demo.load import BY, NAME, SLUG, TRY_DAYS, fresh_codes, load_community
from app.demo.products import analysis_folder, newest
from app.errors import AppError
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


def start(*, port: int, reset: bool, serve: bool) -> None:
    """Make the demo's store, data sets and analyses where they are missing; serve them.

    Always the embedded store, in ``DATA_DIR/demo``. Raises PortTaken, ProductsFailed.
    """
    if serve:
        _require_free(port)
    home = Settings().data_dir / "demo"
    settings = _settings(home, port)
    if reset and home.exists():
        shutil.rmtree(home)
        _say("Demo data deleted.")
    if not settings.sqlite_path.exists():
        _build(home, port)
    with_waves = _keep_open(settings)
    _make_products(settings, with_waves)
    if serve:
        _serve(settings, with_waves, port)


def _settings(home: Path, port: int) -> Settings:
    return Settings(data_dir=home, database_url="", base_url=f"http://{HOST}:{port}", demo=True)


def _build(home: Path, port: int) -> None:
    """Load the community beside its place, then move it there: it is whole or absent."""
    from app.migrate import upgrade  # noqa: PLC0415 - once in a demo's life

    began = time.process_time()
    building = home.with_name("demo.being-made")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    settings = _settings(building, port)
    upgrade(settings)
    loaded = load_community(settings, today=datetime.now(UTC).date())
    building.rename(home)
    _say(
        f"Loaded {NAME}: {loaded.responses} simulated members answered in {len(loaded.waves)} "
        f"waves, through the same door as people ({time.process_time() - began:.1f} CPU s)."
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


def _make_products(settings: Settings, names: tuple[str, ...]) -> None:
    missing = [
        name
        for name in names
        if newest(settings, name) is None
        or not (analysis_folder(settings, name) / "report.html").exists()
    ]
    if not missing:
        return
    from app.demo.routes import product_environment  # noqa: PLC0415

    _say(f"Making data sets and first analyses of {', '.join(missing)} ...")
    done = subprocess.run(  # noqa: S603 - this program, our own names
        [sys.executable, "-m", "app.demo.products", *missing],
        env=product_environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ProductsFailed(done.stderr.strip()[-2000:])


def _serve(settings: Settings, names: tuple[str, ...], port: int) -> None:
    import uvicorn  # noqa: PLC0415

    from app.demo.routes import Demo  # noqa: PLC0415
    from app.main import create_app  # noqa: PLC0415

    database = Database(settings)
    try:
        codes = fresh_codes(database, settings.key("code_key"), count=CODES, at=datetime.now(UTC))
    finally:
        database.close()
    from app.codes import show  # noqa: PLC0415

    shown = tuple(show(code) for code in codes)
    app = create_app(settings)
    app.state.demo = Demo(slug=SLUG, community=NAME, waves=names, codes=shown)
    _say(_what_to_open(port, shown))
    uvicorn.run(
        app, host=HOST, port=port, log_level="warning", access_log=False, server_header=False
    )


def _what_to_open(port: int, codes: tuple[str, ...]) -> str:
    address = f"http://{HOST}:{port}"
    return f"""
  Guyub demo (everything in it is simulated)

  Front page             {address}/
  Answer as a member     {address}/s/{SLUG}
                         with one of these codes: {"  ".join(codes) or "none is free; use --reset"}
  Data sets, analysis    {address}/demo/data

  Stop with Ctrl+C. `guyub demo --reset` starts anew.
"""


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            msg = f"something listens on port {port}; stop it, or use --port with another number"
            raise PortTaken(msg) from error


def _say(text: str) -> None:
    print(text, flush=True)
