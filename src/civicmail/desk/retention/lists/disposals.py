"""The list of disposals: proposed, approved, carried out and stopped (P-23)."""

from __future__ import annotations

from typing import Any

from civicmail.city.pages.act import Page
from civicmail.city.pages.lists import Column, Command, Filter, Link, List, Number, Operation, Somebody, State, Time
from civicmail.city.pages.states import choices
from civicmail.desk.retention.disposal_states import WORDS


def _line(row: Any) -> str:
    return f"{row.pk:6}  {WORDS[row.state][1]:12} {row.captures:>10,} captures  {row.by.uid}  {row.reason}"


class Disposals(List):
    """List disposals, newest first.

    manifest: SHA-256 of its list, empty while that is being written; captures: on the list, of total in the archive; ready: end of
    the notice period; gone: captures that were disposed of; decided_by, decided, answer: who approved or refused it, when and why;
    why: it was stopped or withdrawn.
    """

    name, permission = "list_disposals", "retention.see"
    page = Page("retention/disposals/", "retention-disposals")
    operation = Operation("/retention/disposals", "read:retention", shape="DisposalLine")
    command = Command(
        "disposal list", ("id", "state", "captures", "manifest", "by", "ready", "gone", "reason"), _line, personal=True
    )
    model, related = "retention.Disposal", ("by", "decided_by")
    title, section = "Disposals", "Retention"
    caption, empty, noun, sort = "Disposals", "Nothing was proposed for disposal yet.", "disposals", "-at"
    columns = (
        Number("id", "Number", "pk", is_number=False, link=("retention-disposal", "pk")),
        State("state", "State", words=WORDS, sort=("state",)),
        Number("captures", "Captures", name="Captures", sort=("captures",)),
        Column("reason", "Reason", full=True),
        Time("at", "Proposed", name="Proposed", sort=("at",)),
        Somebody("by", "By"),
        Time("ready", "Not before", name="Not before", optional=True, sort=("ready",)),
        Number("gone", "Disposed of", name="Disposed of", sort=("gone",)),
        Somebody("decided_by", optional=True),
        Time("decided", optional=True),
        Column("answer"),
        Column("manifest"),
        Number("total"),
        Column("why"),
    )
    filters = (Filter("state", "State", choices=choices(WORDS)),)
    links = (Link("Propose a disposal", "retention-disposal-propose", permission="retention.dispose", primary=True),)


DISPOSALS_LIST = Disposals()
