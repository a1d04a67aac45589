"""Lookalike domains: detection rate by kind of imitation, false positives, and cost of link checks.

The ways are the published classes of domain permutation (Szurdi et al. 2014; Agten et al. 2015; documentation of dnstwist), each
generated in full for one change, homoglyphs for two at a time as well.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from itertools import combinations, islice
from pathlib import Path
from string import ascii_lowercase, digits

from bench.report import Report, Row
from civicmail.core.message import message_parser
from civicmail.mail.screening import links
from civicmail.mail.screening.domains import a_labels
from civicmail.mail.screening.lookalikes import find_likeness, protect
from civicmail.mail.screening.reader_request import ReadMessage
from civicmail.mail.screening.shapes import ContentCase
from civicmail.mail.screening.urls import registrable, split

NAMES = ("springfield.gov", "cityofriverton.org", "lakewood-oh.gov", "madison.gov")
LETTERS = f"{ascii_lowercase}{digits}"
# ruff: noqa: RUF001 - letters that look alike are the point of it
NEAR_KEYS = {
    "q": "12wa", "w": "3esaq2", "e": "4rdsw3", "r": "5tfde4", "t": "6ygfr5", "y": "7uhgt6", "u": "8ijhy7",
    "i": "9okju8", "o": "0plki9", "p": "lo0", "a": "qwsz", "s": "edxzaw", "d": "rfcxse", "f": "tgvcdr", "g": "yhbvft",
    "h": "ujnbgy", "j": "ikmnhu", "k": "olmji", "l": "kop", "z": "asx", "x": "zsdc", "c": "xdfv", "v": "cfgb",
    "b": "vghn", "n": "bhjm", "m": "njk",
}  # fmt: skip
GLYPHS = {
    "a": "à á â ã ä å ā ă ą ǎ ȧ ạ ả ɑ а α", "b": "d lb ib ʙ ɓ ḃ ḅ ḇ ƅ Ь", "c": "e ç ć ĉ ċ č ƈ ᴄ с ϲ",
    "d": "b cl dl di ď đ ɗ ɖ ḋ ḍ ḏ ḑ ԁ", "e": "c è é ê ë ē ĕ ė ę ě ẹ ẻ ȩ ɇ е ҽ", "f": "ƒ ḟ ꬵ",
    "g": "q ĝ ğ ġ ģ ǧ ǵ ǥ ɡ ɢ ց", "h": "lh ĥ ħ ȟ ɦ ḣ ḥ ḧ ḩ ḫ ẖ һ հ", "i": "1 l ì í î ï ĩ ī ĭ į ı ǐ ỉ ị ɨ ɩ ɪ і",
    "j": "ĵ ǰ ɉ ʝ ј", "k": "lk ik lc ķ ḳ ḵ ⱪ ᴋ κ к", "l": "1 i ĺ ļ ľ ł ɫ ḷ ḻ ӏ", "m": "n nn rn rr ṁ ṃ ḿ ᴍ ɱ м",
    "n": "m r ñ ń ņ ň ǹ ṅ ṇ ṉ ɴ ո п", "o": "0 ò ó ô õ ö ō ŏ ő ơ ǒ ȯ ọ ỏ ø о ο օ", "p": "ƥ ṕ ṗ р ρ", "q": "g ʠ ԛ",
    "r": "ŕ ŗ ř ȑ ȓ ɍ ɼ ɽ ɾ ʀ ṙ ṛ ṟ г", "s": "ś ŝ ş š ș ṡ ṣ ʂ ꜱ ѕ", "t": "ţ ť ŧ ț ṫ ṭ ƫ т τ",
    "u": "ù ú û ü ũ ū ŭ ů ű ų ư ǔ ụ ʉ ᴜ υ", "v": "u ṽ ṿ ᴠ ν ѵ", "w": "vv ŵ ẁ ẃ ẅ ẇ ẉ ⱳ ᴡ ԝ", "x": "ẋ ẍ х",
    "y": "ý ÿ ŷ ȳ ƴ ɏ ẏ ỵ ỿ ʏ у", "z": "ź ż ž ƶ ẓ ẕ ⱬ ʐ ᴢ",
}  # fmt: skip
SUFFIXES = (
    "com",
    "net",
    "org",
    "us",
    "info",
    "co",
    "city",
    "online",
    "site",
    "xyz",
    "biz",
    "io",
    "app",
    "live",
    "top",
    "click",
    "co.uk",
)
WORDS = (
    "auth", "access", "account", "choose", "claim", "click", "confirm", "confirmation", "connect", "download", "enroll",
    "find", "install", "login", "mail", "my", "online", "payment", "payments", "recovery", "register", "ssl", "safe",
    "secure", "security", "service", "services", "signin", "support", "summary", "update", "user", "verify", "verification",
    "view", "www", "payroll", "invoice", "billing", "portal", "helpdesk",
)  # fmt: skip


def variants(domain: str) -> Iterator[tuple[str, str]]:
    """(class, domain), as A-labels."""
    _, name, suffix = split(domain)
    for kind, label in _labels(name):
        if label != name and label.strip("-") == label and (made := a_labels(f"{label}.{suffix}")):
            yield kind, made
    yield from (("suffix", f"{name}.{other}") for other in SUFFIXES if other != suffix)
    for word in WORDS:
        yield from (("dictionary", f"{made}.com") for made in (word + name, name + word, f"{word}-{name}", f"{name}-{word}"))


def _labels(name: str) -> Iterator[tuple[str, str]]:
    for at, letter in enumerate(name):
        before, after = name[:at], name[at + 1 :]
        yield "omission", before + after
        yield "repetition", before + letter * 2 + after
        if after:
            yield "transposition", before + after[0] + letter + after[1:]
        yield from (("replacement", before + key + after) for key in NEAR_KEYS.get(letter, ""))
        yield from (("insertion", before + key + letter + after) for key in NEAR_KEYS.get(letter, ""))
        yield from (("insertion", before + letter + key + after) for key in NEAR_KEYS.get(letter, ""))
        if at:
            yield "hyphenation", f"{before}-{letter}{after}"
        if letter in "aeiou":
            yield from (("vowel swap", before + vowel + after) for vowel in "aeiou")
        yield from (("bitsquat", before + flipped + after) for flipped in _flipped(letter))
        yield from (("homoglyph", before + glyph + after) for glyph in GLYPHS.get(letter, "").split())
    yield from (("addition", name + letter) for letter in LETTERS)
    yield from (("homoglyph", made) for made in _two_glyphs(name))


def _flipped(letter: str) -> Iterator[str]:
    for bit in range(8):
        flipped = chr(ord(letter) ^ (1 << bit))
        if flipped in f"{LETTERS}-":
            yield flipped


def _two_glyphs(name: str) -> Iterator[str]:
    for one, two in combinations(range(len(name)), 2):
        for first in GLYPHS.get(name[one], "").split()[:6]:
            for second in GLYPHS.get(name[two], "").split()[:6]:
                yield name[:one] + first + name[one + 1 : two] + second + name[two + 1 :]


def caught(names: tuple[str, ...] = NAMES) -> tuple[Counter[str], Counter[str], list[str]]:
    """How many of each class there are, how many are seen, and those that are not."""
    protected = protect(names)
    made, seen, missed = Counter[str](), Counter[str](), []
    for name in names:
        for kind, domain in dict.fromkeys(variants(name)):
            made[kind] += 1
            if find_likeness(domain, protected):
                seen[kind] += 1
            else:
                missed.append(f"{kind} {domain}")
    return made, seen, missed


_HOST = re.compile(rb"(?:@|://)([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+)", re.IGNORECASE)
HAM = ("spamassassin/easy_ham", "spamassassin/easy_ham_2", "spamassassin/hard_ham", "enron_spam_raw", "enron_maildir", "lists")


def honest(corpora: Path, files: int) -> set[str]:
    """The registered domains of addresses and links in good mail."""
    hosts: set[bytes] = set()
    for folder in HAM:
        for path in islice(sorted(p for p in (corpora / folder).rglob("*") if p.is_file()), files):
            hosts.update(host.lower() for host in _HOST.findall(path.read_bytes()[: 8 << 20]))
    return {registrable(host.decode("ascii")) for host in hosts}


def run(report: Report, *, files: int) -> None:
    """files: of good mail whose domains are looked at, as far as CIVICMAIL_CORPORA is there; links are timed in any case."""
    made, seen, missed = caught()
    for kind in made:
        report.add(Row("lookalikes", "civicmail", f"{kind} seen", 100 * seen[kind] / made[kind], "%"))
    report.add(
        Row("lookalikes", "civicmail", f"of {made.total():,} variants seen", 100 * seen.total() / made.total(), "%", target=">= 97")
    )
    report.note(f"not seen: {', '.join(missed[:5])}")
    if corpora := os.environ.get("CIVICMAIL_CORPORA", ""):
        domains, protected = sorted(honest(Path(corpora), files)), protect(NAMES)
        begun = time.process_time()
        taken = [domain for domain in domains if find_likeness(domain, protected)]
        each = (time.process_time() - begun) / len(domains) * 1e6
        share = 100 * len(taken) / len(domains)
        report.add(Row("lookalikes", "civicmail", f"of {len(domains):,} honest taken for one", share, "%", target="<= 0.1"))
        report.add(Row("lookalikes", "civicmail", "one domain", each, "us", target="<= 6"))
    _links(report)


def _links(report: Report) -> None:
    """50,000 links in one message, and 5 MB of HTML in one line, as the limited process meets them."""
    many = "".join(f'<a href="http://h{n}.example/p">www.springfield.gov</a> ' for n in range(50_000))
    line = "<p>springfield.gov a.b. c " * 200_000
    for what, html in (("50,000 links", many), ("5 MB in a line", line)):
        raw = b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n" + html.encode()
        message = message_parser.parse(raw)
        begun = time.process_time()
        links.find(ContentCase(raw, message, ReadMessage(domains=tuple(NAMES))))
        report.add(Row("lookalikes", "civicmail", what, (time.process_time() - begun) * 1e3, "ms"))
