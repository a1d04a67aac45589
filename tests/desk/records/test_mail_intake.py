"""Mail becomes requests and answers: matched by code or number, kept in the holding pen, made a request in one click."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.law.pack import LawPack
from civicmail.city.notices.models import Notice
from civicmail.city.policy.dispositions import Disposition
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.holding.models import Approval
from civicmail.desk.records.actions import clock
from civicmail.desk.records.actions.intake import NewRequest, Receipt, submit
from civicmail.desk.records.actions.mail_intake import RecordsMail, take_approvals
from civicmail.desk.records.models import Reply, Request
from civicmail.front.worker.journal_reader import JournalReader
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.pipeline.accept import capture_of, scan
from desk.holding.test_quarantine import words
from mail.archive.making import UNSYNCED

pytestmark = pytest.mark.django_db
DESK = "records@city.example"


@pytest.fixture
def receipt(law: LawPack, city: Any) -> Receipt:
    return submit(NewRequest(text="Mail about the harbor.", intake="web"), now=epoch_ms(city.now))


@pytest.fixture
def arrive(installed: Path, city: Any) -> Any:
    """Mail comes, and the job follows the journals: arrive(subject, text) -> its capture."""
    data, count = installed, iter(range(1, 100))

    def come(subject: str, text: str, *, to: str = DESK, do: str = "deliver", review: tuple[str, ...] = ()) -> Capture:
        at = epoch_ms(city.now) + next(count)
        header = f"From: New <new@else.example>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{at}@else.example>"
        content = f"{header}\r\n\r\n{text}\r\n".encode()
        envelope = Envelope("new@else.example", (Recipient(to),), at, "192.0.2.9", "mx.else.example")
        capture = capture_of(capture_id(at), scan(content), envelope, Source("mx", "mx"))
        capture = replace(capture, dispositions=(Disposition(0, do, review=review),))  # type: ignore[arg-type]
        reader = JournalReader(data, RecordsMail(data), lambda: at)
        with closing(Writer(data, lambda: at, UNSYNCED, 1 << 20)) as writer:
            writer.receipt(capture, content)
            writer.flush()
            reader.all()
        return capture

    return come


@pytest.mark.rule(
    "P-21", "An answer by mail lands on its request by code or number, from any address; other mail waits in the holding pen."
)
def test_r2_a_reply_from_a_new_address_with_only_the_code_or_the_number_lands_on_the_request(
    receipt: Receipt, arrive: Any, act: Any, city: Any
) -> None:
    row = receipt.request
    clock.pause(row, "awaiting-scope", "Question sent.", actor=act("recorder"), now=epoch_ms(city.now))
    by_code = arrive(f"about {receipt.code.lower()}", "Yes.")
    by_number = arrive(f"Re: Your public-records request {row.number}", "Only March.")
    in_text = arrive("Hello", f"My code is {receipt.code}")
    assert set(row.replies.values_list("capture", flat=True)) == {by_code.uuid, by_number.uuid, in_text.uuid}
    assert row.pauses.get().ended is not None, "they have answered, so the days are ours"
    assert not row.replies.exclude(text="").exists(), "the text stays in the archive"


def test_r2_unmatched_mail_goes_to_the_holding_pen_and_is_never_lost(receipt: Receipt, arrive: Any, visit: Any) -> None:
    unmatched = arrive("Re: your request", "AAAA-BBBB-CCCC-DDDD was my code, I think.")
    elsewhere = arrive("Hello", "to somebody else", to="dana@city.example")
    kept_back = arrive("Spam", "Buy", do="quarantine")
    pen = Reply.objects.get(capture=unmatched.uuid)
    assert pen.request is None and not Reply.objects.filter(capture__in=[elsewhere.uuid, kept_back.uuid]).exists()
    officer = visit("recorder")
    assert f"/records/mail/{pen.pk}/" in officer.get("/records/mail/?place=pen").content.decode()
    assert officer.post(f"/records/mail/{pen.pk}/attach/", {"number": receipt.request.number}).status_code == 302
    assert officer.post(f"/records/mail/{pen.pk}/read/").status_code == 302
    pen.refresh_from_db()
    assert (pen.request, pen.state) == (receipt.request, "read")
    assert officer.post(f"/records/mail/{pen.pk}/dismiss/", {"reason": "It is no request at all."}).status_code in (409, 422)


def test_mail_that_a_rule_sends_to_the_queue_reaches_the_desk(law: LawPack, arrive: Any, visit: Any) -> None:
    """An official's web mail (P-11): the officer asks for it, or makes a request of it."""
    capture = arrive("Budget", "from my own account", to="dana@city.example", do="mark", review=("records",))
    pen = Reply.objects.get(capture=capture.uuid)
    assert pen.way == "queue"
    page = f"/records/mail/{pen.pk}/"
    assert "private account" in words(visit("recorder").get(page))
    assert visit("recorder").post(f"{page}request/", {"text": "Mail of the alderman about the budget."}).status_code == 302
    assert Request.objects.get(capture=capture.uuid).intake == "queue"


def test_r2_any_employee_makes_a_request_of_a_message_in_one_click(law: LawPack, city: Any, visit: Any) -> None:
    id_, holder = city.objects["mail delivered"], visit("crew0")
    path = f"/mail/{id_}/records-request/"
    assert path in holder.get(f"/mail/{id_}/").content.decode()
    assert holder.post(path).status_code == 302
    row = Request.objects.latest("id")
    assert row.capture == str(id_) and row.text and row.contact.email
    assert Notice.objects.filter(to=row.contact.email, key__startswith=f"request:{row.number}:").exists(), (
        "the sender has the receipt"
    )
    assert row.contact.email not in row.title
    assert "was made of this message already" in words(holder.post(path, follow=True))
    assert visit("chief").get(path).status_code == 404


def test_the_answer_public_records_request_of_an_approval_is_a_request(law: LawPack, city: Any) -> None:
    copies = Approval.objects.exclude(capture="").filter(copies__isnull=False)
    approval = copies.first()
    assert approval is not None
    approval.copies.update(state="records", by=city.people["head"], at=city.now)
    assert take_approvals(epoch_ms(city.now)) == 1 and take_approvals(epoch_ms(city.now)) == 0
    row = Request.objects.latest("id")
    assert row.capture == approval.capture and approval.department.name in row.text
