"""Links of ours leave the city as they came, whatever mail programs have made of them in between (P-31, promise 4)."""

from __future__ import annotations

import asyncio
import base64
import html
import quopri
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.city.notices import signed_links
from civicmail.core.config.settings import Partner
from civicmail.mail.courier import link_rewriting, pickup_store
from civicmail.mail.courier.rendering import as_sent
from mail.courier.test_marking import BASE, CAPTURE, DOUBTED, Here, contents, two
from mail.courier.test_secure_delivery import OFFERS, TEXT, proof, secure, server
from mail.courier.test_secure_delivery import authority as authority
from neighbours.authority import Authority

URLS = st.builds(
    "https://{}.example/{}".format,
    st.text("abcxyz0189", min_size=1, max_size=12),
    st.text("abcXYZ019-_~/?&=.%+,;:@!*", max_size=60).map(lambda tail: f"a{tail}z"),
)
SAFELINKS = "https://nam02.safelinks.protection.outlook.com/?url={}&amp;data=05%7C01%7C&amp;sdata=aB%3D&amp;reserved=0"
_TOKEN = re.compile(rb"[A-Za-z0-9_-]{70,}")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Here:
    return Here(tmp_path_factory.mktemp("here"), links=["*"])


def wrapped_in(here: Here, url: str) -> str:
    """The link that a reader of a text finds in their copy, with the host before it."""
    left = here.marked(f"From: a@out.example\r\n\r\nGo to {url} now\r\n".encode())[1].decode()
    found = re.search(r"Go to (\[[^\]]+\] https://mail\.city\.example/l/\S+) now", left)
    assert found is not None, left
    return found[1]


def broken(text: str, width: int, join: str) -> str:
    """A long word over lines, as programs that know no longer ones break it."""
    first = max(width, len(BASE) + 5)
    return join.join([text[:first], *(text[at : at + width] for at in range(first, len(text), width))])


def over_lines(link: str, width: int, join: str) -> str:
    """The label stays on its line."""
    label, address = link.split(" ")
    return f"Go to {label} {broken(address, width, join)} now"


def rewritten(link: str) -> str:
    return SAFELINKS.format(quote(link, safe=""))


TEXTS: dict[str, Callable[[str, int], str]] = {
    "quoted": lambda link, width: f"> > Go to {link} now",
    "label on the line before": lambda link, width: "> Go to {}\r\n> {} now".format(*link.split(" ")),
    "broken over quoted lines": lambda link, width: f"> {over_lines(link, width, '\r\n> ')}",
    "flowed (DelSp)": lambda link, width: over_lines(link, width, " \r\n"),
    "in brackets, a word behind": lambda link, width: f"Go to ({link})now",
}
PAGES: dict[str, Callable[[str, int], str]] = {
    "link": lambda link, width: f'<a href="{link}">{link}</a>',
    "no quotes": lambda link, width: f"<a href={link}>x</a>",
    "over lines": lambda link, width: f'<a href="{broken(link, width, chr(10))}">x</a>',
    "places to break": lambda link, width: f"<p>{broken(link, width, '<wbr>')}</p>",
    "soft hyphens": lambda link, width: f"<p>{broken(link, width, '&shy;')}</p>",
    "by number": lambda link, width: f'<a href="{link.replace(":", "&#58;").replace("/", "&#x2F;")}">x</a>',
    "a rewriter": lambda link, width: f'<a href="{rewritten(link)}">x</a>',
    "two rewriters": lambda link, width: f'<a href="{rewritten(html.unescape(rewritten(link)))}">x</a>',
    "another rewriter": lambda link, width: f'<a href="https://urldefense.com/v3/__{link}__;!!Ab1$">x</a>',
    "what one remembers": lambda link, width: f'<a href="https://x.example/" originalsrc="{link}" title={link}>x</a>',
    "what one adds": lambda link, width: f'<a data-safe="https://www.google.com/url?q={quote(link, safe="")}&amp;s=1">x</a>',
}


