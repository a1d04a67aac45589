"""Send a signed webhook, and retry it until the other program accepts it (L2, P-08). Knows no Django.

The format is Standard Webhooks: `webhook-id` is the same at each try, so that nothing is done twice.
`webhook-signature` is `v1,` and the base64 of the HMAC-SHA-256 of "id.timestamp.body" under a shared secret.
Requests go only to addresses in the settings; redirects are not followed.

    hook = Hook.of(url, secret_file)
    reply = send(hook, body, id_=…, now=ms)       one try; never raises for what the other side does
    now + retry_delay(tries)                      when the next one is due
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path

from civicmail.city.notices.http_post import TIMEOUT, post, require_address
from civicmail.core.config.errors import ConfigError

FIRST_RETRY_MS, MAX_RETRY_MS = 30_000, 4 * 3_600_000
"""ms until the second try, and at most between two."""
MAX_CLOCK_SKEW_MS = 300_000
"""ms by which the two clocks may differ."""
MIN_SECRET_BYTES = 24
_PREFIX = "whsec_"


@dataclass(frozen=True, slots=True)
class Hook:
    """The address of a webhook, and its signing secret."""

    url: str
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, url: str, secret_file: str) -> Hook:
        """Raises ConfigError for an address that is neither https nor on this machine, and for a secret that cannot be used."""
        require_address(url)
        try:
            text = Path(secret_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"The secret file {secret_file} cannot be read: {getattr(error, 'strerror', 'no text')}.") from None
        return cls(url, _secret(text, secret_file))


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply of the other program. status: 0 for no reply; body: at most 64 KiB; problem: in words, empty for success; gone: the
    receiver no longer exists (410), so that retrying is useless."""

    status: int
    body: bytes = b""
    problem: str = ""
    gone: bool = False

    @property
    def ok(self) -> bool:
        return not self.problem


def signature(secret: bytes, id_: str, at: int, body: bytes) -> str:
    """The value of webhook-signature. at: seconds since 1970."""
    mac = hmac.new(secret, f"{id_}.{at}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"


def is_signed(secret: bytes, id_: str, at: str, body: bytes, signatures: str, *, now: int) -> bool:
    """Whether one of the signatures is valid and recent, as a receiver checks it. now: ms."""
    try:
        seconds = int(at)
    except ValueError:
        return False
    if abs(now - seconds * 1000) > MAX_CLOCK_SKEW_MS:
        return False
    expected = signature(secret, id_, seconds, body)
    return any(hmac.compare_digest(expected.encode(), signature_.encode()) for signature_ in signatures.split())


def send(hook: Hook, body: bytes, *, id_: str, now: int, timeout: float = TIMEOUT) -> Reply:
    """Try once, with JSON. id_: the same at each try; now: ms. Blocks for three times `timeout` (s) at most."""
    at = now // 1000
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "civicmail",
        "webhook-id": id_,
        "webhook-timestamp": str(at),
        "webhook-signature": signature(hook.secret, id_, at, body),
    }
    answer = post(hook.url, body, headers, timeout=timeout)
    return Reply(0, problem=answer.problem) if answer.problem else _reply_of(answer.status, answer.body)


def retry_delay(tries: int) -> int:
    """ms until the next try after so many: twice as long after each."""
    return min(FIRST_RETRY_MS << min(max(tries, 1) - 1, 20), MAX_RETRY_MS)


def _reply_of(status: int, content: bytes) -> Reply:
    if 200 <= status < 300:
        return Reply(status, content)
    return Reply(status, content, f"it answered {status}", gone=status == 410)


def _secret(text: str, path: str) -> bytes:
    """The bytes of a secret: whsec_ and base64, as programs for Standard Webhooks write it, or the text itself."""
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True) if text.startswith(_PREFIX) else text.encode()
    except ValueError:
        raise ConfigError(f"The secret in {path} is not base64 behind {_PREFIX}.") from None
    if len(secret) < MIN_SECRET_BYTES:
        raise ConfigError(f"The secret in {path} is too short: at least {MIN_SECRET_BYTES} bytes.")
    return secret
