"""The played people as a process of their own."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from civicmail.core.config.errors import CivicmailError
from civicmail.front.sample.office_process import OfficeProcess


def test_people_at_work_say_what_they_did_when_the_day_ends(data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with OfficeProcess(data, 60, 1) as desks:
        desks.begin(time.monotonic())
        desks.require_open()
        assert desks.end().done == {}
        with pytest.raises(CivicmailError, match="do not work any more"):
            desks.require_open()


def test_people_at_work_go_when_whoever_began_them_is_killed(data: Path) -> None:
    dies = (
        "import os, sys, pathlib; from civicmail.front.sample.office_process import OfficeProcess;"
        "desks = OfficeProcess(pathlib.Path(sys.argv[1]), 60, 1).__enter__(); desks.begin(0); print(desks.pid, flush=True);"
        "os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", dies, str(data)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    end = time.monotonic() + 60
    while is_alive(int(done.stdout)) and time.monotonic() < end:
        time.sleep(0.02)
    assert done.returncode == -9 and not is_alive(int(done.stdout))


@pytest.mark.rule("P-22", "A simulated day whose participants do not return still has its report, which states that.")
def test_a_day_whose_people_do_not_come_back_has_a_report_that_says_so(data: Path) -> None:
    with OfficeProcess(data, 60, 1) as desks:
        desks.begin(time.monotonic())
        os.kill(desks.pid, signal.SIGKILL)
        worked = desks.end()
    assert worked.waits == [math.inf] and worked.done.total() == 1


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


@pytest.mark.rule("P-22", "Simulated people who cannot work end the day with a reason; nothing waits for them.")
def test_people_who_cannot_work_are_not_waited_for(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CivicmailError, match="do not work any more"), OfficeProcess(tmp_path / "nowhere", 60, 1):
        pass
    assert "nowhere" in capfd.readouterr().err
