"""Searches of a request: ordered by an officer, made by the worker, and what could not be searched worked off by people (P-21)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.urls import reverse

from civicmail.city.directory.models import Person
from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, lock_row, locked_row
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.permits import Permit
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.notices.actions import notify
from civicmail.desk.holding.senders import address_of
from civicmail.desk.records import states
from civicmail.desk.records.actions import content
from civicmail.desk.records.actions.frozen import require_not_frozen
from civicmail.desk.records.listed_items import ListedMessage
from civicmail.desk.records.models import Item, Request, Search
from civicmail.desk.records.queries import custodians, items
from civicmail.desk.records.queries.law import local_day
from civicmail.desk.records.queries.requests import agreed_scope

WORKER = machine("records")


def order(request: Request, *, actor: Actor, now: int) -> Search:
    """Order a search of the whole archive under the agreed scope; review begins. Raises NotPermitted, Conflict, NotRecorded."""
    guard.require(actor, "records.work", now=now)
    scope = agreed_scope(request)
    content.under(request, "content.list", actor=actor, facts={"query": scope.query if scope else "", "whole": 1}, now=now)
    with transaction.atomic():
        row = lock_row(request)
        require_not_frozen(row)
        scope = agreed_scope(row)
        assert scope is not None, "content.under has seen it"
        if Search.objects.filter(scope__request=row, state__in=items.UNDER_WAY).exists():
            raise Conflict("A search of this request is under way.")
        if row.state == "scoping":
            row.state, row.since = states.REQUESTS.step(row.state, "search"), from_ms(now)
            row.save(update_fields=["state", "since"])
        return Search.objects.create(scope=scope, by=acting_person(actor), at=from_ms(now))


def begin(search: Search, *, actor: Actor, now: int) -> Permit:
    """Begin or resume it for who ordered it, with a permit of this moment. Raises NotPermitted, Conflict, NotRecorded."""
    request = search.scope.request
    facts = {"query": search.scope.query, "search": search.pk}
    permit = content.under(request, "content.list", actor=actor, facts=facts, now=now)
    with locked_row(search) as row:
        if row.scope != agreed_scope(request):
            raise Conflict("The scope has changed since this search was ordered.")
        if row.state == "running":
            row.state = states.SEARCHES.step(row.state, "resume")
        row.state = states.SEARCHES.step(row.state, "begin")
        row.save(update_fields=["state"])
    search.state = row.state
    return permit


def list_items(search: Search, found: Sequence[ListedMessage], hits: Collection[str]) -> int:
    """Add messages with their files as items; an item of a former search keeps its number and what was decided. hits: ids of
    the captures that match. Returns how many messages are listed now."""
    request = search.scope.request
    with locked_row(search) as row:
        known = {(i.capture, i.part): i for i in Item.objects.filter(request=request, capture__in=[f.id for f in found])}
        number = Item.objects.filter(request=request).aggregate(last=Max("number"))["last"] or 0
        made: list[Item] = []
        for message in found:
            parent: Item | None = None
            for part in message.parts:
                item = known.get((message.id, part.part))
                if item is None:
                    number += 1
                    item = Item(request=request, number=number, capture=message.id, part=part.part[:60])
                _fill(item, search, message, part.trouble, message.id in hits)
                item.content, item.media_type, item.size, item.parent = part.content, part.media_type, part.size, parent
                if part.part == "":
                    item.mih, item.thread = message.mih, message.thread
                    item.save()  # its files refer to it
                    parent = item
                elif item._state.adding:
                    made.append(item)
                else:
                    item.save()
        Item.objects.bulk_create(made, batch_size=200)
        row.done += len(found)
        row.save(update_fields=["done"])
    search.done = row.done
    return row.done


def _fill(item: Item, search: Search, message: ListedMessage, trouble: str, is_hit: bool) -> None:
    item.search, item.holders, item.received = search, list(message.holders), message.received
    if item.trouble != trouble:
        item.trouble, item.settled = trouble, ""
    item.hit = is_hit or item.settled == "fits"


def count(search: Search, *, found: int, unsearchable: int, excluded: int, population: int) -> None:
    """Store the sums, which have to balance before it is ready."""
    sums = {"found": found, "unsearchable": unsearchable, "excluded": excluded, "population": population}
    Search.objects.filter(pk=search.pk).update(**sums)
    search.refresh_from_db()


def finish(search: Search, *, counts: dict[str, Any], coverage: dict[str, Any], checkpoint: str, now: int) -> None:
    """Everything is listed. Raises Conflict if it does not balance."""
    with locked_row(search) as row:
        if row.population != row.found + row.unsearchable + row.excluded:
            raise Conflict("The numbers of this search do not add up, so nothing can be sworn of it. Verify the index.")
        row.state = states.SEARCHES.step(row.state, "finish")
        row.counts, row.coverage, row.checkpoint, row.finished = counts, coverage, checkpoint, from_ms(now)
        row.save()
        facts = {"search": row.pk, "query": row.scope.query, "found": row.found, "unsearchable": row.unsearchable}
        facts |= {"excluded": row.excluded, "population": row.population, "checkpoint": checkpoint}
        where = content.object_of(row.scope.request)
        entries.enter("search.made", actor=WORKER, reason="a search is whole", now=now, object=where, facts=facts)


def fail(search: Search, why: str, now: int) -> None:
    """Note that it ended. why: a sentence without content."""
    with locked_row(search) as row:
        row.state = states.SEARCHES.step(row.state, "fail")
        row.why = why[:400]
        row.save(update_fields=["state", "why"])
        where = content.object_of(row.scope.request)
        entries.enter("search.failed", actor=WORKER, reason=row.why, now=now, object=where, facts={"search": row.pk})


def read_again(item: Item, *, actor: Actor, now: int) -> Item:
    """Have the files of its message read again, with OCR where they are pictures. Raises NotPermitted, Conflict."""
    guard.require(actor, "records.review", now=now)
    with _open_item(item) as row:
        row.settled = "reading"
        row.save(update_fields=["settled"])
        _enter_step("item.read-again", row, "what could not be searched is read again", actor, now)
    return row


def note_read_again(item: Item) -> None:
    """The worker has asked for it."""
    Item.objects.filter(pk=item.pk, settled="reading").update(settled="read")


def ask_password(item: Item, person: Person, *, actor: Actor, now: int) -> Item:
    """Ask an employee who has the message for the password of a file, by mail. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.review", now=now)
    with _open_item(item) as row:
        if row.trouble != "encrypted":
            raise Conflict("This item has no password.")
        to = address_of(person)
        if to is None or to.lower() not in row.holders:
            raise field_error("person", "They did not have this message. Choose one of its mailboxes.")
        row.settled = "asked"
        row.save(update_fields=["settled"])
        _enter_step("item.password-asked", row, "the password of a file is asked for", actor, now, person=person.uid)
        page = f"{settings.CITY.web.pages}{reverse('mail-message', args=[row.capture])}"
        text = (
            f"Request for records {row.request.number} may reach a file in your mail that has a password. Answer this message with "
            f"the password, or with a copy that has none.\n\nThe message: {page}"
        )
        key = f"password:{row.pk}:{person.pk}:{local_day(from_ms(now))}"
        notify(key, to, "A password for the records office", text, now=from_ms(now), reply_to=custodians.address())
    return row


