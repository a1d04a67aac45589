"""A right from the question to its end at the command line, and people kept by hand (P-04, P-07, P-08; issue 7)."""

from __future__ import annotations

import orjson

from civicmail.city.directory.models import Episode, Person
from civicmail.city.guard.models import Entry
from civicmail.city.identity.models import Authorization, Ending, RoleActivation
from front.cli.calling import Caller, call, capture, city, folder

__all__ = ["call", "capture", "city", "folder"]

FOUR = (
    *("--duties", "Answers the letters of the whole crew."),
    *("--performance", "Knows each morning what is to be done."),
    *("--efficiency", "Saves a walk across the city each day."),
    *("--service", "People hear on the same day what becomes of it."),
)


def _said(call: Caller) -> dict[str, object]:
    found: dict[str, object] = orjson.loads(call.said.out.splitlines()[-1])
    return found


def test_a_right_is_asked_for_decided_by_another_and_ended(call: Caller) -> None:
    """P-04, M3: one object a line; who asked does not decide, and what was decided is not decided again."""
    assert call("access ask", "p-crew7", "--until", "{day}", *FOUR, "--json", who="super") == 0
    asked = _said(call)
    assert (asked["person"], asked["state"], asked["requester"]) == ("p-crew7", "asked", "p-super")
    number = str(asked["number"])
    assert call("access decide", number, "yes", who="super") == 4
    assert call("access decide", number, "perhaps", who="head") == 2
    assert call("access decide", number, "approve", "--json", who="head") == 0 and _said(call)["state"] == "active"
    assert call("access decide", number, "no", who="head") == 4, "it was decided"
    assert call("access requests", "public-works", "--state", "active", "--json", who="auditor") == 0
    assert number in [str(orjson.loads(line)["number"]) for line in call.said.out.splitlines()]
    assert call("access revoke", number, who="head") == 0 and Authorization.objects.get(pk=number).state == "revoked"
    assert call("access revoke", "999999", who="head") == 2


def test_somebody_is_asked_to_use_an_offices_mailbox_and_it_is_taken_back(call: Caller) -> None:
    """M5: under their own sign-in, with the four reasons."""
    assert call("access grant", "streets@city.example", "p-crew1", "--until", "{day}", *FOUR, "--json", who="super") == 0
    asked = _said(call)
    assert (asked["mailbox"], asked["role"]) == ("streets@city.example", "delegate")
    assert call("access withdraw", str(asked["number"]), who="super") == 0
    assert Authorization.objects.get(pk=asked["number"]).state == "withdrawn"
    assert call("access grant", "nowhere@city.example", "p-crew1", "--until", "{day}", *FOUR, who="super") == 2


def test_a_planned_end_is_called_off(call: Caller) -> None:
    assert call("access end", "p-crew1", "--when", "{day}", who="head") == 0
    assert call("access stay", "p-crew1", who="head") == 0
    assert not Ending.objects.filter(person__uid="p-crew1").exists()
    assert call("access stay", "p-crew1", who="head") == 2


def test_people_are_added_changed_moved_and_hired_again(call: Caller) -> None:
    """P-08, L5, M6: each an entry; a kind or a contract that is none is said."""
    new = ("p-new9", "--family", "Adeyemi", "--given", "Tolu", "--department", "public-works", "--position", "Crew Clerk")
    assert call("people add", *new, "--json", who="head") == 0 and _said(call) == {"uid": "p-new9", "name": "Tolu Adeyemi"}
    assert call("people add", "p-new8", "--family", "X", "--department", "public-works", "--kind", "spy", who="head") == 2
    wrong = ("--kind", "contractor", "--contract", "northline/none")
    assert call("people add", "p-new8", "--family", "X", "--department", "public-works", *wrong, who="head") == 2
    assert (
        call("people change", "p-new9", "--phone", "555-0100", "--position", "Dispatcher", "--supervisor", "p-super", who="head")
        == 0
    )
    work = Episode.objects.get(person__uid="p-new9")
    assert (Person.objects.get(uid="p-new9").phone, work.position, work.supervisor and work.supervisor.uid) == (
        "555-0100", "Dispatcher", "p-super",
    )  # fmt: skip
    assert call("people move", "p-new9", "--department", "fire", "--overlap", "7", who="head") == 0
    assert Episode.objects.get(person__uid="p-new9", ended__isnull=True).department.code == "fire"
    assert call("people rehire", "p-crew11", "--department", "public-works", "--position", "Crew Clerk", who="head") == 0
    assert Episode.objects.filter(person__uid="p-crew11").count() == 2
    assert Entry.objects.filter(object="person:p-new9").count() >= 3


def test_a_role_that_was_activated_is_deactivated(call: Caller) -> None:
    """D4."""
    assert call("duty lay-down", "records-officer", who="recorder") == 0
    assert RoleActivation.objects.get(grant__person__uid="p-recorder").laid_down is not None
    assert call("duty lay-down", "records-officer", who="recorder") == 2
