"""Mail of the town in every state of a copy: what was decided at the door, what was decided later, and what became of it; as it
stands for whoever it is for, and for whoever sent it (tests/pages/everystate.py has the rows)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from civicmail.city.policy.dispositions import Action, Disposition, Finding
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive import outstanding_file
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.copies import Copy
from civicmail.mail.archive.envelopes import Passage, trace_of
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.machine import Machine
from civicmail.mail.archive.records import Capture, Event, Source, Type
from civicmail.mail.pipeline.accept import capture_of, scan
from civicmail.mail.pipeline.rescreening import facts_of
from mail.archive.making import UNSYNCED

DANA, OUTSIDE = "dana.ortiz@city.example", "ann@paving.example"
AWAY = ("unavailable:clamav",)
HOP = {"hop": "smtp://192.0.2.9:25", "try": 1}
PULLED = {"pull": 1, "mailbox": DANA, "delivered": 1, "actor": "p-security", "reason": "It asks for passwords.", "lying": []}
DECIDED: dict[str, tuple[Action, tuple[str, ...]]] = {
    **{do: (do, ("own-words",)) for do in get_args(Action)},
    "held for a manager": ("hold", ("files-need-manager",)),
    "held for a mailbox": ("hold", ("access-held",)),
    "held with an account": ("hold", ("contained",)),
    "held by a rule that is gone": ("hold", ("no-such-rule",)),
    "in quarantine as spam": ("quarantine", ("spam-band",)),
    "asked for by its reader": ("hold", ("first-file",)),
    "kept for a check": ("hold", AWAY),
    "elsewhere": ("kept", ("pass-elsewhere",)),
}
"""What was decided when it came."""
LATER: dict[str, tuple[Action, list[tuple[Type, dict[str, Any]]]]] = {
    "pending too long": ("pending", [(Type.DECIDED, facts_of(Disposition(0, "pending", AWAY), held=True))]),
    **{
        f"pending, then {do}": ("pending", [(Type.DECIDED, facts_of(Disposition(0, do, ("own-words",))))])
        for do in get_args(Action)
    },
    "trying": ("deliver", [(Type.ATTEMPT, HOP)]),
    "deferred": ("deliver", [(Type.DEFERRED, {**HOP, "reply": "451 4.7.1 come later", "next": 0})]),
    "delivered": ("deliver", [(Type.DELIVERED, {**HOP, "reply": "250 2.0.0 stored"})]),
    "failed": ("deliver", [(Type.FAILED, {**HOP, "reply": "550 5.1.1 no such user", "dsn": 0})]),
    "cancelled": ("hold", [(Type.CANCELLED, {"reason": "Nobody wanted it in thirty days.", "actor": "tick"})]),
    "released": ("quarantine", [(Type.RELEASED, {"reason": "It is no spam.", "actor": "p-security"})]),
    "held by a person": ("deliver", [(Type.HELD, {"reason": "It is looked at.", "actor": "p-operator"})]),
    "pulled": ("deliver", [(Type.PULLED, PULLED)]),
    "put back": ("deliver", [(Type.PULLED, PULLED | {"back": 1})]),
    "late": ("pending", []),
}
"""What was decided when it came, and the records since."""


def everymail(installed: Path, now: int) -> list[str]:
    """Keep it: each once for Dana from outside, once from her to the outside; the numbers of the captures."""
    cases = [(do, rules, []) for do, rules in DECIDED.values()] + [(do, AWAY, since) for do, since in LATER.values()]
    ids: list[str] = []
    with closing(Writer(installed, lambda: now, UNSYNCED, 1 << 20)) as w:
        for n, (do, rules, since) in enumerate(cases):
            at = now - 7_200_000 - n * 1000
            for door in ("mx", "submission"):
                capture, body = _letter(at, door, Disposition(0, do, rules if do != "deliver" else (), reply="550 5.7.1 no"))
                w.receipt(capture, body)
                ids.append(capture.uuid)
                for type_, facts in since:
                    more = {"next": now + 600_000} if "next" in facts else {}
                    w.event(Event(type_, capture.id, at + 1000, (0,), facts | more))
        w.flush()
    return ids


def _letter(at: int, door: str, disposition: Disposition) -> tuple[Capture, bytes]:
    out = door == "submission"
    sender, to = (DANA, OUTSIDE) if out else ("heron@shop.example", DANA)
    subject = f"{disposition.do} {at % 100_000}"
    body = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{at}.{door}@x.example>\r\n\r\nHello.\r\n".encode()
    login = "p-crew0" if out else ""
    envelope = Envelope(sender, (Recipient(to),), at, "192.0.2.9", "mx.shop.example", login=login)
    capture = capture_of(capture_id(at), scan(body), envelope, Source(door, door))
    found = (Finding("spam", "score", mask="990"), Finding("clamav", "unavailable", mask="timeout"))
    facts = {} if out else {"inbound": True}
    return replace(capture, dispositions=(disposition,), findings=found, facts=facts), body


def outstanding(installed: Path) -> list[tuple[bytes, Copy]]:
    """Copies without an end, as the quarantine and the queue see them."""
    entries = outstanding_file.current(installed).entries
    return [(id_, copy) for id_, entry in entries.items() for copy in entry.copies.values()]


def passages(installed: Path) -> list[Passage]:
    """Of every capture, as traces show its copies."""
    machine = Machine(installed)
    return [p for id_ in machine.ids() for p in trace_of(machine.capture(id_), machine.events(id_)).passages]
