"""Pull the personnel list from an LDAP server (L1, L7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.conf import settings

from civicmail.city.directory import ldap_rows, ldap_server
from civicmail.city.directory.ldap_rows import Entry, LdapMapping
from civicmail.city.directory.models import FeedRun
from civicmail.city.guard import guard
from civicmail.city.guard.actors import Actor, machine
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, Unusable
from civicmail.city.identity.actions import feed
from civicmail.city.identity.queries.scim import provider_names
from civicmail.core.config.pairs import parse
from civicmail.core.config.settings import Feeds, Ldap

PULL_ACTOR = machine("feed:ldap")
MINUTE_MS = 60_000
FetchEntries = Callable[[Ldap, Sequence[str]], list[Entry]]


def source_named(name: str) -> Ldap:
    """The source of the settings; the only one where no name is given. Raises Unusable."""
    sources: list[Ldap] = settings.CITY.feeds.ldap
    matching = [source for source in sources if not name or source.name == name]
    if len(matching) != 1:
        known = ", ".join(source.name for source in sources) or "none; [[feeds.ldap]] in civicmail.toml names them"
        raise Unusable(f"Which LDAP source? There are {known}.")
    return matching[0]


def pull(source: Ldap, *, actor: Actor, now: int, fetch: FetchEntries = ldap_server.entries) -> FeedRun:
    """Query the server and propose the result. A server that does not answer, or returns no people, is a report in state failed,
    and raises Unusable with the same sentence."""
    guard.require(actor, "feed.pull", now=now)
    reading = _reading(settings.CITY.feeds, source, now)
    try:
        rows = fetch(source, reading.requested_attributes())
        read = ldap_rows.feed(rows, reading)
    except Unusable as error:
        feed.note_failure(source.name, str(error), kind="ldap", actor=actor, now=now)
        raise
    return feed.propose_read(read, ldap_server.sha256(rows), source=source.name, kind="ldap", actor=actor, now=now)


def pull_due(now: int, *, fetch: FetchEntries = ldap_server.entries) -> int:
    """Pull from every source that is due, for the worker, and apply the list if the setting allows it and the deletion threshold
    does not hold it. A source with a list that waits for an officer is not queried again before the decision. Returns the number of
    sources queried."""
    pulled = 0
    for source in settings.CITY.feeds.ldap:
        if not source.every or not _is_due(source, now):
            continue
        pulled += 1
        try:
            run = pull(source, actor=PULL_ACTOR, now=now, fetch=fetch)
            if source.apply and run.state == "proposed":
                feed.apply(run, actor=PULL_ACTOR, reason="Pulled on schedule, within the brake.", now=now)
        except (Unusable, Conflict):
            continue  # the report has the error; the next round tries again
    return pulled


def _is_due(source: Ldap, now: int) -> bool:
    last = FeedRun.objects.filter(kind="ldap", source=source.name).order_by("-at", "-id").first()
    if last is None:
        return True
    if last.state == "stopped" or (last.state == "proposed" and not source.apply):
        return False
    return not 0 <= now - epoch_ms(last.at) < source.every * MINUTE_MS


def _reading(feeds: Feeds, source: Ldap, now: int) -> LdapMapping:
    known = provider_names(now)
    kinds = {theirs.lower(): ours for theirs, ours in parse(feeds.kinds).items()}
    columns = {column: theirs for theirs, column in parse(source.attributes).items()}
    return LdapMapping(columns, kinds, known.departments, feeds.kind, feeds.department, known.domains)
