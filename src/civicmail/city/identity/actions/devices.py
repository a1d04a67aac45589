"""Device passwords: of people, one for each device; of machines, for a service mailbox, with an end, to send only (P-07, S1)."""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping
from pathlib import Path

from django.db import IntegrityError, transaction

from civicmail.city.directory.models import Mailbox, Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import bulk_update, entries
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Conflict, field_error, require_usable
from civicmail.city.guard.models import Account
from civicmail.city.guard.resources import OfPerson
from civicmail.city.identity.actions import account_notices, sessions
from civicmail.city.identity.actions.publishing import data_folder, publish_on_commit
from civicmail.city.identity.models import Device
from civicmail.city.identity.queries.actors import about_mailbox
from civicmail.city.snapshot.credentials import device_key, mac, new_password
from civicmail.core.config.sentence import sentence

MAX_DEVICES = 20
"""Device passwords that one person may have at a time."""

YEAR_MS = 366 * 86_400_000
USE_NOTED_EVERY_MS = 60_000
"""ms after which a use is noted again: a program that asks each second is one line, not a thousand writes."""


def make(person: Person, name: str, *, actor: Actor, now: int) -> str:
    """The password of a new device of one's own, shown this once."""
    guard.require(actor, "my.devices", OfPerson(person.uid), now=now)
    if not (name := name.strip()):
        raise field_error("name", "Name the device.")
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)  # two at once must not pass MOST
        if Device.objects.filter(person=person, ended__isnull=True).count() >= MAX_DEVICES:
            raise Conflict(sentence("There are {most} device passwords; end one that is not used any more.", most=MAX_DEVICES))
        password, device = _new(Device(person=person, name=name[:80], made=from_ms(now)))
        entries.enter("device.make", actor=actor, reason="", now=now, object=f"device:{device.key}", facts={"name": device.name})
        account_notices.add(person, "device", device.name, now=now)
        publish_on_commit([person.pk])
    return password


def make_for_machine(mailbox: Mailbox, name: str, *, until: int, actor: Actor, reason: str, now: int) -> str:
    """The password of a machine that sends as a service mailbox, shown this once. until: ms, at most a year away (S1)."""
    guard.require(actor, "machine.make", about_mailbox(mailbox), now=now)
    errors = {
        "name": "" if name.strip() else "Say which machine it is for.",
        "reason": "" if reason.strip() else "Say why.",
        "until": "" if now < until <= now + YEAR_MS else "A machine's password ends within a year.",
    }
    require_usable({field: error for field, error in errors.items() if error})
    if mailbox.kind != "service" or mailbox.closed:
        raise Conflict(f"{mailbox.address} is no service mailbox: people use it, under their own names.")
    with transaction.atomic():
        password, device = _new(Device(machine=mailbox, name=name.strip()[:80], made=from_ms(now), until=from_ms(until)))
        facts = {"name": device.name, "mailbox": mailbox.address, "until": until}
        entries.enter("machine.make", actor=actor, reason=reason, now=now, object=f"device:{device.key}", facts=facts)
        publish_on_commit((), [mailbox.pk])
    return password


def end(device: Device, *, actor: Actor, now: int, reason: str = "") -> None:
    """End a device password. Ending one that has ended changes nothing."""
    if device.person is not None:
        guard.require(actor, "my.devices", OfPerson(device.person.uid), now=now)
    else:
        assert device.machine is not None  # the database's own rule
        guard.require(actor, "machine.make", about_mailbox(device.machine), now=now)
    with transaction.atomic():
        row = Device.objects.select_for_update().get(pk=device.pk)
        if row.ended is not None:
            return
        save_values(row, ended=from_ms(now))
        entries.enter("device.end", actor=actor, reason=reason, now=now, object=f"device:{row.key}", facts={"name": row.name})
        publish_on_commit([row.person_id] if row.person_id else [], [row.machine_id] if row.machine_id else [])


def lose(device: Device, *, keep: str, actor: Actor, now: int) -> tuple[int, int]:
    """Report an own device as lost: its password ends, and all sessions of the person end, because the device's contents are
    unknown. keep: key of the session that reports. Returns the number of page sessions ended, and the account's new epoch, which
    the kept session must adopt. A repetition changes nothing more."""
    assert device.person is not None  # a person who may make a machine's device may end it
    guard.require(actor, "my.devices", OfPerson(device.person.uid), now=now)
    with transaction.atomic():
        account = Account.objects.select_for_update().get(person=device.person)
        row = Device.objects.select_for_update().get(pk=device.pk)
        if row.ended is not None:
            return 0, account.epoch
        save_values(row, ended=from_ms(now))
        ended = sum(sessions.end(Account.objects.filter(pk=account.pk), keep=keep).values())
        facts = {"name": row.name, "sessions": ended}
        entries.enter("device.lost", actor=actor, reason="", now=now, object=f"device:{row.key}", facts=facts)
        publish_on_commit()
    return ended, account.epoch + 1


def note_use(key: str, *, client: str, now: int) -> None:
    """Record when and from where a device was last used; at most once a minute, and without an entry, because it is private."""
    note_uses({key: (client, now)})


def note_uses(uses: Mapping[str, tuple[str, int]]) -> None:
    """The same of several. uses: public id to from where, and when (ms)."""
    keys, later = list(uses), list[Device]()
    for begin in range(0, len(keys), 500):
        for device in Device.objects.filter(key__in=keys[begin : begin + 500]).only("id", "key", "used"):
            client, at = uses[device.key]
            if device.used is None or at - epoch_ms(device.used) >= USE_NOTED_EVERY_MS:
                device.used, device.used_from = from_ms(at), client[:45]
                later.append(device)
    bulk_update.update_rows(later, ["used", "used_from"])


def _new(device: Device) -> tuple[str, Device]:
    """Fill in id and HMAC and save; the password is stored nowhere."""
    data = data_folder()
    assert isinstance(data, Path), "device passwords need a data folder"
    password = new_password()
    device.mac = mac(device_key(data), password)
    while True:
        device.key = random.token_hex(4)
        try:
            with transaction.atomic():
                device.save()
        except IntegrityError:  # one in four thousand million
            continue
        return password, device
