"""Generated captures and queries over one small vocabulary, so that queries find some and not all. Seeded: equal every time."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from civicmail.city.policy.dispositions import Action, Disposition, Finding
from civicmail.city.snapshot.sender_alignment import CHECK
from civicmail.core.message.model import Envelope, Recipient
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.mailbox_evidence import ASSERTED
from civicmail.mail.archive.records import Capture, Occurrence, Source
from civicmail.mail.search.attachments import Extract

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
_PLAIN = "budget council Meeting permit water park report draft annual zoning fire tax road invoice"
_SCRIPTS = "Grüße straße été naïve Łódź resumé İstanbul Привет совета Ёлка Ωmega ẞharp 東京 会議 東 京都 ガス 한글 회의 שלום"
_ODD = "re-open O'Brien x_y 2024 10:30 a.b.c http://city.example/x?q=1 ann@city.example c++ R&D ﬁle ½"
WORDS = [*_PLAIN.split(), *_SCRIPTS.split(), *_ODD.split(), "z" * 64, "z" * 65, "zz"]
PEOPLE = [
    ("Ann Lee", "ann.lee@city.example"),
    ("Bob de Vries", "bob@x.example"),
    ("", "noreply@mail.x.example"),
    ("Żaneta Łoś", "zaneta@city.example"),
    ("田中", "tanaka@example.jp"),
    ("Lee", "Lee+News@X.Example"),
    ("O'Brien, Pat", "pat@city.example"),
]
DONE: list[Action] = ["deliver", "deliver", "deliver", "hold", "quarantine", "refuse", "kept"]
IDS = [f"{n}.Thread@b.example" for n in range(8)]
FILES = [("report 2024.pdf", "application", "pdf"), ("Plan.XLSX", "application", "vnd.ms-excel"), ("été.png", "image", "png")]


def captures(seed: int, number: int) -> Iterator[tuple[Capture, bytes]]:
    """So many captures with their bytes; some share a millisecond, some share their bytes, classes and years differ."""
    chance = random.Random(seed)
    earlier: list[bytes] = []
    at = datetime(2022, 12, 20, tzinfo=UTC)
    for n in range(number):
        at += timedelta(seconds=chance.choice([0, 0, 1, 3600, 86_400 * 2]))
        body = chance.choice(earlier) if earlier and chance.random() < 0.1 else mail(chance, at)
        earlier.append(body)
        yield capture(chance, body, int(at.timestamp() * 1000), "junk" if n % 7 == 0 else "mail"), body


def capture(chance: random.Random, body: bytes, received: int, class_: str) -> Capture:
    recipients = tuple(Recipient(address) for _, address in chance.sample(PEOPLE, chance.randint(0, 3)))
    kind, login = chance.choice([("mx", ""), ("submission", "p-1/k7qm2xvd"), ("relay", ""), ("local", ""), ("import", "")])
    done: list[Action] = [chance.choice(DONE) for _ in recipients]
    return Capture(
        id=capture_id(received, chance.randbytes(10)),
        received=received,
        sha256=hashlib.sha256(body).digest(),
        size=len(body),
        content_hash=bytes(32),
        source=Source(kind),
        envelope=Envelope(chance.choice(PEOPLE)[1], recipients, received, login=login),
        dispositions=tuple(Disposition(to, do, ("rule",)) for to, do in enumerate(done)),
        findings=(Finding(CHECK, ASSERTED),) if chance.random() < 0.5 else (),
        class_=class_,
        custodian=chance.choice(["", "Ann Lee", "clerk"]),
        occurrence=chance.choice([None, Occurrence("x", "Mail.pst/Inbox", 0), Occurrence("x", "Sent Items", 0)]),
    )


def mail(chance: random.Random, at: datetime) -> bytes:
    message = EmailMessage()
    message["Subject"] = words(chance, 4)
    message["From"] = person(chance)
    message["To"] = ", ".join(person(chance) for _ in range(chance.randint(1, 3)))
    if chance.random() < 0.3:
        message["Cc"] = person(chance)
    if chance.random() < 0.1:
        message["Bcc"] = person(chance)
    if chance.random() < 0.9:
        message["Date"] = format_datetime(at + timedelta(hours=chance.choice([-900, -5, 0, 5, 900])))
    if chance.random() < 0.3:
        message["List-Id"] = "City News <news.lists.city.example>"
    message["Message-ID"] = f"<{chance.choice(IDS) if chance.random() < 0.2 else f'{chance.getrandbits(32):x}@a.example'}>"
    if chance.random() < 0.3:
        message["In-Reply-To"] = f"<{chance.choice(IDS)}>"
    if chance.random() < 0.3:
        message["References"] = " ".join(f"<{chance.choice(IDS)}>" for _ in range(chance.randint(1, 4)))
    message.set_content(words(chance, chance.randint(0, 40)))
    for name, main, sub in chance.sample(FILES, chance.choice([0, 0, 1, 2])):
        message.add_attachment(chance.randbytes(chance.choice([10, 2000])), maintype=main, subtype=sub, filename=name)
    if chance.random() < 0.1:
        message.add_attachment(words(chance, 5), subtype="x-log", filename="day.log")
    return message.as_bytes()


def look(digest: bytes, _content: bytes) -> Extract | None:
    """What a file says, or not yet, by its hash."""
    chance = random.Random(digest)
    if chance.random() < 0.2:
        return None
    wrong = (("", "encrypted"),) if chance.random() < 0.3 else ()
    return Extract(words(chance, chance.randint(0, 20)), wrong, chance.choice([0, 0, 1]))


def words(chance: random.Random, number: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(number))


def person(chance: random.Random) -> str:
    name, address = chance.choice(PEOPLE)
    return f'"{name}" <{address}>' if name else address


def queries(seed: int, number: int) -> Iterator[str]:
    """Queries as people write them, every operator among them."""
    chance = random.Random(seed)
    for _ in range(number):
        yield " ".join(_part(chance, 2) for _ in range(chance.choice([1, 1, 2, 3])))


def _part(chance: random.Random, depth: int) -> str:
    kind = chance.random()
    if depth and kind < 0.15:
        return f"({_part(chance, depth - 1)} OR {_part(chance, depth - 1)})"
    if depth and kind < 0.25:
        return f"({_part(chance, depth - 1)} AND {_part(chance, depth - 1)})"
    if kind < 0.35:
        return "-" + _leaf(chance)
    return _leaf(chance)


def _leaf(chance: random.Random) -> str:
    word = chance.choice([w for w in WORDS if len(w) <= 64])
    name, address = chance.choice(PEOPLE)
    field = chance.choice(["from", "to", "cc", "bcc", "rcpt"])
    text = chance.choice(["subject", "body", "attachment", "filename", "list", "custodian", "folder"])
    date = chance.choice(["2023", "2023-03", "2024-01-15", "2024/02"])
    start = "".join(c for c in word if c.isalnum())[: chance.randint(1, 3)] or "a"
    return chance.choice(
        [
            word,
            word,
            word,
            f'"{words(chance, 2)}"'.replace("z" * 65, "zz"),
            f"{start}*",
            f'"{chance.choice(WORDS[:10])} {start}*"',
            f"{word} AROUND {chance.randint(1, 20)} {chance.choice(WORDS[:40])}",
            f'"{words(chance, 2)}" AROUND {chance.randint(1, 20)} {word}'.replace("z" * 65, "zz"),
            f"{text}:{start}* AROUND({chance.randint(1, 20)}) {chance.choice(WORDS[:10])}",
            f"thread:{chance.choice(IDS)}",
            f"{text}:{word}",
            f"{text}:({word} OR {chance.choice(WORDS[:20])})",
            f"{text}:{start}*",
            f"{field}:{address}",
            f"{field}:@{address.partition('@')[2]}",
            f"{field}:{address.partition('@')[2]}",
            f"{field}:{address.partition('@')[0]}",
            f'{field}:"{name or "x"}"',
            f"{field}:{address[:4]}*",
            address,
            f"before:{date}",
            f"after:{date}",
            f"on:{date}",
            f"date:{date}..2024",
            f"newer_than:{chance.randint(1, 30)}m",
            f"older_than:{chance.randint(1, 900)}d",
            f"larger:{chance.choice(['1k', '2500', '4k'])}",
            f"smaller:{chance.choice(['1k', '2500', '4k'])}",
            "has:attachment",
            "is:unreadable",
            f"filetype:{chance.choice(['pdf', 'xlsx', 'image/png', 'application/*'])}",
            "list:news.lists.city.example",
            "filename:report-2024.pdf",
            "*",
        ]
    )
