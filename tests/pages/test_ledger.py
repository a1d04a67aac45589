"""The page Ledger: what was signed, who cosigned it, and a copy for paper (promise 2, A2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from civicmail.city.guard.epoch import epoch_ms
from civicmail.core.config.settings import Archive, Settings, Witness
from civicmail.core.ledger import checkpoints, sequencer
from civicmail.core.ledger.cosignatures import WitnessKey
from civicmail.core.ledger.sequencer import Sequencer
from civicmail.front.checkup import completeness
from civicmail.front.checkup.witnesses import WitnessStatus, status_of
from pages.world import Town
from tools.witnesses import NAME, made

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
NOW = 1_782_000_000_000


@pytest.fixture
def key(installed: Path, tmp_path: Path, settings: Any) -> str:
    """The key of the only witness in the settings."""
    key = made(tmp_path / "witness")
    settings.CITY = Settings(archive=Archive(witness=[Witness(url="https://witness.county.example", key=key)]))
    return key


def _page(visit: Visit) -> str:
    return visit("auditor").get("/oversight/ledger/").content.decode().replace("<wbr>", "")


@pytest.mark.rule("A2, P-15", "Auditors see who cosigned the ledger and when, and print what was signed.")
def test_auditors_see_who_cosigned_the_ledger(city: Town, visit: Visit, installed: Path, key: str) -> None:
    with Sequencer(installed) as ledger:
        ledger.integrate(NOW)
        ledger.checkpoint(NOW)
    signed = checkpoints.latest(sequencer.folder(installed))
    assert signed is not None
    page = _page(visit)
    assert NAME in page and "Queued" in page
    assert escape(signed.note.split("\n")[2]) in page and "<svg" in page
    now = epoch_ms(city.now)
    file = status_of(WitnessKey.read(key))
    file.write(installed, WitnessStatus(now, signed.size, now))
    assert "Verified" in _page(visit)
    file.write(installed, WitnessStatus(now, signed.size, now - 7_200_000, "no answer: Connection refused"))
    late = _page(visit)
    assert "Behind" in late and "Connection refused" in late
    file.write(installed, WitnessStatus(now, signed.size, now, "there are two ledgers", contradicts=True))
    assert "Failed" in _page(visit)
    assert visit("head").get("/oversight/ledger/").status_code == 403


@pytest.mark.rule("P-15, promise 2", "Auditors see what was missing of each of the last days, by number and message.")
def test_auditors_see_the_completeness_of_each_day(city: Town, visit: Visit, installed: Path) -> None:
    assert "No day was compared yet" in _page(visit)
    day = completeness.day_of(epoch_ms(city.now)) - timedelta(days=1)
    gap = completeness.DayGap("0001", 17, "0198-id", "message", ("index",))
    result = completeness.Result({"0001": (1, 1234)}, 1234, 400, 0, ("archive", "index"), 1, (gap,))
    completeness.file_of(day).write(installed, completeness.DayFigure(str(day), NOW, "e-1", result))
    page = _page(visit)
    assert str(day) in page and "1,234" in page and "0001:17 0198-id in: index" in page


def test_without_a_witness_or_a_checkpoint_the_page_says_what_to_do(city: Town, visit: Visit, installed: Path) -> None:
    page = _page(visit)
    assert "Somebody outside of IT should run one" in page
