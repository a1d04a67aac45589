"""Only lawful tasks can be charged; payment in advance stops the clock above the law's threshold alone, and a payment starts it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.errors import Conflict, NotPermitted, Unusable
from civicmail.city.guard.models import Entry
from civicmail.city.law.pack import LawPack
from civicmail.desk.records.actions import fees, requests
from civicmail.desk.records.actions.fees import NewLine
from civicmail.desk.records.models import FeeEvent, FeeLine
from civicmail.desk.records.queries.fees import Charges, charges_of
from civicmail.desk.records.queries.letters import case_of
from civicmail.desk.records.queries.receipts import token_of
from desk.holding.test_quarantine import words
from desk.records.letter_world import Correspondence

pytestmark = pytest.mark.django_db
BOTH = pytest.mark.parametrize("law", ["wisconsin", "federal"], indirect=True)
WHY = "The release is in the interest of the public."


class Till(Correspondence):
    """A request with charges to enter."""

    def add(self, task: str, amount: str, rate: str | None = None, note: str = "", *, is_estimate: bool = True) -> FeeLine:
        new = NewLine(task, Decimal(amount), None if rate is None else Decimal(rate), is_estimate, note)
        return fees.add(self.row(), new, actor=self.actor(), now=self.now())

    def charges(self, *, is_estimate: bool = True) -> Charges:
        return charges_of(self.row(), self.law, is_estimate=is_estimate)

    def above(self) -> FeeLine:
        """A charge for which payment in advance may be asked for, under either pack."""
        return self.add(next(task.id for task in self.law.fee_tasks if task.unit == "hour" and not task.needs), "20", "40")

    def pay(self, amount: str) -> FeeEvent:
        return fees.pay(self.row(), Decimal(amount), "Receipt 12", actor=self.actor(), now=self.now())

    def reduce(self, amount: str) -> FeeEvent:
        return fees.reduce(self.row(), Decimal(amount), WHY, actor=self.actor(), now=self.now())


@pytest.fixture
def till(city: Any, law: LawPack) -> Till:
    return Till(city, law)


@pytest.fixture
def page(till: Till, visit: Callable[[str], Client]) -> Callable[..., Any]:
    def call(who: str, rest: str = "", **given: str) -> Any:
        url = f"/records/requests/{till.request.number}/fees/{rest}"
        return visit(who).post(url, given) if given else visit(who).get(url)

    return call


@BOTH
@pytest.mark.rule("P-21", "Only the tasks of the law can be charged: no charge for review, redaction or conversion can be entered.")
def test_r25_review_redaction_and_conversion_cannot_be_charged(till: Till, law: LawPack, page: Any) -> None:
    offered = words(page("recorder", "new/"))
    assert all(task.title in offered for task in law.fee_tasks)
    for task in ("redact", "redaction", "convert", "consult", "review", ""):
        with pytest.raises(Unusable):
            till.add(task, "2", "30")
        answer = page("recorder", "new/", stage="estimate", task=task, amount="2", rate="30")
        assert answer.status_code == 422, task
    assert not FeeLine.objects.exists() and not Entry.objects.filter(act="records.fee-add").exists()


@pytest.mark.parametrize("law", ["federal"], indirect=True)
def test_r25_federal_review_is_charged_only_with_the_commercial_use_written_down(till: Till) -> None:
    with pytest.raises(Unusable, match="commercial use"):
        till.add("review", "2", "30", note=" ")
    assert till.add("review", "2", "30", note="A data broker sells the lists.").task == "review"


@BOTH
def test_r25_a_charge_is_the_actual_cost_and_at_most_the_rate_of_the_law(till: Till, law: LawPack) -> None:
    for task in law.fee_tasks:
        note = "Police, 12 recordings; for sale." if task.needs else ""
        if task.rate is None:
            with pytest.raises(Unusable, match="actual cost"):
                till.add(task.id, "1", note=note)
            till.add(task.id, "1", "3.25", note=note)
        else:
            with pytest.raises(Unusable, match="is more than"):
                till.add(task.id, "1", str(task.rate + Decimal("0.0001")), note=note)
            assert till.add(task.id, "1", note=note).rate == task.rate
    for amount in ("0", "-1", "99999999"):
        with pytest.raises(Unusable):
            till.add(law.fee_tasks[0].id, amount, "0.01")


def test_r25_locating_is_charged_only_from_the_threshold_of_the_law(till: Till, page: Any) -> None:
    till.add("locate", "2", "24.99")
    assert till.charges().total == 0 and "$0.00" in words(page("recorder"))
    till.add("locate", "1", "0.02")
    assert till.charges().total == Decimal("50.00")


def test_r25_federal_free_pages_and_wisconsin_benchmark_add_up(till: Till) -> None:
    till.add("copy", "200")
    till.add("copy-color", "10")
    assert (till.charges().total, till.charges().may_prepay) == (Decimal("3.33"), False)


@BOTH
@pytest.mark.rule(
    "P-21", "Payment in advance is asked for only above the law's threshold; it stops the clock, and the payment starts it."
)
def test_r25_prepayment_above_the_threshold_stops_the_clock_until_it_is_paid(till: Till, law: LawPack, visit: Any) -> None:
    assert "prepayment" not in case_of(till.row(), law).fitting
    till.above()
    threshold = law.fees.prepayment_over
    till.reduce(str(threshold))
    assert not till.charges().may_prepay and "prepayment" not in case_of(till.row(), law).fitting, "exactly the threshold"
    till.reduce(str(threshold + 1))
    letter = till.write("prepayment")
    assert f"{law.fees.currency}{threshold + 1:,.2f}" in letter.text and WHY in letter.text and till.missing(letter) == []
    till.send(letter)
    pause = till.row().pauses.get()
    assert pause.reason == "awaiting-prepayment" and pause.ended is None
    assert law.pause_reason(pause.reason).waits_for == "requester" and till.row().due is None
    assert "31, 9999" not in words(visit("").get(f"/public/records/status/{token_of(till.request)}/"))
    till.pay(str(threshold))
    assert till.row().pauses.get().ended is None, "a dollar is missing"
    till.pay("1")
    assert till.row().pauses.get().ended is not None and till.row().due is not None


@BOTH
def test_r25_a_draft_that_asks_for_prepayment_is_not_sent_once_the_total_is_below(till: Till) -> None:
    line = till.above()
    letter = till.write("prepayment")
    fees.remove(line, actor=till.actor(), now=till.now())
    till.add(line.task, "1", "0.01")
    with pytest.raises(Conflict, match="does not fit"):
        till.send(letter)
    assert not till.row().pauses.exists()


@BOTH
def test_r25_a_waiver_has_a_reason_and_ends_the_wait(till: Till) -> None:
    till.above()
    till.send(till.write("prepayment"))
    with pytest.raises(Unusable):
        fees.reduce(till.row(), Decimal(0), "Nice.", actor=till.actor(), now=till.now())
    till.reduce("0")
    charges = till.charges()
    assert (charges.total, charges.owed, charges.sum > 0) == (0, 0, True)
    assert till.row().pauses.get().ended is not None
    assert till.request.fee_events.get().reason == WHY


@BOTH
def test_r25_estimate_and_invoice_are_letters_of_their_own(till: Till, law: LawPack) -> None:
    till.above()
    task = next(task for task in law.fee_tasks if task.unit == "hour" and not task.needs)
    till.add(task.id, "10", "40", is_estimate=False)
    estimate, invoice = till.send(till.write("estimate")), till.write("invoice")
    assert task.citation in estimate.text and f"{till.charges().total:,.2f}" in estimate.text
    assert not till.row().pauses.exists(), "an estimate alone stops nothing"
    owed = till.charges(is_estimate=False).total
    assert f"To pay: ${owed:,.2f}." in invoice.text
    till.pay("5")
    assert any("(paid)" in problem for problem in till.missing(invoice))
    with pytest.raises(Conflict):
        till.send(invoice)


def test_r25_an_estimate_has_the_sentence_on_review_word_for_word(till: Till) -> None:
    till.above()
    letter = till.write("estimate")
    sentence = "Nothing is charged for reviewing or redacting records."
    assert sentence in letter.text
    with pytest.raises(Conflict, match="missing or was altered"):
        till.send(till.change(letter, letter.text.replace(sentence, "Nothing is charged for reviewing records.")))


@BOTH
def test_r25_the_status_page_has_the_totals(till: Till, visit: Any) -> None:
    status = f"/public/records/status/{token_of(till.request)}/"
    assert "Charges" not in words(visit("").get(status))
    till.above()
    till.send(till.write("prepayment"))
    till.pay("100")
    total = till.charges().total
    text = words(visit("").get(status))
    assert f"Estimate ${total:,.2f}" in text and f"To pay ${total - 100:,.2f}" in text and "We go on when it is paid." in text


@BOTH
def test_r25_r29_a_suit_freezes_the_charges(till: Till) -> None:
    line = till.above()
    requests.record_suit(till.row(), actor=till.actor("attorney"), reason="A suit was served on the city today.", now=till.now())
    changes: list[Callable[[], object]] = [
        till.above,
        lambda: fees.remove(line, actor=till.actor(), now=till.now()),
        lambda: till.reduce("0"),
        lambda: till.pay("1"),
    ]
    for change in changes:
        with pytest.raises(Conflict, match="suit"):
            change()


def test_r25_an_officer_enters_reduces_and_records_and_others_do_not(till: Till, page: Any) -> None:
    given = {"stage": "estimate", "task": "copy", "amount": "1000", "rate": "", "note": "Ward maps"}
    assert page("recorder", "new/", **given).status_code == 302
    text = words(page("recorder"))
    assert "Total $13.50" in text and "$0.0135" in text and "Ask for payment in advance" in text and "Ward maps" in text
    assert page("recorder", "reduce/", amount="6", reason=WHY).status_code == 302
    assert "Sum $13.50, reduced to $6.00" in words(page("recorder"))
    assert page("recorder", "payment/", amount="0", reason="Cash").status_code == 422
    assert page("recorder", "payment/", amount="6", reason="Cash").status_code == 302
    assert "To pay $0.00" in words(page("auditor"))
    line = FeeLine.objects.get()
    assert page("auditor", f"{line.pk}/remove/", x="x").status_code == 403
    assert page("recorder", f"{line.pk}/remove/", x="x").status_code == 302 and not FeeLine.objects.exists()
    for who in ("auditor", "attorney"):
        with pytest.raises(NotPermitted):
            fees.add(till.row(), NewLine("copy", Decimal(1), None, True), actor=till.actor(who), now=till.now())
