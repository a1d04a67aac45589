"""Authorize many people of one position in one reviewed action (P-04).

The feed adds people without access. The department writes the four reasons once for a position, and authorizes up to fifty people
at a time for them; exceptions are requested one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max

from civicmail.city.directory.actions.new_mailboxes import open_for
from civicmail.city.directory.models import Department, Episode, Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, lock_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Account
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.reasons import Reasons
from civicmail.city.guard.resources import DepartmentCase
from civicmail.city.identity.actions.access_requests import checked_end
from civicmail.city.identity.actions.mailboxes import domains
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.authorization_states import LIVING
from civicmail.city.identity.models import Authorization, Profile
from civicmail.city.identity.queries import bars, sponsors
from civicmail.city.identity.queries.actors import about_department

MAX_PEOPLE = 50
"""People in one action: more than that nobody reviews."""


def write_profile(department: Department, position: str, reasons: Reasons, *, actor: Actor, now: int) -> Profile:
    """The four reasons for everybody in a position; a new text is the next version, and what was authorized under an older one
    keeps that."""
    guard.require(actor, "profile.write", about_department(department), now=now)
    position = " ".join(position.split())
    if not position:
        raise Unusable("A profile is for a position.", {"position": "Name the position."})
    plain = reasons.validated().plain()
    with transaction.atomic():
        lock_row(department)
        same = Profile.objects.filter(department=department, position=position)
        version = (same.aggregate(last=Max("version"))["last"] or 0) + 1
        made = Profile.objects.create(
            department=department, position=position, version=version, by=acting_person(actor), at=from_ms(now), **plain
        )
        facts = {"department": department.code, "position": position, "version": version, **plain}
        entries.enter("profile.write", actor=actor, reason="", now=now, object=f"profile:{made.pk}", facts=facts)
    return made


def about_profile(profile: Profile) -> DepartmentCase:
    """The resource for an authorization for these reasons, which their author may not give."""
    return DepartmentCase(profile.department.code, first_actors=(profile.by.uid,), began_ms=epoch_ms(profile.at))


def authorize(
    profile: Profile, people: Sequence[Person], *, until: int, actor: Actor, reason: str = "", now: int
) -> list[Authorization]:
    """Authorize up to fifty people of the profile's position, all or none; until: ms. The author of the reasons counts as the
    requester of all of them, and must be another person (M3). Raises NotPermitted, Unusable, Conflict."""
    four_eyes.require(actor, "roster.authorise", about_profile(profile), now=now)
    if not 1 <= len(people) <= MAX_PEOPLE:
        raise Unusable(f"Choose 1 to {MAX_PEOPLE} people.", {"people": f"Choose 1 to {MAX_PEOPLE}."})
    with transaction.atomic():
        approver = acting_person(actor)
        newest = Profile.objects.filter(department=profile.department, position=profile.position).order_by("-version").first()
        if newest is None or newest.pk != profile.pk:
            raise Conflict("The profile has a newer version; look at that one.")
        episodes = _reviewed(profile, people, approver, until, now)
        boxes = open_for([e.person for e in episodes], profile.department, domains(), now=from_ms(now))
        made = _authorize(profile, episodes, boxes, approver, until, now)
        _open_accounts(episodes, boxes, now)
        done = [(f"authorisation:{a.pk}", _facts(a, profile)) for a in made]
        entries.enter_each("roster.authorise", done, actor=actor, reason=reason[:400], now=now)
        publish_on_commit([e.person_id for e in episodes], lists=True)
    return made


def _reviewed(profile: Profile, people: Sequence[Person], approver: Person, until: int, now: int) -> list[Episode]:
    """The employments, each of this department and position and without access. Raises Conflict, which names who is not."""
    ids = {p.pk for p in people}
    if approver.pk in ids:
        raise NotPermitted("You cannot approve access for yourself.")
    if profile.by_id in ids:
        raise NotPermitted(
            "You cannot request access for yourself. Let another person write the reasons, or ask the access office."
        )
    rows = Episode.objects.select_for_update(of=("self",)).select_related("person", "contract")
    episodes = list(
        rows.filter(person__in=ids, ended__isnull=True, department=profile.department, position=profile.position).order_by("id")
    )
    if gone := [str(p) for p in people if p.pk not in {e.person.pk for e in episodes}]:
        raise Conflict(f"Not of this position any more: {', '.join(gone)}.")
    have = Authorization.objects.filter(person__in=ids, role="holder", department=profile.department, state__in=LIVING)
    if names := sorted(str(a.person) for a in have.select_related("person")):
        raise Conflict(f"Have access, or wait for a decision: {', '.join(names)}.")
    by_hand = bars.escalated_people([e.person for e in episodes], now)
    if names := sorted(str(e.person) for e in episodes if e.person.pk in by_hand):
        raise Conflict(f"Barred, or decided about one level higher: {', '.join(names)}. Ask for them one by one (P-30).")
    for episode in episodes:
        contract = episode.contract
        left = sponsors.sponsor_left(contract) if contract else None
        checked_end(episode.kind, contract.ends if contract else None, until, now, left)
    return episodes


def _authorize(
    profile: Profile, episodes: list[Episode], boxes: dict[int, Mailbox], approver: Person, until: int, now: int
) -> list[Authorization]:
    at, end = from_ms(now), from_ms(until)
    reasons = {field: getattr(profile, field) for field in ("duties", "performance", "efficiency", "service")}
    rows = [
        Authorization(
            mailbox=boxes[episode.person.pk],
            person=episode.person,
            episode=episode,
            department=profile.department,
            profile=profile,
            requester=profile.by,
            asked=at,
            approver=approver,
            decided=at,
            starts=at,
            until=end,
            state="active",
            since=at,
            cost=profile.department.mailbox_cost,
            **reasons,
        )
        for episode in episodes
    ]
    others = Authorization.objects.filter(person__in=[e.person.pk for e in episodes], role="holder", state__in=LIVING)
    others.filter(state="asked").update(state="withdrawn", since=at, why=f"{profile.department} authorizes now")
    others.filter(state__in=LIVING - {"asked"}).update(state="revoked", since=at, why=f"{profile.department} authorizes now")
    return Authorization.objects.bulk_create(rows)


def _open_accounts(episodes: list[Episode], boxes: dict[int, Mailbox], now: int) -> None:
    """Open a sign-in for each person without one: with the address, by invitation. A closed sign-in opens again (L5), except for a
    compromised account (locking.py)."""
    ids = [e.person.pk for e in episodes]
    Account.objects.filter(person__in=ids, is_active=False, contained__isnull=True).update(is_active=True)
    have = set(Account.objects.filter(person__in=ids).values_list("person", flat=True))
    made = []
    for episode in episodes:
        if episode.person.pk not in have:
            account = Account(person=episode.person, username=boxes[episode.person.pk].address, made=from_ms(now))
            account.set_unusable_password()
            made.append(account)
    Account.objects.bulk_create(made)


def _facts(a: Authorization, profile: Profile) -> dict[str, str | int]:
    return {
        "person": a.person.uid,
        "mailbox": a.mailbox.address,
        "role": a.role,
        "state": a.state,
        "department": profile.department.code,
        "profile": profile.pk,
        "version": profile.version,
        "requester": a.requester.uid,
        "cost": a.cost,
    }
