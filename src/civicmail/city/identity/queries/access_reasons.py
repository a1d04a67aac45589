"""Reasons for access that the city has in writing already, for a form to start with (P-04)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from civicmail.city.directory.models import Episode
from civicmail.city.guard.reasons import Reasons
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization, Profile


@dataclass(frozen=True, slots=True)
class KnownReasons:
    """reasons: the four of P-04, by field; source: a sentence about whose they are."""

    reasons: Mapping[str, str]
    source: str


def for_position(work: Episode, requester: str) -> KnownReasons | None:
    """The reasons of this position's profile, else those that the requester (uid) gave last for a person in the same position.
    None without a position, or without either."""
    if not work.position:
        return None
    profiles = Profile.objects.filter(department=work.department, position=work.position).select_related("by")
    if profile := profiles.order_by("-version").first():
        return _known(profile, f"for the position {profile}, by {profile.by}")
    granted = Authorization.objects.filter(
        department=work.department, episode__position=work.position, role="holder", requester__uid=requester,
        state__in=LIVING - {"asked"},
    )  # fmt: skip
    if last := granted.select_related("person").order_by("-asked").first():
        return _known(last, f"that you gave for {last.person} on {timezone.localdate(last.asked):%b %-d, %Y}")
    return None


def _known(row: Profile | Authorization, whose: str) -> KnownReasons:
    reasons = Reasons(row.duties, row.performance, row.efficiency, row.service)
    return KnownReasons(reasons.plain(), f"Filled in with the reasons {whose}. Change what does not fit.")
