"""Doors that are not ours: told, asked again, confirmed; late ones are findings (P-08; L2, L5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from city.conduct.left import OFFICER, WHY, Place, place
from city.identity import staff
from city.identity.staff import MS
from civicmail.city.conduct import external_account_states
from civicmail.city.conduct.actions import external_systems
from civicmail.city.conduct.models import OutsideAccount, OutsideDoor, OutsideEnding
from civicmail.city.conduct.queries import external_systems as asked
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS
from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.identity.actions import access_end
from civicmail.city.identity.models import RoleAssignment
from civicmail.city.notices.models import Notice
from civicmail.city.notices.webhook import Hook, Reply, is_signed, signature

pytestmark = pytest.mark.django_db
SAW = "Looked into the list of the VPN: the account is gone."


@pytest.fixture
def town(installed: Any, settings: Any, tmp_path: Any) -> Place:
    """With an address in the settings that is told."""
    from dataclasses import replace

    from civicmail.core.config.settings import Hook as Setting
    from civicmail.core.config.settings import Outside

    secret = tmp_path / "secret"
    secret.write_text("a secret of both, 32 bytes long.")
    hook = Setting(name="cloud", url="https://id.city.example/ended", secret_file=str(secret))
    settings.CITY = replace(settings.CITY, outside=Outside(hook=[hook]))
    return place()


class Cloud:
    """The other side: answers as it is told, and remembers what it heard."""

    def __init__(self, *answers: Reply) -> None:
        self.answers = list(answers)
        self.heard: list[tuple[dict[str, Any], str, int]] = []

    def __call__(self, hook: Hook, body: bytes, id_: str, now: int) -> Reply:
        assert is_signed(hook.secret, id_, str(now // 1000), body, signature(hook.secret, id_, now // 1000, body), now=now)
        self.heard.append((orjson.loads(body), id_, now))
        return self.answers.pop(0)


DONE = Reply(200, b'{"confirmed": true}')
TAKEN = Reply(202, b"{}")
DOWN = Reply(503, b"", "it answered 503")


def _door(town: Place, hook: str = "", name: str = "Badge") -> OutsideDoor:
    return external_systems.add_door(name, person=town.bob, hook=hook, days=2, actor=OFFICER, reason="in use", now=MS)


def _gets_in(town: Place, door: OutsideDoor, login: str = "ann.t", now: int = MS) -> OutsideAccount:
    external_systems.give(door, [(town.ann, login)], actor=OFFICER, reason="needs it", now=now)
    return OutsideAccount.objects.get(door=door, ended__isnull=True)


@pytest.mark.rule("P-08, L2", "An account in an external system is shown as ended only after confirmation.")
def test_another_program_is_told_until_it_confirms_and_only_then_it_is_ended(town: Place) -> None:
    account = _gets_in(town, _door(town, "cloud"))
    assert external_systems.request_due(MS) == 0, "while access lasts nothing has to end"
    town.leaves(now=MS + 1000)
    cloud = Cloud(DOWN, TAKEN, DONE)
    assert (external_systems.request_due(MS + 1000), external_systems.request_due(MS + 1000)) == (1, 0)
    assert external_systems.notify_hooks(MS + 1000, cloud) == 0 and OutsideEnding.objects.get().problem == "it answered 503"
    assert external_systems.notify_hooks(MS + 2000, cloud) == 0 and len(cloud.heard) == 1, "not before its time"
    assert external_systems.notify_hooks(MS + 31_000, cloud) == 1 and OutsideEnding.objects.get().state == "told"
    account.refresh_from_db()
    assert account.ended is None, "taken is not done"
    assert external_systems.notify_hooks(MS + 91_000, cloud) == 1
    row = OutsideEnding.objects.get()
    account.refresh_from_db()
    assert (row.state, row.how, row.tries, account.ended is not None) == ("ended", "hook", 3, True)
    assert {id_ for _, id_, _ in cloud.heard} == {str(row.key)} and cloud.heard[0][0]["login"] == "ann.t"
    assert Entry.objects.filter(act="outside.confirm", object="person:ann", person="tick").count() == 1
    assert external_systems.notify_hooks(MS + DAY_MS, cloud) == 0


def test_one_that_says_nothing_is_not_waited_for_again_in_the_same_round(town: Place) -> None:
    door = _door(town, "cloud")
    people = [(town.ann, "ann.t"), (town.bob, "bob.b")]
    external_systems.give(door, people, actor=OFFICER, reason="needs it", now=MS)
    town.leaves()
    town.leaves(town.bob)
    external_systems.request_due(MS)
    cloud = Cloud(Reply(0, problem="no answer: it took too long"), DONE, DONE)
    assert external_systems.notify_hooks(MS, cloud) == 0 and len(cloud.heard) == 1
    assert external_systems.notify_hooks(MS + 31_000, cloud) == 2, "the other one was not counted as tried, and both are told"


@pytest.mark.rule("P-08", "Access elsewhere that is not confirmed as ended in time is a finding, once.")
def test_what_is_not_confirmed_in_time_is_a_finding_once(town: Place) -> None:
    _gets_in(town, _door(town))
    town.leaves()
    external_systems.request_due(MS)
    assert external_systems.find_overdue(MS + 2 * DAY_MS - 1) == 0
    assert (external_systems.find_overdue(MS + 2 * DAY_MS), external_systems.find_overdue(MS + 2 * DAY_MS)) == (1, 0)
    assert Entry.objects.filter(act="outside.overdue").count() == 1
    assert [n.to for n in Notice.objects.order_by("id")] == ["bob@city.example", "bob@city.example"], "asked at once, and when late"
    mine = asked.tasks(Actor("bob", "Bob"), MS)
    assert mine[0].tasks[0].state == ("stop", "1 late") and asked.tasks(OFFICER, MS)[0].tasks[0].state == ("stop", "1 late")


@pytest.mark.rule(
    "P-08",
    "The end of an external account is confirmed by the person responsible for that system, or the access office.",
)
def test_a_person_who_answers_for_the_door_confirms_with_what_they_saw(town: Place) -> None:
    _gets_in(town, _door(town))
    town.leaves()
    external_systems.request_due(MS)
    row = OutsideEnding.objects.get()
    with pytest.raises(NotPermitted):
        external_systems.confirm(row, actor=town.boss, reason=SAW, now=MS)
    with pytest.raises(Unusable):
        external_systems.confirm(row, actor=Actor("bob", "Bob"), reason="yes", now=MS)
    external_systems.confirm(row, actor=Actor("bob", "Bob"), reason=SAW, now=MS)
    row.refresh_from_db()
    assert (row.state, row.how, row.by) == ("ended", "person", "bob")
    with pytest.raises(Conflict):
        external_systems.confirm(row, actor=OFFICER, reason=SAW, now=MS)


@pytest.mark.rule("P-08, L5", "An old end does nothing to who works here again under the same name elsewhere.")
def test_an_old_end_does_nothing_to_who_was_hired_again_under_the_same_name(town: Place) -> None:
    door = _door(town, "cloud")
    old = _gets_in(town, door)
    town.leaves()
    external_systems.request_due(MS)
    again = staff.employed(town.ann, town.where)
    external_systems.give(door, [(town.ann, "ann.t")], actor=OFFICER, reason="needs it", now=MS + 1)
    cloud = Cloud(DONE)
    assert external_systems.notify_hooks(MS + 2, cloud) == 0 and not cloud.heard, "nobody is told"
    assert OutsideEnding.objects.get().state == "moot"
    old.refresh_from_db()
    assert old.ended is not None and OutsideAccount.objects.get(episode=again).ended is None


def test_under_another_name_the_old_one_ends(town: Place) -> None:
    door = _door(town, "cloud")
    _gets_in(town, door)
    town.leaves()
    external_systems.request_due(MS)
    staff.employed(town.ann, town.where)
    external_systems.give(door, [(town.ann, "ann.new")], actor=OFFICER, reason="needs it", now=MS + 1)
    cloud = Cloud(DONE)
    assert external_systems.notify_hooks(MS + 2, cloud) == 1 and cloud.heard[0][0]["login"] == "ann.t"
    assert OutsideAccount.objects.get(ended__isnull=True).login == "ann.new"


def test_doors_and_who_gets_in_are_said_by_whoever_may(town: Place) -> None:
    with pytest.raises(NotPermitted):
        external_systems.add_door("VPN", person=town.bob, actor=town.boss, reason="in use", now=MS)
    with pytest.raises(Unusable):
        external_systems.add_door("VPN", person=town.bob, hook="nowhere", actor=OFFICER, reason="in use", now=MS)
    door = _door(town)
    with pytest.raises(Unusable):
        _door(town)
    assert external_systems.give(door, [(town.ann, "a"), (town.bob, "b")], actor=town.boss, reason="needs it", now=MS) == 2
    assert external_systems.give(door, [(town.ann, "a")], actor=town.boss, reason="needs it", now=MS) == 0, "twice is once"
    with pytest.raises(Conflict):
        external_systems.close_door(door, actor=OFFICER, reason="not used", now=MS)
    for account in OutsideAccount.objects.order_by("id"):
        external_systems.take(account, actor=town.boss, reason="Does not need it any more.", now=MS)
    external_systems.close_door(door, actor=OFFICER, reason="not used", now=MS)
    with pytest.raises(Conflict):
        external_systems.give(door, [(town.ann, "a")], actor=OFFICER, reason="needs it", now=MS)


def test_a_hook_that_the_settings_do_not_name_any_more_is_a_problem_and_no_silence(town: Place, settings: Any) -> None:
    from dataclasses import replace

    from civicmail.core.config.settings import Outside

    _gets_in(town, _door(town, "cloud"))
    access_end.end_access(town.ann, reason=WHY, when=MS, actor=OFFICER, now=MS)
    external_systems.request_due(MS)
    settings.CITY = replace(settings.CITY, outside=Outside())
    assert external_systems.notify_hooks(MS, Cloud()) == 0
    assert "no such address" in OutsideEnding.objects.get().problem


@given(st.lists(st.sampled_from([s.action for s in external_account_states.STEPS]), max_size=8))
def test_no_way_leads_out_of_an_end(actions: list[str]) -> None:
    """Whatever happens in whatever order, what is ended or moot stays so."""
    state = "open"
    for action in actions:
        if state not in external_account_states.OPEN_STATES:
            with pytest.raises(Conflict):
                external_account_states.step(state, action)
            continue
        state = external_account_states.step(state, action)
    assert state in external_account_states.WORDS


@pytest.mark.rule(
    "P-08, L2",
    "An external system can be handed over to another person; without a responsible person its ends are tasks of the "
    "access office.",
)
def test_a_door_is_handed_over_and_does_not_wait_for_somebody_who_left(town: Place) -> None:
    """Bob answered for it and left: the access office hears of it, names somebody else, and what has to end is theirs."""
    officer = staff.worker("officer", town.where, town.head)
    at = datetime.fromtimestamp(MS / 1000, UTC)
    RoleAssignment.objects.create(
        person=officer,
        role="access-officer",
        starts=at - timedelta(days=1),
        until=at + timedelta(days=90),
        by="head",
        reason="a test",
    )
    door = external_systems.add_door("Badge", person=town.bob, actor=OFFICER, reason="in use", now=MS)
    external_systems.give(door, [(town.ann, "A-1"), (town.bob, "B-2")], actor=OFFICER, reason="needs it", now=MS)
    town.leaves(town.bob)
    town.leaves(town.ann)
    assert external_systems.request_due(MS) == 2
    told = Notice.objects.filter(key__startswith="outside:")
    assert sorted(n.to for n in told) == ["officer@city.example"] * 2
    assert [t.args for g in asked.tasks(OFFICER, MS) for t in g.tasks if t.route == "outside-change"] == [("badge",)]
    for person, hook, days in ((town.bob, "", 3), (town.head, "", 31), (town.head, "nowhere", 3)):
        with pytest.raises(Unusable, match="cannot be changed"):
            external_systems.change_door(door, person=person, hook=hook, days=days, actor=OFFICER, reason="bob left", now=MS)
    with pytest.raises(NotPermitted):
        external_systems.change_door(door, person=town.head, hook="", days=3, actor=town.boss, reason="bob left", now=MS)
    external_systems.change_door(door, person=town.head, hook="", days=3, actor=OFFICER, reason="bob left", now=MS)
    entry = Entry.objects.filter(act="outside.change", object="door:badge").order_by("-id")[0]
    assert (entry.facts["before"], entry.facts["person"]) == ("bob", "head")
    assert not [t for g in asked.tasks(OFFICER, MS) for t in g.tasks if t.route == "outside-change"]
    row = OutsideEnding.objects.get(account__person=town.ann)
    assert external_systems.confirm(row, actor=town.boss, reason=SAW, now=MS).state == "ended"
