"""The case file of a request for a court: everything that was asked, found, decided, sent and recorded (Wis. Stat. 19.37 (1)).

It is made from rows and is identical each time while nothing changes, apart from the proofs, which are of the newest checkpoint.
Mail is not in it, because releases have their own files, nor is the contact data of the requester.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db.models import QuerySet

from civicmail.city.conduct import evidence_file
from civicmail.city.conduct.evidence_file import Evidence
from civicmail.city.conduct.queries import entry_proofs
from civicmail.city.directory.models import Person
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Entry
from civicmail.city.law import adopted
from civicmail.desk.records import affidavit, models
from civicmail.desk.records.actions.content import object_of
from civicmail.desk.records.models import Request, Search
from civicmail.desk.records.queries import affidavits, clock
from civicmail.desk.records.queries.law import local_day, pack_or_none

VERSION = "civicmail case file 1"
EXPORTED = "records.case-file"
"""The act of an export, which is no part of what it exports."""
TABLES: Mapping[str, Callable[[Request], QuerySet[Any]]] = {
    "request": lambda r: Request.objects.filter(pk=r.pk),
    "assignments": lambda r: r.assignments.all(),
    "pauses": lambda r: r.pauses.all(),
    "replies": lambda r: r.replies.all(),
    "self-request-steps": lambda r: r.steps.all(),
    "scopes": lambda r: r.scopes.all(),
    "holds": lambda r: r.holds.all(),
    "searches": lambda r: Search.objects.filter(scope__request=r),
    "attestations": lambda r: r.attestations.all(),
    "items": lambda r: r.items.all(),
    "personal-flags": lambda r: models.PersonalFlag.objects.filter(capture__in=r.items.values("capture")),
    "decisions": lambda r: r.decisions.all(),
    "redactions": lambda r: r.redactions.all(),
    "suggestions": lambda r: r.suggestions.all(),
    "productions": lambda r: r.productions.all(),
    "produced-files": lambda r: models.ProducedFile.objects.filter(production__request=r),
    "publications": lambda r: models.Publication.objects.filter(production__request=r),
    "letters": lambda r: r.letters.all(),
    "fees": lambda r: r.fees.all(),
    "fee-events": lambda r: r.fee_events.all(),
    "notices": lambda r: r.notices.all(),
    "contests": lambda r: r.contests.all(),
    "format-requests": lambda r: r.format_requests.all(),
}
"""Name of a file -> the rows in it, each with all of its history."""
LEFT_OUT = frozenset({"Contact", "HeardForRecords", "RequestYear"})
"""Tables that are no part of a case: contact data, which is kept apart, and counters."""
_SECRET = frozenset({"request", "receipt", "link", "contact"})
_README = """{name}, of {city}.

