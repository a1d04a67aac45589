"""Hold the mail of an account with anomalies, because its password may be stolen (P-25). No message is lost.

    monitor = AnomalyMonitor(settings, data, clock, people)
    monitor.settled(content, envelope, source, to)     -> the disposition of each copy, and findings
    monitor.forecast(content, envelope, source, to)    -> the same before sending; nothing is counted

Every process that accepts mail counts its own, follows the journals of the others (it reads the text only for a digest, stored for
an hour), and reads people's decisions (containment_decisions.py). Baselines come from the file of the mail worker
(data/containment/habits), with the counts of the last hour, so that a restarted process continues. No database is needed. After one
anomaly all mail of the sender is held until a security officer has decided.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from civicmail.city.policy import rule_keys
from civicmail.city.policy.dispositions import Action, Finding
from civicmail.city.snapshot.snapshot import Snapshot
from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Settings
from civicmail.core.disk import frames, journal
from civicmail.core.disk.files import OS_FILES, Files, mapped
from civicmail.core.disk.tail import Record, Tail
from civicmail.core.ledger.heads import HeadMatcher, member
from civicmail.core.message.model import Envelope
from civicmail.core.wire.hosts import network_of
from civicmail.mail.archive.records import Type
from civicmail.mail.pipeline import repeat_keys
from civicmail.mail.pipeline.baseline import Baseline, CountedMessage, budget_of
from civicmail.mail.pipeline.containment_decisions import DECISIONS, UNDECIDED, ContainmentDecisions

CHECK = "habits"
HELD = "held"
"""Code for mail held because of an earlier anomaly; other codes name the anomaly (baseline.Sign)."""
SOURCES = frozenset({"submission", "relay"})
MAX_SENDERS = 20_000
POLL_MS = 250
VERSION = 1
_OURS = HeadMatcher(member("kind", "submission"), member("kind", "relay"))

log = get_logger()
Settled = Mapping[int, tuple[Action, str]]


@dataclass(slots=True)
class SenderBaselines:
    """Baselines of all senders. tripped: epoch ms of the last anomaly; positions: last record read, by journal. Only the most
    recent senders are stored."""

    habits: OrderedDict[str, Baseline] = field(default_factory=OrderedDict)
    tripped: dict[str, int] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)

    def baseline_of(self, sender: str) -> Baseline:
        habit = self.habits.get(sender)
        if habit is None:
            habit = self.habits[sender] = Baseline()
            while len(self.habits) > MAX_SENDERS:
                self.habits.popitem(last=False)
        self.habits.move_to_end(sender)
        return habit

    def add_receipt(
        self, head: bytes, domains: frozenset[str], people: Snapshot | None, alike: Callable[[], tuple[str, ...]] = tuple
    ) -> None:
        """Count one receipt of a journal. alike: gives the keys of its text, called only if it is counted."""
        if not _OURS.matches(head):
            return
        plain: dict[str, Any] = orjson.loads(head)
        envelope, decided = plain["envelope"], plain["dispositions"]
        if decided and all(rule_keys.FORECAST_ONLY in d["rules"] for d in decided):
            return  # a forecast request to check@: it was not delivered
        sender = sender_of(envelope["login"], envelope["from"], plain["source"]["kind"], domains, people)
        if not sender:
            return
        seen = next((f["code"] for f in plain["findings"] if f["check"] == CHECK), "")
        to = [r["a"] for r in envelope["to"] if not r.get("expanded")]
        self.baseline_of(sender).add(_message(plain["received"], to, envelope["client"], domains, alike()), usual=not seen)
        if seen and seen != HELD:
            self.tripped[sender] = max(plain["received"], self.tripped.get(sender, 0))


def sender_of(login: str, sender: str, source: str, domains: frozenset[str], people: Snapshot | None) -> str:
    """Whose baseline a message counts for: the number of the signed-in person; "service:ADDRESS"; "relay:ADDRESS" for a peer's
    mail that is no person's; "" for none of ours."""
    if source not in SOURCES:
        return ""
    if login:
        return login.partition("/")[0]
    address = sender.lower()
    if source != "relay" or people is None or address.rpartition("@")[2] not in domains:
        return ""  # without a directory nobody could release it
    box = people.mailbox_of(address)
    if box is None:
        return f"relay:{address}"
    return box.holder if box.kind == "personal" and box.holder else f"{'service' if box.kind == 'service' else 'relay'}:{box.id}"


def _message(at: int, to: list[str], client: str, domains: frozenset[str], alike: tuple[str, ...] = ()) -> CountedMessage:
    named = [address.lower() for address in to]
    outside = tuple(a for a in named if a.rpartition("@")[2] not in domains)
    return CountedMessage(at, outside, len(named) - len(outside), network_of(client), alike)


@dataclass(frozen=True, slots=True)
class _Judged:
    """sign: the anomaly, or HELD; "" for none."""

    sender: str
    message: CountedMessage
    sign: str


