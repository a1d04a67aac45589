"""An evidence pack: what the audit log has about a person, an examination or a month, as one file that an outsider can check
without Civicmail (promise 2; docs/formats.md, "Evidence pack")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet

from civicmail.city.conduct import evidence_file
from civicmail.city.conduct.evidence_file import Evidence
from civicmail.city.conduct.queries import entry_proofs
from civicmail.city.conduct.queries.entry_proofs import Head
from civicmail.city.directory.models import Person
from civicmail.city.guard.actors import Actor
from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.guard.errors import Unusable, field_error
from civicmail.city.guard.models import Entry
from civicmail.city.guard.queries import entries as entry_queries
from civicmail.city.identity.queries.entry_text import EntryNames
from civicmail.city.pages import display_names, wording
from civicmail.city.pages.entry_words import words
from civicmail.core.ledger import checkpoints, leaves, sequencer

VERSION = "civicmail evidence 1"
MOST = 50_000
"""Entries of one pack: a spreadsheet still opens them."""
_LIMITS = """What this file shows, and what it cannot show

It shows that each entry in it was in the ledger, word for word, when the checkpoint was signed, and that its place in the ledger's
journals is the one it names. A witness's cosignature (python verify_review.py FILE --witness KEY) shows that the ledger was not
rewritten since the witness first saw it, even by somebody with all keys of the city.

It cannot show

- an act that the program never recorded, because somebody had changed the program;
- entries that were left out of this file: it is a choice. Ask for the month to see what else was recorded;
- entries of examinations that are sealed, or that are about the person who asked for this file and are not closed;
- who sat at the keyboard: an entry names whose sign-in it was;
- the true time of an act: times are those of the city's clock. A cosignature has the time of the witness's clock, which is the
  latest possible time of everything before it;
- anything after the checkpoint.
"""
_README = """{name}, of {city}.

report.html        the entries, for reading
entries.csv        the same for a spreadsheet
entries.jsonl      the entries as the ledger has them
proofs.jsonl       proofs that they are in the ledger, under its signed checkpoint{proof}
LIMITS.txt         what this file cannot show
manifest.json      checksums and counts

Check it with: python verify_review.py THIS_FILE --key KEY --witness KEY
"""
_HEAD = ("when", "act", "who", "role", "for", "about", "object", "why", "from", "entry")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a pack is about. name: for people; rows: the entries that the reader may see; about: the same for a verifier."""

    kind: str
    key: str
    name: str
    rows: QuerySet[Entry]
    about: dict[str, Any] = field(default_factory=dict)


def subject_of(kind: str, key: str, actor: Actor) -> Subject:
    """What is asked for. Raises Unusable if there is no such thing, or too much of it."""
    visible = entry_queries.visible_to(actor)
    match kind:
        case "person":
            who = Person.objects.filter(uid=key).first()
            if who is None:
                raise field_error("key", "Nobody has this personnel number.")
            rows = visible.filter(Q(person=key) | Q(behalf=key) | Q(object=f"person:{key}"))
            subject = Subject(kind, key, f"Audit log about {who.display}", rows)
        case "examination":
            rows = visible.filter(object=f"mandate:{key}")
            if not rows.exists():  # one answer, so that nobody learns of an examination that is not for them
                raise field_error("key", "There is no examination with this number that you may see.")
            subject = Subject(kind, key, f"Audit log about examination {key}", rows)
        case _:
            since, until = _month(key)
            rows = visible.filter(at__gte=since, at__lt=until)
            subject = Subject("month", key, f"Audit log of {key}", rows, {"since": since, "until": until})
    if subject.rows.count() > MOST:
        raise Unusable(f"That is more than {MOST:,} entries. Ask for less, such as one person.")
    return subject


def pack(subject: Subject, data: Path) -> tuple[bytes, int]:
    """The zip, and the number of its entries: those that the newest checkpoint covers. Raises Unusable where there is none."""
    heads = _signed(data, entry_proofs.heads(subject.rows))
    places = {(journal, number) for journal, number, _ in heads}
    rows = [e for e in subject.rows.order_by("id").select_related("carried") if _place(e) in places]
    if not rows:
        raise Unusable("Nothing about it is in the ledger yet, or nothing was recorded.")
    files = {
        "report.html": _report(subject, rows),
        "entries.csv": evidence_file.table(_HEAD, _lines(rows)),
        "LIMITS.txt": _LIMITS.encode(),
    }
    about = {"key": subject.key, "kind": subject.kind, "name": subject.name, "city": settings.CITY.city.name, **subject.about}
    proofs = entry_proofs.proofs(data, heads)
    content, evidence = [head for _, _, head in heads], Evidence(files, {"rows": len(rows)})
    return evidence_file.pack(evidence, about, content, proofs, version=VERSION, readme=_README), len(rows)


def _signed(data: Path, heads: Sequence[Head]) -> list[Head]:
    """Those that the newest checkpoint covers."""
    ledger = sequencer.folder(data)
    signed = checkpoints.latest(ledger)
    size = signed.size if signed is not None else 0
    placed = ((head, leaves.find_batch(ledger, head[0], head[1])) for head in heads)
    return [head for head, index in placed if index is not None and index < size]


def _place(row: Entry) -> tuple[str, int] | None:
    carried = getattr(row, "carried", None)
    return (carried.journal, carried.number) if carried is not None else None


def _lines(rows: Sequence[Entry]) -> list[tuple[object, ...]]:
    names = EntryNames.of(rows)
    return [
        (
            from_ms(e.at).isoformat(), words(e.act), display_names.name_and_uid(e.person, names.people.get(e.person)),
            wording.role(e.duty), display_names.name_and_uid(e.behalf, names.people.get(e.behalf)) if e.behalf else "",
            names.object(e), e.object, e.reason, e.client, str(e.uuid),
        )
        for e in rows
    ]  # fmt: skip


def _report(subject: Subject, rows: Sequence[Entry]) -> bytes:
    shown = ("When", "Act", "Who", "About", "Why")
    head = "".join(f'<th scope="col">{name}</th>' for name in shown)
    lines = [(when, act, who, about or object_, why) for when, act, who, _, _, about, object_, why, _, _ in _lines(rows)]
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in line)}</tr>\n" for line in lines)
    caption = f"<caption>{len(rows):,} entries, oldest first; times are UTC</caption>"
    table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>\n"
    limits = f"<h2>What this file cannot show</h2><pre>{escape(_LIMITS)}</pre>"
    return evidence_file.page(subject.name, table + limits)


def _month(key: str) -> tuple[int, int]:
    """First and last ms (excluded) of a month in the city's time zone. Raises Unusable."""
    try:
        first = date.fromisoformat(f"{key}-01")
        after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    except ValueError:
        raise field_error("key", "A month is written like 2026-12.") from None
    zone = ZoneInfo(settings.CITY.city.time_zone)
    return epoch_ms(datetime.combine(first, time(), zone)), epoch_ms(datetime.combine(after, time(), zone))
