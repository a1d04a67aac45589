"""Read DMARC reports of others about mail in our name: store the sums, with an audit entry (P-26)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from civicmail.city.guard import guard
from civicmail.city.guard.actions.external_acts import in_files
from civicmail.city.guard.actors import Actor
from civicmail.mail.screening.reports import month_files
from civicmail.mail.screening.reports.month_files import Intake
from civicmail.mail.screening.reports.shapes import Report


def read_in(data: Path, reports: Sequence[Report], domains: Collection[str], *, actor: Actor, files: int, now: int) -> Intake:
    """Store the reports' sums about our domains (A-labels); each report counts once. files: number of files; now: ms. Durable on
    return. Raises NotPermitted, NotRecorded, DamagedFile."""
    guard.require(actor, "dns.reports", now=now)
    facts = {"files": files, "reports": len(reports)}
    with in_files("dns.reports", actor=actor, reason="reports read in", now=now, role="system-administrator", facts=facts):
        return month_files.keep(data, reports, domains, now=now)
