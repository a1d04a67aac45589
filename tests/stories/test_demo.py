"""`civicmail demo --once`: the first thing a newcomer runs (acceptance 1)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from neighbours.civic import PROGRAM

_PAGES = os.environ | {"CIVICMAIL__WEB__SERVE": "true", "PYTHONUNBUFFERED": "1"}


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


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture(scope="module")
def home(data: Path) -> Iterator[str]:
    """Where the pages of a demo are that has ended by itself, and is served again."""
    with subprocess.Popen([PROGRAM, "demo", "--once", "--data", str(data)], stdout=subprocess.PIPE, text=True, env=_PAGES) as demo:
        assert demo.stdout is not None
        home = re.findall(r"pages at (\S+),", demo.stdout.readline())[0]
        _until(lambda: "Be this person" in Visitor(home).get("/demo/"))
        (data / "printed").write_text(demo.communicate(timeout=150)[0])
    log = data / "run.log"
    assert demo.returncode == 0, (data / "printed").read_text()[-3000:] + (log.read_text()[-2000:] if log.exists() else "")
    with subprocess.Popen([PROGRAM, "run", "--data", str(data)], stderr=subprocess.DEVNULL, env=_PAGES) as served:
        yield home
        served.send_signal(signal.SIGINT)
        assert served.wait(60) == 0


def test_the_demo_ends_by_itself_and_every_promise_held(home: str, data: Path) -> None:
    printed = (data / "printed").read_text()
    said = dict(re.findall(r"(?m)^(Sent|Archived|Delivered|Found|Verified) +(.*)$", printed))
    assert int(said["Sent"].split()[0]) >= 30
    assert said["Verified"].endswith(" 0 problems")
    assert "are not what the journals say" not in (data / "run.log").read_text(), "nobody wrote to the database"
    assert re.search(r"(?m)^search .*: [1-9]\d* of \d+ in \d+ ms$", printed), "something was found while mail was flowing"
    assert len(list((data / "maildir" / "city.example").iterdir())) > 10


def test_a_visitor_is_anybody_by_one_click_and_finds_a_month_of_mail(home: str) -> None:
    visitor = Visitor(home)
    _until(lambda: "Be this person" in visitor.get("/demo/"))
    assert "This is a demo." in visitor.be("Employee")
    _until(lambda: "Older" in visitor.get("/mail/"))
    found = re.findall(r'<a href="(/mail/[0-9a-f-]{36}/)"', visitor.get("/mail/"))
    assert len(found) == 50 and "Reading view" in visitor.get(found[-1])
    assert "Examinations" in visitor.be("Records officer")
    assert "messages in scope" in visitor.get("/mandates/26-001/search/")


def test_the_demo_ends_with_ctrl_c(tmp_path: Path) -> None:
    """Before anything is served: a visitor who has seen enough waits for nothing."""
    command = [PROGRAM, "demo", "--data", str(tmp_path / "data")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=_PAGES) as demo:
        assert demo.stderr is not None
        assert "Making a city" in demo.stderr.readline()
        demo.send_signal(signal.SIGINT)
        assert "Traceback" not in demo.communicate(timeout=60)[1]
    assert demo.returncode == 130


def _until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        with suppress(OSError):
            if condition():
                return
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.usefixtures("home")
def test_the_demo_wants_a_folder_of_its_own(data: Path) -> None:
    done = subprocess.run([PROGRAM, "demo", "--once", "--data", str(data)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert "is an installation already" in done.stderr
