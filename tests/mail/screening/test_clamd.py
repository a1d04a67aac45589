"""Whatever clamd does is an answer: clean only what was sent whole and answered with OK. A fake and a real one obey the same."""

from __future__ import annotations

import asyncio
import mmap
import os
import socket
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.front.sample.installation import free_ports
from civicmail.mail.screening import clamd
from civicmail.mail.screening.clamd import Clamd, ScanReply
from mail.screening.fakeclamd import FakeClamd
from neighbours.virusscanner import EICAR, LARGEST, MARK
from neighbours.virusscanner import Clamd as RealClamd


@pytest.fixture(scope="module", params=["fake", pytest.param("real", marks=pytest.mark.neighbour("clamd"))])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with RealClamd() if request.param == "real" else FakeClamd(tmp_path_factory.mktemp("clamd")) as running:
        yield running.address


def asked[T](answer: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(answer)


def scan(address: str, content: bytes | mmap.mmap, seconds: float = 60) -> ScanReply:
    async def story() -> ScanReply:
        return await Clamd(address).scan(content, seconds)

    return asked(story())


def test_clean_found_and_too_large_are_told_apart(address: str) -> None:
    assert scan(address, b"Hello") == ScanReply("clean")
    assert scan(address, EICAR) == ScanReply("found", "Civicmail.Test.Eicar.UNOFFICIAL")
    assert scan(address, b"x" * 500_000 + MARK) == ScanReply("found", "Civicmail.Test.Marker.UNOFFICIAL")
    assert scan(address, os.urandom(LARGEST + 1)) == ScanReply("failed", clamd.TOO_LARGE)
    assert scan(address, os.urandom(8 * LARGEST)) == ScanReply("failed", clamd.TOO_LARGE), "it closes long before all is sent"


def test_a_memory_map_is_as_good_as_bytes(address: str) -> None:
    with mmap.mmap(-1, 300_000) as mapped:
        mapped[200_000 : 200_000 + len(MARK)] = MARK
        assert scan(address, mapped).kind == "found"


def test_it_is_there_and_says_its_version(address: str) -> None:
    async def story() -> tuple[bool, ScanReply]:
        ask = Clamd(address)
        return await ask.ping(), await ask.version()

    there, version = asked(story())
    assert there and version.kind == "clean" and version.detail.startswith("ClamAV ")


def test_many_at_once_wait_for_each_other(address: str) -> None:
    async def story() -> list[ScanReply]:
        ask = Clamd(address, at_once=2)
        return await asyncio.gather(*(ask.scan(EICAR if n % 2 else b"x", 10) for n in range(20)))

    assert [answer.kind for answer in asked(story())] == ["clean", "found"] * 10


def says(text: bytes) -> Any:
    def way(wire: socket.socket, command: bytes) -> None:
        wire.recv(1 << 20)
        wire.sendall(text)

    return way


def test_one_that_dies_while_we_send_has_scanned_nothing(tmp_path: Path) -> None:
    """Whatever part of the message it had."""
    with FakeClamd(tmp_path, lambda wire, command: wire.recv(100_000) and None) as fake:
        assert scan(fake.address, b"x" * 4_000_000) == ScanReply("failed", clamd.BROKEN)


@pytest.mark.rule("P-25, promise 6", "Content that was not sent completely to the virus scanner, or got no answer, is not clean.")
def test_what_was_not_sent_whole_is_not_clean_whatever_is_said(tmp_path: Path) -> None:
    with FakeClamd(tmp_path, says(b"stream: OK\0")) as fake:
        assert scan(fake.address, b"x" * 8_000_000).kind == "failed"


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"", clamd.BROKEN),
        (b"stream: OK", clamd.BROKEN),
        (b"stream: Eicar FOUN", clamd.BROKEN),
        (b"nonsense\0", clamd.BROKEN),
        (b"stream: Can't allocate memory ERROR\0", clamd.ERROR),
        (b"\0", clamd.BROKEN),
    ],
)
def test_half_an_answer_or_nonsense_is_none(said: bytes, answer: str, tmp_path: Path) -> None:
    with FakeClamd(tmp_path, says(said)) as fake:
        assert scan(fake.address, b"x") == ScanReply("failed", answer)


def test_one_that_says_nothing_is_waited_for_as_long_as_was_said(tmp_path: Path) -> None:
    def silent(wire: socket.socket, _command: bytes) -> None:
        while wire.recv(1 << 20):
            pass

    with FakeClamd(tmp_path, silent) as fake:
        assert scan(fake.address, b"x", 0.05) == ScanReply("failed", clamd.TIMEOUT)


def test_where_nobody_listens_it_is_refused_at_once(tmp_path: Path) -> None:
    assert scan(f"unix:{tmp_path}/none", b"x") == ScanReply("failed", clamd.REFUSED)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(f"{tmp_path}/stale")
    assert scan(f"unix:{tmp_path}/stale", b"x") == ScanReply("failed", clamd.REFUSED)
    (free,) = free_ports(1)
    for address in (f"127.0.0.1:{free}", "clamd", "127.0.0.1:99999999", ""):
        assert scan(address, b"x") == ScanReply("failed", clamd.REFUSED)


@given(st.binary(max_size=200))
def test_any_answer_is_one_of_ours(said: bytes) -> None:
    answer = clamd._verdict(said.decode("utf-8", "replace"), whole=True)
    assert answer.kind in {"clean", "found", "failed"} and answer.detail.isprintable() and len(answer.detail) <= 100
    assert (answer.kind == "clean") == (said == b"stream: OK")


def test_a_name_of_a_signature_is_plain_text(tmp_path: Path) -> None:
    with FakeClamd(tmp_path, says("stream: Evil\x1b[2J\u202e FOUND\0".encode())) as fake:
        assert scan(fake.address, b"x") == ScanReply("found", "Evil?[2J?")


@pytest.mark.parametrize("address", ["unix:/run/clamd", "127.0.0.1:3310", "[::1]:3310", "scanner.city.example:3310"])
def test_an_address_is_a_socket_or_a_host_with_its_port(address: str) -> None:
    assert clamd.is_address(address)
    assert not clamd.is_address(address.replace("unix:", "").replace("3310", "").rstrip(":"))