def reply(content: str, kind: str, encoding: str) -> bytes:
    raw = content.encode()
    if encoding == "base64":
        raw = base64.encodebytes(raw).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        raw = quopri.encodestring(raw.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    head = f"From: ann@city.example\r\nMIME-Version: 1.0\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
    return f"{head}Content-Transfer-Encoding: {encoding}\r\n\r\n".encode() + raw + b"\r\n"


def left(here: Here, content: str, kind: str, encoding: str) -> str:
    """The words of what leaves."""
    (found,) = contents(here.marked(reply(content, kind, encoding), kind="submission")[1])
    return found


@pytest.mark.rule("P-31, promise 4", "In outgoing text one of our links is recognized over broken and quoted lines, and restored.")
@given(URLS, st.sampled_from(sorted(TEXTS)), st.sampled_from(["8bit", "base64", "quoted-printable"]), st.integers(20, 76))
def test_in_text_a_link_is_put_together_and_turned_back(here: Here, url: str, program: str, encoding: str, width: int) -> None:
    """Quoted, broken over lines, flowed, with its label or without: what leaves has the address and nothing of ours."""
    found = left(here, TEXTS[program](wrapped_in(here, url), width), "plain", encoding)
    assert url in found and BASE not in found and not _TOKEN.search(found.encode())
    assert "[" not in found.replace(url, "")


@pytest.mark.rule("P-31, promise 4", "In HTML that leaves, no attribute, entity or address of another server hides a link of ours.")
@given(URLS, st.sampled_from(sorted(PAGES)), st.sampled_from(["8bit", "base64", "quoted-printable"]), st.integers(20, 76))
def test_in_html_no_program_hides_a_link_of_ours(here: Here, url: str, program: str, encoding: str, width: int) -> None:
    """In attributes that programs add, by entities, within the address of another server that looks at links."""
    found = left(here, PAGES[program](wrapped_in(here, url).split(" ")[1], width), "html", encoding)
    assert BASE not in html.unescape(found) and quote(BASE, safe="") not in found and not _TOKEN.search(found.encode())
    assert url in html.unescape(found) or quote(url, safe="") in found
    assert "safelinks" not in found and "urldefense" not in found


@pytest.mark.rule("P-31, promise 2", "Only what we have signed is turned back, and the words around it stay.")
def test_what_only_looks_like_a_link_of_ours_stays(here: Here) -> None:
    """A token that we have not signed is nobody's; words around a link stay to the letter."""
    link = wrapped_in(here, "https://evil.example/a").split(" ")[1]
    forged = link.replace("/l/A", "/l/B")
    for text in (forged, quote(forged, safe=""), f"{BASE}/report/2026-annual-figures/", f"{BASE}/l/"):
        assert text in left(here, f"See {text} there", "plain", "8bit")
    assert left(here, f"a,{link},b\r\nnext", "plain", "8bit").replace("\r\n", "\n").strip() == "a,https://evil.example/a,b\nnext"
    assert left(here, f"https://a.example/,{link} b", "plain", "8bit").strip() == "https://a.example/,https://evil.example/a b"
    label = left(here, f'[evil.example] <a href="{link}">{link}</a>', "html", "8bit").strip()
    assert label == '<a href="https://evil.example/a">https://evil.example/a</a>'


def attached(raw: bytes, edge: bytes) -> bytes:
    return (
        b"From: ann@city.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=%b\r\n\r\n--%b\r\n\r\nLook\r\n"
        b"--%b\r\nContent-Type: message/rfc822\r\n\r\n%b\r\n--%b--\r\n"
    ) % (edge, edge, edge, raw, edge)


@pytest.mark.rule("P-31, promise 4", "A delivered copy that is forwarded as an attachment leaves with its own links.")
def test_a_copy_that_is_forwarded_as_an_attachment_leaves_with_its_own_links(here: Here) -> None:
    """No link that works in the name of its reader is in it, nor in a message within it."""
    copy = here.marked(two("base64"), DOUBTED)[1]
    for raw in (attached(copy, b"o"), attached(attached(copy, b"i"), b"o")):
        found = here.marked(raw, kind="submission")[1]
        assert b"Go to https://evil.example/login?a=1&b=2." in found
        words = b" ".join(base64.b64decode(block) for block in re.findall(rb"base64\r\n\r\n([A-Za-z0-9+/=\r\n]+)", found))
        assert b'href="https://evil.example/login?a=1&amp;b=2"' in words and not _TOKEN.search(words)
        assert not re.search(rb"/(?:l|report|verify)/[A-Za-z0-9_-]{40}", found.partition(b"base64")[0])


def test_an_answer_with_large_files_has_its_links_turned_back_too(here: Here) -> None:
    """No size lets a link of ours out."""
    link = wrapped_in(here, "https://evil.example/a")
    files = (b"A" * 76 + b"\r\n") * 230_000
    raw = (
        b"From: ann@city.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nSee %b\r\n"
        b"--o\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n%b\r\n--o--\r\n"
    ) % (link.encode(), files)
    assert b"See https://evil.example/a\r\n--o" in here.marked(raw, kind="submission")[1]


@pytest.mark.rule("P-31", "A link in text ends where mail programs see its end.")
def test_every_link_that_a_reader_gets_ends_where_programs_see_its_end(here: Here) -> None:
    """In text it ends with a slash, so that no program takes a last _ for the punctuation of a sentence."""
    for n in range(200):
        link = wrapped_in(here, f"https://evil.example/{n}")
        assert link.endswith("/")
        token = link.split("/l/")[1].rstrip("/")
        assert signed_links.ring(here.data).verify("link", token).capture == CAPTURE


def test_time_grows_with_length_alone(here: Here) -> None:
    link = wrapped_in(here, "https://evil.example/a").split(" ")[1]
    for piece in (f"{BASE}/l/", f"{BASE}/l/A\r\n", "AAAA\r\n", f"{BASE}/l/{'A' * 60}\r\n> ", f"[evil.example] {link} "):
        text = f"{BASE}/l/{piece * (400_000 // len(piece))}"
        here.marked(reply(text, "plain", "8bit"), kind="submission")  # with its square it would not end today


@pytest.mark.rule("P-19, P-31", "Mail that leaves encrypted, or waits in the pick-up portal, has its original links.")
@pytest.mark.parametrize("way", ["tls", "portal"])
def test_what_leaves_encrypted_has_its_links_as_they_were(town: Any, next_hop: Any, authority: Authority, way: str) -> None:
    """Also by verified TLS, and in the pick-up portal; S/MIME and OpenPGP seal the same bytes."""

    async def story() -> bytes:
        hop = await next_hop(offers=OFFERS, tls=server(authority, "mx.agency.example"))
        partner = Partner(domain="agency.example", server=str(hop), name="mx.agency.example", ca=str(authority.certificate))
        secure(town, partner=partner if way == "tls" else None)
        (town.data / "keys").mkdir(exist_ok=True)
        link = link_rewriting.token(
            signed_links.ring(town.data), link_rewriting.RewrittenLink(CAPTURE, 0, "https://evil.example/a")
        )
        text = TEXT + f"You wrote: [evil.example] {BASE}/l/{link}/\r\n".encode()
        id_ = town.keep("pat@agency.example", text=text, do="encrypt")
        async with town.courier():
            await town.ends(id_)
        await hop.stop()
        found = proof(town, id_)
        assert found["method"] == way
        if way == "tls":
            (facts,) = town.facts(id_, "delivered")
            assert as_sent([text], facts) == hop.messages[0].content
            return bytes(hop.messages[0].content)
        box = pickup_store.message(town.data, found["box"])
        return b"".join(box.pieces(0, box.size))

    content = asyncio.run(story())
    assert content.endswith(b"You wrote: https://evil.example/a\r\n") and not _TOKEN.search(content.replace(b"\r\n", b" "))
