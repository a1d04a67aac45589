"""Invoices: sums of lawful charges, exact to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

from civicmail.city.law.entries import Fees, Invoice, InvoiceLine

CENT = Decimal("0.01")
_NOTHING = Decimal("0.00")


def invoice(rules: Fees, lines: Sequence[InvoiceLine], *, waived: bool = False) -> Invoice:
    """Add up the lines. A task below its threshold costs nothing, and neither do its free units; parts of a cent are dropped,
    because a charge may not exceed the actual cost."""
    amounts = _amounts(lines)
    total = sum(amounts, _NOTHING)
    if waived or total < rules.nothing_under:
        amounts, total = [_NOTHING] * len(lines), _NOTHING
    return Invoice(amounts=list(zip(lines, amounts, strict=True)), total=total, may_prepay=total > rules.prepayment_over)


def _amounts(lines: Sequence[InvoiceLine]) -> list[Decimal]:
    free: dict[str, Decimal] = {}
    sums: dict[str, Decimal] = {}
    costs = []
    for line in lines:
        left = free.get(line.task.id, line.task.free_units)
        charged = max(line.quantity - left, Decimal(0))
        free[line.task.id] = max(left - line.quantity, Decimal(0))
        costs.append(charged * line.rate)
        sums[line.task.id] = sums.get(line.task.id, Decimal(0)) + costs[-1]
    return [
        cost.quantize(CENT, ROUND_DOWN) if sums[line.task.id] >= line.task.only_from else _NOTHING
        for line, cost in zip(lines, costs, strict=True)
    ]
