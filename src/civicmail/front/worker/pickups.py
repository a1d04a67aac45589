"""Jobs of the pick-up portal: notify readers, fetch their replies, expire messages (P-19)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from civicmail.city.snapshot.published_snapshot import shared_watcher
from civicmail.core.config.settings import Settings
from civicmail.core.message.header_format import mailbox, one_line
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.own_mailer import OwnMailer, OwnMessage
from civicmail.front.worker.processes import JobContext
from civicmail.mail.archive.records import Source
from civicmail.mail.courier import secure_routes
from civicmail.mail.pipeline.evaluator import Evaluator

if TYPE_CHECKING:  # its module needs Django, which is started later
    from civicmail.desk.holding.models import PickUpReply

BATCH_SIZE = 50
DOOR = "portal"
_POLICY = SMTP.clone(utf8=False, cte_type="7bit")


def pickups(context: JobContext) -> Iterator[Work]:
    """Notify readers of the pick-up portal, send their replies, and expire messages."""
    yield lambda: step(context.settings, context.data, context.clock)


def step(settings: Settings, data: Path, clock: Callable[[], int]) -> int:
    """How many boxes were found, answers sent and boxes ended. Raises LaterError where the archive cannot commit."""
    from civicmail.desk.holding.actions import pickups

    now = clock()
    usable = not secure_routes.why_no_portal(settings)
    done = pickups.register_boxes(data, settings.city.name, settings.web.url, settings.secure, now=now) if usable else 0
    waiting = pickups.unsent_replies(BATCH_SIZE)
    if waiting:
        letters = [_letter(row, settings.city.host) for row in waiting]
        with closing(Evaluator(settings, data, clock, patient=True)) as judging:  # screened as all mail from outside is
            OwnMailer(settings, data, clock, shared_watcher(data, clock), judging).send(letters, Source("mx", DOOR))
        for row in waiting:
            pickups.mark_sent(row, now=clock())
    return done + len(waiting) + pickups.expire(data, now=now)


def _letter(row: PickUpReply, host: str) -> OwnMessage:
    """A reader's reply to the sender; deterministic."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = mailbox(row.pickup.to)
    message["To"] = mailbox(row.pickup.sender)
    subject = one_line(row.subject)
    message["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    message["Date"] = format_datetime(row.made.astimezone(UTC))
    key = f"reply:{row.pk}"
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    message["Message-ID"] = f"<portal.{name}@{host}>"
    if (seen := row.message_id) and seen.isascii() and not set(seen) & set("<> \r\n"):
        message["In-Reply-To"] = message["References"] = f"<{seen}>"
    message.set_content(f"{row.text}\n\n-- \nWritten in the pick-up portal.\n", cte="quoted-printable")
    return OwnMessage(f"portal:{key}", row.pickup.sender, message.as_bytes(), sender=row.pickup.to)
