"""One recipient's copy of a capture, and what the records of any journal say about it.

Records of different journals may be seen in any order: an outcome before its receipt, a release before the deferral it ends. So
each rule here keeps the greatest of what it was told (by try, by time and place, by finality), and the order does not matter.
"""

from __future__ import annotations

from typing import Any

from civicmail.mail.archive.records import Type

WAITING = frozenset({"deliver", "mark"})
HELD = frozenset({"hold", "quarantine", "pending", "encrypt", "redirect"})
_FINAL = {"": 0, "cancelled": 1, "failed": 2, "delivered": 3}
NO_REPORT, REPORT_WANTED, REPORT_SENT = 0, 1, 2


class Copy:
    """A recipient that waits, is held, or has an end ("delivered", "failed", "cancelled"); times in ms.

    tries: greatest try of an attempt or outcome; settled: greatest try with an outcome. unknown: the last outcome does not say
    whether the next hop took it. report: whether the sender is owed a delivery report.
    """

    __slots__ = (
        "address", "at", "control", "do", "end", "held", "next", "reply", "report", "settled", "tries", "unknown",
    )  # fmt: skip

    def __init__(self, address: str = "", do: str = "") -> None:
        self.address = address
        self.do = do
        self.tries = 0
        self.settled = 0
        self.next = 0
        self.at = 0
        self.reply = ""
        self.unknown = 0
        self.control: tuple[int, str, int] = (0, "", 0)
        self.held = 0
        self.end = ""
        self.report = NO_REPORT

    def apply(self, type_: int, at: int, facts: dict[str, Any], place: tuple[str, int]) -> None:
        """Take in one event about this copy."""
        match type_:
            case Type.ATTEMPT:
                self.tries = max(self.tries, facts["try"])
            case Type.DEFERRED:
                self._deferred(at, facts)
            case Type.HELD | Type.RELEASED:
                if (at, *place) > self.control:
                    self.control, self.held = (at, *place), int(type_ == Type.HELD)
            case Type.DELIVERED | Type.FAILED | Type.CANCELLED:
                self._ended(type_, at, facts)

    def _deferred(self, at: int, facts: dict[str, Any]) -> None:
        self.tries = max(self.tries, facts["try"])
        if not self.end and (facts["try"], at, facts["reply"]) > (self.settled, self.at, self.reply):
            self.settled, self.at, self.next = facts["try"], at, facts["next"]
            self.reply, self.unknown = facts["reply"], facts.get("unknown", 0)

    def _ended(self, type_: int, at: int, facts: dict[str, Any]) -> None:
        if facts.get("dsn"):
            self.report = max(self.report, REPORT_WANTED)
        name = Type(type_).name.lower()
        reply = facts.get("reply", "") or facts.get("reason", "")
        if not self.end or (_FINAL[name], at, reply) > (_FINAL[self.end], self.at, self.reply):
            self.end, self.at, self.reply = name, at, reply
            self.settled = self.next = self.unknown = 0

    @property
    def is_waiting(self) -> bool:
        """To be delivered, now or at `due`."""
        if self.end:
            return False
        return not self.held if self.control[0] else self.do in WAITING

    @property
    def is_held(self) -> bool:
        """Kept back until a person decides."""
        if self.end:
            return False
        return bool(self.held) if self.control[0] else self.do in HELD

    @property
    def is_open(self) -> bool:
        """An attempt has no outcome, or one that leaves open what became of it."""
        return not self.end and (self.tries > self.settled or bool(self.unknown))

    @property
    def due(self) -> int:
        """When the next attempt may be made, ms; 0 for at once."""
        if self.tries > self.settled or (self.control[0] >= self.at and not self.held):
            return 0
        return self.next

    @property
    def begun(self) -> bool:
        """Somebody tried to hand it over."""
        return self.tries > 0 or self.end == "delivered"

    def plain(self) -> list[Any]:
        """The state as it stands in a snapshot."""
        return [
            self.address, self.do, self.tries, self.settled, self.next, self.at, self.reply, self.unknown,
            *self.control, self.held, self.end, self.report,
        ]  # fmt: skip

    @classmethod
    def from_plain(cls, plain: list[Any]) -> Copy:
        copy = cls(plain[0], plain[1])
        copy.tries, copy.settled, copy.next, copy.at, copy.reply, copy.unknown = plain[2:8]
        copy.control = (plain[8], plain[9], plain[10])
        copy.held, copy.end, copy.report = plain[11:14]
        return copy