@contextmanager
def _open_item(item: Item) -> Iterator[Item]:
    """An item that could not be searched, locked while it is not settled. Raises Conflict."""
    with locked_row(item, "settled") as row:
        require_not_frozen(row.request)
        if not row.trouble:
            raise Conflict("This item was searched completely.")
        if row.settled not in items.NOT_SETTLED:
            raise Conflict("This item is settled.")
        yield row


def _enter_step(act: str, item: Item, reason: str, actor: Actor, now: int, **facts: Any) -> None:
    facts = {"item": item.number, "capture": item.capture, "trouble": item.trouble, **facts}
    entries.enter(act, actor=actor, reason=reason, now=now, object=content.object_of(item.request), facts=facts)


def settle(item: Item, fits: bool, reason: str, *, actor: Actor, now: int) -> Item:
    """Say of an item that could not be searched whether it is meant, after a person has looked at it. Raises NotPermitted,
    Unusable, Conflict."""
    guard.require(actor, "records.review", now=now)
    reason = checked_reason(reason, min_length=10)
    if not item.trouble:
        raise Conflict("This item was searched completely.")
    facts = {"ids": [item.capture], "settled": item.number}  # a look is entered before the transaction of what was seen
    content.under(item.request, "content.list", actor=actor, facts=facts, now=now)
    with locked_row(item, "settled") as row:
        require_not_frozen(row.request)
        row.settled = "fits" if fits else "does-not-fit"
        if fits:
            row.hit = True
        row.save(update_fields=["settled", "hit"])
        facts = {"item": row.number, "capture": row.capture, "trouble": row.trouble, "settled": row.settled}
        entries.enter("item.settled", actor=actor, reason=reason, now=now, object=content.object_of(row.request), facts=facts)
    return row
