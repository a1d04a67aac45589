"""Request JSON and messages from an API: a token with each request, waiting while throttled, no host but the named one."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from civicmail.core.config.errors import ConfigError
from civicmail.mail.importers.errors import BadServer, MailboxRefused
from civicmail.mail.importers.remote.source import Fetched, Item, Patience, Throttled
from civicmail.mail.importers.remote.tokens import Tokens, seconds_of
from civicmail.mail.importers.remote.web import MAX_JSON, Answer, BadAnswer, Web, require_secure

PARALLEL_REQUESTS = 4
"""Requests about one mailbox at a time: what Graph allows an application."""
MAX_RETRIES = 5
"""Incomplete answers or server errors per request before it fails."""
_RATE = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded", "ApplicationThrottled"})
_LATER = frozenset({408, 425, 429, 503, 509})


class Missing(Exception):
    """The requested object does not exist (any more)."""


class Api:
    """One API. base: https://host[/path], prefix of every path; ca: a PEM file of authorities. Thread-safe."""

    def __init__(self, base: str, tokens: Tokens, patience: Patience, ca: str = "") -> None:
        require_secure(base, "server")
        to = urlsplit(base)
        self.place = to.netloc
        self._base, self._path, self._ca = base, to.path.rstrip("/"), ca
        self._tokens = tokens
        self._patience = patience
        self._own = threading.local()
        self._lock = threading.Lock()
        self._waits = 0
        self._webs: list[Web] = []

    def get(
        self,
        mailbox: str,
        path: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_JSON,
    ) -> Answer:
        """path: below the base, or a whole address there. Raises Missing, MailboxRefused, BadServer, SourceAway, ConfigError."""
        target = self._target(path, query)
        halves = refused = 0
        while True:
            waits = self._waits
            try:
                answer = self._web().ask("GET", target, {**(headers or {}), **self._authorization(mailbox)}, max_bytes=max_bytes)
                if self._is_good(answer):
                    with self._lock:
                        self._patience.answered()
                    return answer
                if answer.status == 401 and not refused:
                    refused += 1
                    self._tokens.forget(mailbox)
                    continue
                raise MailboxRefused(f"{self.place} answers {answer.status} for {mailbox}: {_reason(answer)}")
            except Throttled as later:
                why, after = str(later), later.after
            except ssl.SSLCertVerificationError as error:
                raise ConfigError(f"The certificate of {self.place} does not verify: {error.verify_message}.") from None
            except BadAnswer as half:
                halves += 1
                if halves > MAX_RETRIES:
                    raise BadServer(f"{self.place} gives no whole answer: {half}") from None
                why, after = str(half), 0.0
            except OSError as error:
                why, after = f"{self.place} does not answer: {error.strerror or error}", 0.0
            self._wait(waits, why, after)

    def _wait(self, waits: int, why: str, after: float = 0.0) -> None:
        """Wait once for all threads that were throttled together. waits: the count at the time of the request."""
        with self._lock:
            if waits == self._waits:
                self._patience.wait(why, after)
                self._waits += 1

    def _is_good(self, answer: Answer) -> bool:
        """Raises Missing, Throttled, BadAnswer."""
        if 200 <= answer.status < 300:
            if answer.headers.get("content-type", "").lower().startswith("text/html"):
                raise BadAnswer("it answers with a page for people")
            return True
        if answer.status in (404, 410):
            raise Missing(_reason(answer))
        rated = answer.status == 403 and bool(_RATE & _codes(answer))
        if answer.status in _LATER or rated:
            raise Throttled(f"{self.place} answers {answer.status}: {_reason(answer)}", seconds_of(answer.headers))
        if answer.status >= 500:
            raise BadAnswer(f"it answers {answer.status}: {_reason(answer)}")
        return False

    def json(
        self, mailbox: str, path: str, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """A JSON object. Invalid JSON counts as an incomplete answer."""
        for _ in range(MAX_RETRIES):
            waits = self._waits
            answer = self.get(mailbox, path, query, headers)
            try:
                return answer.json()
            except BadAnswer as half:
                self._wait(waits, str(half))
        raise BadServer(f"{self.place} gives no JSON for {path.partition('?')[0]}")

    def _authorization(self, mailbox: str) -> dict[str, str]:
        with self._lock:
            return {"Authorization": f"Bearer {self._tokens.token(mailbox)}", "User-Agent": "civicmail"}

    def _target(self, path: str, query: Mapping[str, str] | None) -> str:
        """The path of a URL on the base's host. A token is sent to no other host, whatever an answer contains."""
        if path.startswith("/"):
            return f"{self._path}{path}{'?' + urlencode(query) if query else ''}"
        to, own = urlsplit(path), urlsplit(self._base)
        if (to.scheme, to.netloc) != (own.scheme, own.netloc):
            raise BadServer(f"{self.place} points to another server for its next page: {to.netloc[:100]}")
        return f"{to.path}{'?' + to.query if to.query else ''}"

    def _web(self) -> Web:
        web: Web | None = getattr(self._own, "web", None)
        if web is None:
            web = self._own.web = Web(self._base, self._ca)
            with self._lock:
                self._webs.append(web)
        return web

    def close(self) -> None:
        for web in self._webs:
            web.close()
        self._webs.clear()
        self._own = threading.local()


def side_by_side(items: Sequence[Item], fetch: Callable[[Item], Fetched]) -> Iterator[Fetched]:
    """Several requests at a time, in the order of the items."""
    with ThreadPoolExecutor(PARALLEL_REQUESTS, thread_name_prefix="fetch") as threads:
        yield from threads.map(fetch, items)


def list_of(plain: Mapping[str, Any], name: str, place: str) -> list[dict[str, Any]]:
    """A list of objects in an answer; none where it is left out. Raises BadServer."""
    values = plain.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise BadServer(f"{place} gives {name} that is no list of objects")
    return values


def text_in(plain: Mapping[str, Any], name: str, place: str) -> str:
    """Raises BadServer where there is none."""
    value = plain.get(name)
    if not isinstance(value, str) or not value:
        raise BadServer(f"{place} gives an object without {name}")
    return value


def _error(answer: Answer) -> dict[str, Any]:
    try:
        error = orjson.loads(answer.body).get("error")
    except (ValueError, AttributeError):
        return {}
    return error if isinstance(error, dict) else {"message": str(error)}


def _reason(answer: Answer) -> str:
    error = _error(answer)
    text = " ".join(str(error[name]) for name in ("code", "message") if name in error)
    return "".join(c if c.isprintable() else " " for c in text)[:300] or "without a reason"


def _codes(answer: Answer) -> set[str]:
    error = _error(answer)
    more = error.get("errors")
    reasons = [item.get("reason") for item in more if isinstance(item, dict)] if isinstance(more, list) else []
    return {str(code) for code in (error.get("code"), *reasons)}
