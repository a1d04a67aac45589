"""Telling another program something by HTTP: signed, to named places alone, and again until it heard (P-08)."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.notices.http_post import require_address
from civicmail.city.notices.webhook import MAX_RETRY_MS, Hook, is_signed, retry_delay, send, signature
from civicmail.core.config.errors import ConfigError

SECRET = b"a secret of both, 32 bytes long."
T0 = 1_772_452_800_000


@contextmanager
def listening(
    status: int = 200, said: bytes = b"{}", location: str = ""
) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """Another program on this machine that hears one message after the other."""
    heard: list[tuple[dict[str, str], bytes]] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/ended?x=1", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.rule("P-08", "Webhook messages are signed with their time, so that an old message proves nothing.")
def test_what_is_told_is_signed_and_the_other_side_can_know_it() -> None:
    with listening(202, b'{"confirmed": true}') as (url, heard):
        answer = send(Hook(url, SECRET), b'{"uid":"7"}', id_="door:7", now=T0)
        again = send(Hook(url, SECRET), b'{"uid":"7"}', id_="door:7", now=T0 + 60_000)
    assert (answer.status, answer.body, answer.ok, again.ok) == (202, b'{"confirmed": true}', True, True)
    assert [h["webhook-id"] for h, _ in heard] == ["door:7", "door:7"], "the same at each try"
    for (headers, body), now in zip(heard, (T0, T0 + 60_000), strict=True):
        said = (headers["webhook-id"], headers["webhook-timestamp"], body, headers["webhook-signature"])
        assert is_signed(SECRET, *said, now=now + 1000)
        assert not is_signed(SECRET, *said, now=now + 301_000), "an old one that somebody plays again"
        assert not is_signed(SECRET[::-1], *said, now=now)
        assert not is_signed(SECRET, said[0], said[1], body + b" ", said[3], now=now)
        assert not is_signed(SECRET, "door:8", *said[1:], now=now)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of its specification."""
    hook = Hook(url="https://x.example", secret=base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    said = signature(hook.secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert "MfKQ" not in repr(hook)


@pytest.mark.parametrize("status", [301, 400, 410, 500, 503])
def test_everything_but_a_yes_is_to_be_tried_again_and_a_redirect_is_not_followed(status: int) -> None:
    with listening() as (elsewhere, never), listening(status, location=elsewhere) as (url, heard):
        answer = send(Hook(url, SECRET), b"{}", id_="a", now=T0)
    assert not answer.ok and str(status) in answer.problem and answer.gone == (status == 410)
    assert len(heard) == 1 and not never


def test_nobody_there_is_an_answer_and_no_exception() -> None:
    with listening() as (url, _):
        pass
    answer = send(Hook(url, SECRET), b"{}", id_="a", now=T0)
    assert answer.status == 0 and answer.problem.startswith("no answer")


@pytest.mark.parametrize(
    "url", ["http://hr.example/x", "ftp://127.0.0.1/", "https://", "https://u:p@hr.example/", "file:///etc/passwd"]
)
def test_only_https_or_this_machine(url: str) -> None:
    """P-08."""
    with pytest.raises(ConfigError):
        require_address(url)
    require_address("https://hr.example/x")
    require_address("http://[::1]:8080/x")


def test_a_secret_is_a_file_with_enough_in_it(tmp_path: Path) -> None:
    place = tmp_path / "secret"
    for text in ("short", "whsec_***", "whsec_" + "YQ==", "whsec_\u00e9" * 9):
        place.write_text(text)
        with pytest.raises(ConfigError):
            Hook.of("https://hr.example/", str(place))
    with pytest.raises(ConfigError):
        Hook.of("https://hr.example/", str(tmp_path / "none"))
    place.write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    assert len(Hook.of("https://hr.example/", str(place)).secret) == 24


@given(st.integers(1, 10_000))
def test_waits_grow_to_a_longest(tries: int) -> None:
    assert retry_delay(tries) <= retry_delay(tries + 1) <= MAX_RETRY_MS
    assert retry_delay(1) == 30_000 and retry_delay(2) == 60_000


@contextmanager
def dripping(first: bytes, each: bytes) -> Iterator[int]:
    """Another program that says something, and then a little every 50 ms for thirty seconds."""
    door = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            client, _ = door.accept()
            with client:
                client.recv(65_536)
                client.sendall(first)
                for _ in range(600):
                    if over.wait(0.05):
                        return
                    client.sendall(each)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield door.getsockname()[1]
    finally:
        over.set()
        door.close()
        thread.join()


@pytest.mark.rule("P-16, P-08", "An HTTP exchange with another program has one deadline, however slowly the answer arrives.")
@pytest.mark.parametrize(
    ("first", "each"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["body", "until it closes", "header", "provisional"],
)
def test_an_answer_that_comes_byte_by_byte_holds_nobody(first: bytes, each: bytes) -> None:
    """Three times the timeout, and then it was none."""
    with dripping(first, each) as port:
        began = time.monotonic()
        answer = send(Hook(f"http://127.0.0.1:{port}/", SECRET), b"{}", id_="1", now=T0, timeout=0.2)
        assert not answer.ok and answer.problem.endswith("it took too long")
        assert time.monotonic() - began < 15
