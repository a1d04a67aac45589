"""The guard: writes the entry first, then hands out the permit (P-16, P-17; promise 4).

An installation is *unclaimed* until the first duty is granted: then only the operating system's user who owns the data folder may
use content verbs, and every use leaves an entry all the same.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from pathlib import Path
from typing import Any

from civicmail.city.access.errors import NotPermitted
from civicmail.city.access.permits import _MADE_BY_GUARD, Permit

Entry = Callable[[dict[str, Any]], str]
"""Makes an entry durable and returns where it stands ("journal:number"). Facts are text and whole numbers."""


def is_claimed(data: Path) -> bool:
    """Whether a duty was ever granted here. The marker is written before the grant, so it is the truth after a crash too."""
    return (data / "claimed").exists()


def owner_permit(data: Path, verb: str, facts: dict[str, Any], *, reason: str, now: int, write: Entry) -> Permit:
    """A permit for the owner of an unclaimed data folder; its entry is durable when this returns.

    verb and facts say what will be looked at: a query, an id. Raises NotPermitted when the installation is claimed or the asker is
    somebody else.
    """
    if is_claimed(data):
        raise NotPermitted("This installation is claimed: content needs --as PERSON --duty DUTY --reason TEXT.")
    user = os.geteuid()
    if user != data.stat().st_uid:
        raise NotPermitted(f"Only the owner of {data} may look at content while the installation is unclaimed.")
    try:
        person = pwd.getpwuid(user).pw_name
    except KeyError:
        person = f"uid {user}"
    entry = write({"act": verb, "person": person, "duty": "owner", "reason": reason, **facts})
    return Permit(person, "owner", reason, now, entry, _MADE_BY_GUARD)
