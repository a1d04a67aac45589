"""Charges of a request: lines of lawful tasks, a reduction, payments (P-21; Wis. Stat. 19.35 (3)).

There is no way to charge for anything that the law pack does not name: review, redaction and conversion are no tasks of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from civicmail.city.guard import guard
from civicmail.city.guard.actions import entries
from civicmail.city.guard.actions.acting import acting_person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.errors import Conflict, field_error
from civicmail.city.guard.reasons import checked_reason
from civicmail.city.law.errors import MissingEvidence, NotBillable, NotInPack
from civicmail.city.law.pack import LawPack
from civicmail.desk.records.actions import clock
from civicmail.desk.records.actions.clock import usable_pack
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.actions.frozen import locked_request
from civicmail.desk.records.models import FeeEvent, FeeLine, Request
from civicmail.desk.records.queries.fees import charges_of, invoice_line

MAX_AMOUNT = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class NewLine:
    """A charge to enter. rate: of a unit, or the actual cost; None for that of the law pack; note: what it is for, and what the
    task needs written down."""

    task: str
    amount: Decimal
    rate: Decimal | None
    is_estimate: bool
    note: str = ""


def add(row: Request, new: NewLine, *, actor: Actor, now: int) -> FeeLine:
    """Enter a charge for a task of the law pack. Raises NotPermitted, Unusable, Conflict."""
    guard.require(actor, "records.work", now=now)
    rate = _checked(usable_pack(row), new)
    with locked_request(row) as request:
        line = FeeLine.objects.create(
            request=request, task=new.task, amount=new.amount, rate=rate, is_estimate=new.is_estimate,
            note=" ".join(new.note.split())[:400], by=acting_person(actor), at=from_ms(now),
        )  # fmt: skip
        facts = {"line": line.pk, "task": line.task, "amount": f"{line.amount}", "rate": f"{line.rate}"}
        facts |= {"estimate": str(int(line.is_estimate))}
        entries.enter("records.fee-add", actor=actor, reason="", now=now, object=object_of(request), facts=facts)
    return line


def remove(line: FeeLine, *, actor: Actor, now: int) -> FeeLine:
    """Take a charge back. Raises NotPermitted, Conflict."""
    guard.require(actor, "records.work", now=now)
    with locked_request(line.request) as request:
        gone, _ = FeeLine.objects.filter(pk=line.pk).delete()
        if not gone:
            raise Conflict("This charge was removed already. Reload the page.")
        facts = {"task": line.task, "amount": f"{line.amount}"}
        entries.enter("records.fee-remove", actor=actor, reason="", now=now, object=object_of(request), facts=facts)
    return line


def reduce(row: Request, amount: Decimal | None, reason: str, *, actor: Actor, now: int) -> FeeEvent:
    """Reduce the charges to an amount, or waive them: 0. Nothing is waited for if that ends what was to be paid. Raises
    NotPermitted, Unusable, Conflict."""
    return _event(row, "reduced", amount, checked_reason(reason, min_length=20), actor=actor, now=now)


def pay(row: Request, amount: Decimal | None, reason: str, *, actor: Actor, now: int) -> FeeEvent:
    """Record a payment; the clock starts again if it stood still for it. reason: how it was paid. Raises NotPermitted, Unusable,
    Conflict."""
    if amount is not None and amount <= 0:
        raise field_error("amount", "Write what was paid.")
    return _event(row, "paid", amount, checked_reason(reason), actor=actor, now=now)


def waits_for_payment(row: Request, pack: LawPack) -> bool:
    """Whether the clock stands still by a letter that asked for payment in advance."""
    reasons = [letter.pauses for letter in pack.letters if letter.pauses and letter.when.get("prepay")]
    return row.pauses.filter(ended__isnull=True, reason__in=reasons).exists()


def _event(row: Request, kind: str, amount: Decimal | None, reason: str, *, actor: Actor, now: int) -> FeeEvent:
    guard.require(actor, "records.work", now=now)
    if amount is None or not 0 <= amount <= MAX_AMOUNT:
        raise field_error("amount", "Write an amount.")
    pack = usable_pack(row)
    with locked_request(row) as request:
        event = FeeEvent.objects.create(
            request=request, kind=kind, amount=amount, reason=reason, by=acting_person(actor), at=from_ms(now)
        )
        facts = {"amount": f"{amount}"}
        entries.enter(f"records.fee-{kind}", actor=actor, reason=reason, now=now, object=object_of(request), facts=facts)
        if waits_for_payment(request, pack) and not charges_of(request, pack, is_estimate=True).owed:
            clock.resume(request, actor=actor, reason=f"Charges {kind}.", now=now)
    return event


def _checked(pack: LawPack, new: NewLine) -> Decimal:
    """The rate of a charge that the law allows. Raises Unusable."""
    try:
        rate = new.rate if new.rate is not None else pack.fee_task(new.task).rate
        if rate is None:
            raise field_error("rate", "Write the actual cost of a unit: the law names no rate.")
        if not 0 < new.amount <= MAX_AMOUNT or rate > MAX_AMOUNT:
            raise field_error("amount", "Write how much of it, more than 0.")
        invoice_line(pack, new.task, new.amount, rate, new.note)
    except NotInPack:
        raise field_error("task", "Choose a task of the list: the law lets nothing else be charged.") from None
    except NotBillable as error:
        raise field_error("rate", str(error)) from None
    except MissingEvidence as error:
        titles = ", ".join(pack.fact(need).title.lower() for need in error.missing)
        raise field_error("note", f"This task is charged only with: {titles}. Write it down.") from None
    return rate
