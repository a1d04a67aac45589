"""Which parts of a message are files that leave, and to whom they may go without a question (P-22)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from civicmail.city.policy.approvals import Approvals, FileApproval
from civicmail.city.snapshot.published_approvals import ApprovalsWatcher, approvals_path, publish
from civicmail.core.message import message_parser
from civicmail.mail.screening import correspondents, outbound_approval, outbound_files
from civicmail.mail.screening.correspondents import Correspondents, MappedCorrespondents, origin
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import CombinedCase, ContentCase, ExtractedLink
from mail.screening.joints import CITY, DANA, NOW, WORLD, outgoing

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89" + b"\0" * 40
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"


def part(content: bytes, kind: str, *, name: str = "", cid: str = "") -> bytes:
    lines = [f"Content-Type: {kind}", "Content-Transfer-Encoding: base64"]
    lines += [f"Content-ID: <{cid}>"] if cid else []
    lines += [f'Content-Disposition: attachment; filename="{name}"'] if name else []
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + b64encode(content) + b"\r\n"


def mail(*parts: bytes, kind: str = "mixed", html: str = "<img src='cid:logo'>") -> bytes:
    text = f"Content-Type: text/html\r\n\r\n{html}\r\n".encode()
    body = b"".join(b"--b\r\n" + one for one in (text, *parts))
    return f"Subject: x\r\nContent-Type: multipart/{kind}; boundary=b\r\n\r\n".encode() + body + b"--b--\r\n"


def names(raw: bytes, **asked: Any) -> list[str]:
    found = outbound_files.find(ContentCase(raw, message_parser.parse(raw), ReadMessage(**asked)))
    return [row[1] for row in found.more.get(outbound_files.FILES, [])]


def sending(raw: bytes, *to: str, data: Path, links: tuple[str, ...] = ()) -> CombinedCase:
    found = outbound_files.find(ContentCase(raw, message_parser.parse(raw), ReadMessage(inbound=False)))
    case = outgoing(DANA, [("", address) for address in to], links=tuple(ExtractedLink(url, "", "1") for url in links))
    screening = replace(WORLD.settings.screening, shares=["files.springfield.gov"])
    tools = {outbound_approval.NAME: outbound_approval.Tools(ApprovalsWatcher(data), MappedCorrespondents(data))}
    world = replace(WORLD, settings=replace(WORLD.settings, screening=screening), tools=tools)
    joint: CombinedCase = replace(case, context=world, more={outbound_files.NAME: found.more})
    return joint


def approved(case: CombinedCase) -> dict[str, Any]:
    return {a: f["recipient.approved"] for a, f in outbound_approval.find(case).more.get("recipients", {}).items()}


ONE = mail(part(PDF, "application/pdf", name="plan.pdf"))
DIGEST = sha256(PDF).hexdigest()


@pytest.mark.rule(
    "P-22",
    "Pictures of the text, calendars, cards and signatures under 100 kB do not count as files if they are what they "
    "claim; a forwarded message does not count, but its files do.",
)
def test_what_a_manager_is_not_asked_about_is_no_file() -> None:
    """Pictures of the text, calendars, cards, signatures, under 100 kB, and only where they are what they say."""
    assert names(ONE) == ["plan.pdf"]
    assert names(mail(part(PNG, "image/png", name="logo.png", cid="logo"))) == []
    assert names(mail(part(PNG, "image/png", name="other.png", cid="other"))) == ["other.png"], "the text does not show it"
    assert names(mail(part(PDF, "image/png", name="logo.png", cid="logo"))) == ["logo.png"], "it is no picture"
    assert names(mail(part(PNG + b"\1" * 100_000, "image/png", name="big.png", cid="logo"))) == ["big.png"]
    assert names(mail(part(CALENDAR, "text/calendar", name="invite.ics"))) == []
    carries = CALENDAR.replace(b"END", b"ATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA\r\nEND")
    assert names(mail(part(carries, "text/calendar", name="invite.ics"))) == ["invite.ics"]
    assert names(mail(part(PDF, "text/calendar", name="plan.ics"))) == ["plan.ics"]
    assert names(mail(part(b"BEGIN:VCARD\r\nEND:VCARD\r\n", "text/vcard", name="me.vcf"))) == []
    assert names(mail(part(b"0\x82", "application/pkcs7-signature", name="smime.p7s"), kind="signed")) == []
    assert names(mail(part(b"0\x82", "application/pkcs7-signature", name="smime.p7s"))) == ["smime.p7s"], "nothing is signed"
    assert names(ONE, inbound=True) == []


@pytest.mark.rule(
    "P-22",
    "Files inside HTML, a card or an appointment wait for approval like others; pictures of the text, photos of people "
    "and plain invitations do not.",
)
def test_what_html_carries_is_a_file_and_its_pictures_are_pictures() -> None:
    large = PNG.replace(b"\0\0\0\x01\0\0\0\x01", b"\0\0\0\x40\0\0\0\x40")

    def carrying(content: bytes, kind: str, how: str = "<img src='{}'>") -> list[str]:
        return names(mail(html=how.format(f"data:{kind};base64,{b64encode(content).decode()}")))

    assert carrying(PDF, "application/pdf", "<a download=plan.pdf href='{}'>") == ["plan.pdf"]
    assert carrying(PDF, "image/png") == [""], "it is no picture"
    assert carrying(PNG, "image/png") == carrying(large, "image/png") == []
    assert carrying(large, "image/png", "<a download=scan.png href='{}'>") == ["scan.png"], "it is offered as a file"
    assert carrying(large + b"\1" * 100_000, "image/png") == [""]
    icon = b"<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0h9'/></svg>"
    assert carrying(icon, "image/svg+xml") == []
    assert carrying(icon.replace(b"<path", b"<text>words</text><path"), "image/svg+xml") == [""]
    assert carrying(b"wOFF" + b"\1" * 200, "font/woff", "<style>a {{ src: url({}) }}</style>") == []
    assert carrying(PDF, "font/woff", "<style>a {{ src: url({}) }}</style>") == [""]


def test_a_file_that_lies_in_a_file_leaves_with_it() -> None:
    """One question for both; taken out are both."""
    page = f"<a href='data:application/pdf;base64,{b64encode(PDF).decode()}'>x</a>".encode()
    assert names(mail(part(page, "text/html", name="page.html"))) == ["page.html"]
    card = f"BEGIN:VCARD\r\nKEY;ENCODING=b:{b64encode(PDF).decode()}\r\nEND:VCARD\r\n".encode()
    assert names(mail(part(card, "text/vcard", name="me.vcf"))) == ["me.vcf"]


def test_a_card_has_a_photo_and_an_appointment_a_picture_and_no_more() -> None:
    """P-22."""

    def card(*lines: str) -> list[str]:
        said = "\r\n".join(["BEGIN:VCARD", *lines, "END:VCARD", ""]).encode()
        return names(mail(part(said, "text/vcard", name="me.vcf")))

    assert card(f"PHOTO;ENCODING=b;TYPE=PNG:{b64encode(PNG).decode()}") == []
    assert card("PHOTO;VALUE=uri:data:image/png;base64\\," + b64encode(PNG + b"\0" * 9_000).decode()) == []
    assert card(f"PHOTO;ENCODING=b;TYPE=PNG:{b64encode(PDF).decode()}") == ["me.vcf"]
    assert card(f"NOTE:{b64encode(PDF * 10).decode()}") == ["me.vcf"]
    assert card("NOTE:" + "words " * 2_000) == ["me.vcf"], "longer than a card"
    assert card("NOTE:" + "words " * 1_000) == []


def test_a_forwarded_message_is_no_file_and_its_files_are() -> None:
    """P-22."""
    raw = mail(b"Content-Type: message/rfc822\r\n\r\n" + ONE.replace(b"--b", b"--c").replace(b"boundary=b", b"boundary=c"))
    found = outbound_files.find(ContentCase(raw, message_parser.parse(raw), ReadMessage(inbound=False)))
    assert [(row[0], row[1], row[3]) for row in found.more[outbound_files.FILES]] == [("1.2/1.2", "plan.pdf", DIGEST)]
    assert names(mail(b"Content-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\nOnly words.\r\n")) == []


@pytest.mark.rule("P-22", "Too many files make the check unavailable: none hides behind a hundred others.")
def test_more_files_than_are_looked_at_make_the_check_unavailable() -> None:
    """A hundred in front hide none."""
    raw = mail(*[part(PDF + bytes([n]), "application/pdf", name=f"{n}.pdf") for n in range(101)])
    case = ContentCase(raw, message_parser.parse(raw), ReadMessage(inbound=False))
    assert outbound_files.find(case).facts.get("unavailable") == ("leaving",)


@pytest.mark.rule("P-22", "The record names what leaves by part and hash, never by its name: renamed is the same, changed is not.")
def test_the_record_says_what_leaves_by_hash_and_not_by_name(tmp_path: Path) -> None:
    """Renamed is the same, changed is not."""
    found = outbound_approval.find(sending(ONE, "ibis@acme.example", data=tmp_path))
    assert found.facts == {"files.leaving": (DIGEST,)}
    assert [(f.code, f.part, f.length, f.mask) for f in found.findings] == [("file", "1.2", len(PDF), DIGEST)]
    renamed = outbound_approval.find(sending(ONE.replace(b"plan.pdf", b"paln.pdf"), "ibis@acme.example", data=tmp_path))
    assert renamed.facts == found.facts and "paln" not in repr(renamed)
    changed = outbound_approval.find(
        sending(mail(part(PDF + b"x", "application/pdf", name="plan.pdf")), "i@acme.example", data=tmp_path)
    )
    assert changed.facts["files.leaving"] != (DIGEST,)


@pytest.mark.rule("P-22", "A department's files need approval from the time it was switched on, and no other department's.")
def test_a_department_is_asked_about_where_it_was_switched_on(tmp_path: Path) -> None:
    publish(tmp_path, Approvals(frozenset({"finance"})))
    assert "sender.approval" not in outbound_approval.find(sending(ONE, "ibis@acme.example", data=tmp_path)).facts
    publish(tmp_path, Approvals(frozenset({"parks"})))
    assert outbound_approval.find(sending(ONE, "ibis@acme.example", data=tmp_path)).facts["sender.approval"] is True


@pytest.mark.rule("P-22", "A standing approval covers files that match all of its fields, until its end.")
@pytest.mark.parametrize(
    ("field", "right", "wrong"),
    [
        ("sha256", DIGEST, "0" * 64),
        ("series", "PLAN*.pdf", "agenda-*.pdf"),
        ("domain", "acme.example", "other.example"),
        ("address", "ibis@acme.example", "heron@acme.example"),
        ("mailbox", f"dana@{CITY}", f"parks@{CITY}"),
        ("department", "parks", "finance"),
        ("person", "dana", "john"),
    ],
)
def test_a_standing_approval_covers_what_fits_all_of_it_until_its_end(field: str, right: str, wrong: str, tmp_path: Path) -> None:
    """By document, series, recipient, role, department, person."""
    case = sending(ONE, "ibis@acme.example", "heron@else.example", f"john@{CITY}", data=tmp_path)

    def to(value: str, until: int = NOW + 1) -> dict[str, Any]:
        publish(tmp_path, Approvals(frozenset(), (FileApproval("s1", until, **{field: value}),)))
        case.context.tools[outbound_approval.NAME] = outbound_approval.Tools(
            ApprovalsWatcher(tmp_path), MappedCorrespondents(tmp_path)
        )
        return approved(case)

    assert to(right)["ibis@acme.example"] == "s1"
    assert f"john@{CITY}" not in to(right), "inside nobody is asked"
    assert to(wrong).get("ibis@acme.example") is None
    assert to(right, until=NOW) == {}


@pytest.mark.rule("P-22", "One file that no approval covers holds them all.")
def test_every_file_of_a_message_has_to_be_covered(tmp_path: Path) -> None:
    """One that is not holds them all."""
    two = mail(part(PDF, "application/pdf", name="plan.pdf"), part(b"secret", "application/octet-stream", name="list.bin"))
    publish(tmp_path, Approvals(frozenset(), (FileApproval("s1", NOW + 1, sha256=DIGEST),)))
    assert approved(sending(ONE, "ibis@acme.example", data=tmp_path)) == {"ibis@acme.example": "s1"}
    assert approved(sending(two, "ibis@acme.example", data=tmp_path)) == {}


@pytest.mark.rule(
    "P-22",
    "A file that returns to its origin needs no approval: to that domain, or at a public provider to that person.",
)
def test_what_goes_back_to_where_it_came_from_is_not_asked_about(tmp_path: Path) -> None:
    """To the same domain; at a provider for everybody, to the same person."""
    came = {origin(DIGEST, "heron@acme.example"), origin(DIGEST, "lou@gmail.com")}
    correspondents.write(tmp_path, Correspondents().merged_with((), (), came))
    case = sending(ONE, "ibis@acme.example", "lou@gmail.com", "kim@gmail.com", "ibis@else.example", data=tmp_path)
    assert approved(case) == {"ibis@acme.example": "returned", "lou@gmail.com": "returned"}


@pytest.mark.rule("P-22", "A link to a shared file of the city counts as a file.")
def test_a_link_to_a_shared_file_of_the_city_counts_as_a_file(tmp_path: Path) -> None:
    url, other = "https://files.springfield.gov/s/plan.pdf?k=1", "https://www.springfield.gov/"
    raw = mail(html="Look.")
    found = outbound_approval.find(sending(raw, "ibis@acme.example", data=tmp_path, links=(other, url, url)))
    assert found.facts == {"files.leaving": (sha256(url.encode()).hexdigest(),)}
    assert [f.code for f in found.findings] == ["link"]


@pytest.mark.rule("P-22, promise 6", "Approvals that cannot be read let nothing through.")
def test_approvals_that_cannot_be_read_let_nothing_through(tmp_path: Path) -> None:
    publish(tmp_path, Approvals())
    approvals_path(tmp_path).write_text("{")
    assert outbound_approval.find(sending(ONE, "ibis@acme.example", data=tmp_path)).facts == {"unavailable": ("leaving",)}
