"""The allauth account adapter: rate limits, failures, locked accounts, session contents (P-07, L2, AC-7)."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from civicmail.city.guard.actions import entries
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.models import Account
from civicmail.city.identity.actions import account_notices, throttling
from civicmail.city.identity.queries import access_status
from civicmail.city.identity.queries.signin import normalize
from civicmail.city.pages.wording import translate
from civicmail.core.config.clock import now_ms
from civicmail.core.config.log import get_logger
from civicmail.front.web.sessions import row_of
from civicmail.front.web.signin import recovery_codes, second_factor, session_lifetime, session_list, step_up
from civicmail.front.web.signin.request_actor import client

log = get_logger()

NO = _(
    "The name and the password do not fit, or too many wrong ones were typed from here: then wait a while. A passkey or the city's "
    "own sign-in opens at once."
)
"""The single error for every failed password; it reveals no accounts."""

TICKET = "_throttle_ticket"
"""Request attribute: the try that was counted before the password was compared."""

EPOCH = "epoch"
"""Key of the session: the account's epoch when it signed in; the middleware compares it at each request (L2)."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Accounts are made only by invitation; failures are stored in rows that all entry points share."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": NO,
        "too_many_login_attempts": NO,
        "incorrect_password": NO,
        "incorrect_code": _("This did not work. Try again; after five failures you have to wait."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try before any hashing, so that parallel tries are limited; over the limit it is answered like a wrong
        password."""
        ticket = admitted(request, credentials.get("username", ""), "password")
        if ticket is None:
            raise self.validation_error("username_password_mismatch")
        setattr(request, TICKET, ticket)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Like allauth's; a locked account with the right password gets the usual error after the same work."""
        account: Account | None = super().authenticate(request, **credentials)
        if account is not None and account.locked is not None:
            self.authentication_failed(request, **credentials)
            return None
        if account is not None:
            throttling.take_back(getattr(request, TICKET))
        return account

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        throttling.note_failure(getattr(request, TICKET), door="web", now=now_ms())

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **_hooks: Any) -> HttpResponse | None:
        """Whatever was proved, by whichever means: no locked or closed account gets in."""
        account = Account.objects.get(pk=user.pk)
        if account.locked is not None:
            return refused(request, _("This sign-in is locked."), _("The access office releases it after talking with you."))
        if account.contained is not None:
            return refused(request, _("This account is locked."), _("Another person may be using it. Call the security office."))
        works = account.person.episodes.filter(ended__isnull=True).exists()
        if not account.is_active or not works:
            why = (
                _("If this is wrong, ask the access office.")
                if works
                else translate(access_status.why_refused(account.person_id, now_ms()))
            )
            return refused(request, _("Your access to the city's mail has ended."), why)
        return None

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        proved = getattr(request, step_up.PROVED, None)
        super().login(request, user)
        account, now = cast(Account, user), now_ms()
        request.session[EPOCH] = account.epoch
        session_lifetime.begin(request, now)
        records = get_authentication_records(request, user)
        second_factor.note(request, account)
        step_up.note(request, now if proved is None else proved)
        recovery_codes.harden(account)
        session_list.note(request, account, client(request))  # by a link or in a demo, too: else nobody sees or ends it
        session_lifetime.end_oldest(account, row_of(request.session.session_key))
        how = [str(r.get("type") or r.get("provider") or r["method"]) for r in records]
        actor = Actor(account.person.uid, account.person.display, client=client(request))
        with transaction.atomic():
            account_notices.add_place(account, client(request), now=now)
            throttling.note_success(account, client(request))
            entries.enter("sign-in", actor=actor, reason="", now=now, object=f"person:{actor.uid}", facts={"how": how})

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        if user.is_authenticated:
            log.info("a sign-out", person=user.person.uid, client=client(request))
        super().logout(request)

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """Never: `step_up.required` protects those pages and knows identity providers too."""
        return False

    def send_notification_mail(self, *_: Any, **__: Any) -> None:
        """Send nothing: our notices go through the pipeline, and a page lists changes."""

    def is_safe_url(self, url: str) -> bool:
        """Allow redirects after sign-in only to our pages under the requested host."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts={context.request.get_host()})

    def get_client_ip(self, request: HttpRequest) -> str:
        return client(request) or "0.0.0.0"  # noqa: S104 - a request over a socket file has no address


def admitted(request: HttpRequest, login: str, what: str) -> throttling.Ticket | None:
    """Count one try; None if it must wait. Tries in the person's own session are counted apart from those of others."""
    user = getattr(request, "user", None)
    own = user is not None and user.is_authenticated and normalize(login) == normalize(user.get_username())
    session = (request.session.session_key or "") if own else ""
    return throttling.admit(login, what, client=client(request), now=now_ms(), session=session)


def refused(request: HttpRequest, title: Promise | str, text: Promise | str) -> HttpResponse:
    """A page that refuses a person after successful authentication."""
    with translation.override("en"):
        log.info("a sign-in was refused", why=str(title), client=client(request))
    return render(request, "signin/refused.html", {"title": title, "text": text}, status=403)
