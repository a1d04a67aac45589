"""Files are put up for approval before the mail is written (P-22)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.epoch import from_ms
from civicmail.desk.holding.actions.approval_requests import is_sampled
from civicmail.desk.holding.models import Approval
from civicmail.desk.mailbox.models import Draft, DraftFile
from desk.holding.leaving import ACME, DOT, LENA, PDF, Bureau, bureau
from desk.holding.test_approvals import clock as clock
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit
from pages.world import Town, carry

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


@pytest.fixture
def files(clock: Any, installed: Path, city: Town, settings: Any) -> Iterator[Bureau]:
    with bureau(installed, city) as made:
        yield made


def drafted(files: Bureau, to: str, content: bytes = PDF) -> Draft:
    person = files.town.people["crew0"]
    draft = Draft.objects.create(uid=uuid.uuid4(), person=person, mailbox=LENA, to=to, changed=from_ms(files.desk.now))
    DraftFile.objects.create(
        draft=draft, name="bid-14.pdf", kind="pdf", size=len(content), sha256=sha256(content).hexdigest(), content=content
    )
    return draft


@pytest.mark.rule("P-22", "Files may be approved before the mail is written; changed files need a new approval.")
def test_files_of_a_draft_are_approved_before_the_mail_is_written(files: Bureau, visit: Visit) -> None:
    """Exactly these, to exactly these recipients; what was changed since is not shown, and is asked about."""
    draft = drafted(files, f"Ann <{ACME}>, {LENA}")
    page = f"/holding/approvals/put-up/{draft.uid}/"
    assert visit("crew1").get(page).status_code == 404
    assert visit("crew0").post(page, {"words": ""}).status_code == 422
    assert visit("crew0").post(page, {"words": "They want it before the meeting."}).status_code == 302
    row = Approval.objects.get(draft=draft.uid)
    carry(files.town.now)
    at = f"/holding/approvals/{row.pk}/"
    shown = words(visit("head").get(at))
    assert "bid-14.pdf" in shown and ACME in shown and LENA not in shown and "before the meeting" in shown
    assert visit("head").post(f"{at}file/1/").content == PDF
    DraftFile.objects.filter(draft=draft).update(content=b"other", sha256=sha256(b"other").hexdigest())
    assert visit("head").post(f"{at}file/1/").status_code == 404
    assert "bid-14.pdf" not in words(visit("head").get(at))
    assert visit("head").post(at, {"to": ["0"], "answer": "approve"}).status_code == 302
    assert files.send("crew0", ACME) is None
    assert files.send("crew0", DOT) is not None
    assert files.send("crew0", ACME, files={"bid-14.pdf": b"other"}) is not None
    assert visit("crew0").post(page, {"words": "Once more, please."}).status_code == 409


def test_a_draft_without_files_or_people_outside_asks_nobody(files: Bureau, visit: Visit) -> None:
    """P-22."""
    draft = drafted(files, LENA)
    page = f"/holding/approvals/put-up/{draft.uid}/"
    assert "add an outside recipient" in words(visit("crew0").get(page))
    assert visit("crew0").post(page, {"words": "For the meeting."}).status_code == 422
    assert not Approval.objects.exists()


@pytest.mark.rule("P-22", "A pre-approval request for a deleted draft is canceled.")
def test_what_was_put_up_for_a_draft_that_is_gone_is_not_asked_any_more(files: Bureau, visit: Visit) -> None:
    draft = drafted(files, ACME)
    visit("crew0").post(f"/holding/approvals/put-up/{draft.uid}/", {"words": "They want it before the meeting."})
    files.hear()
    row = Approval.objects.get(draft=draft.uid)
    assert row.copies.get().state == "waits"
    draft.files.all().delete()
    draft.delete()
    files.hear(1)
    assert row.copies.get().state == "gone"


@pytest.mark.rule("P-22", "A sample of heads' pre-approvals is reviewed by the next head, too.")
def test_a_sample_of_what_heads_put_up_is_looked_at_too(files: Bureau, visit: Visit) -> None:
    """To ask before writing is no way round the next head."""
    head, wanted = files.town.people["head"], [uuid.UUID(int=n) for n in range(1, 20)]
    assert {is_sampled(str(uid), own=True) for uid in wanted} == {True, False} and not is_sampled(str(wanted[0]), own=False)
    for one in (True, False):
        uid = next(uid for uid in wanted if is_sampled(str(uid), own=True) is one)
        Draft.objects.filter(pk=drafted(files, ACME).pk).update(person=head, uid=uid)
        assert visit("head").post(f"/holding/approvals/put-up/{uid}/", {"words": "They want it today."}).status_code == 302
        row = Approval.objects.get(draft=uid)
        assert row.own and row.sampled is one
