"""Letting go what rules keep back: with a reason and an entry first, and through the checks once more (P-02, P-25)."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.db import transaction

from civicmail.city.access import guard
from civicmail.city.access.actions import entries
from civicmail.city.access.actors import Actor
from civicmail.city.access.errors import Conflict
from civicmail.city.access.reasons import reason as given
from civicmail.core.config.clock import now_ms
from civicmail.desk.holding.keptback import Copy
from civicmail.mail.pipeline.releasing import Released, Releasing

OWN = "said by its reader to be no spam"


def release(copy: Copy, *, actor: Actor, reason: str, now: int) -> Released:
    """A security officer says that it is no spam. What the checks find besides keeps it, and the answer names that. Raises
    NotPermitted, Unusable, NotRecorded, Conflict where it is not kept back any more, LaterError."""
    guard.require(actor, "quarantine.release", now=now)
    return _through(copy, "quarantine.release", actor, given(reason, least=10), now, for_all=True)


def release_own(copy: Copy, boxes: Collection[str], *, actor: Actor, now: int) -> Released:
    """Whoever may read the mailbox says so of a copy in quarantine. boxes: addresses of their mailboxes. Raises as release does."""
    guard.require(actor, "my.mail", now=now)
    if copy.do != "quarantine" or copy.box.lower() not in boxes:
        raise Conflict("This copy is not yours to let go, or it is not in quarantine any more.")
    return _through(copy, "my.release", actor, OWN, now)


def _through(copy: Copy, act: str, actor: Actor, reason: str, now: int, *, for_all: bool = False) -> Released:
    """The entry is there before anything happens; what then happened is a record of the archive, with the same person in it."""
    with transaction.atomic():
        facts = {"copy": copy.index, "rules": list(copy.rules)}
        entries.enter(act, actor=actor, reason=reason, now=now, object=f"capture:{copy.uuid}", facts=facts)
    assert settings.DATA is not None, "pages have an installation"
    with closing(Releasing(settings.CITY, Path(settings.DATA), now_ms)) as releasing:  # rare: it need not keep a reader and models
        done = releasing.release(copy.id, (copy.index,), by=actor.uid, reason=reason, for_all=for_all)
    if copy.index not in done.let and copy.index not in done.kept:
        raise Conflict("It is not kept back any more.")
    return done
