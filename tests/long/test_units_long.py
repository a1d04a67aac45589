"""The units once more, with PostgreSQL behind its socket and on a port; and what stands still there is started anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pages.conftest import browser_type_launch_args as browser_type_launch_args
from stories.unitcity import UnitCity, day, unit_city

pytestmark = [
    pytest.mark.neighbour("systemctl", "unshare", "nsenter", "namespaces", "PostgreSQL 17", "dovecot", "chromium", "root"),
    pytest.mark.timeout(900),
]
STANDING = ("civicmail-gateway.service", "civicmail-courier.service", "civicmail-web.service")


@pytest.mark.parametrize("over", ["socket", "tcp"])
def test_a_day_on_postgresql(over: str, tmp_path: Path, browser: Any) -> None:
    with unit_city(tmp_path, over=over) as city:
        day(city, browser)
        city.machine.run("systemctl", "start", "civicmail-verify.service")
        if over == "tcp":
            _standing_still(city)


def _standing_still(city: UnitCity) -> None:
    """Processes that hold their ports and leases and do nothing: of the pages only the one that answers."""
    on = city.machine
    before = {unit: on.shown(unit, "MainPID")["MainPID"] for unit in STANDING}
    worker = on.run("pgrep", "--parent", before["civicmail-web.service"]).split()[0]
    on.run("kill", "-STOP", before["civicmail-gateway.service"], before["civicmail-courier.service"], worker)
    for unit, pid in before.items():
        city.until(lambda unit=unit, pid=pid: on.shown(unit, "MainPID")["MainPID"] not in (pid, "0"), seconds=240)  # type: ignore[misc]
        city.until(lambda unit=unit: on.shown(unit, "ActiveState")["ActiveState"] == "active")  # type: ignore[misc]
        assert "Watchdog timeout" in on.journal(f"--unit={unit}")
        city.until(
            lambda unit=unit: any(f"Subject: {unit} failed on".encode() in one.content for one in city.world.taken)  # type: ignore[misc]
        )
    assert "Thread 0x" in on.journal("--unit=civicmail-web.service"), "where it stood"
