"""The whole way, for real: a member's phone, the store, the data set, the analysis.

One demo server for all; each member answers every question with an answer that only they
gave, and is then found in the store, in the CSV and in the analysis.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from instrument import registry
from tests.house.test_wheel import free_port, wait_for

INSTRUMENT = registry.find("partnership")


class Server:
    """The running demo."""

    def __init__(self, address: str, home: Path, codes: list[str]) -> None:
        self.address = address
        self.home = home
        self.codes = codes


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("demo")
    port = free_port()
    log = home / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [Path(sys.prefix) / "bin" / "guyub", "demo", "--port", str(port)],
            env=os.environ | {"GUYUB_DATA_DIR": str(home), "OPENBLAS_NUM_THREADS": "1"},
            cwd=home, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            front = wait_for(f"http://127.0.0.1:{port}/", process, str(log))
            codes = re.findall(r"<b>([0-9A-Z]{4} [0-9A-Z]{4})</b>", front)
            yield Server(f"http://127.0.0.1:{port}", home / "demo", codes)
        finally:
            process.terminate()
            process.wait(timeout=30)


def pattern(shift: int) -> dict[str, int]:
    """One answer an item that no two shifts share; attention checks as instructed."""
    return {
        item.code: item.expected or 1 + (place * (shift + 2) + shift) % 5
        for place, item in enumerate(INSTRUMENT.items)
    }


def start(page: Page, server: Server, code: str, query: str) -> None:
    page.goto(f"{server.address}/s/sidoarjo{query}")
    for box in page.locator("input[name=izin]").all():
        box.check()
    page.fill("#kode", code.lower())
    page.locator("form[action*='/mulai'] button.go:not([name])").click()
    page.wait_for_selector("#f")


def answer_all(page: Page, answers: dict[str, int], *, stepped: bool) -> None:
    """Answer every visible question of the document, step by step or in one scroll."""
    steps = page.locator("section.step")
    for number in range(steps.count()):
        step = steps.nth(number)
        for code, value in answers.items():
            radio = step.locator(f"input[name='{code}'][value='{value}']")
            if radio.count():
                radio.check(force=True)
        for code in ("BEH1", "BEH2", "BEH3"):
            if step.locator(f"#{code}").count():
                step.locator(f"#{code}").fill("2")
        for code in ("BEH4", "BEH5", "BEH6", "BG1", "BG2", "BG3", "BG4", "BG5", "BG6"):
            radio = step.locator(f"input[type=radio][name='{code}']")
            if radio.count():
                radio.nth(1).check(force=True)
        last = number == steps.count() - 1
        if last:
            for code in ("OPEN1", "OPEN2"):
                step.locator(f"textarea[name='{code}']").fill(f"Saling bantu, {code}")
        if stepped or last:
            step.locator("button.go").click()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "language", "scripts", "width"),
    [(0, "id", True, 320), (1, "en", False, 320), (2, "en", True, 1280)],
)
def test_member_is_found_everywhere(
    demo: Server, browser: Browser, place: int, language: str, scripts: bool, width: int
) -> None:
    """Fill all 45 items, behaviour, background and open questions; find the row again."""
    answers = pattern(place)
    context = browser.new_context(
        java_script_enabled=scripts, viewport={"width": width, "height": 740}
    )
    page = context.new_page()
    query = "?lang=en" if language == "en" else ""
    start(page, demo, demo.codes[place], query)
    answer_all(page, answers, stepped=scripts)
    page.wait_for_selector(".keep b")
    receipt = page.locator(".keep b").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{4} [0-9A-Z]{4}", receipt)
    assert ("Terima kasih" if language == "id" else "Thank you") in page.content()
    context.close()

    shown = {code for section in INSTRUMENT.form("full").sections for code in section.items}
    expected = bytes(answers[code] if code in shown else 0 for code in INSTRUMENT.item_codes)
    # in the store
    with sqlite3.connect(f"file:{demo.home}/guyub.sqlite3?mode=ro", uri=True) as store:
        rows = store.execute(
            "SELECT status, language FROM response WHERE answers = ?", (expected,)
        ).fetchall()
    assert rows == [("complete", language)]

    # in the data set and in the analysis, as the researcher's page makes them
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{demo.address}/demo/data?lang=en")
    before = json.loads((demo.home / "analyses/sidoarjo-3/results.json").read_text())
    page.get_by_role("button", name="Make them anew").click()
    expect(page.locator("main [role=status]")).to_have_count(0, timeout=120_000)
    assert page.locator("[role=alert]").count() == 0
    link = page.locator("a[href*='sidoarjo-3-v'][href$='simulasi.csv']")
    data = page.request.get(f"{demo.address}{link.get_attribute('href')}").text()
    context.close()
    found = [
        row
        for row in csv.DictReader(io.StringIO(data))
        if all(row[code] == str(answers[code]) for code in shown)
    ]
    assert len(found) == 1
    (row,) = found
    assert (row["LANG"], row["STATUS"], row["SIMULATED"]) == (language, "complete", "1")
    assert row["BEH1"] == "2"
    assert "Saling bantu" not in data  # open texts stay out
    assert receipt.replace(" ", "") not in data
    after = json.loads((demo.home / "analyses/sidoarjo-3/results.json").read_text())
    assert after["data"]["rows"] == before["data"]["rows"] + 1
