"""Bad input at the pages: answered clearly, nothing half-done, nobody else is kept out (issue 4, "Bad input"; P-04, P-07, P-08)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.sessions.backends.signed_cookies import SessionStore as Signed
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signing import TimestampSigner
from django.db import InterfaceError, OperationalError
from django.db.backends.utils import CursorWrapper
from django.test import Client

from civicmail.city.directory.models import FeedRun
from civicmail.city.guard.models import Account, Entry
from civicmail.city.identity.models import Authorization
from civicmail.front.web.sessions import row_of
from pages.test_looks import visitor
from pages.test_sweep import PAGES, path_of
from pages.world import REASONS, Town, signed_in

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]
BECAUSE = "The council decided it on Monday, item 14."
TWICE: list[tuple[str, Callable[[Town], str], dict[str, str], str]] = [
    ("head", lambda t: f"/access/personal-use/{t.objects['rule']}/end/", {"reason": BECAUSE}, "personal-use.end"),
    ("office", lambda t: f"/access/duties/{t.people['admin'].roles.get().pk}/end/", {"reason": BECAUSE}, "duty.end"),
    ("office", lambda t: f"/access/unlocks/{t.people['crew5'].account.pk}/", {"reason": BECAUSE}, "account.unlock"),
    ("office", lambda t: f"/access/feeds/{t.objects['feed']}/reject/", {"reason": BECAUSE}, "feed.reject"),
    ("super", lambda t: f"/access/requests/{t.authorizations['crew3'].pk}/withdraw/", {"reason": BECAUSE, "state": "asked"},
     "request.withdraw"),
    ("head", lambda _: "/dept/public-works/leavers/new/?person=p-crew0", {"when": "now", "reason": BECAUSE, "successor": ""},
     "access.end"),
]  # fmt: skip


def text_of(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


@pytest.mark.parametrize(("who", "path", "form", "act"), TWICE, ids=[act for _, _, _, act in TWICE])
def test_a_form_that_is_sent_a_second_time_from_an_old_page_does_nothing_more(
    city: Town, visit: Visit, who: str, path: Callable[[Town], str], form: dict[str, str], act: str
) -> None:
    """One entry, and the second answer is a page in plain words, never a failure."""
    where = path(city)
    assert visit(who).post(where, form).status_code == 302
    after = list(Entry.objects.values_list("act", flat=True))
    assert after.count(act) == 1
    again = visit(who).post(where, form)
    assert again.status_code in (302, 404, 409, 422)
    assert list(Entry.objects.values_list("act", flat=True)) == after


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-02-30", "tomorrow"])
def test_a_day_of_no_calendar_of_ours_is_told_beside_its_field(city: Town, visit: Visit, day: str) -> None:
    extend = f"/access/authorisations/{city.authorizations['crew0'].pk}/extend/"
    assert visit("head").post(extend, {"until": day, "was": "0", "reason": BECAUSE}).status_code == 422
    assert visit("office").get(f"/access/addresses/?address=closures@city.example&day={day}").status_code == 422


@pytest.mark.parametrize("row", ["9" * 40, "9" * 18, "²", "٣", "-1", "x", "\ud7ff"])
@pytest.mark.parametrize(
    "path",
    [
        "/dept/public-works/requests/together/?act=approve",
        "/holding/approvals/together/?act=approve",
        "/dept/public-works/positions/review/?position=Crew%20Clerk",
    ],
)
@pytest.mark.usefixtures("city")
def test_a_tick_that_is_no_row_is_no_fault(visit: Visit, path: str, row: str) -> None:
    for answer in (
        visit("head").get(f"{path}&{urlencode({'row': row})}"),
        visit("head").post(path, {"act": "approve", "row": row}),
    ):
        assert answer.status_code in (200, 302, 422)


def test_a_department_without_a_head_is_named_and_its_requests_wait(city: Town, visit: Visit) -> None:
    """Nobody decides in its place, and nothing that was asked is lost."""
    works = city.departments["public-works"]
    works.head = None
    works.save()
    works.deputies.clear()
    assert "Departments without a head" in text_of(visit("office").get("/access/"))
    assert "Name a head" in text_of(visit("office").get("/"))
    asked = f"/access/requests/{city.authorizations['crew3'].pk}/"
    for who in ("head", "deputy", "office", "super", "chief"):
        answer = visit(who).post(asked, {"decision": "approve", "reason": "", "state": "asked"})
        assert answer.status_code in (403, 404), who
    new = {**REASONS, "until": (city.now.date() + timedelta(days=9)).isoformat(), "address": ""}
    assert visit("super").post("/access/requests/new/?person=p-crew6", new).status_code == 302
    assert Authorization.objects.get(pk=city.authorizations["crew3"].pk).state == "asked"
    works.head = city.people["head"]
    works.save()
    assert visit("head").post(asked, {"decision": "approve", "reason": "", "state": "asked"}).status_code == 302


@pytest.mark.rule("P-06", "Without the database every page states that, and when to try again; it recovers with the database.")
@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_without_the_database_every_page_says_so_and_is_itself_again_after(
    city: Town, visit: Visit, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """Gone for a minute or a day, 503 on each page and each form, in words, with when to come again; no stack."""
    pages = [(visit(visitor(page)), path_of(page, city)) for page in PAGES.values()]
    form = {"login": "crew0@city.example", "password": "anything at all"}

    def gone(*_args: Any, **_kwargs: Any) -> Any:
        raise error("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(CursorWrapper, "execute", gone)
        answers = [(path, client.get(path)) for client, path in pages]
        answers += [(path, client.post(path)) for client, path in pages]
        answers.append(("sign-in", Client(raise_request_exception=False).post("/accounts/login/", form)))
    assert {path: a.status_code for path, a in answers if a.status_code != 503} == {}
    assert all(b"Mail is not affected" in a.content and a.headers["Retry-After"] == "60" for _, a in answers)
    assert not any(b"server closed" in a.content or b"Traceback" in a.content for _, a in answers)
    assert visit("crew0").get("/my/access/").status_code == 200


def test_a_list_of_a_hundred_megabytes_is_refused_before_it_is_read(city: Town, visit: Visit) -> None:
    """L7: and one of 25, which is read, is told what is the most."""
    office = visit("office")
    before = FeedRun.objects.count()
    answer: Any = office.post("/access/feeds/new/", {}, CONTENT_LENGTH=str(100 * 1024 * 1024))
    assert answer.status_code == 413
    assert "too large" in text_of(answer)
    large = SimpleUploadedFile("staff.csv", b"uid,family,kind,department\n" + b"x" * 25_000_000)
    refused = office.post("/access/feeds/new/", {"file": large})
    assert refused.status_code == 422
    assert "25 MB" in text_of(refused)
    assert FeedRun.objects.count() == before
    assert office.get("/access/feeds/").status_code == 200


def test_a_list_of_half_a_gigabyte_of_commas_in_one_line_costs_nothing(city: Town, visit: Visit) -> None:
    """The size of a field is limited by the reader of CSV, whatever the file's."""
    long = SimpleUploadedFile("staff.csv", b"uid,family,kind,department\n" + b'"' + b"," * 5_000_000)
    answer = visit("office").post("/access/feeds/new/", {"file": long})
    assert answer.status_code == 422
    assert "not CSV" in text_of(answer)


