"""What holds for every operation of the API: problems, pages of lists, what was seen, a request again, how often (issue 7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from civicmail.city.directory.models import Agency
from civicmail.city.guard import models as guard_models
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.identity import models as identity
from civicmail.city.identity.actions import access_end
from civicmail.front.web.api import authentication, pagination
from civicmail.front.web.api.document import OPERATIONS
from civicmail.front.web.api.operations import agencies
from civicmail.front.web.models import Answered
from pages.programs import asking
from pages.world import Town, town

WHY = "The council has decided so, by resolution 26-14."


@pytest.fixture
def works(installed: Path, db: None) -> Town:
    """The town without its mail."""
    (installed / "claimed").touch()
    return town()


@pytest.mark.rule(
    "P-16",
    "An operation checks the act of its page: a person who may not see the page may not call it, whatever the token.",
)
def test_an_operation_refuses_whom_its_page_refuses(works: Town) -> None:
    """The guard is asked for the act of the page; test_api_sweep.py asks all of them as everybody."""
    head, chief, crew = (asking(works.people[who]) for who in ("head", "chief", "crew0"))
    for path in ("/departments/public-works/people", "/departments/public-works/people/p-crew0", "/mailboxes/streets@city.example"):
        assert [ask("GET", path).status_code for ask in (head, chief, crew)] == [200, 403, 403], path
    body = {"reason": WHY}
    for ask in (chief, crew):
        assert ask("POST", f"/rights/{works.authorizations['crew1'].pk}/suspend", body).status_code == 403
    works.authorizations["crew1"].refresh_from_db()
    assert works.authorizations["crew1"].state == "active"


@pytest.mark.rule("P-07", "A program does no more than the scopes of its token, whoever made it.")
def test_a_token_does_no_more_than_its_scopes_whoever_made_it(works: Town) -> None:
    """What a person may do by hand is not what each of their programs may do."""
    ask = asking(works.people["office"], ["read:people"])
    assert ask("GET", "/agencies").status_code == 200
    for method, path, scope in (("GET", "/duties", "read:duties"), ("POST", "/agencies/northline/off", "write:access")):
        answer = ask(method, path, {"reason": WHY} if method == "POST" else None)
        assert answer.status_code == 403 and scope in answer.json()["detail"]
        assert f'error="insufficient_scope", scope="{scope}"' in answer.headers["WWW-Authenticate"]
    assert Agency.objects.get(code="northline").suspended is None


@pytest.mark.rule(
    "P-29, promise 7",
    "An error is a problem (RFC 9457) with one sentence, the clause and a contact; never a stack trace, never the input.",
)
def test_what_goes_wrong_is_a_problem_with_one_sentence_and_never_what_was_sent(works: Town) -> None:
    """RFC 9457: also where Django itself answers; a refusal names clause and whom to ask."""
    ask = asking(works.people["office"])
    said = {
        404: ask("GET", "/nowhere"),
        405: ask("DELETE", "/agencies"),
        422: ask("POST", "/agencies", {"code": "Kestrel!", "name": ["heron"], "reason": 7}),
    }
    for status, answer in said.items():
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), status
        plain = answer.json()
        assert plain["status"] == status and plain["detail"].endswith("."), status
        assert plain["instance"] == f"urn:civicmail:request:{answer.headers['X-Request-ID']}"
        assert b"heron" not in answer.content and b"Kestrel" not in answer.content
    assert {e["field"] for e in said[422].json()["errors"]} == {"name", "reason"}
    assert set(said[405].headers["Allow"].split(", ")) == {"GET", "POST"}
    no = asking(works.people["crew0"])("GET", "/agencies").json()
    assert (no["status"], no["clause"], no["ask"]) == (403, "P-09", "the access office")
    short = ask("POST", "/agencies", {"code": "north", "name": "North", "reason": "x"}).json()
    assert [e["field"] for e in short["errors"]] == ["reason"] and "20" in short["errors"][0]["detail"]


@pytest.mark.parametrize(("fault", "status"), [(ValueError("kestrel"), 500), (OperationalError("kestrel"), 503)])
def test_a_fault_of_ours_is_a_problem_and_never_a_stack(
    works: Town, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int
) -> None:
    """5xx is ours, and says nothing of how it came."""

    def broken(*_: Any) -> Any:
        raise fault

    ask = asking(works.people["office"])
    monkeypatch.setattr(agencies.AGENCIES, "rows", broken)
    answer = ask("GET", "/agencies")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert b"kestrel" not in answer.content and b"Traceback" not in answer.content
    assert (answer.headers.get("Retry-After") == "60") == (status == 503)


def _walk(ask: Any, path: str, limit: int) -> Iterator[list[Any]]:
    while path:
        answer = ask("GET", path if "limit" in path else f"{path}?limit={limit}")
        assert answer.status_code == 200, answer.content
        yield answer.json()
        link = answer.headers.get("Link", "")
        path = link.partition(">")[0].removeprefix("</api/v1") if link else ""
        assert not link or link.endswith('; rel="next"')


@pytest.mark.rule("P-16", "A list is paged by its links in a stable order: each row once, despite simultaneous changes (RFC 8288).")
def test_a_list_is_walked_by_its_links_and_has_each_row_once_whatever_comes_meanwhile(works: Town) -> None:
    """RFC 8288: a cursor is a place between rows, so nothing is told twice or left out."""
    ask = asking(works.people["office"])
    for n in range(5):
        Agency.objects.create(code=f"b{n}", name=f"B {n}")
    seen: list[str] = []
    for page in _walk(ask, "/agencies", 2):
        assert len(page) <= 2
        seen += [row["code"] for row in page]
        Agency.objects.get_or_create(code="a0", defaults={"name": "before where we are"})
        Agency.objects.get_or_create(code="zz", defaults={"name": "behind where we are"})
    assert seen == ["b0", "b1", "b2", "b3", "b4", "northline", "zz"]
    entries = [row["id"] for page in _walk(ask, "/entries", 1) for row in page]
    assert entries == sorted(set(entries), reverse=True) and entries


@pytest.mark.parametrize("after", ["x", "bnVsbA", "WzFd", "IgAi", "dHJ1ZQ", "ImFiYyI="])
def test_a_cursor_that_is_none_is_said_to_be_none(works: Town, after: str) -> None:
    ask = asking(works.people["office"])
    for path in ("/entries", "/mailboxes", "/mandates"):
        assert ask("GET", f"{path}?after={after}").status_code in (200, 422), path
    for limit in ("0", "201", "x", "-1", ""):
        assert ask("GET", f"/entries?limit={limit}").status_code == 422


@pytest.mark.rule(
    "P-04",
    "A row that has changed since it was read is not changed by a program that states what it saw (If-Match).",
)
def test_what_has_changed_since_it_was_read_is_not_changed(works: Town) -> None:
    """If-Match, RFC 9110."""
    ask = asking(works.people["office"])
    read = ask("GET", "/agencies/northline")
    tag = read.headers["ETag"]
    assert ask("GET", "/agencies/northline").headers["ETag"] == tag
    change = {"name": "Northline Works", "reason": WHY}
    done = ask("PATCH", "/agencies/northline", change, if_match=tag)
    assert done.status_code == 200 and done.headers["ETag"] not in (tag, "")
    again = ask("PATCH", "/agencies/northline", {"name": "Another", "reason": WHY}, if_match=tag)
    assert again.status_code == 412 and Agency.objects.get(code="northline").name == "Northline Works"
    off = ask("POST", "/agencies/northline/off", {"reason": WHY}, if_match=f'"0", {done.headers["ETag"]}')
    assert off.status_code == 200 and off.json()["suspended"]


@pytest.mark.rule(
    "P-04",
    "The same request under the same Idempotency-Key is done once and answered alike; another one under it is refused.",
)
def test_the_same_request_again_is_not_done_again(works: Town) -> None:
    """One key, one act, one answer; another request under the same key is refused; a refused one leaves the key free."""
    ask = asking(works.people["office"])
    wrong = {"code": "south", "name": "South", "reason": "x"}
    assert ask("POST", "/agencies", wrong, idempotency_key="k1").status_code == 422
    right = {**wrong, "reason": WHY}
    first = ask("POST", "/agencies", right, idempotency_key="k1")
    second = ask("POST", "/agencies", right, idempotency_key="k1")
    assert (first.status_code, second.status_code) == (201, 201) and first.json() == second.json()
    assert guard_models.Entry.objects.filter(object="agency:south").count() == 1
    assert ask("POST", "/agencies", {**right, "code": "west"}, idempotency_key="k1").status_code == 422
    assert not Agency.objects.filter(code="west").exists()
    assert ask("POST", "/agencies", right).status_code in (409, 422), "without a key it is another request"
    other = asking(works.people["office"])
    assert other("POST", "/agencies", {**right, "code": "east"}, idempotency_key="k1").status_code == 201, "keys are a token's own"


def test_a_key_is_kept_for_a_day(works: Town) -> None:
    ask = asking(works.people["office"])
    body = {"code": "south", "name": "South", "reason": WHY}
    assert ask("POST", "/agencies", body, idempotency_key="k1").status_code == 201
    Answered.objects.update(at=timezone.now() - timedelta(hours=25))
    assert ask("POST", "/agencies", body, idempotency_key="k1").status_code in (409, 422)
    assert ask("POST", "/agencies", body, idempotency_key="x" * 101).status_code == 422


@pytest.mark.rule("P-01", "The requests of a token in a minute are limited, and the refusal states when to try again.")
def test_a_token_that_asks_too_often_is_told_when_to_come_again() -> None:
    """Each token for itself, minute by minute."""
    rate = authentication.Rate()
    for _ in range(3):
        rate.note("a", 60_000, 3)
    rate.note("b", 60_000, 3)
    with pytest.raises(authentication.TooMany, match="in 15 seconds") as said:
        rate.note("a", 105_000, 3)
    assert said.value.seconds == 15
    rate.note("a", 120_000, 3)


def test_a_rate_is_a_problem_with_the_seconds(works: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = asking(works.people["office"])

    def often(*_: Any) -> None:
        raise authentication.TooMany(7)

    monkeypatch.setattr(authentication.RATE, "note", often)
    answer = ask("GET", "/me")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


@pytest.mark.rule("P-08, promise 5, L2", "Whose access has ended is refused at the next request of their programs.")
def test_what_ends_access_ends_tokens_at_their_next_use(works: Town) -> None:
    """The same token that read a moment ago opens nothing."""
    person = works.people["crew0"]
    ask = asking(person)
    assert ask("GET", "/me").status_code == 200
    officer = Actor("p-office", held=(HeldRole("access-officer", "", FOREVER),))
    now = epoch_ms(timezone.now())
    access_end.end_access(person, reason="Left the city for another one.", when=now, actor=officer, now=now)
    answer = ask("GET", "/me")
    assert answer.status_code == 401 and "opens nothing" in answer.json()["detail"]


@pytest.mark.rule(
    "P-16",
    "A privileged role is of no use to a program before its person has activated it, which no operation does.",
)
def test_a_privileged_role_is_of_no_use_to_a_token_before_it_is_activated(works: Town) -> None:
    """D4: and no operation takes one up, because that needs a fresh proof."""
    admin, operator = asking(works.people["admin"]), asking(works.people["operator"])
    refused = admin("GET", "/queue")
    assert refused.status_code == 403 and "Activate the role" in refused.json()["detail"]
    assert operator("GET", "/queue").status_code == 200
    assert all(o.act != "duty.take-up" for o in OPERATIONS.values())


def test_who_has_not_accepted_the_policy_reads_and_answers_it_and_nothing_else(works: Town) -> None:
    """P-18: the gate of the pages is the API's, too."""
    newer = identity.PolicyText.objects.create(
        version=8, title="E-mail use policy", text="Another rule.", sha256="8" * 64, by="p-office",
        published=works.now - timedelta(days=20),
    )  # fmt: skip
    ask = asking(works.people["crew0"])
    assert ask("GET", "/mail").status_code == 403 and ask("GET", "/me").json()["owed"] == 8
    assert ask("POST", "/me/policy/8", {"answer": "accept", "shown": "0" * 64}).status_code == 409
    done = ask("POST", "/me/policy/8", {"answer": "accept", "shown": ask("GET", "/policy/8").json()["sha256"]})
    assert done.status_code == 200 and done.json()["accepted"] and ask("GET", "/me").json()["owed"] is None
    assert newer.acknowledgements.get().person == works.people["crew0"]


