"""The kinds of sample mail: one function each, from a desk (who, when, what about) to a message as bytes."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from civicmail.front.sample import attachments, mime, people, prose
from civicmail.front.sample.mime import Note
from civicmail.front.sample.people import Department, Person, Town

_OPEN_THREADS = 60


@dataclass(slots=True)
class Thread:
    """A conversation that may be answered."""

    people: list[Person]
    subject: str
    topic: str
    references: list[str]
    last_text: str


class Desk:
    """Context for writing: city, random, time and open threads. count: messages so far."""

    def __init__(self, random: Random, start: datetime, every: float, town: Town = people.SAMPLE) -> None:
        self.town = town
        self.random = random
        self.now = start
        self.count = 0
        self.threads: list[Thread] = []
        self._every = every

    def department(self) -> Department:
        return self.random.choice(self.town.departments)

    def next_id(self, author: Person) -> str:
        """A Message-ID; advances the time."""
        self.count += 1
        self.now += timedelta(seconds=int(self.random.expovariate(1 / self._every)) if self._every else 0)
        return f"{self.count}.{self.random.getrandbits(48):012x}@{author.address.rpartition('@')[2]}"

    def note(self, author: Person, to: list[Person], subject: str, **more: object) -> Note:
        return Note(author, to, subject, message_id=self.next_id(author), date=self.now, **more)  # type: ignore[arg-type]  # by name

    def remember(self, note: Note, topic: str, text: str) -> None:
        everybody = [note.author, *note.to, *note.cc]
        self.threads.append(Thread(everybody, note.subject, topic, [*note.references, note.message_id], text))
        del self.threads[:-_OPEN_THREADS]


@dataclass(frozen=True, slots=True)
class Written:
    """A finished message with the recipients of its envelope; blind ones are in no header."""

    author: Person
    to: tuple[Person, ...]
    content: bytes


def _sent(note: Note, body: bytes, *blind: Person) -> Written:
    return Written(note.author, (*note.to, *note.cc, *blind), note.lines() + body)


def _wrapped(paragraphs: list[str]) -> str:
    return "\n\n".join(map(filled, paragraphs)) + "\n"


def filled(text: str, width: int = 76) -> str:
    """Lines of at most this width, broken at single blanks and after hyphens within words; as textwrap.fill does it, ten times as
    fast: a simulated day has a million paragraphs."""
    lines = []
    while len(text) > width:
        blank, hyphen = text.rfind(" ", 0, width + 1), text.rfind("-", 0, width) + 1
        end = max(blank, hyphen)
        if end <= 0:
            break
        lines.append(text[:end])
        text = text[end:].lstrip(" ")
    return "\n".join([*lines, text])


def _pair(desk: Desk) -> tuple[Department, Person, Person]:
    """A department, an author and a recipient: internal, incoming or outgoing in about equal shares."""
    department = desk.department()
    staff = desk.town.staff_of(department.short)
    member = desk.random.choice(staff[1:])
    way = desk.random.random()
    if way < 0.4:
        return department, member, desk.random.choice([p for p in staff if p is not member])
    other = desk.random.choice(people.residents() if way < 0.85 else people.vendors())
    return (department, other, desk.random.choice(staff)) if desk.random.random() < 0.6 else (department, member, other)


def plain(desk: Desk) -> Written:
    """A letter in plain text, some with copies and now and then a blind one."""
    r = desk.random
    department, author, to = _pair(desk)
    topic = r.choice(department.topics)
    staff = desk.town.staff_of(department.short)
    text = _wrapped([f"Dear {to.name.split()[-1]},", *prose.paragraphs(r, topic), author.name])
    cc = r.sample(staff, 2) if r.random() < 0.3 else []
    note = desk.note(author, [to], prose.subject(r, topic), cc=[p for p in cc if p not in (author, to)])
    desk.remember(note, topic, text)
    blind = [r.choice(staff)] if r.random() < 0.05 else []
    return _sent(note, mime.text(text), *(p for p in blind if p not in note.to + note.cc))


def reply(desk: Desk) -> Written:
    """An answer in a thread, with the question quoted below it."""
    r = desk.random
    if not desk.threads:
        return plain(desk)
    thread = r.choice(desk.threads)
    author = r.choice(thread.people[1:] or thread.people)
    others = [p for p in dict.fromkeys(thread.people) if p.address != author.address][:6] or thread.people[:1]
    quoted = textwrap.indent(thread.last_text, "> ", lambda line: True)
    text = _wrapped(prose.paragraphs(r, thread.topic, most=2)) + f"\n{thread.people[0].name} wrote:\n{quoted}"
    text = "\n".join(text.splitlines()[:400]) + "\n"
    subject = thread.subject if thread.subject.startswith("Re: ") else f"Re: {thread.subject}"
    note = desk.note(author, others[:1], subject, cc=others[1:], references=thread.references[-10:])
    desk.remember(note, thread.topic, text)
    return _sent(note, mime.text(text, encoding="quoted-printable" if not text.isascii() else "7bit"))


def html_letter(desk: Desk) -> Written:
    """A letter as text and as HTML (multipart/alternative), as most programs write it."""
    r = desk.random
    department, author, to = _pair(desk)
    topic = r.choice(department.topics)
    paragraphs = prose.paragraphs(r, topic)
    page = "".join(f'<p style="margin:0 0 1em 0; font-family:Calibri,sans-serif">{html.escape(p)}</p>\n' for p in paragraphs)
    page = (
        f'<html><head><meta charset="utf-8"><style>p {{ color: #222 }}</style></head><body>\n{page}'
        f'<p>See <a href="http://www.city.example/{department.short}/{r.randint(1, 9999)}">{html.escape(topic)}</a></p>\n'
        f"<div>-- <br>{html.escape(author.name)}</div></body></html>\n"
    )
    note = desk.note(author, [to], prose.subject(r, topic))
    desk.remember(note, topic, _wrapped(paragraphs))
    parts = [mime.text(_wrapped(paragraphs)), mime.text(page, encoding="quoted-printable", kind="html")]
    return _sent(note, mime.many(r, "alternative", parts))


def with_files(desk: Desk) -> Written:
    """A letter with one to three files."""
    r = desk.random
    department, author, to = _pair(desk)
    topic = r.choice(department.topics)
    text = _wrapped(prose.paragraphs(r, topic, most=3))
    makers = r.sample(attachments.MAKERS, r.choice((1, 1, 1, 2, 3)))
    files = [mime.attached(*maker(r, topic, text.replace("\n", " "))) for maker in makers]
    note = desk.note(author, [to], f"{topic.capitalize()}: {len(files)} files attached")
    desk.remember(note, topic, text)
    return _sent(note, mime.many(r, "mixed", [mime.text(text), *files]))


def foreign(desk: Desk) -> Written:
    """A resident's letter in another language, in the charset that its writers still use."""
    r = desk.random
    letter = r.choice(prose.FOREIGN)
    author, to = r.choice(people.residents()), desk.town.staff_of(desk.department().short)[0]
    note = desk.note(author, [to], letter.subject, charset=letter.charset)
    encoding: mime.Encoding = "base64" if letter.charset in ("big5", "gb18030", "euc-kr") else "quoted-printable"
    if letter.charset == "iso-2022-jp":
        encoding = "7bit"
    return _sent(note, mime.text(letter.text + "\n", charset=letter.charset, encoding=encoding))


