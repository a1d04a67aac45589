"""Open sessions of an account, identified by row and never by cookie (P-07)."""

from __future__ import annotations

from allauth.core.internal.sessionkit import get_session_user
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.http import HttpRequest

from civicmail.city.guard.models import Account
from civicmail.front.web.sessions import SessionStore, row_of

MAX_AGENT = 200
"""Characters of what a browser calls itself."""


def note(request: HttpRequest, account: Account, client: str) -> None:
    """Record the session for its account; forget expired ones."""
    UserSession.objects.filter(~Exists(Session.objects.filter(session_key=OuterRef("session_key"))), user=account).delete()
    if request.session.session_key is None:
        request.session.save()
    agent = request.META.get("HTTP_USER_AGENT", "")[:MAX_AGENT]
    whose = {"user": account, "ip": client or "0.0.0.0", "user_agent": agent}  # noqa: S104 - a socket file has no address
    UserSession.objects.update_or_create(session_key=row_of(request.session.session_key), defaults=whose)


def living(account: Account, beside: str = "") -> list[UserSession]:
    """Open sessions of the account, newest first. beside: a row to leave out."""
    rows_ = []
    for row in UserSession.objects.filter(user=account).exclude(session_key=beside).order_by("-created_at", "-pk"):
        if get_session_user(SessionStore.at(row.session_key)) == account:
            rows_.append(row)
        else:
            row.delete()
    return rows_


def end(sessions: list[UserSession]) -> None:
    """These end at their next request."""
    Session.objects.filter(session_key__in=[s.session_key for s in sessions]).delete()
    UserSession.objects.filter(pk__in=[s.pk for s in sessions]).delete()
