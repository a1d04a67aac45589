"""Apply what an identity provider sends about one person (L1, L7; RFC 7644).

The changes of one day are one report in state *live*. `active=false` and DELETE end access at every entry point; nothing here
deletes a person or grants access. An impossible change raises an error and is in the report as refused, or as held by the deletion
threshold.
"""

from __future__ import annotations

import unicodedata
import uuid
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from civicmail.city.directory import feed_addresses, feed_diff, feed_file, scim_row
from civicmail.city.directory.feed_addresses import AddressBook
from civicmail.city.directory.feed_diff import FeedResult
from civicmail.city.directory.models import FeedLine, FeedRun, Mailbox, Person, ScimUser
from civicmail.city.directory.scim_row import Names
from civicmail.city.guard import guard
from civicmail.city.guard.actions.acting import save_values
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import AlreadyTaken, FeedHeld, Unusable
from civicmail.city.identity.actions import ban_matches, feed_notices, feedlines
from civicmail.city.identity.actions.publishing import publish_on_commit
from civicmail.city.identity.queries import deletion_threshold
from civicmail.city.identity.queries import feedaddresses as addresses
from civicmail.city.identity.queries.deletion_threshold import HELD_TEXT
from civicmail.city.identity.queries.feeds import contracts, known_person
from civicmail.city.identity.queries.scim import uid_of_user, works

SOURCE = "SCIM"
GONE = "Not active in the identity provider any more."
_AT_DOORS = frozenset({"family", "given", "display", "kind", "department", "contract", "outside", "aliases"})
"""What doors know of people; they are not told of anything else."""
_SHUTS = frozenset({"kind", "contract"})
"""What may shut a door: who comes under an agency that is suspended. The rest is left to the city worker, which tells it of many
people at once."""
SINGLE_LEAVER = f"{GONE} A single leaver: done at once while the brake holds others."
Attributes = dict[str, Any]


def create(attributes: Attributes, *, names: Names, actor: Actor, now: int) -> ScimUser:
    """A user, and the person who works for the city by that: a new one, one who is here already, or one who comes back; without
    access. Raises Taken, Unusable, Held."""
    guard.require(actor, "feed.take", now=now)
    uid, name = _uid(attributes, names), _user_name(attributes)
    with transaction.atomic(savepoint=False):
        if ScimUser.objects.filter(Q(uid=uid) | Q(user_name=name), gone__isnull=True).exists():
            raise AlreadyTaken("There is a user with this number or userName already.")
        _follow(uid, {}, attributes, names, actor, now)
        at = from_ms(now)
        row = ScimUser(
            uuid=uuid.uuid4(), uid=uid, user_name=name, external=_external(attributes), said=attributes, made=at, changed=at
        )
        _saved(row)
        ban_matches.notify_of_matches(Person.objects.filter(uid=uid), now=now)
    return row


def change(row: ScimUser, attributes: Attributes, *, names: Names, actor: Actor, now: int) -> ScimUser:
    """Replace the user. `active` is unchanged when absent, so that an omission hires nobody. row: locked by the caller, in its
    transaction. Raises Taken, Unusable, Held."""
    guard.require(actor, "feed.take", now=now)
    name = _user_name(attributes)
    if "active" not in attributes:
        attributes = {**attributes, "active": works(row.uid)}
    with transaction.atomic(savepoint=False):
        if (scim_row.is_active(attributes) or scim_row.number(attributes, names)) and _uid(
            attributes, names
        ) != row.uid:  # a leaver's may be taken away
            raise Unusable(f"{names.number} identifies the person and cannot change.")
        if (renamed := name != row.user_name) and ScimUser.objects.filter(user_name=name, gone__isnull=True).exists():
            raise AlreadyTaken("There is a user with this userName already.")
        _follow(row.uid, row.said, attributes, names, actor, now)
        row.said, row.user_name, row.external = attributes, name, _external(attributes)
        row.version, row.changed = row.version + 1, from_ms(now)
        fields = ["said", "user_name", "external", "version", "changed"]
        if renamed:
            _saved(row, fields)
            ban_matches.notify_of_matches(Person.objects.filter(uid=row.uid), now=now)
        else:
            row.save(update_fields=fields)
    return row


def remove(row: ScimUser, *, actor: Actor, now: int) -> None:
    """Remove the SCIM user; end the person's access, but keep the person (L3). row: locked by the caller. Raises Held."""
    guard.require(actor, "feed.take", now=now)
    with transaction.atomic(savepoint=False):
        person = known_person(row.uid).get(row.uid)
        if person is not None and person.open:
            _end(row.uid, actor, now)
        save_values(row, gone=from_ms(now))


def note_not_done(uid: str, error: FeedHeld | Unusable, *, actor: Actor, now: int) -> None:
    """After the transaction of a verb was undone: the refused person in the report of the day, the held one in a report that waits
    for an officer. The same again is not another line."""
    guard.require(actor, "feed.take", now=now)
    with transaction.atomic():
        if isinstance(error, FeedHeld):
            _hold(error.line, str(error), actor, now)
            return
        run = _today(actor, now)
        if not run.lines.filter(uid=uid, did="refused", reason=str(error)[:300]).exists():
            FeedLine.objects.create(run=run, uid=uid, did="refused", reason=str(error)[:300], at=from_ms(now))


