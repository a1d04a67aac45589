"""How a copy left encrypted, in one line and for whoever sent it (P-19)."""

from __future__ import annotations

from civicmail.city.policy.dispositions import Disposition
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive import encryption_proof
from civicmail.mail.archive.envelopes import trace_of
from civicmail.mail.archive.records import Capture, Event, Source, Type

PROOF = {"method": "portal", "box": "ab12", "not_by": {"tls": "its server offers no TLS", "smime": "none is known"}}


def test_a_line_has_the_method_the_evidence_and_why_not_another() -> None:
    assert encryption_proof.line(PROOF) == "portal box=ab12 (no smime: none is known; no tls: its server offers no TLS)"
    assert encryption_proof.line({}) == ""


def test_each_copy_has_its_own_proof() -> None:
    envelope = Envelope("ann@city.example", (Recipient("pat@out.example"), Recipient("lee@out.example")), 1)
    capture = Capture(
        id=bytes(16), received=1, sha256=bytes(32), size=1, content_hash=bytes(32), source=Source("submission", "s"),
        envelope=envelope, dispositions=(Disposition(0, "encrypt", ("r",)), Disposition(1, "encrypt", ("r",))), findings=(),
        message_id="",
    )  # fmt: skip
    event = Event(Type.DELIVERED, bytes(16), 2, (0,), {"reply": "2.0.0 waits", "proof": PROOF})
    traced = trace_of(capture, [event])
    assert [(p.state, dict(p.proof)) for p in traced.passages] == [("delivered", PROOF), ("waiting", {})]
    assert dict(traced.steps[0].facts)["proof"].startswith("portal box=ab12")
