"""The whole bench: servers up, rounds interleaved, one report."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.counting import count_postgres, count_sqlite
from tests.bench.exports import exports
from tests.bench.floor import Page, Pages
from tests.bench.measure import Cell, Target, interleave
from tests.bench.ours import Ours
from tests.bench.postgres import Postgres, postgres
from tests.bench.report import Report, describe_machine
from tests.bench.servers import free_port, serve
from tests.bench.startup import cold_start
from tests.bench.visit import Kept, Visit, Visitor

Say = Callable[[str], None]
DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rounds: int
    stored_rounds: int
    """Rounds of the filled store against the empty one: its margin is 5 %, so it gets more."""
    respondents: dict[str, int]
    """Visits of one run, by shape."""
    stored_respondents: int
    filled: int
    """Responses in the filled store."""
    starts: int
    exports: tuple[int, ...]

    def codes(self, database: str) -> int:
        """Participant codes that the runs on one empty store use up."""
        each = 2 * (self.respondents["sections"] + self.respondents["once"])
        plain = self.respondents["pages"] if database == "sqlite" else 0
        return self.rounds * (each + plain) + self.stored_rounds * self.stored_respondents + 2


WHOLE = Size(
    rounds=3,
    stored_rounds=5,
    respondents={"sections": 600, "once": 1200, "pages": 200},
    stored_respondents=800,
    filled=100_000,
    starts=3,
    exports=(10_000, 100_000),
)
QUICK = Size(
    rounds=1,
    stored_rounds=1,
    respondents={"sections": 150, "once": 300, "pages": 50},
    stored_respondents=200,
    filled=100_000,
    starts=1,
    exports=(10_000,),
)


def measure(size: Size, say: Say) -> Report:
    """Run the bench and return its report."""
    began = time.perf_counter()
    report = Report(
        datetime.now(UTC).isoformat(timespec="seconds"), describe_machine(), asdict(size)
    )
    report.filled = size.filled
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guyub-bench-")))
        engine = stack.enter_context(postgres())
        empty, full = (
            {
                name: Ours(
                    folder / f"{kind}-{name}",
                    name,
                    engine.url(kind) if name == "postgresql" else None,
                )
                for name in DATABASES
            }
            for kind in ("empty", "full")
        )
        for name in DATABASES:
            say(f"{name}: making an empty store and one with {size.filled:,} responses")
            empty[name].prepare(codes=size.codes(name))
            full[name].prepare(codes=size.stored_rounds * size.stored_respondents)
            full[name].fill(size.filled)
            report.starts[name] = cold_start(empty[name].serve, empty[name].page, size.starts)

        ours = {name: _ours(stack, "ours", empty[name], engine) for name in DATABASES}
        report.first, report.repeat, kept = asyncio.run(_visits(empty["sqlite"], ours["sqlite"]))
        _pages(kept, empty["sqlite"].items).write(folder / "pages")
        fulls = {name: _ours(stack, "ours, filled", full[name], engine) for name in DATABASES}
        for target in (*ours.values(), *fulls.values()):
            target.script.static[:] = list(kept.static)
        floors = {name: _floor(stack, folder, ours[name], engine) for name in DATABASES}

        say("data sets")
        with_data = Ours(folder / "data", "sqlite", None)
        with_data.prepare(codes=0)
        report.exports = exports(with_data, size.exports)

        report.groups = [
            [
                Cell(target, shape, clients, size.respondents[shape])
                for target in (ours[name], floors[name])
            ]
            for name in DATABASES
            for shape in ("sections", "once")
            for clients in (16, 200)
        ]
        report.groups.append([Cell(ours["sqlite"], "pages", 16, size.respondents["pages"])])
        interleave(report.groups, size.rounds, say)
        report.memory = {name: target.server.pss() for name, target in ours.items()}

        report.pairs = [
            [
                Cell(target, "sections", 16, size.stored_respondents)
                for target in (ours[name], fulls[name])
            ]
            for name in DATABASES
        ]
        interleave(report.pairs, size.stored_rounds, say)
        report.memory |= {f"{name}, filled": target.server.pss() for name, target in fulls.items()}
    report.seconds = time.perf_counter() - began
    return report


def _ours(stack: ExitStack, name: str, store: Ours, engine: Postgres) -> Target:
    return Target(
        name=name,
        database=store.database,
        server=stack.enter_context(store.serve()),
        script=store.script(),
        codes=store.take,
        stored=store.stored,
        postgres=engine if store.database == "postgresql" else None,
    )


def _floor(stack: ExitStack, folder: Path, ours: Target, engine: Postgres) -> Target:
    on_sqlite = ours.database == "sqlite"
    path = folder / "floor.sqlite3"
    url = f"sqlite:///{path}" if on_sqlite else engine.url("floor")
    port = free_port()
    command = ["-m", "tests.bench.floor", "--port", str(port), "--database", url]
    command += ["--pages", str(folder / "pages")]
    log = folder / f"floor-{ours.database}.log"
    server = stack.enter_context(serve("floor", command, port=port, log=log))

    def stored() -> int:
        if on_sqlite:
            return count_sqlite(path, "response")
        return count_postgres(url, "floor_response")

    return Target(
        name="floor",
        database=ours.database,
        server=server,
        script=ours.script,
        codes=lambda count: ["0000000" + "0"] * count,
        stored=stored,
        postgres=None if on_sqlite else engine,
    )


async def _visits(store: Ours, target: Target) -> tuple[Visit, Visit, Kept]:
    """A person's first visit, and a later one with a warm cache (another person's code)."""
    visitor = Visitor("127.0.0.1", target.server.port, target.script)
    code, other = store.take(2)
    first, kept = await visitor.visit(code)
    repeat, _ = await visitor.visit(other)
    return first, repeat, kept


def _pages(kept: Kept, items: tuple[str, ...]) -> Pages:
    html = "text/html; charset=utf-8"
    return Pages(
        landing=Page(kept.landing, html),
        form=Page(kept.form, html),
        receipt=Page(kept.receipt, html),
        static={path: Page(*given) for path, given in kept.static.items()},
        items=items,
    )
