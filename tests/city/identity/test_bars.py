"""Bars follow a person, shut every door whatever authorizations say, and end by their time or by two people (C4, V3; P-30)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from city.identity import staff
from city.identity.staff import MS, NOW
from civicmail.city.directory.models import Agency, Contract, Department, Person
from civicmail.city.directory.person_traits import traits
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Account, Entry
from civicmail.city.guard.reasons import Reasons
from civicmail.city.identity.actions import access_requests, barring, bulk_authorization
from civicmail.city.identity.bars import Kind
from civicmail.city.identity.models import Authorization, Bar, Device
from civicmail.city.identity.queries import bars
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.snapshots import build_snapshot

pytestmark = pytest.mark.django_db
WHY = "Sent bids of others outside, a third time."
REASONS = Reasons(**staff.WORDS)


def officer(uid: str) -> Actor:
    return Actor(uid, uid, (HeldRole("access-officer", "", FOREVER),))


@pytest.fixture
def town() -> Department:
    """clerk with head; top above it with boss; officers one and two; ann with access."""
    boss, head = staff.person("boss"), staff.person("head")
    top = staff.department("top", boss)
    where = staff.department("clerk", head, top)
    for who, place in (
        (boss, top),
        (head, where),
        (staff.person("one"), top),
        (staff.person("two"), top),
        (staff.person("super"), where),
    ):
        staff.employed(who, place)
    staff.worker("ann", where, head)
    return where


def who(uid: str) -> Person:
    return Person.objects.get(uid=uid)


def put(kind: Kind, uid: str = "ann", until: int | None = None) -> Bar:
    second = who("two") if kind == "permanent" else None
    with transaction.atomic():
        return barring.impose(
            who(uid),
            kind,
            until=until,
            origin="violation:1",
            reason=WHY,
            first=who("one"),
            second=second,
            actor=officer("one"),
            now=MS,
        )


@pytest.mark.rule("P-30, V2", "A bar ends all access whatever the authorizations, and its end restores them.")
def test_a_suspension_shuts_every_door_until_its_day_and_leaves_rights_as_they_were(town: Department) -> None:
    """No authorization changes; nobody has to give anything back."""
    box = staff.mailbox("311@city.example", town)
    staff.authorized(who("ann"), box, who("ann").episodes.get(), who("head"), role="delegate")
    epoch = Account.objects.get(person__uid="ann").epoch
    bar = put("suspension", until=MS + 30 * DAY_MS)
    seen = build_snapshot(1, MS + 1, ("city.example",))
    assert "suspended until 1 April 2026" in seen.people["ann"].why and seen.people["ann"].grants == ()
    assert seen.mailboxes["ann@city.example"].state == "held" == seen.mailboxes["311@city.example"].state
    account = Account.objects.get(person__uid="ann")
    assert account.epoch == epoch + 1 and not actor_of(account, "", MS + 1).admitted
    assert set(Authorization.objects.filter(person__uid="ann").values_list("state", flat=True)) == {"active"}
    assert barring.expire(MS + 30 * DAY_MS - 1) == 0
    assert barring.expire(MS + 30 * DAY_MS) == 1 and barring.expire(MS + 30 * DAY_MS) == 0
    later = build_snapshot(2, MS + 30 * DAY_MS, ("city.example",))
    assert later.people["ann"].why == "" and len(later.people["ann"].grants) == 2
    bar.refresh_from_db()
    assert bar.ended is not None and Entry.objects.filter(act="bar.end", object="person:ann").count() == 1


@pytest.mark.rule(
    "P-30, V3",
    "A permanent bar takes two officers, ends all rights, and follows the person across agencies, names and addresses.",
)
def test_a_permanent_bar_takes_two_and_follows_the_person_everywhere(town: Department) -> None:
    """All rights end; nobody is authorized again, under no contract, no address, by no way of asking."""
    Device.objects.create(person=who("ann"), key="k1", name="phone", mac="00" * 32, made=NOW)
    with pytest.raises(Unusable, match="two officers"), transaction.atomic():
        barring.impose(
            who("ann"),
            "permanent",
            until=None,
            origin="",
            reason=WHY,
            first=who("one"),
            second=who("one"),
            actor=officer("one"),
            now=MS,
        )
    put("permanent")
    assert Authorization.objects.get(person__uid="ann").state == "revoked" and not Device.objects.filter(ended=None).exists()
    seen = build_snapshot(1, MS, ("city.example",)).people["ann"]
    assert "by a decision of 2 March 2026; ask the access office" in seen.why
    assert seen.devices == () and [d.id for d in seen.former] == ["k1"], "who shows it hears why"
    assert not actor_of(Account.objects.get(person__uid="ann"), "", MS).admitted
    episode = who("ann").episodes.get()
    assert episode.ended is None, "the work goes on without mail"
    episode.kind, episode.contract = (
        "contractor",
        Contract.objects.create(
            agency=Agency.objects.create(code="new", name="New Agency"),
            number="9",
            starts=NOW.date(),
            ends=NOW.date() + timedelta(days=90),
        ),
    )
    episode.save()
    ask = {"reasons": REASONS, "until": MS + 60 * DAY_MS, "actor": Actor("super", supervises=frozenset({"ann"})), "now": MS}
    for address in ("", "another@city.example"):
        with pytest.raises(Conflict, match="may not use the city's mail: barred for good"):
            access_requests.ask(who("ann"), address=address, **ask)  # type: ignore[arg-type]
    profile = bulk_authorization.write_profile(town, "Clerk", REASONS, actor=Actor("two", departments=frozenset({"clerk"})), now=MS)
    with pytest.raises(Conflict, match="Ann Test"):
        bulk_authorization.authorize(
            profile, [who("ann")], until=MS + 60 * DAY_MS, actor=Actor("head", departments=frozenset({"clerk"})), now=MS
        )


@pytest.mark.rule(
    "P-30, V3",
    "A permanent bar is terminal: it ends by a law and two officers, the database enforces this, and no authorization is restored.",
)
def test_a_permanent_bar_is_terminal_and_ends_by_a_law_and_two_officers(town: Department) -> None:
    """Not by one, not by the database, not by the person; and no right comes back."""
    bar = put("permanent")
    with transaction.atomic(), pytest.raises(Conflict, match="by two officers"):
        barring.lift(bar, ender=who("two"), reason=WHY, actor=officer("two"), now=MS)
    for change in ({"ended": NOW}, {"ended": NOW, "ender": who("one"), "asker": who("one"), "law": "x"}, {"kind": "re-entry"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Bar.objects.filter(pk=bar.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Bar.objects.filter(pk=bar.pk).delete()
    with pytest.raises(NotPermitted):
        barring.ask_end(bar, "Wis. Stat. 1.1", actor=officer("ann"), reason="I would like to write again.", now=MS)
    asked = barring.ask_end(bar, "Court order 26-11", actor=officer("one"), reason="The court has set the finding aside.", now=MS)
    assert bars.blocked_people([who("ann").pk], MS), "it lives while it is asked"
    with pytest.raises(NotPermitted, match="takes two"):
        barring.answer_end(asked, yes=True, actor=officer("one"), reason="I agree with myself.", now=MS)
    done = barring.answer_end(asked, yes=True, actor=officer("two"), reason="The order is in the file.", now=MS)
    assert done.ended is not None and not bars.blocked_people([who("ann").pk], MS)
    assert Authorization.objects.get(person__uid="ann").state == "revoked"
    assert Entry.objects.get(act="bar.end").facts["law"] == "Court order 26-11"


@pytest.mark.rule("P-30", "An elected official is restricted at most: reads and receives everything, and writes inside as before.")
def test_who_was_elected_is_never_shut_out(town: Department) -> None:
    """Decision 0039: restricted at most: reads everything, writes to one outside address at a time."""
    staff.worker("mayor", town, who("head"), "elected")
    for kind in ("suspension", "permanent"):
        with pytest.raises(Unusable, match="never barred"):
            put(kind, "mayor", MS + DAY_MS)  # type: ignore[arg-type]
    put("restriction", "mayor", MS + 30 * DAY_MS)
    seen = build_snapshot(1, MS, ("city.example",))
    assert seen.people["mayor"].restricted and seen.people["mayor"].why == "" and seen.people["mayor"].grants
    assert seen.mailboxes["mayor@city.example"].state == "open" and not seen.people["ann"].restricted
    assert actor_of(Account.objects.get(person__uid="mayor"), "", MS).admitted


@pytest.mark.rule("P-09, C4", "New access after a violation is decided by the next head up or the access office.")
def test_after_a_violation_somebody_higher_decides(town: Department) -> None:
    """Not the head of the department, but the next one up or the access office; and so for an agency that was off."""
    put("re-entry")
    Authorization.objects.filter(person__uid="ann").update(state="revoked")
    asked = access_requests.ask(
        who("ann"), reasons=REASONS, until=MS + 60 * DAY_MS, actor=Actor("super", supervises=frozenset({"ann"})), now=MS
    )
    with pytest.raises(NotPermitted, match="next head up"):
        access_requests.approve(asked, actor=Actor("head", departments=frozenset({"clerk"})), now=MS)
    with pytest.raises(NotPermitted, match="requester"):
        access_requests.approve(asked, actor=Actor("super", held=(HeldRole("access-officer", "", FOREVER),)), now=MS)
    boss = Actor("boss", departments=frozenset({"top", "clerk"}))
    assert access_requests.approve(asked, actor=boss, now=MS).state == "active"
    assert Entry.objects.get(act="request.approve").facts["higher"] == ["Ann Test had a violation of the e-mail policy."]


@pytest.mark.rule(
    "P-30, C4",
    "A new number with the name, telephone or outside address of a barred person is a question to a person, never a refusal.",
)
def test_a_new_identity_is_flagged_and_never_refused(town: Department) -> None:
    """The same name, telephone or address elsewhere under another number is a question to a person one level higher."""
    ann = who("ann")
    ann.given, ann.family, ann.phone, ann.outside = "Ánna-Lee", "Tesst", "+1 (414) 555-0101", "anna.lee@home.example"
    ann.save()
    put("permanent")
    new = staff.person("new")
    staff.employed(new, town, "contractor")
    assert bars.escalation_reasons(new, new.episodes.get(), bars.likenesses_of(new)) == []
    for change, same in (
        ({"given": "Lee Anna", "family": "TESST"}, "the same name"),
        ({"phone": "414.555.0101"}, "the same telephone number"),
        ({"outside": "anna.lee+work@home.example x@y.example"}, "the same address elsewhere"),
    ):
        Person.objects.filter(uid="new").update(given="New", family="Test", phone="", outside="")
        Person.objects.filter(uid="new").update(**change)
        said = bars.escalation_reasons(who("new"), who("new").episodes.get(), bars.likenesses_of(who("new")))
        assert len(said) == 1 and same in said[0] and "(ann)" in said[0]
    asked = access_requests.ask(
        who("new"), reasons=REASONS, until=MS + 60 * DAY_MS, actor=Actor("super", supervises=frozenset({"new"})), now=MS
    )
    with pytest.raises(NotPermitted, match="next head up"):
        access_requests.approve(asked, actor=Actor("head", departments=frozenset({"clerk"})), now=MS)
    with pytest.raises(NotPermitted, match="next head up"):
        access_requests.approve(asked, actor=Actor("boss", departments=frozenset({"top", "clerk"})), now=MS)
    with pytest.raises(Unusable, match="reason"):
        access_requests.approve(asked, actor=officer("one"), now=MS)
    why = "Seen with their identity card: another person."
    assert access_requests.approve(asked, actor=officer("one"), reason=why, now=MS).state == "active"


def test_one_word_names_and_short_numbers_say_nothing() -> None:
    """A match on less than two words or seven digits would flag half of the city."""
    one, other = traits(("Prince",), phones=("0101",)), traits(("Prince",), phones=("0101",))
    assert one.common_traits(other) == []
