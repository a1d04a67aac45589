"""A visitor of the demo can be somebody outside: by the links that such people are sent."""

from __future__ import annotations

from pathlib import Path

import orjson

from civicmail.city.identity.demo import OUTSIDE
from civicmail.front.sample.mail import Posting
from civicmail.front.sample.portal_links import MAX_LINKS, Link, links, note

PAGES = "http://127.0.0.1:8025"
MAIL = (
    b"Subject: A message for you\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"Open it:\r\n%s/pickup/ab_c-1/=\r\n\r\n\r\nIs it ours? %s/really/\r\n"
)


def test_links_to_the_pages_are_found_and_other_mail_is_not_read() -> None:
    found = links(Posting("no-reply@city.example", ["ada@home.example"], MAIL % ((PAGES.encode(),) * 2)), PAGES)
    assert found == [Link("ada@home.example", "A message for you", f"{PAGES}/pickup/ab_c-1/")]
    assert links(Posting("a@city.example", ["b@home.example"], b"\r\nhttp://elsewhere.example/pickup/1/"), PAGES) == []


def test_the_newest_links_are_kept(tmp_path: Path) -> None:
    for n in range(MAX_LINKS + 2):
        note(tmp_path, [Link("ada@home.example", f"no {n}", f"{PAGES}/pickup/{n}/")])
    kept = orjson.loads((tmp_path / OUTSIDE).read_bytes())
    assert [one["subject"] for one in kept] == [f"no {n}" for n in range(MAX_LINKS + 1, 1, -1)]
