"""A link to a file that the city shares is asked about like a file, and told as what it is wherever somebody is asked (P-22)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.models import Entry
from civicmail.city.notices.models import Notice
from civicmail.desk.holding.models import Approval
from desk.holding.leaving import ACME, DOT, PDF, Bureau, bureau
from desk.holding.test_approvals import answer
from desk.holding.test_approvals import clock as clock
from desk.holding.test_quarantine import words
from desk.mailbox.conftest import city as city
from desk.mailbox.conftest import visit as visit
from pages.programs import asking
from pages.world import Town

pytestmark = pytest.mark.django_db
HOST = "share.city.example"
URL = f"https://{HOST}/plans/bid-14.pdf?key=osprey"
DIGEST = hashlib.sha256(URL.encode()).hexdigest()
TEXT = f"The plans: {URL}".encode()


@pytest.fixture
def files(clock: Any, installed: Path, city: Town, settings: Any) -> Iterator[Bureau]:
    with bureau(installed, city, shares=(HOST,)) as made:
        yield made


@pytest.mark.rule(
    "P-22",
    "A link to a shared file is shown as a link in the request, in the answer to the sender, and in the entries.",
)
def test_a_link_is_told_as_a_link_in_mail_and_in_the_entries(files: Bureau) -> None:
    """Also where it is the only thing that is asked about; it stands in the text, so it leaves with any yes."""
    row = files.asked("crew0", ACME, files={}, text=TEXT)
    assert (row.things, row.links) == ("links to shared files", [DIGEST])
    assert Entry.objects.get(act="approval.asked").facts["links"] == 1
    asked = Notice.objects.get(key__startswith="approval-waits:")
    assert asked.subject == "Links to shared files wait for your approval" and "wants to send links to shared files" in asked.text
    assert HOST not in asked.text
    answer(files, row, "head")
    assert files.copies(row) == {ACME: "goes"}
    assert Entry.objects.get(act="approval.approve").facts["links"] == [DIGEST]
    told = Notice.objects.get(key__startswith=f"approval:{row.pk}:approved")
    assert told.subject == "Your links to shared files were approved" and "approved your links to shared files." in told.text


def test_of_files_alone_nothing_is_said_of_links(files: Bureau) -> None:
    row = files.asked("crew0", ACME)
    answer(files, row, "head")
    assert (row.things, row.links) == ("files", []) and "links" not in Entry.objects.get(act="approval.approve").facts
    assert all("link" not in n.subject + n.text.partition("http")[0] for n in Notice.objects.all())


@pytest.mark.rule("P-22, P-16", "The approver of a link sees its target, after an entry.")
def test_whoever_is_asked_reads_where_a_link_leads(files: Bureau, visit: Callable[[str], Client]) -> None:
    """With that look recorded first; the address is text, and nobody gets there by a slip."""
    row = files.asked("crew0", ACME, DOT, files={"bid-14.pdf": PDF, "costs.pdf": PDF + b"c"}, text=TEXT)
    page, client = f"/holding/approvals/{row.pk}/", visit("head")
    response = client.get(page)
    shown = words(response)
    assert "3. A link to a shared file of the city" in shown and URL in shown and "The plans" not in shown
    assert f'href="{URL.partition("?")[0]}' not in response.content.decode()
    assert "Approve 2 files, 1 link" in shown and "The links leave with any yes." in shown
    assert Entry.objects.filter(act="approval.look").count() == 1
    done = client.post(page, {"to": ["0"], "answer": "some", "leave": ["2"]}, follow=True)
    assert "Approved of the files: 2, 3. Not approved: 1." in words(done)
    facts = Entry.objects.get(act="approval.approve").facts
    assert DIGEST in facts["files"] and facts["links"] == [DIGEST]
    assert f"link {DIGEST[:12]}" in words(client.get("/holding/approvals/report/"))
    assert URL in words(visit("crew0").get(page)), "whoever wrote it"
    told = asking(files.town.people["deputy"])("GET", f"/approvals/{row.pk}/files").json()["files"]
    assert [(f["kind"], f["name"]) for f in told][2] == ("link", URL)


@pytest.mark.rule("P-22", "A standing approval is offered for a document, never for a link, whose target may change.")
def test_a_document_may_leave_without_a_question_and_what_lies_behind_a_link_may_not(
    files: Bureau, visit: Callable[[str], Client]
) -> None:
    """A document is what it is by its hash; behind a link another may lie tomorrow, so nobody is offered that."""
    row = files.asked("crew0", ACME, text=TEXT)
    shown = visit("head").get(f"/holding/approvals/{row.pk}/").content.decode()
    offers = re.findall(r'href="/holding/approvals/standing/new/\?sha256=([0-9a-f]+)"', shown)
    assert offers == [part[3] for part in row.parts if part[1] == "file"] != [] and row.links == [DIGEST]


def test_an_address_that_hides_its_end_is_shown_with_what_hides_it(files: Bureau, visit: Callable[[str], Client]) -> None:
    url = f"{URL}&to=\u202efdp.evil"
    row = Approval.objects.get(pk=files.asked("crew0", ACME, files={}, text=f"<{url}>".encode()).pk)
    shown = words(visit("head").get(f"/holding/approvals/{row.pk}/"))
    assert HOST in shown and "\u202e" not in shown
