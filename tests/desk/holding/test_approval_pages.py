"""The approver sees the pages of a file as pictures, each with an entry (P-22, P-16)."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pikepdf
import pytest
from django.test import Client

from civicmail.city.guard.models import Entry
from desk.holding.leaving import ACME, PDF, Bureau
from desk.holding.test_approvals import answer
from desk.holding.test_approvals import clock as clock
from desk.holding.test_approvals import files as files
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


def pdf(pages: int) -> bytes:
    made, out = pikepdf.new(), BytesIO()
    for _ in range(pages):
        made.add_blank_page()
    made.save(out)
    return out.getvalue()


@pytest.mark.rule("P-22, P-16", "An approver sees pages of a file as pictures, and each view is recorded.")
def test_pages_are_shown_as_pictures_with_an_entry(files: Bureau, visit: Visit) -> None:
    row, head = files.asked("crew0", ACME, files={"plan.pdf": pdf(8), "broken.pdf": PDF}), visit("head")
    at = f"/holding/approvals/{row.pk}/"
    shown = head.get(at)
    assert "6 of 8 pages" in words(shown) and "Its pages cannot be shown" in words(shown)
    number = next(n for n in (1, 2) if f"{at}file/{n}/pages/6/" in shown.content.decode())
    before = Entry.objects.filter(act="approval.look").count()
    small, large = head.get(f"{at}file/{number}/pages/6/?small"), head.get(f"{at}file/{number}/pages/6/")
    assert small["Content-Type"] == "image/png" and small.content.startswith(b"\x89PNG")
    assert len(large.content) > len(small.content)
    assert Entry.objects.filter(act="approval.look", object=f"approval:{row.pk}").count() == before + 2
    for wrong in (f"{at}file/{number}/pages/7/", f"{at}file/{3 - number}/pages/1/", f"{at}file/9/pages/1/"):
        assert head.get(wrong).status_code == 404


def test_nobody_else_sees_them_and_none_after_the_answer(files: Bureau, visit: Visit) -> None:
    row = files.asked("crew0", ACME, files={"plan.pdf": pdf(1)})
    page = f"/holding/approvals/{row.pk}/file/1/pages/1/"
    assert visit("crew1").get(page).status_code == 403
    assert visit("head").get(page).status_code == 200
    answer(files, row, "deputy")
    assert visit("head").get(page).status_code == 403
