"""Sample examinations: one open, one pending, one closed with a finding, one denied (P-16, P-21)."""

from __future__ import annotations

from civicmail.city.guard.mandate_request import MandateRequest
from civicmail.city.guard.models import Mandate
from civicmail.city.guard.roles import Role
from civicmail.city.identity.actions import mandates
from civicmail.front.sample.staff_context import Staff, actor, in_role

_AS: tuple[Role, ...] = ("examiner", "city-attorney", "examination-approver")
_STREETS = "Request 2026-31: letters about street lights of this autumn, as a resident asked for them."


def looks(city: Staff, now: int) -> list[Mandate]:
    """Make the examinations in the order of their requests. The records officer has activated the role."""
    records = actor(city.named["records-officer"], now)
    examiner, attorney, approver = (in_role(city.named[role], role, now, "The cases of this morning.") for role in _AS)
    clerk, supervisor = city.named["clerk"].uid, city.named["supervisor"].uid

    street = mandates.ask(
        "request",
        "records-officer",
        MandateRequest((clerk, supervisor), words='"street light"', reason=_STREETS),
        actor=records,
        now=now,
    )
    mandates.approve(street, actor=approver, now=now)
    wait = MandateRequest((clerk,), days=7, reason="A resident says that the answers to three letters were changed afterwards.")
    waiting = mandates.ask("examination", "examiner", wait, actor=examiner, now=now)
    claim = MandateRequest(
        department="works", words="sidewalk", reason="Claim 2026-118, the fall on Harbor Road: what was known before."
    )
    closed = mandates.ask("litigation", "city-attorney", claim, actor=attorney, now=now)
    closed = mandates.approve(closed, actor=approver, now=now)
    mandates.close(closed, "Two letters from residents were found and are with the court.", actor=attorney, now=now)
    wide = MandateRequest(department="it", reason="To see whether anybody uses mail for private things.")
    refused = mandates.ask("examination", "examiner", wide, actor=examiner, now=now)
    mandates.refuse(
        refused, actor=approver, reason="A whole department without a cause is too wide; name people and a cause.", now=now
    )
    return [street, waiting, closed, refused]
