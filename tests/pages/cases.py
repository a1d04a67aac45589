"""Cases of the town: mandates in use, waiting and urgent, a change, an export; a decision that was contested."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from civicmail.city.guard import models as guard
from civicmail.desk.holding.models import Containment, Contest, Finding, Release
from civicmail.desk.mailbox.models import Label
from civicmail.desk.workbench.models import Clearance, Export, PrivilegedAddress

REASON = "A resident asks for the letters about the works on Elm Street."


def cases(t: Any) -> dict[str, Any]:
    """Numbers and ids by name. recorder asks, approver decides; both have activated their roles."""
    guard.MandateYear.objects.create(year=timezone.localdate().year, last=3)
    live = _mandate(t, "26-001", "recorder", "crew0", state="open", approver=t.people["approver"])
    asked = _mandate(t, "26-002", "recorder", "crew1", state="asked")
    urgent = _mandate(t, "26-003", "examiner", "crew2", state="urgent", ground="examination", role="examiner")
    urgent.urgent, urgent.ratified, urgent.ratify_by = True, "due", t.now + timedelta(days=1)
    urgent.save()
    change = guard.Amendment.objects.create(
        mandate=live, people=["p-crew0", "p-crew1"], days=28, reason="The letters name a second inspector.", wider=True, asked=t.now
    )
    export = Export.objects.create(
        mandate=live, person=t.people["recorder"], query="kestrel", asked=t.now - timedelta(hours=1), since=t.now, state="ready",
        found=5, done=5, size=48_211, manifest="4f" * 32, until=t.now + timedelta(days=14), entry="entry:1",
    )  # fmt: skip
    contest = Contest.objects.create(
        capture="01a2150e-cece-7bb2-86d0-6e9539f71917", rules="own-domain-outside", contact="heron@shop.example", made=t.now,
        text="It was the offer that your office had asked for, from the address that we have always used.",
    )  # fmt: skip
    said = {"reviewer": t.people["examiner"], "answered": t.now, "why": "It asks forty people to vote, in working hours."}
    agreed = {"second": t.people["reviewer"], "decided": t.now, "answer": "I agree, it is one.", "person": t.people["crew2"]}
    waiting = guard.Invitation.objects.create(
        account=t.people["crew8"].account, mac="a" * 64, made=t.now, until=t.now + timedelta(hours=71), by="p-crew0",
        reason="She begins on Monday and has no sign-in yet.",
    )  # fmt: skip
    return {
        "letter": waiting.pk,
        "contest": contest.pk,
        "containment": Containment.objects.create(
            sender="relay:meters@city.example", sign="budget", made=t.now, capture="01a2150e-cece-7bb2-86d0-6e9539f71921"
        ).pk,
        "release": Release.objects.create(
            capture="01a2150e-cece-7bb2-86d0-6e9539f71922",
            copies=[0],
            kind="other",
            rules="executable",
            requester=t.people["crew0"],
            why="The firm that keeps our meters sends its readings as a program.",
            made=t.now,
        ).pk,
        "label": Label.objects.create(person=t.people["crew0"], name="Bids/Elm Street", key="bids/elm street", made=t.now).pk,
        "finding": _finding(t, "01a2150e-cece-7bb2-86d0-6e9539f71918").pk,
        "finding second": _finding(t, "01a2150e-cece-7bb2-86d0-6e9539f71919", state="second", **said).pk,
        "finding confirmed": _finding(t, "01a2150e-cece-7bb2-86d0-6e9539f71920", state="confirmed", **said, **agreed).pk,
        "case": live.number,
        "asked case": asked.number,
        "urgent case": urgent.number,
        "change": change.pk,
        "export": export.pk,
    }


def privileged(t: Any) -> dict[str, Any]:
    """A firm with which mail is privileged, and a message that an examiner asked for. Needs the mail."""
    firm = PrivilegedAddress.objects.create(
        address="@counsel.example", kind="attorney", note="Outside counsel", by="p-attorney", since=t.now
    )
    clearance = Clearance.objects.create(
        mandate=guard.Mandate.objects.get(number="26-001"), capture=uuid.UUID(t.objects["mail delivered"]).hex, kinds=["attorney"],
        person=t.people["recorder"], made=t.now - timedelta(hours=3), reason="The claim of the firm is what the case is about.",
    )  # fmt: skip
    return {"privileged": firm.pk, "clearance": clearance.pk}


def _finding(t: Any, capture: str, **more: Any) -> Finding:
    return Finding.objects.create(
        capture=capture, rule="use-political-bulk", clause="P-12", pseudonym="K7QM-2XVD", copies=40, made=t.now,
        received=t.now - timedelta(hours=2),
        evidence=[["use", "campaign", "1", "vote-for-me"], ["use", "campaign", "1", "yard-signs"]],
        **more,
    )  # fmt: skip


def _mandate(
    t: Any, number: str, person: str, about: str, *, state: str, ground: str = "request", role: str = "records-officer", **more: Any
) -> Any:
    begun = state != "asked"
    row = guard.Mandate.objects.create(
        number=number, ground=ground, person=t.people[person], role=role, departments=["public-works"], reason=REASON,
        asked=t.now - timedelta(hours=5), since=t.now - timedelta(hours=4), state=state,
        decided=t.now - timedelta(hours=4) if begun else None, starts=t.now - timedelta(hours=4) if begun else None,
        until=t.now + timedelta(days=13) if begun else None,
        boxes=[t.authorizations[about].mailbox.address] if begun else [], **more,
    )  # fmt: skip
    guard.Subject.objects.create(mandate=row, person=t.people[about], since=t.now - timedelta(hours=5))
    return row


def index(data: Path, now: int) -> None:
    """What was kept is searchable."""
    from contextlib import closing

    from civicmail.mail.search.tasks import IndexJob

    with closing(IndexJob.take(data, bulk=True)) as job:
        job.catch_up(now)
