"""The affidavit of a search: exactly what was searched, by whom, when, and what that gave; as data and as text (P-21)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from civicmail.desk.records.models import Search


def affidavit(search: Search, settled: dict[str, int], open_items: int, attested: list[dict[str, Any]]) -> dict[str, Any]:
    """The affidavit as data. settled: items that could not be searched, by how a person settled them; open_items: the others;
    attested: what people stated about their own accounts and devices."""
    scope = search.scope
    return {
        "request": scope.request.number,
        "search": search.pk,
        "scope": scope.version,
        "query": scope.query,
        "searched_by": search.by.display,
        "ordered": search.at.isoformat(),
        "finished": search.finished.isoformat() if search.finished else None,
        "population": search.population,
        "found": search.found,
        "unsearchable": search.unsearchable,
        "excluded": search.excluded,
        "settled": settled,
        "not_settled": open_items,
        "mailboxes": search.counts.get("", {}),
        "terms": {term: boxes for term, boxes in search.counts.items() if term},
        "index": search.coverage,
        "checkpoint": search.checkpoint,
        "attestations": attested,
    }


def text(plain: dict[str, Any]) -> str:
    """The affidavit as lines of text."""
    return "\n".join(_lines(plain)) + "\n"


def _lines(plain: dict[str, Any]) -> Iterator[str]:
    yield f"Search affidavit of request {plain['request']}, search {plain['search']}"
    yield f"Query of scope {plain['scope']}: {plain['query']}"
    yield f"Ordered by {plain['searched_by']} at {plain['ordered']}, finished at {plain['finished']}"
    yield f"Messages in the archive: {plain['population']}"
    yield f"= found {plain['found']} + unsearchable {plain['unsearchable']} + excluded {plain['excluded']}"
    settled = ", ".join(f"{how} {number}" for how, number in sorted(plain["settled"].items()))
    yield f"Items that could not be searched completely: {settled or 'none settled'}, not settled {plain['not_settled']}"
    yield f"Index version {plain['index'].get('version')}, {plain['index'].get('searchable')} messages"
    yield f"Ledger checkpoint: {plain['checkpoint'] or 'none'}"
    for one in plain["attestations"]:
        yield f"Personal accounts and devices of {one['person']}: {one['answer']}"
    yield "Messages by mailbox:"
    yield from (f"  {box}: {number}" for box, number in plain["mailboxes"].items())
    for term, boxes in plain["terms"].items():
        yield f"Messages with {term}: {boxes.get('', 0)}"
        yield from (f"  {box}: {number}" for box, number in boxes.items() if box)
