"""Signs of phishing (P-02, P-26, P-31): what each is, what is none, what a city adds, and what it costs."""

from __future__ import annotations

import base64
import time
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from civicmail.core.config.errors import ConfigError
from civicmail.core.config.load import load
from civicmail.core.message import message_parser
from civicmail.mail.screening import phishing, urls
from civicmail.mail.screening.companies import companies
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import CheckResult, ContentCase
from civicmail.mail.screening.webservices import services
from mail.screening.joints import CITY

ANN = f"ann@{CITY}"
ASKED = ReadMessage(inbound=True, recipients=(ANN,))
WORDS = "The council meets on Tuesday at seven in the town hall, and everybody who lives here is welcome to it, as ever. "


def find(raw: bytes, **asked: object) -> CheckResult:
    return phishing.find(ContentCase(raw, message_parser.parse(raw), replace(ASKED, **asked)))


def mail(
    body: str = f"<p>{WORDS}</p>", sender: str = "Somebody <some@vendor.example>", subject: str = "Meeting", more: str = ""
) -> bytes:
    head = f"From: {sender}\r\nSubject: {subject}\r\n{more}MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    return (head + body).encode()


def signs(raw: bytes, **asked: object) -> tuple[str, ...]:
    found = find(raw, **asked).facts.get("phishing.signs", ())
    assert isinstance(found, tuple)
    return found


def to(url: str, **asked: object) -> tuple[str, ...]:
    return signs(mail(f'<p>{WORDS}<a href="{url}">the agenda</a></p>'), **asked)


@pytest.mark.rule(
    "P-31",
    "A link from outside through a shortener, an open redirect, free hosting, a rented address or a listed top-level "
    "domain is reported to its reader with its host, each kind once; no mail is held for it.",
)
@pytest.mark.parametrize(
    ("url", "sign"),
    [
        ("https://t.co/abc", "shortener"),
        ("http://www.bit.ly/abc", "shortener"),
        ("https://storage.googleapis.com/x/y.html", "hosting"),
        ("https://bucket.s3.us-east-2.amazonaws.com/x.html", "hosting"),
        ("https://bucket.s3.amazonaws.com/x.html", "hosting"),
        ("https://abc.r2.dev/", "hosting"),
        ("https://x.web.core.windows.net/", "hosting"),
        ("https://www.google.co.uk/url?q=https://evil.example/", "redirect"),
        ("https://www.bing.com/ck/a?u=x", "redirect"),
        ("https://pay.evil.icu/", "ending"),
        ("https://pay.evil.sa.com/", "ending"),
        ("http://178-162-245-26.cloud.rented.example/", "numbered"),
        ("http://x.20.196.139.106.static.rented.example/", "numbered"),
    ],
)
def test_a_link_to_what_hides_its_owner_says_which_kind_it_is(url: str, sign: str) -> None:
    assert to(url) == (sign,)
    (finding,) = find(mail(f'<a href="{url}">{WORDS}</a>')).findings
    assert (finding.check, finding.code, finding.mask) == ("phishing", sign, urls.read(url).host)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "url",
    [
        "https://www.vendor.example/t.co/",
        "https://not-bit.ly.example/",
        "https://www.google.com/search?q=url",
        "https://console.aws.amazon.com/s3/",
        "https://docs.python.org/3.13.0.1/",
        "https://www.city.gov/icu",
        "http://192.0.2.7/",
        "mailto:somebody@t.co",
        "#top",
    ],
)
def test_what_only_looks_like_such_a_link_is_none(url: str) -> None:
    """A bare address is a finding of links already."""
    assert to(url) == ()


def test_a_service_that_writes_itself_is_let_be() -> None:
    """Whoever has bucket.r2.dev has not hidden behind it where the mail is of that name, too."""
    raw = mail(f'<p>{WORDS}<a href="https://bit.ly/x">x</a></p>', sender="News <news@bit.ly>")
    assert signs(raw) == ("shortener",), "the author's own domain is on the list"
    assert len(find(raw).findings) == 1


def test_each_sign_is_told_once() -> None:
    links = "".join(f'<a href="https://t.co/{n}">{n}</a> ' for n in range(400))
    assert [finding.code for finding in find(mail(f"<p>{WORDS}{links}</p>")).findings] == ["shortener"]


