"""Mail of the town for pages of operators: delivered, waiting, held, failed, refused, imported; canaries wherever content is.

Nothing of CANARIES stands in an envelope, so none may come out on a technical page (I1).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from civicmail.city.policy.dispositions import Disposition, Finding
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Event, Occurrence, Source, Type
from civicmail.mail.pipeline.accept import capture_of, scan
from mail.archive.making import UNSYNCED

CANARIES = {
    "subject": "Kestrel budget",
    "body": "heron-in-the-text",
    "html": "egret-in-the-hypertext",
    "file": "osprey-plan.pdf",
    "file text": "bittern-in-the-file",
    "from name": "Ibis Lopez",
    "to name": "Curlew Smith",
    "header": "plover-header",
    "message id": "wigeon.1",
    "folder": "Dunlin folder",
    "custodian": "avocet-custodian",
    "archive": "godwit.pst",
    "mask": "whimbrel-mask",
}
MESSAGE = b"""\
From: "Ibis Lopez" <ibis@outside.example>\r
To: "Curlew Smith" <dana.ortiz@city.example>\r
Subject: Kestrel budget\r
Message-ID: <wigeon.1@outside.example>\r
X-Note: plover-header\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: multipart/alternative; boundary=a\r
\r
--a\r
Content-Type: text/plain\r
\r
heron-in-the-text\r
--a\r
Content-Type: text/html\r
\r
<p>egret-in-the-hypertext</p>\r
--a--\r
--b\r
Content-Type: application/pdf; name="osprey-plan.pdf"\r
Content-Disposition: attachment; filename="osprey-plan.pdf"\r
\r
bittern-in-the-file\r
--b--\r
"""


def post(data: Path, now: int) -> dict[str, str]:
    """Keep it; the capture ids (UUID) by state. now: ms, the newest came a minute before."""
    w = Writer(data, lambda: now, UNSYNCED, 1 << 20)
    minute = 60_000
    made = {
        "delivered": _letter(now - minute, "deliver"),
        "waiting": _letter(now - 2 * minute, "deliver"),
        "held": _letter(now - 3 * minute, "hold"),
        "failed": _letter(now - 4 * minute, "deliver"),
        "refused": _letter(now - 5 * minute, "refuse"),
        "imported": _imported(now - 6 * minute),
    }
    for capture in made.values():
        w.receipt(capture, MESSAGE)
    hop = {"hop": "smtp://192.0.2.9:25", "try": 1}
    for event in (
        Event(Type.ATTEMPT, made["delivered"].id, now - minute + 40, (0,), hop),
        Event(Type.DELIVERED, made["delivered"].id, now - minute + 90, (0,), {**hop, "reply": "250 2.0.0 stored"}),
        Event(
            Type.DEFERRED, made["waiting"].id, now - minute, (0,), {**hop, "reply": "451 4.7.1 come later", "next": now + minute}
        ),
        Event(Type.FAILED, made["failed"].id, now - minute, (0,), {**hop, "reply": "550 5.1.1 no such user", "dsn": 0}),
    ):
        w.event(event)
    w.flush()
    w.close()
    return {f"mail {state}": capture.uuid for state, capture in made.items()}


def _letter(at: int, do: str) -> Capture:
    envelope = Envelope("ibis@outside.example", (Recipient("dana.ortiz@city.example"),), at, "192.0.2.7", "mx.outside.example")
    capture = capture_of(capture_id(at), scan(MESSAGE), envelope, Source("mx", "mx"))
    disposition = Disposition(0, do, ("files-need-manager",) if do == "hold" else ())  # type: ignore[arg-type]
    return replace(capture, dispositions=(disposition,), findings=(Finding("edge", "x-spam-score", "1", 3, 9, CANARIES["mask"]),))


def _imported(at: int) -> Capture:
    capture = capture_of(
        capture_id(at), scan(MESSAGE), Envelope("", (), at, protocol="import"), Source("import", CANARIES["archive"])
    )
    return replace(
        capture,
        dispositions=(),
        basis="mailbox",
        custodian=CANARIES["custodian"],
        occurrence=Occurrence(CANARIES["custodian"], CANARIES["folder"], 0),
    )