report.html        everything, for reading
data/*.json        each table whole: who decided what, when, and what replaced it
data/*.csv         the same for a spreadsheet
affidavits/        what each search covered, as text and as JSON
clock.json         whose each working day was
law.toml           the law pack under which the request runs
entries.csv        what the audit log has about the request
entries.jsonl      these entries as the ledger has them
proofs.jsonl       proofs that they are in the ledger{proof}
manifest.json      checksums and counts

A decision, redaction, notice or contest names what it is about by the checksum of its content: data/items.json has the number of
each document. The files of a release are not in here: their checksums are, in data/produced-files.json.

Check it with: sha256sum -c SHA256SUMS, and: python verify_review.py THIS_FILE
"""


def evidence(request: Request, data: Path) -> Evidence:
    """All that is in the file, apart from entries of the ledger with their proofs. Identical each time while nothing changes."""
    tables = {name: _rows(find(request)) for name, find in TABLES.items()}
    numbers: dict[str, list[int]] = defaultdict(list)
    for item in tables["items"]:
        numbers[item["content"]].append(item["number"])
    for name in ("decisions", "redactions", "suggestions"):
        for row in tables[name]:
            row["items"] = numbers[row["content"]]
    tables["people"] = _people(tables)
    entries = [_entry(entry) for entry in _entries(request)]
    files = {f"data/{name}.json": _json(rows) for name, rows in tables.items()}
    files |= {f"data/{name}.csv": _table(rows) for name, rows in tables.items()}
    files["entries.csv"] = _table(entries)
    files["clock.json"] = _json(_clock(request, entries))
    for search in (
        Search.objects.filter(scope__request=request, state="ready").select_related("scope__request", "by").order_by("pk")
    ):
        plain = affidavits.affidavit_of(search)
        files |= {f"affidavits/search-{search.pk}.json": _json(plain)}
        files |= {f"affidavits/search-{search.pk}.txt": affidavit.text(plain).encode()}
    for known in adopted.adopted(data):
        if (known.pack.name, known.pack.version) == (request.law, request.law_version):
            files["law.toml"] = known.text.encode()
    files["report.html"] = _report(request, {**tables, "entries": entries})
    return Evidence(files, {name: len(rows) for name, rows in tables.items()})


def file(request: Request, data: Path) -> tuple[bytes, str]:
    """The zip, and the checksum of its contents."""
    made = evidence(request, data)
    heads = entry_proofs.heads(_entries(request))
    about = {"key": request.number, "name": f"Case file of request {request.number}", "city": settings.CITY.city.name}
    proofs = entry_proofs.proofs(data, heads)
    packed = evidence_file.pack(made, about, [head for _, _, head in heads], proofs, version=VERSION, readme=_README)
    return packed, evidence_file.digest(made.files)


def _entries(request: Request) -> QuerySet[Entry]:
    return Entry.objects.filter(object=object_of(request)).exclude(act=EXPORTED).order_by("id")


def _entry(entry: Entry) -> dict[str, Any]:
    at = from_ms(entry.at).astimezone(UTC).isoformat()
    names = ("act", "person", "duty", "behalf", "reason", "facts")
    return {"uuid": str(entry.uuid), "at": at, **{name: getattr(entry, name) for name in names}}


def _clock(request: Request, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The equation of the days until the last entry."""
    pack = pack_or_none(request)
    if pack is None:
        return {}
    last = datetime.fromisoformat(entries[-1]["at"]) if entries else request.received
    counted = clock.clock_of(request, pack, local_day(last))
    account = counted.account
    days = {"worked": account.worked, "requester": account.requester, "law": account.law, "idle": len(account.idle)}
    owners = [{"day": day.isoformat(), "owner": owner} for day, owner in counted.owners]
    return {**days, "elapsed": account.elapsed, "until": counted.until.isoformat(), "idle_days": owners}


def _rows(rows: QuerySet[Any]) -> list[dict[str, Any]]:
    """Every field of each row, people by their number."""
    fields = [field for field in rows.model._meta.concrete_fields if field.name not in _SECRET]
    people = {field.name for field in fields if field.related_model is Person}
    columns = {field.name: f"{field.name}__uid" if field.name in people else field.attname for field in fields}
    found = rows.order_by("pk").values_list(*columns.values())
    return [{name: _value(value) for name, value in zip(columns, row, strict=True)} for row in found]


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, Decimal) else value


def _people(tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Everybody whom the tables name."""
    texts = {value for rows in tables.values() for row in rows for value in row.values() if isinstance(value, str)}
    found = Person.objects.filter(uid__in=[text for text in texts if 0 < len(text) <= 120]).order_by("uid")
    return [{"uid": person.uid, "name": person.display} for person in found]


def _json(plain: object) -> bytes:
    return orjson.dumps(plain, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def _table(rows: Sequence[Mapping[str, Any]]) -> bytes:
    head = list(rows[0]) if rows else []
    return evidence_file.table(head, ([_cell(row[name]) for name in head] for row in rows))


def _cell(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value


def _report(request: Request, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    """Every table on one page, without columns that are empty."""
    names = {person["uid"]: person["name"] for person in tables["people"]}
    parts = [_section(name, rows, names) for name, rows in tables.items() if name not in ("request", "people") and rows]
    body = f"<p>{escape(request.text)}</p>\n" + "".join(parts)
    return evidence_file.page(f"Case file of request {request.number}", body)


def _section(name: str, rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    head = [column for column in rows[0] if any(row[column] not in ("", None, [], {}) for row in rows)]
    title = escape(name.replace("-", " ").capitalize())
    top = "".join(f'<th scope="col">{escape(column.replace("_", " "))}</th>' for column in head)
    lines = "".join("<tr>" + "".join(f"<td>{_shown(row[column], names)}</td>" for column in head) + "</tr>\n" for row in rows)
    return f"<h2>{title}</h2>\n<table><thead><tr>{top}</tr></thead><tbody>\n{lines}</tbody></table>\n"


def _shown(value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, str):
        return escape(names.get(value, value))
    return "" if value is None else escape(str(_cell(value)))
