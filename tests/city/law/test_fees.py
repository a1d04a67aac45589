"""Charges: only lawful tasks, exact sums, thresholds of the pack (R25)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.law.entries import InvoiceLine
from civicmail.city.law.errors import MissingEvidence, NotBillable, NotInPack
from civicmail.city.law.pack import LawPack
from civicmail.city.law.shipped import shipped

WISCONSIN, FEDERAL = shipped("wisconsin"), shipped("federal")
AMOUNTS = st.decimals(0, 10_000, places=4)


def line(task: str, quantity: str, rate: str, pack: LawPack = WISCONSIN, **facts: str) -> InvoiceLine:
    return InvoiceLine(task=pack.fee_task(task), quantity=Decimal(quantity), rate=Decimal(rate), facts=facts)


@pytest.mark.rule("P-21", "Review, redaction and consultation cannot be charged: there are no such tasks.")
def test_r25_review_and_redaction_are_not_tasks() -> None:
    """Milwaukee Journal Sentinel v. City of Milwaukee, 2012 WI 65."""
    for task in ("review", "redact", "consult", "REVIEW", "REDACT"):
        with pytest.raises(NotInPack, match="no fee task"):
            WISCONSIN.fee_task(task)
    assert {task.id for task in WISCONSIN.fee_tasks} == {
        "copy",
        "copy-color",
        "transcribe",
        "photograph",
        "locate",
        "mail",
        "police-recording",
    }
    review: Any = "review"
    with pytest.raises(TypeError, match="a fee task of the law pack"):
        InvoiceLine(task=review, quantity=Decimal(1), rate=Decimal(30))
    with pytest.raises(NotInPack):
        WISCONSIN.invoice([line("review", "1", "30", FEDERAL, **{"commercial-use": "sells lists"})])


def test_r25_the_federal_pack_charges_review_for_commercial_use_only() -> None:
    with pytest.raises(MissingEvidence, match="needs commercial-use"):
        line("review", "1", "30", FEDERAL)
    charged = FEDERAL.invoice([line("review", "1", "30", FEDERAL, **{"commercial-use": "sells lists"})])
    assert (charged.total, charged.may_prepay) == (Decimal("30.00"), False)


def test_r25_recordings_are_charged_by_their_law_enforcement_agency_only() -> None:
    """2023 Act 253."""
    with pytest.raises(MissingEvidence, match="law-enforcement-agency, recordings"):
        line("police-recording", "1", "20")


@pytest.mark.parametrize(
    ("hours", "rate", "total"), [("2", "24.99", "0.00"), ("2", "25", "50.00"), ("1", "50", "50.00"), ("1", "49.999", "0.00")]
)
def test_r25_locating_is_charged_from_50_dollars(hours: str, rate: str, total: str) -> None:
    """Wis. Stat. 19.35 (3) (c)."""
    assert WISCONSIN.invoice([line("locate", hours, rate)]).total == Decimal(total)
    halves = [line("locate", str(Decimal(hours) / 2), rate)] * 2
    assert WISCONSIN.invoice(halves).total == Decimal(total)  # the threshold is of the task, not of a line


@pytest.mark.parametrize(("amount", "may"), [("5.00", False), ("5.01", True)])
def test_r25_prepayment_only_above_5_dollars(amount: str, may: bool) -> None:
    """Wis. Stat. 19.35 (3) (f): if the total exceeds $5."""
    assert WISCONSIN.invoice([line("mail", "1", amount)]).may_prepay is may


def test_r25_no_rate_above_the_benchmark_and_no_part_of_a_cent() -> None:
    assert WISCONSIN.invoice([line("copy", "101", "0.0135")]).total == Decimal("1.36")
    with pytest.raises(NotBillable, match=r"0\.25 is more than 0\.0135"):
        line("copy", "10", "0.25")
    for quantity, rate in (("-1", "1"), ("1", "-1"), ("NaN", "1"), ("1", "Infinity")):
        with pytest.raises(NotBillable, match="not below 0"):
            line("mail", quantity, rate)


def test_r25_a_waived_charge_is_nothing() -> None:
    waived = WISCONSIN.invoice([line("locate", "10", "30")], waived=True)
    assert waived.total == waived.amounts[0][1] == 0
    assert not waived.may_prepay


def test_the_federal_pack_has_free_pages_and_hours() -> None:
    assert FEDERAL.invoice([line("copy", "60", "1", FEDERAL), line("copy", "70", "1", FEDERAL)]).total == 30
    assert FEDERAL.invoice([line("search", "2", "100", FEDERAL)]).total == 0
    assert FEDERAL.invoice([line("copy", "124", "1", FEDERAL)]).total == 0  # below what collecting it costs


@given(st.lists(st.tuples(st.sampled_from(["transcribe", "photograph", "locate", "mail"]), AMOUNTS, AMOUNTS), max_size=6))
def test_r25_the_total_is_the_sum_of_the_charges_and_never_more_than_the_cost(lines: list[tuple[str, Decimal, Decimal]]) -> None:
    made = WISCONSIN.invoice(line(task, str(quantity), str(rate)) for task, quantity, rate in lines)
    assert made.total == sum((amount for _, amount in made.amounts), Decimal(0))
    assert made.total <= sum((quantity * rate for _, quantity, rate in lines), Decimal(0))
    assert made.may_prepay == (made.total > 5)
