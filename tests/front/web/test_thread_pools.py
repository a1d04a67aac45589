"""Pages that never end leave threads to the doors of mail programs, and the process says that it is alive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from civicmail.front.web import thread_pools
from civicmail.front.web.thread_pools import MACHINES, MAX_WAITING_DOORS, MAX_WAITING_PAGES, PAGES, ThreadPools


class Response(list[bytes]):
    streaming = False


class Streamed:
    """Pieces without an end."""

    streaming = True

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.by = ""
        self.made = 0

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.by, self.made = threading.current_thread().name, self.made + 1
            yield b"x"

    def close(self) -> None:
        self.closed.set()


class Town:
    """/slow waits for the end, /streamed gives pieces, everything else answers with the name of its thread."""

    def __init__(self) -> None:
        self.end = threading.Event()
        self.inside = 0
        self.streamed = Streamed()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        if environ["PATH_INFO"] == "/streamed":
            return self.streamed
        if environ["PATH_INFO"] == "/wrong":
            raise ValueError("wrong")
        if environ["PATH_INFO"] == "/slow":
            self.inside += 1
            assert self.end.wait(120)
        start("200 OK", [])
        return Response([threading.current_thread().name.encode()])


def told(status: str, headers: list[tuple[str, str]]) -> None:
    """What the server is told of an answer."""


def who(environ: dict[str, Any]) -> str:
    return str(environ.get("who", ""))


def answered(application: ThreadPools, path: str, whose: str = "") -> bytes:
    return b"".join(application({"PATH_INFO": path, "who": whose}, told))


@pytest.fixture
def town() -> Iterator[Town]:
    found = Town()
    yield found
    found.end.set()


@pytest.mark.rule(
    "P-07",
    "Slow pages block neither the endpoints of mail programs nor the liveness check; a page request that cannot be served "
    "in time is refused immediately.",
)
def test_slow_pages_take_no_thread_of_the_doors_and_who_comes_too_late_is_told_at_once(town: Town) -> None:
    """Red on main of 29 November, where four slow pages were all threads that there are."""
    application = ThreadPools(town, lambda environ, start: [b"busy"], who)
    server = ThreadPoolExecutor(thread_pools.THREADS)
    pages = [server.submit(answered, application, "/slow") for _ in range(MAX_WAITING_PAGES)]
    while town.inside < PAGES or sum(f.running() for f in pages) < MAX_WAITING_PAGES:
        time.sleep(0.01)
    time.sleep(0.1)
    for path in MACHINES:
        said = server.submit(answered, application, path).result(60)
        assert said.startswith(b"ThreadPool" if path == "/healthz" else b"door"), f"{path}: {said!r}"
    assert server.submit(answered, application, "/").result(60) == b"busy"
    assert town.inside == PAGES
    assert not any(page.done() for page in pages)
    town.end.set()
    assert all(page.result(60).startswith(b"page") for page in pages)
    assert answered(application, "/").startswith(b"page"), "and then there is room again"


@pytest.mark.rule("P-07", "One session, or one token, waits for four pages at most, whatever they are.")
def test_one_session_takes_a_few_seats_and_no_more(town: Town) -> None:
    """Files of a page are not counted: a browser asks for several at once."""
    application = ThreadPools(town, lambda environ, start: [b"busy"], who)
    server = ThreadPoolExecutor(thread_pools.THREADS)
    for _ in range(thread_pools.MAX_PER_CLIENT):
        server.submit(answered, application, "/slow", "ann")
    while town.inside < thread_pools.MAX_PER_CLIENT:
        time.sleep(0.01)
    assert answered(application, "/", "ann") == b"busy"
    assert answered(application, "/static/cm.css", "ann").startswith(b"page")
    assert answered(application, "/", "bob").startswith(b"page")
    town.end.set()
    for _ in range(200):
        if (said := answered(application, "/", "ann")) != b"busy":
            break
        time.sleep(0.01)
    assert said.startswith(b"page")


def test_the_server_has_a_thread_for_everybody_who_may_wait() -> None:
    assert thread_pools.THREADS > MAX_WAITING_PAGES + MAX_WAITING_DOORS


def test_pieces_are_made_by_a_thread_of_the_pages_a_few_ahead_and_no_more_when_nobody_takes_them(town: Town) -> None:
    taking: Any = ThreadPools(town, lambda environ, start: [b"busy"], who)({"PATH_INFO": "/streamed"}, told)
    assert [next(taking) for _ in range(3)] == [b"x"] * 3
    assert town.streamed.by.startswith("page")
    taking.close()
    assert town.streamed.closed.wait(60)
    assert town.streamed.made < 12


def test_what_goes_wrong_is_heard_by_the_server(town: Town) -> None:
    with pytest.raises(ValueError, match="wrong"):
        answered(ThreadPools(town, lambda environ, start: [b"busy"], who), "/wrong")
