"""Standing approvals: files that may leave without a request. A head or deputy grants them with an end, and reviews them
halfway (P-22).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import override

from civicmail.city.conduct.queries import deciders
from civicmail.city.directory.models import Department, Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.guard.reasons import checked_reason as require_reason
from civicmail.city.guard.resources import InDepartment
from civicmail.city.notices.actions import notify
from civicmail.desk.holding import approvers, senders
from civicmail.desk.holding.actions import approval_notices, publish_approvals
from civicmail.desk.holding.models import StandingApproval

MAX_DURATION = timedelta(days=366)
MAX_WIDE_DURATION = timedelta(days=92)
"""For everything that a department sends: that is no approval of anything, so it is short."""
TICK = machine("tick")
MIN_NAME_CHARACTERS = 3
"""Letters and digits that a pattern of a series must have."""
_CHOICE = re.compile(r"\[[^\]]*\]?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DOMAIN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")


@dataclass(frozen=True, slots=True)
class FileScope:
    """Files that are allowed: every non-empty field must match. series: a pattern of file names; mailbox: a function mailbox."""

    sha256: str = ""
    series: str = ""
    domain: str = ""
    mailbox: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether it allows all files, or nearly: a pattern like *.pdf does not restrict the file."""
        return not (self.sha256 or self.domain or self.mailbox or _names_files(self.series))


def _names_files(series: str) -> bool:
    """Whether a pattern restricts the name before its extension."""
    stem = _CHOICE.sub("", series.rpartition(".")[0] or series)
    return sum(letter.isalnum() for letter in stem) >= MIN_NAME_CHARACTERS


def allow(department: Department, files: FileScope, until: int, *, actor: Actor, reason: str, now: int) -> StandingApproval:
    """Grant a standing approval; it is in force on return. until: ms. Raises NotPermitted, Unusable, and Conflict if the account
    is contained."""
    guard.require(actor, "approval.standing", InDepartment(department.code), now=now)
    approvers.require_not_contained(actor)
    reason = require_reason(reason, min_length=10)
    if fields := _field_errors(department, files, from_ms(until) - from_ms(now)):
        raise Unusable("This cannot be allowed.", fields)
    with transaction.atomic():
        row = StandingApproval.objects.create(
            department=department, sha256=files.sha256, series=files.series, domain=files.domain, mailbox=files.mailbox,
            reason=reason, by=Person.objects.get(uid=actor.uid), made=from_ms(now), until=from_ms(until),
        )  # fmt: skip
        facts = {"standing": row.pk, "sha256": files.sha256, "domain": files.domain, "mailbox": files.mailbox, "until": until}
        entries.enter("approval.standing", actor=actor, reason=reason, now=now, object=f"department:{department.code}", facts=facts)
    publish_approvals.publish_standing(now)
    return row


def end(row: StandingApproval, *, actor: Actor, now: int) -> None:
    """End it. Raises NotPermitted, and Conflict if it has ended."""
    guard.require(actor, "approval.standing", InDepartment(row.department.code), now=now)
    with transaction.atomic():
        by = Person.objects.get(uid=actor.uid)
        if not StandingApproval.objects.filter(pk=row.pk, ended__isnull=True).update(ended=from_ms(now), ended_by=by):
            raise Conflict("It has ended already.")
        where = f"department:{row.department.code}"
        entries.enter("approval.standing-end", actor=actor, reason="ended", now=now, object=where, facts={"standing": row.pk})
    publish_approvals.publish_standing(now)


def count_uses(used: Counter[str], now: int) -> None:
    """Count uses by id ("s12"), in an open transaction."""
    for id_, times in used.items():
        if id_.startswith("s") and id_[1:].isdecimal():
            StandingApproval.objects.filter(pk=int(id_[1:])).update(used=F("used") + times, last=from_ms(now))


def request_reviews(now: int) -> int:
    """Ask the department halfway whether a standing approval is still right; return how many."""
    at = from_ms(now)
    due = [
        row
        for row in StandingApproval.objects.filter(ended__isnull=True, asked__isnull=True, until__gt=at).select_related(
            "department"
        )
        if at >= row.made + (row.until - row.made) / 2
    ]
    for row in due:
        with transaction.atomic():
            StandingApproval.objects.filter(pk=row.pk).update(asked=at)
            for person in deciders.of_department(row.department, now):
                if to := senders.address_of(person):
                    with override(person.language):
                        subject, text = approval_notices.standing_review_notice(row)
                    notify(f"standing:{row.pk}:{person.pk}", to, subject, text, now=at)
    return len(due)


def _field_errors(department: Department, files: FileScope, duration: timedelta) -> dict[str, str]:
    errors = {}
    if files.sha256 and not _SHA256.fullmatch(files.sha256):
        errors["sha256"] = "A SHA-256 has 64 digits from 0 to 9 and a to f."
    if files.series and not files.series.strip("*?. "):
        errors["series"] = "Say something of the name, like agenda-*.pdf."
    if files.domain and not _DOMAIN.fullmatch(files.domain):
        errors["domain"] = "A domain looks like acme.example."
    if (
        files.mailbox
        and not Mailbox.objects.filter(address=files.mailbox, kind="function", department=department, closed__isnull=True).exists()
    ):
        errors["mailbox"] = "The department has no mailbox of a function with this address."
    if not timedelta() < duration <= MAX_DURATION:
        errors["until"] = "The end lies within a year from now."
    elif files.is_wide and duration > MAX_WIDE_DURATION:
        errors["until"] = "For everything that the department sends, or all files of a kind, the end lies within three months."
    return errors
