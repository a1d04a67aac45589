"""The state of one recipient's copy, computed from the records of all journals.

Records of different journals may arrive in any order: an outcome before its receipt, a release before the deferral that it ends.
Therefore each rule keeps the greatest value (by try, by time and place, by finality), and the order does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from civicmail.city.policy.approvals import NOTHING_STRIPPED, PartialApproval
from civicmail.mail.archive.records import Type

ENCRYPT = "encrypt"
WAITING = frozenset({"deliver", "mark", ENCRYPT})
HELD = frozenset({"hold", "quarantine", "pending", "redirect"})
PENDING = "pending"
QUARANTINE = "quarantine"
Decided = tuple[int, str, int, str, tuple[str, ...], tuple[tuple[str, str], ...]]
"""Time and place of the last decision, the action, its rules, and the marks."""
UNDECIDED: Decided = (0, "", 0, "", (), ())
_FINAL = {"": 0, "cancelled": 1, "failed": 2, "delivered": 3}
NO_REPORT, REPORT_OWED, REPORT_SENT = 0, 1, 2


class Copy:
    """A recipient that waits, is held, or has an end ("delivered", "failed", "cancelled"); times in ms.

    tries: greatest try of an attempt or outcome; settled: greatest try with an outcome. unknown: the last outcome leaves open
    whether the next hop accepted it. report: whether the sender must get a delivery report. onto: time and place of the last
    release with a destination, and that destination, "" for the recipient. decided: the decision of a later screening, which
    replaces the receipt's; a person's decision about the copy has priority. marks: of the receipt. secure: the copy must leave
    encrypted; no later decision undoes that, least of all a check that now finds nothing (P-19). pulled: time and place of the last
    record that removed a delivered copy from its mailbox, or restored it (0) (P-31). parted: time and place of the last approval,
    and the files that leave with the copy if some do not; permanent like secure (P-22).
    """

    __slots__ = (
        "address", "at", "control", "decided", "do", "end", "held", "marks", "next", "onto", "parted", "pulled", "reply", "report",
        "secure", "settled", "tries", "unknown",
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
        self.onto: tuple[int, str, int, str] = (0, "", 0, "")
        self.end = ""
        self.report = NO_REPORT
        self.marks: tuple[tuple[str, str], ...] = ()
        self.decided = UNDECIDED
        self.secure = False
        self.pulled: tuple[int, str, int, int] = (0, "", 0, 0)
        self.parted: tuple[int, str, int, PartialApproval] = (0, "", 0, NOTHING_STRIPPED)

    def apply(self, type_: int, at: int, facts: dict[str, Any], place: tuple[str, int]) -> None:
        """Take in one event about this copy."""
        match type_:
            case Type.ATTEMPT:
                self.tries = max(self.tries, facts["try"])
            case Type.DEFERRED:
                self._deferred(at, facts)
            case Type.HELD | Type.RELEASED:
                if "to" in facts:
                    self.onto = max(self.onto, (at, *place, facts["to"]))
                if (at, *place) > self.control:
                    self.control, self.held = (at, *place), int(type_ == Type.HELD)
            case Type.DELIVERED | Type.FAILED | Type.CANCELLED:
                self._ended(type_, at, facts)
            case Type.DECIDED:
                self._decided(at, facts, place)
            case Type.PULLED:
                self._pulled(at, facts, place)

    def _decided(self, at: int, facts: dict[str, Any], place: tuple[str, int]) -> None:
        marks = tuple((str(name), str(words)) for name, words in facts.get("marks", ()))
        self.decided = max(self.decided, (at, *place, facts["do"], tuple(facts["rules"]), marks))
        self.secure |= wants_encryption(facts)
        if "apart" in facts:
            self.parted = max(self.parted, (at, *place, PartialApproval.from_plain(facts["apart"])))
        if facts["do"] == "refuse":
            self._ended(Type.FAILED, at, facts)

    def _pulled(self, at: int, facts: dict[str, Any], place: tuple[str, int]) -> None:
        """Note the removal of a copy that was delivered before; the record of that delivery may be forgotten by now."""
        self.address = self.address or facts["mailbox"]
        self._ended(Type.DELIVERED, facts["delivered"], {})
        self.pulled = max(self.pulled, (at, *place, int(not facts.get("back"))))

    def refuse(self, at: int, reply: str) -> None:
        """Mark a copy that the receipt rejected although the client got 250: the sender must get a report."""
        self._ended(Type.FAILED, at, {"reply": reply, "dsn": 1})

    def _deferred(self, at: int, facts: dict[str, Any]) -> None:
        self.tries = max(self.tries, facts["try"])
        if not self.end and (facts["try"], at, facts["reply"]) > (self.settled, self.at, self.reply):
            self.settled, self.at, self.next = facts["try"], at, facts["next"]
            self.reply, self.unknown = facts["reply"], facts.get("unknown", 0)

    def _ended(self, type_: int, at: int, facts: dict[str, Any]) -> None:
        if facts.get("dsn"):
            self.report = max(self.report, REPORT_OWED)
        name = Type(type_).name.lower()
        reply = facts.get("reply", "") or facts.get("reason", "")
        if not self.end or (_FINAL[name], at, reply) > (_FINAL[self.end], self.at, self.reply):
            self.end, self.at, self.reply = name, at, reply
            self.settled = self.next = self.unknown = 0

    @property
    def now(self) -> str:
        """The present disposition of the copy."""
        return QUARANTINE if self.is_pulled else self.decided[3] or self.do

    @property
    def marks_in_force(self) -> tuple[tuple[str, str], ...]:
        """The marks that go with the copy."""
        return self.decided[5] if self.decided[3] else self.marks

    @property
    def is_pending(self) -> bool:
        """Kept back until it could be screened, unless a person decided meanwhile."""
        return not self.end and not self.control[0] and self.now == PENDING

    @property
    def target(self) -> str:
        """The mailbox or address that receives the copy."""
        return self.onto[3] or self.address

    @property
    def apart(self) -> PartialApproval:
        """The files that leave with the copy, if some do not."""
        return self.parted[3]

    @property
    def is_pulled(self) -> bool:
        """Whether the copy was delivered and then removed from its mailbox: withheld, and not waiting."""
        return bool(self.pulled[3])

    @property
    def is_waiting(self) -> bool:
        """To be delivered, now or at `due`."""
        if self.end:
            return False
        return not self.held if self.control[0] else self.now in WAITING

    @property
    def is_held(self) -> bool:
        """Kept back until a person decides."""
        if self.end:
            return False
        return bool(self.held) if self.control[0] else self.now in HELD

    @property
    def is_open(self) -> bool:
        """Whether an attempt has no outcome, or an unknown one."""
        return not self.end and (self.tries > self.settled or bool(self.unknown))

    @property
    def due(self) -> int:
        """When the next attempt may be made, ms; 0 for immediately."""
        if self.tries > self.settled or (self.control[0] >= self.at and not self.held):
            return 0
        return self.next

    @property
    def begun(self) -> bool:
        """Whether delivery was ever attempted."""
        return self.tries > 0 or self.end == "delivered"

    def plain(self) -> list[Any]:
        """The state as written in a snapshot."""
        return [
            self.address, self.do, self.tries, self.settled, self.next, self.at, self.reply, self.unknown,
            *self.control, self.held, self.end, self.report, *self.onto, self.marks, *self.decided,
            self.secure, *self.pulled, *self.parted[:3], self.apart.plain(),
        ]  # fmt: skip

    @classmethod
    def from_plain(cls, plain: list[Any]) -> Copy:
        copy = cls(plain[0], plain[1])
        copy.tries, copy.settled, copy.next, copy.at, copy.reply, copy.unknown = plain[2:8]
        copy.control = (plain[8], plain[9], plain[10])
        copy.held, copy.end, copy.report = plain[11:14]
        if len(plain) > 14:
            copy.onto = (plain[14], plain[15], plain[16], plain[17])
        if len(plain) > 18:
            copy.marks = _marks(plain[18])
            copy.decided = (*plain[19:23], tuple(plain[23]), _marks(plain[24]))
        if len(plain) > 25:
            copy.secure = bool(plain[25])
        if len(plain) > 26:
            copy.pulled = (plain[26], plain[27], plain[28], plain[29])
        if len(plain) > 30:
            copy.parted = (plain[30], plain[31], plain[32], PartialApproval.from_plain(plain[33]))
        return copy


def wants_encryption(decided: Mapping[str, Any]) -> bool:
    """Whether a disposition, as in a head or an event, allows the copy to leave only encrypted."""
    return decided["do"] == ENCRYPT or bool(decided.get("secure"))


def _marks(plain: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, words) for name, words in plain)
