"""What is left behind after the whole run (C6); the file's name makes it run last."""

from __future__ import annotations

import re
from uuid import UUID

from app import codes
from tests.browser.conftest import House, Phones, choose, start


def test_no_code_token_or_address_is_left_behind(house: House, phones: Phones) -> None:
    """Log and database files hold no code, no receipt, no name of the roster, no IP address."""
    page = phones.page()
    id_ = start(page, house)
    choose(page, "REL1", 4)
    page.click("[name=lupakan]")
    page.wait_for_selector("h1")
    receipts = []
    store = house.town.database
    for row in house.town.rows("response"):
        made = codes.receipt(store.settings.key("code_key"), UUID(str(row["id"])))
        receipts.append(made)
    secrets = [code for place in house.places.values() for code in place.codes] + receipts
    assert len(secrets) > 100
    assert id_
    answers = [house.folder / "guyub.sqlite3", house.folder / "guyub.sqlite3-wal"]
    identity = [house.folder / "identity.sqlite3", house.folder / "identity.sqlite3-wal"]
    for path in [house.log, *answers, *identity]:
        if not path.exists():
            continue
        content = path.read_bytes()
        for secret in secrets:
            for shown in (secret, codes.show(secret), secret.lower()):
                assert shown.encode() not in content, path.name
        if path not in identity:
            assert b"Orang 1" not in content, path.name
        if path != house.log:
            assert b"127.0.0.1" not in content, path.name
            assert b"Mozilla" not in content, path.name
    log = house.log.read_text()
    lines = [line for line in log.splitlines() if "Uvicorn running on" not in line]
    assert not [line for line in lines if re.search(r"\b\d{1,3}(\.\d{1,3}){3}\b", line)]
    assert "/s/" not in "\n".join(lines)
    assert "Traceback" not in log