def _follow(uid: str, before: Attributes, attributes: Attributes, names: Names, actor: Actor, now: int) -> None:
    """Bring the directory into line with the request."""
    boss = uid_of_user(scim_row.manager(attributes))
    people = known_person(uid, boss)
    had = people.get(uid)
    if not scim_row.is_active(attributes):
        if had is not None and had.open:
            _end(uid, actor, now)
        return
    try:
        row = feed_file.row_of(0, scim_row.plain(attributes, names, had, boss))
    except ValueError as problem:
        raise Unusable(str(problem)) from None
    agreed = {key: c.ends for key, c in contracts().items()} if row.contract else {}
    today = timezone.localdate(from_ms(now))
    spoken, book = scim_row.columns(before, attributes, names), AddressBook()
    if feed_addresses.COLUMNS & spoken:
        people = people | addresses.with_addresses({uid: had} if had is not None else {})
        book = addresses.book(feed_addresses.addresses(row))
    line = feed_diff.compare_one(row, people, spoken, names.codes, agreed, today, book)
    if line is not None and line.did == "refused":
        raise Unusable(line.reason)
    if line is not None:
        _do(line, actor, now)


def _end(uid: str, actor: Actor, now: int) -> None:
    """L1, unless it is one of too many (L7)."""
    _do(FeedResult(0, uid, "ended", reason=GONE), actor, now)


def _do(line: FeedResult, actor: Actor, now: int) -> None:
    run = _add_line(actor, now)
    answer = deletion_threshold.check_line(line, now)
    if answer.why:
        raise FeedHeld(f"The brake: {answer.why}. The access office decides first.", line)
    reason = SINGLE_LEAVER if answer.alone else line.reason[:300]
    made = FeedLine.objects.create(
        run_id=run, uid=line.uid, did=line.did, changes=line.changes, reason=reason, alone=answer.alone, at=from_ms(now)
    )
    feedlines.apply_lines([made], actor=actor, reason=SOURCE, gone=GONE, now=now)
    if line.did == "changed" and _AT_DOORS & line.changes.keys():
        people = Person.objects.filter(uid=line.uid).values_list("pk", flat=True)
        boxes = Mailbox.objects.filter(holder__uid=line.uid, closed__isnull=True) if "aliases" in line.changes else []
        publish_on_commit(people, [box.pk for box in boxes], later=not _SHUTS & line.changes.keys())


_contract_ids: dict[date, int] = {}
"""The report of a day (id of the row), as this process found it last: a question less for each change."""


def _add_line(actor: Actor, now: int) -> int:
    """The report of the day (id of the row), with one line more. Before anything is counted: who speaks at the same moment waits
    here, and then counts this one, too."""
    day = timezone.localdate(from_ms(now))
    live = FeedRun.objects.filter(state="live", day=day)
    if day not in _contract_ids or not live.filter(pk=_contract_ids[day]).update(rows=F("rows") + 1):
        _contract_ids.clear()
        _contract_ids[day] = _today(actor, now).pk
        live.filter(pk=_contract_ids[day]).update(rows=F("rows") + 1)
    return _contract_ids[day]


def _today(actor: Actor, now: int) -> FeedRun:
    """The report of the day, made at its first word."""
    day = timezone.localdate(from_ms(now))
    run = FeedRun.objects.filter(state="live", day=day).first()
    if run is None:
        made = {"at": from_ms(now), "kind": "scim", "source": SOURCE, "sha256": "", "by": actor.uid}
        run, new = FeedRun.objects.get_or_create(state="live", day=day, defaults=made)
        if new:
            feed_notices.record_result(run, now=now)
    return run


def _hold(line: FeedResult, why: str, actor: Actor, now: int) -> None:
    """Hold the provider's last request about a person; a pending ending stays pending."""
    run = FeedRun.objects.select_for_update().filter(kind="scim", state="stopped").order_by("id").first()
    if run is None:
        run = FeedRun.objects.create(
            at=from_ms(now), kind="scim", source=f"{SOURCE}, held", sha256="", state="stopped", brake=why, by=actor.uid
        )
        feed_notices.record_result(run, now=now)
    elif HELD_TEXT not in why and why not in run.brake:
        FeedRun.objects.filter(pk=run.pk).update(brake=f"{run.brake} {why}"[:400])
    waits = run.lines.filter(uid=line.uid).first()
    if waits is not None and waits.did == "ended":
        return
    defaults = {"did": line.did, "changes": line.changes, "reason": line.reason[:300], "at": from_ms(now)}
    FeedLine.objects.update_or_create(run=run, uid=line.uid, defaults=defaults)
    if waits is None:
        FeedRun.objects.filter(pk=run.pk).update(rows=F("rows") + 1)
    if line.did == "ended":
        feed_notices.notify_waiting(run, now=now)


def _saved(row: ScimUser, fields: list[str] | None = None) -> None:
    """Save a user; fields: for an existing row. Raises AlreadyTaken for the second of two simultaneous requests with one name."""
    try:
        with transaction.atomic():
            row.save(force_insert=fields is None, update_fields=fields)
    except IntegrityError:
        raise AlreadyTaken("There is a user with this number or userName already.") from None


def _uid(attributes: Attributes, names: Names) -> str:
    try:
        uid = scim_row.uid_of(attributes, names)
    except ValueError as problem:
        raise Unusable(str(problem)) from None
    if len(uid) > 60:
        raise Unusable(f"{names.number} has more than 60 characters.")
    return uid


def folded(name: str) -> str:
    """A userName as it is compared (RFC 7643 4.1.1: case does not matter)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().lower())


def _user_name(attributes: Attributes) -> str:
    name = folded(str(attributes.get("userName") or ""))
    if not name or len(name) > 254 or not name.isprintable():
        raise Unusable("userName is needed, with 254 characters at most, all of which can be printed.")
    return name


def _external(attributes: Attributes) -> str:
    external = str(attributes.get("externalId") or "")[:254]
    if not external.isprintable():
        raise Unusable("externalId has characters that cannot be printed.")
    return external