class AnomalyMonitor:
    """For one process and one thread at a time. clock: epoch ms; people: the current snapshot; own: name of this process's
    journal, whose messages are already counted."""

    def __init__(
        self,
        settings: Settings,
        data: Path,
        clock: Callable[[], int],
        people: Callable[[], Snapshot | None],
        own: Callable[[], str] = lambda: "",
    ) -> None:
        self._settings = settings.containment
        self._domains = frozenset(settings.city.domains)
        self._data = data
        self._clock = clock
        self._people = people
        self._own = own
        self._decisions = DECISIONS.watch(data)
        self._known = load(data)
        self._tail = Tail(data, self._known.positions, bodies=False)
        self._polled_at = 0
        self._mine = ""
        self._read_all_records()

    @property
    def _decided(self) -> ContainmentDecisions:
        return self._decisions.current(self._clock()) or UNDECIDED

    def is_held(self, sender: str) -> bool:
        """Whether all mail of this sender is held."""
        decided = self._decided
        since = max(self._known.tripped.get(sender, 0), decided.held.get(sender, 0))
        return self._settings.on and since > decided.released.get(sender, 0)

    def forecast(self, content: bytes, envelope: Envelope, source: str, to: Settled) -> tuple[dict[int, tuple[Action, str]], str]:
        """The result of `settled` for the copies of another message, without counting it, and the anomaly; "" for none."""
        judged = self._judge(content, envelope, source)
        sign = judged.sign if judged is not None else ""
        return (_held(to, len(envelope.recipients)) if sign else dict(to)), sign

    def settled(
        self, content: bytes, envelope: Envelope, source: str, to: Settled
    ) -> tuple[dict[int, tuple[Action, str]], tuple[Finding, ...]]:
        """Count a message, and decide on its copies. to: copies that are not simply delivered, from recipient_expansion.py; they
        stay so. content: the message, or its beginning. All other copies of a held sender are held."""
        judged = self._judge(content, envelope, source)
        if judged is None:
            return dict(to), ()
        sender, message, sign = judged.sender, judged.message, judged.sign
        self._known.baseline_of(sender).add(message, usual=not sign)
        if not sign:
            return dict(to), ()
        if sign != HELD:
            self._known.tripped[sender] = max(message.at, self._decided.released.get(sender, 0) + 1)
            log.warning("an account acts unlike its owner: its mail waits", account=sender, sign=sign, security=True)
        return _held(to, len(envelope.recipients)), (Finding(CHECK, sign, mask=message.alike[-1] if message.alike else ""),)

    def _judge(self, content: bytes, envelope: Envelope, source: str) -> _Judged | None:
        """Judge a message before it is counted; None for none of ours."""
        sender = sender_of(envelope.login, envelope.sender, source, self._domains, self._people()) if self._settings.on else ""
        if not sender:
            return None
        self._follow_journals()
        decided = self._decided
        named = [r.address for r in envelope.recipients if not r.expanded]
        message = _message(envelope.received, named, envelope.client, self._domains, repeat_keys.keys(content))
        if self.is_held(sender):
            return _Judged(sender, message, HELD)
        kind, _, address = sender.partition(":")
        budget = budget_of(self._settings, address if kind in ("service", "relay") else "", decided.allows(sender, message.at))
        return _Judged(
            sender, message, self._known.baseline_of(sender).anomaly(message, budget, since=decided.released.get(sender, 0))
        )

    def _follow_journals(self) -> None:
        if 0 <= self._clock() - self._polled_at < POLL_MS:
            return
        self._polled_at = self._clock()
        mine = self._own()
        if mine != self._mine:
            for name in filter(None, (mine, self._mine)):  # earlier records were counted on receipt, or read already
                self._tail.passed(name, journal.read_durable(journal.folder(self._data) / name))
            self._mine = mine
        self._read_records(self._tail.poll(but=mine))

    def _read_all_records(self) -> None:
        while records := self._tail.poll():
            self._read_records(records)

    def _read_records(self, records: list[Record]) -> None:
        people = self._people()
        for record in records:
            if record.type == Type.RECEIPT:
                self._known.add_receipt(record.head, self._domains, people, partial(repeat_keys_of, record))


def repeat_keys_of(record: Record) -> tuple[str, ...]:
    """Text keys of a message that another process accepted, read from its journal; none if the journal was removed."""
    try:
        if record.spool is not None:
            with record.spool.open("rb") as h:
                return repeat_keys.keys(h.read(repeat_keys.LOOKED_AT))
        with mapped(record.path) as m:
            frame = frames.decode(m, record.offset, check=False)
            start = bytes(frame.body[: repeat_keys.LOOKED_AT]) if frame is not None and frame.id == record.id else b""
            del frame
        return repeat_keys.keys(start)
    except OSError:
        return ()


def _held(to: Settled, copies: int) -> dict[int, tuple[Action, str]]:
    held: dict[int, tuple[Action, str]] = {index: ("hold", rule_keys.CONTAINED) for index in range(copies) if index not in to}
    return {**held, **to}


# -- the file of habits, which the mail worker keeps


def habits_path(data: Path) -> Path:
    return data / "containment" / "habits"


def load(data: Path) -> SenderBaselines:
    """Empty if there is no file, or an unreadable one: then the limits of the settings apply to everybody."""
    try:
        plain = orjson.loads(habits_path(data).read_bytes())
        if plain["v"] != VERSION:
            return SenderBaselines()
        habits = OrderedDict((sender, Baseline.from_plain(habit)) for sender, habit in plain["habits"].items())
        return SenderBaselines(habits, dict(plain["tripped"]), dict(plain["positions"]))
    except FileNotFoundError:
        return SenderBaselines()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.error("what senders are used to cannot be read and is learnt anew", error=type(error).__name__)
        return SenderBaselines()


def save(data: Path, known: SenderBaselines, since: int = 0, files: Files = OS_FILES) -> None:
    """Durable on return. since: epoch ms, start of the counted hour. Raises OSError."""
    habits = {sender: habit.plain(since) for sender, habit in known.habits.items()}
    plain = {"v": VERSION, "habits": habits, "tripped": known.tripped, "positions": known.positions}
    files.make_folder(habits_path(data).parent)
    files.replace(habits_path(data), orjson.dumps(plain))
