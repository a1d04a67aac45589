"""Session lifetime: idle limit, age limit, and sessions per account (P-07).

Django counts from the last change of a session, which any page can make; here the sign-in counts. A session without a start
time is over.
"""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest

from civicmail.city.guard.models import Account
from civicmail.core.config.log import get_logger
from civicmail.front.web.sessions import row_of
from civicmail.front.web.signin import session_list

BEGAN = "began"
"""Key of the session: ms of the sign-in."""
SEEN = "seen"
"""Key of the session: ms of the last use, to within NOTED."""
NOTED = 60_000
"""ms within which use is not written again."""
MAX_SESSIONS = 10
"""Sessions of one account at a time; one more ends the oldest."""
MAX_IDLE = "HTTP_X_POLL"
"""Header of automatic requests of a page."""

log = get_logger()


def begin(request: HttpRequest, now: int) -> None:
    """A sign-in: the session counts from here."""
    request.session[BEGAN] = request.session[SEEN] = now


def why_over(request: HttpRequest, now: int) -> str:
    """Why the session is over now (epoch ms): "age" or "idle", else ""."""
    began, seen = request.session.get(BEGAN), request.session.get(SEEN)
    signin = settings.CITY.signin
    if not isinstance(began, int) or now - began >= signin.session * 1000:
        return "age"
    return "idle" if not isinstance(seen, int) or now - seen >= signin.idle * 1000 else ""


def note_use(request: HttpRequest, now: int) -> None:
    """Record a use of the session; automatic requests do not count."""
    if MAX_IDLE not in request.META and now - request.session[SEEN] >= NOTED:
        request.session[SEEN] = now


def renew(request: HttpRequest) -> None:
    """Another key for the same session, after a fresh proof: who knew the old one has nothing by it. It stays on My sign-in."""
    before = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=row_of(before)).update(session_key=row_of(request.session.session_key))


def end_oldest(account: Account, keep: str) -> int:
    """Keep the newest MAX_SESSIONS sessions of an account, including the row keep. Returns how many ended."""
    over = session_list.living(account, beside=keep)[MAX_SESSIONS - 1 :]
    session_list.end(over)
    if over:
        log.info("too many sessions: the oldest ended", person=account.person.uid, ended=len(over))
    return len(over)
