"""People leave, move and come back, through a personnel list and by hand, while the clock goes on (L1 to L7, M6; P-08)."""

from __future__ import annotations

import pytest

from city.conduct.left import OFFICER, WHY, Place, place
from city.identity import staff
from city.identity.staff import MS
from civicmail.city.conduct import jobs
from civicmail.city.conduct.actions import external_systems, leavers
from civicmail.city.conduct.models import Leaver, OutsideAccount, OutsideEnding
from civicmail.city.conduct.queries import discrepancies
from civicmail.city.conduct.queries import leavers as asked
from civicmail.city.directory.actions.people import Work
from civicmail.city.directory.models import Episode, FeedRun, Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.errors import NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.guard.reasons import Reasons
from civicmail.city.identity.actions import access_end, access_requests, feed, people
from civicmail.city.identity.actions.date_sweep import sweep
from civicmail.city.identity.authorization_states import OVERLAP_DAYS
from civicmail.city.identity.models import Authorization, Ending
from civicmail.city.identity.queries import department_questions
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.mail.courier.release_holds import destination

pytestmark = pytest.mark.django_db
COLUMNS = "uid,given,family,display,kind,department,position,starts\n"


def goes_on(until: int) -> Snapshot:
    """Everything with a date until then is done, and doors see it."""
    sweep(until)
    jobs.run_due(until)
    return build_snapshot(until, until, ("city.example",))


def read(*uids: str, now: int, more: str = "") -> FeedRun:
    """A personnel list with these people as they are here."""
    rows = Episode.objects.filter(ended__isnull=True, person__uid__in=uids).select_related("person", "department")
    lines = [
        f"{e.person.uid},{e.person.given},{e.person.family},{e.person.display},{e.kind},{e.department.code},{e.position},{e.starts}\n"
        for e in rows.order_by("person__uid")
    ]
    return feed.propose((COLUMNS + "".join(lines) + more).encode(), source="people.csv", actor=OFFICER, now=now)


def test_a_year_of_people_who_leave_move_and_come_back() -> None:
    """L1 to L7 and M6, in the order in which they happen to a department."""
    town = place()
    crowd = [f"c{n}" for n in range(60)]
    for uid in crowd:
        staff.employed(staff.person(uid, account=False), town.where)
    door = external_systems.add_door("Badge", person=town.bob, days=2, actor=OFFICER, reason="in use", now=MS)
    external_systems.give(door, [(town.ann, "A-1")], actor=OFFICER, reason="needs it", now=MS)
    everybody = [*crowd, "head", "ann", "bob"]

    _a_list_that_lies_is_stopped(everybody)
    _ann_leaves_by_the_list(town, everybody)
    _the_mail_goes_on_and_ends(town)
    _ann_is_back_and_gets_nothing_back(town)
    _bob_moves(town)


def _a_list_that_lies_is_stopped(everybody: list[str]) -> None:
    """L7: half of the people are not in it."""
    run = read(*everybody[:30], now=MS)
    assert run.state == "stopped"
    with pytest.raises(NotPermitted):
        feed.apply(run, actor=OFFICER, reason="Looked at it.", now=MS)
    assert not Ending.objects.exists()
    found = discrepancies.count_by_kind(discrepancies.find_discrepancies(["clerk"], MS, feed=True))
    assert found["not-in-feed"] >= len(everybody) - 30, "the page of what does not fit says whom"


def _ann_leaves_by_the_list(town: Place, everybody: list[str]) -> None:
    """L1, L2, L6: the list, the page and the sweep are one action; all doors shut, and the department is asked."""
    feed.apply(read(*(u for u in everybody if u != "ann"), now=MS), actor=OFFICER, reason="Looked at it.", now=MS)
    access_end.end_access(town.ann, reason=WHY, when=MS + 5, actor=OFFICER, now=MS + 5)
    seen = goes_on(MS + 1000)
    assert seen.people["ann"].grants == () and seen.mailboxes[town.box.address].state == "held"
    assert Entry.objects.filter(act="access.end", object="person:ann").count() == 1, "twice is once"
    assert OutsideEnding.objects.get().state == "open" and Leaver.objects.count() == 1
    goes_on(MS + 2 * DAY_MS + 1000)
    assert asked.tasks(town.boss, MS + 2 * DAY_MS)[0].tasks[0].state[0] == "stop", "red after a day"
    assert OutsideEnding.objects.get().overdue is not None
    kinds = discrepancies.count_by_kind(discrepancies.find_discrepancies(["clerk"], MS + 2 * DAY_MS, feed=True))
    assert (kinds["left"], kinds["outside"]) == (1, 1)


