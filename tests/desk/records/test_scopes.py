"""The scope of a request: its versions, its second person, the counts while it is written, and what it holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.law.shipped import shipped
from civicmail.desk.records import scope_query, tasks
from civicmail.desk.records.actions import content, holds, scopes, searches
from civicmail.desk.records.models import Hold, Request, Scope
from civicmail.desk.records.states import OPEN
from civicmail.mail.archive import holds as archive_holds

pytestmark = pytest.mark.django_db

WORDS = "Mail about the crossing near the school."


@pytest.fixture
def request_row(city: Any) -> Request:
    return Request.objects.get(number=city.objects["records review"])


def actor(city: Any, key: str) -> Actor:
    return actor_of(city.people[key].account, "", epoch_ms(city.now))


def propose(city: Any, row: Request, query: str, by: str = "recorder", after: int = 0) -> Scope:
    return scopes.propose(row, WORDS, query, actor=actor(city, by), now=epoch_ms(city.now) + after)


@pytest.mark.rule("P-21", "Each version of a scope is dated and kept; the agreed one is what a search runs.")
def test_r6_each_version_is_kept_and_the_agreed_one_is_what_is_read(city: Any, request_row: Request) -> None:
    first = propose(city, request_row, "crossing school")
    second = propose(city, request_row, "crossing school date:2026-01-01..2026-06-30", after=60_000)
    first.refresh_from_db()
    assert (first.state, second.state) == ("replaced", "agreed") and second.version == first.version + 1
    assert second.at - first.at == timedelta(minutes=1) and first.query == "crossing school"
    request_row.refresh_from_db()
    assert request_row.state == "scoping"
    permit = content.under(request_row, "content.list", actor=actor(city, "recorder"), facts={}, now=epoch_ms(city.now))
    assert permit.mandate == request_row.number
    assert [e.facts["query"] for e in Entry.objects.filter(act="scope.proposed").order_by("id")] == [first.query, second.query]


@pytest.mark.rule("P-21", "Who entered a request does not alone decide what is read under it.")
def test_r6_a_second_person_confirms_what_the_officer_entered(city: Any, request_row: Request) -> None:
    request_row.entered = city.people["recorder"]
    request_row.save()
    before = request_row.scopes.get(state="agreed")
    row = propose(city, request_row, "crossing")
    assert row.state == "proposed"
    with pytest.raises(NotPermitted):
        scopes.decide(row, True, "", actor=actor(city, "recorder"), now=epoch_ms(city.now))
    assert scopes.decide(row, True, "", actor=actor(city, "attorney"), now=epoch_ms(city.now)).state == "agreed"
    before.refresh_from_db()
    assert before.state == "replaced"
    with pytest.raises(Conflict):
        scopes.decide(row, False, "It was decided before.", actor=actor(city, "attorney"), now=epoch_ms(city.now))


def test_a_refused_scope_leaves_the_agreed_one(city: Any, request_row: Request) -> None:
    request_row.entered = city.people["recorder"]
    request_row.save()
    row = propose(city, request_row, "crossing")
    with pytest.raises(Unusable):
        scopes.decide(row, False, "no", actor=actor(city, "attorney"), now=epoch_ms(city.now))
    assert (
        scopes.decide(row, False, "Much more than was asked.", actor=actor(city, "attorney"), now=epoch_ms(city.now)).state
        == "refused"
    )
    assert request_row.scopes.get(state="agreed").version < row.version
    assert [hold.scope for hold in holds.current(request_row)] == [request_row.scopes.get(state="agreed")]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", "all mail"),
        ("*", "all mail"),
        ("school OR *", "all mail"),
        ("subject:(", "parenthesis"),
        ("school newer_than:1y", "every day"),
        ("thread:abc@x.example", "conversation"),
    ],
)
def test_r6_what_does_not_describe_anything_is_no_scope(city: Any, request_row: Request, query: str, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        propose(city, request_row, query)


def test_only_who_works_on_a_request_proposes_or_counts(city: Any, request_row: Request) -> None:
    request_row.assignments.filter(person=city.people["recorder"]).update(until=city.now)
    with pytest.raises(NotPermitted, match="not assigned"):
        propose(city, request_row, "crossing")
    with pytest.raises(NotPermitted, match="not assigned"):
        content.to_count(request_row, "crossing", actor=actor(city, "recorder"), now=epoch_ms(city.now))


@pytest.mark.rule("P-21", "The builder counts what a query reaches, and what narrowing would do.")
def test_r6_the_page_counts_and_offers_narrower_scopes(city: Any, visit: Any, request_row: Request) -> None:
    client: Client = visit("recorder")
    url = f"/records/requests/{request_row.number}/scope/"
    answer = client.get(url, {"query": "budget OR report OR council"})
    reach = answer.context["reach"]
    assert answer.status_code == 200 and 0 < reach.messages <= reach.everything and reach.hours >= 1
    assert {n.words for n, _ in answer.context["narrower"]} >= {"Only the last 12 months", "Only messages with files"}
    assert all(n.messages <= reach.messages for n, _ in answer.context["narrower"])
    entry = Entry.objects.filter(object=f"request:{request_row.number}", act="content.list").latest("id")
    assert entry.facts["query"] == "budget OR report OR council" and entry.facts["counted"] == 1
    part = client.get(url, {"query": "budget"}, headers={"HX-Request-Type": "partial"})
    assert b"<main" not in part.content and b'id="reach"' in part.content
    refused = client.get(url, {"query": "*"})
    assert "all mail of the city" in refused.content.decode()


def test_the_page_proposes_a_scope(city: Any, visit: Any, request_row: Request) -> None:
    client: Client = visit("recorder")
    url = f"/records/requests/{request_row.number}/scope/"
    assert client.post(url, {"understood": "", "query": "crossing"}).status_code == 422
    assert client.post(url, {"understood": WORDS, "query": "*"}).status_code == 422
    answer = client.post(url, {"understood": WORDS, "query": "crossing"}, follow=True)
    assert "was agreed" in answer.content.decode() and request_row.scopes.get(state="agreed").query == "crossing"
    assert visit("attorney").get(url).context["may_write"] is False


def test_a_wide_scope_is_told(city: Any) -> None:
    reach = scope_query.Reach(messages=300, everything=1000, unread=0, people=3, more=False, narrower=())
    assert reach.is_wide and reach.hours == 3
    assert not scope_query.Reach(messages=200, everything=1000, unread=0, people=3, more=False, narrower=()).is_wide


@pytest.mark.rule("P-20", "Everything is held from intake until a scope is agreed, then what the scope reaches.")
def test_r10_everything_is_held_until_a_scope_is_agreed(city: Any, installed: Any, request_row: Request) -> None:
    request_row.scopes.update(state="refused")
    now = epoch_ms(city.now)
    hold = holds.place_for(request_row, actor=actor(city, "recorder"), now=now)
    assert holds.place_for(request_row, actor=actor(city, "recorder"), now=now) == hold  # again changes nothing
    (whole,) = [h for h in archive_holds.load(installed) if h.id == hold.archive]
    assert whole.ground == "request" and "Everything" in repr(whole.tree)
    scope = propose(city, request_row, "crossing school")
    in_force = {h.id: h for h in archive_holds.load(installed)}
    (present,) = holds.current(request_row)
    assert hold.archive not in in_force and present.scope == scope and present.archive in in_force
    assert "crossing" in repr(in_force[present.archive].tree)
    assert [e.act for e in Entry.objects.filter(act__startswith="hold.", object=content.object_of(request_row)).order_by("id")] == [
        "hold.placed", "hold.placed", "hold.lifted",
    ]  # fmt: skip


@pytest.mark.rule("P-20", "The worker holds for every open request, and lifts a hold when the law's period after the end is over.")
def test_r10_the_worker_places_holds_and_lifts_them_after_the_period(
    city: Any, installed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Hold.objects.all().delete()
    now = epoch_ms(city.now)
    open_ones = Request.objects.filter(state__in=OPEN)
    assert tasks.keep_holds(installed, now) == open_ones.count() > 0
    assert tasks.keep_holds(installed, now) == 0
    assert all(holds.current(row).exists() for row in open_ones)
    row = open_ones.get(number=city.objects["records scoping"])
    row.state, row.outcome, row.closed = "done", "denied", city.now
    row.save()
    day = 86_400_000
    row.law_version = "of no adopted pack"
    row.save()
    assert tasks.keep_holds(installed, now + 400 * day) == 0 and holds.current(row).exists()  # nothing is lifted by a guess
    monkeypatch.setattr(tasks.law, "pack_or_none", lambda _: shipped("wisconsin"))
    assert tasks.keep_holds(installed, now + 80 * day) == 0 and holds.current(row).exists()  # sixty working days are longer
    assert tasks.keep_holds(installed, now + 120 * day) == 1 and not holds.current(row).exists()
    assert not [hold for hold in archive_holds.load(installed) if f"request {row.number}:" in hold.scope]


@pytest.mark.rule("P-21", "A suit about a request freezes its scope and what was searched under it.")
def test_r29_a_suit_freezes_the_scope_and_its_search(city: Any, request_row: Request) -> None:
    now, officer, attorney = epoch_ms(city.now), actor(city, "recorder"), actor(city, "attorney")
    request_row.entered = city.people["recorder"]
    request_row.save()
    proposed, item = propose(city, request_row, "crossing"), request_row.items.get(trouble="encrypted")
    Request.objects.update(suit=city.now)
    before = list(Scope.objects.values_list("pk", "state"))
    for verb in (
        lambda: propose(city, request_row, "another"),
        lambda: scopes.decide(proposed, yes=True, reason="", actor=attorney, now=now),
        lambda: searches.order(request_row, actor=officer, now=now),
        lambda: searches.settle(item, fits=True, reason="It is about the crossing.", actor=officer, now=now),
    ):
        with pytest.raises(Conflict, match="suit"):
            verb()
    assert list(Scope.objects.values_list("pk", "state")) == before


def test_r10_a_suit_keeps_what_is_held(city: Any) -> None:
    row = Request.objects.get(number=city.objects["records done"])
    row.closed = city.now - timedelta(days=4000)
    assert holds.is_over(row, shipped("wisconsin"), city.now.date())
    row.suit = city.now
    assert not holds.is_over(row, shipped("wisconsin"), city.now.date())
