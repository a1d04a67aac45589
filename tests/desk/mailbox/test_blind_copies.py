"""Two accounts and one Bcc: eleven ways to learn of it, and more, are tried in the pages of a real installation (promise 4).

Three messages that differ in their blind copies alone: to nobody, to Pat, to Pat and Rosa. For Lena, who is named in To, all three
must be the same; for Pat the last two. What the sender sees shows that the test would notice.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from civicmail.core.message.blind_fields import NAMES
from civicmail.mail.archive.records import Type, uuid_text
from desk.mailbox.post import Post, letter
from pages.world import Town

pytestmark = pytest.mark.django_db
DANA, LENA, PAT, ROSA = (f"{n}@city.example" for n in ("dana.ortiz", "lena.vogt", "pat.nguyen", "rosa.hale"))
SECRETS = ("rosa.hale", "rosa hale", "hidden-words")
PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_OF_A_MOMENT = (
    (_UUID, "ID"),
    (re.compile(r"<time [^>]*>[^<]*</time>"), "TIME"),
    (re.compile(r"Reference [0-9a-f]+"), "REFERENCE"),
    (re.compile(r' aria-current="true"'), ""),  # which one of a conversation is looked at
    (re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"'), "TOKEN"),
    (re.compile(r"\d\d:\d\d(:\d\d)?|\d+:\d\d [ap]\.m\."), "CLOCK"),
)

_FOLDED = re.compile(r'<details class="cm-fold".*?</details>\n', re.DOTALL)
"""Another message of the conversation."""


@dataclass
class Sent:
    """ids of the message to nobody, to Pat, to Pat and Rosa; bodies as they were submitted; elsewhere: Rosa's own, from outside."""

    ids: list[bytes]
    bodies: list[bytes]
    elsewhere: bytes

    def pages(self, n: int) -> str:
        return f"/mail/{uuid_text(self.ids[n])}/"


@pytest.fixture
def sent(post: Post) -> Sent:
    plain = letter(
        sender=f"Dana Ortiz <{DANA}>", to=LENA, subject="Budget", text="Ward 6 in numbers.", Message_ID="<b@city.example>"
    )
    blind = [[], [PAT], [PAT, ROSA]]
    names = {PAT: f'"Pat Nguyen" <{PAT}>', ROSA: f'"Rosa Hale, hidden-words" <{ROSA}>'}
    bodies = [(f"Bcc: {', '.join(names[a] for a in to)}\r\n".encode() if to else b"") + plain for to in blind]
    ids = [post.submit(DANA, body, LENA, *to) for body, to in zip(bodies, blind, strict=True)]
    for id_ in ids:
        post.delivered(id_, 0)
    for id_ in ids[1:]:
        post.delivered(id_, 1)
    post.happens(Type.DEFERRED, ids[2], 2, reply="451 mailbox of rosa.hale is full", next=post.now + 60_000, **{"try": 1})
    elsewhere = post.arrive(letter(sender="x@y.example", to=LENA, subject="Budget"), ROSA, sender="x@y.example")
    post.index()
    return Sent(ids, bodies, elsewhere)


def bare(response: Any, status: int = 200) -> str:
    """A page without what differs between two looks at the same."""
    assert response.status_code == status, response.status_code
    text = response.content.decode()
    for pattern, word in _OF_A_MOMENT:
        text = pattern.sub(word, text)
    return _FOLDED.sub("", text) + "".join(sorted(_FOLDED.findall(text)))  # in which order depends on which one is looked at


def alike(client: Client, sent: Sent, which: list[int], beside: str = "", query: str = "") -> None:
    for n in which:
        client.get(sent.pages(n))  # what is read counts in the menu as read
    found = [bare(client.get(f"{sent.pages(n)}{beside}{query}")) for n in which]
    assert len(set(found)) == 1, f"{beside}{query}"
    silent(found[0])


def silent(said: str) -> None:
    words = html.unescape(said).lower()
    assert not [secret for secret in SECRETS if secret in words]


def count_of(client: Client, query: str) -> int:
    return count_in(client, urlencode({"q": query}))


