"""A legal hold on the result of a search in an examination: on its tree, so that it covers later mail too (P-20)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from civicmail.city.guard.actions.external_acts import entering_of
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import field_error
from civicmail.city.guard.mandates import Mandate
from civicmail.city.guard.models import Entry
from civicmail.city.guard.permits import Permit
from civicmail.city.identity.actions import content_views
from civicmail.core.query.errors import QueryError
from civicmail.core.query.parse import parse
from civicmail.core.query.tree import Tree
from civicmail.desk.viewer.queries import installation, store
from civicmail.desk.viewer.store import NotIndexed
from civicmail.desk.workbench import scope
from civicmail.desk.workbench.scope import Gate
from civicmail.mail.archive import holds
from civicmail.mail.search.errors import DamagedIndex


def hold(
    data: Path,
    mandate: Mandate,
    query: str,
    *,
    ground: str,
    actor: Actor,
    reason: str,
    now: int,
) -> str:
    """Place the hold and return its id. Raises NotPermitted, Unusable, Conflict, NotRecorded, LeaseHeld."""
    try:
        words = parse(query, now=from_ms(now))
    except QueryError as error:
        raise field_error("q", error.message) from None
    facts = {"query": query, "ground": ground}
    permit = content_views.under(mandate, "content.hold", actor=actor, facts=facts, now=now)
    scope_text = f"{holds.MANDATE}{mandate.number}: {query or 'everything'}"
    tree = _covered(mandate, words, permit, now)
    where = f"mandate:{mandate.number}"
    entering = entering_of("hold.placed", actor=actor, reason=reason[:400], now=now, object=where, facts=facts)
    return holds.place(data, ground=ground, scope=scope_text, tree=tree, actor=actor.uid, reason=reason, now=now, entering=entering)


def _covered(mandate: Mandate, words: Tree, permit: Permit, now: int) -> Tree:
    """The scope of a hold on these words, with the threads that they name; without an index the words alone, because a hold does
    not wait for one."""
    message_store = store()
    with suppress(NotIndexed, DamagedIndex):
        reader = message_store.reader()
        words = Gate(installation(), message_store.archive(), permit, mandate, now).with_threads(reader, words)
    return scope.within(mandate, words, now)


def placed(number: str) -> list[Entry]:
    """Entries of the holds of an examination, newest first."""
    return list(Entry.objects.filter(object=f"mandate:{number}", act="hold.placed").order_by("-id")[:50])
