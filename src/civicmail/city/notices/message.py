"""Build the message of a notice (RFC 5322). Pure: the same notice gives the same bytes, so that a second sending is recognized.
Knows no Django."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from civicmail.core.message.header_format import mailbox, one_line

_POLICY = SMTP.clone(utf8=False, cte_type="7bit")


@dataclass(frozen=True, slots=True)
class NoticeContent:
    """The parts of a notice that are in its message. made: ms since 1970; reply_to: the address for answers, if any."""

    key: str
    to: str
    subject: str
    text: str
    made: int
    reply_to: str = ""


def message_id(key: str, host: str) -> str:
    """The Message-ID of the notice with this key, by which an answer to it is recognized."""
    return f"notice.{hashlib.sha256(key.encode()).hexdigest()[:32]}@{host}"


def build(notice: NoticeContent, city: str, host: str, pages: str = "") -> bytes:
    """The message, from the null sender's name. host: of our servers; pages: the address of the pages (web.url)."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = mailbox(f"MAILER-DAEMON@{host}", f"{city} mail system")
    message["To"] = mailbox(notice.to)
    if notice.reply_to:
        message["Reply-To"] = mailbox(notice.reply_to)
    message["Subject"] = one_line(notice.subject)
    message["Date"] = format_datetime(datetime.fromtimestamp(notice.made // 1000, UTC))
    message["Message-ID"] = f"<{message_id(notice.key, host)}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 5: automatic replies ignore it
    ending = f"{city}\n{pages}" if pages else city
    # A paragraph is one line, which every program breaks at the width of its window; most do not join lines (RFC 3676).
    message.set_content(f"{notice.text.strip()}\n\n{ending}\n", cte="quoted-printable")
    return message.as_bytes()
