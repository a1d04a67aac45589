"""What pictures say that leave, as far as the time goes (P-19)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.policy.dispositions import FactValue
from civicmail.core.config.settings import City, Screening, Search, Settings
from civicmail.core.message.model import Envelope, Recipient
from civicmail.core.sandbox.errors import TOO_LONG
from civicmail.mail.screening.confidential import ocr_pictures, scans
from civicmail.mail.screening.confidential.shapes import CHECK
from civicmail.mail.screening.reader_request import ReadPictures
from civicmail.mail.screening.screener import Screened, Screener
from core.sandbox.samples import docx, png, scan, zipped

OUT, IN = "rosa@mailbox.example", "bob@city.example"


@dataclass
class Reader:
    """In place of tesseract: says what it is to say, and counts."""

    says: str = "SSN 512-34-5678"
    why: str = ""
    read: list[int] = field(default_factory=list)

    def words(self, picture: bytes, *, seconds: float) -> tuple[str, str]:
        assert 0 < seconds <= scans.OCR_SECONDS
        self.read.append(len(picture))
        return self.says, self.why


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    one = Reader()
    monkeypatch.setattr(scans, "_reader", lambda languages: one if languages else None)
    return one


@pytest.fixture
def screener(tmp_path: Path, reader: Reader) -> Iterator[Any]:
    settings = Settings(city=City(domains=["city.example"]), screening=Screening(checks=["confidential"]))
    one = Screener(settings, tmp_path, lambda: 0)
    yield one
    one.close()


def mail(*files: tuple[str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "ann@city.example", "papers"
    message.set_content("see the file")
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return bytes(message)


def screened(screener: Screener, raw: bytes, *to: str, source: str = "submission") -> Screened:
    login = "ann" if source == "submission" else ""
    envelope = Envelope("ann@city.example", tuple(map(Recipient, to or (OUT,))), 0, login=login)
    return asyncio.run(screener.screen(raw, envelope, source))


def facts(found: Screened) -> dict[str, FactValue]:
    return {name: value for name, value in found.facts.items() if name.startswith("confidential.")}


HIGH = {"confidential.high": ("ssn",), "confidential.count": 1}


@pytest.mark.rule("P-19", "Text in outgoing pictures and scanned pages is checked, in documents and archives too.")
@pytest.mark.parametrize(
    "file",
    [
        ("a.png", png("x")),
        ("a.pdf", scan("x")),
        ("a.docx", docx("", **{"word/media/image1.png": png("x")})),
        ("a.zip", zipped({"in/a.png": png("x")})),
    ],
    ids=["picture", "scan", "in a document", "in an archive"],
)
def test_what_a_picture_says_that_leaves_is_looked_at(screener: Screener, file: tuple[str, bytes]) -> None:
    found = screened(screener, mail(file))
    assert facts(found) == HIGH
    assert [(f.code, f.part, f.mask) for f in found.findings if f.check == CHECK] == [("ssn", "1.2/scan", "…78")]


@pytest.mark.rule("P-01, P-19", "Mail with pictures that stays in the city or comes in does not wait for OCR.")
@pytest.mark.parametrize(("to", "source"), [((IN,), "submission"), ((OUT,), "mx")])
def test_nobody_waits_for_pictures_that_stay_or_come_in(
    screener: Screener, reader: Reader, to: tuple[str, ...], source: str
) -> None:
    assert facts(screened(screener, mail(("a.png", png("x"))), *to, source=source)) == {}
    assert reader.read == []


def test_mail_from_outside_is_spared_what_no_rule_asks_for(screener: Screener) -> None:
    """What the city's own people send never is."""
    raw = mail().replace(b"see the file", b"SSN 512-34-5678")
    for login, source, looked in (("", "mx", {}), ("ann", "submission", HIGH), ("", "relay", HIGH)):
        envelope = Envelope("ann@city.example", (Recipient(OUT),), 0, login=login)
        assert facts(asyncio.run(screener.screen(raw, envelope, source, spared=("confidential",)))) == looked
    assert facts(screened(screener, raw, IN, source="mx")) == HIGH


@pytest.mark.rule("P-19, promise 6", "Outgoing pictures without time for OCR, or that cannot be read here, are reported as unread.")
def test_what_there_was_no_time_for_is_unread(screener: Screener, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it leaves encrypted, as what was too many, and what nobody can read."""
    reader.says, reader.why = "", TOO_LONG
    found = screened(screener, mail(("a.png", png("x"))))
    assert facts(found) == {"confidential.unread": True}
    assert [(f.code, f.part, f.mask) for f in found.findings if f.check == CHECK] == [("unread", "1.2/scan", TOO_LONG)]
    monkeypatch.setattr(scans, "_reader", lambda _: None)
    assert facts(screened(screener, mail(("a.png", png("y"))))) == {"confidential.unread": True}
    monkeypatch.setattr(scans, "OCR_SECONDS", 0.0)
    assert facts(screened(screener, mail(("a.png", png("z"))))) == {"confidential.unread": True}


def test_a_value_of_text_and_picture_counts_once_and_is_told_once(screener: Screener) -> None:
    raw = mail(("a.png", png("x")), ("a.txt", b"SSN 512-34-5678 and SSN 512-34-5679"))
    found = screened(screener, raw)
    assert facts(found) == {"confidential.high": ("ssn",), "confidential.count": 2}
    assert sorted(f.part for f in found.findings if f.code == "ssn") == ["1.3", "1.3"]


def test_the_picture_below_each_message_is_read_once(screener: Screener, reader: Reader) -> None:
    reader.says = "City of Springfield"
    for n in range(3):
        assert facts(screened(screener, mail(("logo.png", png("x")), ("a.txt", b"%d" % n)))) == {}
    assert len(reader.read) == 1


def test_a_city_that_wants_no_pictures_read_has_none_read(tmp_path: Path, reader: Reader) -> None:
    settings = Settings(
        city=City(domains=["city.example"]), screening=Screening(checks=["confidential"]), search=Search(ocr_languages="")
    )
    one = Screener(settings, tmp_path, lambda: 0)
    assert facts(screened(one, mail(("a.png", png("x"))))) == {}
    one.close()


def test_pictures_are_drawn_as_a_scanner_would_have_them_and_too_many_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """P-19, promise 6."""
    monkeypatch.setattr(ocr_pictures, "MAX_PICTURES", 1)
    pictures, missed = ocr_pictures.read(mail(("a.png", png("x")), ("b.png", png("y"))), ReadPictures())
    assert [(picture.part, picture.content[:12]) for picture in pictures] == [("1.2", b"P5 2400 1200")]
    assert missed == 1


def test_a_scan_with_the_line_of_a_fax_is_a_picture() -> None:
    """P-19."""
    page = scan("x", line="FROM: CITY CLERK  FAX NO.: 608 555 0100  Nov. 30 2026 09:14AM  P1")
    assert len(ocr_pictures.OcrPictures.read(mail(("a.pdf", page))).pictures) == 1
