"""Signing in to the pages: what opens, what does not, what is said, what a session is (P-07, P-18, L2, S1; AC-7, AC-8)."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client, RequestFactory
from django.urls import reverse

from city.identity.signins import OFFICER, account, mailbox, person
from civicmail.city.directory.models import Agency, Contract
from civicmail.city.guard.actors import machine
from civicmail.city.guard.models import Account, Entry, Failure
from civicmail.city.identity.actions import devices, invitations, signin
from civicmail.city.identity.models import Device
from civicmail.core.config.clock import now_ms
from civicmail.front.web.sessions import row_of
from civicmail.front.web.signin import step_up
from civicmail.front.web.signin.adapters import NO

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def cheap_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("installed")]


def _browser(address: str = "192.0.2.7") -> Client:
    return Client(HTTP_HOST="localhost", REMOTE_ADDR=address)


def _try(browser: Client, login: str = "ines", password: str = PASSWORD) -> Any:
    return browser.post(reverse("account_login"), {"login": login, "password": password})


def _is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


@pytest.mark.rule(
    "P-18, AC-8",
    "Every sign-in form is preceded by the notice that mail is the city's, archived and may be examined.",
)
def test_the_notice_stands_before_the_form_and_the_form_offers_no_sign_up() -> None:
    """Monitored, recorded, public record, no unauthorized use, use means consent (AC-8)."""
    page = _browser().get(reverse("account_login")).content.decode()
    words = ("public record", "without notice", "monitored and recorded", "without authorization is forbidden", "agrees to this")
    assert all(word in page for word in words)
    assert page.index("public record") < page.index('name="password"') and "sign up" not in page.lower()


def test_who_has_no_access_yet_may_sign_in() -> None:
    account(password=PASSWORD)
    browser = _browser()
    assert _try(browser)["Location"] == "/" and _is_in(browser)
    assert Entry.objects.get(act="sign-in").facts == {"how": ["password"]}


@pytest.mark.rule("P-07", "Every failed sign-in gets the same answer, so that accounts are not revealed.")
def test_every_no_is_the_same_no() -> None:
    """A wrong password, a name that is nobody's, a function mailbox, a machine, a locked account, and who
    has to wait after too many wrong ones look the same."""
    account(password=PASSWORD)
    account(person("e-18", "Otto Other"), "otto", PASSWORD)
    Account.objects.filter(username="otto").update(locked=signin.from_ms(now_ms()))
    mailbox(None, "info@city.example", "function")
    printer = mailbox(None, "printer@city.example", "service")
    secret = devices.make_for_machine(printer, "hall", until=now_ms() + 86_400_000, actor=OFFICER, reason="scans", now=now_ms())
    said = set()
    for login, password in [
        ("ines", "wrong"), ("nobody", PASSWORD), ("info@city.example", "x"), ("printer@city.example", secret), ("otto", PASSWORD),
        *[("ines", "wrong")] * 4, ("ines", PASSWORD),
    ]:  # fmt: skip
        browser = _browser()
        page = _try(browser, login, password).content.decode()
        assert not _is_in(browser)
        said.add(re.sub(r'value="[^"]*"|name="csrfmiddlewaretoken"[^>]*|Reference \w+|title="[^"]*"|<time.*?</time>', "", page))
    assert len(said) == 1 and NO.split(",")[0] in said.pop()


def test_after_five_wrong_passwords_the_right_one_opens_from_elsewhere_alone() -> None:
    """AC-7, P-07: a browser waits where they were typed; the officer ends the wait."""
    account(password=PASSWORD)
    for _ in range(5):
        _try(_browser(), password="wrong")
    browser, elsewhere = _browser(), _browser("192.0.2.99")
    _try(browser)
    _try(elsewhere)
    assert not _is_in(browser) and _is_in(elsewhere)
    signin.unlock(Account.objects.get(), actor=OFFICER, reason="called me", now=now_ms())
    _try(browser)
    assert _is_in(browser)


@pytest.mark.rule("P-07", "A sign-in that is tried too often costs no hashing and no row.")
def test_a_thousand_wrong_passwords_cost_no_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input: after the first few no password is hashed, no row is written, and nobody else is kept out."""
    account(password=PASSWORD)
    account(person("e-18", "Otto Other"), "otto", PASSWORD)
    hashed = []
    plain = Account.check_password
    monkeypatch.setattr(Account, "check_password", lambda self, raw: hashed.append(raw) or plain(self, raw))
    from allauth.account.adapter import get_adapter
    from django.core.exceptions import ValidationError
    from django.test import RequestFactory

    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.66")
    adapter, began, refused = get_adapter(request), time.perf_counter(), 0
    for i in range(1_000):
        try:
            assert adapter.authenticate(request, username="ines", password=f"guess {i}") is None
        except ValidationError:
            refused += 1
        assert len(hashed) <= 5
    spent = time.perf_counter() - began
    assert len(hashed) == 5 and Failure.objects.count() == 5 and refused == 995
    assert spent < 60, spent
    other = _browser("192.0.2.8")
    _try(other, "otto")
    assert _is_in(other)


