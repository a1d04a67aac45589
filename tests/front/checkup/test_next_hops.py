"""The doctor asks the servers that mail goes on to (P-15)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from civicmail.core.config.settings import Courier, Settings, Signin
from civicmail.front.checkup import next_hops
from civicmail.front.checkup.findings import Finding, Installation
from civicmail.front.sample.smart_host import World
from front.checkup.test_listeners import free


def told(courier: Courier) -> dict[str, Finding]:
    return {f.check: f for f in next_hops.next_hops(Installation(Path("/"), Settings(courier=courier), 0))}


@pytest.mark.rule("P-15", "Each next hop is checked before mail waits for it, and so is Dovecot's ability to end connections.")
def test_each_server_that_mail_goes_to_is_asked_once() -> None:
    """Before mail waits for it."""
    gone = free()
    with World() as world:
        there, away = f"smtp://127.0.0.1:{world.port}", f"lmtp://127.0.0.1:{gone}"
        found = told(Courier(local=away, outbound=there, route={"old.example": there}))
    assert {check: f.level for check, f in found.items()} == {f"next hop {there}": "ok", f"next hop {away}": "problem"}
    assert "refused" in found[f"next hop {away}"].text
    assert told(Courier()) == {}
    assert told(Courier(outbound="nowhere"))["next hop"].level == "problem"


@contextmanager
def dovecot(status: int) -> Iterator[str]:
    """Its HTTP door, as it answers an empty list of commands, or a wrong key."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.rfile.read(int(self.headers["Content-Length"])) == b"[]"
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "level"), [(200, "ok"), (401, "problem")])
def test_whether_connections_can_be_ended_is_known_before_somebody_loses_access(tmp_path: Path, status: int, level: str) -> None:
    """P-15."""
    (tmp_path / "key").write_text("secret")
    with dovecot(status) as url:
        settings = Settings(signin=Signin(kick=url, kick_key_file=str(tmp_path / "key")))
        (finding,) = next_hops.imap_disconnect(Installation(tmp_path, settings, 0))
    assert finding.level == level and "secret" not in finding.text
    (away,) = next_hops.imap_disconnect(Installation(tmp_path, settings, 0))
    assert away.level == "problem"
    assert not list(next_hops.imap_disconnect(Installation(tmp_path, Settings(), 0)))
