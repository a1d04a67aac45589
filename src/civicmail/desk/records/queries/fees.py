"""The charges of a request: lawful tasks alone, added up as its law pack says (P-21; Wis. Stat. 19.35 (3))."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from civicmail.city.law.entries import FeeTask, InvoiceLine
from civicmail.city.law.pack import LawPack
from civicmail.desk.records.models import FeeEvent, FeeLine, Request

NOTHING = Decimal("0.00")
UNITS = {"hour": "hours", "page": "pages", "item": "items", "actual": "at cost"}
"""Unit of a task -> its words behind a quantity."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A line with its task and what it costs, 0 where the law charges nothing."""

    line: FeeLine
    task: FeeTask
    cost: Decimal
    currency: str

    @property
    def quantity(self) -> str:
        """How much of it, with the unit."""
        return f"{self.line.amount.normalize():f} {UNITS[self.task.unit]}"

    @property
    def rate(self) -> str:
        """What one costs, at least to the cent."""
        return f"{self.currency}{self.line.rate.normalize():f}" if self.line.rate % Decimal("0.01") else self._money(self.line.rate)

    @property
    def price(self) -> str:
        return self._money(self.cost)

    def _money(self, amount: Decimal) -> str:
        return money(self.currency, amount)


@dataclass(frozen=True, slots=True)
class Charges:
    """What an estimate or an invoice asks for. sum: of the lines; total: after a reduction; may_prepay: payment may be asked for
    in advance."""

    currency: str
    charges: Sequence[Charge]
    sum: Decimal
    total: Decimal
    reduced: FeeEvent | None
    paid: Decimal
    may_prepay: bool

    @property
    def owed(self) -> Decimal:
        return max(self.total - self.paid, NOTHING)

    @property
    def is_reduced(self) -> bool:
        return self.total < self.sum

    @property
    def words(self) -> dict[str, str]:
        """The amounts as they are shown."""
        return {name: money(self.currency, getattr(self, name)) for name in ("sum", "total", "paid", "owed")}


def charges_of(row: Request, pack: LawPack, *, is_estimate: bool) -> Charges:
    """The charges of a request."""
    lines = list(row.fees.filter(is_estimate=is_estimate))
    bill = pack.invoice(invoice_line(pack, line.task, line.amount, line.rate, line.note) for line in lines)
    events = list(row.fee_events.all())
    reduced = next((event for event in reversed(events) if event.kind == "reduced"), None)
    total = min(bill.total, reduced.amount) if reduced is not None else bill.total
    return Charges(
        currency=pack.fees.currency,
        charges=[Charge(line, of.task, cost, pack.fees.currency) for line, (of, cost) in zip(lines, bill.amounts, strict=True)],
        sum=bill.total,
        total=total,
        reduced=reduced,
        paid=sum((event.amount for event in events if event.kind == "paid"), NOTHING),
        may_prepay=bill.may_prepay and total > pack.fees.prepayment_over,
    )


def invoice_line(pack: LawPack, task: str, amount: Decimal, rate: Decimal, note: str) -> InvoiceLine:
    """A charge as the law pack takes it. note: what the task needs written down. Raises NotInPack, NotBillable,
    MissingEvidence."""
    known = pack.fee_task(task)
    return InvoiceLine(task=known, quantity=amount, rate=rate, facts=dict.fromkeys(known.needs, note))


def money(currency: str, amount: Decimal) -> str:
    """An amount with its currency."""
    return f"{currency}{amount:,.2f}"


def described(task: FeeTask, pack: LawPack) -> str:
    """A task as an officer chooses it: what it costs at most, and from which total it is charged."""
    sign = pack.fees.currency
    at_most = f", at most {sign}{task.rate.normalize():f} each" if task.rate is not None else ""
    only = f", charged only from {money(sign, task.only_from)}" if task.only_from else ""
    free = f", the first {task.free_units.normalize():f} free" if task.free_units else ""
    needs = "".join(f"; needs: {pack.fact(need).title.lower()}" for need in task.needs)
    return f"{task.title} ({UNITS[task.unit]}{at_most}{only}{free}; {task.citation}{needs})"
