"""Requests for records in every state, with a row of each table of the desk."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils import timezone

from civicmail.city.guard.actions.entries import enter
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.law.shipped import shipped
from civicmail.desk.records import models, states

CAPTURE = "019ab0c4-7d2e-7a41-9c55-1f6a0e4b7d21"
QUERY = 'subject:"lead line" after:2026-01-01'


def make(t: Any) -> dict[str, Any]:
    """One request in each state: the one in review has everything. Returns numbers by state."""
    numbers = {}
    for n, state in enumerate(sorted(states.REQUEST), 1):
        number = f"PR-2026-{n:05}"
        row = models.Request.objects.create(
            number=number,
            receipt=_digest(f"receipt {n}"),
            link=_digest(f"link {n}"),
            intake=states.INTAKES[n % len(states.INTAKES)],
            text="All mail about lead service lines in ward 6 since January, please.",
            title="Lead service lines, ward 6" if state != "new" else "",
            law="wisconsin",
            law_version=shipped("wisconsin").version,
            custodian=t.people["recorder"] if state != "new" else None,
            received=t.now - timedelta(days=n),
            acknowledged=t.now - timedelta(days=n) if state != "new" else None,
            due=t.now.date() + timedelta(days=10 - n),
            state=state,
            since=t.now - timedelta(days=1),
            outcome="partial" if state == "done" else "",
            closed=t.now - timedelta(days=1) if state in ("done", "withdrawn") else None,
        )
        numbers[state] = number
        if state == "review":
            _fill(t, row)
        with transaction.atomic():
            enter("records.receive", actor=Actor("", "Nobody"), reason="", now=epoch_ms(t.now), object=f"request:{number}")
    models.RequestYear.objects.create(year=2026, last=len(numbers))
    return numbers | {"search": models.Search.objects.get(state="ready").pk}


def point_at(capture: str) -> None:
    """The documents are a message that is in the archive, and the agreed scope covers it."""
    models.Item.objects.update(capture=capture)
    models.Scope.objects.filter(state="agreed").update(query="subject:kestrel")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _fill(t: Any, row: models.Request) -> None:
    """A row of each table, in each state that it may have at the same time."""
    officer, second, now = t.people["recorder"], t.people["records"], t.now
    models.Contact.objects.create(
        request=row, name="Robin Vale", email="robin@resident.example", until=now.date() + timedelta(days=90)
    )
    for n, state in enumerate(sorted(states.REPLY)):
        models.Reply.objects.create(request=row, way="page", text="Only the ones of March.", received=now, state=state)
        pen = models.Reply.objects.create(way="mail", capture=f"{CAPTURE[:-1]}{n}", received=now, state=state)
        t.objects[f"records pen {state}"] = pen.pk
    models.SelfRequestStep.objects.create(
        request=row, step="general-right", answer=True, reason="Any requester has it.", by=officer, at=now
    )
    models.Pause.objects.create(
        request=row,
        reason="awaiting-scope",
        note="Asked by letter which streets are meant.",
        began=now - timedelta(days=2),
        ended=now - timedelta(days=1),
        by=officer,
    )
    for person, role in ((officer, "reviewer"), (t.people["attorney"], "attorney"), (second, "second")):
        assigned = models.Assignment.objects.create(
            request=row, person=person, role=role, since=now - timedelta(days=2), by=officer
        )
    t.objects["records assignment"] = assigned.pk  # the last one, whom no page shows anything
    scopes = [
        models.Scope.objects.create(
            request=row, version=n, understood="Mail about lead lines.", query=QUERY, state=state, by=officer, at=now
        )
        for n, state in enumerate(sorted(states.SCOPE), 1)
    ]
    models.Hold.objects.create(request=row, archive="0a1b2c3d4e5f", placed=now - timedelta(days=1), ended=now)
    models.Hold.objects.create(request=row, scope=scopes[0], archive="f5e4d3c2b1a0", placed=now)
    searches = [
        models.Search.objects.create(scope=scopes[0], by=officer, at=now, state=state, population=3, found=3)
        for state in sorted(states.SEARCH)
    ]
    content = _digest("content")
    item = models.Item.objects.create(
        request=row, search=searches[0], number=1, capture=CAPTURE, content=content, received=1_767_225_600_000, size=2_400
    )
    models.Item.objects.create(
        request=row, search=searches[0], number=2, capture=CAPTURE, part="2", parent=item, content=_digest("file"),
        media_type="application/pdf", received=1_767_225_600_000, size=90_000, trouble="encrypted", reader=officer,
    )  # fmt: skip
    for n, state in enumerate(sorted(states.ATTESTATION)):
        stated = models.Attestation.objects.create(request=row, person=t.people[f"crew{n}"], state=state, asked=now, by=officer)
        t.objects[f"records statement {state}"] = stated.pk
    models.Decision.objects.create(request=row, content=content, verdict="redact", by=second, at=now, second_asked=True)
    models.PersonalFlag.objects.create(
        capture=CAPTURE, by=t.people["crew1"], at=now, why="A letter of my sister about her wedding."
    )
    models.Redaction.objects.create(request=row, content=content, number=1, first=3, last=5, by=officer, at=now)
    for n, state in enumerate(sorted(states.SUGGESTION)):
        models.Suggestion.objects.create(request=row, content=content, detector="phone", first=n, last=n, answer=state)
    productions = [
        models.Production.objects.create(
            request=row,
            number=n,
            by=officer,
            at=now,
            state=state,
            since=now,
            total=2,
            first=1,
            last=2,
            manifest="a" * 64,
            approved_by=second if state in ("approved", "released") else None,
            approved_manifest="a" * 64 if state in ("approved", "released") else "",
        )
        for n, state in enumerate(sorted(states.PRODUCTION), 1)
    ]
    released = next(p for p in productions if p.state == "released")
    models.ProducedFile.objects.create(
        production=released, item=1, name="PR-2026-00001-000001.pdf", media_type="application/pdf", size=35_000, sha256="b" * 64
    )
    for n, state in enumerate(sorted(states.CONTEST), 1):
        contested = models.Contest.objects.create(request=row, redaction=n, text="Why?", made=now, state=state)
        t.objects[f"records contest {state}"] = contested.pk
    for n, state in enumerate(sorted(states.PUBLICATION)):
        publication = models.Publication.objects.create(
            production=productions[n], slug=f"lead-lines-{n}", title="Lead lines", state=state, since=now, after=now,
            published=now if state in ("public", "taken") else None, by=officer,
            problems=[{"file": "letter.txt", "page": 0, "kind": "birth", "count": 1}] if state == "stopped" else [],
        )  # fmt: skip
        t.objects[f"records publication {state}"] = publication.pk
    for state in sorted(states.FORMAT):
        asked = models.FormatRequest.objects.create(
            request=row, publication=publication, file="letter.txt", format="large", contact="robin@resident.example",
            received=now, state=state,
        )  # fmt: skip
        t.objects[f"records format {state}"] = asked.pk
    letters = (("asked", "partial-denial"), ("draft", "status"), ("sent", "acknowledgment"), ("draft", "narrowing"))
    for state, kind in letters:
        letter = models.Letter.objects.create(
            request=row, kind=kind, subject=f"Your request {row.number}", text="We have your request.", state=state, by=officer,
            at=now, sent=now if state == "sent" else None,
        )  # fmt: skip
        t.objects.setdefault(f"records letter {state}", letter.pk)
    t.objects["records letter discarded"] = letter.pk
    for is_estimate in (True, False):
        charge = models.FeeLine.objects.create(
            request=row, task="copy", amount=200, rate="0.0135", is_estimate=is_estimate, by=officer, at=now
        )
    t.objects["records charge"] = charge.pk
    for kind in states.FEE_EVENTS:
        models.FeeEvent.objects.create(request=row, kind=kind, amount=2, reason="In the public interest.", by=officer, at=now)
    for key, state in [("spare", "due"), *((state, state) for state in sorted(states.NOTICE))]:
        notice = models.SubjectNotice.objects.create(
            request=row,
            notice="discipline",
            name="Pat Nguyen",
            record="The report on the inspection of 4 March.",
            state=state,
            decided=timezone.localdate(now),
            serve_by=timezone.localdate(now) + timedelta(days=3),
            by=officer,
            sent=None if state == "due" else timezone.localdate(now),
        )
        t.objects[f"records notice {key}"] = notice.pk
