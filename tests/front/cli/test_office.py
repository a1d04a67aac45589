"""What the access office does at the command line, and what is there afterwards (P-04, P-06, P-09, P-16, P-18)."""

from __future__ import annotations

from datetime import time

import orjson
import pytest
from django.utils import timezone

from civicmail.city.directory.models import Contract, Department, MailGroup
from civicmail.city.guard.models import Account, Entry
from civicmail.city.identity.models import Acknowledgement, Authorization, ConflictRecord, PolicyText, RoleAssignment
from civicmail.city.pages.days import last_day
from front.cli.calling import Caller, call, capture, city, folder
from pages.world import Town

__all__ = ["call", "capture", "city", "folder"]


def lines(call: Caller) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in call.said.out.splitlines()]


def test_an_agency_comes_with_a_contract_and_is_suspended_with_all_its_people(call: Caller) -> None:
    """P-09: one act, one entry that lists them."""
    assert call("agency add", "eastwind", "Eastwind Services", "--contact", "Bo Li", who="office") == 0
    dates = ("--starts", "2026-01-01", "--ends", "{day}")
    assert call("agency contract", "eastwind", "27-1", *dates, "--sponsor", "p-head", who="office") == 0
    assert Contract.objects.get(number="27-1").sponsor.uid == "p-head"
    assert call("agency contract", "nobody", "27-2", *dates, who="office") == 2
    assert call("agency contract", "eastwind", "27-2", "--starts", "yesterday", "--ends", "{day}", who="office") == 2
    assert b"yesterday is not a day like" in call.said.err
    assert call("agency suspend", "northline", who="office") == 0 and b"with 1 of its people" in call.said.out
    assert call("agency suspend", "northline", who="office") == 4, "it is suspended already"
    assert Entry.objects.get(act="agency.suspend").facts["people"] == ["p-crew2"]
    assert call("agency list", "--json", who="auditor") == 0
    rows = {str(row["code"]): row for row in lines(call)}
    assert rows["northline"]["suspended"] and rows["northline"]["people"] == 1 and not rows["eastwind"]["suspended"]
    assert call("agency resume", "northline", who="office") == 0
    assert call("agency list", who="office") == 0 and b"Northline, 1 people\n" in call.said.out


def test_a_list_gets_members_and_says_whom_it_reaches(call: Caller) -> None:
    """P-06: a list on a list is expanded; what is not there is refused by name and nothing is changed."""
    assert call("lists make", "signals@city.example", "Signals", "--department", "public-works", who="head") == 0
    on = ("--add", "dana.ortiz@city.example", "--add", "Lena.Vogt@city.example")
    assert call("lists change", "signals@city.example", *on, who="head") == 0
    assert call("lists change", "pool@city.example", "--add", "signals@city.example", who="head") == 0
    assert call("lists show", "pool@city.example", "--json", who="head") == 0
    assert [row["address"] for row in lines(call)] == ["dana.ortiz@city.example", "lena.vogt@city.example"]
    assert call("lists change", "signals@city.example", "--remove", "dana.ortiz@city.example", who="head") == 0
    assert call("lists show", "pool@city.example", who="head") == 0 and call.said.out == b"lena.vogt@city.example\n"
    for wrong in (("--remove", "dana.ortiz@city.example"), ("--add", "ghost@city.example")):
        assert call("lists change", "signals@city.example", *wrong, who="head") == 2
    assert [m.address for m in MailGroup.objects.get(address="signals@city.example").members.all()] == ["lena.vogt@city.example"]
    assert call("lists list", "public-works", "--json", who="deputy") == 0
    assert {"signals@city.example", "pool@city.example"} <= {row["address"] for row in lines(call)}
    assert call("lists close", "signals@city.example", who="head") == 0
    assert call("lists show", "pool@city.example", who="head") == 0 and call.said.out == b""


def test_a_policy_is_published_from_a_file_and_answered_on_paper(call: Caller) -> None:
    """P-18, P3."""
    publish = ("policy publish", "{folder}/policy.md", "--title", "E-mail use")
    assert call(*publish, who="office") == 2, "from version 2 on somebody says what is new"
    assert call("policy publish", "{folder}/missing.md", "--title", "E-mail use", "--changed", "All.", who="office") == 2
    assert call(*publish, "--changed", "Clearer words.", "--minor", who="office") == 0
    made = PolicyText.objects.get(version=8)
    assert made.sha256.encode() in call.said.out and not made.material
    assert call("policy paper", "p-crew0", "--reference", "Binder 12, page 40", who="head") == 0
    said = Acknowledgement.objects.get(person__uid="p-crew0", text=made)
    assert (said.how, said.accepted, said.reference) == ("paper", True, "Binder 12, page 40")
    assert call("policy paper", "p-crew1", "--version", "7", "--declined", "--reference", "Binder 12, page 41", who="head") == 0
    assert call("policy paper", "p-crew1", "--version", "99", "--reference", "Binder 12, page 41", who="head") == 2
    assert call("policy list", "--json", who="crew0") == 0
    assert [row["version"] for row in lines(call)] == [8, 7]


