"""Programs that ask the API: a token of one of the town's people, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import timezone

from civicmail.city.guard.models import Account
from civicmail.city.identity import one_time_secrets
from civicmail.city.identity.models import Token
from civicmail.city.identity.token_scopes import SCOPES
from civicmail.city.snapshot.credentials import device_key

Ask = Callable[..., Any]


def token_of(person: Any, scopes: Iterable[str] = SCOPES) -> str:
    """As tokens.make_for_program makes it, also for whoever may not make one."""
    text, now = one_time_secrets.new_secret("token"), timezone.now()
    Token.objects.create(
        person=person, name="a program", scopes=list(scopes), epoch=Account.objects.get(person=person).epoch, made=now,
        mac=one_time_secrets.seal("token", device_key(settings.DATA), text), until=now + timedelta(days=30),
    )  # fmt: skip
    return text


def asking(person: Any = None, scopes: Iterable[str] = SCOPES) -> Ask:
    """ask("GET", "/me"), ask("POST", "/duties", {...}, if_match=tag): the answer of the API, nobody's without a person."""
    client = Client(raise_request_exception=False)
    token = token_of(person, scopes) if person is not None else ""

    def ask(method: str, path: str, body: Any = None, **headers: str) -> Any:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            said["Authorization"] = f"Bearer {token}"
        data = {} if body is None else {"data": body, "content_type": "application/json"}
        return client.generic(method, f"/api/v1{path}", **_encoded(data), headers=said)

    ask.token = token  # type: ignore[attr-defined]
    return ask


def _encoded(data: dict[str, Any]) -> dict[str, Any]:
    import orjson

    return {**data, "data": orjson.dumps(data["data"])} if data else {}
