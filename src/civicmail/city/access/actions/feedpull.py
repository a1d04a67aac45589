"""Pulling the list from an LDAP server: the same proposal, brake and report as a file's (L1, L7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.conf import settings

from civicmail.city.access import guard
from civicmail.city.access.actions import feed
from civicmail.city.access.actors import Actor, machine
from civicmail.city.access.errors import Conflict, Unusable
from civicmail.city.access.moments import ms
from civicmail.city.access.queries.scim import names
from civicmail.city.directory import ldap_rows, ldap_server
from civicmail.city.directory.ldap_rows import Entry, LdapMapping
from civicmail.city.directory.models import FeedRun
from civicmail.core.config.pairs import parse
from civicmail.core.config.settings import Feeds, Ldap

PULLER = machine("feed:ldap")
MINUTE = 60_000
Ask = Callable[[Ldap, Sequence[str]], list[Entry]]


def source_named(name: str) -> Ldap:
    """The source of the settings; the only one where no name is given. Raises Unusable."""
    there: list[Ldap] = settings.CITY.feeds.ldap
    found = [source for source in there if not name or source.name == name]
    if len(found) != 1:
        known = ", ".join(source.name for source in there) or "none; [[feeds.ldap]] in civicmail.toml names them"
        raise Unusable(f"Which LDAP source? There are {known}.")
    return found[0]


def pull(source: Ldap, *, actor: Actor, now: int, ask: Ask = ldap_server.entries) -> FeedRun:
    """Ask the server and propose what it says. A server that does not answer, or with nobody in it, is a report in state failed,
    and raises Unusable with the same sentence."""
    guard.require(actor, "feed.pull", now=now)
    reading = _reading(settings.CITY.feeds, source, now)
    try:
        found = ask(source, reading.requested_attributes())
        read = ldap_rows.feed(found, reading)
    except Unusable as error:
        feed.note_failure(source.name, str(error), kind="ldap", actor=actor, now=now)
        raise
    return feed.propose_read(read, ldap_server.sha256(found), source=source.name, kind="ldap", actor=actor, now=now)


def pull_due(now: int, *, ask: Ask = ldap_server.entries) -> int:
    """What the worker does: every source whose time has come, and the list applied where its setting says so and the brake does not
    hold it. What waits for an officer is not asked for again before it was answered. Returns how many were asked."""
    asked = 0
    for source in settings.CITY.feeds.ldap:
        if not source.every or not _is_due(source, now):
            continue
        asked += 1
        try:
            run = pull(source, actor=PULLER, now=now, ask=ask)
            if source.apply and run.state == "proposed":
                feed.apply(run, actor=PULLER, reason="Pulled on schedule, within the brake.", now=now)
        except (Unusable, Conflict):
            continue  # the report says so; the next round asks again
    return asked


def _is_due(source: Ldap, now: int) -> bool:
    last = FeedRun.objects.filter(kind="ldap", source=source.name).order_by("-at", "-id").first()
    if last is None:
        return True
    if last.state == "stopped" or (last.state == "proposed" and not source.apply):
        return False
    return not 0 <= now - ms(last.at) < source.every * MINUTE


def _reading(said: Feeds, source: Ldap, now: int) -> LdapMapping:
    known = names(now)
    kinds = {theirs.lower(): ours for theirs, ours in parse(said.kinds).items()}
    columns = {column: theirs for theirs, column in parse(source.attributes).items()}
    return LdapMapping(columns, kinds, known.departments, said.kind, said.department, known.domains)
