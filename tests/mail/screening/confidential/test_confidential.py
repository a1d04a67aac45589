"""The check of a whole message: parts, files, masks, what could not be read (P-19)."""

from __future__ import annotations

import random
import re
from email.message import EmailMessage
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.message import letter
from civicmail.mail.screening.confidential import attached, canonical, check, texts
from civicmail.mail.screening.shapes import Found, Inner
from core.sandbox.samples import docx, paragraph, zipped
from mail.screening.identifiers import KINDS

SSN = "512-34-5678"


def found(content: bytes | EmailMessage, *, inbound: bool = False, public: tuple[str, ...] = ()) -> Found:
    raw = bytes(content)
    return check.find(Inner(raw, letter.read(raw), {"inbound": inbound, "public": public}))


def mail(text: str = "see the file", *files: tuple[str, bytes], html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = "ann@city.example", "papers"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message


def sheet(*rows: tuple[str | int | None, ...]) -> bytes:
    """A spreadsheet whose empty cells are not in the file, as Excel writes them."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'

    def cell(place: str, value: str | int) -> str:
        if isinstance(value, int):
            return f'<c r="{place}"><v>{value}</v></c>'
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'

    lines = "".join(
        f'<row r="{n}">{"".join(cell(f"{chr(65 + c)}{n}", v) for c, v in enumerate(row) if v is not None)}</row>'
        for n, row in enumerate(rows, 1)
    )

    def relations(name: str, target: str) -> str:
        return f'<Relationships {package}><Relationship Id="r1" Type="{kind}/{name}" Target="{target}"/></Relationships>'

    return zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": relations("officeDocument", "xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook {main} xmlns:r="{kind}"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets>'
            "</workbook>",
            "xl/_rels/workbook.xml.rels": relations("worksheet", "worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{lines}</sheetData></worksheet>",
        }
    )


def test_a_finding_says_where_and_never_what() -> None:
    """R-406."""
    said = found(mail(f"Hello,\nit is {SSN}, thanks"))
    (finding,) = said.findings
    assert (finding.check, finding.code, finding.part, finding.offset, finding.length) == ("confidential", "ssn", "1", 13, 11)
    assert (finding.mask, finding.sure) == ("…78", 95)
    assert said.facts == {"confidential.high": ("ssn",), "confidential.count": 1}


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_no_finding_and_no_fact_carries_a_value(kind: str, seed: int) -> None:
    """R-406: of what is found at most the last two characters are in anything that is kept."""
    text = KINDS[kind](random.Random(seed)).text
    said = found(mail(f"Hello,\n{text}\nThanks"))
    assert said.findings
    assert all(len(finding.mask.removeprefix("…")) <= 2 for finding in said.findings)
    values = [word for word in text.split() if sum(map(str.isdigit, word)) > 2]
    assert all(word not in repr((finding.code, finding.mask)) for finding in said.findings for word in values)
    assert set(said.facts) <= {"confidential.high", "confidential.medium", "confidential.count"}


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (mail("x", ("a.docx", docx(paragraph("her number", f" is {SSN}")))), "1.2"),
        (mail("x", ("a.csv", b"name,ssn\nAnn,512345678\n")), "1.2"),
        (mail("x", ("a.xlsx", sheet(("Name", "Phone", "SSN"), ("Ann", None, 51234567)))), "1.2"),
        (mail("x", ("a.zip", zipped({"in/a.txt": f"it is {SSN}"}))), "1.2"),
        (mail("x", html=f"<p>it is <b>512</b>-34-<i>5678</i></p>"), "1.2"),  # noqa: F541
        (mail("x", html=f'<p>x</p><p style="display:none">{SSN}</p>'), "1.2"),
    ],
    ids=["docx", "csv", "xlsx", "zip", "html", "hidden"],
)  # fmt: skip
def test_files_and_html_are_looked_into(content: EmailMessage, part: str) -> None:
    """Spreadsheets by their cells, so that a number stands under its heading though the cells before it are empty."""
    said = found(content)
    assert said.facts["confidential.high"] == ("ssn",)
    assert {finding.part for finding in said.findings} == {part}


def test_subject_and_attached_messages_are_looked_into() -> None:
    inner, outer = mail(f"it is {SSN}"), mail("look")
    inner.replace_header("Subject", "512-34-5679")
    outer.add_attachment(inner)
    assert {f.part for f in found(outer).findings} == {"1.2/1", "1.2/subject"}


def test_names_of_files_are_looked_at() -> None:
    said = found(mail("x", (f"Doe {SSN}.txt", b"nothing")))
    assert [(f.code, f.part, f.offset) for f in said.findings] == [("ssn", "1.2/name", 4)]


def test_files_from_outside_are_not_read_and_their_text_is() -> None:
    content = mail(f"it is {SSN}", ("a.csv", b"name,card\nAnn,4539148803436467\n"))
    assert found(content, inbound=True).facts["confidential.high"] == ("ssn",)
    assert found(content).facts["confidential.high"] == ("card", "ssn")


def test_what_is_too_large_to_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """R-407: never silently passed over."""
    monkeypatch.setattr(attached, "BYTES", 1000)
    budget = attached.Budget(size=1000)
    monkeypatch.setattr(attached, "Budget", lambda: budget)
    said = found(mail("x", ("a.txt", b"y" * 2000), ("b.csv", b"name,ssn\nAnn,512345678\n")))
    assert said.facts.get("confidential.unread") is True
    assert [(f.code, f.part) for f in said.findings] == [("unread", "1.2"), ("unread", "1.3")]


def test_a_text_longer_than_is_looked_at_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """R-407."""
    monkeypatch.setattr(canonical, "LONGEST", 100)
    assert found(mail("x" * 60 + "\n" + "y" * 60)).facts.get("confidential.unread") is True
    assert found(mail("x" * 60)).facts == {}


def test_time_that_runs_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """R-407."""
    monkeypatch.setattr(check, "SECONDS", -1.0)
    assert found(mail(f"it is {SSN}")).facts == {"confidential.unread": True}


def test_many_values_are_counted_and_few_are_told() -> None:
    numbers = "\n".join(f"SSN 512-34-{n:04}" for n in range(1, 101))
    said = found(mail(f"{numbers}\n{numbers}"))
    assert said.facts["confidential.count"] == 100
    assert len(said.findings) == check.TOLD


def test_a_list_counts_its_people() -> None:
    """A rule about many of them must not be passed by a list of what is harmless alone."""
    rows = "\n".join(f"Person {chr(65 + n)},{1000 + n}" for n in range(20))
    said = found(mail("x", ("a.csv", f"Name,Last four\n{rows}\n".encode())))
    assert said.facts == {"confidential.high": ("bundle",), "confidential.count": 20}
    lines = "\n".join(f"Person {chr(65 + n)}, DOB 1/2/19{50 + n}" for n in range(12))
    assert found(mail(lines)).facts == {"confidential.high": ("bundle",), "confidential.count": 12}


def test_numbers_of_the_citys_own_that_anybody_may_know_are_nothing() -> None:
    text = "Pay by ACH: routing number 101205681, account number 912803456. Or 101205681 and account number 555803456."
    assert found(mail(text)).facts["confidential.count"] == 2
    assert found(mail(text), public=("101-205-681", "912 803 456")).facts["confidential.count"] == 1
    assert found(mail(text), public=("912803456",)).facts["confidential.count"] == 2


def test_several_texts_of_one_kind_have_their_own_parts() -> None:
    message = EmailMessage()
    message.set_content("first")
    message.add_attachment(f"it is {SSN}".encode(), maintype="text", subtype="plain", disposition="inline")
    assert {t.part for t in texts.of(letter.read(bytes(message))).found} == {"1.1", "1.2"}
    assert [f.part for f in found(message).findings] == ["1.2"]


@given(st.binary(max_size=400))
@settings(max_examples=50, deadline=None)
def test_no_bytes_break_it(noise: bytes) -> None:
    found(
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
        + noise
        + b"\r\n--b\r\nContent-Disposition: attachment\r\n\r\n"
        + noise
    )


@pytest.mark.corpora
def test_ordinary_mail_has_nothing_that_is_surely_confidential(corpora: Path) -> None:
    """A sample; the whole is `python -m bench confidential`."""
    ham = sorted((corpora / "spamassassin" / "easy_ham").iterdir())
    assert [p.name for p in islice(ham, 0, None, 8) if "confidential.high" in found(p.read_bytes()).facts] == []


@given(
    st.lists(
        st.sampled_from(["http", "Https", "ftp", "://", "www", "WWW", "cid", "CID", ":", ".", "a", " ", "_", "<", "\u00e4", "x1"]),
        max_size=12,
    )
)
def test_addresses_are_blanked_where_a_plain_pattern_finds_them(pieces: list[str]) -> None:
    slow = re.compile(r"(?:https?|ftp)://[^\s<>\"]+|\bwww\.[^\s<>\"]+|\bcid:[^\s<>\"]+", re.IGNORECASE)
    text = "".join(pieces)
    assert [m.span() for m in canonical._URL.finditer(text)] == [m.span() for m in slow.finditer(text)]