class Ways:
    """Each takes the client of somebody who wants to know, and the messages that must be the same for them."""

    def __init__(self, sent: Sent) -> None:
        self.sent = sent

    def the_whole_as_a_download(self, client: Client, which: list[int]) -> None:
        """Content, length, and the name, which is made of its hash."""
        got = [client.get(f"{self.sent.pages(n)}raw/") for n in which]
        assert len({r.content for r in got}) == 1
        assert len({r["Content-Disposition"] for r in got}) == 1
        assert got[0].content == self.sent.bodies[0]

    def the_list(self, client: Client, which: list[int]) -> None:
        rows = re.findall(r'<tr role="row"[^>]*>\n<td.*?</tr>', bare(client.get("/mail/?q=subject:budget")), re.DOTALL)
        assert len(rows) == len(which)
        assert len(set(rows)) == 1
        silent(rows[0])

    def counts_of_operators(self, client: Client, which: list[int]) -> None:
        """All of them or none, for every operator that could tell one from another."""
        for text in (
            f"bcc:{ROSA}", "bcc:rosa", 'bcc:"rosa hale"', "bcc:ros*", "bcc:@city.example", "rcpt:rosa.hale", f"rcpt:{ROSA}",
            "rcpt:hale", "rcpt:ros*", ROSA, "rosa", "hidden-words", '"rosa hale"', "rosa AROUND 3 hale", "hid*",
            "bcc:rosa AROUND 3 hale", "rcpt:lena AROUND 30 rosa", "has:attachment",
            "is:unreadable", "from:dana", "list:rosa", "custodian:rosa",
            "folder:rosa",
        ):  # fmt: skip
            for query in (f"subject:budget ({text})", f"subject:budget -({text})"):
                assert count_of(client, query) in (0, len(which)), query

    def counts_of_sizes(self, client: Client, which: list[int]) -> None:
        sizes = {len(body) + n for body in self.sent.bodies for n in (-1, 0, 1)}
        for size in sizes:
            for query in (f"larger:{size}", f"smaller:{size}"):
                assert count_of(client, f"subject:budget {query}") in (0, len(which)), query

    def hashes_that_are_guessed(self, client: Client, which: list[int]) -> None:
        for body in (*self.sent.bodies, self.sent.bodies[0].replace(b"\r\n", b"\n")):
            digest = hashlib.sha256(body).hexdigest()
            for text in (f"sha256:{digest}", f"sha256:{digest[:12]}", f"id:{digest[:20]}", f"-sha256:{digest}"):
                assert count_of(client, f"subject:budget {text}") in (0, len(which)), text

    def the_file_of_the_list(self, client: Client, which: list[int]) -> None:
        response = client.get("/mail/?q=subject:budget&format=csv")
        lines = b"".join(response.streaming_content).decode().splitlines()[1:]
        cleaned = {re.sub(r"\d{4}-\d\d-\d\dT[^,]*", "TIME", _UUID.sub("ID", line)) for line in lines}
        assert len(lines) == len(which)
        assert len(cleaned) == 1
        silent(lines[0])

    def answers_for_programs(self, client: Client, which: list[int]) -> None:
        """There is no other answer than the page, whatever is asked for."""
        for query in ("format=json", "format=xml", "view=json"):
            silent(bare(client.get(f"/mail/?q=subject:budget&{query}", headers={"Accept": "application/json"})))
        silent(bare(client.get("/mail/?q=subject:budget", headers=PARTIAL)))
        alike(client, self.sent, which, query="?format=json")

    def the_reading_view(self, client: Client, which: list[int]) -> None:
        alike(client, self.sent, which)

    def the_headers(self, client: Client, which: list[int]) -> None:
        alike(client, self.sent, which, query="?view=headers")
        said = bare(client.get(f"{self.sent.pages(which[-1])}?view=headers")).lower()
        assert not any(f">{name.decode()}<" in said for name in NAMES)

    def the_look_of_the_sender(self, client: Client, which: list[int]) -> None:
        alike(client, self.sent, which, query="?view=sent")
        alike(client, self.sent, which, "frame/")

    def files_by_number(self, client: Client, which: list[int]) -> None:
        for path in ("1", "0", "1.1", "1/1"):
            found = [client.get(f"{self.sent.pages(n)}file/?path={path}") for n in which]
            assert len({(r.status_code, r.content if r.status_code == 200 else b"") for r in found}) == 1

    def hash_and_size_as_shown(self, client: Client, which: list[int]) -> None:
        for n in which:
            said = client.get(self.sent.pages(n)).content.decode()
            for body in self.sent.bodies[1:]:
                assert hashlib.sha256(body).hexdigest()[:12] not in said

    def the_conversation(self, client: Client, which: list[int]) -> None:
        alike(client, self.sent, which, "thread/")
        for text in ("thread:b@city.example", *(f"thread:{hashlib.sha256(b).hexdigest()}" for b in self.sent.bodies)):
            assert count_of(client, f"subject:budget {text}") in (0, len(which)), text

    def the_delivery(self, client: Client, which: list[int]) -> None:
        alike(client, self.sent, which, "delivery/")

    def states(self, client: Client, which: list[int]) -> None:
        """Rosa's copy waits; nobody else's list says so."""
        for state in ("waiting", "held", "refused"):
            assert count_in(client, f"state={state}") == 0

    def a_link_to_what_is_anothers(self, client: Client, which: list[int]) -> None:
        theirs = f"/mail/{uuid_text(self.sent.elsewhere)}/"
        nothing = "/mail/01890000-0000-7000-8000-000000000000/"
        for beside in ("", "raw/", "frame/", "file/?path=1", "delivery/", "thread/", "?view=headers"):
            assert bare(client.get(theirs + beside), 404) == bare(client.get(nothing + beside), 404)
        for text in (f"id:{uuid_text(self.sent.elsewhere)}", f"thread:{uuid_text(self.sent.elsewhere)}"):
            assert count_of(client, text) == 0

    def pages_and_their_cursors(self, client: Client, which: list[int]) -> None:
        """Every cursor that can be made of anybody's id leads only to what is one's own."""
        for id_ in (*self.sent.ids, self.sent.elsewhere):
            for cursor in (f"after=n{id_.hex()}", f"before=o{id_.hex()}"):
                silent(bare(client.get(f"/mail/?q=subject:budget&{cursor}")))


