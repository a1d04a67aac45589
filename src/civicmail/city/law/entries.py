"""Entries of a law pack: what each kind of table holds (docs/operate/law.md, "The format").

Every entry has a citation; `confirm` marks what counsel has yet to confirm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from civicmail.city.law.errors import MissingEvidence, NotBillable

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9(][A-Za-z0-9.()/-]{0,59}$")]
Words = Annotated[str, Meta(min_length=1, max_length=4000)]
Days = Annotated[int, Meta(ge=0, le=3660)]
Reading = Literal["short", "long"]
"""How doubtful days count: `short` as working days, so that a duty is done in time; `long` as holidays, so that nothing is released
or destroyed too early."""


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of every entry. confirm: counsel has yet to confirm it; since, until: first and last day on which it applies."""

    id: Id
    title: Words
    citation: Words
    confirm: bool = False
    note: str = ""
    since: date | None = None
    until: date | None = None

    def applies_on(self, day: date) -> bool:
        return (self.since or date.min) <= day <= (self.until or date.max)


class Fact(Entry, frozen=True, kw_only=True):
    """A fact that a person writes down before a decision, a pause or a charge counts. help: what to write."""

    help: str = ""
    citation: str = ""


class Clock(Entry, frozen=True, kw_only=True):
    """A period. starts: the event behind which it runs; words: the law's own, where it names no number.

    kind: `target` is the office's own aim, `duty` a deadline of the office, `right` one of the requester or of the subject of a
    record, `lock` forbids an act until it has run, `hold` keeps records. next_working_day: a
    period of calendar days that would end on another day ends on the next working day.
    """

    days: Days
    unit: Literal["working", "calendar"]
    starts: Id
    kind: Literal["target", "duty", "right", "lock", "hold"]
    reading: Reading = "short"
    next_working_day: bool = False
    words: str = ""


class _WithEvidence(Entry, frozen=True, kw_only=True):
    """An entry that counts only with evidence. needs: ids of facts."""

    needs: tuple[Id, ...] = ()

    def missing(self, facts: Mapping[str, Any]) -> list[str]:
        """The needed facts that are absent or blank."""
        return [need for need in self.needs if not str(facts.get(need) or "").strip()]

    def require(self, facts: Mapping[str, Any]) -> None:
        """Raises MissingEvidence."""
        if missing := self.missing(facts):
            raise MissingEvidence(f"{self.title} ({self.citation}) needs {', '.join(missing)}.", missing)


class PauseReason(_WithEvidence, frozen=True, kw_only=True):
    """Why a clock may stop. waits_for: whose days these are; stops: ids of clocks; once: at most one pause a request."""

    waits_for: Literal["requester", "law"]
    stops: tuple[Id, ...]
    once: bool = False


class Extension(_WithEvidence, frozen=True, kw_only=True):
    """Days by which a clock may be made longer. letter: what the requester must be sent."""

    clock: Id
    days: Days
    letter: str = ""


class Code(_WithEvidence, frozen=True, kw_only=True):
    """A ground to withhold. label: what a redaction shows; reason: a sentence to begin from; approval: the role that must agree.

    kind: `personal` and `not-a-record` withhold whole messages, `privilege` and `balancing` need their evidence.
    """

    label: Annotated[str, Meta(min_length=1, max_length=40)]
    reason: Words
    kind: Literal["exemption", "other-law", "balancing", "privilege", "personal", "not-a-record", "self-request"] = "exemption"
    approval: str = ""
    mandatory: bool = False


class NormallyPublic(Entry, frozen=True, kw_only=True):
    """What may look confidential and is public; shown beside a suggestion. detectors: kinds of suggestions."""

    detectors: tuple[Id, ...]
    warning: Words


class Sentence(Entry, frozen=True, kw_only=True):
    """A sentence that letters must contain word for word. official: the language in which the law prescribes it, if it does; then
    letters in other languages have it as well."""

    text: dict[str, Words]
    official: str = ""


