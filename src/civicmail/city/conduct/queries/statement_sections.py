"""The sections of a department statement, filled in by the system: counts and days, never names or ranks (P-28).

A section is {"title", "clause", "lines"}; a line is [what, value, note], all text, as it is stored when the statement is
signed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from statistics import median
from typing import Any

from django.db.models import Q
from django.utils import timezone

from civicmail.city.conduct.half_year import Half
from civicmail.city.conduct.queries import reviews, violations
from civicmail.city.conduct.queries.deciders import with_headless_divisions
from civicmail.city.conduct.queries.leavers import is_overdue, open_rows
from civicmail.city.directory.models import Department, Episode
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.models import Authorization, Ending, PersonalUse
from civicmail.city.identity.person_kinds import PERSON_KINDS
from civicmail.city.identity.queries import department_questions, tallies, undertakings
from civicmail.city.identity.queries.department_questions import MIN_PEOPLE_FOR_SUMS

Section = dict[str, Any]

MIN_COUNT = f"not told of fewer than {MIN_PEOPLE_FOR_SUMS} people"
SIGNS = (
    "to the sender's own account outside, with words of a business of one's own, or by a rule on personal use; what nobody can "
    "recognize is not in it"
)
LONG_TIME = timedelta(days=5)
"""Requests that wait longer are counted separately."""


def sections(department: Department, half: Half, now: int) -> list[Section]:
    """All sections, for the department and its divisions without a head. A fixed number of queries."""
    where = with_headless_divisions(department)
    codes = [d.code for d in where]
    since, until = _bounds(half)
    counted, enough = tallies.sums_of(where, half.first, half.after().first), tallies.is_enough(where)
    return [
        _section("Who has mail", "P-04", _roster(codes, now)),
        _section("Roster reviewed", "P-05", _reviewed(codes, since, until, now)),
        _section("People who left", "P-08", _left(codes, since, until, now)),
        _section("Contractors bound", "P-09", _bound(codes, now)),
        _section("Personal use", "P-10", [*_personal(where, now), _signs(counted, enough=enough)]),
        _section("Confidential mail", "P-19", _confidential(counted)),
        _section("Files that leave", "P-22", _files(counted)),
        _section("Findings on use", "P-12", _findings(counted, enough=enough)),
        _section("Kept back, and asked for", "P-29", _releases(counted)),
        _section("E-mail policy accepted", "P-18", _accepted(codes, now)),
        _section("Violations", "P-30", _violations(codes, since, until)),
        _section("Waiting times", "P-28", _waited(codes, since, until, now)),
    ]


def figures(department: Department, since: datetime, until: datetime, now: int) -> list[tuple[str, str]]:
    """The main figures of a month, for the department and its divisions without a head: (what, value). since, until: first moments
    of the month and of the next one; what is open is that of now."""
    where = with_headless_divisions(department)
    codes = [d.code for d in where]
    counted = tallies.sums_of(where, timezone.localdate(since), timezone.localdate(until))
    answers = counted["files-approved"] + counted["files-refused"] + counted["files-records"]
    reported = violations.of_departments(codes, since, until)
    reviewed = reviews.of_departments(codes, since, until)
    lines: list[tuple[str, object]] = [
        ("People", Episode.objects.filter(department__code__in=codes, ended__isnull=True).count()),
        ("Answers about files", answers),
        ("Files released", counted["files-approved"]),
        ("Hours until files were decided, on average", f"{counted['files-minutes'] / answers / 60:.1f}" if answers else "none"),
        ("Requests to release mail", counted["release-asked"]),
        ("Confidential messages sent encrypted", counted["confidential-encrypted"]),
        ("Confidential messages held", counted["confidential-held"]),
        ("Violations reported", reported.reported),
        ("Violations confirmed", reported.confirmed),
        ("Not answered in access reviews", reviewed.open + reviewed.silent + reviewed.suspended + reviewed.stopped),
        ("Answered late in access reviews", reviewed.late),
        ("People who cannot send until they accept the policy, now", len(department_questions.overdue_in(codes, now))),
    ]
    return [(what, f"{value:,}" if isinstance(value, int) else str(value)) for what, value in lines]


def _section(title: str, clause: str, lines: Sequence[tuple[str, object, str]]) -> Section:
    return {"title": title, "clause": clause, "lines": [[what, str(value), note] for what, value, note in lines]}


def _bounds(half: Half) -> tuple[datetime, datetime]:
    """[from, until) as moments of the city."""
    return (
        timezone.make_aware(datetime.combine(half.first, time.min)),
        timezone.make_aware(datetime.combine(half.after().first, time.min)),
    )


def _roster(codes: list[str], now: int) -> list[tuple[str, object, str]]:
    people = Episode.objects.filter(department__code__in=codes, ended__isnull=True).count()
    rows = Authorization.objects.filter(department__code__in=codes, state__in=["approved", "active", "suspended"]).order_by()
    living = list(rows.values_list("person", "role", "until", "cost"))
    soon = from_ms(now) + timedelta(days=60)
    return [
        ("People", people, ""),
        ("With an authorization in writing", len({person for person, role, _, _ in living if role == "holder"}), ""),
        ("Grants to other mailboxes", sum(role != "holder" for _, role, _, _ in living), ""),
        ("Authorizations that end within 60 days", sum(until <= soon for _, _, until, _ in living), ""),
        (
            "Cost of mail a year",
            f"{sum(cost for *_, cost in living) / 100:,.2f}",
            "in dollars, as the department's price for a mailbox says",
        ),
    ]


def _reviewed(codes: list[str], since: datetime, until: datetime, now: int) -> list[tuple[str, object, str]]:
    answered = reviews.of_departments(codes, since, until)
    unanswered = answered.open + answered.silent + answered.suspended + answered.stopped
    usage = department_questions.counts(codes, now).values()
    decided = Authorization.objects.filter(department__code__in=codes, decided__gte=since, decided__lt=until)
    return [
        ("Asked about in reviews", answered.asked, ""),
        ("Kept", answered.kept, ""),
        ("Ended or changed", answered.revoked + answered.changed + answered.ended, ""),
        ("Answered late", answered.late, ""),
        ("Not answered", unanswered, "open, or silence fell on them"),
        ("Authorizations decided", decided.count(), "with the four reasons in writing"),
        ("Mailboxes never used", sum(c.never for c in usage), "for 30 days after they were given"),
        ("Mailboxes not used lately", sum(c.unused for c in usage), "for 90 days"),
        ("Movers to decide about", sum(c.arrived for c in usage), "came from another department"),
    ]


def _left(codes: list[str], since: datetime, until: datetime, now: int) -> list[tuple[str, object, str]]:
    over = Episode.objects.filter(department__code__in=codes, ended__gte=since.date(), ended__lt=until.date())
    ended = Ending.objects.filter(episode__department__code__in=codes, done__gte=since, done__lt=until)
    late = [
        e
        for e in ended.select_related("episode")
        if e.done and e.episode.ended and _day(e.done) > e.episode.ended + timedelta(days=1)
    ]
    unconfirmed = sum(is_overdue(row, now) for row in open_rows(now).filter(department__code__in=codes))
    return [
        ("People who left", over.count(), ""),
        ("Access ended", ended.count(), "at every door, at once"),
        ("Ended more than a day after the last day", len(late), ""),
        ("Not confirmed for more than a day", unconfirmed, ""),
    ]


def _violations(codes: list[str], since: datetime, until: datetime) -> list[tuple[str, object, str]]:
    counts = violations.of_departments(codes, since, until)
    return [
        ("Reported", counts.reported, ""),
        ("Of agencies' people", counts.of_agencies, "their access ends with the record"),
        ("Confirmed", counts.confirmed, ""),
        ("Decided", counts.decided, ""),
        ("Open now", counts.open, ""),
        ("The slowest finding", f"{counts.slowest} days", ""),
    ]


def _day(at: datetime) -> Any:
    return timezone.localdate(at)


def _bound(codes: list[str], now: int) -> list[tuple[str, object, str]]:
    kinds = [kind for kind, difference in PERSON_KINDS.items() if difference.contract]
    people = Episode.objects.filter(department__code__in=codes, ended__isnull=True, kind__in=kinds).order_by()
    of = list(
        people.values_list("contract", "contract__agency", "contract__ends", "contract__sponsor", "contract__agency__suspended")
    )
    contracts = {contract: (ends, sponsor, off) for contract, _, ends, sponsor, off in of if contract}
    agencies = {agency for _, agency, *_ in of}
    owing = [agency for agency in undertakings.agencies_owing(now) if agency.pk in agencies]
    today = timezone.localdate(from_ms(now))
    return [
        ("Contractors, vendors and agents", len(of), ""),
        ("Without a contract on record", sum(not contract for contract, *_ in of), ""),
        ("Contracts they work under", len(contracts), ""),
        ("Contracts that are over", sum(ends < today for ends, _, _ in contracts.values()), ""),
        ("Agencies without an undertaking", len(owing), "for the policy as it is now"),
        ("Contracts without a sponsor", sum(not sponsor and ends >= today for ends, sponsor, _ in contracts.values()), ""),
        ("Contracts of agencies that are switched off", sum(off is not None for _, _, off in contracts.values()), ""),
    ]


def _personal(where: list[Department], now: int) -> list[tuple[str, object, str]]:
    today = timezone.localdate(from_ms(now))
    rows = PersonalUse.objects.filter(department__in=where, ended__isnull=True, starts__lte=today, until__gte=today)
    everybody = rows.filter(person__isnull=True, position="").count()
    some = rows.count() - everybody
    choice = (
        "None is allowed" if not everybody + some else "Some, for everybody" if everybody else "Some, for named people or positions"
    )
    return [("What is allowed now", choice, ""), ("Rules in force", everybody + some, "")]


def _signs(counted: Counter[str], *, enough: bool) -> tuple[str, object, str]:
    """Warnings of the half-year as one sum; none for fewer people than SUMS_LEAST."""
    return ("Messages with a sign of personal use", counted["personal"] if enough else MIN_COUNT, SIGNS)


def _confidential(counted: Counter[str]) -> list[tuple[str, object, str]]:
    return [
        ("Messages that left encrypted", counted["confidential-encrypted"], "because of what is confidential in them"),
        ("Messages that were held", counted["confidential-held"], "at least for some recipients"),
    ]


def _files(counted: Counter[str]) -> list[tuple[str, object, str]]:
    answers = counted["files-approved"] + counted["files-refused"] + counted["files-records"]
    return [
        ("Answers: they may leave", counted["files-approved"], ""),
        ("Answers: they may not", counted["files-refused"], ""),
        ("Given to the records office", counted["files-records"], ""),
        ("Waited on average", f"{counted['files-minutes'] / answers / 60:.1f} hours" if answers else "none was asked", ""),
    ]


def _findings(counted: Counter[str], *, enough: bool) -> list[tuple[str, object, str]]:
    """Unconfirmed findings, as sums that identify nobody."""
    return [
        ("Found by rules on use", counted["finding"] if enough else MIN_COUNT, "for reviewers to look at; most are nothing"),
        ("Answered by a reminder", counted["finding-reminded"] if enough else MIN_COUNT, ""),
        ("Confirmed by two reviewers", counted["finding-confirmed"], ""),
    ]


def _releases(counted: Counter[str]) -> list[tuple[str, object, str]]:
    return [
        ("Requests that mail is released", counted["release-asked"], ""),
        ("Released", counted["release-let"], ""),
        ("Not released", counted["release-kept"], ""),
    ]


def _accepted(codes: list[str], now: int) -> list[tuple[str, object, str]]:
    return [("People who cannot send until they accept it", len(department_questions.overdue_in(codes, now)), "")]


def _waited(codes: list[str], since: datetime, until: datetime, now: int) -> list[tuple[str, object, str]]:
    rows = Authorization.objects.filter(department__code__in=codes)
    answered = rows.filter(decided__gte=since, decided__lt=until).values_list("asked", "decided")
    days = [(decided - requested) / timedelta(days=1) for requested, decided in answered if decided is not None]
    waiting = rows.filter(state="asked")
    long = waiting.filter(Q(asked__lte=from_ms(now) - LONG_TIME)).count()
    return [
        ("Requests for access answered", len(days), ""),
        ("Half of them within", f"{median(days):.1f} days" if days else "none was asked", ""),
        ("The slowest", f"{max(days):.1f} days" if days else "none was asked", ""),
        ("Waiting now", waiting.count(), ""),
        ("Waiting for more than five days", long, ""),
    ]
