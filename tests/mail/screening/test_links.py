"""Where links lead (P-25, P-31): into protected names or only by their looks, to addresses, into themselves; also of files."""

from __future__ import annotations

import time
from base64 import encodebytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicmail.core.message import message_parser
from civicmail.mail.screening import links
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import CheckResult, ContentCase
from mail.screening import qrpictures
from mail.screening.joints import CITY, PROTECTED

ASKED = ReadMessage(domains=(CITY,), protected=(PROTECTED,), inbound=True)
HEAD = b"From: a@b.example\r\nMIME-Version: 1.0\r\n"


def find(raw: bytes) -> CheckResult:
    return links.find(ContentCase(raw, message_parser.parse(raw), ASKED))


def html(*anchors: str) -> CheckResult:
    return find(HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + "\n".join(anchors).encode("utf-8", "surrogatepass"))


def mixed(kind: str, content: bytes, name: str = "") -> CheckResult:
    shown = f'; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"' if name else ""
    part = f"Content-Type: {kind}{shown}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + encodebytes(content)
    return find(HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n" + part + b"\r\n--b--\r\n")


def said(found: CheckResult) -> list[tuple[str, str]]:
    return [(f.code, f.mask) for f in found.findings]


@pytest.mark.rule(
    "P-25",
    "Words that name a protected host deceive where the link leaves it; that words and target differ is nothing by itself.",
)
@pytest.mark.parametrize(
    ("shown", "target", "named"),
    [
        (f"www.{CITY}", "http://evil.example/", CITY),
        (f"https://{CITY}/pay", "http://evil.example/", CITY),
        (f"Log in at HTTPS://Pay.{CITY.upper()}/x now", "http://evil.example/", f"pay.{CITY}"),
        (PROTECTED, f"http://{PROTECTED}@evil.example/", PROTECTED),
        (f"http://{CITY}", f"http://evil.example\\@{CITY}/", CITY),
        (CITY, f"http://{CITY}.evil.example/", CITY),
        (f"www.{CITY}", f"https://pay.{CITY}/", ""),
        (CITY, f"http://{CITY}:8080/x", ""),
        ("www.other.example", "https://click.mailer.example/", ""),
        (f"www.old{CITY}", "https://click.mailer.example/", ""),
        ("Pay here", "https://click.mailer.example/", ""),
        (f"clerk@{CITY}", f"mailto:clerk@{CITY}", ""),
    ],
)
def test_words_that_name_a_protected_host_deceive_where_the_link_leaves_it(shown: str, target: str, named: str) -> None:
    """That words and target differ is nothing by itself: click trackers are in one of eight honest newsletters."""
    found = html(f'<a href="{target}">{shown}</a>')
    assert found.facts.get("links.deceptive", False) == bool(named)
    assert [mask for code, mask in said(found) if code == "deceptive"] == ([f"{named} {_host(found)}"] if named else [])


def _host(found: CheckResult) -> str:
    hosts = found.facts["links.hosts"]
    assert isinstance(hosts, tuple)
    return str(hosts[0])


def test_each_kind_of_link_is_told_once_with_its_part_and_host() -> None:
    found = html(
        '<a href="http://3325256711/">a</a>', '<a href="http://0xc6.51.100.7/x">a</a>', '<a href="http://me@evil.example/">b</a>',
        '<a href=" java&#10;script:alert(1)">c</a>', '<a href="data:text/html,x">d</a>', f'<a href="http://{CITY[:-4]}.com/">e</a>',
        f'<form action="http://www.{CITY}.evil.example/">f</form>', '<a href="#top">g</a>', '<img src="data:image/png;base64,AA">',
    )  # fmt: skip
    assert said(found) == [
        ("address", "198.51.100.7"),
        ("credentials", "evil.example"),
        ("data", "javascript:"),
        ("data", "data:"),
        ("lookalike", f"springfield.com suffix {CITY}"),
        ("lookalike", f"www.{CITY}.evil.example inside {CITY}"),
    ]
    assert {f.part for f in found.findings} == {"1"} and {f.version for f in found.findings} == {links.VERSION}
    assert found.facts["links.count"] == 7 and "links.deceptive" not in found.facts
    assert found.facts["links.hosts"] == ("198.51.100.7", "evil.example", "springfield.com", f"www.{CITY}.evil.example")


@pytest.mark.rule(
    "P-02, P-26",
    "A link to an address of the reader's own network or machine is no finding: no sender can be behind it.",
)
@pytest.mark.parametrize(
    "host",
    [
        "192.168.1.1", "10.0.0.9:8080", "172.16.3.4", "172.31.255.255", "127.0.0.1", "2130706433", "0x7f.1", "169.254.1.1",
        "100.64.0.1", "0.0.0.0", "[::1]", "[fe80::1]", "[fd12::9]:8443", "[::ffff:192.168.0.1]",
    ],
)  # fmt: skip
def test_an_address_that_no_sender_can_stand_behind_is_none(host: str) -> None:
    """Technical mail is full of them, and nobody outside can answer there."""
    found = html(f'<a href="http://{host}/setup">{host}</a>')
    assert "links.address" not in found.facts and said(found) == [] and found.facts["links.count"] == 1
    assert html(f'<a href="http://{host}/">www.{CITY}</a>').facts["links.deceptive"] is True
    assert html(f'<a href="http://me@{host}/">x</a>').facts["links.credentials"] is True


@pytest.mark.parametrize(
    "host", ["198.51.100.7", "172.32.0.1", "172.15.0.1", "11.0.0.1", "8.8.8.8", "[2001:db8::1]", "[::ffff:8.8.8.8]"]
)
def test_an_address_of_the_internet_is_told(host: str) -> None:
    assert html(f'<a href="http://{host}/setup">{host}</a>').facts["links.address"] is True


def test_a_link_that_lies_about_its_host_in_plain_text_is_told() -> None:
    found = find(HEAD + f"\r\nhttp://{CITY}@evil.example/login\r\n".encode())
    assert [code for code, _ in said(found)] == ["credentials", "deceptive"]


def test_letters_inside_the_letter_are_looked_at() -> None:
    inner = b"From: a@b.example\r\n\r\nhttp://198.51.100.7/x\r\n"
    found = find(HEAD + b"Content-Type: message/rfc822\r\n\r\n" + inner)
    assert said(found) == [("address", "198.51.100.7")]


def test_a_code_in_a_picture_is_a_link() -> None:
    """P-25."""
    found = mixed("image/png", qrpictures.png(qrpictures.grid("HTTP://198.51.100.7/x")))
    assert said(found) == [("qr", "198.51.100.7"), ("address", "198.51.100.7")]
    assert found.findings[0].part == "1.2" and found.facts["links.qr"] is True and found.facts["links.count"] == 1


@pytest.mark.parametrize("text", ["WIFI:S:cafe;;", "just words", "mailto:a@b.example", "MATMSG:TO:x;;"])
def test_a_code_that_says_something_else_is_none(text: str) -> None:
    assert mixed("image/png", qrpictures.png(qrpictures.grid(text))).facts == {"links.count": 0, "links.hosts": ()}


def test_links_of_html_files_count_also_those_of_scripts() -> None:
    page = b'<html xmlns="http://www.w3.org/1999/xhtml"><script>location.href="https://springfie1d.gov/x"</script></html>'
    for kind, name in (("text/html", "invoice.html"), ("application/octet-stream", "Invoice.HTM")):
        found = mixed(kind, page, name)
        assert said(found) == [("lookalike", f"springfie1d.gov looks {CITY}")] and found.findings[0].part == "1.2"


def test_evidence_of_one_kind_has_an_end_and_counts_do_not() -> None:
    found = html(*(f'<a href="http://198.51.100.{n}/">x</a>' for n in range(100)))
    assert len(found.findings) == links.EVIDENCE and found.facts["links.count"] == 100
    hosts = found.facts["links.hosts"]
    assert isinstance(hosts, tuple) and len(hosts) == links.HOSTS


@pytest.mark.parametrize("kind", ["links", "line", "host", "words"])
def test_hostile_mail_is_read_in_time(kind: str) -> None:
    """50,000 links, 5 MB of HTML in one line, hosts and words of megabytes."""
    body = {
        "links": b"".join(b'<a href="http://h%d.example/">%s</a> ' % (n, CITY.encode()) for n in range(50_000)),
        "line": b"<p>" + f"springfield.gov {CITY} a.b. ".encode() * 150_000,
        "host": b'<a href="http://' + b"a." * 1_000_000 + b'gov/">x</a>',
        "words": b'<a href="http://a.example/">' + b"a.b-" * 800_000 + b"</a>",
    }[kind]
    raw = HEAD + b"Content-Type: text/html\r\n\r\n" + body
    message = message_parser.parse(raw)
    start = time.process_time()
    links.find(ContentCase(raw, message, ASKED))
    assert time.process_time() - start < 10


@settings(max_examples=60)
@given(st.lists(st.text(max_size=30) | st.text("htp:/\\@.%[]0x1\u00ad\u202e\u0430\u043ex-", max_size=30), max_size=6))
def test_no_link_breaks_it(urls: list[str]) -> None:
    for prefix in ("", "http://", "http://springfield.gov"):
        found = html(*(f"<a href='{prefix}{url}'>{url} www.springfield.gov</a>" for url in urls))
        assert {f.check for f in found.findings} <= {links.NAME} and all(len(f.mask) <= links.MASK for f in found.findings)
