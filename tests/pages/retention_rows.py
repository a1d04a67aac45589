"""Legal holds, schedules and disposals of the town: holds by a query, of a request, of an examination, and an ended one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from civicmail.city.guard.epoch import epoch_ms
from civicmail.core.disk.files import OS_FILES
from civicmail.core.disk.frames import NO_ID
from civicmail.core.query.tree import Everything
from civicmail.desk.retention.models import Disposal
from civicmail.mail.archive import classes, holds, manifests
from civicmail.mail.archive.commit import write_events
from civicmail.mail.archive.manifests import Line, Manifest
from civicmail.mail.archive.records import Event, Type
from house.sources import ROOT

WHY = "Suit 26-CV-7 about the burst main on Fifth Street."
HOUR_MS = 3_600_000
SCHEDULES = (ROOT / "src/civicmail/city/law/schedules.toml").read_text()
DAY_MS = 24 * HOUR_MS
YEAR_MS = 366 * DAY_MS
CERTIFICATE = "019cae6b66000123456789ab"
SERIES = {
    "class": "mail", "id": "S-1", "title": "Correspondence by e-mail", "trigger": "received", "approval": "council 1", "board": "",
    "expires": "2035-12-31",
}  # fmt: skip


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


def disposals(t: Any, data: Path) -> dict[str, int]:
    """One in each state that waits for a person or has ended, and a second proposal; the numbers by name."""
    states = ("proposed", "approved", "disposed", "refused", "withdrawn", "stopped")
    made = {f"disposal {state}": disposal(t, data, state).pk for state in states}
    return made | {"other disposal": disposal(t, data, "proposed").pk}


def disposal(t: Any, data: Path, state: str) -> Disposal:
    """A disposal in this state, with a list of two captures that are not in the archive."""
    at = epoch_ms(t.now) - DAY_MS
    lines = [
        Line(f"019cae6b-6600-748e-8af8-{n:012x}", "mail", "mail", "S-1", at - 8 * YEAR_MS, at, 2_000 + n, "5e" * 32)
        for n in range(2)
    ]
    blank = Manifest(at + Disposal.objects.count(), "6c" * 32, {"S-1": SERIES})

    def finish(manifest: Manifest) -> None:
        manifest.total, manifest.kept = 900, {"held": 3, "not yet": 895}

    listed = manifests.write(data, blank, lines, finish, OS_FILES)
    row = Disposal(
        state=state, since=t.now, by=t.people["retention"], at=t.now, reason=WHY, manifest=listed.digest, total=listed.total,
        captures=listed.captures, size=listed.size, kept=listed.kept, figures=listed.figures,
    )  # fmt: skip
    if state in ("approved", "disposing", "disposed", "refused"):
        row.decided_by, row.decided, row.answer = t.people["recorder"], t.now, WHY
    if state in ("approved", "disposing", "disposed"):
        row.ready = t.now + timedelta(days=14)
    if state == "disposed":
        row.gone, row.certificates = 2, [CERTIFICATE]
        facts = {"certificate": CERTIFICATE, "manifest": listed.digest, "items": [], "records": {}, "segments": []}
        write_events(data, [Event(Type.DISPOSED, NO_ID, at, facts=facts)], at)
    if state in ("stopped", "withdrawn"):
        row.why = "Nothing was disposed of: 2 expired."
    if state == "listing":
        row.manifest = ""
    row.save()
    return row