def forged(city: Town) -> dict[str, str]:
    """Cookies that look like sessions."""
    account = Account.objects.get(person=city.people["office"])
    signed = Signed()
    signed["_auth_user_id"] = str(account.pk)
    signed.save()
    real = signed_in(city.people["office"])
    tampered = signed_in(city.people["office"])
    stored = Session.objects.get(session_key=row_of(tampered))
    stored.session_data = f"{stored.session_data[:-8]}AAAA{stored.session_data[-4:]}"
    stored.save()
    moved = signed_in(city.people["office"])
    Session.objects.filter(session_key=row_of(moved)).update(
        session_data=Session.objects.get(session_key=row_of(real)).session_data
    )
    other = signed_in(city.people["office"])
    row = Session.objects.get(session_key=row_of(other))
    row.session_data = TimestampSigner(key="another key", salt="django.contrib.sessions.SessionStore").sign_object(
        {"_auth_user_id": "1"}
    )
    row.save()
    return {
        "nothing": "",
        "a guess": "a" * 32,
        "signed by ourselves for another use": signed.session_key or "",
        "the key of a row": row_of(real),
        "what is in another row": moved,
        "cut": real[:-1],
        "in capitals": real.upper(),
        "data that was changed": tampered,
        "data of another key": other,
        "long": "x" * 8_000,
        "a path": "../../etc/passwd",
        "a statement": "' OR session_data <> '",
    }


def test_a_forged_cookie_opens_nothing_and_breaks_nothing(city: Town) -> None:
    """P-07: each is nobody, who is led to the sign-in; a real one goes on working."""
    for what, cookie in forged(city).items():
        client = Client(raise_request_exception=False)
        answer = client.get("/access/", HTTP_COOKIE=f"sessionid={cookie}")
        assert answer.status_code == 302, what
        assert answer.headers["Location"].startswith("/accounts/login/"), what
    client = Client()
    client.cookies["sessionid"] = signed_in(city.people["office"])
    assert client.get("/access/").status_code == 200


@pytest.mark.rule("P-16", "A URL or a cookie with a zero byte is refused, and never reaches the database.")
@pytest.mark.parametrize("path", ["/dept/public-works/people/%00/", "/dept/public-works/people/?q=%00", "/access/\0"])
def test_a_zero_byte_in_an_address_or_a_cookie_is_not_understood(city: Town, visit: Visit, path: str) -> None:
    """No database is asked with one; PostgreSQL would fail."""
    answer = visit("office").get(path)
    assert answer.status_code == 400
    assert "was not understood" in text_of(answer)
    real = signed_in(city.people["office"])
    for cookie in (f"{real}\0", f'"{real}\\000"'):
        assert Client(raise_request_exception=False).get("/access/", HTTP_COOKIE=f"sessionid={cookie}").status_code == 400


def test_a_forged_token_of_a_form_changes_nothing(city: Town) -> None:
    """CSRF: a token that was made up, that is of another cookie, or none; and the cookie alone is none."""
    rule = f"/access/personal-use/{city.objects['rule']}/end/"
    client = Client(enforce_csrf_checks=True)
    client.cookies["sessionid"] = signed_in(city.people["head"])
    other = Client()
    other.get("/accounts/login/")
    client.get(rule)
    before = Entry.objects.count()
    for token in ("", "a" * 64, "ü", other.cookies["csrftoken"].value, "x" * 100_000):
        answer = client.post(rule, {"reason": BECAUSE, "csrfmiddlewaretoken": token})
        assert answer.status_code == 403, token[:10]
        assert "Nothing was changed" in text_of(answer)
    assert Entry.objects.count() == before
    real = client.cookies["csrftoken"].value
    assert client.post(rule, {"reason": BECAUSE, "csrfmiddlewaretoken": real}).status_code == 302
