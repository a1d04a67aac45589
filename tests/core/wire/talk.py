"""A session with a scripted application: what dialogues and property tests drive."""

from __future__ import annotations

from collections.abc import Iterable

from civicmail.core.wire.events import (
    Abandoned,
    Close,
    Content,
    Credentials,
    EndOfData,
    Event,
    MailFrom,
    PeerChanged,
    RcptTo,
    Ready,
    Upgrade,
)
from civicmail.core.wire.profile import ServerProfile
from civicmail.core.wire.server import Session

PROFILE = ServerProfile(hostname="mx.city.example", max_size=1000)
ACCEPT = {
    MailFrom: "250 2.1.0 Ok",
    RcptTo: "250 2.1.5 Ok",
    EndOfData: "250 2.0.0 Ok",
    Credentials: "235 2.7.0 Signed in",
    Ready: "250 2.0.0 Ok",
}


class Talk:
    """Feeds bytes and answers questions; `output` is what the client saw, `seen` what the application saw, in words."""

    def __init__(self, profile: ServerProfile = PROFILE, verdicts: Iterable[str] = ()) -> None:
        self.session = Session(profile, client="192.0.2.1")
        self.verdicts = list(verdicts)
        self.output = self.session.take_output()
        self.seen: list[str] = []
        self.messages: list[bytes] = []
        self.ends: list[EndOfData] = []
        self._content = b""

    def send(self, *chunks: bytes) -> None:
        for chunk in chunks:
            pending = list(self.session.feed(chunk))
            while pending:
                pending.extend(self._heed(pending.pop(0)))
            self.output += self.session.take_output()

    def _heed(self, event: Event) -> list[Event]:
        match event:
            case Content(data):
                assert data
                self._content += data
            case Abandoned():
                self.seen.append("abandoned")
                self._content = b""
            case EndOfData():
                assert event.size == len(self._content)
                self.seen.append(f"message {self._content!r}")
                self.messages.append(self._content)
                self.ends.append(event)
                self._content = b""
            case Upgrade():
                self.seen.append("upgrade")
                self.session.feed(b"NOOP\r\n")
                self.session.secured("TLSv1.3 TLS_AES_256_GCM_SHA384")
            case Credentials(mechanism, name, secret):
                self.seen.append(f"{mechanism} {name!r} {secret!r}")
            case PeerChanged():
                self.seen.append(f"peer {self.session.peer.client}")
            case Close(reason):
                self.seen.append(f"close {reason}")
        if isinstance(event, MailFrom | RcptTo | EndOfData | Credentials | Ready):
            assert self.session.waiting is event
            verdict = self.verdicts.pop(0) if self.verdicts else ACCEPT[type(event)]
            return self.session.answer(*verdict.split("/"))
        return []
