"""Writing on the pages, as a browser without script does it (P-06, P-14, P-19, P-22)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from civicmail.core.message import letter as letters
from civicmail.desk.mailbox.models import Draft, DraftFile, Outgoing
from desk.mailbox.post import Post, letter
from desk.mailbox.test_pages import said
from desk.mailbox.writing import CREWS, DANA, LENA, ROSA, STREETS, Office, office
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\n%%EOF\n"


@pytest.fixture
def desk(installed: Path, city: Town) -> Iterator[Office]:
    with office(installed, city) as made:
        yield made


class Page:
    """One page with its form, as a browser has it: everything that stands in it is posted back."""

    def __init__(self, client: Client, path: str) -> None:
        self.client = client
        self.show(client.get(path))

    def show(self, response: Any) -> None:
        assert response.status_code in (200, 422, 409), response.status_code
        self.response = response
        self.text = said(response)
        page = response.content.decode()
        found = re.search(r'<form class="usa-form" id="write".*?action="([^"]+)".*?</form>', page, re.DOTALL)
        assert found, self.text
        self.action, form = found[1], found[0]
        self.fields: dict[str, Any] = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        for tag in re.findall(r"<input [^>]*>", form):
            name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
            if name and 'type="file"' not in tag and 'type="checkbox"' not in tag:
                self.fields[name[1]] = _plain(value[1]) if value else ""
        for name_, value_ in re.findall(r'<textarea [^>]*?name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
            self.fields[name_] = _plain(value_)
        keep = re.findall(r'name="keep" value="([^"]+)"[^>]*checked', form)
        self.fields |= {"keep": keep} if keep else {}
        chosen = re.search(r'<select [^>]*name="mailbox".*?<option value="([^"]+)" selected', form, re.DOTALL)
        self.fields |= {"mailbox": chosen[1]} if chosen else {}

    def press(self, do: str, **typed: Any) -> Any:
        """A button, after something was typed. The answer; the page that it leads to is this page from now on, if it is one."""
        answer = self.client.post(self.action, {**self.fields, **typed, "do": do})
        if answer.status_code == 302 and answer.headers["Location"].startswith("/mail/write/"):
            self.show(self.client.get(answer.headers["Location"]))
        elif answer.status_code in (409, 422):
            self.show(answer)
        return answer

    @property
    def draft(self) -> Draft:
        return Draft.objects.get(uid=self.action.rstrip("/").rpartition("/")[2])


def _plain(text: str) -> str:
    import html

    return html.unescape(text)


def test_a_message_is_written_sent_and_seen(desk: Office, visit: Visit) -> None:
    """R-611: write, attach, send, delivery; the text stands above the block of the directory."""
    client = visit("crew0")
    page = Page(client, "/mail/write/")
    page.press("attach", to=f"Lena Vogt <{LENA}>", subject="Lead lines", text="Dear Lena,\nplease look.", file=[_file("plan.pdf", PDF)])
    assert "plan.pdf" in page.text and "PDF" in page.text
    answer = page.press("send")
    out = Outgoing.objects.get()
    assert answer.headers["Location"] == f"/mail/outgoing/{out.uid}/"
    waits = said(client.get(answer.headers["Location"]))
    assert "Until then you can take it back." in waits and "Undo" in waits
    client.post(answer.headers["Location"], {"do": "now"})
    out.refresh_from_db()
    desk.now = max(desk.now, int(out.due.timestamp() * 1000))
    assert desk.work() == 1
    sent = said(client.get(answer.headers["Location"]))
    assert "Your message was sent" in sent and LENA in sent and "Waiting" in sent
    ((capture, body),) = desk.captures()
    read = letters.read(body)
    assert read.text.startswith("Dear Lena,\nplease look.\n\n-- \nDana Ortiz\nCrew Clerk\nPublic Works\n")
    assert read.attachments[0].content == PDF
    assert not Draft.objects.exists() and not DraftFile.objects.exists()
    assert client.get(f"/mail/{capture.uuid}/").status_code == 200
    again = client.post(page.action, {**page.fields, "do": "send"})
    assert again.headers["Location"] == f"/mail/outgoing/{out.uid}/", "a click on the old page sends nothing twice"
    assert Outgoing.objects.count() == 1


def _file(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)
