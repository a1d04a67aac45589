"""Let a held message of one's own go: at once where its reader decides, else by request (P-02)."""

from __future__ import annotations

from dataclasses import dataclass

from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import Conflict
from civicmail.city.guard.resources import OfPerson
from civicmail.core.config.sentence import sentence as _
from civicmail.desk.holding.actions import release_copies, release_requests
from civicmail.desk.holding.models import Release
from civicmail.desk.holding.own_copies import HeldByOwner


@dataclass(frozen=True, slots=True)
class OwnRelease:
    """released: copies that are released now; kept: copies that stay held because of another finding; request: if an officer is
    asked."""

    released: int
    kept: int
    request: Release | None = None


def release_own(held: HeldByOwner, reason: str, *, actor: Actor, now: int) -> OwnRelease:
    """Release one's own copies, or request their release. reason: for the officer, at least ten characters. Raises NotPermitted,
    Unusable, and Conflict if nothing is held any more or others decide without a request."""
    guard.require(actor, "my.mail", OfPerson(actor.uid), now=now)
    if held.own:
        done = [release_copies.release_own(copy, actor=actor, now=now) for copy in held.own]
        return OwnRelease(sum(len(d.released) for d in done), sum(len(d.kept) for d in done))
    if not held.others:
        raise Conflict(_("No copy of yours is held any more."))
    if held.kind == "elsewhere":
        raise Conflict(_("Your department's manager, or security, decides about it; you hear the answer."))
    request = release_requests.request_release(held.others, sender=held.is_author, actor=actor, reason=reason, now=now)
    return OwnRelease(0, 0, request)
