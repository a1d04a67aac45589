"""Me: the token's person, authorizations, roles, views of their mail (P-04, P-16, P-18)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.http import Http404
from ninja import Router, Schema

from civicmail.city.access.access_status import why_refused
from civicmail.city.access.actions import policy as verbs
from civicmail.city.access.epoch import epoch_ms, from_ms
from civicmail.city.access.forms import PolicyAnswerForm
from civicmail.city.access.queries import access_status, mandates, policy_answers
from civicmail.city.access.queries.actors import active_roles
from civicmail.city.access.resources import OfPerson
from civicmail.city.access.views.city_request import me, require
from civicmail.front.web.api import request_bodies
from civicmail.front.web.api.authentication import Call
from civicmail.front.web.api.operations_decorator import operation
from civicmail.front.web.api.schemas import WITH, Right, right

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


class MyDuty(Schema):
    """A duty. department: for which, empty for the whole city; taken_until: of a privileged one, while it is taken up."""

    id: int
    duty: str
    department: str
    until: datetime
    taken_until: datetime | None


class Viewing(Schema):
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


class Answering(Schema):
    """answer: accept or decline; shown: the SHA-256 of the text that was read, as `read_policy` gives it."""

    answer: str
    shown: str


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
    return [right(a) for a in person.authorisations.select_related(*WITH).order_by("-since", "-pk")]


@operation(router, "GET", "/me/duties", act="my.duties", scope="read:me", page="duties", response=list[MyDuty])
def read_my_duties(request: Call) -> list[MyDuty]:
    """List my roles with their end, and those that are active."""
    person = me(request)
    require(request, "my.duties", OfPerson(person.uid))
    used = {u.grant_id: u.until for u in active_roles(person, epoch_ms(request.now))}
    rows = person.duties.filter(ended__isnull=True, until__gt=request.now).select_related("department").order_by("duty", "pk")
    return [
        MyDuty(
            id=g.pk, duty=g.duty, department=g.department.code if g.department else "", until=g.until, taken_until=used.get(g.pk)
        )
        for g in rows
    ]


@operation(router, "GET", "/me/viewings", act="my.viewings", scope="read:me", page="my-viewings", response=list[Viewing])
def read_my_viewings(request: Call) -> list[Viewing]:
    """List ended examinations of my mail, as far as the city discloses them."""
    person = me(request)
    require(request, "my.viewings", OfPerson(person.uid))
    shows = settings.CITY.oversight.show_looks == "closed"
    views = mandates.shown_to(person) if shows else []
    return [Viewing(number=v.number, ground=v.ground, duty=v.duty, first=v.first, last=v.last) for v in views]


@operation(
    router, "POST", "/me/policy/{int:version}", act="policy.acknowledge", scope="write:me", page="acknowledge", response=Answered
)
def answer_policy(request: Call, version: int, body: Answering) -> Answered:
    """Accept or decline the current policy, after reading it."""
    person = me(request)
    require(request, "policy.acknowledge", OfPerson(person.uid))
    text = policy_answers.newest()
    if text is None or text.version != version:
        raise Http404
    c = request_bodies.checked(PolicyAnswerForm(request_bodies.plain(body)))
    verb = verbs.accept if c["answer"] == "accept" else verbs.decline
    made = verb(person, text, c["shown"], actor=request.actor, now=epoch_ms(request.now))
    return Answered(version=text.version, accepted=made.accepted, at=from_ms(epoch_ms(request.now)))
