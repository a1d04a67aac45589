"""One answer to several access requests of a department: each is decided and recorded by itself (P-04). Without script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.guard.models import Account, Entry
from civicmail.city.identity.actions import access_requests, shared_answers
from civicmail.city.identity.models import Authorization, Bar
from civicmail.city.identity.queries.actors import actor_of
from pages.test_tasks import text_of
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
LIST = "/dept/public-works/requests/"
TOGETHER = f"{LIST}together/"
WHY = "The crew has one terminal for all of its mail."


def ask_for(city: Town, count: int, start: int = 0) -> list[Authorization]:
    """Requests of the supervisor for new people of the crew."""
    made = []
    for n in range(start, start + count):
        city.person(f"new{n}", f"Nika{n}", "Newman", "public-works", "Crew Clerk", supervisor=city.people["super"])
        made.append(city.authorize(f"new{n}", "asked"))
    return made


def states(rows: list[Authorization]) -> list[str]:
    return [Authorization.objects.get(pk=row.pk).state for row in rows]


def given(answer: str, rows: list[Authorization], **more: Any) -> dict[str, Any]:
    return {"act": answer, "row": [row.pk for row in rows], **more}


@pytest.mark.rule(
    "P-04", "Ticked access requests get one answer: each is decided and recorded by itself, and the others are named."
)
def test_ticked_requests_are_approved_together(city: Town, visit: Visit) -> None:
    rows, head = ask_for(city, 3), visit("head")
    Authorization.objects.filter(pk=rows[2].pk).update(requester=city.people["head"])
    listed = head.get(LIST).content.decode()
    waiting = Authorization.objects.filter(department__code="public-works", state="asked").count()
    assert listed.count('name="row"') == waiting and 'name="act" value="refuse"' in listed, "what was answered has no tick"
    asked = head.get(TOGETHER, given("approve", rows))
    assert "Approve 2 requests?" in text_of(asked) and text_of(asked).count(rows[0].duties) == 2
    assert states(rows) == ["asked"] * 3, "the page only asks"
    done = text_of(head.post(TOGETHER, given("approve", rows), follow=True))
    assert "2 requests approved." in done and "Look at these yourself: Nika2 Newman" in " ".join(done.split())
    assert "Make a sign-in letter for" in done
    assert states(rows) == ["active", "active", "asked"]
    objects = [*Entry.objects.filter(act="request.approve").order_by("object").values_list("object", "person")]
    assert objects == sorted((f"authorisation:{row.pk}", "p-head") for row in rows[:2])


@pytest.mark.rule("P-04", "One reason denies several access requests; it is written into each.")
def test_one_reason_denies_several(city: Town, visit: Visit) -> None:
    rows, head = ask_for(city, 2), visit("deputy")
    assert head.post(TOGETHER, given("refuse", rows, reason="No.")).status_code == 422
    assert states(rows) == ["asked", "asked"]
    assert "2 requests denied." in text_of(head.post(TOGETHER, given("refuse", rows, reason=WHY), follow=True))
    assert [(row.state, row.why) for row in Authorization.objects.filter(pk__in=[r.pk for r in rows])] == [("refused", WHY)] * 2


@pytest.mark.rule("P-30, C4", "Access after a violation is never decided together with other requests.")
def test_what_needs_a_look_of_its_own_stays(city: Town, visit: Visit) -> None:
    rows, head = ask_for(city, 2), visit("head")
    Bar.objects.create(person=rows[0].person, kind="re-entry", since=city.now, reason=WHY, first=city.people["office"])
    access_requests.refuse(rows[1], actor=actor(city, "deputy"), reason=WHY, now=epoch_ms(city.now))
    shown = text_of(head.get(TOGETHER, given("approve", rows)))
    assert "It needs a look of its own; its page says why." in shown and "It does not wait for an answer any more." in shown
    assert 'name="act"' not in head.get(TOGETHER, given("approve", rows)).content.decode()


def test_only_who_decides_for_the_department_gets_the_bar(city: Town, visit: Visit) -> None:
    rows = ask_for(city, 1)
    for key in ("auditor", "office"):
        assert 'name="row"' not in visit(key).get(LIST).content.decode()
        assert visit(key).post(TOGETHER, given("refuse", rows, reason=WHY)).status_code == 403
    head = visit("head")
    assert head.get(TOGETHER, {"act": "refuse"}).headers["Location"] == LIST, "nothing was ticked"
    assert head.get(TOGETHER, given("forward", rows)).headers["Location"] == LIST
    assert head.get(TOGETHER.replace("public-works", "nowhere"), given("refuse", rows)).status_code == 404
    assert states(rows) == ["asked"]


def test_one_that_fails_does_not_stop_the_others(city: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, decide = ask_for(city, 3), access_requests.decide

    def fail_once(row: Authorization, *args: Any, **named: Any) -> Authorization:
        if row.pk == rows[1].pk:
            raise Conflict("The requested period is over. Submit a new request.")
        return decide(row, *args, **named)

    monkeypatch.setattr(access_requests, "decide", fail_once)
    done = text_of(visit("head").post(TOGETHER, given("approve", rows), follow=True))
    assert "2 requests approved." in done and "The requested period is over." in done
    assert states(rows) == ["active", "asked", "active"]


def test_nothing_is_decided_without_an_answer_or_a_reason(city: Town) -> None:
    rows = ask_for(city, 1)
    by = {"actor": actor(city, "head"), "now": epoch_ms(city.now)}
    with pytest.raises(Unusable):
        shared_answers.decide_together(rows, "forward", reason=WHY, **by)
    with pytest.raises(Unusable):
        shared_answers.decide_together(rows, "refuse", reason="", **by)
    assert states(rows) == ["asked"]


def test_more_requests_take_no_more_queries_to_ask_about(city: Town, visit: Visit) -> None:
    head, rows = visit("head"), ask_for(city, 6)

    def count(some: list[Authorization]) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert head.get(TOGETHER, given("refuse", some)).status_code == 200
        return len(seen)

    count(rows[:1])
    assert count(rows) <= count(rows[:1]) + 1


def actor(city: Town, key: str) -> Any:
    account = Account.objects.select_related("person").get(person=city.people[key])
    return actor_of(account, "192.0.2.1", epoch_ms(city.now))