def newsletter(desk: Desk) -> Written:
    """A bulletin to many, with the list headers (RFC 2369, RFC 2919)."""
    r = desk.random
    department = desk.department()
    author = desk.town.staff_of(department.short)[0]
    topic = r.choice(department.topics)
    page = "".join(f"<h2>{t.capitalize()}</h2><p>{' '.join(prose.paragraphs(r, t, most=2))}</p>\n" for t in department.topics)
    note = desk.note(
        author,
        [Person(f"{department.name} News", f"news-{department.short}@{people.DOMAIN}")],
        f"[{department.short}-news] {topic.capitalize()} and more",
        more=[
            ("List-Id", f"{department.name} News <news-{department.short}.{people.DOMAIN}>"),
            ("List-Unsubscribe", f"<mailto:leave-{department.short}@{people.DOMAIN}>"),
            ("Precedence", "list"),
        ],
    )
    written = _sent(note, mime.text(f"<html><body>{page}</body></html>\n", kind="html", encoding="quoted-printable"))
    return Written(author, tuple(r.sample(desk.town.employees + people.residents(), 8)), written.content)


def forward(desk: Desk) -> Written:
    """A message inside a message."""
    r = desk.random
    inner = plain(desk)
    author = next((p for p in inner.to if p.inside), desk.town.employees[0])
    to = r.choice(desk.town.staff_of(author.department) or desk.town.employees)
    note = desk.note(author, [to], "Fwd: see below")
    return _sent(note, mime.many(r, "mixed", [mime.text("Please handle.\n"), mime.forwarded(inner.content)]))


def spam(desk: Desk) -> Written:
    """Unwanted mail; some of it pretends to come from the city."""
    r = desk.random
    subject, text = (prose.fill(r, pattern, "prize") for pattern in r.choice(prose.SPAM))
    author = r.choice(people.cheats())
    shown = Person(r.choice(desk.town.employees).name, author.address) if r.random() < 0.3 else author
    to = r.sample(desk.town.employees, r.randint(1, 4))
    note = desk.note(shown, to[:1], subject, more=[("X-Mailer", "Bulk 4.1"), ("X-Priority", "1")])
    written = _sent(
        note, mime.text(f"<body>{html.escape(text)}<br><font color=white>{r.randbytes(20).hex()}</font></body>\n", kind="html")
    )
    return Written(author, tuple(to), written.content)


Maker = Callable[[Desk], Written]
