"""Programs are told of entries: in order, at least once, from a position that outlives everything (P-16; issue 7)."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from django.db import transaction

from city.identity.signins import NOW, OFFICER, person
from civicmail.city.guard.actions import entries
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Entry, Mandate
from civicmail.city.identity.actions import hooks
from civicmail.city.identity.models import Hook, HookTold

pytestmark = pytest.mark.django_db
HOUR = 3_600_000
Sent = list[tuple[str, bytes]]


def _entry(act: str = "access.end", object_: str = "person:e-17", at: int = NOW, *, carried: bool = True) -> Entry:
    with transaction.atomic():
        made = entries.enter(act, actor=OFFICER, reason="so", now=at, object=object_)
    if carried:
        entries.mark_carried([(made, "0001", made.pk)], now=at)
    return made


def _round(hook: Hook, sent: Sent, now: int, *, fails: str = "", acts: tuple[str, ...] = ()) -> int:
    def send(id_: str, body: bytes) -> str:
        sent.append((id_, body))
        return fails

    return hooks.step(hook, acts, send, lambda tries: tries * 1000, now=now)


@pytest.mark.rule(
    "P-16",
    "A webhook gets each entry in order, once the ledger's journal has it, from its start, whichever worker delivers it.",
)
def test_entries_are_told_once_each_in_order_from_where_it_began() -> None:
    """Not what was before, and what the ledger's journal does not have yet waits for it."""
    _entry()
    sent: Sent = []
    hook = hooks.hook_of("siem")
    first, second, late = _entry(), _entry("duty.grant"), _entry(carried=False)
    assert _round(hook, sent, NOW + 1) == 2
    assert [id_ for id_, _ in sent] == [str(first.uuid), str(second.uuid)]
    assert _round(Hook.objects.get(), sent, NOW + 2) == 0, "a worker that begins anew tells nothing again"
    entries.mark_carried([(late, "0001", 9)], now=NOW + 3)
    assert _round(Hook.objects.get(), sent, NOW + 4) == 1 and sent[-1][0] == str(late.uuid)


@pytest.mark.rule("P-16", "An entry that was committed after the delivery of a later one is delivered all the same.")
def test_an_entry_that_was_committed_late_is_told_although_a_later_one_was_told_before() -> None:
    """Transactions commit in any order, so a last id alone would lose one."""
    sent: Sent = []
    hook = hooks.hook_of("siem")
    slow, fast = _entry(carried=False), _entry()
    assert _round(hook, sent, NOW) == 1 and sent[-1][0] == str(fast.uuid)
    entries.mark_carried([(slow, "0001", 2)], now=NOW)
    assert _round(hook, sent, NOW) == 1 and sent[-1][0] == str(slow.uuid)


@pytest.mark.rule(
    "P-16",
    "A rejected webhook delivery is repeated under the same id, with growing delays, and no later entry overtakes it.",
)
def test_what_is_not_taken_is_said_again_later_and_keeps_its_place() -> None:
    """With a pause that grows, under the same id; nothing goes past it."""
    sent: Sent = []
    hook = hooks.hook_of("siem")
    first, _ = _entry(), _entry()
    assert _round(hook, sent, NOW, fails="it answered 503") == 0
    assert (hook.tries, hook.due, hook.problem) == (1, NOW + 1000, "it answered 503")
    assert _round(hook, sent, NOW + 999) == 0 and len(sent) == 1
    assert _round(Hook.objects.get(), sent, NOW + 1000, fails="no answer") == 0
    hook = Hook.objects.get()
    assert (hook.tries, hook.due) == (2, NOW + 3000) and hooks.lag_ms(hook, NOW + 3000) == 3000
    assert _round(hook, sent, NOW + 3000) == 2
    assert [id_ for id_, _ in sent[:3]] == [str(first.uuid)] * 3
    hook.refresh_from_db()
    assert (hook.tries, hook.problem, hook.told, hooks.lag_ms(hook, NOW + 3000)) == (0, "", NOW + 3000, 0)


def test_after_a_long_absence_it_is_told_so_many_in_a_round_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither lost nor flooded."""
    monkeypatch.setattr(hooks, "BATCH_SIZE", 3)
    sent: Sent = []
    hook = hooks.hook_of("siem")
    made = [_entry() for _ in range(7)]
    assert [_round(hook, sent, NOW + n) for n in range(4)] == [3, 3, 1, 0]
    assert [id_ for id_, _ in sent] == [str(e.uuid) for e in made]


def test_a_position_takes_the_place_of_rows_once_nothing_older_can_come() -> None:
    sent: Sent = []
    hook = hooks.hook_of("siem")
    old, new = _entry(at=NOW), _entry(at=NOW + HOUR)
    _round(hook, sent, NOW + HOUR + 1)
    hook.refresh_from_db()
    assert hook.position == old.pk and list(HookTold.objects.values_list("entry", flat=True)) == [new.pk]
    assert _round(hook, sent, NOW + HOUR + 2) == 0


@pytest.mark.rule("P-16", "A webhook gets the acts that the settings name, and none of a sealed examination.")
def test_only_the_acts_that_the_settings_name_and_never_a_sealed_mandate() -> None:
    """E8: what even auditors may not read goes to no machine."""
    sent: Sent = []
    hook = hooks.hook_of("siem")
    wanted = [_entry("duty.grant"), _entry("access.end")]
    _entry("device.make")
    sealed = Mandate.objects.create(
        number="26-001", ground="examination", person=person("e-5", "Eva Examiner"), role="examiner", reason="so", sealed=True,
        asked=from_ms(NOW), since=from_ms(NOW),
    )  # fmt: skip
    _entry("access.end", f"mandate:{sealed.number}")
    assert _round(hook, sent, NOW, acts=("duty.*", "access.end")) == 2
    assert [id_ for id_, _ in sent] == [str(e.uuid) for e in wanted]
    Mandate.objects.update(sealed=False)
    assert _round(hook, sent, NOW + 1, acts=("duty.*", "access.end")) == 0, "what was left out stays left out"


def test_what_is_said_is_the_head_that_the_ledger_proves() -> None:
    sent: Sent = []
    hook = hooks.hook_of("siem")
    made = _entry("duty.grant")
    _round(hook, sent, NOW)
    plain = orjson.loads(sent[0][1])
    assert plain["type"] == "duty.grant" and plain["ledger"] == f"0001:{made.pk}"
    assert plain["data"] == orjson.loads(bytes(made.head))
    assert datetime.fromisoformat(plain["timestamp"]) == datetime.fromtimestamp(NOW / 1000, UTC)
