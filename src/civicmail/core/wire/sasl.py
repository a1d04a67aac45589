"""Server side of SASL sign-in (RFC 4954): PLAIN (RFC 4616), LOGIN, OAUTHBEARER (RFC 7628) and XOAUTH2. Pure.

An exchange takes the client's data and returns the next step: another challenge, or the credentials for the application to check.
"""

from __future__ import annotations

import binascii
import re
from typing import Literal

from civicmail.core.wire.errors import CommandError, WireError
from civicmail.core.wire.events import Credentials

Mechanism = Literal["PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"]
MECHANISMS: tuple[Mechanism, ...] = ("PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2")

LINE_LIMIT = 12_288 + 64
"""Bytes of a line on a listener that signs people in (RFC 4954 4.3), with the words of AUTH before it."""

NAME_MOST = 320
BAD_BASE64 = "501 5.5.2 That is not base64"
CANCELLED = "501 5.7.0 The sign-in was canceled"
_AS_ANOTHER = "535 5.7.8 You can sign in as yourself only"
_NAMELESS = "501 5.5.2 The response is not one of this mechanism"
_ASK_NAME, _ASK_PASSWORD = b"Username:", b"Password:"
_REFUSED = {"OAUTHBEARER": b'{"status":"invalid_token","schemes":"bearer"}', "XOAUTH2": b'{"status":"401","schemes":"bearer"}'}
_GS2 = re.compile(r"[ny],(?:a=([^,\x01]*))?,")
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]+)", re.IGNORECASE)


def decode(response: bytes) -> bytes:
    """A response of the client, strictly base64; "=" is the empty one (RFC 4954 4)."""
    if response == b"=":
        return b""
    try:
        return binascii.a2b_base64(response, strict_mode=True)
    except binascii.Error:
        raise CommandError("A response is not base64.", BAD_BASE64) from None


def challenge(text: bytes) -> str:
    """The reply that continues the exchange."""
    return f"334 {binascii.b2a_base64(text, newline=False).decode('ascii')}"


class Exchange:
    """One sign-in. `take` gets each decoded response, including the initial one."""

    def __init__(self, mechanism: Mechanism) -> None:
        self.mechanism = mechanism
        self._name: str | None = None

    @property
    def question(self) -> bytes:
        """The challenge that comes next; empty where the client speaks first."""
        if self.mechanism != "LOGIN":
            return b""
        return _ASK_NAME if self._name is None else _ASK_PASSWORD

    def take(self, response: bytes) -> Credentials | None:
        """The credentials, or None when another response is needed. Raises WireError with the reply."""
        try:
            text = response.decode("utf-8")
        except UnicodeDecodeError:
            raise CommandError("A response is not UTF-8.", _NAMELESS) from None
        match self.mechanism:
            case "PLAIN":
                return _plain(text)
            case "LOGIN":
                if self._name is None:
                    self._name = _named(text)
                    return None
                return Credentials("LOGIN", self._name, text)
            case "OAUTHBEARER":
                return _oauthbearer(text)
            case "XOAUTH2":
                return _xoauth2(text)

    @property
    def refusal(self) -> bytes:
        """The error message for a client with a token before the reply (RFC 7628 3.2.2), which the client answers once more; empty
        for other mechanisms."""
        return _REFUSED.get(self.mechanism, b"")


def _plain(text: str) -> Credentials:
    parts = text.split("\0")
    if len(parts) != 3:
        raise CommandError("PLAIN has three parts.", _NAMELESS)
    authorization_id, name, password = parts
    return Credentials("PLAIN", _named(name, authorization_id), password)


def _oauthbearer(text: str) -> Credentials:
    header, _, rest = text.partition("\x01")
    gs2 = _GS2.fullmatch(header)
    if gs2 is None:
        raise CommandError("OAUTHBEARER has no GS2 header.", _NAMELESS)
    name = (gs2.group(1) or "").replace("=2C", ",").replace("=3D", "=")
    return Credentials("OAUTHBEARER", _named(name, empty=True), _token(rest))


def _xoauth2(text: str) -> Credentials:
    first, _, rest = text.partition("\x01")
    if not first.startswith("user="):
        raise CommandError("XOAUTH2 names no user.", _NAMELESS)
    return Credentials("XOAUTH2", _named(first[5:]), _token(rest))


def _token(rest: str) -> str:
    """The token among key=value pairs that end in 0x01, the last of them in two."""
    if not rest.endswith("\x01\x01") and rest != "\x01":
        raise CommandError("The response does not end.", _NAMELESS)
    tokens = [pair[5:] for pair in rest.split("\x01") if pair.startswith("auth=")]
    bearer = _BEARER.fullmatch(tokens[0]) if len(tokens) == 1 else None
    if bearer is None:
        raise CommandError("There is no bearer token.", _NAMELESS)
    return bearer.group(1)


def _named(name: str, authorization_id: str = "", *, empty: bool = False) -> str:
    """The name of the sign-in. other: the authorization identity, which may only be the same."""
    if (not name and not empty) or len(name) > NAME_MOST or not name.isprintable():
        raise CommandError("The name is empty or not one.", _NAMELESS)
    if authorization_id and authorization_id.lower() != name.lower():
        raise WireError("Acting as another person is not permitted.", _AS_ANOTHER)
    return name
