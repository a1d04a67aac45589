"""Replays of rules: ordered by authors and approvers, run by the worker piece by piece, stored with the version (P-29)."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person, locked_row
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import DAY_MS, from_ms
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.city.pages.days import city_day
from civicmail.city.policy.rules import Rule
from civicmail.core.query.errors import QueryError
from civicmail.core.query.parse import parse
from civicmail.desk.oversight import rule_replay, rule_sample, rule_text
from civicmail.desk.oversight.models import Replay, Version
from civicmail.desk.oversight.rule_sample import Sample
from civicmail.desk.viewer.queries import store
from civicmail.mail.archive.explanation import VEILED

UNDER_WAY = ("waiting", "reading")
MOST_DAYS = 400
SAMPLE_DAYS = 30
PERSONAL = VEILED | {"sender.address", "sender.domain", "recipient.address", "recipient.domain"}
"""Facts that name people, or their words."""


def order(version: Version, query: str, first: int, last: int, *, actor: Actor, now: int) -> Replay:
    """Order a replay on mail received from first to last (ms, both included), narrowed by a query without content. Raises
    NotPermitted, Unusable, Conflict."""
    guard.require(actor, "rule.replay", now=now)
    query = " ".join(query.split())
    if version.rule == rule_text.MATRIX:
        raise Unusable("The fail matrix is drilled, not replayed.")
    if not 0 <= last - first <= MOST_DAYS * 86_400_000:
        raise Unusable("Choose a stretch of time.", {"days": f"At most {MOST_DAYS} days."})
    try:
        asks = rule_replay.needs_content(parse(query, now=datetime.fromtimestamp(now / 1000, UTC)))
    except QueryError as error:
        raise field_error("query", str(error)) from None
    if asks:
        raise field_error("query", "A replay is narrowed by time, size, addresses and kinds of files, never by words of mail.")
    with transaction.atomic():
        if Replay.objects.select_for_update().filter(version=version, state__in=UNDER_WAY).exists():
            raise Conflict("A replay of this version is under way already.")
        at = from_ms(now)
        digest = sha256(version.text.encode()).hexdigest()
        row = Replay.objects.create(
            version=version, sha256=digest, by=acting_person(actor), query=query, first=first, last=last, asked=at, since=at
        )
        facts = {"replay": row.pk, "version": version.number, "sha256": digest, "query": query, "first": first, "last": last}
        object_ = f"rule:{version.rule}"
        entries.enter("rule.replay", actor=actor, reason="to see what it would do", now=now, object=object_, facts=facts)
    return row


def sample(rule: Rule, *, actor: Actor, now: int) -> Sample | None:
    """Count the mail of the last days on which a rule would have acted, while its author waits. None for a rule about addresses,
    words or use: what is counted by these is learned about people, so it takes a replay, which is an entry (P-16). Raises
    NotPermitted."""
    guard.require(actor, "rule.replay", now=now)
    if any(name in PERSONAL or name.startswith("use.") for name in rule.condition.names):
        return None
    return rule_sample.count(store().data, rule, first=now - SAMPLE_DAYS * DAY_MS, now=now, day=city_day, seconds=1.0)


def stop(replay: Replay, *, actor: Actor, now: int) -> Replay:
    """Stop it; its counts stay. Raises NotPermitted, and Conflict if it has ended."""
    guard.require(actor, "rule.replay", now=now)
    with locked_row(replay) as row:
        if row.state not in UNDER_WAY:
            raise Conflict("This replay is over already.")
        row.state, row.since, row.why = "stopped", from_ms(now), f"stopped by {actor.name or actor.uid}"
        row.save()
    return row


def note(replay: Replay, *, now: int, **columns: Any) -> bool:
    """Store the progress; False if it was stopped meanwhile. Nobody's decision, so no audit entry."""
    changed = Replay.objects.filter(pk=replay.pk, state__in=UNDER_WAY).update(**columns)
    if changed and "state" in columns:
        Replay.objects.filter(pk=replay.pk).update(since=from_ms(now))
    return bool(changed)
