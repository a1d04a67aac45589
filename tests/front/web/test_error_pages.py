"""Pages for what did not work: the right status, plain words, a reference, and nothing of the inside (P-17; E6, I4)."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.db import OperationalError
from django.test import Client

from civicmail.city.guard.actions import entries
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import Conflict, NotRecorded
from civicmail.city.guard.models import Entry
from civicmail.city.identity.views import my_access
from civicmail.core.config.log import set_up
from civicmail.core.config.settings import Log
from civicmail.front.web import start
from pages.world import Town

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
CANARY = "kn-4417-CANARY"


def raising(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """The page of My access fails with this."""

    def broken(*_args: Any, **_kwargs: Any) -> Any:
        raise error

    monkeypatch.setattr(my_access.personal_use, "allowed_to", broken)


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (NotRecorded("The ledger is 61 seconds behind, so nothing was shown. Try again in a minute."), 503, b"61 seconds behind"),
        (Conflict("Somebody has changed this meanwhile."), 409, b"Somebody has changed this meanwhile."),
        (OperationalError(f"could not connect to {CANARY}"), 503, b"Nothing can be shown at this moment"),
        (ValueError(f"what a message said: {CANARY}"), 500, b"Something went wrong"),
    ],
)
def test_an_error_is_a_page_in_plain_words_that_tells_no_secret(
    city: Town,
    visit: Visit,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    said: bytes,
) -> None:
    client = visit("crew0")
    raising(monkeypatch, error)
    answer = client.get("/my/access/")
    assert answer.status_code == status
    assert said in answer.content
    assert answer.headers["X-Request-ID"].encode() in answer.content
    assert CANARY.encode() not in answer.content
    assert b"Traceback" not in answer.content


@pytest.mark.parametrize(("ready", "status"), [(False, 503), (True, 500)])
def test_a_row_that_comes_with_the_tables_is_waited_for(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, city: Town, ready: bool, status: int
) -> None:
    """While an installation starts for the first time, what it will have by itself is not there yet; afterwards it is a bug."""
    client = visit("crew0")
    monkeypatch.setattr(start, "is_prepared", lambda: ready)
    raising(monkeypatch, Site.DoesNotExist())
    assert client.get("/my/access/").status_code == status


@pytest.mark.rule("P-16, promise 4, E6", "A content view that cannot be recorded is a 503 page without content.")
def test_a_cut_ledger_is_503_and_shows_nothing(city: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """E6, P-16: what would be shown is an entry first; while the ledger lags the page is 503, with nothing on it."""
    now = epoch_ms(city.now)
    Entry.objects.create(uuid="0" * 32, at=now - 61_000, act="x", person="p", head=b"{}")

    def shows(*_args: Any, **_kwargs: Any) -> Any:
        from civicmail.city.guard.actors import Actor

        entries.enter_alone("content.show", actor=Actor("p-crew0"), reason="r", now=now, facts={})
        raise AssertionError("shown without an entry")

    monkeypatch.setattr(my_access.personal_use, "allowed_to", shows)
    answer = visit("crew0").get("/my/access/")
    assert answer.status_code == 503
    assert b"crew0" not in answer.content
    assert b"@city.example" not in answer.content
    assert answer.headers["Retry-After"] == "60"


def test_the_page_of_a_missing_database_asks_no_database(
    city: Town,
    visit: Visit,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Gone for a minute or a day: a sentence, no stack, and the first request after it works again."""
    from django.db.backends.utils import CursorWrapper

    client = visit("crew0")
    with monkeypatch.context() as patch:

        def gone(*_args: Any, **_kwargs: Any) -> Any:
            raise OperationalError("server closed the connection unexpectedly")

        patch.setattr(CursorWrapper, "execute", gone)
        answer = client.get("/my/access/")
        assert answer.status_code == 503
        assert b"Mail is not affected" in answer.content
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
    assert client.get("/my/access/").status_code == 200


