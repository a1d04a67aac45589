"""What a provider says is done within its request, held where it is too much, and never grants access (L1, L7; P-08)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from city.identity import staff
from city.identity.staff import MS
from civicmail.city.directory.models import Department, Episode, FeedKey, FeedLine, FeedRun, Person
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.models import Account, Entry
from civicmail.city.identity.actions import access_end, feed, feedkeys, people, tokens
from civicmail.city.identity.actions.people import Work
from civicmail.city.identity.models import Authorization, Ending
from front.web.scim.conftest import OFFICER, Provider
from pages.world import signed_in

User = Callable[..., dict[str, Any]]
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
OFF = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}
ON = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": True}]}


def _made(provider: Provider, said: dict[str, Any]) -> str:
    status, answer = provider.ask("POST", "/Users", said)
    assert status == 201, answer
    return str(answer["id"])


@pytest.fixture
def ann(crowd: Department, provider: Provider, user: User) -> tuple[Person, str]:
    """Somebody with live access, whom the provider takes over as its own."""
    head = staff.person("head")
    staff.employed(head, crowd)
    staff.policy()
    person = staff.worker("ann", crowd, head)
    said = user("ann", name={"givenName": "Ann", "familyName": "Test"}, title="Clerk")
    return person, _made(provider, said)


@pytest.mark.rule(
    "P-08, L1",
    "A person deactivated in the identity provider loses all access within its request; a repetition changes nothing.",
)
def test_whoever_is_not_active_any_more_is_shut_out_within_the_request(ann: tuple[Person, str], provider: Provider) -> None:
    """A session of before opens nothing, and twice is once."""
    person, id_ = ann
    assert Authorization.objects.get(person=person).state == "active"
    client = Client()
    client.cookies["sessionid"] = signed_in(person)
    assert client.get("/my/access/").status_code == 200
    assert provider.ask("PATCH", f"/Users/{id_}", OFF)[0] == 204
    assert client.get("/my/access/").status_code == 302, "to the sign-in"
    assert Authorization.objects.get(person=person).state == "revoked" and not Account.objects.get(person=person).is_active
    done = Ending.objects.get(person=person)
    assert done.done is not None and done.steps.count() == 10
    assert provider.ask("PATCH", f"/Users/{id_}", OFF)[0] == 204
    assert Ending.objects.filter(person=person).count() == 1 and Entry.objects.filter(act="access.end").count() == 1
    assert provider.ask("GET", f"/Users/{id_}")[1]["active"] is False


@pytest.mark.rule("P-08, L5", "A person who returns by a feed has a new employment and no access.")
def test_who_comes_back_has_a_new_employment_and_no_access(ann: tuple[Person, str], provider: Provider) -> None:
    """A feed never grants access."""
    person, id_ = ann
    provider.ask("PATCH", f"/Users/{id_}", OFF)
    assert provider.ask("PATCH", f"/Users/{id_}", ON)[0] == 204
    assert person.episodes.count() == 2 and person.episodes.filter(ended__isnull=True).count() == 1
    assert not Authorization.objects.filter(person=person).exclude(state="revoked").exists()
    assert not Account.objects.get(person=person).is_active


@pytest.mark.rule("P-08, L3", "A user who is deleted there is ended here; person, mail and address stay.")
def test_a_deleted_user_is_gone_and_the_person_stays_with_mail_and_address(ann: tuple[Person, str], provider: Provider) -> None:
    person, id_ = ann
    assert provider.ask("DELETE", f"/Users/{id_}")[0] == 204
    assert provider.ask("GET", f"/Users/{id_}")[0] == 404 and provider.ask("DELETE", f"/Users/{id_}")[0] == 404
    assert Authorization.objects.get(person=person).state == "revoked"
    assert Person.objects.filter(pk=person.pk).exists() and person.mailboxes.filter(closed__isnull=True).count() == 1
    assert person.addresses.filter(until__isnull=True).count() == 1


@pytest.mark.rule("P-08, L1", "`active` of SCIM is whether the person works here, so that saying false always ends.")
def test_active_is_what_is_true_and_not_what_was_said_last(ann: tuple[Person, str], provider: Provider) -> None:
    """200 and nothing done is what such doors are known for."""
    person, id_ = ann
    access_end.end_access(person, reason="Left us today.", when=MS, actor=OFFICER, now=MS)
    assert provider.ask("GET", f"/Users/{id_}")[1]["active"] is False
    again = Work(kind="employee", department=Department.objects.get(code="parks"))
    people.rehire(person, again, actor=OFFICER, reason="Came back by hand.", now=MS)
    assert provider.ask("GET", f"/Users/{id_}")[1]["active"] is True
    assert provider.ask("PATCH", f"/Users/{id_}", OFF)[0] == 204
    assert not person.episodes.filter(ended__isnull=True).exists()


@pytest.mark.rule("P-08, L7", "More than 2 % ended one by one within a day are held until an officer decides.")
def test_more_than_two_percent_within_a_day_are_held_until_an_officer_has_looked(provider: Provider, user: User) -> None:
    """Four of two hundred go, the fifth is held; said again after that it is nothing new."""
    ids = [_made(provider, user(f"e-{n}")) for n in range(6)]
    assert [provider.ask("PATCH", f"/Users/{i}", OFF)[0] for i in ids[:4]] == [204] * 4
    status, said = provider.ask("PATCH", f"/Users/{ids[4]}", OFF)
    assert status == 503 and "brake" in said["detail"] and provider.last.headers["Retry-After"] == "900"
    assert provider.ask("DELETE", f"/Users/{ids[5]}")[0] == 503 and provider.ask("PATCH", f"/Users/{ids[4]}", OFF)[0] == 503
    held = FeedRun.objects.get(state="stopped")
    assert sorted(held.lines.values_list("uid", "did")) == [("e-4", "ended"), ("e-5", "ended")]
    assert Episode.objects.filter(person__uid="e-4", ended__isnull=True).exists()
    with pytest.raises(NotPermitted, match="more than 2 %"):
        feed.apply(held, actor=OFFICER, reason="Looked at it.", now=MS)
    feed.apply(held, actor=OFFICER, reason="Looked at it.", now=MS, despite_brake=True)
    assert not Episode.objects.filter(person__uid__in=["e-4", "e-5"], ended__isnull=True).exists()
    assert provider.ask("PATCH", f"/Users/{ids[4]}", OFF)[0] == 204 and provider.ask("DELETE", f"/Users/{ids[5]}")[0] == 204
    assert FeedRun.objects.filter(state="stopped").count() == 0


ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def _says(path: str, value: Any) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": path, "value": value}]}


@pytest.mark.rule(
    "P-08, L7",
    "An identity provider that would transfer, rename or change the kind of more than 10 % within a day is held until an "
    "officer decides.",
)
def test_moving_more_than_ten_percent_within_a_day_is_held_until_an_officer_has_looked(
    provider: Provider, user: User, crowd: Department
) -> None:
    """A mapping that was shifted ends nobody and moves everybody. Titles are no matter."""
    Episode.objects.exclude(person__uid__in=[f"e-{n}" for n in range(60)]).delete()
    ids = [_made(provider, user(f"e-{n}", name={"givenName": f"Given{n}", "familyName": f"Family{n}"})) for n in range(10)]
    move = _says(f"{ENTERPRISE}:department", "parks")
    assert [provider.ask("PATCH", f"/Users/{id_}", move)[0] for id_ in ids] == [204] * 6 + [503] * 4
    assert provider.ask("PATCH", f"/Users/{ids[9]}", _says("title", "Gardener"))[0] == 204
    held = FeedRun.objects.get(state="stopped")
    assert "move more than 10 %" in held.brake and held.lines.count() == held.rows == 4
    assert held.lines.get(uid="e-9").changes == {"department": ["clerk", "parks"]}
    feed.apply(held, actor=OFFICER, reason="The department was renamed.", now=MS, despite_brake=True)
    assert Episode.objects.filter(department__code="parks").count() == 10
    assert provider.ask("PATCH", f"/Users/{ids[9]}", move)[0] == 204 and not FeedRun.objects.filter(state="stopped").exists()


@pytest.mark.rule(
    "P-08, L7",
    "While a provider's transfers, names or kinds wait for an officer, or were rejected, no more of them are applied on "
    "later days.",
)
def test_what_waits_for_an_officer_or_was_rejected_is_not_done_a_little_each_day(
    provider: Provider, user: User, crowd: Department, frozen: Any
) -> None:
    """A new day moves more people only when an officer has said that those of before are right."""
    Episode.objects.exclude(person__uid__in=[f"e-{n}" for n in range(60)]).delete()
    ids = [_made(provider, user(f"e-{n}", name={"givenName": f"Given{n}", "familyName": f"Family{n}"})) for n in range(10)]
    move = _says(f"{ENTERPRISE}:department", "parks")
    assert [provider.ask("PATCH", f"/Users/{id_}", move)[0] for id_ in ids[:7]] == [204] * 6 + [503]
    frozen.shift(2 * DAY_MS // 1000)
    assert provider.ask("PATCH", f"/Users/{ids[7]}", move)[0] == 503, "it waits still"
    now = MS + 2 * DAY_MS
    feed.reject(FeedRun.objects.get(state="stopped"), actor=OFFICER, reason="They are all clerks.", now=now)
    status, said = provider.ask("PATCH", f"/Users/{ids[8]}", move)
    assert status == 503 and "rejected" in said["detail"]
    held = FeedRun.objects.get(state="stopped")
    assert list(held.lines.values_list("uid", flat=True)) == ["e-8"]
    feed.apply(held, actor=OFFICER, reason="This one moved.", now=now, despite_brake=True)
    assert provider.ask("PATCH", f"/Users/{ids[9]}", move)[0] == 204


@pytest.mark.rule("P-08, L5", "A provider's request without `active` hires and ends nobody.")
def test_nobody_is_hired_by_silence(ann: tuple[Person, str], provider: Provider, user: User) -> None:
    """A PUT that says nothing of active leaves it as it is; one that was ended stays ended."""
    person, id_ = ann
    provider.ask("PATCH", f"/Users/{id_}", OFF)
    whole = user("ann", title="Chief clerk")
    del whole["active"]
    status, said = provider.ask("PUT", f"/Users/{id_}", whole)
    assert (status, said["title"], said["active"]) == (200, "Chief clerk", False)
    assert not person.episodes.filter(ended__isnull=True).exists()
    provider.ask("PATCH", f"/Users/{id_}", ON)
    assert provider.ask("PUT", f"/Users/{id_}", whole)[1]["active"] is True


def test_a_name_that_somebody_else_has_is_refused_and_nothing_is_changed(provider: Provider, user: User) -> None:
    first, second = _made(provider, user("n-1")), _made(provider, user("n-2"))
    for method, body in (("PATCH", _says("userName", "N-1@city.example")), ("PUT", user("n-2") | {"userName": "n-1@CITY.example"})):
        status, said = provider.ask(method, f"/Users/{second}", body)
        assert (status, said["scimType"]) == (409, "uniqueness")
    assert provider.ask("GET", f"/Users/{second}")[1]["userName"] == "n-2@city.example"
    assert provider.ask("PATCH", f"/Users/{first}", _says("userName", "N-1@city.example"))[0] in (200, 204), "its own, in capitals"


@pytest.mark.rule("P-08", "A day of SCIM is one report with a line for each person, refused ones too.")
def test_a_day_is_one_report_with_a_line_for_each_person(provider: Provider, user: User, frozen: Any) -> None:
    """What was refused stands there too, once."""
    id_ = _made(provider, user("n-1"))
    wrong = user("n-2", department="nowhere")
    for _ in range(2):
        status, said = provider.ask("POST", "/Users", wrong)
        assert (status, said["scimType"], said["detail"]) == (400, "invalidValue", "There is no department nowhere.")
    assert not Person.objects.filter(uid="n-2").exists()
    provider.ask("PATCH", f"/Users/{id_}", {**OFF, "Operations": [{"op": "add", "path": "title", "value": "Clerk"}]})
    run = FeedRun.objects.get()
    assert (run.kind, run.state, run.source) == ("scim", "live", "SCIM")
    assert list(run.lines.values_list("uid", "did")) == [("n-1", "added"), ("n-2", "refused"), ("n-1", "changed")]
    frozen.shift(86_400)
    provider.ask("PATCH", f"/Users/{id_}", OFF)
    assert FeedRun.objects.count() == 2 and FeedLine.objects.get(did="ended").run != run


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"userType": "wizard"}, "There is no userType wizard"),
        ({"userType": "contractor"}, "under a contract"),
        ({"name": {"givenName": "A"}}, "name.familyName is needed"),
        ({"displayName": "ann@else.example"}, "A display name has no @"),
        ({"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "clerk"}}, "employeeNumber is needed"),
        ({"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "n-1"}}, "department is needed"),
    ],
)
def test_what_cannot_be_used_is_said_and_nothing_is_kept(change: dict[str, Any], said: str, provider: Provider, user: User) -> None:
    status, answer = provider.ask("POST", "/Users", user("n-1", **change))
    assert status == 400 and said in answer["detail"]
    assert provider.ask("GET", "/Users")[1]["totalResults"] == 0 and not Person.objects.filter(uid="n-1").exists()
    assert FeedLine.objects.get().did == "refused"


@pytest.mark.rule("P-07, S1", "Only a token of the feed that is in force opens it; it is shown once and has an end.")
def test_only_a_token_of_the_feed_that_is_in_force_opens_the_door(provider: Provider, frozen: Any, crowd: Department) -> None:
    """Another kind of token, one that was ended, one that is over; the answer is the protocol's own."""
    good = provider.token
    key = FeedKey.objects.get()
    person = staff.person("ann")
    staff.employed(person, crowd)
    for token in ("", "x", good[:-1] + ("0" if good[-1] != "0" else "1"), good.replace("cmf-", "cmt-"), tokens_of(person)):
        provider.token = token
        status, said = provider.ask("GET", "/Users")
        assert status == 401 and said["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert provider.last.headers["WWW-Authenticate"].startswith("Bearer")
    provider.token = good
    assert provider.ask("GET", "/Users")[0] == 200
    frozen.shift(31 * DAY_MS // 1000)
    assert provider.ask("GET", "/Users")[0] == 401, "it is over"
    frozen.shift(-31 * DAY_MS // 1000)
    feedkeys.end(key, actor=OFFICER, reason="Not needed any more.", now=MS)
    assert provider.ask("GET", "/Users")[0] == 401


def tokens_of(person: Person) -> str:
    """A token of a person, for the command line."""
    from civicmail.city.guard.actors import Actor

    return tokens.make(person, days=1, actor=Actor(person.uid), now=MS)


def test_a_user_that_somebody_else_has_changed_is_not_overwritten(provider: Provider, user: User) -> None:
    id_ = _made(provider, user("n-1"))
    tag = provider.ask("GET", f"/Users/{id_}") and provider.last.headers["ETag"]
    assert provider.ask("GET", f"/Users/{id_}", if_none_match=tag)[0] == 304
    title = {**OFF, "Operations": [{"op": "add", "path": "title", "value": "Clerk"}]}
    assert provider.ask("PATCH", f"/Users/{id_}", title, if_match=tag)[0] == 204
    assert provider.ask("PATCH", f"/Users/{id_}", OFF, if_match=tag)[0] == 412
    assert Episode.objects.filter(person__uid="n-1", ended__isnull=True).exists()


HOME = [{"type": "home", "value": "n-2@home.example"}]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ('?filter=externalId eq "x-2"', 1),
        ('?filter=externalId eq "X-2"', 0),
        ('?filter=title co "clerk" and active eq true', 2),
        ("?filter=not (title pr)", 1),
        ('?filter=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "n-3"', 1),
        ('?filter=userName sw "n-" or title eq "x"', 3),
        ('?filter=id eq "nobody"', 0),
        ("?startIndex=3&count=5", 3),
        ("?startIndex=9&count=5", 3),
        ("?startIndex=0&count=0", 3),
        ("?startIndex=-1", 3),
        ('?filter=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "N-3"', 1),
        ('?filter=emails.value eq "N-2@home.example"', 1),
        ('?filter=emails[type eq "home" and value eq "n-2@home.example"]', 1),
        ('?filter=meta.resourceType eq "User"', 3),
        ('?filter=title eq "CLERK"', 1),
        ('?filter=userName eq "n-1@city.example" and active eq false', 0),
    ],
)
def test_users_are_found_by_filter_and_by_page(query: str, count: int, provider: Provider, user: User) -> None:
    for n, more in enumerate(({"title": "Clerk"}, {"title": "Chief Clerk", "externalId": "x-2", "emails": HOME}, {}), 1):
        _made(provider, user(f"n-{n}", **more))
    status, said = provider.ask("GET", "/Users" + query.replace(" ", "%20").replace('"', "%22"))
    assert (status, said["totalResults"]) == (200, count)
    shown = {"?startIndex=3&count=5": 1, "?startIndex=9&count=5": 0, "?startIndex=0&count=0": 0}
    assert len(said.get("Resources", [])) == shown.get(query, count)


def test_a_bad_filter_and_a_body_that_is_none_are_told(provider: Provider) -> None:
    assert provider.ask("GET", "/Users?filter=userName%20is%20x")[1]["scimType"] == "invalidFilter"
    assert provider.ask("POST", "/Users", [1])[0] == 400
    assert provider.ask("POST", "/Bulk", {"schemas": []})[0] == 501
    assert provider.ask("POST", "/Users", {"userName": "x" * 300_000})[0] == 413
