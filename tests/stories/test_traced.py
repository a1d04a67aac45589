"""A served city with a collector of traces: a message's life, as its processes wrote it down, is one trace (otel.url)."""

from __future__ import annotations

import smtplib
import time
from pathlib import Path

import pytest

from neighbours.civic import Civicmail
from neighbours.collector import collector

pytestmark = pytest.mark.timeout(120)


def test_a_message_that_came_was_delivered_and_can_be_found_is_one_trace(tmp_path: Path) -> None:
    """Real processes; nobody handed anything from one to the next."""
    with collector() as receiver, Civicmail(tmp_path / "data", otel__url=receiver.url) as city:

        def names() -> dict[str, set[str]]:
            found: dict[str, set[str]] = {}
            for span in receiver.spans:
                found.setdefault(span.trace, set()).add(span.name)
            return found

        end = time.monotonic() + 90
        number = 0
        while not any({"accept", "deliver", "index"} <= one for one in names().values()):  # the first may come before the job
            assert time.monotonic() < end, names()
            number += 1
            with smtplib.SMTP("127.0.0.1", city.relay, timeout=30) as wire:
                text = f"From: <printer@city.example>\r\nTo: <ann@city.example>\r\nSubject: canary {number}\r\n\r\na page\r\n"
                wire.sendmail("printer@city.example", ["ann@city.example"], text)
            time.sleep(1)
        assert b"canary" not in receiver.raw and b"@city.example" not in receiver.raw
        assert all(span.parent or span.name == "accept" for span in receiver.spans)
