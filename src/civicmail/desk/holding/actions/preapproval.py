"""Request approval of a draft's files for the outside recipients that it names, before the message is written (P-22)."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.guard.reasons import checked_reason as require_reason
from civicmail.city.guard.resources import OfPerson
from civicmail.desk.holding import approvers, senders
from civicmail.desk.holding.actions.approval_requests import expires_at, is_sampled, notify_approvers
from civicmail.desk.holding.approval_summary import MAX_TEXT
from civicmail.desk.holding.models import Approval, ApprovalCopy
from civicmail.desk.mailbox.models import Draft
from civicmail.desk.mailbox.recipients import outside_addresses
from civicmail.desk.viewer.runs import plain, runs_of


def outside_recipients(draft: Draft) -> list[str]:
    """Addresses outside the city that the draft names, lower case, each once."""
    domains = {domain.lower() for domain in settings.CITY.city.domains}
    return outside_addresses((draft.to, draft.cc, draft.bcc), domains)


def request_preapproval(draft: Draft, *, actor: Actor, explanation: str, now: int) -> Approval:
    """Request approval of a draft, once. A changed file or an added recipient needs a request when the message is sent. Raises
    NotPermitted, Unusable, Conflict."""
    guard.require(actor, "my.write", OfPerson(draft.person.uid), now=now)
    explanation = require_reason(explanation, "words", min_length=10)
    department = senders.department_of(draft.person)
    files = list(draft.files.all())
    parts = [[str(f.pk), "file", f.size, f.sha256] for f in files]
    recipients = outside_recipients(draft)
    if not parts or not recipients or department is None:
        raise Unusable("Attach a file, and add an outside recipient by address, first.")
    decides_own = approvers.is_own_approver(draft.person, department)
    with transaction.atomic():
        row, created = Approval.objects.get_or_create(
            draft=draft.uid,
            defaults={
                "person": draft.person,
                "department": department,
                "received": from_ms(now),
                "made": from_ms(now),
                "since": from_ms(now),
                "parts": parts,
                "subject": plain(runs_of(draft.subject))[:MAX_TEXT],
                "names": [plain(runs_of(f.name))[:MAX_TEXT] for f in files],
                "own": decides_own,
                "sampled": is_sampled(str(draft.uid), own=decides_own),
                "words": explanation,
                "ends": expires_at(now),
            },
        )
        if not created:
            raise Conflict("You have asked for this draft already.")
        ApprovalCopy.objects.bulk_create([ApprovalCopy(approval=row, index=n, address=a) for n, a in enumerate(recipients)])
        facts = {"files": len(parts), "copies": len(recipients), "own": int(row.own)}
        entries.enter("approval.asked", actor=actor, reason=explanation, now=now, object=f"approval:{row.pk}", facts=facts)
        notify_approvers(row, now)
    return row
