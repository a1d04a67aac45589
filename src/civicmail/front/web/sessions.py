"""Sessions: the row's key is a digest of the cookie and its data is encrypted, so that the database opens nothing (P-07).

Somebody who reads the database, or a copy, gets no cookie. Somebody who writes to it can end a session but cannot make, change
or move one: digest and encryption use the installation's secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, Self

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone


def row_of(key: str | None) -> str:
    """The key of the row of a session; "" for none. key: what the cookie says."""
    return _mac(f"session {key}").hex()[:40] if key else ""


class SessionStore(db.SessionStore):
    """Like Django's, but the database never contains the cookie's key."""

    _row = ""

    @classmethod
    def at(cls, row: str) -> Self:
        """The session in a row."""
        store = cls()
        store._row = row
        store._session_cache = store.load()  # type: ignore[attr-defined]  # the stubs leave it out
        return store

    @property
    def row(self) -> str:
        return self._row or row_of(self.session_key)

    def load(self) -> dict[str, Any]:
        row = Session.objects.filter(session_key=self.row, expire_date__gt=timezone.now()).first()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row.session_data)

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(session_key=row_of(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        self._get_or_create_session_key()  # type: ignore[attr-defined]  # as above
        return Session(session_key=self.row, session_data=self.encode(data), expire_date=self.get_expiry_date())

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            Session.objects.filter(session_key=row_of(key)).delete()

    def encode(self, session_dict: dict[str, Any]) -> str:
        return _box(self.row).encrypt(self.serializer().dumps(session_dict)).decode()

    def decode(self, session_data: str | bytes) -> dict[str, Any]:
        """Decrypt session data; empty if it was not encrypted for this row."""
        try:
            data: dict[str, Any] = self.serializer().loads(_box(self.row).decrypt(session_data))
        except (InvalidToken, ValueError):
            return {}
        return data


def _box(row: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_mac(f"what is in {row}")))


def _mac(text: str) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha256)
