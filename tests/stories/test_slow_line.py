"""A file of 60 MB in the pick-up portal over a slow line: the pages stay quick and small meanwhile, and a download that broke off
goes on (P-19)."""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import socket
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from civicmail.mail.courier import pickup_store
from neighbours.civic import Civicmail
from neighbours.tools import Sink

FILE = bytes(range(256)) * 240_000  # 61 MB
MAIL = (
    b"From: Dana Ortiz <dana@city.example>\r\nTo: pat@out.example\r\nSubject: The plans\r\nMessage-ID: <60@city.example>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
    b'Content-Disposition: attachment; filename="plans.bin"\r\n\r\n'
) + base64.encodebytes(FILE).replace(b"\n", b"\r\n")
SECRET = "copper lantern river"
MEMORY_MOST = 24 << 20
"""What the pages may grow by while such a file is on its way: a few pieces, not the file."""


class Reader:
    """A browser of somebody outside, as far as it takes one."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookie = ""

    def page(self, path: str, **form: str) -> str:
        wire = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        body = urlencode(form) if form else None
        headers = {"Cookie": self._cookie} | ({"Content-Type": "application/x-www-form-urlencoded"} if form else {})
        wire.request("POST" if form else "GET", path, body, headers)
        answer = wire.getresponse()
        self._cookie = (answer.getheader("Set-Cookie") or self._cookie).partition(";")[0]
        said = answer.read().decode()
        wire.close()
        assert answer.status == 200, (answer.status, said[:300])
        return said

    def opened(self, link: str) -> str:
        """The address of the file, once the passphrase is chosen."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.page(link))
        assert token is not None
        said = self.page(link, csrfmiddlewaretoken=token[1], secret=SECRET, again=SECRET)
        return re.findall(r'href="(/pickup/file/[^"]+)" download', said)[0]

    def slowly(self, path: str, count: int) -> tuple[socket.socket, bytes]:
        """A line that has taken so many bytes of the file, and takes no more for now."""
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        line.settimeout(60)
        line.connect(("127.0.0.1", self._port))
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        got = b""
        while b"\r\n\r\n" not in got or len(got.partition(b"\r\n\r\n")[2]) < count:
            got += line.recv(1 << 14)
        head, _, content = got.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        return line, content

    def rest(self, path: str, start: int) -> bytes:
        """From there on; where both places are still taken it comes again, as a browser is told to."""
        for _ in range(120):
            wire = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            wire.request("GET", path, headers={"Range": f"bytes={start}-"})
            answer = wire.getresponse()
            content = answer.read()
            wire.close()
            if answer.status == 206:
                return content
            assert answer.status == 503, answer.status
            time.sleep(0.5)
        raise AssertionError("the places of lines that are gone stay taken")


@pytest.mark.neighbour("smtp-sink")
def test_sixty_megabytes_over_a_slow_line(tmp_path: Path) -> None:
    """Two slow lines, and whoever wants a page has it; what was broken off goes on where it was."""
    data = tmp_path / "data"
    with Sink(keep=True) as outside:
        ours = Civicmail(data, next_hop=outside.port)
        ours.set(web__serve="true", web__url=f"http://127.0.0.1:{ours.ports.web}")
        id_ = pickup_store.box_id(bytes(16), 1)
        said = {"capture": "00000000-0000-0000-0000-000000000000", "index": 1, "to": "pat@out.example", "login": ""}
        pickup_store.place(data, id_, MAIL, said | {"sender": "dana@city.example", "at": time.time_ns() // 1_000_000})
        with ours:
            while not ours.is_ready():
                time.sleep(0.1)
            (notice,) = outside.wait_for(1, 60)
            link = re.search(rb"http://\S+/pickup/[\w-]+/", notice.replace(b"=\r\n", b"").replace(b"=\n", b""))
            assert link is not None
            reader = Reader(ours.ports.web)
            at = reader.opened(urlsplit(link[0].decode()).path)
            before = _memory(ours)
            lines = [reader.slowly(at, 1 << 20) for _ in range(2)]
            began = time.monotonic()
            for _ in range(5):
                assert "Sign in" in reader.page("/accounts/login/")
            assert time.monotonic() - began < 60
            assert _memory(ours) - before < MEMORY_MOST
            (first, got), (second, _) = lines
            first.close(), second.close()
            whole = got + reader.rest(at, len(got))
            assert len(whole) == len(FILE) and hashlib.sha256(whole).digest() == hashlib.sha256(FILE).digest()


def _memory(ours: Civicmail) -> int:
    """Bytes of the process that answers pages: the only child of the one that listens."""
    (listening,) = (
        pid for pid in _children(ours.pid) if b" run web " in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    )
    (worker,) = _children(int(listening))
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{worker}/status").read_text())
    assert found is not None
    return int(found[1]) << 10


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