def count_in(client: Client, address: str) -> int:
    said = client.get(f"/mail/?{address}", headers=PARTIAL).content.decode()
    found = re.search(r'class="cm-cover"[^>]*><strong>([\d,]+)</strong>', said)
    assert found, address
    return int(found[1].replace(",", ""))


def all_ways(sent: Sent) -> list[Callable[[Client, list[int]], None]]:
    ways = Ways(sent)
    return [getattr(ways, name) for name in vars(Ways) if not name.startswith("_")]


@pytest.mark.rule("P-06, promise 4", "Recipients see a message as it was delivered to them in every page, view and download.")
def test_two_accounts_and_one_bcc_eleven_ways_to_learn_of_it_and_none_works(sent: Sent, visit: Callable[[str], Client]) -> None:
    """Acceptance 3: whoever is named learns of no blind copy, and whoever got one of no other."""
    ways = all_ways(sent)
    assert len(ways) >= 11
    for who, which in (("crew1", [0, 1, 2]), ("crew2", [1, 2])):
        client = visit(who)
        for way in ways:
            way(client, which)


def test_the_sender_sees_every_copy_and_the_message_as_it_is_kept(sent: Sent, visit: Callable[[str], Client], city: Town) -> None:
    client = visit("crew0")
    assert count_of(client, "bcc:rosa") == count_of(client, "rcpt:rosa.hale") == count_of(client, "hidden-words") == 1
    assert count_of(client, f"sha256:{hashlib.sha256(sent.bodies[2]).hexdigest()}") == 1
    assert count_of(client, f"larger:{len(sent.bodies[2]) - 1}") == 1
    assert client.get(f"{sent.pages(2)}raw/").content == sent.bodies[2]
    said = html.unescape(client.get(f"{sent.pages(2)}delivery/").content.decode())
    assert all(address in said for address in (LENA, PAT, ROSA))
    assert "451 mailbox of rosa.hale is full" in said
    assert count_in(client, "state=waiting") == 1
