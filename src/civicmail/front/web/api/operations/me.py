"""Me: the token's person, authorizations, roles, views of their mail (P-04, P-16, P-18)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from ninja import Router, Schema

from civicmail.city.guard.access_status import why_refused
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.acts.policy_answers import ANSWER_POLICY
from civicmail.city.identity.queries import access_status, mandates
from civicmail.city.identity.queries.actors import active_roles
from civicmail.city.pages.city_request import me, require
from civicmail.front.web.api.act_operations import act_operation
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import WITH, Right, RowSchema, right

router = Router(tags=["Me"])


class Me(Schema):
    """login: what is typed to sign in; why_not: the sentence why mail may not be used, empty where it may; scopes and ends: of the
    token; owed: the version of the policy that waits for an answer."""

    uid: str
    name: str
    login: str
    why_not: str
    departments: list[str]
    owed: int | None
    scopes: list[str]
    ends: datetime


class MyDuty(RowSchema):
    """A role. department: for which, empty for the whole city; taken_until: of a privileged one, while it is activated."""

    id: int
    duty: str
    department: str
    until: datetime
    taken_until: datetime | None


class Viewing(RowSchema):
    """A case that is over, in which somebody looked: on which ground, as what and from when to when, never who."""

    number: str
    ground: str
    duty: str
    first: datetime
    last: datetime


class Answered(Schema):
    """accepted: what is said to the policy now."""

    version: int
    accepted: bool
    at: datetime


@operation(router, "GET", "/me", act="home", scope="read:me", page="home", response=Me)
def read_me(request: Call) -> Me:
    """Read who I am, and whether I may use mail."""
    require(request, "home")
    now, person = epoch_ms(request.now), me(request)
    facts = access_status.status_of(person.pk, now)
    token = request.auth.token
    return Me(
        uid=person.uid, name=person.display, login=request.auth.account.username, why_not=str(why_refused(facts, now)),
        departments=sorted(request.actor.departments), owed=facts.owed.version if facts.owed else None,
        scopes=list(token.scopes), ends=token.until,
    )  # fmt: skip


@operation(router, "GET", "/me/access", act="my.access", scope="read:me", page="my-access", response=list[Right])
def read_my_access(request: Call) -> list[Right]:
    """List my authorizations with their reasons, including past ones."""
    person = me(request)
    require(request, "my.access", OfPerson(person.uid))
    return [right(a) for a in person.authorizations.select_related(*WITH).order_by("-since", "-pk")]


@operation(router, "GET", "/me/duties", act="my.duties", scope="read:me", page="duties", response=list[MyDuty])
def read_my_duties(request: Call) -> list[MyDuty]:
    """List my roles with their end, and those that are active."""
    person = me(request)
    require(request, "my.duties", OfPerson(person.uid))
    used = {u.grant_id: u.until for u in active_roles(person, epoch_ms(request.now))}
    rows = person.roles.filter(ended__isnull=True, until__gt=request.now).select_related("department").order_by("role", "pk")
    return [MyDuty.from_row(g, duty=g.role, taken_until=used.get(g.pk)) for g in rows]


@operation(router, "GET", "/me/viewings", act="my.viewings", scope="read:me", page="my-viewings", response=list[Viewing])
def read_my_viewings(request: Call) -> list[Viewing]:
    """List ended examinations of my mail, as far as the city discloses them."""
    person = me(request)
    require(request, "my.viewings", OfPerson(person.uid))
    shows = settings.CITY.oversight.show_looks == "closed"
    views = mandates.shown_to(person) if shows else []
    return [Viewing.from_row(v, duty=v.role) for v in views]


act_operation(
    router,
    ANSWER_POLICY,
    Answered,
    lambda made: Answered(version=made.text.version, accepted=made.accepted, at=made.at),
)
