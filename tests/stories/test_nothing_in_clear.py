"""Confidential information leaves in no clear text, wherever in a message it stands, and whether it can be read in time (P-19)."""

from __future__ import annotations

import base64
import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest

from civicmail.core.disk.tail import Tail
from civicmail.mail.archive.records import Capture, Type
from core.sandbox.samples import png, scan
from neighbours.civic import Civicmail
from neighbours.tools import Sink

SSN = "512-34-5678"
SAID = f"SSN {SSN}"
TABLE = b"".join(b"Person %d,Street %d,some words\n" % (n, n) for n in range(180_000)) + f"Ann,it is {SAID},x\n".encode()


def mail(name: str, html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "clerk@city.example", "rosa@mailbox.example", name
    message["Message-ID"] = f"<{name}@city.example>"
    message.set_content("See below.")
    if html:
        message.add_alternative(html, subtype="html")
    return message


def five() -> dict[str, EmailMessage]:
    shot, scanned, table = mail("screenshot"), mail("scan"), mail("table")
    shot.add_attachment(png(SAID), maintype="image", subtype="png", filename="shot.png")
    scanned.add_attachment(scan(SAID), maintype="application", subtype="pdf", filename="scan.pdf")
    table.add_attachment(TABLE, maintype="text", subtype="csv", filename="all.csv")
    assert len(TABLE) > 6_000_000
    link = base64.b64encode(f"her number: {SAID}".encode()).decode()
    return {
        "screenshot": shot,
        "scan": scanned,
        "table": table,
        "comment": mail("comment", f"<p>See below.</p><!-- {SAID} -->"),
        "link": mail("link", f'<p>See <a href="data:text/plain;base64,{link}">this</a>.</p>'),
    }


@pytest.mark.rule(
    "P-19, promise 6",
    "An SSN in a screenshot, a scanned PDF, a table of six megabytes, a comment or a link that is a document leaves in no "
    "clear text.",
)
@pytest.mark.neighbour("smtp-sink", "tesseract")
def test_an_ssn_leaves_in_clear_by_none_of_five_ways(tmp_path: Path) -> None:
    """What has no way to be encrypted here waits; a message without anything goes out meanwhile, and nothing else."""
    data = tmp_path / "data"
    with Sink(keep=True) as outside:
        ours = Civicmail(data, next_hop=outside.port, screening__checks='["confidential", "files", "links"]')
        with ours:
            with smtplib.SMTP("127.0.0.1", ours.relay, timeout=120) as client:
                for message in (*five().values(), mail("plain")):
                    client.send_message(message)
            ours.wait(lambda _: len(_done(data)) == 6, seconds=120)
            done = _done(data)
            assert done.pop("plain")[0] == "deliver"
            assert {do for do, _ in done.values()} == {"encrypt"}, done
            assert {"confidential-out"} <= set(done["comment"][1]) & set(done["link"][1])
            assert {"confidential-unread"} <= set(done["table"][1])
            assert all({"confidential-out", "confidential-unread"} & set(rules) for _, rules in done.values())
            assert [b"Subject: plain" in message for message in outside.wait_for(1, 60)] == [True]
        assert len(outside.messages()) == 1


def _done(data: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    """By the name in the Message-ID: what was done, and by which rules."""
    captures = [Capture.from_head(r.head) for r in Tail(data, bodies=False).poll() if r.type == Type.RECEIPT]
    return {c.message_id.strip("<>").partition("@")[0]: (c.dispositions[0].do, c.dispositions[0].rules) for c in captures}
