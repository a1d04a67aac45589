"""Acts on the charges of a request: enter and remove a lawful charge, reduce them, record a payment (P-21)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act, FormPage, Operation, Page
from civicmail.city.pages.inputs import Amount, Choice, Choices, Input, Nothing, Text, reason

if TYPE_CHECKING:
    from civicmail.desk.records.models import FeeEvent, FeeLine, Request

_ONE, _PATH = "records/requests/<slug:number>/fees/", "/records/requests/{str:number}/fees"
_SCOPE = "write:records"
MAX_AMOUNT = 1_000_000
STAGES = (("estimate", "An estimate"), ("invoice", "What it cost"))


class NewCharge(Input):
    """task: id of a fee task of the law pack; stage: estimate or invoice; amount: in the unit of the task; rate: of a unit, or the
    actual cost; left out, the rate of the law pack counts."""

    stage = Choice(label="What is it?", radio=True, choices=STAGES)
    task = Choice(label="Task", help="The law lets nothing else be charged: not review, not redaction.", radio=True)
    amount = Amount(label="How much?", help="Hours, pages or items; 1 for an actual cost.", maximum=MAX_AMOUNT)
    rate = Amount(
        label="Cost of one",
        help="The actual cost, of the lowest-paid employee who can do it. Empty: the rate of the law.",
        maximum=MAX_AMOUNT,
        places=4,
        required=False,
    )
    note = Text(label="What for?", help="And what the law wants written down for this task.", required=False, rows=2)


class _OnRequest[Given: Input, Done](Act["Request", Given, Done]):
    """title: of its form, with the number of the request; submit: its button."""

    permission = "records.work"
    model, key, related = "records.Request", "number", ("custodian",)
    title = ""
    submit = ""

    def form_page(self, row: Request) -> FormPage:
        from django.urls import reverse

        from civicmail.desk.records.views import request_page

        back = reverse("records-fees", args=[row.number])
        head = request_page.page(row, self.title.format(number=row.number), here=[("Fees", back)])
        return FormPage(title=head.h1, section=head.section, crumbs=head.crumbs, submit=self.submit, back=back)


class AddCharge(_OnRequest[NewCharge, "FeeLine"]):
    """Enter a charge for a task that the law lets the city charge for."""

    name, input = "add_record_charge", NewCharge
    page, operation = Page(f"{_ONE}new/", "records-charge-new"), Operation(_PATH, _SCOPE, status=201)
    title, submit, success_message = "Enter a charge for {number}", "Enter the charge", "The charge is entered."
    from_link = ("stage",)

    def choices(self, row: Request, actor: Actor) -> Mapping[str, Choices]:
        from civicmail.desk.records.queries.fees import described
        from civicmail.desk.records.queries.law import pack_or_none

        pack = pack_or_none(row)
        return {"task": [(task.id, described(task, pack)) for task in pack.fee_tasks] if pack is not None else []}

    def perform(self, row: Request, given: NewCharge, *, actor: Actor, now: int) -> FeeLine:
        from civicmail.desk.records.actions import fees

        new = fees.NewLine(given.task, given.amount or Decimal(0), given.rate, given.stage == "estimate", given.note)
        return fees.add(row, new, actor=actor, now=now)


class RemoveCharge(Act["FeeLine", Nothing, "FeeLine"]):
    """Take a charge back; the history keeps it."""

    name, permission, input = "remove_record_charge", "records.work", Nothing
    page = Page(f"{_ONE}<int:charge>/remove/", "records-charge-remove")
    operation = Operation(f"{_PATH}/{{int:charge}}/remove", _SCOPE)
    success_message = "The charge is removed."

    def load(self, number: str, charge: int, *, actor: Actor, now: int) -> FeeLine:
        from django.shortcuts import get_object_or_404

        from civicmail.desk.records.models import FeeLine

        return get_object_or_404(FeeLine.objects.select_related("request", "by"), request__number=number, pk=charge)

    def button_page(self, row: FeeLine) -> str:
        from django.urls import reverse

        return reverse("records-fees", args=[row.request.number])

    def perform(self, row: FeeLine, given: Nothing, *, actor: Actor, now: int) -> FeeLine:
        from civicmail.desk.records.actions import fees

        return fees.remove(row, actor=actor, now=now)


class Reduction(Input):
    """amount: to which the charges are reduced, 0 to waive them."""

    amount = Amount(label="Reduce the charges to", help="0 waives them.", maximum=MAX_AMOUNT)
    reason = reason("Why?", "At least 20 characters. The requester reads it in the letter.")


class ReduceCharges(_OnRequest[Reduction, "FeeEvent"]):
    """Reduce or waive the charges of a request, with the reason."""

    name, input = "reduce_record_charges", Reduction
    page, operation = Page(f"{_ONE}reduce/", "records-charges-reduce"), Operation(f"{_PATH}/reduce", _SCOPE)
    title, submit, success_message = "Reduce the charges of {number}", "Reduce the charges", "The charges are reduced."

    def perform(self, row: Request, given: Reduction, *, actor: Actor, now: int) -> FeeEvent:
        from civicmail.desk.records.actions import fees

        return fees.reduce(row, given.amount, given.reason, actor=actor, now=now)


class Payment(Input):
    """amount: what was paid; reason: how."""

    amount = Amount(label="Amount paid", maximum=MAX_AMOUNT)
    reason = Text(label="How was it paid?", help="For example the number of the receipt or check.", min_length=3, rows=1)


class RecordPayment(_OnRequest[Payment, "FeeEvent"]):
    """Record a payment; the clock starts again if it stood still for it."""

    name, input = "record_record_payment", Payment
    page, operation = Page(f"{_ONE}payment/", "records-payment"), Operation(f"{_PATH}/payment", _SCOPE)
    title, submit, success_message = "Record a payment for {number}", "Record the payment", "The payment is recorded."

    def perform(self, row: Request, given: Payment, *, actor: Actor, now: int) -> FeeEvent:
        from civicmail.desk.records.actions import fees

        return fees.pay(row, given.amount, given.reason, actor=actor, now=now)


ADD, REMOVE, REDUCE, PAY = AddCharge(), RemoveCharge(), ReduceCharges(), RecordPayment()
ACTS: tuple[Act[Any, Any, Any], ...] = (ADD, REMOVE, REDUCE, PAY)
