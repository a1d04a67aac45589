"""Undertakings of agencies by policy version (P-09)."""

from __future__ import annotations

from django.db.models import Max
from django.utils import timezone

from civicmail.city.directory.models import Agency, Mailbox, Person
from civicmail.city.guard import access_status
from civicmail.city.guard.epoch import from_ms
from civicmail.city.identity.models import PolicyText, Undertaking
from civicmail.city.identity.queries import policy_answers


def required_version(now: int) -> PolicyText | None:
    """The version to which agencies bind themselves now: the newest material one."""
    return PolicyText.objects.filter(material=True, published__lte=from_ms(now)).order_by("-version").first()


def undertakings_of(agency: Agency) -> list[Undertaking]:
    """The agency's compliance agreements, newest first."""
    return list(Undertaking.objects.filter(agency=agency).select_related("text", "by"))


def agencies_owing(now: int) -> list[Agency]:
    """Agencies with a contract that runs and without an undertaking for the version in force, in order of their names."""
    text = required_version(now)
    if text is None:
        return []
    runs = Agency.objects.filter(contracts__ends__gte=timezone.localdate(from_ms(now))).distinct()
    return list(runs.exclude(undertakings__text__version__gte=text.version).order_by("name"))


def is_bound(agency: Agency, now: int) -> bool:
    """Whether the compliance agreement permits living access for people of the agency."""
    newest = Undertaking.objects.filter(agency=agency).order_by("-text__version").values_list("text__version", flat=True).first()
    return access_status.is_bound(policy_answers.versions(), newest or 0, now)


def states(now: int) -> dict[int, tuple[int, bool]]:
    """Each agency (id of the row): the newest version that it has accepted, 0 for none, and whether an agreement is due. Two
    queries."""
    versions = policy_answers.versions()
    newest = Agency.objects.order_by("pk").annotate(undertaken=Max("undertakings__text__version")).values_list("pk", "undertaken")
    owed = max((v.number for v in versions if v.material and v.at <= now), default=0)
    return {pk: (undertaken or 0, (undertaken or 0) < owed) for pk, undertaken in newest}


def contact_of(agency: Agency) -> Person | None:
    """The agency's contact as a person in the directory: the holder of the personal mailbox with the contact's address."""
    address = agency.contact.strip().lower()
    if "@" not in address:
        return None
    box = Mailbox.objects.filter(address=address, kind="personal", closed__isnull=True).select_related("holder").first()
    return box.holder if box is not None else None


def is_contact(agency: Agency, uid: str) -> bool:
    """Whether this person (uid) is the agency's contact."""
    contact = contact_of(agency)
    return contact is not None and contact.uid == uid
