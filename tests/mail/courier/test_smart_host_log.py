"""What the smart host's log says of the last hop becomes a record of the message (P-20, P-23)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from civicmail.core.disk.tail import Tail
from civicmail.mail.archive.records import Event, Type
from civicmail.mail.courier.smart_host_log import LogParser, SmartHostLog

TLS = (
    b"Nov 25 14:16:22 out postfix-out/smtp[77]: Verified TLS connection established to mx.far.example[192.0.2.1]:25: "
    b"TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519"
)


def end(queue: str, to: str, *, process: int = 77, status: str = "sent") -> bytes:
    return (
        f"Nov 25 14:16:22 out postfix-out/smtp[{process}]: {queue}: to=<{to}>, relay=mx.far.example[192.0.2.1]:25, delay=1, "
        f"delays=0/0/0/1, dsn=2.0.0, status={status} (250 2.0.0 Ok (really))"
    ).encode()


def read(*lines: bytes) -> list[tuple[str, str, str]]:
    reading = LogParser()
    return [(p.queue, p.address, p.tls) for line in lines if (p := reading.parse_line(line)) is not None]


@pytest.mark.rule("P-23", "A TLS result of the last hop is recorded for the message that it protected, and for no other.")
def test_a_tls_result_belongs_to_the_message_that_was_handed_over_next() -> None:
    verified = "Verified TLSv1.3 TLS_AES_256_GCM_SHA384"
    lines = [TLS, end("AAAAAA", "x@far.example"), end("AAAAAA", "y@far.example"), end("BBBBBB", "x@far.example")]
    assert read(*lines) == [
        ("AAAAAA", "x@far.example", verified),
        ("AAAAAA", "y@far.example", verified),
        ("BBBBBB", "x@far.example", "none"),
    ]
    assert read(TLS, end("AAAAAA", "x@far.example", process=78)) == [("AAAAAA", "x@far.example", "none")]
    other = TLS.replace(b"192.0.2.1", b"192.0.2.2")
    assert read(other, end("AAAAAA", "x@far.example")) == [("AAAAAA", "x@far.example", "none")]


@pytest.mark.parametrize(
    "line", [b"", b"\xff\xfe", b"postfix/qmgr[1]: AAAAAA: removed", end("AAAAAA", "x@far.example", status="deferred")]
)
def test_what_is_no_end_of_a_delivery_says_nothing(line: bytes) -> None:
    assert read(line) == []


def onwards(data: Path) -> list[Event]:
    return [Event.from_head(r.head) for r in Tail(data).poll() if r.type == Type.ONWARD]


def test_the_record_names_the_recipient_and_is_written_once_whatever_is_restarted(town, next_hop, tmp_path):
    log = tmp_path / "mail.log"

    async def story():
        hop = await next_hop(answers={".": "250 2.0.0 Ok: queued as 4DlQ9z1abc"})
        town.use(outbound=str(hop), smart_host_log=str(log))
        id_ = town.keep("x@far.example", "Y@far.example")
        for _ in range(2):
            async with town.courier():
                await town.ends(id_)
                with log.open("ab") as file:
                    file.write(b"\n".join([TLS, end("4DlQ9z1abc", "Y@far.example"), end("OTHER00", "x@far.example"), b""]))
                await town.until(lambda: len(onwards(town.data)) >= 1)
        await hop.stop()
        (event,) = onwards(town.data)
        assert (event.id, event.to) == (id_, (1,))
        assert event.facts["tls"].startswith("Verified TLSv1.3")
        assert event.facts["reply"] == "250 2.0.0 Ok (really)"

    asyncio.run(story())


def test_a_log_that_is_rotated_is_read_on(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    onward = SmartHostLog(str(log))
    assert onward.step(1) == []
    onward._queued = {("AAAAAA", "x@far.example"): (bytes(16), 0), ("BBBBBB", "x@far.example"): (bytes(16), 0)}
    log.write_bytes(end("AAAAAA", "x@far.example") + b"\n")
    assert len(onward.step(1)) == 1
    log.rename(tmp_path / "mail.log.1")
    log.write_bytes(end("BBBBBB", "x@far.example") + b"\n")
    assert sum(len(onward.step(1)) for _ in range(3)) == 1
    onward.close()
