"""Accept and screen: our gateway with all own checks, Postfix with Rspamd as a milter; one client for both.

And a steady rate with all processes: how long a client waits for its 250, and how long until the message is found.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from bench import corpus, lag
from bench.accepting import Rate
from bench.report import Report, Row
from bench.scratch import scratch
from civicmail.core.config.settings import CHECKS
from civicmail.core.message import header_scan
from civicmail.front.sample.mail import Posting
from civicmail.front.sample.process_costs import cpu, family
from civicmail.front.sample.smtp_client import SmtpClient
from neighbours import postfix
from neighbours.civic import Civicmail
from neighbours.milters import Rspamd
from neighbours.tools import smtp_source

ALL = f"[{', '.join(repr(check) for check in CHECKS)}]".replace("'", '"')
KINDS = 8
"""Different messages of the corpus; each is sent as often as the others."""
CONNECTIONS = 6
OURS = b"@city.example"
"""The city of the scratch installation, and of the sample mail."""


def run(report: Report, *, count: int, sessions: int, rounds: int) -> None:
    """Median of the rounds, which alternate between the servers."""
    name, messages = corpus.source()
    bodies = list(islice(different(messages), KINDS))
    mean = sum(map(len, bodies)) / len(bodies)
    report.note(f"{count} times {len(bodies)} messages of {name}, mean {mean / 1000:.1f} kB, over {sessions} sessions")
    with scratch() as top:
        files = [top / f"{n}.eml" for n in range(len(bodies))]
        for path, body in zip(files, bodies, strict=True):
            path.write_bytes(body.replace(b"\r\n", b"\n"))
            path.chmod(0o644)
        servers: dict[str, Callable[[], Rate]] = {
            "civicmail gateway": lambda: _ours(files, count, sessions, "gateway", checks=ALL),
            "civicmail, all processes": lambda: _ours(files, count, sessions, checks=ALL),
            "civicmail, nothing screened": lambda: _ours(files, count, sessions, "gateway", checks="[]"),
            "postfix, rspamd milter": lambda: _postfix(files, count, sessions),
        }
        seen: dict[str, list[Rate]] = {who: [] for who in servers}
        for _ in range(rounds):
            for who, server in servers.items():
                seen[who].append(server())
    medians = {who: sorted(rates, key=lambda r: r.a_second)[len(rates) // 2] for who, rates in seen.items()}
    ours = medians["civicmail gateway"]
    for who, rate in medians.items():
        ratio = ours.a_second / rate.a_second if who.startswith("postfix") else None
        report.add(
            Row("screened", who, "accepted a second", rate.a_second, "/s", ratio, "3 x" if ratio else ""),
            Row("screened", who, "CPU for a message", rate.cpu, "ms", rate.cpu / ours.cpu if ratio and ours.cpu else None),
        )


def steady(report: Report, *, a_second: int, seconds: int) -> None:
    """All processes and all own checks, at a steady rate."""
    bodies = list(islice(different(corpus.source()[1]), 200))
    report.note(f"{a_second} messages a second for {seconds} s, all own checks, all processes")
    with scratch() as top, Civicmail(top / "data", screening__checks=ALL) as serving:
        context = multiprocessing.get_context("spawn")
        answers: multiprocessing.Queue[list[float]] = context.Queue()
        waits: multiprocessing.Queue[list[float]] = context.Queue()
        sender = context.Process(target=_send, args=(serving.mx, a_second, seconds, bodies, answers, waits))
        before = cpu(family(serving.pid))
        sender.start()
        looks = lag.look(serving.data, answers, accepted := list[float]())
        used = cpu(family(serving.pid)) - before
        waited = sorted(waits.get())
        sender.join()  # not before: it ends when both queues are empty
    lags = lag.behind(accepted, looks)
    rate = (len(accepted) - 1) / (accepted[-1] - accepted[0])
    report.add(
        Row("screened", "civicmail", "accepted a second, steady", rate, "/s", None, f"{a_second}/s"),
        Row("screened", "civicmail", "250 after, p99", waited[int(len(waited) * 0.99)], "s", None, "<= 2 s"),
        Row("screened", "civicmail", "250 after, median", waited[len(waited) // 2], "s"),
        Row("screened", "civicmail", "found after, worst", lags[-1], "s", None, "<= 5 s"),
        Row("screened", "civicmail", "CPU of all processes, steady", 1000 * used / len(accepted), "ms"),
    )


def different(messages: Iterator[bytes]) -> Iterator[bytes]:
    """Messages spread over the corpus, each of a usual size, and none in the name of the city: a stranger brings them, and would
    be refused (P-26)."""
    strange = (body for body in messages if OURS not in (header_scan.first(body, "From") or b"").lower())
    for number, body in enumerate(strange):
        if number % 97 == 0 and 1_000 < len(body) < 60_000:
            yield body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _ours(files: list[Path], count: int, sessions: int, *role: str, checks: str) -> Rate:
    with scratch() as top, Civicmail(top / "data", *role, screening__checks=checks) as serving:
        return _rate(serving.mx, serving.pid, files, count, sessions)


def _postfix(files: list[Path], count: int, sessions: int) -> Rate:
    with Rspamd() as rspamd, postfix.keeper(sessions + 20, smtpd_milters=f"inet:127.0.0.1:{rspamd.port}") as keeper:
        return _rate(keeper.port, keeper.process.process.pid, files, count, sessions, rspamd.process.process.pid)


def _rate(port: int, pid: int, files: list[Path], count: int, sessions: int, *more: int) -> Rate:
    for path in files:
        _sent(port, path, sessions, sessions)
    pids = (pid, *more)
    before, began = sum(cpu(family(p)) for p in pids), time.monotonic()
    for path in files:
        _sent(port, path, count, sessions)
    wall = time.monotonic() - began
    total = count * len(files)
    return Rate(total / wall, 1000 * (sum(cpu(family(p)) for p in pids) - before) / total)


def _sent(port: int, path: Path, count: int, sessions: int) -> None:
    done = smtp_source(port, count, "-F", str(path), sessions=sessions)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())


def _send(
    port: int,
    a_second: int,
    seconds: int,
    bodies: list[bytes],
    answers: multiprocessing.Queue[list[float]],
    waits: multiprocessing.Queue[list[float]],
) -> None:
    """In its own process: put the times of all acceptances, in order, and the waiting times."""
    accepted, waited = list[float](), list[float]()
    began = time.time() + 1
    threads = [
        threading.Thread(target=_stream, args=(port, n, a_second * seconds, began, 1 / a_second, bodies, accepted, waited))
        for n in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    waits.put(waited)
    answers.put(sorted(accepted))


def _stream(
    port: int, first: int, total: int, began: float, every: float, bodies: list[bytes], accepted: list[float], waited: list[float]
) -> None:
    """Every sixth message, each at its time or as soon after it as the server allows."""
    postman = SmtpClient(port)
    for number in range(first, total, CONNECTIONS):
        due = began + number * every
        time.sleep(max(0.0, due - time.time()))
        head = f"Message-ID: <{number}@steady.example>\r\n".encode()
        if postman.send(Posting("steady@steady.example", ["ann@city.example"], head + bodies[number % len(bodies)])).accepted:
            accepted.append(time.time())
            waited.append(time.time() - due)
    postman.close()
