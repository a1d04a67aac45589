"""Auto-replies of a mailbox (RFC 3834): which messages get one, and its text. Pure.

    needs_answer(capture, index, do, rules, kind)   whether this copy wants a reply, by its records
    is_for_a_person(header, addresses)              whether the message itself does
    build(...)                                      the reply; equal for the same message, which makes a second one detectable

Lists, bulk mail, programs, null senders and unproven senders never get one. A held copy gets none, unless it is held because the
owner of the mailbox left.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from civicmail.city.policy import rule_keys
from civicmail.core.message import addresses, header_scan
from civicmail.core.message.encoded_words import text as decoded
from civicmail.core.message.filter_verdicts import header_of
from civicmail.core.message.header_format import mailbox, one_line
from civicmail.core.wire.paths import without_detail
from civicmail.mail.archive.records import Capture

KEY = "answer:"
_SOURCES = frozenset({"mx", "submission", "relay", "lmtp"})
_REACHED = frozenset({"deliver", "mark"})
_MACHINES = re.compile(
    r"(?i)(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?|owner-.*|.*-(?:request|owner|bounces?)|listserv|majordomo)\Z"
)
_PLAIN = re.compile(r"([!#-'*+\-/-9=?A-Z^-~.]{1,64})@([A-Za-z0-9.-]+\.[A-Za-z0-9-]+)")
_BULK = re.compile(rb"(?i)bulk|list|junk|auto_reply")
_SUPPRESSES = re.compile(rb"(?i)\b(?:all|oof|autoreply)\b")
_LISTS = ("List-Id", "List-Unsubscribe", "List-Post", "List-Help", "List-Owner", "List-Archive", "Feedback-ID")
_DOUBTFUL = frozenset({"fail", "softfail", "permerror"})
_POLICY = SMTP.clone(utf8=False, cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Responder:
    """The mailbox that replies: its address and name."""

    mailbox: str
    name: str


def needs_answer(capture: Capture, index: int, do: str, rules: Collection[str], kind: str) -> bool:
    """Whether this recipient's copy needs a reply. do, rules: the last decision; kind: own, or left."""
    envelope = capture.envelope
    if capture.source.kind not in _SOURCES or envelope.recipients[index].expanded:
        return False
    named = _PLAIN.fullmatch(envelope.sender)
    if named is None or _MACHINES.match(named[1]) or (capture.source.kind == "mx" and not _is_proven(capture)):
        return False
    if kind == "left":
        return do == "hold" and bool(rule_keys.OF_MAILBOXES & set(rules))
    return do in _REACHED and rule_keys.PASS_ELSEWHERE not in rules


def _is_proven(capture: Capture) -> bool:
    """Whether no check contradicts the sender: a reply to a forged sender would be mail to a stranger."""
    facts = capture.facts
    if facts.get("auth.own_domain") or facts.get("auth.dmarc") in _DOUBTFUL:
        return False
    return facts.get("auth.spf") not in _DOUBTFUL or facts.get("auth.dmarc") == "pass"


def is_for_a_person(message: bytes, mine: Collection[str]) -> bool:
    """Whether a person, and no program, wrote this message to the mailbox by name (addresses in lower case; RFC 3834 2)."""
    head = header_of(message) or message
    auto = header_scan.first(head, "Auto-Submitted")
    if auto is not None and not auto.strip().lower().startswith(b"no"):
        return False
    if _BULK.search(header_scan.first(head, "Precedence") or b"") or any(
        header_scan.first(head, name) is not None for name in _LISTS
    ):
        return False
    if _SUPPRESSES.search(header_scan.first(head, "X-Auto-Response-Suppress") or b""):
        return False
    kind = (header_scan.first(head, "Content-Type") or b"").strip().lower()
    if kind.startswith(b"multipart/report") or header_scan.first(head, "Return-Path") == b"<>":
        return False
    named = {a for name in ("To", "Cc", "Resent-To", "Resent-Cc") for a in _addresses(header_scan.first(head, name))}
    return not named.isdisjoint(mine)


def _addresses(value: bytes | None) -> Sequence[str]:
    if value is None:
        return ()
    return [without_detail(f"{a.local}@{a.domain}".lower()) for a in addresses.parse(decoded(value))]


def key(capture: Capture, mailbox: str) -> str:
    """The key by which this mailbox replies to this message only once."""
    return f"{KEY}{capture.uuid}:{mailbox}"


def build(capture: Capture, responder: Responder, words: str, city: str, host: str) -> bytes:
    """The answer, from the mailbox to the envelope's sender. words: the text for this one; host: of our servers."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = mailbox(responder.mailbox, responder.name)
    message["To"] = mailbox(capture.envelope.sender)
    message["Subject"] = one_line(f"Automatic reply from {responder.name}")
    message["Date"] = format_datetime(datetime.fromtimestamp(capture.received // 1000, UTC))
    name = hashlib.sha256(key(capture, responder.mailbox).encode()).hexdigest()[:32]
    message["Message-ID"] = f"<answer.{name}@{host}>"
    if re.fullmatch(r"<[!-~]{1,900}>", capture.message_id):
        message["In-Reply-To"] = capture.message_id
        message["References"] = capture.message_id
    message["Auto-Submitted"] = "auto-replied"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(f"{words.strip()}\n\n-- \n{city}\n", cte="quoted-printable")
    return message.as_bytes()
