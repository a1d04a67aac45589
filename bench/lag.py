"""Delay from the 250 until a message is searchable, under steady load."""

from __future__ import annotations

import multiprocessing
import threading
import time
from pathlib import Path

from bench.report import Report, Row
from bench.scratch import scratch
from civicmail.front.sample.mail import Posting
from civicmail.front.sample.process_costs import cpu, family
from civicmail.front.sample.smtp_client import SmtpClient
from civicmail.mail.search.counts import searchable
from civicmail.mail.search.errors import NotIndexed
from civicmail.mail.search.reader import Reader
from neighbours.civic import Civicmail

CONNECTIONS = 6
POLL_SECONDS = 0.2  # seconds between two looks; a lag is known to this much
_TEXT = b"line of a small message, sixty letters with its end and all\r\n" * 80


def run(report: Report, *, a_second: int, seconds: int) -> None:
    """Send at a steady rate from another process; count searchable messages here, as `search` does."""
    report.note(f"5 kB messages at {a_second} a second for {seconds} s; the goal is for 600 s")
    with scratch() as top, Civicmail(top / "data") as serving:
        context = multiprocessing.get_context("spawn")
        answers: multiprocessing.Queue[list[float]] = context.Queue()
        sender = context.Process(target=_send, args=(serving.relay, a_second, seconds, answers))
        before = cpu(family(serving.pid))
        sender.start()
        looks = look(serving.data, answers, accepted := list[float]())
        used = cpu(family(serving.pid)) - before
        sender.join()
    lags = behind(accepted, looks)
    rate = (len(accepted) - 1) / (accepted[-1] - accepted[0])
    report.add(
        Row("lag", "civicmail", "accepted a second", rate, "/s", None, f"{a_second}/s"),
        Row("lag", "civicmail", "found after, median", lags[len(lags) // 2], "s"),
        Row("lag", "civicmail", "found after, worst", lags[-1], "s", None, "<= 5 s"),
        Row("lag", "civicmail", "CPU of all processes for a message", 1000 * used / len(accepted), "ms"),
    )


def behind(accepted: list[float], looks: list[tuple[float, int]]) -> list[float]:
    """Seconds from the acceptance of each message to the look that found so many, sorted. accepted: times in order; looks: time and
    how many were found. Raises RuntimeError where not all were ever found."""
    lags, done = list[float](), 0
    for at, indexed in looks:
        lags += [at - accepted[n] for n in range(done, min(indexed, len(accepted)))]
        done = max(done, indexed)
    if done < len(accepted):
        raise RuntimeError(f"{done} of {len(accepted)} messages were found in the end")
    return sorted(lags)


def look(data: Path, answers: multiprocessing.Queue[list[float]], accepted: list[float]) -> list[tuple[float, int]]:
    """Look until the sender has answered and everything is found, for a minute at most after that."""
    looks, reader = list[tuple[float, int]](), None
    end = float("inf")
    while time.time() < end and not (accepted and looks and looks[-1][1] >= len(accepted)):
        if not accepted and not answers.empty():
            accepted += answers.get()
            end = time.time() + 60
        try:
            reader = reader or Reader(data)
            reader.refresh()
            looks.append((time.time(), searchable(reader)))
        except NotIndexed:
            pass
        time.sleep(POLL_SECONDS)
    return looks


def _send(port: int, a_second: int, seconds: int, answers: multiprocessing.Queue[list[float]]) -> None:
    """In its own process: put the times of all acceptances, in order."""
    accepted = list[float]()
    began = time.time() + 1
    threads = [
        threading.Thread(target=_stream, args=(port, n, a_second * seconds, began, 1 / a_second, accepted))
        for n in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put(sorted(accepted))


def _stream(port: int, first: int, total: int, began: float, every: float, accepted: list[float]) -> None:
    """Every sixth message, each at its time or as soon after it as the server allows."""
    postman = SmtpClient(port)
    for number in range(first, total, CONNECTIONS):
        time.sleep(max(0.0, began + number * every - time.time()))
        head = f"From: steady@lag.example\r\nSubject: steady {number}\r\nMessage-ID: <{number}@lag.example>\r\n\r\n".encode()
        if postman.send(Posting("steady@lag.example", ["ann@city.example"], head + _TEXT)).accepted:
            accepted.append(time.time())
    postman.close()
