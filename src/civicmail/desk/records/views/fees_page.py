"""The charges of a request: estimate and invoice, reduction and payments; and their totals on the status page (P-21)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.law.pack import LawPack
from civicmail.city.pages.city_request import CityRequest, acting, may
from civicmail.city.pages.page import Action
from civicmail.desk.records.actions import fees
from civicmail.desk.records.models import Request
from civicmail.desk.records.queries.fees import Charges, charges_of, described, money
from civicmail.desk.records.queries.law import pack_or_none
from civicmail.desk.records.views import request_page

STAGES = (("Estimate", "estimate", True), ("Invoice", "invoice", False))
"""(words, letter's purpose and stage of a charge, whether it is an estimate)."""


@acting("records.see")
def page(request: CityRequest, number: str) -> HttpResponse:
    """Show what a request is expected to cost and what it cost, and what may be charged at all."""
    row = request_page.seen(request, number)
    pack = pack_or_none(row)
    stages = [(words, stage, charges_of(row, pack, is_estimate=of)) for words, stage, of in STAGES] if pack else []
    may_work = may(request, "records.work") and row.suit is None
    shown: dict[str, Any] = {
        "page": request_page.page(row, "Fees", actions=_actions(row, stages) if may_work and pack else ()),
        "row": row,
        "sections": request_page.sections(row, "records-fees", request.actor, epoch_ms(request.now)),
        "pack": pack,
        "stages": stages,
        "may_work": may_work,
        **(_rules(row, pack) if pack else {}),
    }
    return render(request, "records/fees.html", shown)


def _rules(row: Request, pack: LawPack) -> dict[str, Any]:
    """What the law pack lets the city charge, and what changed the charges."""
    sign, rules = pack.fees.currency, pack.fees
    return {
        "tasks": [described(task, pack) for task in pack.fee_tasks],
        "prepayment_over": money(sign, rules.prepayment_over),
        "nothing_under": money(sign, rules.nothing_under) if rules.nothing_under else "",
        "events": [(event, money(sign, event.amount)) for event in row.fee_events.select_related("by")],
        "waits": fees.waits_for_payment(row, pack),
    }


def public_part(row: Request, token: str) -> dict[str, Any]:
    """What the status page shows of charges: the totals."""
    pack = pack_or_none(row)
    has_any = pack is not None and (row.fees.exists() or row.fee_events.exists())
    return {"template": "records/public_fees.html", **(_totals(row, pack) if has_any and pack else {})}


def _totals(row: Request, pack: LawPack) -> dict[str, Any]:
    estimate, invoice = (charges_of(row, pack, is_estimate=of) for _, _, of in STAGES)
    waits = fees.waits_for_payment(row, pack)
    counts = invoice if invoice.charges and not waits else estimate
    return {"estimate": estimate, "invoice": invoice, "counts": counts, "waits": waits}


def _actions(row: Request, stages: list[tuple[str, str, Charges]]) -> list[Action]:
    """Links to what may be done with the charges, the main one first."""
    at = [row.number]
    letter = reverse("records-letter-new", args=at)
    by_stage = {stage: charges for _, stage, charges in stages}
    links = [Action("Enter a charge", reverse("records-charge-new", args=at), primary=True)]
    links += [Action(f"Write the {words.lower()}", f"{letter}?kind={stage}") for words, stage, charges in stages if charges.charges]
    if by_stage["estimate"].may_prepay:
        links.append(Action("Ask for payment in advance", f"{letter}?kind=prepayment"))
    links.append(Action("Record a payment", reverse("records-payment", args=at)))
    links.append(Action("Reduce or waive", reverse("records-charges-reduce", args=at)))
    return links
