"""Place and end legal holds; each is a record of the archive with its entry (P-20)."""

from __future__ import annotations

from datetime import UTC, datetime

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.external_acts import entering_of
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.errors import Conflict, Unusable, field_error
from civicmail.core.query.errors import QueryError
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import Tree
from civicmail.desk.retention.queries import holds as queries
from civicmail.desk.retention.queries.holds import HoldLine
from civicmail.desk.viewer.queries import installation
from civicmail.mail.archive import holds
from civicmail.mail.archive.errors import UnknownHold
from civicmail.mail.search.counts import count
from civicmail.mail.search.reader import Reader

ENDED = "Not ended: somebody else has ended this hold in the meantime. Reload the page."


def checked(query: str, now: int) -> Tree:
    """The tree of a query. now: epoch ms. Raises Unusable with what is wrong and where."""
    if not query.strip():
        raise field_error("query", "Write the query.")
    try:
        return parse(query, now=datetime.fromtimestamp(now / 1000, UTC))
    except QueryError as error:
        hint = f" Did you mean {error.hint}?" if error.hint else ""
        raise field_error("query", f"{error.message} (at character {error.position + 1}){hint}") from None


def place(query: str, *, ground: str, reason: str, actor: Actor, now: int) -> HoldLine:
    """Put a hold into force. now: epoch ms. Raises NotPermitted, Unusable, NotRecorded, LeaseHeld."""
    guard.require(actor, "retention.hold", now=now)
    checked(query, now)
    facts = {"ground": ground, "query": query}
    entering = entering_of("retention.hold", actor=actor, reason=reason[:400], now=now, facts=facts)
    name = holds.place(installation(), ground=ground, scope=query, actor=actor.uid, reason=reason, now=now, entering=entering)
    return _line(name)


def end(hold: HoldLine, *, reason: str, actor: Actor, now: int) -> HoldLine:
    """End a hold; the schedules apply again to what it covered. Raises NotPermitted, Unusable for one that ends with the work that
    placed it, Conflict if it has ended, NotRecorded, LeaseHeld."""
    guard.require(actor, "retention.hold", now=now)
    if hold.ends_with_work:
        raise Unusable(f"Not ended: this hold belongs to {hold.scope.partition(':')[0]} and ends with it.")
    entering = entering_of("retention.hold", actor=actor, reason=reason[:400], now=now, object=f"hold:{hold.pk}", facts={"end": 1})
    try:
        holds.end(installation(), hold.pk, actor=actor.uid, reason=reason, now=now, entering=entering)
    except UnknownHold:
        raise Conflict(ENDED) from None
    return _line(hold.pk)


def counted(query: str, reader: Reader, *, actor: Actor, now: int) -> int:
    """How many archived messages a query covers. Counts for word after word can reveal content, so each leaves its entry first.
    Raises NotPermitted, Unusable, NotRecorded, NotFinished, DamagedIndex."""
    guard.require(actor, "retention.hold", now=now)
    tree = checked(query, now)
    entries.enter_ahead("retention.count", actor=actor, reason="", now=now, facts={"query": query})
    return count(reader, tree)


def _line(name: str) -> HoldLine:
    line = queries.line_of(name)
    assert line is not None, name
    return line
