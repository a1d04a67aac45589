"""What a copy from outside tells its reader, that what left is rebuilt, and that it is undone where it leaves the city (P-31)."""

from __future__ import annotations

import asyncio
import email
import email.policy
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.notices import signed_links
from civicmail.city.notices.errors import BadLink
from civicmail.city.policy.dispositions import Finding
from civicmail.core.config.settings import City, Courier, Marks, Settings, Web
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.courier import link_rewriting
from civicmail.mail.courier.archived_message import ArchivedMessage
from civicmail.mail.courier.marking import CopyMarker, CopyMarks
from civicmail.mail.courier.rendering import as_sent, render, sent_facts
from civicmail.mail.screening import correspondents
from civicmail.mail.screening.correspondents import Correspondents, number_of
from civicmail.mail.screening.knownhosts import place_of

BASE = "https://mail.city.example"
CAPTURE = bytes(range(16))
EVIL = "https://evil.example/login?a=1&b=2"
TWO = (
    b"From: a@out.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGo to https://evil.example/login?a=1&b=2.\r\n"
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n--b--\r\n"
)
PAGE = b'<html><body><p>Go <a href="https://evil.example/login?a=1&amp;b=2">www.bank.example</a> or https://www.city.example/</p>'
DOUBTED = (("lookalike", "The sender's domain looks like one that you know, and is another."),)


class Here:
    """A data folder, its settings, and copies that leave it."""

    def __init__(self, data: Path, **marks: Any) -> None:
        (data / "keys").mkdir()
        self.data = data
        self.settings = Settings(city=City(domains=["city.example"]), web=Web(url=BASE), marks=Marks(**marks))
        self.marking = CopyMarker(data, self.settings, lambda: 1_800_000_000_000)

    def marked(
        self, text: bytes, told: tuple[tuple[str, str], ...] = (), *, kind: str = "mx", **facts: Any
    ) -> tuple[CopyMarks, bytes]:
        envelope = Envelope("a@out.example", (Recipient("ann@city.example"),), 1_800_000_000_000)
        capture = Capture(
            CAPTURE, envelope.received, hashlib.sha256(text).digest(), len(text), bytes(32), Source(kind), envelope, facts=facts
        )
        kept = ArchivedMessage(capture, text)
        marked = self.marking.mark(kept, 3, "ann@city.example", told, inside=kind == "mx")
        sent = sent_facts("crlf", [], None, marked.replaced)
        left = b"".join(render(kept.pieces(), sent))
        assert as_sent([text], {"sent": sent, "sha256": hashlib.sha256(left).hexdigest()}) == left
        return marked, left

    def links(self, content: bytes) -> Iterator[link_rewriting.RewrittenLink]:
        for found in re.findall(rb"https://mail\.city\.example/l/([A-Za-z0-9_-]+)/{0,2}", content):
            yield link_rewriting.read(signed_links.ring(self.data), found.decode())


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path, links=["*"])


def contents(message: bytes) -> list[str]:
    read = email.message_from_bytes(message, policy=email.policy.default)
    return [part.get_content() for part in read.walk() if not part.is_multipart()]


def two(encoding: str) -> bytes:
    import base64
    import quopri

    page = PAGE
    if encoding == "base64":
        page = base64.encodebytes(PAGE).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        page = quopri.encodestring(PAGE).replace(b"\n", b"\r\n")
    return TWO % (encoding.encode(), page)


@pytest.mark.rule("P-31", "Links to unknown hosts lead to our page, with the name of the host in text.")
@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_links_to_unknown_hosts_lead_by_our_page_in_every_encoding(here: Here, encoding: str) -> None:
    """Each link to a host nobody here knows leads by our page, says whose copy it was and what its words pretended; the
    city's own are let be."""
    _, left = here.marked(two(encoding))
    plain, page = contents(left)
    (first,), (second,) = here.links(plain.encode()), here.links(page.encode())
    assert (first.capture, first.index, first.url, first.pretended) == (CAPTURE, 3, EVIL, "")
    assert (second.url, second.pretended) == (EVIL, "bank.example")
    assert "[evil.example] https://mail.city.example/l/" in plain and plain.rstrip().endswith(".") and "https://evil" not in plain
    assert "or https://www.city.example/</p>" in page and "evil.example" not in page


