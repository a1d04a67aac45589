"""Mail of a month as rules were told of it, kept in an archive with its index."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from civicmail.city.policy.dispositions import Disposition, FactValue
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.search.tasks import IndexJob
from mail.archive.making import UNSYNCED

BODY = b"From: a@outside.example\r\nSubject: kestrel\r\n\r\nheron\r\n"
DAY = 86_400_000


def letter(
    at: int, facts: dict[str, FactValue], *departments: str, do: str = "deliver", rules: tuple[str, ...] = (), kind: str = "mx"
) -> Capture:
    """One copy for each department."""
    to = [f"{d}@city.example" for d in departments]
    envelope = Envelope("a@outside.example", tuple(Recipient(a) for a in to), at, "192.0.2.7", "mx.outside.example")
    capture = capture_of(capture_id(at), scan(BODY), envelope, Source(kind, "mx"))
    copies = tuple(
        Disposition(n, do, rules, {"recipient.address": a, "recipient.inside": True, "recipient.department": d})  # type: ignore[arg-type]
        for n, (a, d) in enumerate(zip(to, departments, strict=True))
    )
    whole: dict[str, Any] = {"source": kind, "inbound": kind == "mx", "sender.address": "a@outside.example"}
    return replace(capture, facts={**whole, **facts}, dispositions=copies)


def keep(data: Path, captures: list[Capture], events: list[Event] | None = None, *, index: bool = True) -> None:
    """They are in the archive, and searchable."""
    with closing(Writer(data, lambda: captures[0].received, UNSYNCED, 1 << 20)) as writer:
        for capture in captures:
            writer.receipt(capture, BODY)
        for event in events or []:
            writer.event(event)
        writer.flush()
    if index:
        with closing(IndexJob.take(data, bulk=True)) as job:
            job.catch_up(captures[0].received)


def released(capture: Capture, at: int, actor: str, *to: int) -> Event:
    return Event(Type.RELEASED, capture.id, at, to, {"reason": "It was a good one.", "actor": actor})
