"""What tests of the pages of mandates ask and look for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from civicmail.city.guard import models as guard

Visit = Callable[[str], Client]


def text(response: Any) -> str:
    return b"".join(response).decode() if response.streaming else response.content.decode()


def asked(client: Client, path: str) -> Any:
    """A page of mandate 26-001; files are fetched by a form."""
    ask = client.post if path.endswith(("raw/", "path=1.2")) else client.get
    return ask(f"/mandates/26-001/{path}")


def entries(number: str, act: str = "content.") -> list[guard.Entry]:
    return list(guard.Entry.objects.filter(object=f"mandate:{number}", act__startswith=act).order_by("id"))