@pytest.mark.rule("P-07", "A session from before the sign-in is not continued after it.")
def test_a_session_that_was_there_before_the_sign_in_is_not_the_one_after() -> None:
    """Session fixation (CWE-384)."""
    account(password=PASSWORD)
    browser = _browser()
    browser.get(reverse("account_login"))
    session = browser.session
    session["planted"] = "by somebody else"
    session.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = before = session.session_key
    _try(browser)
    assert _is_in(browser) and browser.session.session_key != before


@pytest.mark.rule("P-06, promise 5, L2", "A session ends with its epoch, at its next request.")
def test_a_session_ends_with_its_epoch_at_the_next_request() -> None:
    account(password=PASSWORD)
    browser = _browser()
    _try(browser)
    assert browser.get(reverse("my-sessions")).status_code == 200
    Account.objects.update(epoch=2)
    answer = browser.get(reverse("my-sessions"))
    assert answer.status_code == 302 and answer["Location"].startswith(reverse("account_login")) and not _is_in(browser)


@pytest.mark.parametrize("change", [{"is_active": False}, {"person__episodes": "ended"}], ids=["closed", "left"])
def test_who_left_does_not_sign_in_with_the_right_password(change: dict[str, Any]) -> None:
    """L2."""
    ines = account(password=PASSWORD)
    if "is_active" in change:
        Account.objects.update(is_active=False)
    else:
        ines.person.episodes.update(ended="2026-02-01")
    browser = _browser()
    answer = _try(browser)
    assert answer.status_code == 403 and b"has ended" in answer.content and not _is_in(browser)


@pytest.mark.rule(
    "P-09",
    "A contractor whose access ended gets the day, the agency and the contact at the pages' sign-in, only after the right "
    "password.",
)
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Your access for Acme &amp; Sons ended on Feb 1, 2026; ask the sponsor of your contract (P-09)."),
        ("es", "Su acceso por Acme &amp; Sons terminó el 1 feb 2026; pregunte al responsable de su contrato (P-09)."),
    ],
)
def test_a_contractor_whose_access_ended_hears_when_and_whom_to_ask(language: str, said: str) -> None:
    """With the right password, in their language; with a wrong one what everybody hears."""
    ines = account(person(kind="contractor"), password=PASSWORD)
    agency = Agency.objects.create(code="acme", name="Acme & Sons")
    contract = Contract.objects.create(agency=agency, number="1", starts="2026-01-01", ends="2026-12-31")
    ines.person.episodes.update(ended="2026-02-01", contract=contract)
    browser = _browser()
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    wrong = _try(browser, password="wrong").content.decode()
    assert "Acme" not in wrong
    answer = _try(browser)
    assert answer.status_code == 403 and said in answer.content.decode() and not _is_in(browser)


def test_whose_account_somebody_else_may_use_hears_whom_to_call_and_gets_in_by_nothing() -> None:
    """P-25: with the right password."""
    ines = account(password=PASSWORD)
    Account.objects.filter(pk=ines.pk).update(is_active=False, contained=ines.made)
    browser = _browser()
    answer = _try(browser)
    assert answer.status_code == 403 and b"Call the security office" in answer.content and not _is_in(browser)


def test_only_wanted_addresses_of_allauth_exist() -> None:
    for path in ("accounts/signup/", "accounts/email/", "accounts/password/reset/", "accounts/3rdparty/",
                 "accounts/2fa/webauthn/signup/", "accounts/login/code/", "accounts/confirm-email/", "admin/"):  # fmt: skip
        assert _browser().get(f"/{path}").status_code == 404, path


