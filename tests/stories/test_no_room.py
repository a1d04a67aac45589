"""A volume that runs full while the city serves, and has room again: nothing is written that can wait, nothing is lost, and all of
it goes on by itself (gateway.min_free). The room really is taken away, by a file that lies on the same volume."""

from __future__ import annotations

import os
import re
import signal
import smtplib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from civicmail.core.disk.files import free_bytes
from civicmail.front.sample.mail import Posting
from civicmail.front.sample.smtp_client import SmtpClient
from civicmail.mail.search import coverage
from neighbours.civic import Civicmail, civicmail

SLACK = 1 << 30
"""Bytes by which others who write on the same volume may change what is free."""
ANN = "ann@city.example"


@contextmanager
def too_little(data: Path, least: int) -> Iterator[None]:
    """Less than so many bytes are free, for as long as the block takes."""
    place = data.with_name("ballast")
    try:
        with place.open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, max(free_bytes(data) - least, 0) + SLACK)
        assert free_bytes(data) < least
        yield
    finally:
        place.unlink()


def send(ours: Civicmail, subject: str) -> int:
    """The reply code; of the command that refused it."""
    postman = SmtpClient(ours.relay)
    text = f"From: <printer@city.example>\r\nTo: <{ANN}>\r\nSubject: {subject}\r\n\r\na page\r\n".encode()
    try:
        return postman.send(Posting("printer@city.example", [ANN], text)).code
    except smtplib.SMTPResponseException as refused:
        return refused.smtp_code
    finally:
        postman.close()


def until(there: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 60
    while not there():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def test_a_volume_that_runs_full_loses_nothing_and_all_goes_on_by_itself(tmp_path: Path) -> None:
    """Mail is told 452, copies wait and say so, the index rests, an import stops; afterwards everything is
    delivered, found and imported."""
    data, letters = tmp_path / "data", tmp_path / "letters"
    letters.mkdir()
    for number in range(3):
        (letters / f"{number}.eml").write_bytes(b"Subject: old letter %d\r\n\r\nimported\r\n" % number)
    ours = Civicmail(data)
    least = free_bytes(data) - SLACK
    settings = data / "civicmail.toml"
    lines = re.sub(r"(?m)^min_free = .*", f"min_free = {least}", settings.read_text())
    settings.write_text(lines.replace("retry_first = 60", "retry_first = 2"))
    with ours:
        for worker in ("--job courier", "--job search"):
            ours.end_child(worker, signal.SIGSTOP)
        taken = 1
        assert send(ours, "taken in time") == 250
        with too_little(data, least):
            while (code := send(ours, "taken in time")) == 250:  # the gateway looks once a second
                taken += 1
            assert code == 452
            for worker in ("--job courier", "--job search"):
                ours.end_child(worker, signal.SIGCONT)
            until(lambda: b"4.3.1" in civicmail("queue", "list", data=data).stdout, "no copy says that it waits for room")
            until(lambda: coverage.is_paused(data), "the index is written")
            done = civicmail("doctor", data=data, check=False).stdout
            assert b"index rests" in done and b"no mail is taken in" in done, done.decode()
            stopped = civicmail("import", letters, data=data, check=False)
            assert stopped.returncode == 5 and b"0 messages were stored now" in stopped.stderr, stopped.stderr.decode()
            assert ours.mailbox(ANN) == []
            assert b"0 captures" in civicmail("search", "page", data=data, check=False).stderr
        until(lambda: len(ours.mailbox(ANN)) == taken, "what waited is not delivered")
        again = civicmail("import", letters, data=data)
        assert b"3 stored, 0 known" in again.stdout
        assert send(ours, "room again") == 250
        ours.wait(captures=taken + 4)
        assert len(ours.mailbox(ANN)) == taken + 1 and not coverage.is_paused(data)
        for word, number in (("page", taken + 1), ("imported", 3)):
            assert len(civicmail("search", word, "--json", "--limit", "0", data=data).stdout.splitlines()) == number
    assert b'"problems":[]' in civicmail("verify", data=data).stdout
