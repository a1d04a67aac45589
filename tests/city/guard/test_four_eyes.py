"""Four eyes: who is a second person for whom (P-07, P-16; E3, AC-5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from city.guard.resources import resource
from city.identity import staff
from city.identity.staff import MS, NOW
from civicmail.city.directory.actions.people import Name, Work
from civicmail.city.directory.models import FeedLine, FeedRun, Person
from civicmail.city.guard import four_eyes, guard
from civicmail.city.guard.actors import Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.four_eyes import WINDOW, AccountOpening, Appointment, Facts, OpeningKind, is_same_person, why_refused
from civicmail.city.guard.models import Account, Entry, Invitation
from civicmail.city.guard.permissions import PERMISSIONS, TAKE_TWO
from civicmail.city.guard.queries.four_eyes import facts
from civicmail.city.guard.roles import ROLES
from civicmail.city.identity.actions import feed, organization
from civicmail.city.identity.actions.people import add, rename

EVERYBODY = frozenset({"ann", "bea", "cyd", "dot", "eve"})
OFFICER = Actor("officer", "officer", (HeldRole("access-officer", "", MS + 400 * DAY_MS),))


def opened(of: str, *hands: str, how: OpeningKind = "invited", at: int = MS) -> AccountOpening:
    return AccountOpening(of, frozenset(hands), how, at)


def refused(uid: str, *firsts: str, began: int = MS, now: int = MS, **known: object) -> str:
    return why_refused(uid, firsts, Facts(EVERYBODY, **known), began=began, now=now)  # type: ignore[arg-type]


# -- pure


@pytest.mark.rule(
    "P-16",
    "A person who opened another's sign-in within 90 days is no second person for them, nor are two whose sign-ins one "
    "person opened alone.",
)
@pytest.mark.parametrize("how", ["invited", "recovered"])
def test_who_opened_a_sign_in_is_no_second_person_for_90_days_either_way(how: OpeningKind) -> None:
    known = (opened("bea", "ann", how=how),)
    for one, other in (("ann", "bea"), ("bea", "ann")):
        assert "opened" in refused(one, other, opened=known)
        assert "opened" in refused(one, other, opened=known, now=MS + WINDOW - 1, began=MS + WINDOW - 1)
        assert refused(one, other, opened=known, now=MS + WINDOW, began=MS + WINDOW) == ""
    assert refused("cyd", "ann", opened=known) == refused("cyd", "bea", opened=known) == ""


def test_the_window_is_that_of_the_request_where_it_began_earlier() -> None:
    """Ninety days are over when it is decided, and were not when it was asked."""
    known = (opened("bea", "ann"),)
    assert refused("ann", "bea", opened=known, began=MS + DAY_MS, now=MS + WINDOW + DAY_MS)


def test_one_officer_who_opened_both_could_have_been_both() -> None:
    """Asks as the one and approves as the other."""
    known = (opened("bea", "ann", how="recovered"), opened("cyd", "ann", how="recovered"))
    assert "could have signed in as you and as bea" in refused("cyd", "bea", opened=known)
    assert refused("cyd", "bea", "dot", opened=known), "for each of whoever did another half"
    chain = (opened("bea", "ann", at=MS - 100 * DAY_MS), opened("cyd", "bea", at=MS - 20 * DAY_MS), opened("dot", "eve"))
    assert "could have signed in" in refused("cyd", "ann", opened=chain), "by the one in between, at that time"
    assert refused("dot", "cyd", opened=chain) == ""
    late = (opened("bea", "ann", at=MS - DAY_MS), opened("cyd", "bea", at=MS - 20 * DAY_MS))
    assert refused("cyd", "ann", opened=late) == "", "who came in between later opened nothing by it"
    circle = (opened("bea", "ann"), opened("ann", "bea"))
    assert refused("cyd", "ann", opened=circle) == "" and refused("bea", "ann", opened=circle)


def test_what_takes_two_hands_is_no_one_persons() -> None:
    """Neither of the two is a second person for its owner, of a first letter whoever asked for it; those for whom it was opened may
    decide together."""
    letter = (AccountOpening("cyd", frozenset({"ann", "bea"}), "invited", MS, by=frozenset({"ann"})),)
    assert refused("ann", "cyd", opened=letter) and not refused("bea", "cyd", opened=letter)
    assert not why_refused("ann", ["cyd"], Facts(EVERYBODY, letter), began=MS, now=MS, alone=True), "to hand the next letter over"
    known = (opened("cyd", "ann", "bea"), opened("dot", "ann", "bea"))
    assert refused("ann", "cyd", opened=known) and refused("bea", "cyd", opened=known)
    assert refused("dot", "cyd", opened=known) == ""
    both_mine = (*known, opened("bea", "ann"))
    assert "could have signed in" in refused("dot", "cyd", opened=both_mine), "two hands of one person"


def test_who_was_added_by_hand_is_never_a_second_person_for_who_did_it() -> None:
    """P-23."""
    known = (opened("bea", "ann", how="added", at=MS - 900 * DAY_MS), opened("cyd", "ann", how="added", at=MS - 900 * DAY_MS))
    assert "added bea by hand" in refused("ann", "bea", opened=known)
    assert "added you by hand" in refused("bea", "ann", opened=known)
    assert "could have signed in" in refused("cyd", "bea", opened=known)


def test_one_person_with_two_numbers_is_one() -> None:
    """Also where only a third number shows it, and for whoever opened something under the other number."""
    two = {frozenset({"ann", "bea"}): "the same name"}
    assert "one person with two numbers" in refused("bea", "ann", same=two)
    assert is_same_person("ann", "bea", Facts(EVERYBODY, same=two)) and not is_same_person("ann", "cyd", Facts(EVERYBODY, same=two))
    three = two | {frozenset({"bea", "cyd"}): "the same address elsewhere"}
    assert "third number" in refused("cyd", "ann", same=three)
    assert "opened" in refused("bea", "cyd", same=two, opened=(opened("cyd", "ann"),))


@pytest.mark.rule("P-16", "Whom the first person named after it began, as a deputy or by a role, is no second person.")
def test_whom_the_first_person_named_after_it_began_does_not_count() -> None:
    for at, counts in ((MS, True), (MS + 1, True), (MS - 1, False)):
        assert bool(refused("bea", "ann", named=(Appointment("ann", "bea", at),), now=MS + 9)) is counts
    assert refused("bea", "ann", named=(Appointment("cyd", "bea", MS + 1),), now=MS + 9) == ""
    assert refused("bea", "ann", named=(Appointment("cyd", "bea", MS + 1),), opened=(opened("ann", "cyd"),), now=MS + 9)


@pytest.mark.rule("P-16", "An act that takes two people is refused if it is unknown whether they are two.")
def test_what_is_not_known_refuses() -> None:
    """Nobody looked, or somebody is not in the directory."""
    assert why_refused("ann", ["nobody"], Facts(EVERYBODY), began=MS, now=MS) == four_eyes.UNKNOWN
    assert why_refused("nobody", ["ann"], Facts(EVERYBODY), began=MS, now=MS) == four_eyes.UNKNOWN
    assert why_refused("ann", [""], Facts(EVERYBODY), began=MS, now=MS) == four_eyes.UNKNOWN
    for act in sorted(TAKE_TWO):
        everything = tuple(HeldRole(role, "", MS + DAY_MS) for role in ROLES)
        actor = Actor("ann", "Ann", everything, frozenset({"clerk"}))
        about = resource(
            PERMISSIONS[act].resource,
            department="clerk",
            person="cyd",
            reviewer="ann",
            first_actors=("bea",),
            began_ms=MS,
            alone=False,
        )
        assert guard.may(actor, act, about, now=MS), f"{act}: a button may be shown"
        with pytest.raises(NotPermitted, match="cannot be told"):
            guard.require(actor, act, about, now=MS)
        with pytest.raises(NotPermitted):
            guard.require(Actor("bea", "Bea", everything, frozenset({"clerk"})), act, about, now=MS)
        assert PERMISSIONS[act].second_person


# -- as the directory and the record have it


def signed_in(
    of: str, by: str, *, recovery: bool = False, at: int = MS - DAY_MS, used: bool = True, over: bool = False, handed: str = ""
) -> Invitation:
    account, until = Account.objects.get(person__uid=of), from_ms(at + 3 * DAY_MS)
    return Invitation.objects.create(
        account=account, mac=str(Invitation.objects.count()), recovery=recovery, made=from_ms(at), until=until,
        by=by, handed_by=handed,
        handed=from_ms(at) if handed else None, whole=by.startswith("os:"),
        used=from_ms(at) if used else None, ended=from_ms(at) if over else None,
    )  # fmt: skip


@pytest.fixture
def town(db: None) -> None:
    where = staff.department(head=(head := staff.person("head")))
    staff.employed(head, where)
    for n, uid in enumerate(("officer", *sorted(EVERYBODY))):
        staff.worker(uid, where, head)
        Person.objects.filter(uid=uid).update(family=f"Family{n}", display=f"{uid.title()} Family{n}", phone=f"414 555 01{n:02}")


def known(*uids: str, began: int = MS) -> Facts:
    return facts(uids, began=began, now=MS)


@pytest.mark.usefixtures("town")
def test_links_that_came_to_nothing_tie_nobody() -> None:
    """Used or still good: the rest opened nothing. The owner of the data folder is no hand."""
    signed_in("ann", "officer", used=False, over=True)
    signed_in("bea", "officer", used=False, at=MS - 5 * DAY_MS)
    signed_in("cyd", "os:root")
    signed_in("dot", "officer", at=MS - WINDOW - DAY_MS)
    assert known("ann", "bea", "cyd", "dot").counted(MS, MS) == []
    signed_in("ann", "officer", used=False)
    assert known("ann").counted(MS, MS) == [], "nobody has the second half"
    signed_in("ann", "officer", used=False, handed="eve")
    signed_in("bea", "officer", recovery=True, handed="eve")
    assert {(o.of, o.how) for o in known("ann", "bea").counted(MS, MS)} == {("ann", "invited"), ("bea", "recovered")}
    counted = {one.of: one.openers for one in known("ann", "bea").counted(MS, MS)}
    assert counted == {"ann": {"officer"}, "bea": {"officer", "eve"}}
    assert "officer" in known("ann").people, "whoever opened it is looked at, too"


@pytest.mark.rule(
    "P-16",
    "A person who added another manually is no second person for them, until a list from another source has them.",
)
@pytest.mark.usefixtures("town")
def test_a_person_who_was_added_by_hand_is_somebodys_until_another_list_has_them() -> None:
    where = staff.Department.objects.get()
    add("new", Name("New", "Nora"), Work("employee", where), actor=OFFICER, reason="Begins this month.", now=MS - 300 * DAY_MS)
    assert [(o.of, o.hands, o.how) for o in known("new").opened] == [("new", frozenset({"officer"}), "added")]
    for by, counts in (("officer", 1), ("feed:hr", 0)):
        run = FeedRun.objects.create(at=NOW, source="people.csv", sha256="0" * 64, state="applied", by=by)
        FeedLine.objects.create(run=run, uid="new", did="changed")
        assert len(known("new").counted(MS, MS)) == counts, "a list of one's own proves nothing"
    FeedLine.objects.all().delete()
    Account.objects.create(person=Person.objects.get(uid="new"), username="new@city.example", made=NOW)
    for handed, counts in (("officer", 1), ("os:root", 1), ("eve", 0)):
        signed_in("new", "officer", handed=handed, at=MS - 200 * DAY_MS)
        assert len(known("new").counted(MS, MS)) == counts, "eve has seen them at the counter"


@pytest.mark.usefixtures("town")
def test_whom_a_personnel_list_brought_nobody_has_added_by_hand() -> None:
    """Also where one officer reads the list of the whole city."""
    rows = [
        "uid,family,given,kind,department,position,supervisor",
        *(f"x-{n},Family{n}x,Given{n},employee,clerk,Clerk," for n in (1, 2)),
    ]
    run = feed.propose("\n".join(rows).encode(), source="people.csv", actor=OFFICER, now=MS - DAY_MS)
    feed.apply(run, actor=OFFICER, reason="the first list", now=MS - DAY_MS, despite_brake=True)
    assert {e.object for e in Entry.objects.filter(act="person.add", person="officer")} == {"person:x-1", "person:x-2"}
    assert why_refused("x-1", ["x-2", "officer"], known("x-1", "x-2", "officer"), began=MS, now=MS) == ""


@pytest.mark.rule("P-07", "One person with two numbers counts as one, by present or former data of the directory.")
@pytest.mark.usefixtures("town")
def test_two_numbers_are_known_by_name_former_name_and_address_and_an_office_may_share_a_line() -> None:
    pair = frozenset({"ann", "bea"})
    assert pair not in known("ann", "bea").same
    Person.objects.filter(uid="bea").update(phone="414 555 0101")
    assert pair not in known("ann", "bea").same, "both work at one desk"
    other = staff.department("parks")
    Person.objects.get(uid="bea").episodes.update(department=other)
    assert "telephone" in known("ann", "bea").same.get(pair, "")
    Person.objects.filter(uid="bea").update(phone="414 555 0999", outside="ann@home.example")
    Person.objects.filter(uid="ann").update(outside="ann@home.example")
    assert "private address" in known("ann", "bea").same.get(pair, "")
    Person.objects.filter(uid="ann").update(outside="")
    ann = Person.objects.get(uid="ann")
    rename(Person.objects.get(uid="cyd"), Name(ann.family, ann.given), actor=OFFICER, reason="a test", now=MS)
    rename(Person.objects.get(uid="cyd"), Name("Family9", "Cyd"), actor=OFFICER, reason="a test", now=MS)
    assert "formerly" in known("ann", "cyd").same.get(frozenset({"ann", "cyd"}), ""), "another name since"


@pytest.mark.usefixtures("town")
def test_deputies_are_known_by_the_record() -> None:
    """P-15."""
    where = staff.Department.objects.get()
    organization.lead_department(where, where.head, [Person.objects.get(uid="ann")], actor=OFFICER, reason="leave", now=MS - DAY_MS)
    organization.lead_department(
        where, where.head, [Person.objects.get(uid="ann"), Person.objects.get(uid="bea")], actor=OFFICER, reason="leave", now=MS + 1
    )
    assert [(n.by, n.of) for n in known("officer", "bea").named] == [("officer", "bea")], "who was one before is none of these"
    assert known("bea", "ann").named == ()


@pytest.mark.usefixtures("town")
def test_it_takes_few_questions(django_assert_max_num_queries: object) -> None:
    signed_in("ann", "officer")
    signed_in("officer", "bea")
    with django_assert_max_num_queries(18):  # type: ignore[operator]
        assert why_refused("cyd", ["ann"], known("cyd", "ann"), began=MS, now=MS) == ""
    assert timedelta(milliseconds=WINDOW).days == four_eyes.WINDOW_DAYS
