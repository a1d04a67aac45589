"""A legal hold on the result of a search under a mandate: on its tree, so that it covers later mail too (P-20)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from civicmail.city.access.actions import content_views
from civicmail.city.access.actions.external_acts import entering_of
from civicmail.city.access.actors import Actor
from civicmail.city.access.mandates import Mandate
from civicmail.city.access.models import Entry
from civicmail.city.access.permits import Permit
from civicmail.core.query.tree import Tree
from civicmail.mail.archive import holds


def hold(
    data: Path,
    mandate: Mandate,
    query: str,
    tree_of: Callable[[Permit], Tree],
    *,
    ground: str,
    actor: Actor,
    reason: str,
    now: int,
) -> str:
    """Place the hold and return its id. tree_of: the query within the mandate; it needs a permit, because threads are looked up.
    Raises NotPermitted, Conflict, NotRecorded, LeaseHeld."""
    facts = {"query": query, "ground": ground}
    permit = content_views.under(mandate, "content.hold", actor=actor, facts=facts, now=now)
    scope_text = f"{holds.MANDATE}{mandate.number}: {query or 'everything'}"
    tree = tree_of(permit)
    where = f"mandate:{mandate.number}"
    entering = entering_of("hold.placed", actor=actor, reason=reason[:400], now=now, object=where, facts=facts)
    return holds.place(data, ground=ground, scope=scope_text, tree=tree, actor=actor.uid, reason=reason, now=now, entering=entering)


def placed(number: str) -> list[Entry]:
    """Entries of the holds under a mandate, newest first."""
    return list(Entry.objects.filter(object=f"mandate:{number}", act="hold.placed").order_by("-id")[:50])
