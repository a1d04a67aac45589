"""Fifty messages of 25 MB at once: memory of each process, and latency of small mail meanwhile."""

from __future__ import annotations

import base64
import multiprocessing
import os
import socket
import threading
import time
from contextlib import suppress
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event

from bench.report import Report, Row
from bench.scratch import scratch
from civicmail.front.sample.mail import Posting
from civicmail.front.sample.mail_tracker import MailTracker
from civicmail.front.sample.process_costs import family, peak, role
from civicmail.front.sample.smtp_client import SmtpClient
from neighbours.civic import Civicmail

_TARGETS = {"gateway": "<= 300 MiB", "worker mail": "<= 600 MiB", "worker courier": "<= 600 MiB", "worker city": "<= 600 MiB"}


def run(report: Report, *, messages: int, size: int) -> None:
    """All at once from as many connections; another process sends 5 kB probes every 50 ms."""
    report.note(f"{messages} messages of {size / 1e6:.0f} MB at the same time, and 5 kB ones every 50 ms")
    with scratch() as top, Civicmail(top / "data") as serving:
        context = multiprocessing.get_context("spawn")
        answers: multiprocessing.Queue[tuple[int, float]] = context.Queue()
        begun = context.Event()
        senders = context.Process(target=_send_all, args=(serving.relay, messages, size, begun, answers))
        senders.start()
        begun.wait(60)
        took = _probe(serving.relay, senders)
        accepted, wall = answers.get(timeout=600)
        senders.join()
        stage = MailTracker(serving.data)
        _until_over(stage, 180)
        peaks = {role(pid): peak(pid) for pid in family(serving.pid)}
    over = sum(bool(a.indexed and a.is_delivered) for a in stage.acts.values())
    report.add(
        Row("large", "civicmail", "large messages accepted", accepted, f"of {messages}"),
        Row("large", "civicmail", "MB a second", accepted * size / 1e6 / wall, "MB/s"),
        Row("large", "civicmail", "5 kB meanwhile, median", took[len(took) // 2], "ms"),
        Row("large", "civicmail", "5 kB meanwhile, 99 of 100 below", took[int(0.99 * (len(took) - 1))], "ms", None, "<= 500 ms"),
        Row("large", "civicmail", "delivered and found at the end", over, f"of {len(stage.acts)}"),
    )
    for who, most in sorted(peaks.items()):
        report.add(Row("large", who, "peak memory", most, "MiB", None, _TARGETS.get(who, "")))


def _send_all(port: int, messages: int, size: int, begun: Event, answers: multiprocessing.Queue[tuple[int, float]]) -> None:
    """In its own process: one thread for each message; put the number accepted and the seconds."""
    body, replies = _body(size), list[str]()
    threads = [threading.Thread(target=_send, args=(port, n, body, replies)) for n in range(messages)]
    began = time.monotonic()
    begun.set()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.put((sum(a.startswith("250") for a in replies), time.monotonic() - began))


def _body(size: int) -> bytes:
    """A message with one attachment that no compression makes smaller."""
    attachment = base64.encodebytes(os.urandom(size * 3 // 4)).replace(b"\n", b"\r\n")
    head = (
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\nSee the file.\r\n--x\r\n'
        b"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=plan.bin\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head + attachment + b"--x--\r\n"


def _send(port: int, number: int, body: bytes, answers: list[str]) -> None:
    """One large message without a copy of it: the standard library's client would make several."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 600) as wire:
        hear = wire.makefile("rb")
        hear.readline()
        for command in ("HELO large.example", "MAIL FROM:<big@large.example>", f"RCPT TO:<box{number}@city.example>", "DATA"):
            wire.sendall(command.encode() + b"\r\n")
            hear.readline()
        wire.sendall(f"From: big@large.example\r\nSubject: plan {number}\r\nMessage-ID: <{number}@large.example>\r\n".encode())
        wire.sendall(body)
        wire.sendall(b".\r\n")
        answers.append(hear.readline().decode())


def _probe(port: int, senders: BaseProcess) -> list[float]:
    """Milliseconds of each small message while large ones are on their way, sorted."""
    postman, took, number = SmtpClient(port), [], 0
    content = b"line of a small message, sixty letters with its end and all\r\n" * 80
    while senders.is_alive():
        number += 1
        head = f"From: small@large.example\r\nSubject: small {number}\r\nMessage-ID: <s{number}@large.example>\r\n\r\n".encode()
        reply = postman.send(Posting("small@large.example", ["ann@city.example"], head + content))
        took.append(reply.took if reply.accepted else 60_000.0)
        time.sleep(0.05)
    postman.close()
    return sorted(took) or [0.0]


def _until_over(stage: MailTracker, seconds: float) -> None:
    end = time.monotonic() + seconds
    stage.update()
    while not stage.is_over and time.monotonic() < end:
        time.sleep(0.2)
        stage.update()
