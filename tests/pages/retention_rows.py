"""Schedules and legal holds of the town: by a query, of a request for records, of an examination, and one that has ended."""

from __future__ import annotations

from pathlib import Path

from civicmail.core.query.tree import Everything
from civicmail.mail.archive import classes, holds
from house.sources import ROOT

WHY = "Suit 26-CV-7 about the burst main on Fifth Street."
HOUR_MS = 3_600_000
SCHEDULES = (ROOT / "src/civicmail/city/law/schedules.toml").read_text()


def legal_holds(data: Path, now: int) -> dict[str, str]:
    """Place them; the ids by name. now: epoch ms."""
    placed = {
        "legal hold": holds.place(
            data, ground="litigation", scope="kestrel", actor="p-retention", reason=WHY, now=now - 9 * HOUR_MS
        ),
        "hold of a request": holds.place(
            data, ground="request", scope=f"{holds.REQUEST}PR-2026-00007: everything", tree=Everything(), actor="worker",
            reason="Request for records PR-2026-00007", now=now - 8 * HOUR_MS,
        ),
        "hold of an examination": holds.place(
            data, ground="audit", scope=f"{holds.MANDATE}26-014: storm", tree=Everything(), actor="p-examiner",
            reason="Case 26-014.", now=now - 7 * HOUR_MS,
        ),
        "ended hold": holds.place(
            data, ground="claim", scope="rcpt:desk@city.example", actor="p-recorder", reason=WHY, now=now - 6 * HOUR_MS
        ),
    }  # fmt: skip
    holds.end(data, placed["ended hold"], actor="p-retention", reason="The claim was settled in May.", now=now - 5 * HOUR_MS)
    return placed


def schedules(data: Path, now: int) -> None:
    """Put the sample city's file into force. now: epoch ms."""
    classes.adopt(data, SCHEDULES, actor="p-retention", reason="Common Council, file 260017", now=now - 9 * HOUR_MS)


def retention(data: Path, now: int) -> dict[str, str]:
    """Both; the ids of the holds by name. now: epoch ms."""
    schedules(data, now)
    return legal_holds(data, now)
