"""The frame in a real Chromium: a page of a stranger in it asks nobody, runs nothing, and stays inside."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from desk.viewer import leaks, rooms, samples
from desk.viewer.conftest import Keep
from pages.conftest import browse as browse
from pages.conftest import browser_type_launch_args as browser_type_launch_args
from pages.looks import looked_at

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]
WAIT = 1500  # ms in which a browser would have asked


class _Canary(BaseHTTPRequestHandler):
    def __init__(self, asked: list[str], *rest: Any) -> None:
        self._asked = asked
        super().__init__(*rest)

    def do_GET(self) -> None:
        self._asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_HEAD = do_OPTIONS = do_GET

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def canary() -> Iterator[tuple[str, list[str]]]:
    """Somebody's server: its address, and what it was asked for."""
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Canary, asked))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def html_mail(source: str) -> bytes:
    return b"From: a@b.example\r\nSubject: Look\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + source.encode()


@pytest.fixture
def rooms_of_tests(settings: Any) -> None:
    settings.ROOT_URLCONF = rooms.__name__


@pytest.mark.usefixtures("rooms_of_tests")
def test_a_look_asks_nobody(keep: Keep, browse: Callable[..., Any], canary: tuple[str, list[str]], new_context: Any) -> None:
    """0 requests by all vectors; the same HTML as a page of its own asks dozens of times, so the vectors are real."""
    address, asked = canary
    id_ = keep(html_mail(leaks.everything(address)))
    page = browse("crew0", f"/seen/whole/{id_}/?view=sent")
    frame = page.frame_locator("iframe.cm-sent")
    assert frame.locator("a").count() >= 1
    page.wait_for_timeout(WAIT)
    reading = browse("crew0", f"/seen/whole/{id_}/")
    reading.wait_for_timeout(WAIT)
    assert asked == []
    raw = new_context().new_page()
    raw.set_content(leaks.everything(address).replace(leaks.html("meta-refresh", address), ""), wait_until="commit")
    raw.wait_for_timeout(WAIT)
    assert len({path.split("/")[1] for path in asked}) >= 30, sorted(asked)


@pytest.mark.usefixtures("rooms_of_tests")
def test_the_policy_alone_holds_where_nothing_was_taken_out(
    keep: Keep, browse: Callable[..., Any], canary: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second wall without the first: nothing is fetched or run, and the frame has no origin."""
    from civicmail.desk.viewer import sandboxed

    address, asked = canary
    source = leaks.everything(address).replace(leaks.html("meta-refresh", address), "")
    script = "<p id=one>x</p><script>document.getElementById('one').textContent = 'it ran'</script>"
    monkeypatch.setattr(sandboxed, "frame", lambda *_, **__: (script + source).encode())
    page = browse("crew0", f"/seen/whole/{keep(html_mail('<p>x</p>'))}/?view=sent")
    page.wait_for_timeout(WAIT)
    assert page.frame_locator("iframe.cm-sent").locator("#one").inner_text() == "x"
    assert page.frames[1].evaluate("self.origin") == "null"
    assert asked == []
    browse.said.clear()  # type: ignore[attr-defined]  # what the policy refuses is said on the console; here it ought to be


@pytest.mark.usefixtures("rooms_of_tests")
def test_what_draws_over_the_page_stays_inside_the_frame(keep: Keep, browse: Callable[..., Any]) -> None:
    """Position, layers and negative margins end at the edge of the frame; a link opens elsewhere and knows nothing of us."""
    cover = (
        "position:fixed;z-index:2147483647;top:-500px;left:-500px;margin:-500px;width:5000px;height:5000px;background-color:#f00"
    )
    id_ = keep(html_mail(f'<div style="{cover}">Sign in again</div><a href="http://localhost:9/">Go</a>'))
    page = browse("crew0", f"/seen/whole/{id_}/?view=sent")
    assert page.evaluate(
        "document.elementFromPoint(400, 90).closest('main') !== null && !document.elementFromPoint(400, 90).closest('iframe')"
    )
    box = page.locator("iframe.cm-sent").bounding_box()
    assert page.evaluate("([x, y]) => document.elementFromPoint(x, y).tagName", [box["x"] + 20, box["y"] + 20]) == "IFRAME"
    inner = page.frame_locator("iframe.cm-sent")
    assert inner.locator("div").evaluate("e => getComputedStyle(e).position") == "static"
    link = inner.locator("a")
    assert (link.get_attribute("rel"), link.get_attribute("target")) == ("noopener noreferrer", "_blank")


@pytest.mark.usefixtures("rooms_of_tests")
@pytest.mark.parametrize("name", ["phishing", "disguised"])
def test_a_message_is_for_everybody(keep: Keep, browse: Callable[..., Any], name: str) -> None:
    """P3: by axe at 1280 and 320 px and in forced colors, in each way to look at it."""
    id_ = keep(getattr(samples, name)())
    for view in ("", "?view=headers", *(["?view=sent"] if name == "phishing" else [])):
        page = browse("crew0", f"/seen/whole/{id_}/{view}")
        assert looked_at(page) == []
