"""The personnel list: a proposal first, a brake, and never access (L1, L7, M6; P-08)."""

from __future__ import annotations

import pytest

from city.identity import staff
from city.identity.staff import MS
from civicmail.city.directory.models import Department, Episode, FeedLine, FeedRun, Mailbox, Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS, epoch_ms
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.city.guard.models import Account, Entry
from civicmail.city.identity.actions import feed
from civicmail.city.identity.models import Authorization, Ending

pytestmark = pytest.mark.django_db

OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))
HEAD = "uid,given,family,kind,department,position,supervisor,contract\n"


def _list(*lines: str) -> bytes:
    return (HEAD + "".join(f"{line}\n" for line in lines)).encode()


def _propose(*lines: str) -> FeedRun:
    return feed.propose(_list(*lines), source="people.csv", actor=OFFICER, now=MS)


def _apply(run: FeedRun, **more: bool) -> FeedRun:
    return feed.apply(run, actor=OFFICER, reason="Looked at it.", now=MS, **more)


def _crowd(count: int) -> list[str]:
    return [f"e-{n},Given{n},Family{n},employee,clerk,Clerk,," for n in range(count)]


def _did(run: FeedRun) -> dict[str, str]:
    return dict(FeedLine.objects.filter(run=run).values_list("uid", "did"))


@pytest.fixture
def clerk() -> Department:
    return staff.department("clerk")


def test_a_proposal_changes_nothing_and_says_what_it_would_do(clerk: Department) -> None:
    run = _propose("e-1,Ann,Müller,employee,clerk,Director,,", "e-2,Bob,Baker,employee,parks,Clerk,,")
    assert run.state == "proposed" and _did(run) == {"e-1": "added", "e-2": "refused"} and clerk.episodes.count() == 0
    assert FeedLine.objects.get(uid="e-2").reason.startswith("There is no department parks: write")
    assert not Person.objects.exists()


def test_a_list_brings_people_and_never_access(clerk: Department) -> None:
    """That is the department's to decide."""
    run = _apply(_propose("e-1,Ann,Müller,employee,clerk,Director,,", "e-2,Bob,Baker,employee,clerk,Clerk,e-1,"))
    assert run.state == "applied" and Episode.objects.count() == 2
    bob = Person.objects.get(uid="e-2")
    assert bob.display == "Bob Baker" and bob.episodes.get().supervisor == Person.objects.get(uid="e-1")
    assert not (Authorization.objects.exists() or Account.objects.exists() or Mailbox.objects.exists())
    assert Entry.objects.filter(act="person.add").count() == 2 and Entry.objects.filter(act="feed.apply").count() == 1
    assert clerk.episodes.count() == 2
    again = _propose("e-1,Ann,Müller,employee,clerk,Director,,", "e-2,Bob,Baker,employee,clerk,Clerk,e-1,")
    assert again.lines.count() == 0, "the same list again changes nothing"


def test_addresses_elsewhere_come_from_the_list_and_a_list_without_them_leaves_them(clerk: Department) -> None:
    """P-11: mail to one's own account is known by what the city was told."""
    line = "e-1,Ann,Müller,employee,clerk,Director,,"
    told = HEAD.replace("contract", "contract,outside").encode() + f"{line},Ann@Home.example; a.m@post.example\n".encode()
    _apply(feed.propose(told, source="people.csv", actor=OFFICER, now=MS))
    assert Person.objects.get(uid="e-1").outside == "a.m@post.example ann@home.example"
    assert _propose(line).lines.count() == 0


@pytest.mark.rule("P-08, L7", "A personnel list that would end more than 2 % of the people stops until an officer decides.")
def test_more_than_two_percent_stops_and_asks(clerk: Department) -> None:
    """Two of a hundred go, three stop."""
    crowd = _crowd(100)
    _apply(_propose(*crowd))
    assert _propose(*crowd[2:]).state == "proposed"
    run = _propose(*crowd[3:])
    assert run.state == "stopped"
    with pytest.raises(NotPermitted, match="would end 3 people"):
        _apply(run)
    assert clerk.episodes.filter(ended__isnull=True).count() == 100
    assert _apply(run, despite_brake=True).state == "applied"
    assert clerk.episodes.filter(ended__isnull=True).count() == 97 and Ending.objects.filter(done__isnull=False).count() == 3


