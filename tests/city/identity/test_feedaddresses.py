"""People with addresses that they have already: the list brings them, and none is made up (P-08, L3)."""

from __future__ import annotations

import pytest
from django.test import Client

from city.identity import staff
from city.identity.staff import MS, NOW
from civicmail.city.directory.actions import groups
from civicmail.city.directory.models import Address, Department, FeedLine, FeedRun, Mailbox, Person, ReservedAddress
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.guard.models import Account, Entry
from civicmail.city.guard.reasons import Reasons
from civicmail.city.identity.actions import access_requests, bulk_authorization, feed, mailboxes
from civicmail.city.identity.models import Authorization
from pages.world import signed_in

pytestmark = pytest.mark.django_db

OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))
HEAD = "uid,given,family,kind,department,position,address,aliases\n"
WORDS = "Answers letters of the people of this city, on the same day."
REASONS = Reasons(WORDS, WORDS, WORDS, WORDS)


def _propose(*lines: str, head: str = HEAD) -> FeedRun:
    return feed.propose((head + "".join(f"{line}\n" for line in lines)).encode(), source="people.csv", actor=OFFICER, now=MS)


def _apply(run: FeedRun, **more: bool) -> FeedRun:
    return feed.apply(run, actor=OFFICER, reason="Looked at it.", now=MS, **more)


def _line(uid: str, address: str = "", aliases: str = "") -> str:
    return f"{uid},Ann,Test{uid},employee,clerk,Clerk,{address},{aliases}"


def _refused(run: FeedRun) -> dict[str, str]:
    return dict(FeedLine.objects.filter(run=run, did="refused").values_list("uid", "reason"))


def _reached(person: str) -> set[str]:
    return set(Address.objects.filter(person__uid=person, until__isnull=True).values_list("address", flat=True))


@pytest.fixture
def clerk(installed: object) -> Department:
    return staff.department("clerk")


@pytest.fixture
def two(clerk: Department) -> tuple[Person, Person]:
    """The head who authorizes, and the deputy who writes the reasons."""
    head, deputy = staff.person("head"), staff.person("deputy")
    for one in (head, deputy):
        staff.employed(one, clerk)
    clerk.head = head
    clerk.save()
    clerk.deputies.set([deputy])
    return head, deputy


def _authorize(clerk: Department, two: tuple[Person, Person], people: list[Person]) -> None:
    head, deputy = (Actor(p.uid, p.display, departments=frozenset({"clerk"})) for p in two)
    profile = bulk_authorization.write_profile(clerk, "Clerk", REASONS, actor=deputy, now=MS)
    bulk_authorization.authorize(profile, people, until=MS + 300 * DAY_MS, actor=head, now=MS)


_STAY = ("head,Ann,Head,employee,clerk,Clerk,,", "deputy,Ann,Deputy,employee,clerk,Clerk,,")


@pytest.mark.rule("P-04, P-08", "A person with an address from a feed gets a mailbox of that name; no other is made up.")
def test_who_has_an_address_already_gets_a_mailbox_of_that_name(clerk: Department, two: tuple[Person, Person]) -> None:
    """Nobody gets access by the list; whoever authorizes finds the address, and the sign-in has it, too."""
    _apply(
        _propose(*_STAY, _line("e-1", "A.Test@city.example", "at@city.example tester@city.example"), _line("e-2")),
        despite_brake=True,
    )
    assert not Mailbox.objects.filter(holder__uid__in=["e-1", "e-2"]).exists()
    people = list(Person.objects.filter(uid__in=["e-1", "e-2"]).order_by("uid"))
    client = Client()
    client.cookies["sessionid"] = signed_in(two[0])
    page = client.get("/dept/clerk/people/e-1/")
    assert "a.test@city.example" in page.content.decode()
    _authorize(clerk, two, people)
    assert Mailbox.objects.get(holder__uid="e-1").address == "a.test@city.example"
    assert _reached("e-1") == {"a.test@city.example", "at@city.example", "tester@city.example"}
    assert Account.objects.get(person__uid="e-1").username == "a.test@city.example"
    assert Mailbox.objects.get(holder__uid="e-2").address == "ann.teste.2@city.example", "made of the name where none came"


def test_a_request_by_hand_finds_the_address_too(clerk: Department, two: tuple[Person, Person]) -> None:
    _apply(_propose(*_STAY, _line("e-1", "a.test@city.example", "at@city.example")), despite_brake=True)
    asker = Actor(two[1].uid, "Deputy", departments=frozenset({"clerk"}))
    made = access_requests.ask(Person.objects.get(uid="e-1"), reasons=REASONS, until=MS + 99 * DAY_MS, actor=asker, now=MS)
    assert made.mailbox.address == "a.test@city.example" and "at@city.example" in _reached("e-1")


@pytest.mark.rule("P-08, L3", "An address that a feed reserves for a person is nobody else's, even before there is a mailbox.")
def test_nobody_else_gets_an_address_that_is_kept_for_somebody(clerk: Department) -> None:
    """Not as an alias, not as a list, not made of a name, and not by another line."""
    _apply(_propose(_line("e-1", "ann.teste.2@city.example", "front@city.example")))
    with pytest.raises(Unusable, match="kept for Ann Teste-1"):
        mailboxes.make_function(
            "front@city.example",
            "Front",
            clerk,
            "What the front office answers for all.",
            actor=OFFICER,
            reason="It is so.",
            now=MS,
        )
    with pytest.raises(Unusable, match="kept for Ann Teste-1"):
        groups.make("front@city.example", "Front", clerk, ["city.example"], now=NOW)
    run = _propose(_line("e-1", "ann.teste.2@city.example"), _line("e-2", "front@city.example"))
    assert "is the address of Ann Teste-1 (e-1)" in _refused(run)["e-2"]
    _apply(_propose(_line("e-1"), _line("e-2")))
    made = access_requests.open_own_mailbox(Person.objects.get(uid="e-2"), clerk, now=MS)
    assert made.address == "ann.teste.22@city.example"


