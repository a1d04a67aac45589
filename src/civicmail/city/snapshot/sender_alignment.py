"""Sender alignment: whether the From header matches the authorized sender (P-14). Pure.

    verdict = check(header, envelope_sender, snapshot, person=person, now=now)          submission
    verdict = check(header, envelope_sender, snapshot, scope=listener.senders, now=now) relay

A wrong name is corrected, what poses as another is refused. The archive keeps the message as it came; corrections are lines that
the courier's copy has instead (docs/formats.md, "What left").
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Collection
from dataclasses import dataclass

from civicmail.city.policy.dispositions import Finding
from civicmail.city.snapshot.from_header import HeaderField, InvalidSender, NamedAddress, is_hidden, parse_fields, parse_mailbox
from civicmail.city.snapshot.sender_refusals import smtp_reply
from civicmail.city.snapshot.snapshot import Grant, Mailbox, Person, Snapshot
from civicmail.core.message import addresses, blind_fields, encoded_words
from civicmail.core.message.lookalike import mixes_scripts, skeleton

CHECK = "sender"
"""The check of all findings here. A finding with a code that begins with "correct" is a correction: offset and length of the field
in the kept bytes, mask: what stands there instead, lines parted by LF; empty when nothing does, length 0 when it is added."""

_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_WORD_BYTES = 39
_STRIPPED_FIELDS = frozenset({"authentication-results", *(name.decode() for name in blind_fields.NAMES)})
"""Of a person's own message: verdicts are ours to write, and nobody learns of another's Bcc (RFC 5322 3.6.3, promise 4)."""
_ADDRESS_LIKE = re.compile(r"\S*@\S*")


@dataclass(frozen=True, slots=True)
class Verdict:
    """refused: the rule, empty when the message passes; smtp: the reply then. findings: notes, and corrections when it passes."""

    refused: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def smtp(self) -> str:
        return smtp_reply(self.refused) if self.refused else ""

    @property
    def corrections(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if is_correction(f))


def is_correction(finding: Finding) -> bool:
    """Whether it is a difference between the outgoing copy and the archived bytes."""
    return finding.check == CHECK and finding.code.startswith("correct")


def check(
    header: bytes,
    sender: str,
    snapshot: Snapshot | None,
    *,
    person: Person | None = None,
    scope: Collection[str] = (),
    now: int,
) -> Verdict:
    """header: the block without its empty line; sender: the reverse path. person: who signed in, else the peer's scope decides."""
    claims = _SenderCheck(snapshot or Snapshot(0, 0), person, scope, now)
    try:
        if rule := claims.envelope(sender):
            raise InvalidSender(rule)
        return Verdict(findings=claims.check_fields(parse_fields(header)))
    except InvalidSender as problem:
        return Verdict(problem.rule, (Finding(CHECK, problem.rule),))


def may_relay(address: str, scope: Collection[str]) -> bool:
    """Whether a peer with this scope may send for an address. The empty address belongs to no one; an empty scope has all."""
    address = address.lower()
    return not address or not scope or address in scope or f"@{address.rpartition('@')[2]}" in scope


def has_identification_block(text: str, template: str, snapshot: Snapshot, person: Person, now: int) -> bool:
    """Whether the text of a message has the identification block. template: with {name} and {department}; white space is
    normalized."""
    own = _own_mailbox(snapshot, person, now)
    block = template.replace("{name}", person.name).replace("{department}", own.department if own is not None else "")
    return " ".join(block.split()).casefold() in " ".join(text.split()).casefold()