class LetterText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A letter in one language. lines: how a row of a list is written."""

    subject: Words
    body: Words
    lines: dict[str, Words] = field(default_factory=dict)


class Letter(Entry, frozen=True, kw_only=True):
    """A kind of letter. purpose, when: which letter an act sends; facts: all required; rows: lists, and the facts of each row;
    approval: the role that must agree before it is sent; pauses: the reason for which the clock stops when it is sent."""

    purpose: Id
    when: dict[str, bool] = field(default_factory=dict)
    approval: str = ""
    pauses: str = ""
    facts: tuple[Id, ...] = ()
    rows: dict[str, tuple[Id, ...]] = field(default_factory=dict)
    sentences: tuple[Id, ...] = ()
    text: dict[str, LetterText]


class FeeTask(_WithEvidence, frozen=True, kw_only=True):
    """A task that the law lets the office charge for; there is no other way to charge. rate: a unit at most, none: actual cost.

    only_from: charged only if all of the task costs at least this; free_units: not charged.
    """

    unit: Literal["hour", "page", "item", "actual"]
    rate: Decimal | None = None
    only_from: Decimal = Decimal(0)
    free_units: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        _not_negative(self.rate or Decimal(0), self.only_from, self.free_units)


class NoticeClass(Entry, frozen=True, kw_only=True):
    """A class of records whose subject is notified before release. serve, lock: clocks; locked_while: the reason of a pause during
    which nothing is released; rights: clocks of the subject; methods: of service."""

    serve: Id
    lock: str = ""
    locked_while: str = ""
    rights: tuple[Id, ...] = ()
    methods: tuple[Words, ...]
    letter: Id
    exceptions: tuple[Words, ...] = ()


class SelfRequestStep(Entry, frozen=True, kw_only=True):
    """A step of deciding on records about the requester, in the order of the pack."""


class IdentityGround(Entry, frozen=True, kw_only=True):
    """The only grounds on which a requester may be asked who they are."""


class Period(Entry, frozen=True, kw_only=True):
    """How long records of a kind are kept, or what a schedule of them needs. approval: without it nothing shorter is allowed."""

    years: Annotated[int, Meta(ge=0, le=200)] = 0
    days: Days = 0
    permanent: bool = False
    starts: Id = "received"
    approval: str = ""


class Fees(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules of an invoice. prepayment_over: payment may be asked in advance if the total exceeds it; nothing_under: a smaller total
    is not charged."""

    citation: Words
    currency: str = "$"
    prepayment_over: Decimal
    nothing_under: Decimal = Decimal(0)
    waiver: str = ""
    note: str = ""
    confirm: bool = False

    def __post_init__(self) -> None:
        _not_negative(self.prepayment_over, self.nothing_under)


class InvoiceLine(Struct, frozen=True, kw_only=True):
    """A charge. quantity: units; rate: of a unit, or the actual cost."""

    task: FeeTask
    quantity: Decimal
    rate: Decimal
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.task, FeeTask):
            raise TypeError("A charge is for a fee task of the law pack.")
        if not all(amount.is_finite() and amount >= 0 for amount in (self.quantity, self.rate)):
            raise NotBillable(f"{self.task.title}: quantity and rate are numbers, not below 0.")
        if self.task.rate is not None and self.rate > self.task.rate:
            raise NotBillable(f"{self.task.title}: {self.rate} is more than {self.task.rate} ({self.task.citation}).")
        self.task.require(self.facts)


class Invoice(Struct, frozen=True, kw_only=True):
    """amounts: (line, charged amount), 0 where the law charges nothing; may_prepay: payment may be required in advance."""

    amounts: Sequence[tuple[InvoiceLine, Decimal]]
    total: Decimal
    may_prepay: bool


def _not_negative(*amounts: Decimal) -> None:
    """Raises ValueError."""
    if not all(amount.is_finite() and amount >= 0 for amount in amounts):
        raise ValueError("an amount is a number, not below 0")
