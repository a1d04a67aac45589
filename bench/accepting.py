"""Messages accepted per second: our gateway, Postfix with its hold queue, and smtp-sink, which stores nothing; one client."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.report import Report, Row
from bench.scratch import scratch
from civicmail.front.sample.process_costs import cpu, family
from neighbours import postfix
from neighbours.civic import Civicmail
from neighbours.tools import Sink, smtp_source


@dataclass(frozen=True, slots=True)
class Rate:
    """a_second: messages answered 250; cpu: milliseconds of the server for each."""

    a_second: float
    cpu: float


def run(report: Report, *, count: int, sessions: int, size: int, rounds: int) -> None:
    """Median of the rounds, which alternate between the servers so that a noisy minute hits all of them."""
    report.note(
        f"{count} messages of {size / 1000:.0f} kB over {sessions} sessions, connections kept; ours and Postfix sync before 250"
    )
    servers: dict[str, Callable[[], Rate]] = {
        "civicmail gateway": lambda: _ours(count, sessions, size, "gateway"),
        "civicmail, all processes": lambda: _ours(count, sessions, size),
        "postfix, hold queue": lambda: _postfix(max(500, count // 4), sessions, size),
        "smtp-sink, keeps nothing": lambda: _sink(count, sessions, size),
    }
    seen: dict[str, list[Rate]] = {who: [] for who in servers}
    for _ in range(rounds):
        for who, server in servers.items():
            seen[who].append(server())
    medians = {who: sorted(rates, key=lambda r: r.a_second)[len(rates) // 2] for who, rates in seen.items()}
    ours = medians["civicmail gateway"]
    for who, rate in medians.items():
        ratio = ours.a_second / rate.a_second if not who.startswith("civicmail") else None
        report.add(
            Row("accept", who, "accepted a second", rate.a_second, "/s", ratio, "3 x" if who.startswith("postfix") else ""),
            Row("accept", who, "CPU for a message", rate.cpu, "ms", rate.cpu / ours.cpu if ratio and ours.cpu else None),
        )


def _rate(port: int, pid: int, count: int, sessions: int, size: int) -> Rate:
    smtp_source(port, sessions, sessions=sessions, size=size)  # processes and connections that are made once
    before, began = cpu(family(pid)), time.monotonic()
    done = smtp_source(port, count, sessions=sessions, size=size)
    wall = time.monotonic() - began
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, done.args, stderr=done.stderr)
    return Rate(count / wall, 1000 * (cpu(family(pid)) - before) / count)


def _ours(count: int, sessions: int, size: int, *role: str) -> Rate:
    with scratch() as top, Civicmail(top / "data", *role) as serving:
        return _rate(serving.relay, serving.pid, count, sessions, size)


def _postfix(count: int, sessions: int, size: int) -> Rate:
    with postfix.keeper(sessions + 20) as keeper:
        rate = _rate(keeper.port, keeper.process.process.pid, count, sessions, size)
        assert len(keeper.held) == count + sessions
        return rate


def _sink(count: int, sessions: int, size: int) -> Rate:
    with Sink() as sink:
        return _rate(sink.port, sink.process.process.pid, count, sessions, size)