def _the_mail_goes_on_and_ends(town: Place) -> None:
    """L3, L4: a function mailbox takes it for a time; nobody else ever gets the address."""
    now = MS + 3 * DAY_MS
    leavers.answer(Leaver.objects.get(), "forward", to=town.office, until=now + 30 * DAY_MS, actor=town.boss, reason=WHY, now=now)
    external_systems.confirm(OutsideEnding.objects.get(), actor=Actor("bob", "Bob"), reason="Looked there: it is gone.", now=now)
    assert destination(goes_on(now), town.box.address, now) == town.office.address
    assert destination(goes_on(now + 30 * DAY_MS), town.box.address, now + 30 * DAY_MS) is None
    other = Person.objects.get(uid="c1")
    with pytest.raises(Unusable):
        access_requests.ask(
            other, reasons=Reasons(**staff.WORDS), until=now + DAY_MS, address=town.box.address, actor=town.boss, now=now
        )


def _ann_is_back_and_gets_nothing_back(town: Place) -> None:
    """L5: a new employment begins without access, and no old step touches what is authorized anew."""
    now = MS + 60 * DAY_MS
    work = Work("employee", town.where, "Clerk", None, None, from_ms(now).date(), None)
    episode = people.rehire(town.ann, work, actor=town.boss, reason="Works here again.", now=now)
    assert goes_on(now).people["ann"].grants == ()
    assert not Authorization.objects.filter(episode=episode).exists() and not asked.tasks(town.boss, now)
    staff.authorized(town.ann, town.box, episode, town.head)
    seen = goes_on(now + 40 * DAY_MS)
    assert [g.mailbox for g in seen.people["ann"].grants] == [town.box.address]
    assert destination(seen, town.box.address, now + 40 * DAY_MS) == "" and OutsideAccount.objects.get().ended is not None


def _bob_moves(town: Place) -> None:
    """M6: the old department's access ends when it says, 14 days else; the new one decides afresh, and both are asked."""
    now = MS + 110 * DAY_MS
    parks = staff.department("parks")
    people.move(town.bob, parks, actor=OFFICER, reason="Goes to Parks.", now=now)
    goes_on(now)
    counts = department_questions.counts(["clerk", "parks"], now)
    assert (counts["clerk"].leaving, counts["parks"].arrived) == (1, 1)
    own = Authorization.objects.get(person=town.bob, role="holder")
    assert own.until == from_ms(now + OVERLAP_DAYS * DAY_MS)
    people.set_overlap(own, now + 20 * DAY_MS, actor=town.boss, reason="Hands over until then.", now=now)
    assert goes_on(now + 20 * DAY_MS - 1).people["bob"].grants
    seen = goes_on(now + 20 * DAY_MS)
    assert seen.people["bob"].grants == () and seen.mailboxes["bob@city.example"].state == "held"


@pytest.mark.rule(
    "P-08, L7",
    "People whom the last personnel list named and refused are on the page of discrepancies, also after the rest was applied.",
)
def test_whom_the_last_reading_refused_stays_on_the_page_of_what_does_not_fit() -> None:
    """Also when everything else of the list was applied; the next list in which it is mended takes it off."""
    place()
    bad = "x9,New,Comer,New Comer,employee,nowhere,Clerk,2026-01-01\n"
    feed.apply(read("head", "ann", "bob", now=MS, more=bad), actor=OFFICER, reason="Looked at it.", now=MS)
    lines = [n for n in discrepancies.find_discrepancies(["clerk"], MS, feed=True) if n.kind == "in-feed"]
    assert [(n.who, n.route, "nowhere" in n.hint) for n in lines] == [("x9", "feed", True)]
    feed.apply(read("head", "ann", "bob", now=MS + DAY_MS), actor=OFFICER, reason="Looked at it.", now=MS + DAY_MS)
    assert not [n for n in discrepancies.find_discrepancies(["clerk"], MS + DAY_MS, feed=True) if n.kind == "in-feed"]
