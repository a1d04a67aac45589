"""Mail as gateways and pages write it, for tests of what is learnt of it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from civicmail.city.policy.dispositions import Action, Disposition, Facts, Finding
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.pipeline.labels import Label, labeled
from mail.archive import making
from mail.screening.mailbag import mail

T0 = 1_772_452_800_000
CITY = ("city.example",)


class Mail:
    """Writes to the folder as gateways and pages do."""

    BOX = "ann@city.example"

    def __init__(self, data: Path) -> None:
        self.data, self.now = data, T0
        self._writer = Writer(data, lambda: self.now, making.UNSYNCED, 1 << 22)

    def comes(self, raw: bytes, *, facts: Facts | None = None, message_id: str = "", findings: tuple[Finding, ...] = ()) -> bytes:
        envelope = Envelope("w@outside.example", (Recipient(self.BOX),), self.now)
        return self._kept(raw, Source("mx"), envelope, facts, message_id, findings)

    def sent(
        self, raw: bytes, by: str = "u1", to: str = "carla@shop.example", do: Action = "deliver", facts: Facts | None = None
    ) -> bytes:
        envelope = Envelope("ann@city.example", (Recipient(to),), self.now, login=f"{by}/d1")
        return self._kept(raw, Source("submission"), envelope, facts, do=do)

    def called(self, id_: bytes, *, spam: bool, by: str = "desk", how: str = "operator", undone: bool = False) -> None:
        self.now += 1
        self._writer.event(labeled(id_, Label(spam, by, how, undone), self.now))
        self._writer.flush()

    def many(self, start: int, ham: int, spam: int) -> None:
        """Mail that comes and is called what it is."""
        for n in range(max(ham, spam)):
            for kind in [False] * (n < ham) + [True] * (n < spam):
                self.called(self.comes(mail(start + n, spam=kind)), spam=kind)

    def seal(self) -> None:
        self.close()
        making.seal(self.data)
        self._writer = Writer(self.data, lambda: self.now, making.UNSYNCED, 1 << 22)

    def close(self) -> None:
        self._writer.close()

    def _kept(
        self,
        raw: bytes,
        source: Source,
        envelope: Envelope,
        facts: Facts | None = None,
        message_id: str = "",
        findings: tuple[Finding, ...] = (),
        do: Action = "deliver",
    ) -> bytes:
        self.now += 1000
        sha256 = hashlib.sha256(raw).digest()
        capture = Capture(
            capture_id(self.now, self.now.to_bytes(10)),  # without chance: it decides what is a canary
            self.now,
            sha256,
            len(raw),
            hashlib.sha256(b"c" + raw).digest(),
            source,
            replace(envelope, received=self.now),
            (Disposition(0, do),),
            facts=facts or {},
            message_id=message_id,
            findings=findings,
        )
        self._writer.receipt(capture, raw)
        self._writer.flush()
        return capture.id