class _SenderCheck:
    """What one sender may claim. person None: a peer of a relay, in whose scope an address must lie."""

    def __init__(self, snapshot: Snapshot, person: Person | None, scope: Collection[str], now: int) -> None:
        self._snapshot = snapshot
        self._person = person
        self._scope = frozenset(scope)
        self._now = now

    def envelope(self, sender: str) -> str:
        """The rule that the reverse path breaks; empty when it breaks none. The null path breaks none: a mail program confirms with
        it that a message was displayed (RFC 8098, 3), and it MUST NOT by itself be a reason to reject (RFC 6409, 3.2)."""
        if not sender:
            return ""
        if self._person is None:
            return "" if may_relay(sender, self._scope) else "envelope-out-of-scope"
        return "" if self._snapshot.grant(self._person, sender, self._now) is not None else "envelope-not-yours"

    def check_fields(self, fields: list[HeaderField]) -> tuple[Finding, ...]:
        """Findings of a header that passes. Raises Dishonest."""
        if any(f.name.startswith("resent-") for f in fields):
            raise InvalidSender("resent")
        froms = [f for f in fields if f.name == "from"]
        if len(froms) != 1:
            raise InvalidSender("twice" if froms else "missing")
        named = parse_mailbox(froms[0].raw)
        grant, mailbox = self._authorized_mailbox(named.address)
        name = self._name(mailbox)
        self._check_display_name(named, name)
        findings = [] if self._person is not None else [Finding(CHECK, "asserted")]
        if name and named.exact != name:
            findings.append(_correction("from", froms[0], mailbox_line("From", name, named.address)))
        findings += self._check_sender_field([f for f in fields if f.name == "sender"], grant)
        findings += [_correction(f.name, f, ()) for f in fields if f.name in _STRIPPED_FIELDS and self._person is not None]
        findings += self._check_reply_to([f for f in fields if f.name == "reply-to"])
        return tuple(findings)

    # -- the address

    def _authorized_mailbox(self, address: str) -> tuple[Grant | None, Mailbox | None]:
        """By which right this is the sender's address, and the mailbox behind it."""
        mailbox = self._snapshot.mailbox_of(address)
        if self._person is None:
            if not may_relay(address, self._scope):
                raise InvalidSender("out-of-scope")
            return None, mailbox
        if address.rpartition("@")[2].lower() not in self._snapshot.domains:
            raise InvalidSender("outside")
        grant = self._snapshot.grant(self._person, address, self._now)
        if grant is None or mailbox is None:
            raise InvalidSender("not-yours")
        if mailbox.state == "closed":
            raise InvalidSender("mailbox-closed")
        return grant, mailbox

    # -- the name

    def _name(self, mailbox: Mailbox | None) -> str:
        """The name that the directory has; empty where it has none."""
        if mailbox is None:
            return ""
        holder = self._snapshot.people.get(mailbox.holder)
        return " ".join((mailbox.name or (holder.name if holder is not None else "")).split())

    def _check_display_name(self, named: NamedAddress, name: str) -> None:
        """Raise Dishonest if the name that readers may see imitates another person or an address."""
        own = {skeleton(name), skeleton(self._person.name if self._person is not None else name)}
        for shown in named.shown:
            for address in _ADDRESS_LIKE.findall(shown):
                if address.strip("\"'<>()[],;:").lower() != named.address.lower():
                    raise InvalidSender("name-address")
            if is_hidden(shown):
                raise InvalidSender("name-hidden")
            if "<" in shown or ">" in shown:
                raise InvalidSender("name-brackets")
            if mixes_scripts(shown):
                raise InvalidSender("name-scripts")
            alike = skeleton(shown)
            if alike in own:
                continue
            plain = shown.lower().replace(named.address.lower(), "")
            if any(skeleton(domain) in skeleton(plain).replace(" ", "") for domain in self._snapshot.domains):
                raise InvalidSender("name-domain")
            if alike and self._is_known_name(alike):
                raise InvalidSender("name-of-another")

    def _is_known_name(self, alike: str) -> bool:
        return any(skeleton(name) == alike for name in self._snapshot.names)

    # -- Sender, Reply-To

    def _check_sender_field(self, fields: list[HeaderField], grant: Grant | None) -> list[Finding]:
        """Sender must be the person if From is another's or a function's mailbox (RFC 5322 3.6.2), else the author."""
        if len(fields) > 1:
            raise InvalidSender("sender-twice")
        try:
            sender_mailbox = parse_mailbox(fields[0].raw) if fields else None
        except InvalidSender:
            raise InvalidSender("sender-form") from None
        if self._person is None or grant is None:
            return []
        own = _own_mailbox(self._snapshot, self._person, self._now)
        if grant.role not in ("delegate", "successor") or own is None:
            other = sender_mailbox is not None and self._snapshot.grant(self._person, sender_mailbox.address, self._now) is None
            return [_correction("sender", fields[0], ())] if other else []
        if (
            sender_mailbox is not None
            and sender_mailbox.address.lower() in own.addresses
            and sender_mailbox.exact in ("", own.name)
        ):
            return []
        lines = mailbox_line("Sender", self._person.name, own.id)
        return [_correction("sender", fields[0], lines) if fields else Finding(CHECK, "correct:sender", mask="\n".join(lines))]

    def _check_reply_to(self, fields: list[HeaderField]) -> list[Finding]:
        """Note a Reply-To elsewhere, which people do request."""
        ours = self._snapshot.domains
        return [
            Finding(CHECK, "reply-outside", offset=f.offset, length=f.length)
            for f in fields
            if any(a.domain not in ours for a in addresses.parse(encoded_words.text(f.raw)))
        ]


def _own_mailbox(snapshot: Snapshot, person: Person, now: int) -> Mailbox | None:
    """The mailbox that a person holds."""
    held = [g.mailbox for g in person.grants if g.role == "holder" and now < g.until]
    return next((m for m in map(snapshot.mailboxes.get, held) if m is not None), None)


def _correction(what: str, field: HeaderField, lines: tuple[str, ...]) -> Finding:
    return Finding(CHECK, f"correct:{what}", offset=field.offset, length=field.length, mask="\n".join(lines))


def mailbox_line(field: str, name: str, address: str) -> tuple[str, ...]:
    """A field with one mailbox, as lines (RFC 5322 3.4, RFC 2047): ASCII, none longer than 78 unless the address is."""
    if _PLAIN.fullmatch(name) and "=?" not in name:
        words = [name]
    elif name.isascii() and name.isprintable() and not set('"\\') & set(name) and "=?" not in name:
        words = [f'"{name}"']
    else:
        words = [f"=?utf-8?b?{binascii.b2a_base64(piece, newline=False).decode()}?=" for piece in _pieces(name)]
    first, *rest = [*words, f"<{address}>"]
    lines = [f"{field}: {first}"]
    for word in rest:
        if len(lines[-1]) + 1 + len(word) <= 76:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return tuple(lines)


def _pieces(name: str) -> list[bytes]:
    """A name as UTF-8 in pieces that fit an encoded word, none of which parts a letter (RFC 2047 5)."""
    pieces = [b""]
    for letter in name:
        plain = letter.encode("utf-8")
        if len(pieces[-1]) + len(plain) > _WORD_BYTES:
            pieces.append(b"")
        pieces[-1] += plain
    return pieces
