"""The real web process under the real supervisor: pages, files that never change, and mail that does without (P-06, promise 1)."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import smtplib
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from civicmail.core.disk.lease import Lease, lease_path
from civicmail.front.sample.installation import free_ports
from neighbours.civic import Civicmail
from neighbours.postgresql import USER, Cluster


def asked(port: int, path: str, accept: str = "", session: str = "") -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a page. session: of somebody who says to be signed in, for which the database is asked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(
        "GET",
        path,
        headers={**({"Accept-Encoding": accept} if accept else {}), **({"Cookie": f"sessionid={session}"} if session else {})},
    )
    response = connection.getresponse()
    found = response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    connection.close()
    return found


def wait(until: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if until():
                return
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)


def greeting(port: int) -> bytes:
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        return client.ehlo()[1]


def test_pages_come_with_files_that_never_change_and_end_with_the_rest(tmp_path: Path) -> None:
    """The tables are made beside serving; style and script are named by their checksums, compressed, and kept for ever."""
    (port,) = free_ports(1)
    with Civicmail(tmp_path / "data", bare=True, web__serve="true", web__port=str(port)) as running:
        wait(lambda: asked(port, "/readyz")[0] == 200)
        status, headers, page = asked(port, "/accounts/login/")
        assert status == 200
        assert "unsafe" not in headers["content-security-policy"]
        assert b"This installation is unclaimed." in page
        (style,) = re.findall(rb'href="(/static/cm/cm\.[0-9a-f]{12}\.css)"', page)
        status, headers, _ = asked(port, style.decode(), "gzip")
        assert (status, headers["content-encoding"]) == (200, "gzip")
        assert "immutable" in headers["cache-control"]
        assert asked(port, "/my/access/")[1]["location"] == "/accounts/login/?next=%2Fmy%2Faccess%2F"
        os.killpg(running.pid, signal.SIGINT)  # Ctrl-C: from the terminal to each process, and from there again as SIGTERM
        wait(lambda: not _listens(port))
    assert "unclosed" not in running.log()
    assert "refused to gracefully stop" not in running.log()


@pytest.mark.rule(
    "P-06",
    "A page that is not ready yet states that Civicmail is starting and reloads automatically; programs get a status that "
    "it is not ready.",
)
def test_a_page_that_is_not_ready_says_that_it_is_starting_and_loads_itself_again(tmp_path: Path) -> None:
    """While another process makes the tables. Programs hear the truth."""
    (port,) = free_ports(1)
    civic = Civicmail(tmp_path / "data", bare=True, web__serve="true", web__port=str(port))
    making = Lease.take(lease_path(civic.data, "migrate"))
    with civic:
        with making:
            wait(lambda: asked(port, "/healthz")[0] == 200)
            for path in ("/", "/accounts/login/"):
                status, headers, page = home(port) if path == "/" else asked(port, path)
                assert (status, headers["retry-after"]) == (503, "3"), path
                assert b"<h1>Starting</h1>" in page, page.decode()
                assert b'<meta http-equiv="refresh" content="3">' in page, page.decode()
            status, _, said = asked(port, "/readyz")
            assert status == 503 and b'"ready": false' in said
        wait(lambda: asked(port, "/readyz")[0] == 200)
        assert b"Sign in" in asked(port, "/accounts/login/")[2]


def test_a_form_comes_in_by_the_address_of_the_pages(tmp_path: Path) -> None:
    """Where a server in front ends TLS, `web.url` alone is enough: the pages answer to its name, and take forms from it."""
    (port,) = free_ports(1)
    url = "https://mail.city.example"
    with Civicmail(tmp_path / "data", web__serve="true", web__port=str(port), web__url=url):
        wait(lambda: asked(port, "/readyz")[0] == 200)
        wire = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        wire.request("GET", "/accounts/login/", headers={"Host": "mail.city.example"})
        answer = wire.getresponse()
        (token,) = set(re.findall(rb'name="csrfmiddlewaretoken" value="([^"]+)"', answer.read()))
        cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
        for origin, status in ((url, 200), ("https://elsewhere.example", 403)):
            headers = {"Host": "mail.city.example", "Origin": origin, "Cookie": cookie}
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
            wire.request("POST", "/accounts/login/", f"csrfmiddlewaretoken={token.decode()}&login=x&password=y", headers)
            answer = wire.getresponse()
            answer.read()
            assert answer.status == status, origin
        wire.close()


def test_a_stop_is_heard_from_the_first_moment(tmp_path: Path) -> None:
    """Ctrl-C while Django is still loaded: the forked worker hears it, and nobody waits for it in vain."""
    (port,) = free_ports(1)
    with Civicmail(tmp_path / "data", web__serve="true", web__port=str(port)) as running:
        wait(lambda: any(_children(child) for child in _children(running.pid) if b"\0web\0" in _command(child)))
        os.killpg(running.pid, signal.SIGINT)
    assert "refused to gracefully stop" not in running.log()


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _command(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


def test_mail_does_without_pages(tmp_path: Path) -> None:
    """Whatever happens to the web process, and where its address is taken from the start, gateways and courier go on."""
    (port,) = free_ports(1)
    taken = socket.create_server(("127.0.0.1", port))
    with taken, Civicmail(tmp_path / "data", web__serve="true", web__port=str(port)) as running:
        wait(lambda: "child=web exit=5" in running.log())
        assert f"The pages cannot listen on 127.0.0.1, port {port}" in running.log()
        assert greeting(running.mx)
        taken.close()
        wait(lambda: asked(port, "/healthz")[0] == 200)
        pages = "civicmail.front.web.wsgi:application"  # as Granian calls itself
        before = running.live_child(pages)
        os.kill(before, signal.SIGKILL)
        assert greeting(running.mx)
        wait(lambda: running.live_child(pages) != before and asked(port, "/healthz")[0] == 200)


def test_a_missing_database_is_a_page_that_says_so_and_the_process_stays(tmp_path: Path) -> None:
    """503 for people, alive for who watches, and mail all the while."""
    port, nothing = free_ports(2)
    url = f"postgresql://civicmail@127.0.0.1:{nothing}/civicmail"
    with Civicmail(tmp_path / "data", web__serve="true", web__port=str(port), database__url=url) as running:
        wait(lambda: asked(port, "/healthz")[0] == 200)
        wait(lambda: asked(port, "/accounts/login/")[1]["retry-after"] == "60")  # until it was looked for, pages are said to start
        status, _headers, page = asked(port, "/accounts/login/")
        assert status == 503 and b"Mail is not affected" in page
        assert asked(port, "/readyz")[0] == 503
        assert greeting(running.mx)


def home(port: int) -> tuple[int, dict[str, str], bytes]:
    """The first page, asked by somebody whose session has to be looked up."""
    return asked(port, "/", session="a" * 32)


@pytest.mark.neighbour("PostgreSQL 17", "setpriv")
def test_a_database_that_goes_away_is_said_and_its_coming_back_is_noticed(tmp_path: Path) -> None:
    """Gone for a minute (for a day: the doors' limits are tested with a clock, tests/mail/gateway): every page says 503 in words,
    mail is taken, and nobody has to start anything again afterwards."""
    (port,) = free_ports(1)
    cluster = Cluster()
    url = f"postgresql://{USER}@{quote(cluster.host, safe='')}/postgres"
    try:
        with Civicmail(tmp_path / "data", web__serve="true", web__port=str(port), database__url=url) as running:
            wait(lambda: asked(port, "/readyz")[0] == 200)
            assert [home(port)[0] for _ in range(8)] == [200] * 8, "the first steps; every thread has a connection now"
            cluster.stop()
            said = [home(port) for _ in range(8)]
            assert {(status, headers.get("retry-after")) for status, headers, _ in said} == {(503, "60")}
            assert all(b"Mail is not affected" in page for _, _, page in said)
            assert (asked(port, "/readyz")[0], asked(port, "/healthz")[0]) == (503, 200)
            assert greeting(running.mx)
            cluster.start()
            wait(lambda: asked(port, "/readyz")[0] == 200)
            assert [home(port)[0] for _ in range(8)] == [200] * 8, "and a new one where that was broken"
            assert "child=web exit" not in running.log()
    finally:
        cluster.close()


def _listens(port: int) -> bool:
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0
