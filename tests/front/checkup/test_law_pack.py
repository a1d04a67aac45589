"""Doctor says whether there is a law, until when, and whether it was changed (P-21)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from civicmail.city.law import adopted, shipped
from civicmail.core.config.load import load
from civicmail.front.checkup.checks import run_check
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.front.checkup.law_pack import law_pack


def finding(data: Path, day: date) -> Finding:
    now = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    (found,) = run_check(law_pack, Installation(data, load(data), now))
    return found


@pytest.mark.rule("P-21", "doctor says when no law is adopted, when it ends, and when it cannot be verified.")
def test_doctor_says_how_the_law_stands(data: Path) -> None:
    assert finding(data, date(2026, 12, 1)).level == "not-set-up"
    adopted.adopt(data, shipped.text("wisconsin"), by="p", at=1, today=date(2026, 12, 1))
    good = finding(data, date(2026, 12, 1))
    assert good.level == "ok" and "in force until 2028-12-31; counsel has yet to confirm" in good.text
    assert "period request-file on 2028-08-27" in finding(data, date(2028, 6, 1)).text
    soon, ended = finding(data, date(2028, 12, 31)), finding(data, date(2029, 1, 1))
    assert (soon.level, ended.level) == ("warning", "problem")
    assert "pack wisconsin on 2028-12-31" in soon.text and "ended on 2028-12-31: it decides nothing" in ended.text
    file = adopted.path(data, "wisconsin", "2026-12-01")
    file.write_bytes(file.read_bytes().replace(b"days = 12", b"days = 13"))
    changed = finding(data, date(2026, 12, 1))
    assert changed.level == "problem" and "was changed after it was adopted" in changed.text
