"""Sums that a department answers for, from what its people send and what offices answer (P-10, P-19, P-22, P-28)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from civicmail.city.conduct import half_year
from civicmail.city.conduct.queries import statement_sections
from civicmail.city.directory.models import Department, Episode
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity.models import Tally
from civicmail.city.identity.queries import tallies
from civicmail.city.policy.dispositions import Disposition
from civicmail.city.policy.dispositions import Finding as Seen
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.holding.actions import release_requests, review_findings
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Source
from civicmail.mail.pipeline.accept import capture_of, scan
from desk.holding.test_findings import OTHER, listened, reviewer, sent
from desk.holding.test_quarantine import words
from desk.holding.test_release_requests import FIRST, WHY, asked
from mail.archive.making import UNSYNCED
from pages.post import MESSAGE
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


def leaves(data: Path, at: int, *seen: tuple[str, str], do: str = "deliver", rules: tuple[str, ...] = (), **facts: Any) -> None:
    """Something that crew2 sends out."""
    envelope = Envelope("pat.nguyen@city.example", (Recipient("me@private.example"),), at, "192.0.2.9", login="p-crew2/phone")
    made = capture_of(capture_id(at), scan(MESSAGE), envelope, Source("submission", "submission"))
    found = tuple(Seen(check, code) for check, code in seen)
    made = replace(made, dispositions=(Disposition(0, do, rules),), findings=found, facts=facts)  # type: ignore[arg-type]
    with closing(Writer(data, lambda: at, UNSYNCED, 1 << 20)) as w:
        w.receipt(made, MESSAGE)
        w.flush()


def counted(code: str = "public-works") -> dict[str, int]:
    return dict(Tally.objects.filter(department__code=code).values_list("what", "count"))


@pytest.mark.rule(
    "P-10, P-19",
    "Signs of personal use and confidential mail are counted for a department by month, in sums without people and "
    "messages, and without exempt people.",
)
def test_signs_of_personal_use_and_confidential_mail_are_counted_in_sums_alone(city: Town, installed: Path, visit: Visit) -> None:
    """What is exempt, what waits for a check and what has no sign is not in it; and the head sees it by month."""
    now = epoch_ms(city.now)
    leaves(installed, now - 9, ("webmail", "own"))
    leaves(installed, now - 8, ("use", "commercial"))
    leaves(installed, now - 7, rules=("shadow:use-personal-bulk",))
    leaves(installed, now - 6, ("webmail", "own"), **{"use.exempt": True})
    leaves(installed, now - 5, ("webmail", "own"), do="pending")
    leaves(installed, now - 4, ("use", "campaign"), rules=("shadow:use-campaign",))
    leaves(installed, now - 3, do="encrypt", rules=("confidential-out",))
    leaves(installed, now - 2, do="hold", rules=("confidential-many",))
    Tally.objects.all().delete()
    listened(installed, now)
    assert counted() == {"personal": 3, "confidential-encrypted": 1, "confidential-held": 1}
    listened(installed, now)
    assert counted()["personal"] == 3, "and nothing twice"
    works = Department.objects.get(code="public-works")
    month = timezone.localdate(city.now).replace(day=1)
    assert tallies.by_month([works], "personal") == [(month, 3)]
    page = words(visit("head").get("/dept/public-works/personal-use/"))
    assert f"{month:%b %Y} 3" in page and "It is a sum of signs" in page and "Pat" not in page
    mine = words(visit("crew2").get("/my/access/"))
    assert "never whose it is, and never which message" in mine


@pytest.mark.rule("P-10", "Sums of fewer than ten people are never shown.")
def test_sums_of_few_people_are_told_to_nobody(city: Town, visit: Visit) -> None:
    """With nine they would be about somebody, on the page and in the statement."""
    works = Department.objects.get(code="public-works")
    Tally.objects.create(department=works, month=date(2026, 1, 1), what="personal", count=7)
    Tally.objects.create(department=works, month=date(2026, 1, 1), what="finding", count=6)
    keep = Episode.objects.filter(department=works, ended__isnull=True).order_by("pk").values_list("pk", flat=True)[:9]
    Episode.objects.filter(department=works).exclude(pk__in=list(keep)).update(ended=date(2026, 1, 1))
    assert tallies.by_month([works], "personal") is None
    assert "Not told of fewer than 10 people" in words(visit("head").get("/dept/public-works/personal-use/"))
    half = half_year.parse("2026-1")
    assert half is not None
    lines = {
        line[0]: line[1] for section in statement_sections.sections(works, half, epoch_ms(city.now)) for line in section["lines"]
    }
    for told in ("Messages with a sign of personal use", "Found by rules on use", "Answered by a reminder"):
        assert lines[told] == "not told of fewer than 10 people"


@pytest.mark.rule(
    "P-28",
    "The statement that a head signs has numbers of findings, releases and confidential mail, of the half in which they were.",
)
def test_the_statement_has_approvals_confidential_mail_findings_and_releases(city: Town, installed: Path) -> None:
    """Each from where it happened, in the half in which it did."""
    now = epoch_ms(city.now)
    Tally.objects.all().delete()
    sent(installed, now - 1000)
    sent(installed, now - 900)
    first, second = [f for f in listened(installed, now) if f.state == "open"][-2:]
    review_findings.answer(first, "reminded", actor=reviewer(), reason=WHY, now=now)
    again = review_findings.answer(second, "second", actor=reviewer(), reason=WHY, now=now)
    review_findings.decide_second(again, right=True, actor=OTHER, reason=WHY, now=now)
    _, row = asked(city, installed, "executable")
    release_requests.deny(row, actor=FIRST, reason="It is a program.", now=now)
    leaves(installed, now - 3, do="encrypt", rules=("confidential-out",))
    listened(installed, now)
    works = Department.objects.get(code="public-works")
    half = half_year.of(timezone.localdate(city.now))
    lines = {line[0]: line[1] for section in statement_sections.sections(works, half, now) for line in section["lines"]}
    expected = {
        "Found by rules on use": "2", "Answered by a reminder": "1", "Confirmed by two reviewers": "1",
        "Requests that mail is released": "1", "Released": "0", "Not released": "1",
        "Messages that left encrypted": "1", "Messages that were held": "0",
    }  # fmt: skip
    assert {what: lines[what] for what in expected} == expected
    before = {line[0]: line[1] for section in statement_sections.sections(works, half.before(), now) for line in section["lines"]}
    assert before["Found by rules on use"] == "0"
