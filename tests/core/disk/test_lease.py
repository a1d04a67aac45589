"""Leases end with their process, however it ends, and asking about one disturbs nobody (promise 1)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from civicmail.core.disk import lease as leases
from civicmail.core.disk.errors import LeaseHeld
from civicmail.core.disk.lease import Lease, Patience, holder, is_held, is_requested, lease_path, moment

HOLD = """
import sys
from pathlib import Path
from civicmail.core.disk.lease import Lease
lease = Lease.take(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.rule("P-06, promise 1", "A lease has one holder: one process attempts, one seals, one indexes, one sequences.")
def test_only_one_holder_at_a_time(tmp_path: Path) -> None:
    path = lease_path(tmp_path, "index")
    assert path == tmp_path / "leases" / "index"
    assert not is_held(path)
    with Lease.take(path):
        assert is_held(path)
        assert holder(path) == os.getpid()
        with pytest.raises(LeaseHeld, match=f"held by process {os.getpid()}"):
            Lease.take(path)
        assert is_held(path)
    assert not is_held(path)
    Lease.take(path).close()


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    lease = Lease.take(tmp_path / "x")
    lease.close()
    other = Lease.take(tmp_path / "x")
    lease.close()
    assert is_held(tmp_path / "x")
    other.close()


def test_the_kernel_ends_the_lease_of_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "job"
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    with process.stdin, process.stdout:
        assert process.stdout.readline() == b"held\n"
        assert is_held(path)
        assert holder(path) == process.pid
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not is_held(path)
    Lease.take(path).close()


def test_a_holder_that_wrote_nothing_readable_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("nonsense")
    assert holder(tmp_path / "x") is None
    assert holder(tmp_path / "absent") is None


def test_whoever_wants_a_lease_is_seen_and_gets_it_when_it_is_let_go(tmp_path: Path) -> None:
    path, told, seen = lease_path(tmp_path, "seal"), list[str](), threading.Event()

    def work() -> None:
        with Lease.take(path):
            ready.set()
            while not is_requested(path):
                seen.wait(0.01)
            seen.set()

    ready = threading.Event()
    holder_ = threading.Thread(target=work)
    holder_.start()
    ready.wait(60)
    assert not is_requested(path)
    with Lease.take(path, Patience(10, told.append)):
        assert seen.is_set()
        assert is_held(path)
        assert not is_requested(path)
    holder_.join()
    assert len(told) == 1 and "Waiting until it lets go" in told[0]


def test_who_waits_in_vain_is_told_and_wants_nothing_any_more(tmp_path: Path) -> None:
    path = lease_path(tmp_path, "seal")
    with Lease.take(path):
        with pytest.raises(LeaseHeld):
            Lease.take(path, Patience(0.1))
        assert not is_requested(path)


def test_patience_costs_nothing_where_the_lease_is_free(tmp_path: Path) -> None:
    told = list[str]()
    Lease.take(lease_path(tmp_path, "seal"), Patience(10, told.append)).close()
    assert told == []


@pytest.mark.rule(
    "P-20, P-23, promise 3",
    "Short operations that exclude each other have a lease that no job can have, and the second one waits.",
)
def test_who_comes_second_waits_for_what_takes_a_moment_and_no_job_is_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job of the same name, held for as long as it lives, is another lease."""
    with Lease.take(lease_path(tmp_path, "retention")):
        first, came = moment(tmp_path, "retention"), threading.Event()

        def second() -> None:
            with moment(tmp_path, "retention"):
                came.set()

        thread = threading.Thread(target=second)
        thread.start()
        assert not came.wait(0.2)
        first.close()
        assert came.wait(60)
        thread.join()
        monkeypatch.setattr(leases, "MOMENT_SECONDS", 0.1)
        with moment(tmp_path, "retention"), pytest.raises(LeaseHeld):
            moment(tmp_path, "retention")
