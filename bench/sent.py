"""From “Send now” to “Delivered” on the page, with the real processes (issue 7, "Speed"; P-06).

The twenty seconds in which a message can be taken back are the person's: they are skipped by the button that the page has for it,
and are no part of the figure. Gateway, workers, courier and pages run as in every installation, all own checks look at messages,
and the page looks again each second, as its script does. Somebody else looks all the time, to tell what is waiting for that.
"""

from __future__ import annotations

import http.client
import re
import statistics
import time
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from bench.report import Report, Row
from bench.scratch import scratch
from bench.screened import ALL
from neighbours.civic import Civicmail

PART = "sent"
TARGET = 2.0
MESSAGES = 40
LOOKS = {"the page looks each second": 1.0, "looked at all the time": 0.02}
PATIENCE = 60
"""Seconds after which something is broken."""


def run(report: Report, *, messages: int = MESSAGES) -> None:
    """All rows. messages: for each polling interval, after two warm-ups."""
    from bench.people import _installation

    with scratch() as top:
        data = _installation(top / "data")
        session = _people()
        with Civicmail(data, web__serve="true", screening__checks=ALL) as serving:
            page = _Page(serving.ports.web, session)
            page.wait()
            for how, every in LOOKS.items():
                took = sorted([_sent(page, n, every) for n in range(messages + 2)][2:])
                target = f"<= {TARGET:g}" if every == 1.0 else ""
                report.add(
                    Row(PART, "civicmail", f"{how}, p95", took[len(took) * 95 // 100], "s", None, target),
                    Row(PART, "civicmail", "... median", statistics.median(took), "s"),
                    Row(PART, "civicmail", "... slowest", took[-1], "s"),
                )
            report.note(f"{messages} messages each, one after the other, to a colleague; the 20 s to take it back are skipped")


def _people() -> str:
    """The town of the tests with a snapshot of it; a session of Dana's."""
    from django.db import connection

    from civicmail.city.identity.actions.publishing import publish
    from pages.world import signed_in, town

    t = town()
    session = signed_in(t.people["crew0"])
    publish()
    connection.close()
    return session


def _sent(page: _Page, number: int, every: float) -> float:
    """Seconds from pressing the button until a page says that it was delivered."""
    form = page.form("/mail/write/", "write")
    values = {"to": "lena.vogt@city.example", "subject": f"Closure {number}", "text": "Dear Lena,\n\nwhere does the detour go?\n"}
    where = page.post(form.action, form.fields | values | {"do": "send"})
    assert "/mail/outgoing/" in where, where
    form = page.form(where, "")
    begun = time.monotonic()
    page.post(form.action, form.fields | {"do": "now"})
    while not re.search(r"Delivered", page.get(where)):
        assert time.monotonic() < begun + PATIENCE, page.get(where)[-3000:]
        time.sleep(every)
    return time.monotonic() - begun


class _Form(HTMLParser):
    """The first form with this id (any where it is empty): where it leads, and the fields that it is filled with."""

    def __init__(self, id_: str) -> None:
        super().__init__()
        self._id = id_
        self._inside = False
        self._select = ""
        self.action = ""
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = not self.action and attributes.get("method") == "post" and self._id in ("", attributes.get("id"))
            self.action = attributes["action"] if self._inside else self.action
        elif self._inside and tag == "input" and attributes.get("type") == "hidden":
            self.fields[attributes["name"]] = attributes.get("value", "")
        elif self._inside and tag == "select":
            self._select = attributes["name"]
        elif self._inside and tag == "option" and ("selected" in attributes or self._select not in self.fields):
            self.fields[self._select] = attributes.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "form"


class _Page:
    """A browser without script, as far as forms go: one connection, one session."""

    def __init__(self, port: int, session: str) -> None:
        self._port = port
        self._cookies = {"sessionid": session}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def wait(self) -> None:
        """Until the pages are there."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if self._request("GET", "/readyz").status == 200:
                    return
            except OSError:
                self._connection.close()
            time.sleep(0.2)
        raise RuntimeError("The pages did not come.")

    def get(self, path: str) -> str:
        answer = self._request("GET", path)
        assert answer.status == 200, f"{path}: {answer.status}"
        return answer.content.decode()

    def form(self, path: str, id_: str) -> _Form:
        parsed = _Form(id_)
        page = self.get(path)
        parsed.feed(page[page.index("<main") :])
        assert parsed.action, page[:2000]
        return parsed

    def post(self, path: str, fields: dict[str, str]) -> str:
        """The location of the redirect."""
        answer = self._request("POST", path, urlencode(fields))
        assert answer.status == 302, f"{path}: {answer.status} {answer.content[-3000:]!r}"
        return answer.location

    def _request(self, method: str, path: str, body: str | None = None) -> Any:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return _Answer(answer.status, answer.read(), answer.headers.get("Location", ""))


class _Answer:
    def __init__(self, status: int, content: bytes, location: str) -> None:
        self.status = status
        self.content = content
        self.location = location
