"""Files where nobody looks for them, through the real gateway and the virus scanner: what the decision says (P-19, P-22, P-25)."""

from __future__ import annotations

import io
import zipfile
from base64 import b64encode
from email.message import EmailMessage
from pathlib import Path

import pytest
import zstandard

from civicmail.city.policy.dispositions import Disposition
from mail.screening import filesamples as made
from mail.screening import qrpictures
from mail.screening.filesamples import PROGRAM
from mail.screening.test_file_links import linked
from mail.screening.test_smuggling import CODED
from neighbours.virusscanner import EICAR
from stories.test_people_send import ANN
from stories.test_screened import CAROL, City, mail
from stories.test_screened import city as city
from stories.townhall import run

pytestmark = pytest.mark.neighbour("swaks", "openssl", "clamd", "rspamd", "setpriv")

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" * 20
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x40\x08\x06\0\0\0" + bytes(400)


ASKED = """
from civicmail.desk.holding.actions import publish_approvals
from civicmail.desk.holding.models import AskedDepartment
clerk = Department.objects.create(code="clerk", name="City Clerk")
olga = person("e-1", "Olga", "Officer", clerk)
AskedDepartment.objects.create(department=clerk, since=now, by=olga, asked=now, reason="the city decided so")
publish_approvals.publish_standing(time.time_ns() // 1_000_000)
"""
"""In the tables: what stands in the file alone is gone with the city worker's next minute."""


def uri(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"


def written(path: Path, *, to: str, html: str = "<p>Hello</p>", card: str = "", calendar: str = "") -> str:
    """From Ann, with her mail program."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Ann Miller <{ANN}>", to, "hello"
    message.set_content(html, subtype="html", cte="base64")
    if card:
        message.add_attachment(card.encode(), maintype="text", subtype="vcard", filename="ann.vcf")
    if calendar:
        message.add_attachment(calendar.encode(), maintype="text", subtype="calendar", filename="invite.ics")
    path.write_bytes(message.as_bytes())
    return f"@{path}"


CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Miller\r\n{}END:VCARD\r\n"
INVITE = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:Walk\r\n{}END:VEVENT\r\nEND:VCALENDAR\r\n"


def test_a_file_in_html_a_card_or_an_invitation_waits_for_the_manager(city: City, tmp_path: Path) -> None:
    """Each left without a question; pictures of the text, photos of people and plain invitations do."""
    run(city.running.data, ASKED)
    photo, coded = b64encode(PNG).decode(), b64encode(PDF).decode()
    waits = (
        {"html": f'<a download="plan.pdf" href="{uri(PDF, "application/pdf")}">plan</a>'},
        {"html": f'<iframe src="{uri(b"<p>the list</p>", "text/html")}"></iframe>'},
        {"card": CARD.format(f"PHOTO;ENCODING=b;TYPE=JPEG:{coded}\r\n")},
        {"card": CARD.format(f"NOTE:{coded}\r\n")},
        {"card": "".join(CARD.format(f"TEL:{n}\r\n") for n in range(300))},
        {"calendar": INVITE.format(f"ATTACH;FMTTYPE=application/pdf;ENCODING=BASE64;VALUE=BINARY:{coded}\r\n")},
    )
    leaves = (
        {"html": f'<p>Hello</p><img src="{uri(PNG, "image/png")}">'},
        {"card": CARD.format(f"PHOTO;ENCODING=b;TYPE=PNG:{photo}\r\n")},
        {"calendar": INVITE.format("")},
    )

    def sent(message: dict[str, str]) -> Disposition:
        reply, id_ = city.send("--data", written(tmp_path / "m", to=CAROL, **message), to=CAROL, inside=True)
        assert reply.startswith("250")
        (found,) = city.capture(id_).dispositions
        return found

    city.running.wait(lambda _: "file-waits" in sent(waits[0]).rules)  # until the gateway has taken the list up
    for message, do in [*((one, "hold") for one in waits), *((one, "deliver") for one in leaves)]:
        found = sent(message)
        assert (found.do, "file-waits" in found.rules) == (do, do == "hold"), message


def archive(name: str, content: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
    return held.getvalue()


def page(script: str) -> bytes:
    return f"<html><script>{script}; a.href = URL.createObjectURL(new Blob([Uint8Array.of(p)]))</script></html>".encode()


WEB_ARCHIVE = b"MIME-Version: 1.0\r\nSubject: x\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n--b--\r\n"


def code_in_document() -> bytes:
    code = qrpictures.png(qrpictures.grid("http://203.0.113.9/login"))
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name, content in (
            ("mimetype", b"application/vnd.oasis.opendocument.text"),
            ("content.xml", b"<c/>"),
            ("Pictures/1.png", code),
        ):
            file.writestr(name, content)
    return held.getvalue()


def test_what_hides_in_an_archive_or_a_name_is_marked_or_kept_back(city: City, tmp_path: Path) -> None:
    """Each of these came in without a mark, the virus in the first three of them."""
    whole = archive("a.com", EICAR)
    local = whole[: whole.rindex(b"PK\x01\x02")]
    renamed = whole[: len(local)].replace(b"a.com", b"a.txt") + whole[len(local) :]
    text = archive("a.txt", b"words")
    expected: tuple[tuple[str, bytes, str, str], ...] = (
        ("cut.zip", local + b"PK\x01\x02", "quarantine", "malware-found"),
        ("two.zip", local + text, "quarantine", "malware-found"),
        ("a.zst", zstandard.compress(EICAR), "quarantine", "malware-found"),
        ("program.zip", archive("setup.exe", PROGRAM)[:-30], "quarantine", "executable"),
        ("names.zip", renamed.replace(EICAR, b"x" * len(EICAR)), "quarantine", "executable"),
        ("text.zip", text[:-30], "mark", "unread-file"),
        ("a.lzh", b"\x20\0-lh5-" + bytes(40), "mark", "unread-file"),
        ("a.ace", bytes(7) + b"**ACE**" + bytes(40), "mark", "unread-file"),
        ("plan\u202efdp.txt", b"words", "mark", "other-type"),
        ("page.html", page(f"var p = '{CODED}'"), "quarantine", "executable"),
        ("page.html", page("var p = atob('short')"), "mark", "smuggled-file"),
        ("page.mht", WEB_ARCHIVE, "mark", "active-file"),
        ("setup.appinstaller", b"<?xml version='1.0'?><AppInstaller/>", "quarantine", "executable"),
        ("plan.pdf", made.pdf(b"", b"<< /S /URI /URI (http://203.0.113.9/login) >>"), "mark", "odd-link"),
        ("plan.docx", linked("https://city.example/pay", "http://city.example@203.0.113.9/"), "quarantine", "disguised-link"),
        ("plan.odt", code_in_document(), "mark", "odd-link"),
    )
    for name, content, do, rule in expected:
        reply, id_ = city.send("--data", mail(tmp_path / "m", attached=(name, content)))
        assert reply.startswith("250")
        (found,) = city.capture(id_).dispositions
        assert (found.do, rule in found.rules) == (do, True), (name, found)