@pytest.mark.rule("P-07, P-08", "A session is listed and can be ended, however the person signed in.")
def test_an_invitation_link_sets_a_password_and_leaves_no_secret_in_the_address() -> None:
    """The first sign-in."""
    secret = invitations.invite_first(person(), actor=machine("os:root"), reason="claim", now=now_ms())
    browser = _browser()
    assert browser.get(reverse("welcome-link", args=[secret]))["Location"] == reverse("welcome")
    assert b"e-17" in browser.get(reverse("welcome")).content
    short = browser.post(reverse("welcome"), {"password": "short", "again": "short"})
    assert b"15 characters" in short.content and not _is_in(browser)
    assert browser.post(reverse("welcome"), {"password": PASSWORD, "again": PASSWORD})["Location"] == "/"
    assert _is_in(browser) and step_up.is_fresh(type("R", (), {"session": browser.session}))  # type: ignore[arg-type]
    listed = list(UserSession.objects.values_list("session_key", flat=True))
    assert listed == [row_of(browser.session.session_key)], "it is listed, and can be ended"
    other = _browser()
    assert other.get(reverse("welcome-link", args=[secret])).status_code == 410
    assert b"First half" in other.get(reverse("welcome")).content


def test_opening_a_link_uses_nothing_up() -> None:
    secret = invitations.invite_first(person(), actor=machine("os:root"), reason="claim", now=now_ms())
    for _ in range(3):
        assert _browser().get(reverse("welcome-link", args=[secret])).status_code == 302


@pytest.mark.rule("P-07, D4", "A device password needs a fresh proof of who one is.")
def test_a_step_up_comes_back_to_the_filled_form_and_is_over_in_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device password needs a fresh proof."""
    account(password=PASSWORD)
    monkeypatch.setattr("civicmail.city.identity.queries.actors.is_admitted", lambda *_: True)
    monkeypatch.setattr("civicmail.front.web.signin.second_factor.is_missing", lambda *_: False)
    browser = _browser()
    _try(browser)
    session = browser.session
    session[step_up.AT] = now_ms() - 300_000
    session.save()
    answer = browser.post(reverse("device-add"), {"name": "phone"})
    assert answer.status_code == 302 and answer["Location"].startswith(reverse("account_reauthenticate"))
    assert not Device.objects.exists()
    wrong = browser.post(answer["Location"], {"password": "wrong"})
    assert wrong.status_code == 200 and Failure.objects.count() == 1
    shown = browser.post(answer["Location"], {"password": PASSWORD})
    assert shown.status_code == 200 and b"shown once" in shown.content and Device.objects.get().name == "phone"
    secret = re.search(r'id="secret">([^<]+)<', shown.content.decode())
    assert secret and secret[1] not in browser.get(reverse("my-devices")).content.decode()


def test_a_password_alone_is_no_step_up_for_whoever_has_a_passkey() -> None:
    """P-07: the stronger proof stays the proof."""
    from allauth.mfa.models import Authenticator

    ines = account(password=PASSWORD)
    Authenticator.objects.create(user=ines, type=Authenticator.Type.WEBAUTHN, data={"name": "key", "credential": {}})
    request = RequestFactory().get("/")
    request.session = SessionStore()
    step_up.on_step(None, request, ines, "password", reauthenticated=True)
    assert step_up.AT not in request.session
    step_up.on_step(None, request, ines, "mfa", reauthenticated=True)
    assert step_up.AT in request.session


def test_a_person_sees_and_ends_own_sessions_only() -> None:
    account(password=PASSWORD)
    account(person("e-18", "Otto Other"), "otto", PASSWORD)
    first, second, other = _browser(), _browser("192.0.2.8"), _browser("192.0.2.9")
    for browser, login in ((first, "ines"), (second, "ines"), (other, "otto")):
        _try(browser, login)
    page = first.get(reverse("my-sessions")).content.decode()
    assert "192.0.2.8" in page and "192.0.2.9" not in page
    from allauth.usersessions.models import UserSession

    others = UserSession.objects.get(ip="192.0.2.9")
    first.post(reverse("session-end", args=[others.pk]))
    first.post(reverse("session-end", args=[0]))
    assert other.get(reverse("my-sessions")).status_code == 200
    assert second.get(reverse("my-sessions")).status_code == 302
    assert first.get(reverse("my-sessions")).status_code == 200


def test_every_page_of_sign_in_keeps_the_strict_policy_of_content() -> None:
    answer = _browser().get(reverse("account_login"))
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "default-src 'self'" in policy
    assert not re.search(rb"<script(?![^>]*src=)(?![^>]*application/json)|\son\w+=", answer.content)