def test_whose_line_was_refused_or_whose_kind_is_not_in_the_list_stays(clerk: Department) -> None:
    head = staff.person("head")
    staff.employed(head, clerk)
    staff.worker("vera", clerk, head, "volunteer")
    staff.worker("ann", clerk, head)
    crowd = _crowd(100)
    _apply(_propose("head,Head,Test,employee,clerk,Clerk,,", "ann,Ann,Test,employee,clerk,Clerk,,", *crowd))
    run = _propose("head,Head,Test,employee,clerk,Clerk,,", "ann,Ann,,employee,clerk,Clerk,,", *crowd)
    assert _did(run) == {"ann": "refused"}


@pytest.mark.rule("P-04, P-08, M6", "After a transfer the old department's access lasts for the overlap only.")
def test_who_moves_keeps_the_old_departments_access_for_two_weeks(clerk: Department) -> None:
    """And the new one decides afresh."""
    head = staff.person("head")
    staff.employed(head, clerk)
    ann = staff.worker("ann", clerk, head)
    parks = staff.department("parks")
    run = _apply(_propose("head,Head,Test,employee,clerk,Clerk,,", "ann,Ann,Test,employee,parks,Gardener,,"))
    assert run.lines.get(uid="ann").changes["department"] == ["clerk", "parks"]
    assert ann.episodes.get().department == parks
    right = Authorization.objects.get(person=ann)
    assert right.state == "active" and epoch_ms(right.until) == MS + 14 * DAY_MS


def test_supervisors_who_are_nowhere_or_go_round_are_left_out_and_said(clerk: Department) -> None:
    """Bad input: cycles of managers, missing heads."""
    run = _propose(
        "a,A,A,employee,clerk,,b,", "b,B,B,employee,clerk,,c,", "c,C,C,employee,clerk,,a,", "d,D,D,employee,clerk,,a,",
        "e,E,E,employee,clerk,,nobody,",
    )  # fmt: skip
    reasons = dict(run.lines.values_list("uid", "reason"))
    assert "circle" in reasons["a"] and "circle" in reasons["b"] and "circle" in reasons["c"]
    assert reasons["d"] == "" and "nobody is not in the list" in reasons["e"]
    _apply(run)
    assert dict(clerk.episodes.values_list("person__uid", "supervisor__uid")) == {
        "a": None,
        "b": None,
        "c": None,
        "d": "a",
        "e": None,
    }


@pytest.mark.parametrize("kind", ["contractor", "vendor", "agent"])
def test_who_works_for_an_agency_needs_its_contract(kind: str, clerk: Department) -> None:
    """P-09."""
    other = staff.person("x")
    staff.employed(other, clerk, "contractor")
    run = _propose(f"c-1,A,B,{kind},clerk,,,", f"c-2,A,B,{kind},clerk,,,acme/C-1", f"c-3,A,B,{kind},clerk,,,acme/C-9")
    assert {k: v for k, v in _did(run).items() if k != "x"} == {"c-1": "refused", "c-2": "added", "c-3": "refused"}
    feed.apply(run, actor=OFFICER, reason="Looked at it.", now=MS, despite_brake=True)
    assert Person.objects.get(uid="c-2").episodes.get().contract is not None


def test_a_proposal_is_applied_once_and_an_older_one_never() -> None:
    staff.department("clerk")
    first, second = _propose(*_crowd(2)), _propose(*_crowd(3))
    with pytest.raises(Conflict):
        _apply(first)
    _apply(second)
    with pytest.raises(Conflict):
        _apply(second)
    assert Person.objects.count() == 3


def test_who_comes_back_is_the_same_person_in_a_new_employment(clerk: Department) -> None:
    """L5."""
    crowd = _crowd(60)
    _apply(_propose(*crowd))
    _apply(_propose(*crowd[1:]))
    assert Person.objects.get(uid="e-0").episodes.get().ended is not None
    run = _propose(*crowd)
    assert _did(run) == {"e-0": "added"}
    _apply(run)
    assert Person.objects.get(uid="e-0").episodes.count() == 2 and clerk.episodes.filter(ended__isnull=True).count() == 60


@pytest.mark.rule("P-08", "Only the access office reads and applies personnel lists.")
def test_only_the_access_office_reads_lists() -> None:
    with pytest.raises(NotPermitted):
        feed.propose(_list(*_crowd(1)), source="x", actor=Actor("ann", "Ann"), now=MS)