def test_what_is_not_there_and_what_is_not_theirs_are_told_apart(city: Town, visit: Visit) -> None:
    client = visit("crew0")
    nowhere, refused = client.get("/nowhere/"), client.get("/access/")
    assert (nowhere.status_code, refused.status_code) == (404, 403)
    assert b"the access office" in refused.content
    assert b"P-16" in refused.content


@pytest.mark.rule("P-17, I4", "No log line of the pages repeats a URL, a form or the text of an exception.")
def test_logs_say_who_asked_for_which_page_and_nothing_that_was_typed(
    city: Town,
    visit: Visit,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """I4: a canary in the address, in a form and in an exception is in no line of a log."""
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    set_up(Log(level="debug"), "web")
    client = visit("head")
    client.get(f"/dept/public-works/people/?q={CANARY}")
    client.get(f"/dept/public-works/people/{CANARY}/")
    client.get(f"/{CANARY}/")
    client.post("/dept/public-works/personal-use/", {"limits": CANARY, "whom": CANARY}, headers={"User-Agent": CANARY})
    client.post("/accounts/login/", {"login": CANARY, "password": CANARY})
    raising(monkeypatch, ValueError(f"what a message said: {CANARY}"))
    client.get("/my/access/")
    lines = said.getvalue()
    assert lines.count("page id=") == 6
    assert "view=people" in lines
    assert "person=p-head" in lines
    assert "a bug" in lines
    assert CANARY not in lines
    assert CANARY not in caplog.text


@pytest.mark.rule(
    "P-19, P-25",
    "No log has a link that opens something, also not where the framework refuses a request before a page has it.",
)
@pytest.mark.parametrize("path", ["/pickup/{}/", "/pickup/file/{}/", "/welcome/{}/", "/digest/{}/"])
def test_no_log_has_a_link_that_opens_something(
    city: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """I4: also where Django refuses, by a form without its token, or a host that is not ours."""
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    set_up(Log(level="debug"), "web")
    client = Client(enforce_csrf_checks=True)
    assert client.post(path.format(CANARY)).status_code in (403, 404)
    assert client.get(path.format(CANARY), headers={"Host": f"{CANARY}.example"}).status_code == 400
    lines = said.getvalue()
    assert lines.count("page id=") == 2
    assert CANARY not in lines and CANARY.lower() not in lines
    assert CANARY not in caplog.text
    assert "Traceback" not in lines, "whoever asks for another host fills no disk"


@pytest.mark.rule("P-16", "Every no of pages, API and SCIM is a line of the log: who, which act, from where, why.")
def test_every_no_is_a_line_with_who_what_and_from_where(city: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """On pages and in the API: what is not theirs, a form that is not ours, a token that opens nothing, a wrong shape."""
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    set_up(Log(level="info", format="json"), "web")
    client = visit("crew0")
    client.get("/access/duties/")
    Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "x", "password": "y"})
    Client().get("/api/v1/me", headers={"Authorization": "Bearer cmt-nothing"})
    Client().get("/scim/v2/Users", headers={"Authorization": "Bearer nothing"})
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    seen = [(r["error"], r["status"], r["act"], r["person"], r["client"]) for r in lines if r["event"] == "refused"]
    uid = city.people["crew0"].uid
    assert seen[0][1:] == (403, "duty.see", uid, "127.0.0.1")
    assert [(error, status) for error, status, *_ in seen[1:]] == [("csrf", 403), ("NoToken", 401), ("feed", 401)]


@pytest.mark.rule("P-16", "A person who must activate a role first gets a link to that from the refusing page.")
def test_whoever_has_to_activate_a_role_first_is_led_there(city: Town, visit: Visit) -> None:
    """Nobody else is."""
    city.grant("crew2", "privacy-officer")
    shown = {key: visit(key).get("/holding/releases/") for key in ("crew1", "crew2")}
    assert [answer.status_code for answer in shown.values()] == [403, 403]
    main = b'<a class="usa-button" href="/duties/">'
    assert main in shown["crew2"].content and main not in shown["crew1"].content
