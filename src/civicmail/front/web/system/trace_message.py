"""The page of one traced message: received, decided, archived, delivered, to the millisecond ("/system/trace/<id>/")."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode

from civicmail.city.guard.epoch import epoch_ms
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, may, or_404, require
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Action, Page
from civicmail.city.pages.states import choices, labels
from civicmail.core.ledger import checkpoints, leaves, sequencer
from civicmail.desk.viewer.queries import damage_as_later, store
from civicmail.front.web.formatting import instant, size
from civicmail.front.web.system import installation
from civicmail.front.web.system.trace import state_of
from civicmail.mail.archive.envelopes import WIRE, MessageTrace, Passage, Step

STATES = labels(
    "delivered",
    "deferred",
    "held",
    "failed",
    waiting="queued",
    trying="sending",
    cancelled="canceled",
    kept="archived",
    refused="rejected",
)
STEPS = {
    **dict(choices(labels("delivered", "deferred", "failed", "held", "released", attempt="sending", cancelled="canceled"))),
    "decided": "Decided again",
    "linked": "Found to be one message with another capture",
    "class": "Put into another retention class",
    "onward": "What the smart host did with it",
    "hold": "Put on hold",
    "hold_end": "Hold ended",
    "disposed": "Disposed of",
}
MAX_STEPS = 300
"""Events on a page: a message to a large list has thousands."""
WORDS = {"next": "next try", "try": "try number", "tls": "TLS"}


@dataclass(frozen=True, slots=True)
class Ledgered:
    """entry: its place in the ledger, None before it is there; signed: ms of the newest checkpoint where that covers it, else 0."""

    entry: int | None
    signed: int


@acting("system.see")
def one(request: CityRequest, capture: uuid.UUID) -> HttpResponseBase:
    """The envelope of a message; content needs another act with a reason."""
    require(request, "system.see")
    traced = traced_or_404(request, capture)
    actions = []
    if any(p.state in ("waiting", "deferred", "trying") for p in traced.passages) and may(request, "queue.act"):
        actions.append(Action("Try now…", f"{reverse('queue-try')}?{urlencode({'message': traced.uuid})}"))
    actions.append(Action("What was found…", reverse("screening", args=[capture])))
    if may(request, "content.accident"):
        actions.append(Action("I saw it by accident…", f"{reverse('accident')}?{urlencode({'message': traced.uuid})}"))
    if may(request, "content.reveal"):
        actions.append(Action("Reveal content…", reverse("reveal", args=[capture])))
    facts = [("Received", instant(traced.received)), ("From", traced.sender or "<>"), ("Size", size(traced.size))]
    page = Page(traced.sha256[:12], "Trace", [("Trace", reverse("trace"))], state_of(traced), facts, actions)
    names = [p.address for p in traced.passages]
    listing_ = listing.from_rows(
        request,
        [{"pk": p.index, "p": p} for p in traced.passages],
        caption="What was decided for each recipient, and how it stands",
        columns=COLUMNS,
        empty="Its envelope names no recipient.",
        noun="recipients",
    )
    shown = {
        "page": page,
        "t": traced,
        "wire": traced.source in WIRE,
        "count": len(traced.passages),
        "steps": [_step_line(step, names) for step in traced.steps[:MAX_STEPS]],
        "left_out": len(traced.steps[MAX_STEPS:]),
        "ledger": ledgered(traced),
    }
    return listing.render_list(request, "system/one.html", listing_, shown)


def traced_or_404(request: CityRequest, capture: uuid.UUID) -> MessageTrace:
    """The envelope of a capture; 404 if it is not archived, 503 if it cannot be read."""
    archive = store().archive()
    place = or_404(archive.place(capture.bytes))
    with damage_as_later():
        return archive.envelope(request.actor, place, now=epoch_ms(request.now))


def ledgered(traced: MessageTrace) -> Ledgered:
    """The receipt's place in the ledger."""
    ledger = sequencer.folder(installation.data())
    entry = leaves.find_batch(ledger, traced.journal, traced.number)
    signed = checkpoints.latest(ledger)
    return Ledgered(entry, signed.at if entry is not None and signed is not None and entry < signed.size else 0)


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step as text. who: recipients; facts: ordered (name, value)."""

    at: int
    words: str
    who: str
    facts: list[tuple[str, str]]
    place: str


def _step_line(step: Step, names: list[str]) -> StepLine:
    facts = [(WORDS.get(name, name), instant(int(value)) if name == "next" else value) for name, value in step.facts]
    to = [names[index] for index in step.to if index < len(names)]
    who = ", ".join(to[:5]) + (f" and {len(to) - 5:,} more" if len(to) > 5 else "")
    return StepLine(step.at, STEPS.get(step.type, step.type.replace("_", " ")), who, facts, f"{step.journal}:{step.number}")


def _rules(p: Passage) -> str:
    """The rules that led to it, where they say more than the decision."""
    return ", ".join(rule for rule in p.rules if rule != p.do)


def _state(p: Passage) -> Cell:
    role, word = STATES[p.state]
    return Cell(word, role=role, hint=f"again {instant(p.next)}" if p.next else "")


COLUMNS: tuple[Column, ...] = (
    Column("recipient", "Recipient", lambda r: Cell(r["p"].address, hint=f"for {r['p'].box}" if r["p"].box else "", full=True)),
    Column("decision", "Decision", lambda r: Cell(r["p"].do, hint=_rules(r["p"])), name="decision"),
    Column("now", "Now", lambda r: _state(r["p"])),
    Column("since", "Since", lambda r: instant(r["p"].since), name="since"),
    Column("tries", "Tries", lambda r: r["p"].tries, num=True, name="tries"),
    Column("reply", "Last answer", lambda r: Cell(r["p"].reply or "none", full=True), name="last answer"),
)
