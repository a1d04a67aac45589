"""`run`: children are kept alive, come back when they die, and go with their supervisor."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from civicmail.core.disk.lease import Lease, holder, is_held, lease_path
from civicmail.front.cli.main import run
from civicmail.front.cli.supervise import Supervisor, pause_before
from civicmail.front.sample.installation import free_ports

PROGRAM = [sys.executable, "-m", "civicmail.front.cli.main"]
BLOCK = "import sys; sys.modules['civicmail.front.sample'] = None; "
BLOCK += "from civicmail.front.cli.main import run; sys.exit(run(sys.argv[1:]))"
PRODUCTION = [sys.executable, "-c", BLOCK]
"""The program where the sample city cannot be imported."""


def _until[T](found: Callable[[], T], seconds: float = 40.0) -> T:
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return value


def test_pauses_grow_and_end_at_half_a_minute() -> None:
    assert [pause_before(n) for n in range(5)] == [0.0, 0.2, 0.4, 0.8, 1.6]
    assert pause_before(1000) == 30.0


def _child(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_dead_child_comes_back_after_its_pause() -> None:
    now = 0.0
    supervisor = Supervisor({"x": _child("pass")}, clock=lambda: now)
    (child,) = supervisor.children
    assert supervisor.look() == 0
    assert child.process is not None
    child.process.wait()
    supervisor.look()
    assert (child.process, child.failures, child.due) == (None, 1, pytest.approx(0.2))
    now = 0.1
    supervisor.look()
    assert child.process is None
    now = 0.3
    supervisor.look()
    assert child.process is not None
    child.process.wait()


def test_a_long_life_makes_the_next_death_the_first_again() -> None:
    now = 0.0
    supervisor = Supervisor({"x": _child("pass")}, clock=lambda: now)
    (child,) = supervisor.children
    child.failures = 7
    supervisor.look()
    assert child.process is not None
    child.process.wait()
    now = 100.0
    supervisor.look()
    assert child.failures == 1


STOPPED = """
import signal, sys
from civicmail.front.cli.run import stop_on_signal

stop = stop_on_signal()

def interrupt(frame, event, _):
    if event == "line":
        signal.raise_signal(signal.SIGTERM)
    return interrupt

with stop._cond:  # what wait() and set() hold for a moment
    signal.raise_signal(signal.SIGINT)
sys.settrace(interrupt)
signal.raise_signal(signal.SIGINT)
sys.settrace(None)
assert stop.wait(60)
signal.alarm(0)
"""
SUPERVISED = """
import signal, sys
from civicmail.front.cli.supervise import Supervisor

supervisor = Supervisor({"x": [sys.executable, "-c", "import time; time.sleep(60)"]})
lines = 0

def interrupt(frame, event, _):
    global lines
    if event == "line" and supervisor.children[0].process:
        lines += 1
        signal.raise_signal(signal.SIGCHLD if lines < 300 else signal.SIGTERM if lines % 2 else signal.SIGINT)
    return interrupt

