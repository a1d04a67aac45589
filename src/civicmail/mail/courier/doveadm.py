"""Dovecot's administration interface (doveadm over HTTP), which ends open connections."""

from __future__ import annotations

import base64
import http.client
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from civicmail.core.config.deadline import within
from civicmail.core.config.errors import ConfigError

TIMEOUT = 4.0


def doveadm(url: str, key_file: str) -> Callable[[list[str]], None]:
    """End every open connection of these mailboxes, with a key (doveadm_api_key) and one command for each: a command with two masks
    crashes Dovecot 2.4.1's doveadm and ends nothing. An empty list only tests the key. Raises ConfigError if the key cannot be
    read; the returned function raises OSError if Dovecot fails."""
    try:
        key = Path(key_file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"signin.kick_key_file {key_file} cannot be read: {error.strerror}.") from None
    to = urlsplit(url)
    headers = {"Authorization": f"X-Dovecot-API {base64.b64encode(key.encode()).decode()}", "Content-Type": "application/json"}

    def kick(mailboxes: list[str]) -> None:
        wire = http.client.HTTPConnection(to.hostname or "", to.port or 80, timeout=TIMEOUT)
        try:
            with within(wire, 3 * TIMEOUT):
                wire.request("POST", "/doveadm/v1", orjson.dumps([["kick", {"mask": [m]}, m] for m in mailboxes]), headers)
                answer = wire.getresponse()
                text = answer.read()
            if answer.status != 200 or text.count(b'["doveadmResponse"') != len(mailboxes):
                raise OSError(f"Dovecot answered {answer.status}: {text[:200]!r}")
        except http.client.HTTPException as error:
            raise OSError(f"Dovecot did not answer: {type(error).__name__}") from error
        finally:
            wire.close()

    return kick
