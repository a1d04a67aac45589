"""Log each refusal of pages, API and SCIM: who, what, from where, why."""

from __future__ import annotations

from typing import Any

from civicmail.city.guard.actors import ANONYMOUS, Actor
from civicmail.core.config.log import get_logger

log = get_logger()


def note(request: Any, error: str, status: int) -> None:
    """Log a refusal without repeating the input. error: its kind."""
    match = getattr(request, "resolver_match", None)
    act = getattr(request, "act", "") or (getattr(match.func, "act", "") if match else "")
    actor: Actor = getattr(request, "actor", ANONYMOUS)
    who = {"person": actor.uid or "-", "client": actor.client or "-"}
    log.info("refused", id=getattr(request, "id", ""), error=error, status=status, act=act or "-", **who)
