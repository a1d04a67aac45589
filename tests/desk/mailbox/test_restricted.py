"""Who is restricted after a violation writes on the pages to one outside address at a time, too (P-30, decision 0039)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

import pytest

from civicmail.city.identity.models import Bar
from civicmail.desk.mailbox.submission import RESTRICTED, PageMessage
from desk.mailbox.writing import DANA, PAT, office
from pages.world import Town

pytestmark = pytest.mark.django_db


def test_the_pages_refuse_what_the_wire_refuses(installed: Path, city: Town) -> None:
    """The whole message, before it is sent; one outside address, and any inside, go as before."""
    who = city.people["crew0"]
    Bar.objects.create(
        person=who, kind="restriction", since=city.now - timedelta(days=1), reason="Violation 1.", first=city.people["office"]
    )
    with office(installed, city) as desk:

        def judged(*to: str) -> str:
            content = f"From: {who} <{DANA}>\r\nTo: {', '.join(to)}\r\nSubject: x\r\n\r\nYes.\r\n".encode()
            return desk.submission.forecast(PageMessage(uuid.UUID(int=1), who.uid, DANA, to, content)).judged.refused

        assert judged(PAT, "one@home.example") == ""
        assert judged("one@home.example", "two@home.example") == RESTRICTED
