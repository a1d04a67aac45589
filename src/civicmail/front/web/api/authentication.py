"""API authentication: a person's token, scopes, rate limit, and the same actor as on the pages (P-07, D4).

There are no sessions here, so a foreign page cannot make a browser send a request (CSRF). The account is checked at each
request: when access ends, the token ends (L2).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import HttpBearer

from civicmail.city.guard.access_status import why_refused
from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.guard.errors import NotPermitted
from civicmail.city.guard.models import Account
from civicmail.city.guard.permissions import PERMISSIONS
from civicmail.city.identity.actions import tokens
from civicmail.city.identity.models import Token
from civicmail.city.identity.queries import access_status
from civicmail.city.identity.queries.actors import actor_of
from civicmail.city.pages.city_request import CityRequest
from civicmail.core.config.sentence import sentence
from civicmail.front.web.api.errors import NoToken, OutOfScope, TooMany
from civicmail.front.web.signin.request_actor import client

MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose program asks, and by which token."""

    account: Account
    token: Token


class Call(CityRequest):
    """A request as operations see it: as pages do (city/pages/city_request.py), and by which token."""

    act: str
    auth: Caller


class Rate:
    """Requests of each token in this minute. The pages have one process, so this counts all of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._count: dict[str, int] = {}

    def note(self, token: str, now: int, limit: int) -> None:
        """One more. token: its seal; now: ms; most: of a minute. Raises TooMany."""
        minute, into = divmod(now, MINUTE)
        with self._lock:
            if minute != self._minute:
                self._minute, self._count = minute, {}
            count = self._count[token] = self._count.get(token, 0) + 1
        if count > limit:
            raise TooMany(max(1, (MINUTE - into) // 1000))


RATE = Rate()


class Bearer(HttpBearer):
    """The door of one operation. scope: what its token must have been made for; act: of the guard's table, for who still has to
    accept the policy."""

    def __init__(self, scope: str, act: str) -> None:
        super().__init__()
        self.scope, self.act = scope, act

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """Puts the actor on the request as the middleware does for pages. Raises NoToken, OutOfScope, TooMany, NotPermitted."""
        call: Any = request
        now = epoch_ms(call.now)
        call.act = self.act
        program = tokens.program_by(token, now=now)
        if program is None:
            raise NoToken("This token opens nothing: it is wrong, over or ended, or its person may not sign in.")
        row, account = program
        RATE.note(row.mac, now, settings.CITY.web.api_rate)
        call.user, call.actor = account, actor_of(account, client(request), now)
        if self.scope not in row.scopes:
            raise OutOfScope(self.scope)
        if not call.actor.admitted and not PERMISSIONS[self.act].before_admission:
            problem = why_refused(access_status.status_of(account.person.pk, now), now)
            raise NotPermitted(problem or sentence("Acknowledge the e-mail policy first."))
        return Caller(account, row)
