"""Content access for a person: the token authenticates, the guard authorizes, the audit entry is committed first (P-16, E6).

The token is read from the file that CIVICMAIL_TOKEN_FILE names or from a terminal, never from the command line, which every
process can read, and never from the environment.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from civicmail.city.guard import guard
from civicmail.city.guard.errors import Conflict, NotPermitted
from civicmail.core.config.clock import now_ms
from civicmail.core.config.errors import UsageError
from civicmail.front.cli import verbs
from civicmail.front.cli.content_access import ContentAccess
from civicmail.front.cli.options import ContentCredentials, OptionalSignIn
from civicmail.front.web.start import start

if TYPE_CHECKING:
    from civicmail.city.guard.actors import Actor
    from civicmail.city.guard.mandates import Mandate

RECHECK_SECONDS = 1.0
TOKEN_FILE = "CIVICMAIL_TOKEN_FILE"  # noqa: S105 - the name of a variable


def open_for_person(data: Path, verb: str, facts: dict[str, Any], asker: ContentCredentials, *, now: int) -> ContentAccess:
    """Open content for a person under their examination. --duty must match it; --reason is logged with the examination's reason.
    Raises NotPermitted, NotRecorded; then nothing may be shown."""
    if not (asker.as_ and asker.mandate):
        raise NotPermitted("This installation is claimed: content needs --as PERSON --mandate NUMBER.")
    actor = person(data, asker, now=now)
    from civicmail.city.identity.actions import content_views
    from civicmail.city.identity.queries import mandates

    mandate = mandates.live(actor, asker.mandate, now)
    if asker.role not in ("", mandate.role):
        raise NotPermitted(f"Mandate {mandate.number} is for the role {mandate.role}.")
    full_facts = {"verb": verb, **facts} | ({"note": asker.reason.strip()[:400]} if asker.reason.strip() else {})
    permit = content_views.under(mandate, verbs.line(verb).act, actor=actor, facts=full_facts, now=now)
    return ContentAccess(data, permit, now, mandate, _watching(mandate, verbs.line(verb).act))


def _watching(mandate: Mandate, act: str) -> Callable[[], None]:
    """Asks again, once in EVERY seconds, whether this may still be read: an export takes minutes (E3, E5)."""
    from civicmail.city.guard.models import Account
    from civicmail.city.identity.queries import mandates
    from civicmail.city.identity.queries.actors import actor_of

    last = time.monotonic()

    def still() -> None:
        nonlocal last
        if time.monotonic() - last < RECHECK_SECONDS:
            return
        last, now = time.monotonic(), now_ms()
        actor = actor_of(Account.objects.select_related("person").get(person__uid=mandate.person), "command line", now)
        fresh = mandates.live(actor, mandate.number, now)
        guard.require_under(actor, fresh, act, now=now)
        if fresh.scope != mandate.scope:
            raise Conflict("Nothing was shown: the scope of this mandate has changed. Begin again.")

    return still


def person(data: Path, asker: OptionalSignIn, *, now: int) -> Actor:
    """The person of the token, as an actor with all roles. Starts Django. Raises NotPermitted."""
    text = token()
    start(data, asker.config)
    from civicmail.city.identity.actions.tokens import account_by
    from civicmail.city.identity.queries.actors import actor_of

    return actor_of(account_by(text, asker.as_, now=now), "command line", now)


def office(data: Path, asker: OptionalSignIn, *, now: int) -> Actor:
    """An access officer with a token, or the owner of an unclaimed folder."""
    if guard.is_claimed(data):
        if not asker.as_:
            raise NotPermitted("This installation is claimed: name yourself with --as PERSON.")
        return person(data, asker, now=now)
    start(data, asker.config)
    return guard.founder(data, "command line")


def token() -> str:
    """The token, from the file or from the terminal. Raises UsageError for a file that others can read, or none at all."""
    named = os.environ.get(TOKEN_FILE, "")
    if not named:
        if sys.stdin.isatty():
            return getpass("Token: ")
        raise UsageError(f"Name the file with your token in {TOKEN_FILE}, or type it on a terminal.")
    path = Path(named)
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UsageError(f"Others can read {path}; close it with chmod 600.")
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not text'}.") from None
