"""What `civicmail doctor` says of a running city, for stories that break something, and ways to break it and to put it back."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from civicmail.core.config.clock import now_ms
from civicmail.core.config.load import load
from civicmail.front.checkup.checks import run_checks
from civicmail.front.checkup.findings import MINUTE, Finding, Installation
from neighbours import forkserver
from neighbours.civic import Civicmail

PATIENCE = 180
"""Seconds for which a story waits for what comes within one minute on a machine that has nothing else to do."""


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def doctor(city: Civicmail) -> list[Finding]:
    """What the command says now."""
    done = forkserver.run(["doctor", "--json", "--data", str(city.data)], env=city.environment, timeout=120)
    assert done.returncode in (0, 1), done.stderr.decode(errors="replace")
    return [Finding(**json.loads(line)) for line in done.stdout.splitlines()]


def wrong(findings: Iterable[Finding]) -> set[str]:
    """Lines that are not in order."""
    return {one.check for one in findings if one.level in ("problem", "warning")}


def until_told(city: Civicmail, *lines: str) -> list[Finding]:
    """Until doctor has said each of them, now or before; all that it said in that time."""
    said: list[Finding] = []
    end = time.monotonic() + PATIENCE
    while missing := set(lines) - wrong(said):
        assert time.monotonic() < end, (missing, wrong(said))
        said += doctor(city)
        time.sleep(0.5)
    return said


def until_told_in_a_minute(city: Civicmail, *lines: str) -> None:
    """Until doctor says each of what is wrong only when it has lasted for a minute. `make city` waits for it; other lanes look what
    it would say then."""
    if os.environ.get("CIVICMAIL_LONG"):
        until_told(city, *lines)
        return
    told = problems(city, later=MINUTE)
    assert set(lines) <= told, told


def until_well(city: Civicmail, *lines: str) -> None:
    """Until doctor says none of them any more."""
    end = time.monotonic() + PATIENCE
    while bad := [one for one in doctor(city) if one.check in lines and one.level in ("problem", "warning")]:
        assert time.monotonic() < end, bad
        time.sleep(1)


def problems(city: Civicmail, *, later: int = 0) -> set[str]:
    """What doctor is red about, and would be in so many ms if nothing changes."""
    return {finding.check for finding in expected(city, later=later) if finding.level == "problem"}


def expected(city: Civicmail, *, later: int = 0) -> list[Finding]:
    """What doctor would say in so many ms if nothing changes."""
    environ = {key: value for key, value in city.environment.items() if key.startswith("CIVICMAIL__")}
    return list(run_checks(Installation(city.data, load(city.data, environ=environ), now_ms() + later)))


@contextmanager
def stopped(city: Civicmail, *processes: str) -> Iterator[None]:
    """These stand still: they are there, hold their leases and ports, and do nothing."""
    pids = [pid for words in processes for pid in _family(city, words)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def _family(city: Civicmail, words: str) -> list[int]:
    """One of its processes, by words of its command line, and those that it has started."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            children.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
    (first,) = (
        pid for pid in children[city.pid] if words.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    )
    found = [first]
    for pid in found:
        found += children.get(pid, [])
    return found


@contextmanager
def changed(path: Path, content: bytes | None) -> Iterator[None]:
    """A file has other content, or is gone."""
    before, mode = path.read_bytes(), path.stat().st_mode & 0o777
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(before)
        path.chmod(mode)


@contextmanager
def damaged(path: Path, at: int, length: int = 16) -> Iterator[None]:
    """Some bytes of a file that processes hold open are others; nobody of them may run meanwhile."""
    with path.open("r+b", buffering=0) as file:
        before = os.pread(file.fileno(), length, at)
        assert before
        os.pwrite(file.fileno(), bytes(byte ^ 0xFF for byte in before), at)
        try:
            yield
        finally:
            os.pwrite(file.fileno(), before, at)


@contextmanager
def dated(path: Path, seconds: float) -> Iterator[None]:
    """A file was written so many seconds from now, before it where they are negative."""
    before = path.stat()
    os.utime(path, (time.time() + seconds,) * 2)
    try:
        yield
    finally:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
