"""The doctor asks the virus scanner whether it is there and how old its signatures are."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.core.config.settings import Screening, Settings
from civicmail.front.checkup import filters
from civicmail.front.checkup.findings import HOUR, Finding, Installation
from civicmail.mail.screening import clamav
from mail.screening.fakeclamd import VERSION, FakeClamd

MADE = clamav.signatures(VERSION)


def told(address: str, now: int = MADE) -> Finding:
    (finding,) = filters.clamd(Installation(Path("/"), Settings(screening=Screening(clamd=address)), now))
    return finding


@pytest.mark.parametrize(("hours", "level"), [(1, "ok"), (30, "warning"), (80, "problem")])
def test_the_age_of_signatures(hours: int, level: str, tmp_path: Path) -> None:
    with FakeClamd(tmp_path) as fake:
        found = told(fake.address, MADE + hours * HOUR)
    assert found.level == level and f"{hours} hours" in found.text


def test_own_signatures_have_no_age(tmp_path: Path) -> None:
    with FakeClamd(tmp_path, version="ClamAV 1.4.6") as fake:
        assert told(fake.address).level == "ok"


def test_one_that_is_not_there_or_has_no_address(tmp_path: Path) -> None:
    missing = told(f"unix:{tmp_path}/none")
    assert missing.level == "problem" and "does not answer (refused)" in missing.text and missing.do
    assert told("clamd").level == "problem"
    assert told("").level == "not-set-up"