def test_a_session_opens_no_operation_and_a_token_no_page(works: Town) -> None:
    from django.test import Client

    from pages.world import signed_in

    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = signed_in(works.people["office"])
    assert client.get("/api/v1/agencies").status_code == 401
    ask = asking(works.people["office"])
    page = Client().get("/access/agencies/", headers={"Authorization": f"Bearer {ask.token}"})
    assert page.status_code == 302 and "/accounts/login/" in page.headers["Location"]


def test_a_right_is_asked_for_decided_and_ended_by_three_programs(works: Town) -> None:
    """The whole way of one authorization (P-04): nothing that pages hold is looser here."""
    reasons = dict.fromkeys(("duties", "performance", "efficiency", "service"), "It saves a walk across the city each day.")
    until = (timezone.localdate() + timedelta(days=90)).isoformat()
    asker, head = asking(works.people["super"]), asking(works.people["head"])
    asked = asker("POST", "/people/p-crew7/requests", {**reasons, "until": until}, idempotency_key="once")
    assert asked.status_code == 201, asked.content
    right = asked.json()
    assert (right["state"], right["requester"]["uid"], right["approver"]) == ("asked", "p-super", None)
    assert asker("POST", f"/rights/{right['id']}/decide", {"decision": "approve"}).status_code == 403
    yes = head("POST", f"/rights/{right['id']}/decide", {"decision": "approve"})
    assert yes.status_code == 200 and yes.json()["state"] in ("approved", "active")
    assert head("POST", f"/rights/{right['id']}/decide", {"decision": "approve"}).status_code == 409
    off = head("POST", f"/rights/{right['id']}/suspend", {"reason": WHY})
    assert off.status_code == 200 and off.json()["state"] == "suspended"
    assert head("POST", f"/rights/{right['id']}/end", {"reason": WHY}).json()["state"] == "revoked"


def test_a_cursor_of_text_is_what_it_stands_for() -> None:
    from django.test import RequestFactory

    assert pagination.cursor(RequestFactory().get("/", {"after": "ImEi"})) == "a"
    assert pagination.cursor(RequestFactory().get("/")) is None