def test_access_is_suspended_given_back_extended_and_a_sign_in_unlocked(call: Caller, city: Town) -> None:
    """P-04, M2, M3: nobody extends their own, and the department decides."""
    own = Authorization.objects.get(person__uid="p-crew0", role="holder")
    assert call("access suspend", "p-crew0", who="head") == 0
    assert Authorization.objects.get(pk=own.pk).state == "suspended"
    assert call("access suspend", "p-crew0", who="head") == 4, "there is nothing left to suspend"
    assert call("access resume", "p-crew0", who="head") == 0
    assert Authorization.objects.get(pk=own.pk).state == "active"
    assert call("access extend", "p-crew0", "--until", "{day}", who="head") == 0
    ends = Authorization.objects.get(pk=own.pk).until
    assert (last_day(ends).isoformat(), timezone.localtime(ends).time()) == (call.day, time.min), "the whole day, in the city"
    assert f"until {call.day}." in call.said.out.decode()
    assert call("access extend", "p-head", "--until", "{day}", who="head") == 4
    assert call("access extend", "p-crew0", "--until", "{day}", "--mailbox", "clerk@city.example", who="head") == 2
    assert call("access unlock", "p-crew5", who="office") == 0
    assert Account.objects.get(person__uid="p-crew5").locked is None


def test_a_conflict_is_recorded_before_the_second_role_and_a_role_ended(call: Caller) -> None:
    """D3: with what watches over it, and until when."""
    second = ("duty grant", "p-records", "retention-officer", "--until", "{day}")
    assert call(*second, who="office") == 4 and b"exclude each other" in call.said.err
    control = ("--control", "Two people only; the mayor reads every entry weekly.", "--until", "{day}")
    assert call("duty conflict", "nobody", "records-officer", "retention-officer", *control, who="office") == 2
    assert b"The directory has nobody who is nobody." in call.said.err
    assert call("duty conflict", "records@city.example", "records-officer", "retention-officer", *control, who="office") == 0
    assert ConflictRecord.objects.get().control.startswith("Two people only")
    assert call(*second, who="office") == 0
    assert call("duty end", "p-records", "retention-officer", who="office") == 0
    assert call("duty end", "p-records", "retention-officer", who="office") == 2, "it has ended"
    assert RoleAssignment.objects.get(person__uid="p-records", role="retention-officer").ended is not None


@pytest.mark.parametrize(("given", "head", "deputies"), [
    (("--head", "p-super", "--deputy", "p-head", "--deputy", "p-deputy"), "p-super", {"p-head", "p-deputy"}),
    ((), None, set()),
])  # fmt: skip
def test_who_decides_for_a_department_is_exactly_who_was_named(
    call: Caller, given: tuple[str, ...], head: str | None, deputies: set[str]
) -> None:
    assert call("department lead", "public-works", *given, who="office") == 0
    row = Department.objects.get(code="public-works")
    assert (row.head.uid if row.head else None) == head
    assert set(row.deputies.values_list("uid", flat=True)) == deputies
    assert call("department lead", "nowhere", *given, who="office") == 2


def test_entries_are_exported_as_a_siem_reads_them(call: Caller) -> None:
    """P-29: the history of a receiver that is new, the oldest first, each with the uuid under which the job sends it."""
    assert call("agency add", "eastwind", "Eastwind Services", "--contact", "Bo Li", who="office") == 0
    assert call("entries", "--format", "ocsf", "--act", "agency.change", who="auditor") == 0
    said = lines(call)
    assert [row["metadata"]["event_code"] for row in said] == ["agency.change"] * len(said)  # type: ignore[index]
    made = Entry.objects.filter(act="agency.change").latest("id")
    assert said[-1]["metadata"]["uid"] == str(made.uuid) and said[-1]["class_uid"] == 6003  # type: ignore[index]
    assert call("entries", "--format", "rfc5424", "--act", "agency.change", "--from", "2020-01-01", who="auditor") == 0
    assert f'uuid="{made.uuid}"'.encode() in call.said.out and call.said.out.startswith(b"<109>1 ")
    assert call("entries", "--format", "ocsf", "--from", "2120-01-01", who="auditor") == 0 and not call.said.out
    assert call("entries", "--from", "yesterday", who="auditor") == 2
    assert Entry.objects.filter(act="entries.see").latest("id").facts == {"from": "2120-01-01", "format": "ocsf"}
