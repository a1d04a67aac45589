"""Portal links that external people of the demo received."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import NamedTuple

import orjson

from civicmail.city.identity.demo import OUTSIDE
from civicmail.core.disk.files import OS_FILES
from civicmail.front.sample.mail import Posting

MAX_LINKS = 6
"""Maximum of stored links, newest first."""


class Link(NamedTuple):
    """to: whose mail it stood in; subject: of that mail."""

    to: str
    subject: str
    url: str


def links(posting: Posting, pages: str) -> list[Link]:
    """pages: where the pages of the city are. Each link once; mail without one is not even read."""
    if pages.encode() not in posting.content or not posting.recipients:
        return []
    message = message_from_bytes(posting.content, EmailMessage, policy=default)
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    urls = dict.fromkeys(re.findall(rf"{re.escape(pages)}/[\w./~-]+", text))
    urls.pop(f"{pages}/really/", None)  # that is everybody's
    return [Link(posting.recipients[0], str(message["Subject"] or ""), url) for url in urls]


def note(data: Path, links: list[Link]) -> None:
    """Store links for the demo's sign-in page."""
    path = data / OUTSIDE
    before = orjson.loads(path.read_bytes()) if path.exists() else []
    OS_FILES.replace(path, orjson.dumps([*(link._asdict() for link in links), *before][:MAX_LINKS]))