@pytest.mark.rule(
    "P-26",
    "A sender under the name of a listed company with another's address is reported; a name that is also a word or a "
    "person's counts only alone or beside words of service.",
)
@pytest.mark.parametrize(
    ("sender", "is_one"),
    [
        ("PayPal <service@evil.example>", True),
        ("PayPal Customer Service <x@evil.example>", True),
        ("Trust Wallet <noreply@trust-helpdesk.example>", True),
        ("Netflix <info@netflix-billing.example>", True),
        ("Netflix <info@mailer.netflix.com>", False),
        ("Netflix <info@netflix.example>", False),
        ("UPS <x@evil.example>", True),
        ("Weekly follow ups <x@vendor.example>", False),
        ("Amazon <x@amazon.de>", False),
        ("Amazon Rivers Trust <x@rivers.example>", False),
        ("Social Security <x@ssa.gov>", False),
        ("Apple Core Nursery <x@nursery.example>", False),
        ("Somebody <x@paypal.example>", False),
    ],
)
def test_the_name_of_a_company_with_an_address_of_somebody_else(sender: str, *, is_one: bool) -> None:
    """A name that is a word or a person's, too, counts only where it stands alone, or beside words of service."""
    assert ("company" in signs(mail(sender=sender))) is is_one


def test_a_companys_name_is_read_as_it_is_seen() -> None:
    """Other styles of letters, marks and signs that nobody sees hide no name."""
    for display in (
        "\U0001d5e3\U0001d5ee\U0001d606\U0001d5e3\U0001d5ee\U0001d5f9",
        "Pa\u00adyPal",
        "P\u00e1yPal",
        "PA\u200bYPAL",
    ):
        encoded = f"=?utf-8?b?{base64.b64encode(display.encode()).decode()}?="
        assert "company" in signs(mail(sender=f"{encoded} <x@evil.example>")), display


@pytest.mark.rule(
    "P-02",
    "The reader's own address in the subject, in the sender's name or after the # of a link is reported; in the text, and "
    "in data that a link sends to its server, it does not count.",
)
@pytest.mark.parametrize(
    ("raw", "is_one"),
    [
        (mail(subject=f"{ANN}, your parcel waits"), True),
        (mail(sender=f'"Mail for {ANN.upper()}" <x@vendor.example>'), True),
        (mail(subject="Ann, your parcel waits"), False),
        (mail(f"<p>{WORDS} sent to {ANN}</p>"), False),
        (mail(f'<p>{WORDS}<a href="https://vendor.example/out?to={ANN}">unsubscribe</a></p>'), False),
        (mail(f'<p>{WORDS}<a href="https://vendor.example/out?to={ANN}#top">unsubscribe</a></p>'), False),
        (mail(f'<p>{WORDS}<a href="https://vendor.example/#{ANN}">sign in</a></p>'), True),
        (mail(f'<p>{WORDS}<a href="https://vendor.example/#x={ANN.replace("@", "%40")}">sign in</a></p>'), True),
        (mail(f'<p>{WORDS}<a href="https://vendor.example/#{base64.b64encode(ANN.encode()).decode()}">sign in</a></p>'), True),
        (mail(f'<p><a href="https://vendor.example/#{ANN}">x</a>{WORDS}</p>', more="List-Id: <l.vendor.example>\r\n"), False),
        (mail(subject=f"Vacation of {ANN}", sender=f"Ann <{ANN}>"), False),
    ],
)
def test_the_readers_address_where_people_write_a_name(raw: bytes, *, is_one: bool) -> None:
    """In the text, and in what a link tells its server, every newsletter has it."""
    assert ("reader" in signs(raw)) is is_one


@pytest.mark.parametrize(
    ("raw", "sign"),
    [
        (mail(subject="\U0001d5e8\U0001d5ff\U0001d5f4\U0001d5f2\U0001d5fb\U0001d601"), "letters"),
        (mail(subject="Your pass\u200bword"), "letters"),
        (mail(f"<p>{WORDS}a pass\u200bword, an ac\u200bcount, a wal\u2060let</p>"), "letters"),
        (mail(f'<div style="display:none">{WORDS * 20}</div><p>{WORDS}</p>'), "padding"),
        (mail(f'<div style="display:none">{WORDS * 8}</div><p>Look</p>'), "padding"),
        (mail('<a href="https://vendor.example/"><img src="https://vendor.example/a.png"></a>'), "picture"),
        (mail(sender="Parcels <notify@parcels>"), "nowhere"),
        (mail(sender="Parcels <notify@parcels.nosuchsuffix>"), "nowhere"),
        (mail(sender="Parcels <notify@%parcels.example>"), "nowhere"),
        (mail(sender="Parcels <x@evil.quest>"), "ending"),
        (mail(sender="Parcels <x@tenant.onmicrosoft.com>"), "hosting"),
    ],
)
def test_what_is_written_for_filters_and_who_cannot_be_answered(raw: bytes, sign: str) -> None:
    """P-02."""
    assert signs(raw) == (sign,)


