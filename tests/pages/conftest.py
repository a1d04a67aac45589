"""Pages in the test client and in a real Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.law import adopted, shipped
from civicmail.desk.retention.models import Disposal
from pages import record_rows
from pages.asked import reviews
from pages.cases import cases, index, privileged
from pages.drafts import drafts
from pages.everymail import everymail
from pages.everystate import everything, missing
from pages.gone import gone
from pages.incidentcases import incidents
from pages.kept import kept
from pages.post import post
from pages.retention_rows import disposal, disposals, retention
from pages.rulebook import rulebook
from pages.violationcases import violations
from pages.waitingfiles import leaving
from pages.world import Town, signed_in, town

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps an event loop in the thread

FLAGS = [
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    from playwright.sync_api import expect

    expect.set_options(timeout=60_000)  # its own five seconds are what a busy machine needs for a page now and then
    chromium = os.environ.get("CIVICMAIL_CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
    return {**browser_type_launch_args, "executable_path": chromium, "args": FLAGS, "chromium_sandbox": os.geteuid() != 0}


def with_mail(installed: Path, *, book: bool = True, every: bool = False, held: bool = False) -> Town:
    """The town of world.py, the mail of post.py, a rule book and the law that is offered; every: with something in every state;
    held: with legal holds, schedules and disposals, which tests that count their own do not need."""
    return kept(lambda folder: made(folder, book=book, every=every, held=held), installed, book, every, held)


def made(installed: Path, *, book: bool, every: bool = False, held: bool = False) -> Town:
    """The same, new."""
    t = town()
    adopted.adopt(installed, shipped.text(shipped.OFFERED), by="p-attorney", at=epoch_ms(t.now) - 86_400_000, today=t.now.date())
    t.objects |= post(installed, epoch_ms(t.now)) | cases(t) | violations(t) | drafts(t) | reviews(t) | gone(t)
    record_rows.point_at(t.objects["mail delivered"])
    t.objects |= privileged(t)
    t.objects |= rulebook(t) if book else {}
    t.objects |= incidents(t)
    t.objects |= leaving(t)
    if every or held:
        t.objects |= retention(installed, epoch_ms(t.now)) | disposals(t, installed)
    if every:
        everything(t, everymail(installed, epoch_ms(t.now)))
        for state in missing((Disposal, "state")):
            disposal(t, installed, state)
    index(installed, epoch_ms(t.now))
    return t


@pytest.fixture
def city(request: Any, installed: Path, db: None) -> Town:
    """The town of world.py; the installation is claimed. For the tests of this folder, which open every page, with holds."""
    (installed / "claimed").touch()
    return with_mail(installed, held=request.path.parent.name == "pages")


@pytest.fixture
def whole_city(installed: Path, db: None) -> Town:
    """The same with something in every state of every table (everystate.py, everymail.py)."""
    (installed / "claimed").touch()
    return with_mail(installed, every=True)


@pytest.fixture
def visit(city: Town) -> Callable[[str], Client]:
    """A client that is signed in as one of the town's people; nobody for the empty name."""

    def enter(key: str) -> Client:
        client = Client(raise_request_exception=False)
        if key:
            client.cookies["sessionid"] = signed_in(city.people[key])
        return client

    return enter


@pytest.fixture
def browse(
    request: Any, live_server: Any, transactional_db: None, installed: Path, new_context: Any
) -> Iterator[Callable[..., Any]]:
    """Opens a page in Chromium as one of the town's people: browse("head", "/my/access/"). What the console says is an error, but
    for statuses of pages. In the town that has something in every state, if the test is marked so."""
    (installed / "claimed").touch()
    t, said = with_mail(installed, every=request.node.get_closest_marker("every_state") is not None, held=True), list[str]()

    def open_(key: str, path: str | Callable[[Town], str], *, width: int = 1280, script: bool = True) -> Any:
        context = new_context(viewport={"width": width, "height": 800}, java_script_enabled=script)
        home = live_server.url.replace("127.0.0.1", "localhost")
        if key:
            context.add_cookies([{"name": "sessionid", "value": signed_in(t.people[key]), "url": home}])
        page = context.new_page()
        page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: said.append(str(e)))
        page.goto(home + (path(t) if callable(path) else path))
        page.town = t
        return page

    open_.said = said  # type: ignore[attr-defined]
    yield open_
    assert [s for s in said if "Failed to load resource: the server responded with a status of 4" not in s] == []
