"""Another format of what was released, for whoever needs one; and PDFs that are read aloud (28 CFR 35.160, 35.200; ISO 14289-1)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.test import Client

from civicmail.city.guard.models import Entry
from civicmail.desk.records.models import FormatRequest, Publication
from civicmail.desk.records.queries.receipts import token_of
from desk.records.test_reading_room import ROOM, Room, body, text
from desk.records.test_reading_room import desk as desk

pytestmark = pytest.mark.django_db
MARY = "mary.oduya@resident.example"


@pytest.fixture(autouse=True)
def none_yet(city: Any) -> None:
    FormatRequest.objects.all().delete()


def asked(url: str, **given: str) -> Any:
    return Client().post(url, {"format": "large", "file": "", "note": "", "contact": "", **given})


@pytest.mark.rule(
    "P-21", "Anybody asks for another format of what was released without an account, and the desk answers in writing."
)
def test_r33_anybody_asks_for_another_format_of_a_released_document(desk: Room, visit: Callable[[str], Client]) -> None:
    row = desk.public()
    page = text(Client().get(f"{ROOM}{row.slug}/"))
    name = f"{desk.request.number}-000002.pdf"
    assert f"{ROOM}{row.slug}/format/?file={name}" in page and page.count("Ask for another format") == 3
    assert name in text(Client().get(f"{ROOM}{row.slug}/format/?file={name}"))
    answer = asked(f"{ROOM}{row.slug}/format/", file=name, note="18 points, please.", contact=MARY)
    assert answer.status_code == 302
    mine = answer["Location"]
    made = FormatRequest.objects.get()
    assert (made.file, made.publication, made.state, made.contact) == (name, row, "open", MARY)
    shown = text(Client().get(mine))
    assert "We have it." in shown and name in shown and MARY not in shown
    officer = visit("recorder")
    assert MARY in text(officer.get(f"/records/formats/{made.pk}/")) and MARY not in text(officer.get("/records/formats/"))
    assert '/records/formats/?state=open">Give other formats</a>' in text(officer.get("/"))
    given = {"answer": "We sent the document in 18 points by post.", "state": "open"}
    assert officer.post(f"/records/formats/{made.pk}/provide/", given).status_code == 302
    made.refresh_from_db()
    assert (made.state, made.contact) == ("provided", "")
    assert "We sent the document in 18 points by post." in text(Client().get(mine))
    assert officer.post(f"/records/formats/{made.pk}/decline/", {**given, "answer": "x" * 30}).status_code == 409
    entries = Entry.objects.filter(act__startswith="records.format").order_by("pk")
    assert [(one.act, one.person) for one in entries] == [
        ("records.format-asked", "requester"), ("records.format-provided", "p-recorder"),
    ]  # fmt: skip
    assert not Entry.objects.filter(facts__icontains=MARY).exists()


def test_r33_a_requester_asks_on_the_status_page_and_reads_the_answer_there(desk: Room, visit: Callable[[str], Client]) -> None:
    status = f"/public/records/status/{token_of(desk.request)}/"
    assert "Ask for another format" not in text(Client().get(status)), "nothing is released yet"
    desk.released()
    assert "Ask for another format" in text(Client().get(status))
    assert asked(f"{status}format/", format="audio").status_code == 302
    made = FormatRequest.objects.get()
    assert made.publication is None and made.request == desk.request
    refusal = "A description by voice would need weeks; a person reads it to you on the telephone."
    officer = visit("recorder")
    assert officer.post(f"/records/formats/{made.pk}/decline/", {"answer": "Too long", "state": "open"}).status_code == 422
    assert officer.post(f"/records/formats/{made.pk}/decline/", {"answer": refusal, "state": "open"}).status_code == 302
    page = text(Client().get(status))
    assert "Declined" in page and "Audio, read aloud or described" in page


def test_r33_what_cannot_be_meant_is_asked_again_and_strangers_see_nothing(desk: Room) -> None:
    row = desk.public()
    url = f"{ROOM}{row.slug}/format/"
    for given in (
        {"format": ""},
        {"format": "x"},
        {"format": "other"},
        {"file": "../plan"},
        {"note": "x" * 1001},
        {"contact": "x" * 401},
    ):
        assert asked(url, **given).status_code == 422, given
    assert not FormatRequest.objects.exists()
    Publication.objects.filter(pk=row.pk).update(state="taken")
    for gone in (url, f"{ROOM}nothing/format/", "/public/records/status/xx/format/", "/public/records/formats/1:x:y/"):
        assert Client().get(gone).status_code == 404


def test_r33_every_released_pdf_has_language_title_and_tags(desk: Room) -> None:
    """What an anonymous reader downloads is PDF/A-2a and PDF/UA-1, and the gate's own check of it is in the certificate."""
    row = desk.public()
    with zipfile.ZipFile(io.BytesIO(body(Client().get(f"{ROOM}{row.slug}/package/")))) as package:
        names = [name for name in package.namelist() if name.endswith(".pdf")]
        assert len(names) == 2
        for name in names:
            with pikepdf.open(io.BytesIO(package.read(name))) as pdf:
                root = pdf.Root
                assert str(root.Lang) == "en" and root.MarkInfo.Marked and root.ViewerPreferences.DisplayDocTitle
                assert list(root.StructTreeRoot.K), name
                with pdf.open_metadata() as metadata:
                    assert metadata["pdfuaid:part"] == "1" and metadata["dc:title"].startswith("Item 0000")
                assert all("/Tabs" not in page or page.Tabs == "/S" for page in pdf.pages)
            assert Path(name).with_suffix(".txt").name in {Path(one).name for one in package.namelist()}, "the same as plain text"
    for file in row.production.files.filter(media_type="application/pdf"):
        assert "archival" in " ".join(file.checks).casefold() or "PDF/A" in " ".join(file.checks), file.checks
