"""OAuth 2.0 access tokens: from a file, by a refresh token, by client credentials, or by a signed assertion.

RFC 6749 4.4 and 6, RFC 7523 2.1 (Google's domain-wide delegation: `sub` is the mailbox). Secrets are only in files.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from civicmail.core.config.errors import ConfigError
from civicmail.mail.importers.errors import MailboxRefused
from civicmail.mail.importers.remote.source import Throttled
from civicmail.mail.importers.remote.web import BadAnswer, Web, require_secure

EARLY = 120.0
"""Seconds before its end at which a token is replaced."""
_ASSERTION_SECONDS = 3600
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Grant:
    """How to get tokens. file: contains the token itself, renewed by another program; else url is the token endpoint, with
    refresh_file, or secret_file of the client, or key_file of a service account (Google's JSON)."""

    file: str = ""
    url: str = ""
    client_id: str = ""
    secret_file: str = ""
    refresh_file: str = ""
    key_file: str = ""
    scope: str = ""
    ca: str = ""


class Tokens:
    """The token of the moment for each mailbox. clock: seconds since 1970. Raises ConfigError for a grant that cannot be used."""

    def __init__(self, grant: Grant, clock: Callable[[], float] = time.time) -> None:
        self._grant = grant
        self._clock = clock
        self._have: dict[str, tuple[str, float]] = {}
        self._key = _service_account(grant.key_file) if grant.key_file else {}
        self._url = grant.url or str(self._key.get("token_uri", ""))
        if bool(grant.file) == bool(self._url):
            raise ConfigError("[token] must have either file, or url with what the token endpoint takes.")
        if self._url:
            require_secure(self._url, "[token] url")
            if not (grant.key_file or grant.secret_file or grant.refresh_file):
                raise ConfigError("[token] needs client_secret_file, refresh_token_file or key_file.")

    def token(self, mailbox: str) -> str:
        """Raises MailboxRefused where the token endpoint refuses, Throttled where it does not answer."""
        if self._grant.file:
            return secret(self._grant.file)
        owner = mailbox if self._grant.key_file else ""
        have, ends = self._have.get(owner, ("", 0.0))
        if self._clock() < ends - EARLY:
            return have
        have, seconds = self._requested(mailbox)
        self._have[owner] = have, self._clock() + seconds
        return have

    def forget(self, mailbox: str) -> None:
        """The source did not take it: get another one the next time."""
        self._have.pop(mailbox if self._grant.key_file else "", None)

    def _requested(self, mailbox: str) -> tuple[str, float]:
        to = urlsplit(self._url)
        body = urlencode({name: value for name, value in self._form(mailbox).items() if value}).encode()
        web = Web(self._url, self._grant.ca)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            answer = web.ask("POST", f"{to.path or '/'}{'?' + to.query if to.query else ''}", headers, body, 1 << 20)
            reply = answer.json() if answer.status < 500 and answer.status != 429 else {}
        except (OSError, BadAnswer) as error:
            if type(error).__name__ == "SSLCertVerificationError":
                raise ConfigError(f"The certificate of {to.hostname} does not verify: {error}.") from None
            raise Throttled(f"the token endpoint {to.hostname} does not answer: {error}") from error
        finally:
            web.close()
        if answer.status == 429 or answer.status >= 500:
            raise Throttled(f"the token endpoint {to.hostname} answered {answer.status}", seconds_of(answer.headers))
        token, lasts = reply.get("access_token"), reply.get("expires_in", 300)
        if answer.status != 200 or not isinstance(token, str) or not token:
            why = " ".join(str(reply.get(k)) for k in ("error", "error_description") if reply.get(k))[:300]
            raise MailboxRefused(f"The token endpoint {to.hostname} gives no token ({answer.status}): {why or 'no reason'}")
        if isinstance(new := reply.get("refresh_token"), str) and new and self._grant.refresh_file:
            self._rotated(new)
        return token, float(lasts) if isinstance(lasts, int | float) else 300.0

    def _form(self, mailbox: str) -> dict[str, str]:
        g = self._grant
        if g.key_file:
            return {"grant_type": _JWT_BEARER, "assertion": self._assertion(mailbox)}
        form = {"client_id": g.client_id, "scope": g.scope, "client_secret": secret(g.secret_file) if g.secret_file else ""}
        if g.refresh_file:
            return form | {"grant_type": "refresh_token", "refresh_token": secret(g.refresh_file)}
        return form | {"grant_type": "client_credentials"}

    def _rotated(self, new: str) -> None:
        """A refresh token that is good once is replaced by its successor, durably: the old one opens nothing any more."""
        from civicmail.core.disk.files import OS_FILES

        path = Path(self._grant.refresh_file).absolute()
        if secret(str(path)) != new:
            OS_FILES.replace(path, f"{new}\n".encode())

    def _assertion(self, mailbox: str) -> str:
        import jwt

        now = int(self._clock())
        claims = {
            "iss": self._key["client_email"],
            "sub": mailbox,
            "scope": self._grant.scope,
            "aud": self._key.get("token_uri") or self._url,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
        }
        try:
            return jwt.encode(claims, self._key["private_key"], "RS256", headers={"kid": str(self._key.get("private_key_id", ""))})
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise ConfigError(f"The private key in {self._grant.key_file} cannot be used: {type(error).__name__}.") from None


def secret(path: str) -> str:
    """The content of a secret file. Raises ConfigError."""
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The secret file {path} cannot be read: {getattr(error, 'strerror', 'it is no text')}.") from None
    if not text:
        raise ConfigError(f"The secret file {path} is empty.")
    return text


def seconds_of(headers: Any) -> float:
    """Retry-After (RFC 9110 10.2.3) in seconds; a date counts as missing, because no API that we use sends one."""
    text = str(headers.get("retry-after", "")).strip()
    return min(float(text), 3600.0) if text.isascii() and text.isdecimal() else 0.0


def _service_account(path: str) -> dict[str, Any]:
    try:
        plain = orjson.loads(secret(path))
    except ValueError:
        plain = None
    if (
        not isinstance(plain, dict)
        or not isinstance(plain.get("client_email"), str)
        or not isinstance(plain.get("private_key"), str)
    ):
        raise ConfigError(f"{path} is no key of a service account: it must have client_email and private_key, as Google gives it.")
    return plain
