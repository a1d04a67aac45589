"""The very first start of an installation (issue 17): whoever changes their mind does not wait for tables."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from civicmail.core.disk.lease import is_held, lease_path
from neighbours.civic import Civicmail

pytestmark = pytest.mark.timeout(300)
BUSY = 3.0
"""Seconds, where other tests keep the machine busy; it takes half a second."""


@pytest.mark.rule("P-23", "Ctrl-C on the very first start ends at once, while tables are made, too; the next start makes them.")
def test_ctrl_c_on_the_very_first_start_waits_for_no_tables_and_the_next_start_makes_them(tmp_path: Path) -> None:
    """It took as long as the tables did, and sometimes until it was killed."""
    data = tmp_path / "data"
    with Civicmail(data, bare=True, web__serve="true") as ours:
        until(lambda: is_held(lease_path(data, "migrate")))
        assert not ours.is_ready()
        assert ours.interrupt() < BUSY
        assert "killed" not in ours.log()
    with Civicmail(data, web__serve="true") as ours:
        until(ours.is_ready)


def until(holds: object) -> None:
    assert callable(holds)
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