@pytest.mark.rule(
    "P-08",
    "A line of a feed with an address that is another's, shared, a list's, a role's, or of another line is refused "
    "completely, with instructions.",
)
def test_clashes_are_listed_before_anything_is_done(clerk: Department) -> None:
    """A shared mailbox, a list, somebody's, somebody's former one: each line says which and what to do; good lines go on."""
    act = {"actor": OFFICER, "reason": "It is so.", "now": MS}
    box = mailboxes.make_function("desk@city.example", "Desk", clerk, "What the desk answers for all of us.", **act)  # type: ignore[arg-type]
    mailboxes.add_alias(box, "counter@city.example", **act)  # type: ignore[arg-type]
    mailboxes.end_alias(box, "counter@city.example", **act)  # type: ignore[arg-type]
    groups.make("all@city.example", "All", clerk, ["city.example"], now=NOW)
    lines = {
        "e-1": "desk@city.example", "e-2": "counter@city.example", "e-3": "all@city.example", "e-4": "one@elsewhere.example",
        "e-5": "two@city.example", "e-6": "two@city.example", "e-7": "good@city.example",
    }  # fmt: skip
    run = _propose(*(_line(uid, address) for uid, address in lines.items()))
    said = _refused(run)
    assert said.keys() == lines.keys() - {"e-7"} and not Person.objects.exists()
    for uid, words in {
        "e-1": "is a mailbox that is no",
        "e-2": "an address of the mailbox desk", "e-3": "is the list all", "e-4": "one of the city's",
        "e-5": "Lines 6 and 7", "e-6": "Lines 6 and 7",
    }.items():  # fmt: skip
        assert words in said[uid], said[uid]
    _apply(run)
    assert list(Person.objects.values_list("uid", flat=True)) == ["e-7"], "whose line was refused gets no made-up address"


@pytest.mark.rule("P-08", "A feed takes no address away from a mailbox that is there: another one reaches it, too.")
def test_another_address_of_who_has_a_mailbox_reaches_it_and_nothing_is_taken_away(clerk: Department) -> None:
    head = staff.person("head")
    staff.employed(head, clerk)
    staff.policy()
    ann = staff.worker("ann", clerk, head)
    before = Mailbox.objects.get(holder=ann).address
    stay = "head,Head,Test,employee,clerk,Clerk,,"
    run = _propose(stay, f"ann,Ann,Test,employee,clerk,Clerk,{before},")
    assert not run.lines.filter(changes__has_key="address").exists(), "what it is called already is no news"
    run = _propose(stay, "ann,Ann,Test,employee,clerk,Clerk,ann.new@city.example,am@city.example")
    assert "keeps its name" in run.lines.get(uid="ann").reason
    _apply(run)
    assert Mailbox.objects.get(holder=ann).address == before
    assert _reached("ann") == {before, "ann.new@city.example", "am@city.example"}
    added = {e.facts["added"] for e in Entry.objects.filter(act="address.change", object=f"mailbox:{before}")}
    assert added == {"ann.new@city.example", "am@city.example"}
    for line in ("ann.new@city.example,am@city.example", ",", "ann.new@city.example,"):
        again = _propose(stay, f"ann,Ann,Test,employee,clerk,Clerk,{line}")
        assert not again.lines.exists(), "the same again, and silence, change nothing"
    assert Authorization.objects.get(person=ann).mailbox.address == before


def test_a_wrong_line_is_put_right_by_the_next_list_until_there_is_a_mailbox(clerk: Department) -> None:
    """Two whose addresses were exchanged; what was kept wrongly is free again."""
    _apply(_propose(_line("e-1", "two@city.example", "x@city.example"), _line("e-2", "one@city.example")))
    _apply(_propose(_line("e-1", "one@city.example", "y@city.example"), _line("e-2", "two@city.example")))
    rows = ReservedAddress.objects.order_by("address").values_list("address", "person__uid", "main")
    assert list(rows) == [("one@city.example", "e-1", True), ("two@city.example", "e-2", True), ("y@city.example", "e-1", False)]


def test_what_became_somebody_elses_since_the_list_was_read_stops_it(clerk: Department) -> None:
    run = _propose(_line("e-1", "desk@city.example"))
    mailboxes.make_function(
        "desk@city.example", "Desk", clerk, "What the desk answers for all of us.", actor=OFFICER, reason="It is so.", now=MS
    )
    with pytest.raises(Conflict, match="Run the dry run again"):
        _apply(run)
    assert not Person.objects.exists()


@pytest.mark.rule("P-08, L7", "A list that would change the address of more than one in ten stops until an officer decides.")
def test_a_column_of_addresses_that_slipped_by_a_line_is_held(clerk: Department) -> None:
    """L7: it would read everybody's mail to their neighbour."""
    _apply(_propose(*(_line(f"e-{n}", f"p{n}@city.example") for n in range(60))))
    run = _propose(*(_line(f"e-{n}", f"p{(n + 1) % 60}@city.example") for n in range(60)))
    assert run.state == "stopped" and "change the address of 60 people" in run.brake


def test_a_list_without_the_columns_leaves_addresses_alone(clerk: Department) -> None:
    _apply(_propose(_line("e-1", "one@city.example")))
    head = "uid,given,family,kind,department,position\n"
    assert not _propose("e-1,Ann,Teste-1,employee,clerk,Clerk", head=head).lines.exists()
    assert ReservedAddress.objects.count() == 1