sys.settrace(interrupt)
code = supervisor.run()
sys.settrace(None)
sys.exit(code)
"""


@pytest.mark.parametrize("program", [STOPPED, SUPERVISED], ids=["worker", "supervisor"])
def test_signals_that_interrupt_each_other_at_any_line_end_it_promptly(program: str) -> None:
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr.decode()


def test_a_child_with_wrong_settings_ends_everything_with_its_exit_code() -> None:
    supervisor = Supervisor({"x": _child("import sys; sys.exit(3)")})
    supervisor.look()
    (child,) = supervisor.children
    assert child.process is not None
    child.process.wait()
    assert supervisor.look() == 3


@pytest.mark.rule(
    "P-23, promise 6",
    "A process that has worked with its settings is restarted when it cannot start, and the others continue; one that "
    "never could ends `civicmail run`.",
)
@pytest.mark.parametrize("code", [2, 3])
def test_who_has_worked_with_the_settings_is_tried_again_and_the_others_go_on(code: int) -> None:
    """A mistake in the settings of a city that is served, or a folder that is away for a moment, must not end its mail."""
    now, over = 0.0, False
    children = {"x": _child(f"import sys; sys.exit({code})"), "other": _child("import time; time.sleep(60)")}
    supervisor = Supervisor(children, clock=lambda: now, is_over=lambda: over)
    supervisor.look()
    child, other = supervisor.children
    assert child.process is not None and other.process is not None
    child.process.wait()
    now = 11.0
    assert supervisor.look() == 0
    assert (child.process, other.process.poll()) == (None, None)
    now = 12.0
    supervisor.look()
    assert child.process is not None
    child.process.wait()
    over = True
    assert supervisor.look() == code
    other.process.kill()
    other.process.wait()


def test_a_child_that_is_optional_ends_nothing_and_is_tried_again() -> None:
    """Mail goes on without pages, whatever is wrong with them (P-06)."""
    supervisor = Supervisor({"web": _child("import sys; sys.exit(3)")}, optional={"web"})
    supervisor.look()
    (child,) = supervisor.children
    assert child.process is not None
    child.process.wait()
    assert supervisor.look() == 0
    assert (child.process, child.failures) == (None, 1)


# -- the whole program -----------------------------------------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path) -> Path:
    assert run(["init", "--data", str(tmp_path / "data")]) == 0
    (port,) = free_ports(1)
    text = (tmp_path / "data" / "civicmail.toml").read_text()
    (tmp_path / "data" / "civicmail.toml").write_text(text.replace("port = 2525", f"port = {port}"))
    return tmp_path / "data"


@pytest.fixture
def served(data: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], dict[str, int]]]]:
    """The program in a process group of its own, and a look at its living children by name."""
    log = tmp_path / "log"
    with log.open("wb") as h:
        program = subprocess.Popen([*PRODUCTION, "run", "--data", str(data)], stderr=h, start_new_session=True)

    def children() -> dict[str, int]:
        found = re.findall(r"started child=(.+) pid=(\d+)$", log.read_text(), re.MULTILINE)
        return {name: int(pid) for name, pid in found if _lives(int(pid))}

    try:
        _until(lambda: _listens(data))
        _until(lambda: len(children()) == 5)
        yield program, children
    finally:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _listens(data: Path) -> bool:
    port = int(re.findall(r"(?m)^port = (\d+)$", (data / "civicmail.toml").read_text())[0])
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


Served = tuple["subprocess.Popen[bytes]", Callable[[], dict[str, int]]]


def test_sigterm_to_the_whole_group_drains_within_fifteen_seconds(served: Served) -> None:
    program, children = served
    pids = children().values()
    began = time.monotonic()
    os.killpg(program.pid, signal.SIGTERM)
    assert program.wait(60) == 0
    assert time.monotonic() - began < 60
    assert not any(_lives(pid) for pid in pids)


def test_a_killed_child_comes_back_and_children_die_with_their_supervisor(served: Served, data: Path) -> None:
    program, children = served
    before = children()
    assert _words(before["gateway 1"])[:3] == ["civicmail", "run", "gateway"], "a copy of its supervisor"
    os.kill(before["gateway 1"], signal.SIGKILL)
    _until(lambda: children().get("gateway 1", 0) not in {0, before["gateway 1"]})
    _until(lambda: _listens(data))
    assert _words(children()["gateway 1"])[-2:] == ["--parent", str(program.pid)], "what begins again reads all of it anew"
    assert children()["worker mail"] == before["worker mail"]
    pids = children().values()
    program.kill()
    program.wait()
    _until(lambda: not any(_lives(pid) for pid in pids), 60)


@pytest.mark.rule(
    "P-15",
    "An installation is not served twice: a second start is refused with a message, and remains of a killed one do not "
    "prevent a start.",
)
def test_a_second_one_is_told_that_this_is_served_and_disturbs_nobody(data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first = lease_path(data, "run")
    with Lease.take(first):
        assert run(["run", "--data", str(data)]) == 3
    (line,) = capfd.readouterr().err.splitlines()[-1:]
    assert line.startswith(f"civicmail: This installation is being served already, by process {os.getpid()}.")
    assert not is_held(first) and first.exists()  # a file that was left behind hinders nobody


def test_a_further_gateway_runs_beside_and_a_killed_supervisor_hinders_no_start(served: Served, data: Path) -> None:
    program, _ = served
    second = subprocess.run([*PROGRAM, "run", "--data", str(data)], capture_output=True, timeout=60, check=False)
    assert second.returncode == 3 and f"by process {program.pid}" in second.stderr.decode()
    further = subprocess.Popen([*PROGRAM, "run", "gateway", "--data", str(data)], stderr=subprocess.PIPE)
    assert further.stderr is not None
    _until(lambda: b"listening" in further.stderr.readline())  # type: ignore[union-attr]
    further.terminate()
    assert further.wait(60) == 0
    further.stderr.close()
    program.kill()
    program.wait()
    again = subprocess.Popen([*PROGRAM, "run", "--data", str(data)], stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        _until(lambda: holder(lease_path(data, "run")) == again.pid and _listens(data))
        again.terminate()
        assert again.wait(60) == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(again.pid, signal.SIGKILL)
        again.wait()


def _words(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode().split("\0")


@pytest.mark.parametrize("command", ["archive compact --reason order", "rebuild outstanding"])
def test_a_command_gets_a_lease_from_the_worker_that_holds_it(served: Served, data: Path, command: str) -> None:
    _, children = served
    leases = [lease_path(data, job) for job in ("seal", "courier")]
    _until(lambda: all(is_held(path) for path in leases))
    before = children()
    assert run([*command.split(), "--data", str(data)]) == 0
    _until(lambda: all(is_held(path) for path in leases))
    assert children() == before


def test_wrong_words_for_run(data: Path) -> None:
    assert run(["run", "gateway", "--job", "mail", "--data", str(data)]) == 2
    assert run(["run", "nonsense", "--data", str(data)]) == 2
    (data / "civicmail.toml").write_text("[gatewai]\n")
    assert run(["run", "--data", str(data)]) == 3
