"""Made mail for the tests of spam: good mail of a city and spam, from a seed, each a little different."""

from __future__ import annotations

import random
from functools import cache

from civicmail.core.message import message_parser
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.screening import tokens
from civicmail.mail.screening.tokens import Tokens


def _words(text: str) -> list[str]:
    return text.split()


GOOD = _words("""
permit council agenda street water meeting budget crew library park inspection zoning minutes repair schedule invoice
attached please review department resident question hearing ordinance sidewalk hydrant signal contract approval
deadline notice thanks tomorrow morning office report draft update plan review grant survey committee motion vote
staff desk
""")
BAD = _words("""
pills cheap winner lottery prize casino bonus replica watches discount miracle weight loss click unsubscribe offer
limited guaranteed income home cash credit approved loan viagra enlarge exclusive deal free trial million dollars
inheritance transfer urgent bank heir princes confidential beneficiary refinance mortgage rates toner software
""")
ENVELOPE = Envelope("someone@outside.example", (Recipient("ann@city.example"),), 0, "192.0.2.4", "mx.outside.example")


def mail(n: int, *, spam: bool, words: int = 60) -> bytes:
    """The n-th message of its kind. Lines end in CRLF."""
    chance = random.Random(f"{n} {spam}")
    most = BAD if spam else GOOD
    body = [chance.choice(most if chance.random() < 0.85 else GOOD + BAD) for _ in range(words)]
    lines = [" ".join(body[i : i + 10]) for i in range(0, len(body), 10)]
    head = [
        f"From: Person {n} <p{n}@outside{n % 7}.example>",
        "To: ann@city.example",
        f"Subject: {' '.join(chance.choices(most, k=3))}",
        f"Message-ID: <{n}.{spam}@outside.example>",
        "MIME-Version: 1.0",
        f"Content-Type: text/{'html' if spam and n % 2 else 'plain'}; charset=utf-8",
    ]
    return "\r\n".join([*head, "", *lines, ""]).encode()


@cache
def counted(n: int, *, spam: bool) -> Tokens:
    raw = mail(n, spam=spam)
    return tokens.tokens(raw, message_parser.parse(raw))
