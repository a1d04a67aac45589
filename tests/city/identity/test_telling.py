"""Doors are told what changed: in milliseconds, durably, and also where the process that changed it died (L2, M4; promise 5)."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from city.identity import staff
from city.identity.people import T0, city, person
from city.identity.staff import MS, NOW
from civicmail.city.directory.actions.people import Name
from civicmail.city.directory.models import Address, MailGroup, Person
from civicmail.city.guard.actors import FOREVER, Actor, HeldRole
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.models import Account
from civicmail.city.identity.actions import (
    access_end,
    access_requests,
    devices,
    mailboxes,
    personal_use,
    policy,
    publishing,
    signin,
    suspensions,
)
from civicmail.city.identity.actions import people as persons
from civicmail.city.identity.actions.publishing import PATIENCE_MS, publish, publish_waiting
from civicmail.city.identity.models import Acknowledgement, Authorization, PersonalUse
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.identity.queries.snapshots import build_snapshot
from civicmail.city.snapshot.models import Publication, Untold
from civicmail.city.snapshot.published_snapshot import (
    POLL_MS,
    SnapshotWatcher,
    changes_path,
    mark_database_alive,
    publish_changes,
    snapshot_path,
)
from civicmail.city.snapshot.published_snapshot import publish as write
from civicmail.city.snapshot.snapshot import Changes, Snapshot, apply_changes

pytestmark = pytest.mark.django_db(transaction=True)
OFFICER = Actor("officer", "The office", (HeldRole("access-officer", "", FOREVER),))
ACT = {"actor": OFFICER, "reason": "Wanted by the department."}


class Clock:
    """Far enough from the last look each time that it is asked."""

    def __init__(self, now: int = MS) -> None:
        self.now = now

    def __call__(self) -> int:
        self.now += POLL_MS
        return self.now


class Town:
    """ann, bob, carol; ann and bob use clerk@. head decides."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.head = staff.person("head")
        self.where = staff.department(head=self.head)
        staff.employed(self.head, self.where)
        self.text = staff.policy(at=staff.OLD)
        self.ann, self.bob, self.carol = (staff.worker(name, self.where, self.head) for name in ("ann", "bob", "carol"))
        for who in (self.ann, self.bob, self.carol, self.head):
            Acknowledgement.objects.create(person=who, text=self.text, accepted=True, shown=self.text.sha256, at=staff.OLD)
        self.box = staff.mailbox("clerk@city.example", self.where)
        for who in (self.ann, self.bob):
            staff.authorized(who, self.box, who.episodes.get(), self.head, role="delegate")
        publish(MS)
        self.watch = SnapshotWatcher(data, Clock())

    @property
    def actor(self) -> Actor:
        return actor_of(Account.objects.select_related("person").get(person=self.head), "", MS)

    @property
    def seen(self) -> Snapshot:
        found = self.watch.current
        assert found is not None
        return found


