"""From what a next hop answered to the records that say so. Pure: `now` is an argument.

2xx: delivered. 4xx, silence and our own faults: deferred, and failed once the message is older than `expire` — but our own faults
never fail a message (promise 6). 5xx: failed. Each recipient by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.settings import Courier
from civicmail.core.wire.reply_reader import Reply
from civicmail.mail.archive.outstanding import Entry
from civicmail.mail.archive.records import Capture, Event, Type
from civicmail.mail.courier.jobs import Job

_REPORTED = frozenset({"submission", "relay", "local"})
_ABOUT_US = frozenset({530, 534, 535, 538})  # TLS or sign-in is wanted (RFC 3207, RFC 4954): no message is to blame for that


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one recipient's copy. left: `sha256` and `sent` of the transferred bytes.

    unknown: the next hop may have accepted it although no reply came; ours: the fault is on our side; passed: the next hop now has
    the role to report success (RFC 3461 5.2.2).
    """

    took: bool
    reply: str
    permanent: bool = False
    left: Mapping[str, Any] = field(default_factory=dict)
    unknown: bool = False
    ours: bool = False
    passed: bool = False


def from_reply(reply: Reply, left: Mapping[str, Any] | None = None, *, passed: bool = False) -> Result:
    """The result that a reply means."""
    permanent = reply.is_permanent and reply.code not in _ABOUT_US
    return Result(reply.ok, reply.text, permanent=permanent, left=left or {}, passed=passed)


def outcomes(
    job: Job, capture: Capture | None, results: Mapping[int, Result], now: int, rules: Courier, *, own: bool
) -> list[Event]:
    """Records of the outcomes; recipients with the same facts share one.

    capture: None if it could not be read. own: whether the sender is one of ours, who may get a delivery report.
    """
    groups: dict[tuple[Type, str], tuple[list[int], dict[str, Any]]] = {}
    for index, result in results.items():
        notify = capture.envelope.recipients[index].notify.upper() if own and capture is not None else "NEVER"
        type_, facts = _outcome(job, index, result, now, rules, notify)
        target = job.entry.copies[index].target
        if type_ == Type.DELIVERED and capture is not None and target != capture.envelope.recipients[index].address:
            facts["mailbox"] = target
        groups.setdefault((type_, repr(facts)), ([], {"hop": str(job.hop), **facts}))[0].append(index)
    return [Event(type_, job.entry.id, now, tuple(to), facts) for (type_, _), (to, facts) in groups.items()]


def _outcome(job: Job, index: int, result: Result, now: int, rules: Courier, notify: str) -> tuple[Type, dict[str, Any]]:
    if result.took:
        wants_success = "SUCCESS" in notify and not result.passed
        return Type.DELIVERED, {"reply": result.reply, **result.left, **({"dsn": 1} if wants_success else {})}
    expired = now - job.entry.received >= rules.expire * 1000 and not result.ours
    if result.permanent or expired:
        reply = result.reply if result.permanent else f"4.4.7 expired after {rules.expire} s, last: {result.reply}"
        return Type.FAILED, {"reply": reply, "dsn": int(not notify or "FAILURE" in notify)}
    n = job.tries[index]
    facts: dict[str, Any] = {"reply": result.reply, "try": n, "next": now + wait(n, rules)}
    return Type.DEFERRED, facts | ({"unknown": 1} if result.unknown else {})


def attempts(job: Job, indices: list[int], now: int, tls: str) -> list[Event]:
    """The records that say that we are about to hand over: durable before the final dot."""
    groups: dict[tuple[int, bool], list[int]] = {}
    for index in indices:
        groups.setdefault((job.tries[index], index in job.open), []).append(index)
    events = []
    for (n, again), to in groups.items():
        facts: dict[str, Any] = {"hop": str(job.hop), "try": n}
        facts |= {"redelivered": "outcome unknown"} if again else {}
        facts |= {"tls": tls} if tls else {}
        events.append(Event(Type.ATTEMPT, job.entry.id, now, tuple(to), facts))
    return events


def wait(tries: int, rules: Courier) -> int:
    """ms until the next attempt: twice as long after each one."""
    return min(rules.retry_first << min(tries - 1, 30), rules.retry_most) * 1000


def is_own(entry: Entry, ours: bool) -> bool:
    """Whether the sender may get a delivery report: an address of ours, from a source that authenticates its senders; never an
    outsider."""
    return ours and bool(entry.sender) and entry.kind in _REPORTED


def our_fault(error: Exception) -> Result:
    """Our own disk, archive or program: never the message's fault, so it is tried again for as long as it takes (promise 6)."""
    if isinstance(error, OSError):
        words = error.strerror or type(error).__name__
    else:
        words = str(error) if isinstance(error, CivicmailError) else type(error).__name__
    return Result(False, f"4.3.0 our fault: {words}", ours=True)
