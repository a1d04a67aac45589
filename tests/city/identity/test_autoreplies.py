"""Mailboxes that answer by themselves, and what comes for who left (L4, L5; P-06, P-08)."""

from __future__ import annotations

import pytest

from city.identity import staff
from city.identity.staff import MS, NOW
from civicmail.city.directory.models import Department, Mailbox, Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.identity.actions import access_end, autoreplies, mailboxes
from civicmail.city.identity.actions.date_sweep import sweep
from civicmail.city.identity.models import AutoReply, Forwarding
from civicmail.city.identity.queries.autoreplies import in_force, is_left
from civicmail.city.identity.queries.snapshots import build_changes, build_snapshot
from civicmail.mail.courier.release_holds import destination

pytestmark = pytest.mark.django_db

OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))
WHY = "Retired at the end of the month."
TEXT = "Ann Test no longer works here. Please write to 311@city.example."


def _town() -> tuple[Department, Person, Mailbox, Mailbox]:
    head = staff.person("head")
    where = staff.department(head=head)
    ann, bob = staff.worker("ann", where, head), staff.worker("bob", where, head)
    staff.employed(head, where)
    office = staff.mailbox("311@city.example", where)
    staff.authorized(bob, office, bob.episodes.get(), head, role="delegate")
    return where, ann, ann.mailboxes.get(), office


def _head() -> Actor:
    return Actor("head", "Head", departments=frozenset({"clerk"}))


def _left(ann: Person, box: Mailbox) -> None:
    access_end.end_access(ann, reason=WHY, when=MS, actor=OFFICER, now=MS)
    assert is_left(box, MS)


@pytest.mark.rule("P-06", "A mailbox gives one answer by itself, and it ends by its date.")
def test_an_own_answer_takes_the_place_of_the_last_one_and_ends_by_its_date() -> None:
    """One answer a mailbox; the sweep ends it."""
    _, _, box, _ = _town()
    ann = Actor("ann", "Ann Test")
    autoreplies.set_autoreply(box, "Back on Monday.", starts=MS, until=MS + 9 * DAY_MS, actor=ann, reason="away", now=MS)
    autoreplies.set_autoreply(
        box, "Back on Tuesday.", starts=MS + DAY_MS, until=MS + 3 * DAY_MS, outside="", actor=ann, reason="away", now=MS
    )
    assert [(r.text, r.outside) for r in in_force(MS + DAY_MS)] == [("Back on Tuesday.", "")] and not in_force(MS)
    assert sweep(MS + 2 * DAY_MS).replies == 0 and sweep(MS + 3 * DAY_MS).replies == 1
    assert not AutoReply.objects.filter(ended__isnull=True).exists()
    assert list(Entry.objects.order_by("id").values_list("act", flat=True)) == ["reply.set", "reply.end", "reply.set", "reply.end"]


def test_nobody_sets_an_answer_for_somebody_elses_mailbox() -> None:
    _, _, box, _ = _town()
    with pytest.raises(NotPermitted):
        autoreplies.set_autoreply(box, "No.", starts=MS, until=MS + DAY_MS, actor=Actor("bob", "Bob"), reason="away", now=MS)


@pytest.mark.parametrize("wrong", [{"until": MS}, {"until": MS + 400 * DAY_MS}, {"text": "  "}, {"text": "x" * 4001}])
def test_an_answer_has_words_and_an_end_within_a_year(wrong: dict[str, object]) -> None:
    _, _, box, _ = _town()
    said = {"text": "Away.", "starts": MS, "until": MS + DAY_MS, **wrong}
    with pytest.raises(Unusable):
        autoreplies.set_autoreply(box, actor=Actor("ann", "Ann"), reason="away", now=MS, **said)  # type: ignore[arg-type]


@pytest.mark.rule("P-08, L4", "A leaver's mail is forwarded to the function mailbox that the department chose, until its end.")
def test_what_comes_for_who_left_goes_to_the_function_mailbox_until_its_end() -> None:
    _, ann, box, office = _town()
    with pytest.raises(Conflict, match="leaver"):
        autoreplies.forward_left(box, office, until=MS + 30 * DAY_MS, actor=_head(), reason="open cases", now=MS)
    _left(ann, box)
    autoreplies.forward_left(box, office, until=MS + 30 * DAY_MS, actor=_head(), reason="open cases", now=MS)
    seen = build_snapshot(1, MS, ("city.example",))
    assert seen.mailboxes[box.address].state == "held" and destination(seen, box.address, MS) == office.address
    told = build_changes(2, MS, (), [box.pk])
    assert told is not None and told.mailboxes[0] == seen.mailboxes[box.address]
    assert destination(seen, box.address, MS + 30 * DAY_MS) is None, "a snapshot of before knows the end, too"
    assert sweep(MS + 30 * DAY_MS).replies == 1 and Forwarding.objects.get().ended is not None
    assert build_snapshot(3, MS + 30 * DAY_MS, ("city.example",)).mailboxes[box.address].forward == ""


def test_it_goes_to_a_function_mailbox_of_the_same_department_and_to_nobody_elses() -> None:
    """L4, P-11."""
    _, ann, box, _ = _town()
    _left(ann, box)
    other = staff.mailbox("parks@city.example", staff.department("parks"))
    bobs = Mailbox.objects.get(address="bob@city.example")
    for to in (other, bobs, box):
        with pytest.raises(Unusable):
            autoreplies.forward_left(box, to, until=MS + DAY_MS, actor=_head(), reason="open cases", now=MS)
    with pytest.raises(NotPermitted):
        autoreplies.forward_left(box, other, until=MS + DAY_MS, actor=Actor("bob", "Bob"), reason="open cases", now=MS)


