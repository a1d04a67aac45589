"""`civicmail demo --once`: the first thing a newcomer runs (acceptance 1)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from neighbours.civic import PROGRAM


def test_the_demo_ends_by_itself_and_every_promise_held(tmp_path: Path) -> None:
    done = subprocess.run(
        [PROGRAM, "demo", "--once", "--data", str(tmp_path / "data")], capture_output=True, text=True, timeout=150
    )
    log = tmp_path / "data" / "run.log"
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:] + (log.read_text()[-2000:] if log.exists() else "")
    said = dict(re.findall(r"(?m)^(Sent|Archived|Delivered|Found|Verified) +(.*)$", done.stdout))
    assert int(said["Sent"].split()[0]) >= 30
    assert said["Verified"].endswith(" 0 problems")
    assert re.search(r"(?m)^search .*: [1-9]\d* of \d+ in \d+ ms$", done.stdout), "something was found while mail was flowing"
    assert len(list((tmp_path / "data" / "maildir" / "city.example").iterdir())) > 10


class Visitor:
    """A browser without script, as far as a demo needs one."""

    def __init__(self, home: str) -> None:
        self.home = home.removesuffix("/demo/")
        self._open = build_opener(HTTPCookieProcessor(CookieJar())).open

    def get(self, path: str) -> str:
        with self._open(self.home + path, timeout=60) as answer:
            return str(answer.read().decode())

    def be(self, role: str) -> str:
        """One click on that role; the page that comes."""
        page = self.get("/demo/")
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
        login = re.findall(rf'<strong>{role}</strong>.+?name="login" value="([^"]+)"', page, re.DOTALL)[0]
        form = urlencode({"csrfmiddlewaretoken": token, "login": login}).encode()
        with self._open(f"{self.home}/demo/", form, timeout=60) as answer:
            return str(answer.read().decode())


def test_a_visitor_is_anybody_by_one_click_and_finds_a_month_of_mail(tmp_path: Path) -> None:
    env = os.environ | {"CIVICMAIL__WEB__SERVE": "true", "PYTHONUNBUFFERED": "1"}
    command = [PROGRAM, "demo", "--data", str(tmp_path / "data"), "--rate", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env) as running:
        try:
            assert running.stdout is not None
            visitor = Visitor(re.findall(r"pages at (\S+),", running.stdout.readline())[0])
            _until(lambda: "Be this person" in visitor.get("/demo/"))
            assert "This is a demo." in visitor.be("Employee")
            _until(lambda: "Older" in visitor.get("/mail/"))
            found = re.findall(r'<a href="(/mail/[0-9a-f-]{36}/)"', visitor.get("/mail/"))
            assert len(found) == 50 and "Reading view" in visitor.get(found[-1])
            assert "Mandates" in visitor.be("Records officer")
            assert "messages in scope" in visitor.get("/mandates/26-001/search/")
        finally:
            running.send_signal(signal.SIGINT)
            said = running.communicate(timeout=60)[0]
    assert running.returncode == 0, said[-3000:]


def _until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        with suppress(OSError):
            if condition():
                return
        assert time.monotonic() < end
        time.sleep(0.1)


def test_the_demo_wants_a_folder_of_its_own(data: Path) -> None:
    done = subprocess.run([PROGRAM, "demo", "--once", "--data", str(data)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "is an installation already" in done.stderr