@pytest.mark.rule(
    "P-02",
    "Disguised letters, pages of hidden words, a picture instead of a text and an impossible address are reported; split "
    "words, other alphabets, short previews and office printers are not.",
)
@pytest.mark.parametrize(
    "raw",
    [
        mail(),
        mail(subject="Größe, naïve, Ελληνικά, 日本語 and 🎉"),
        mail(f"<p>{WORDS}Donau\u00addampf\u00adschiff\u00adfahrt, \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645</p>"),
        mail(f'<div style="display:none">In short: {WORDS}</div><p>{WORDS * 3}</p>'),
        mail(f'<div style="display:none">{WORDS * 20}</div><p>{WORDS * 20}</p>'),
        mail('<a href="https://vendor.example/"><img src="cid:logo"></a>'),
        mail(f'<a href="https://vendor.example/"><img src="https://vendor.example/a.png"></a>{WORDS}'),
        mail(sender="Printer <scan@floor2.local>"),
        mail(sender="Somebody <x@[192.0.2.1]>"),
        b"From: a@b.example\r\n\r\n",
        b"",
    ],
)
def test_honest_mail_has_no_sign(raw: bytes) -> None:
    assert signs(raw) == ()


def test_what_employees_write_is_not_looked_at() -> None:
    """P-31."""
    assert find(mail('<a href="https://t.co/x">x</a>'), inbound=False) == CheckResult()


@pytest.mark.rule(
    "P-31",
    "A city adds its own services and companies to the lists and removes lines; an invalid line stops the start.",
)
def test_a_city_adds_to_the_lists_and_takes_out() -> None:
    assert to("https://go.leads.example/x") == ()
    assert to("https://go.leads.example/x", web_services=("shortener go.leads.example",)) == ("shortener",)
    assert to("https://x.example.top/", web_services=("ending top",)) == ("ending",)
    assert to("https://leads.example/out/x", web_services=("redirect leads.example/out/",)) == ("redirect",)
    assert to("https://bit.ly/x", web_services=("-bit.ly",)) == ()
    assert to("https://a.icu/", web_services=("-icu",)) == ()
    assert to("https://www.bing.com/ck/a", web_services=("-bing.com",)) == ()
    union = mail(sender="Springfield Credit Union <x@evil.example>")
    assert signs(union) == ()
    own = ["springfield credit union = scu.example, scu-mail.example"]
    assert signs(union, companies=tuple(own)) == ("company",)
    assert signs(mail(sender="Springfield Credit Union <x@m.scu-mail.example>"), companies=tuple(own)) == ()


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("web_services", "bit.ly"),
        ("web_services", "shortener"),
        ("web_services", "redirect vendor.example"),
        ("companies", "our bank"),
    ],
)
def test_a_line_that_says_nothing_is_refused(tmp_path: Path, setting: str, line: str) -> None:
    """P-31."""
    (tmp_path / "civicmail.toml").write_text(f'[city]\nname = "X"\ndomains = ["x.example"]\n[screening]\n{setting} = ["{line}"]\n')
    with pytest.raises(ConfigError, match="no line like"):
        load(tmp_path, environ={})


@pytest.mark.parametrize("name", ["webservices.txt", "companies.txt"])
def test_a_list_has_no_line_twice_and_none_that_is_not_read(name: str) -> None:
    """P-31."""
    text = files("civicmail.mail.screening").joinpath(name).read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    made = services()
    held = len(made.names) + sum(map(len, made.paths.values())) if name == "webservices.txt" else len(companies().domains)
    assert held == len(set(lines)) == len(lines)


@given(st.binary(max_size=2_000), st.text(max_size=80))
def test_hostile_bytes_and_names_raise_nothing(body: bytes, name: str) -> None:
    head = f"From: {name} <x@y.example>\r\nSubject: {name}\r\nContent-Type: text/html\r\n\r\n".encode("utf-8", "surrogatepass")
    find(head + body)


@pytest.mark.parametrize("piece", ["a\u200b", "<img ", "https://1.1.1.1.", "paypal ", "1-"])
def test_what_is_made_to_be_slow_is_not(piece: str) -> None:
    raw = mail(f"<p>{piece * 200_000}</p>", subject=piece * 2_000, sender=f'"{piece.strip() * 500}" <x@y.example>')
    case = ContentCase(raw, message_parser.parse(raw), ASKED)
    began = time.process_time()
    phishing.find(case)
    assert time.process_time() - began < 0.5
