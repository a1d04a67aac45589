"""Pending sign-in letters, and who may release the second half (P-07; decision 0089)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.db.models import Q, QuerySet

from civicmail.city.directory.models import Department, Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.models import Account, Invitation
from civicmail.city.guard.queries import four_eyes
from civicmail.city.guard.resources import PersonCase
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.identity.queries.actors import about_person, actor_of
from civicmail.city.identity.queries.menu_counts import decided_departments

SHOWN_FOR = timedelta(days=30)
"""For so long Home says that somebody made a new sign-in for one's account."""


def about(letter: Invitation) -> PersonCase:
    """The resource for an act on a letter: its recipient; its requester does not hand it over."""
    who = about_person(letter.account.person)
    return PersonCase(who.department, who.person, first_actors=(letter.by,), began_ms=epoch_ms(letter.made))


def waiting(now: int) -> QuerySet[Invitation]:
    """Letters whose second half is not released."""
    rows = Invitation.objects.filter(
        whole=False, used__isnull=True, ended__isnull=True, handed__isnull=True, until__gt=from_ms(now)
    )
    return rows.select_related("account__person").order_by("made")


def waiting_for(actor: Actor, now: int) -> QuerySet[Invitation]:
    """Letters that this officer, head or deputy may hand over, as far as known without a check of each."""
    rows = waiting(now).exclude(by=actor.uid).exclude(account__person__uid=actor.uid)
    if actor.holds("access-officer"):
        return rows
    codes = decided_departments(actor)
    work = {"account__person__episodes__ended__isnull": True, "account__person__episodes__department__code__in": codes}
    return rows.filter(**work) if codes else rows.none()


def who_may_hand_over(letter: Invitation, now: int, most: int = 3) -> list[Person]:
    """People who have signed in here and could release the second half, in this role or by office: of the department first."""
    where = about(letter)
    at = from_ms(now)
    decide = Q(role="access-officer") | Q(role="authoriser")
    officers = RoleAssignment.objects.in_force(at).filter(decide).values_list("person", flat=True)
    leads = Department.objects.filter(closed__isnull=True)
    people = {*officers, *leads.values_list("head", flat=True), *leads.values_list("deputies", flat=True)} - {None}
    accounts = Account.objects.filter(person__in=people, last_login__isnull=False, is_active=True, locked__isnull=True)
    eligible: list[Person] = []
    for account in accounts.select_related("person").order_by("id"):
        if len(eligible) < most and four_eyes.may(_in_role(actor_of(account, "", now), now), "account.hand-over", where, now=now):
            eligible.append(account.person)
    return eligible


def _in_role(actor: Actor, now: int) -> Actor:
    return replace(actor, held=tuple(replace(held, active_until=now + 1) for held in actor.held), admitted=True)


def recoveries_of(person: Person, now: int) -> QuerySet[Invitation]:
    """Requests for recovery of this account in the last days, newest first, including unsuccessful ones."""
    rows = Invitation.objects.filter(account__person=person, recovery=True, made__gt=from_ms(now) - SHOWN_FOR)
    return rows.order_by("-made")