@pytest.fixture
def town(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    """The clock of the process stands still where the rows are."""
    monkeypatch.setattr(publishing, "now_ms", lambda: MS)
    return Town(installed)


def _grant(t: Town) -> Authorization:
    return Authorization.objects.get(person=t.ann, role="delegate")


def _own(who: Person) -> Authorization:
    return Authorization.objects.get(person=who, role="holder")


LIMITS = "A few messages in breaks."
UNTIL = (NOW + timedelta(days=30)).date()


def _personal(t: Town) -> object:
    return personal_use.allow(t.where, LIMITS, person=t.ann, until=UNTIL, actor=t.actor, now=MS)


ACTS: dict[str, Callable[[Town], object]] = {
    "suspend": lambda t: suspensions.suspend(t.ann, **ACT, now=MS),
    "suspend-and-resume": lambda t: (suspensions.suspend(t.ann, **ACT, now=MS), suspensions.resume(t.ann, **ACT, now=MS)),
    "end": lambda t: access_end.end_access(t.ann, when=MS, **ACT, now=MS),
    "end-both-delegates": lambda t: access_end.end_many([t.ann, t.bob], when=MS, **ACT, now=MS),
    "revoke-a-right": lambda t: suspensions.revoke(_grant(t), **ACT, now=MS),
    "extend": lambda t: access_requests.extend(
        _own(t.ann), MS + 90 * DAY_MS, actor=t.actor, reason="Goes on until the winter is over.", now=MS
    ),
    "device": lambda t: devices.make(t.ann, "phone", actor=Actor("ann"), now=MS),
    "unlock": lambda t: (
        Account.objects.filter(person=t.ann).update(locked=NOW),
        signin.unlock(Account.objects.get(person=t.ann), **ACT, now=MS),
    ),
    "decline": lambda t: policy.decline(t.ann, t.text, t.text.sha256, actor=Actor("ann"), now=MS),
    "alias": lambda t: mailboxes.add_alias(t.ann.mailboxes.get(), "a.m@city.example", **ACT, now=MS),
    "function": lambda t: mailboxes.make_function(
        "311@city.example", "311", t.where, "Letters to nobody in particular.", **ACT, now=MS
    ),
    "service": lambda t: mailboxes.make_service(
        "printer@city.example", "Printer", t.where, "Prints on the third floor.", MS + DAY_MS, **ACT, now=MS
    ),
    "personal-use": lambda t: _personal(t),
    "position": lambda t: (
        PersonalUse.objects.create(department=t.where, position="clerk", limits=LIMITS, starts=NOW.date(), until=UNTIL, by=t.head),
        persons.change_work(t.ann, position="clerk", supervisor=t.head, **ACT, now=MS),
    ),
    "rename": lambda t: persons.rename(t.ann, Name("Meyer", "Anna"), **ACT, now=MS),
}


@pytest.mark.rule("P-06, promise 5, L2, M4", "Published changes equal those of a whole snapshot.")
@pytest.mark.parametrize("act", list(ACTS))
def test_what_doors_are_told_is_what_a_whole_snapshot_would_say(town: Town, act: str) -> None:
    """Whatever changed, the snapshot with its changes and the whole one made anew are the same, name by name."""
    before = snapshot_path(town.data).read_bytes()
    ACTS[act](town)
    assert snapshot_path(town.data).read_bytes() == before and changes_path(town.data).exists(), "a few people, a small file"
    seen, whole = town.seen, build_snapshot(town.seen.version, MS, ("city.example",))
    assert seen.people == whole.people
    assert act not in ("personal-use", "position") or seen.people["ann"].personal
    assert seen.mailboxes == whole.mailboxes
    assert (seen.by_address, seen.by_login) == (whole.by_address, whole.by_login)
    assert not Untold.objects.exists()


def test_doors_know_to_whom_personal_use_is_allowed_and_until_when(town: Town) -> None:
    """P-10: a person by name, a position, everybody of the department; never people of agencies; not before it starts."""

    def who(now: int = MS) -> set[str]:
        return {id_ for id_, someone in town.seen.people.items() if someone.may_personally(now)}

    cora = staff.worker("cora", town.where, town.head, "contractor")
    assert who() == set()
    row = _personal(town)
    assert who() == {"ann"}
    end = int((datetime.combine(UNTIL, time.min, timezone.get_current_timezone()) + timedelta(days=1)).timestamp() * 1000)
    assert who(end - 1) == {"ann"} and who(end) == set()
    personal_use.end(row, actor=town.actor, now=MS)  # type: ignore[arg-type]
    assert who() == set()
    tomorrow = (NOW + timedelta(days=1)).date()
    personal_use.allow(town.where, LIMITS, starts=tomorrow, until=UNTIL, actor=town.actor, now=MS)
    assert who() == set() and cora.uid in town.seen.people
    assert who(MS + DAY_MS) == {"ann", "bob", "carol", "head"}


def test_an_alias_that_ended_and_a_person_who_is_forgotten_are_gone_at_once(town: Town) -> None:
    mailboxes.add_alias(town.ann.mailboxes.get(), "a.m@city.example", **ACT, now=MS)
    assert town.seen.mailbox_of("a.m@city.example") is not None
    mailboxes.end_alias(town.ann.mailboxes.get(), "a.m@city.example", **ACT, now=MS)
    assert town.seen.mailbox_of("a.m@city.example") is None and Address.objects.filter(until__isnull=False).count() == 1
    Account.objects.filter(person=town.carol).delete()
    suspensions.suspend(town.carol, **ACT, now=MS)
    assert "carol" not in town.seen.people and town.seen.person_of("carol@city.example") is None
    assert len(town.seen.people) == len(list(town.seen.people)) == 3


@pytest.mark.rule("P-08, promise 5, L2", "If a process dies right after its commit, the city worker publishes the change.")
def test_what_a_process_did_not_live_to_tell_the_city_worker_tells(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """It dies right after its commit; within half a second doors know all the same."""
    with monkeypatch.context() as dying:
        dying.setattr(publishing, "_publish_pending", lambda *_: None)
        access_end.end_access(town.ann, when=MS, **ACT, now=MS)
    assert town.seen.people["ann"].why == "", "nobody told"
    assert not publish_waiting(MS + PATIENCE_MS - 1), "the process has its time"
    assert publish_waiting(MS + PATIENCE_MS) and not publish_waiting(MS + PATIENCE_MS)
    assert town.seen.people["ann"].why


def test_where_doors_cannot_be_told_the_act_stands_and_the_worker_tells(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk right after the commit: the answer is not that nothing happened; without a worker it is an error."""

    def full(*_: object) -> bool:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(publishing.published_snapshot, "publish_changes", full)
        with pytest.raises(OSError, match="space"):
            suspensions.suspend(town.bob, **ACT, now=MS)
        mark_database_alive(town.data, MS)
        suspensions.suspend(town.ann, **ACT, now=MS)
        assert Untold.objects.count() == 2
    assert publish_waiting(MS + DAY_MS)
    assert town.seen.people["ann"].why and town.seen.people["bob"].why


def test_what_shuts_no_door_is_left_to_the_worker_and_not_to_nobody(town: Town) -> None:
    """A list reaches others a moment later where a worker is there; where none is, at once."""
    group = mailboxes.make_group("all@city.example", "All", town.where, everyone=True, **ACT, now=MS)
    assert len(town.seen.groups["all@city.example"]) == 3 and not Untold.objects.exists()
    mark_database_alive(town.data, MS)
    mailboxes.close_group(MailGroup.objects.get(pk=group.pk), **ACT, now=MS)
    assert "all@city.example" in town.seen.groups
    assert publish_waiting(MS)
    assert "all@city.example" not in town.seen.groups and not Untold.objects.exists()


def test_what_is_rolled_back_tells_nobody(town: Town) -> None:
    with pytest.raises(ValueError, match="no"), publishing.single_publication():
        suspensions.suspend(town.ann, **ACT, now=MS)
        raise ValueError("no")
    assert not Untold.objects.exists() and not changes_path(town.data).exists()


def test_a_whole_snapshot_leaves_out_no_change_that_is_told_while_it_is_made(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The snapshot was begun before an end and is written after it; the end has the later version and stays on top."""
    made = publishing.build_snapshot

    def slow(*args: object) -> Snapshot:
        snapshot = made(*args)  # type: ignore[arg-type]
        monkeypatch.setattr(publishing, "build_snapshot", made)
        access_end.end_access(town.ann, when=MS, **ACT, now=MS)
        return snapshot

    monkeypatch.setattr(publishing, "build_snapshot", slow)
    publish(MS)
    assert town.seen.people["ann"].why
    publish(MS)
    assert town.seen.people["ann"].why and town.seen.version == 4


@pytest.mark.rule("P-08, promise 5, L2", "An entry point that reads while files are replaced never misses an end of access.")
def test_a_door_that_looks_while_files_are_replaced_never_forgets_an_end(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was folded into the whole is taken out of the changes; a door reads the changes first."""
    access_end.end_access(town.ann, when=MS, **ACT, now=MS)
    looks = {name: getattr(SnapshotWatcher, name) for name in ("_poll_changes", "_poll_snapshot")}

    def and_then(name: str) -> Callable[[SnapshotWatcher], bool]:
        def look(self: SnapshotWatcher) -> bool:
            found: bool = looks[name](self)
            for each, plain in looks.items():
                monkeypatch.setattr(SnapshotWatcher, each, plain)
            publish(MS)
            suspensions.suspend(town.carol, **ACT, now=MS)  # not of ann: her end, which was folded, leaves the file
            return found

        return look

    for name in looks:
        monkeypatch.setattr(SnapshotWatcher, name, and_then(name))
    fresh = SnapshotWatcher(town.data, lambda: MS)  # looks once
    assert fresh.current is not None and fresh.current.people["ann"].why
    assert town.seen.people["ann"].why and town.seen.people["carol"].why


@pytest.mark.rule("P-06, promise 5", "Publishing changes does not delay other acts.")
@pytest.mark.rule("P-06, promise 5", "One process publishes at a time, so that the later of two versions was read later.")
def test_while_doors_are_told_nobody_waits_who_changes_something_and_nobody_else_tells(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is told is read and written outside of any transaction; of two versions the later one was read later."""
    seen = []

    def watched(name: str) -> None:
        plain = getattr(publishing, name)

        def look(*args: object) -> object:
            with (town.data / "access" / ".telling").open("rb") as other:
                try:
                    fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    alone = False
                except BlockingIOError:
                    alone = True
            seen.append((name, alone, connection.in_atomic_block))
            return plain(*args)

        monkeypatch.setattr(publishing, name, look)

    for name in ("build_changes", "build_snapshot", "_next"):
        watched(name)
    version = Publication.objects.get().version
    suspensions.suspend(town.ann, **ACT, now=MS)
    assert seen == [("_next", True, False), ("build_changes", True, False)]
    publish(MS)
    assert seen[2:] == [("_next", True, True), ("build_snapshot", False, False)], "the whole is made beside what is told meanwhile"
    assert Publication.objects.get().version == version + 2


def test_too_many_a_damaged_file_and_no_snapshot_yet_make_the_whole_one_due(tmp_path: Path) -> None:
    few = Changes(2, T0, (person("ann", "Ann", why="Ended."),))
    assert not publish_changes(tmp_path, few), "nothing to change"
    write(tmp_path, city(1))
    assert publish_changes(tmp_path, few)
    assert not publish_changes(tmp_path, Changes(1, T0)), "older than the whole"
    many = Changes(3, T0, tuple(person(f"p{n}", "P") for n in range(600)))
    assert not publish_changes(tmp_path, many)
    changes_path(tmp_path).write_bytes(b"{")
    assert not publish_changes(tmp_path, Changes(3, T0))


@pytest.mark.parametrize(
    "damage", [b"", b"{", b'{"v":2,"changes":[]}', b'{"v":1,"changes":[{}]}', b'{"v":1,"changes":[{"version":"1"}]}']
)
def test_changes_that_cannot_be_read_change_nothing_and_the_log_says_so(
    tmp_path: Path, damage: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, city(1))
    changes_path(tmp_path).write_bytes(damage)
    watch = SnapshotWatcher(tmp_path, Clock(T0))
    assert watch.current == city(1) and watch.current == city(1)
    assert capsys.readouterr().err.count("cannot be read") == 1


def test_changes_of_a_database_that_was_brought_back_from_a_copy_are_over() -> None:
    """Versions are lower and the time is later: what was told before does not come back."""
    stale = Changes(50, T0, (person("ann", "Ann", why="Ended."),))
    assert apply_changes(city(1, T0 + DAY_MS), [stale]) == city(1, T0 + DAY_MS)
    assert apply_changes(city(49, T0), [stale]).people["ann"].why == "Ended."
    assert apply_changes(city(49, T0 + 50), [stale]).people["ann"].why, "clocks of two processes differ"