@pytest.mark.rule("P-08, L5", "Auto-replies and forwarding of a leaver end when the person is authorized again.")
def test_who_is_back_is_not_answered_for_and_nothing_leads_past_them() -> None:
    """What the department chose for who left ends when they are authorized again."""
    where, ann, box, office = _town()
    _left(ann, box)
    autoreplies.set_autoreply(box, TEXT, starts=MS, until=MS + 90 * DAY_MS, kind="left", actor=_head(), reason="left", now=MS)
    autoreplies.forward_left(box, office, until=MS + 90 * DAY_MS, actor=_head(), reason="open cases", now=MS)
    again = staff.employed(ann, where)
    staff.authorized(ann, box, again, Person.objects.get(uid="head"))
    seen = build_snapshot(2, MS + DAY_MS, ("city.example",))
    assert destination(seen, box.address, MS + DAY_MS) == ""
    assert sweep(MS + DAY_MS).replies == 2
    assert not in_force(MS + DAY_MS) and not Forwarding.objects.filter(ended__isnull=True).exists()


def test_what_is_said_for_who_left_is_the_departments_and_not_for_who_has_access() -> None:
    _, ann, box, _ = _town()
    with pytest.raises(Conflict):
        autoreplies.set_autoreply(box, TEXT, starts=MS, until=MS + DAY_MS, kind="left", actor=_head(), reason="left", now=MS)
    _left(ann, box)
    with pytest.raises(Conflict):
        autoreplies.set_autoreply(box, TEXT, starts=MS, until=MS + DAY_MS, actor=_head(), reason="left", now=MS)
    autoreplies.set_autoreply(box, TEXT, starts=MS, until=MS + DAY_MS, kind="left", actor=_head(), reason="left", now=MS)
    autoreplies.end_autoreply(box, actor=_head(), reason="not wanted", now=MS)
    with pytest.raises(Conflict):
        autoreplies.end_autoreply(box, actor=_head(), reason="not wanted", now=MS)
    assert AutoReply.objects.get().ended == NOW


@pytest.mark.rule("P-06, M5", "Only people who may send from a function mailbox, or its department, set its auto-reply.")
@pytest.mark.rule(
    "P-06, promise 5",
    "A person sets the auto-reply of a function mailbox only while the authorization and their own access are in force.",
)
def test_whoever_may_send_from_the_mailbox_of_a_function_says_what_it_answers_and_nobody_else() -> None:
    """While the right is in force, and access of their own; a colleague without one says nothing."""
    where, _, _, office = _town()
    bob, ann = Actor("bob", "Bob Test"), Actor("ann", "Ann Test")
    row = autoreplies.set_autoreply(office, "Shut on Monday.", starts=MS, until=MS + DAY_MS, actor=bob, reason="a holiday", now=MS)
    assert (row.kind, Entry.objects.get().act, Entry.objects.get().person) == ("own", "reply.set", "bob")
    grant = office.authorizations.get()
    for state, role in (("suspended", "delegate"), ("revoked", "delegate"), ("active", "successor"), ("active", "delegate")):
        office.authorizations.filter(pk=grant.pk).update(state=state, role=role)
        if (state, role) == ("active", "delegate"):
            Mailbox.objects.get(address="bob@city.example").authorizations.update(state="suspended")
        with pytest.raises(NotPermitted):
            autoreplies.end_autoreply(office, actor=bob, reason="no holiday", now=MS)
    with pytest.raises(NotPermitted):
        autoreplies.set_autoreply(office, "Shut for ever.", starts=MS, until=MS + DAY_MS, actor=ann, reason="a joke", now=MS)
    autoreplies.end_autoreply(office, actor=_head(), reason="no holiday", now=MS)
    assert not in_force(MS) and where.code == "clerk"


@pytest.mark.rule("P-06", "A mailbox that is closed answers no more.")
def test_a_mailbox_that_is_closed_answers_no_more() -> None:
    _, _, _, office = _town()
    autoreplies.set_autoreply(office, "Write to 311.", starts=MS, until=MS + DAY_MS, actor=_head(), reason="moved", now=MS)
    office.authorizations.update(state="revoked")
    mailboxes.close(office, actor=_head(), reason="nobody writes to it", now=MS)
    assert not in_force(MS) and Entry.objects.filter(act="reply.end", object=f"mailbox:{office.address}").count() == 1


@pytest.mark.parametrize(
    ("starts", "until", "words"),
    [(-9 * DAY_MS, -DAY_MS, "past"), (DAY_MS, 400 * DAY_MS, "within a year"), (3 * DAY_MS, 2 * DAY_MS, "after it begins")],
)
def test_an_answer_that_cannot_be_says_what_is_wrong_with_its_days(starts: int, until: int, words: str) -> None:
    """Of days that were over stood that it must end after it begins, which it did."""
    _, _, box, _ = _town()
    with pytest.raises(Unusable, match=words):
        autoreplies.set_autoreply(
            box, "Away.", starts=MS + starts, until=MS + until, actor=Actor("ann", "Ann Test"), reason="away", now=MS
        )