@pytest.mark.rule("P-31, promise 4", "Mail that leaves the city has the original links, and none that acts in a reader's name.")
@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_what_leaves_the_city_has_the_links_as_they_were(here: Here, encoding: str) -> None:
    """An answer that quotes our links leaves with the real ones, and with no link that works in a reader's name."""
    told = here.marked(two(encoding), DOUBTED)[1]
    _, left = here.marked(told, kind="submission")
    plain, page = contents(left)
    assert "Go to https://evil.example/login?a=1&b=2." in plain
    assert 'href="https://evil.example/login?a=1&amp;b=2"' in page
    assert not re.search(r"/(?:l|report|verify)/[A-Za-z0-9_-]{40}", plain + page)


def test_a_forged_link_of_ours_is_not_turned_into_anything(here: Here) -> None:
    text = b"From: x\r\n\r\nhttps://mail.city.example/l/" + b"A" * 80 + b"\r\n"
    here.marked(TWO)
    assert here.marked(text, kind="submission")[1] == text
    with pytest.raises(BadLink):
        link_rewriting.read(signed_links.ring(here.data), "A" * 80)


@pytest.mark.rule("P-31", "Links to whom the city writes to, to gov and mil, and to names of the settings lead there at once.")
def test_known_hosts_are_let_be(here: Here) -> None:
    """Links to whom the city writes to, to gov and mil, and to names of the settings lead there at once."""
    correspondents.write(here.data, Correspondents().merged_with({number_of(place_of("friend.example"))}, set()))
    text = b"From: x\r\n\r\nhttps://www.friend.example/ https://www.irs.gov/ https://user@www.irs.gov/ http://192.0.2.7/ ftp://x.example/\r\n"
    assert [link.url for link in here.links(here.marked(text)[1])] == ["https://user@www.irs.gov/", "http://192.0.2.7/"]


@pytest.mark.rule("P-31", "Signed and encrypted parts, files and calendars leave bit for bit.")
@pytest.mark.parametrize(
    "text",
    [
        b"From: x\r\nContent-Type: multipart/signed; boundary=s; protocol=x\r\n\r\n--s\r\n\r\nhttps://evil.example/\r\n--s\r\n"
        b"Content-Type: application/pgp-signature\r\n\r\nx\r\n--s--\r\n",
        b"From: x\r\n\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nhttps://evil.example/\r\n",
        b"From: x\r\nContent-Type: application/pkcs7-mime\r\n\r\nhttps://evil.example/\r\n",
        b"From: x\r\nContent-Type: text/calendar\r\n\r\nhttps://evil.example/\r\n",
        b"From: x\r\nContent-Disposition: attachment\r\n\r\nhttps://evil.example/\r\n",
        b"From: x\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJ*j\r\n",
    ],
)
def test_what_is_signed_sealed_or_a_file_stays_as_it_is(here: Here, text: bytes) -> None:
    """Signed and encrypted parts, files and calendars leave bit for bit."""
    assert here.marked(text, DOUBTED)[1] == text


@pytest.mark.rule("P-31", "A reason to doubt is one line at the top of each text, with links to verify and to report.")
def test_where_there_is_doubt_one_line_stands_above_all(here: Here) -> None:
    """A reason to doubt is one line at the top of each text, with links to verify and to report in this reader's name."""
    _, left = here.marked(two("base64"), DOUBTED)
    plain, page = contents(left)
    assert plain.startswith("[City mail: ") and plain.index(DOUBTED[0][1]) < plain.index("\n") < plain.index("Go to")
    assert page.index("<body>") < page.index("looks like one that you know") < page.index("<p>Go")
    for purpose in ("verify", "report"):
        found = re.search(rf"{BASE}/{purpose}/([A-Za-z0-9_-]+)/", plain)
        assert found is not None and found[0] in page
        said = signed_links.read(here.data, purpose, found[1], 1_800_000_000_000)  # type: ignore[arg-type]
        assert (said.capture, said.index) == (CAPTURE, 3)


@pytest.mark.rule("P-31", "Mail from outside is marked in a header line, and its text is unchanged without a reason.")
def test_plain_mail_from_outside_has_the_header_alone(here: Here) -> None:
    """Mail from outside says so in a header line, and nothing is put into its text without a reason."""
    text = b"From: x\r\n\r\nhello, see the account of www.city.example\r\n"
    marked, left = here.marked(text, (("first-contact", "New."),))
    assert left == text and [name for name, _ in marked.marks] == ["external"]
    assert here.marked(text, kind="submission")[0] == CopyMarks()


