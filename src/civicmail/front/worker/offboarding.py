"""Jobs for leavers (P-08): close accounts, notify external systems.

An account is counted, then emptied, one step at a time. Each step may be repeated after a crash: the mailbox takes nothing more
before the last count, and its live copy goes only after the archive has all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from civicmail.city.directory.modes import Modes
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext
from civicmail.mail.courier.hops import Routes
from civicmail.mail.courier.imap_mailboxes import ImapServer, ServerUnavailable
from civicmail.mail.importers.live_imap import Imap
from civicmail.mail.importers.live_mailbox import Folders, LiveMailbox, Place

if TYPE_CHECKING:  # Django is started later
    from civicmail.city.conduct.actions.account_closure import Count
    from civicmail.city.conduct.models import Closure

log = get_logger()


def closing(context: JobContext) -> Iterator[Work]:
    """Count, archive and empty the mailboxes of people who left."""
    yield lambda: step(context.settings, context.data, context.clock)


def outside(context: JobContext) -> Iterator[Work]:
    """Notify external systems of people who left."""
    from civicmail.city.conduct.actions.external_systems import notify_hooks

    yield lambda: notify_hooks(context.clock())


def step(settings: Settings, data: Path, clock: Callable[[], int]) -> int:
    """Do one step for each account in closure. Returns how many advanced."""
    from civicmail.city.conduct.queries import closures

    return sum(_one(settings, data, row, clock) for row in closures.to_work())


def _one(settings: Settings, data: Path, row: Closure, clock: Callable[[], int]) -> int:
    from civicmail.city.conduct.actions import account_closure
    from civicmail.city.guard.errors import Conflict

    try:
        with _place(settings, data, row) as place:
            _work(row, LiveMailbox(data, row.mailbox.address, place), clock)
    except Conflict as error:
        account_closure.stop(row, str(error), now=clock())
    except ServerUnavailable as error:
        log.error("a mailbox server is away, trying again", closure=row.pk, error=str(error))
        return 0
    except (OSError, CivicmailError) as error:
        if row.state == "closing":  # there is no way back: what cannot be done now is done later
            log.error("a live mailbox cannot be emptied, trying again", closure=row.pk, error=str(error))
            return 0
        problem = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        account_closure.stop(row, problem, now=clock())
    return 1


@contextmanager
def _place(settings: Settings, data: Path, row: Closure) -> Iterator[Place]:
    """The mailbox with the live copy. Raises OSError if it is unavailable."""
    from civicmail.city.conduct.queries import closures

    courier = settings.courier
    hop = Routes(settings, Modes(settings, data)).hop_for(row.mailbox.address)
    if hop is not None and hop.kind == "maildir":
        yield Folders(data, closures.addresses_of(row))
    elif hop is not None and hop.kind == "lmtp" and courier.imap:
        with ImapServer(courier.imap, courier.imap_user, courier.imap_key_file, courier.tls_ca).open(row.mailbox.address) as box:
            yield Imap(box)
    else:
        raise OSError(f"The live mailbox lies in another system ({hop}), whose messages cannot be counted from here")


def _work(row: Closure, box: LiveMailbox, clock: Callable[[], int]) -> None:
    from civicmail.city.conduct.actions import account_closure

    if row.state == "counting":
        account_closure.note_count(row, _count(box), now=clock())
    elif row.state == "ordered":
        account_closure.begin(row, now=clock())
    else:
        _empty(row, box, clock)


def _empty(row: Closure, box: LiveMailbox, clock: Callable[[], int]) -> None:
    from civicmail.city.conduct.actions import account_closure

    brought = box.bring_in(clock)
    if not row.sha256:  # else it was certified already, and some of it may be gone; what came since is in the archive
        count = _count(box)
        if count.missing:
            raise OSError(f"{count.missing} messages are still not in the archive")
        account_closure.note_emptying(row, count, brought, now=clock())
    if remaining := box.delete():
        raise OSError(f"{remaining} messages that are not in the archive lie in the mailbox")
    account_closure.finish(_fresh(row), now=clock())


def _fresh(row: Closure) -> Closure:
    row.refresh_from_db()
    return row


def _count(box: LiveMailbox) -> Count:
    from civicmail.city.conduct.actions.account_closure import Count

    totals = box.count()
    return Count(totals.live, totals.size, totals.missing, totals.listed, totals.holds)
