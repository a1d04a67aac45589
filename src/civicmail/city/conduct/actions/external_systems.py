"""External systems: which exist, who has accounts in them, and how those accounts end (P-08; L2, L5).

When access ends here, each external account of that person gets an ending.
A webhook tells the other system until it confirms; without a webhook, a named person ends the account and confirms it.
An ending that is not confirmed in time becomes a finding.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta

import orjson
from django.db import transaction
from django.utils.text import slugify

from civicmail.city.conduct import external_account_states
from civicmail.city.conduct.actions.review_notices import addresses
from civicmail.city.conduct.models import OutsideAccount, OutsideDoor, OutsideEnding
from civicmail.city.conduct.queries import deciders, external_systems
from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import employment, lock_row, locked_row, save_values
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.identity.queries.actors import about_person
from civicmail.city.notices.actions import notify
from civicmail.city.notices.webhook import Hook, Reply, retry_delay, send
from civicmail.core.config.errors import ConfigError
from civicmail.core.config.log import get_logger

TICK = machine("tick")
MAX_DAYS = 30
BATCH_SIZE = 500
log = get_logger()

Sender = Callable[[Hook, bytes, str, int], Reply]
"""(hook, body, id, ms): one try."""


def add_door(name: str, *, person: Person, hook: str = "", days: int = 1, actor: Actor, reason: str, now: int) -> OutsideDoor:
    """Another system that people get into. person: answers for it, and ends accounts by hand; hook: of the settings. Raises
    NotPermitted, Unusable."""
    guard.require(actor, "outside.change", now=now)
    reason, name = checked_reason(reason), " ".join(name.split())
    fields = {} if 2 <= len(name) <= 120 and slugify(name) else {"name": "Between 2 and 120 characters."}
    fields |= _wrong(person, hook, days)
    code = slugify(name)[:40]
    if not fields and OutsideDoor.objects.filter(code=code).exists():
        fields["name"] = "There is one of this name."
    if fields:
        raise Unusable("This door cannot be added.", fields)
    with transaction.atomic():
        made = OutsideDoor.objects.create(code=code, name=name, hook=hook, person=person, days=days, made=from_ms(now))
        facts = {"name": name, "hook": hook, "person": person.uid, "days": days}
        entries.enter("outside.change", actor=actor, reason=reason, now=now, object=f"door:{code}", facts=facts)
    return made


def change_door(door: OutsideDoor, *, person: Person, hook: str, days: int, actor: Actor, reason: str, now: int) -> OutsideDoor:
    """Change who answers for a system, or how its accounts are ended; open endings move along.
    Raises NotPermitted, Unusable, Conflict if it is closed."""
    guard.require(actor, "outside.change", now=now)
    reason = checked_reason(reason)
    if fields := _wrong(person, hook, days):
        raise Unusable("This door cannot be changed like that.", fields)
    with locked_row(door, "closed") as row:
        if row.closed is not None:
            raise Conflict(f"{row} is used no more.")
        before, row.person, row.hook, row.days = row.person, person, hook, days
        row.save(update_fields=["person", "hook", "days"])
        facts = {"hook": hook, "person": person.uid, "days": days, "before": before.uid}
        entries.enter("outside.change", actor=actor, reason=reason, now=now, object=f"door:{row.code}", facts=facts)
    return row


def _wrong(person: Person, hook: str, days: int) -> dict[str, str]:
    """Errors in the input about a system, by field."""
    fields = {} if person.episodes.filter(ended__isnull=True).exists() else {"person": "Somebody who works here."}
    fields |= {} if 1 <= days <= MAX_DAYS else {"days": f"Between 1 and {MAX_DAYS}."}
    return fields | ({} if not hook or hook in external_systems.hooks() else {"hook": "The settings name no such address."})


def close_door(door: OutsideDoor, *, actor: Actor, reason: str, now: int) -> OutsideDoor:
    """Close a system, so that no endings are requested there. Raises Conflict while it has accounts."""
    guard.require(actor, "outside.change", now=now)
    reason = checked_reason(reason)
    with locked_row(door, "closed") as row:
        if row.closed is not None or row.accounts.filter(ended__isnull=True).exists():
            raise Conflict("Not closed: the system is closed already, or a person still has access there. End that access first.")
        save_values(row, closed=from_ms(now))
        entries.enter("outside.change", actor=actor, reason=reason, now=now, object=f"door:{row.code}", facts={"closed": 1})
    return row


def give(door: OutsideDoor, people: Iterable[tuple[Person, str]], *, actor: Actor, reason: str, now: int) -> int:
    """Record accounts of these people under these names; how many are new.
    All or nothing.
    Raises NotPermitted, Unusable, Conflict."""
    pairs = list(people)
    for person, _ in pairs:
        guard.require(actor, "outside.give", about_person(person), now=now)
    reason = checked_reason(reason)
    if wrong := [login for _, login in pairs if not 1 <= len(login) <= 160 or not login.isprintable()]:
        raise Unusable("A name there has between 1 and 160 characters.", {"people": f"{wrong[0][:40]!r} is no name."})
    with transaction.atomic():
        if lock_row(door, "closed").closed is not None:
            raise Conflict(f"{door} is used no more.")
        made = 0
        for person, login in pairs:
            episode = employment(person)
            fresh = {"person": person, "login": login, "since": from_ms(now), "by": actor.uid}
            _, new = OutsideAccount.objects.get_or_create(door=door, episode=episode, ended=None, defaults=fresh)
            if new:
                made += 1
                facts = {"door": door.code, "login": login}
                entries.enter("outside.give", actor=actor, reason=reason, now=now, object=f"person:{person.uid}", facts=facts)
    return made


def take(account: OutsideAccount, *, actor: Actor, reason: str, now: int) -> OutsideAccount:
    """Record that the account of someone who stays was ended there. Raises Conflict."""
    guard.require(actor, "outside.give", about_person(account.person), now=now)
    reason = checked_reason(reason, min_length=10)
    with locked_row(account, "ended") as row:
        if row.ended is not None or row.endings.filter(state__in=list(external_account_states.OPEN_STATES)).exists():
            raise Conflict("It has ended, or its end is under way: confirm that.")
        _end(row, now)
        facts = {"door": row.door.code}
        entries.enter("outside.take", actor=actor, reason=reason, now=now, object=f"person:{row.person.uid}", facts=facts)
    return row


def confirm(ending: OutsideEnding, *, actor: Actor, reason: str, now: int) -> OutsideEnding:
    """A person looked there: the account has ended. reason: what they saw. Raises NotPermitted, Conflict."""
    guard.require(actor, "outside.confirm", external_systems.about(ending), now=now)
    reason = checked_reason(reason, min_length=20)
    with transaction.atomic():
        return _done(lock_row(ending, "state"), "confirm", "person", actor, reason, now)


# -- what the time does


def request_due(now: int) -> int:
    """Request endings for the external accounts of people whose access ended; how many.
    The person responsible for a system is notified at once."""
    done = 0
    while rows := external_systems.without_ending(now):
        with transaction.atomic():
            made = [
                OutsideEnding(
                    account=a, ending=e, key=uuid.uuid4(), made=from_ms(now), due=from_ms(now) + timedelta(days=a.door.days)
                )
                for a, e in rows
            ]
            OutsideEnding.objects.bulk_create(made)
            facts = [(f"person:{r.account.person.uid}", {"door": r.account.door.code, "due": epoch_ms(r.due)}) for r in made]
            entries.enter_each("outside.ask", facts, actor=TICK, reason="access has ended", now=now)
            for row in made:
                if not row.account.door.hook:
                    _tell_person(row, "end", now)
        done += len(made)
    return done


def find_overdue(now: int) -> int:
    """Mark endings that were not confirmed in time as findings, once, and notify the responsible person."""
    with transaction.atomic():
        late = OutsideEnding.objects.select_for_update(of=("self",)).filter(
            state__in=list(external_account_states.OPEN_STATES), due__lte=from_ms(now), overdue__isnull=True
        )
        rows = list(late.select_related("account__door__person", "account__person").order_by("id")[:BATCH_SIZE])
        OutsideEnding.objects.filter(pk__in=[row.pk for row in rows]).update(overdue=from_ms(now))
        facts = [(f"person:{r.account.person.uid}", {"door": r.account.door.code, "state": r.state}) for r in rows]
        entries.enter_each("outside.overdue", facts, actor=TICK, reason="not confirmed in time", now=now)
        for row in rows:
            _tell_person(row, "late", now)
    return len(rows)


def notify_hooks(now: int, sender: Sender | None = None) -> int:
    """Send webhooks about pending endings; how many were sent.
    Each is retried at growing intervals until the reply is `{"confirmed": true}`; a retry has the same id.
    Blocks while the systems reply."""
    wires: dict[str, Hook] = {}
    silent: set[str] = set()
    count = 0
    for row in external_systems.due_notifications(now):
        if external_systems.is_back_in_use(row):
            _drop(row, now)
        elif row.account.door.hook not in silent:  # after no answer it is not tried again in this round
            answer = _try(row, wires, sender or _send, now)
            count += answer.ok
            _note(row, answer, now)
            if answer.status == 0:
                silent.add(row.account.door.hook)
    return count


def _send(hook: Hook, body: bytes, id_: str, now: int) -> Reply:
    return send(hook, body, id_=id_, now=now)


def _try(row: OutsideEnding, wires: dict[str, Hook], sender: Sender, now: int) -> Reply:
    account = row.account
    name = account.door.hook
    try:
        if name not in wires:
            url, secret_file = external_systems.hooks()[name]
            wires[name] = Hook.of(url, secret_file)
    except KeyError:
        return Reply(0, problem="the settings name no such address any more")
    except ConfigError as error:
        return Reply(0, problem=str(error)[:200])
    body = orjson.dumps(
        {
            "type": "access.ended", "id": str(row.key), "door": account.door.code, "login": account.login,
            "person": account.person.uid, "ended": epoch_ms(row.ending.when),
        },
        option=orjson.OPT_SORT_KEYS,
    )  # fmt: skip
    return sender(wires[name], body, str(row.key), now)


def _note(ending: OutsideEnding, answer: Reply, now: int) -> None:
    """Store the result of one try, unless the state changed meanwhile."""
    with transaction.atomic():
        row = OutsideEnding.objects.select_for_update().get(pk=ending.pk)
        if row.state not in external_account_states.OPEN_STATES:
            return
        row.tries, row.problem = row.tries + 1, answer.problem[:200]
        row.next = from_ms(now + retry_delay(row.tries))
        if answer.ok and _is_confirmed(answer.body):
            _done(row, "answer", "hook", TICK, "the other side says that it is done", now)
            return
        if answer.ok:
            row.state = external_account_states.step(row.state, "tell")
        row.save()
    if not answer.ok:
        log.warning("a door that is not ours could not be told", ending=row.pk, tries=row.tries, problem=row.problem)


def _is_confirmed(body: bytes) -> bool:
    try:
        plain = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(plain, dict) and plain.get("confirmed") is True


def _done(row: OutsideEnding, action: str, how: str, actor: Actor, reason: str, now: int) -> OutsideEnding:
    row.state = external_account_states.step(row.state, action)
    row.done, row.how, row.by, row.reason = from_ms(now), how, actor.uid, reason
    row.save()
    _end(row.account, now)
    facts = {"door": row.account.door.code, "how": how, "tries": row.tries}
    entries.enter("outside.confirm", actor=actor, reason=reason, now=now, object=f"person:{row.account.person.uid}", facts=facts)
    return row


def _drop(ending: OutsideEnding, now: int) -> None:
    """L5: an old end does nothing to a new employment."""
    with transaction.atomic():
        row = OutsideEnding.objects.select_for_update().get(pk=ending.pk)
        if row.state not in external_account_states.OPEN_STATES:
            return
        row.state, row.done, row.by = external_account_states.step(row.state, "drop"), from_ms(now), TICK.uid
        row.reason = "works here again and gets in under the same name"
        row.save()
        _end(row.account, now)
        facts = {"door": row.account.door.code}
        entries.enter(
            "outside.drop", actor=TICK, reason=row.reason, now=now, object=f"person:{row.account.person.uid}", facts=facts
        )


def _end(account: OutsideAccount, now: int) -> None:
    OutsideAccount.objects.filter(pk=account.pk, ended__isnull=True).update(ended=from_ms(now))


def _tell_person(row: OutsideEnding, step: str, now: int) -> None:
    account, door = row.account, row.account.door
    left = not door.person.episodes.filter(ended__isnull=True).exists()  # then it is the access office's, until it names another
    people = deciders.holders("access-officer", now) if left else [door.person]
    to = addresses([p.pk for p in people if p != account.person])
    if not to:
        return
    late = "is not confirmed as ended in time" if step == "late" else "has to end"
    text = (
        f"Access of {account.person} to the city's mail has ended, and the account {account.login} of {door} {late}.\n\n"
        "End it there, look whether it is ended, and confirm it on your page Home."
    )
    for person, address in sorted(to.items()):
        key = f"outside:{row.account_id}:{row.ending_id}:{step}" + (f":{person}" if left else "")
        notify(key, address, f"{door}: an account {late}", text, now=from_ms(now))