@pytest.mark.rule("P-31", "A first contact with a file or a bill is a reason to doubt.")
@pytest.mark.parametrize(
    ("text", "facts", "words"),
    [
        (b"Our bank details have changed", {}, "payment"),
        (b"Adjunto la factura vencida", {}, "payment"),
        (b"See you on Monday", {"files.count": 1}, "brings a file"),
    ],
)
def test_a_first_contact_with_a_file_or_a_bill_is_a_reason(here: Here, text: bytes, facts: dict[str, Any], words: str) -> None:
    """Whoever writes for the first time and sends a file or asks for money is doubted; whoever is known is not."""
    text = b"From: x\r\n\r\n" + text + b"\r\n"
    assert words in here.marked(text, (("first-contact", "New."),), **facts)[1].decode()
    assert here.marked(text, **facts)[1] == text


def test_without_an_address_of_our_pages_nothing_is_replaced(tmp_path: Path) -> None:
    here = Here(tmp_path, links=["*"])
    here.marking = CopyMarker(tmp_path, Settings(city=City(domains=["city.example"]), marks=Marks(links=["*"])), lambda: 0)
    assert here.marked(two("8bit"), DOUBTED)[1] == two("8bit")


@pytest.mark.rule("P-31", "Links and the line of doubt are there for the departments of the settings alone.")
def test_only_departments_that_were_named_have_it(tmp_path: Path) -> None:
    """Links and the line are there for departments of the settings alone."""
    here = Here(tmp_path, links=["water"], doubt=["water"])
    assert here.marked(two("8bit"), DOUBTED)[1] == two("8bit")


@pytest.mark.parametrize(
    "html",
    [
        b"<a href='https://evil.example/" + b"x" * 40 + b"'>x</a>" * 50_000,
        b"".join(b"<a href=https://evil%d.example/>x</a>" % n for n in range(50_000)),
        b"<p>" + b"word " * 1_000_000 + b'<a href="https://evil.example/">x</a>',
    ],
)
def test_very_many_links_and_very_long_lines_are_delivered(here: Here, html: bytes) -> None:
    text = b"From: x\r\nContent-Type: text/html\r\n\r\n" + html + b"\r\n"
    marked, left = here.marked(text, DOUBTED)
    assert 2 <= len(marked.replaced) <= 2_001 and len(left) > len(text)


@pytest.mark.rule("P-31", "An error of ours in marking delivers the copy unchanged.")
def test_a_damaged_key_file_delivers_the_copy_without_marks(here: Here) -> None:
    """Our own fault in marking delivers the copy as it came."""
    signed_links.key_path(here.data).write_bytes(b"{}")
    assert here.marked(two("8bit"), DOUBTED)[1] == two("8bit")


@given(st.binary(max_size=300), st.sampled_from(["", "base64", "quoted-printable", "7bit"]), st.sampled_from(["html", "plain"]))
def test_any_bytes_are_delivered_and_rebuilt(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, encoding: str, kind: str
) -> None:
    head = f"From: x\r\nContent-Type: text/{kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    here = Here(tmp_path_factory.mktemp("here"), links=["*"])
    here.marked(head + body.replace(b"\x00", b"http://x.example/"), DOUBTED)


@pytest.mark.rule("P-31", "Each reader of mail from outside has links of their own.")
def test_every_reader_has_a_copy_of_their_own_and_what_left_is_rebuilt(town, next_hop) -> None:
    """Two readers of one message from outside get links of their own, by LMTP in transactions of their own."""

    async def story() -> None:
        hop = await next_hop()
        town.settings = Settings(
            city=City(domains=["city.example"]),
            courier=Courier(timeout=30, local=str(hop)),
            web=Web(url=BASE),
            marks=Marks(links=["*"]),
        )
        (town.data / "keys").mkdir()
        text = b"From: a@out.example\r\nMessage-ID: <9@out.example>\r\n\r\nhttps://evil.example/\r\n"
        found = (Finding("dkim", "none"),)
        id_ = town.keep("ann@city.example", "bob@city.example", kind="mx", sender="a@out.example", text=text, findings=found)
        async with town.courier():
            await town.ends(id_)
        whose = {}
        for message in hop.messages:
            token = re.search(rb"/l/([A-Za-z0-9_-]+)", message.content)
            assert token is not None and b"Civicmail-Notice: external" in message.content
            whose[tuple(message.recipients)] = link_rewriting.read(signed_links.ring(town.data), token[1].decode()).index
        assert whose == {("ann@city.example",): 0, ("bob@city.example",): 1}
        rebuilt = [as_sent([text], facts) for facts in town.facts(id_, "delivered")]
        assert sorted(rebuilt) == sorted(message.content for message in hop.messages)
        await hop.stop()

    asyncio.run(story())
