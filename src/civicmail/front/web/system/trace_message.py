"""The page of one traced message: what became of it in a sentence, then each step ("/system/trace/<id>/")."""

from __future__ import annotations

import uuid

from django.http import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, may, or_404, require
from civicmail.city.pages.display_names import names_by_uid
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Action, Page
from civicmail.core.ledger import checkpoints, leaves, sequencer
from civicmail.desk.holding.models import Approval
from civicmail.desk.viewer.mail_states import COPIES
from civicmail.desk.viewer.queries import damage_as_later, store
from civicmail.front.web.formatting import clock, size, when
from civicmail.front.web.system import installation
from civicmail.front.web.system.trace import state_of, trace_steps
from civicmail.front.web.system.trace_steps import DECISIONS, Ledgered, steps_of
from civicmail.front.web.system.trace_summary import Awaited, summary
from civicmail.mail.archive.envelopes import WIRE, MessageTrace, Passage


@acting("system.see")
def one(request: CityRequest, capture: uuid.UUID) -> HttpResponseBase:
    """The envelope of a message; content needs another act with a reason."""
    require(request, "system.see")
    traced = traced_or_404(request, capture)
    facts = [("From", traced.sender or "<>"), ("Size", size(traced.size)), ("Arrived", when(traced.received))]
    steps = trace_steps(request, store().archive(), capture)
    page = Page(
        f"Trace of {traced.sha256[:12]}",
        "System",
        [("Trace", steps.up)],
        state_of(traced),
        facts,
        _actions(request, traced),
        search=("Trace", reverse("trace")),
    )
    listing_ = listing.from_rows(
        request,
        [{"pk": p.index, "p": p} for p in traced.passages],
        caption="Recipients, what was decided for each, and its state",
        columns=COLUMNS,
        empty="Its envelope names no recipient.",
        noun="recipients",
    )
    shown = {
        "page": page,
        "t": traced,
        "steps": steps,
        "wire": traced.source in WIRE,
        "summary": summary(traced, request.now, _awaited(traced)),
        "story": steps_of(traced, ledgered(traced), _names(traced)),
        "same": f"{reverse('trace')}?{urlencode({'from': traced.sender or '<>', 'within': 'month'})}",
        "may_reveal": may(request, "content.reveal"),
    }
    return listing.render_list(request, "system/one.html", listing_, shown)


def _actions(request: CityRequest, traced: MessageTrace) -> list[Action]:
    message = urlencode({"message": traced.uuid})
    actions = []
    if any(p.state in ("waiting", "deferred", "trying") for p in traced.passages) and may(request, "queue.act"):
        actions.append(Action("Try now…", f"{reverse('queue-try')}?{message}"))
    actions.append(Action("What was found…", reverse("screening", args=[traced.uuid])))
    if may(request, "content.accident"):
        actions.append(Action("I saw it by accident…", f"{reverse('accident')}?{message}"))
    if may(request, "content.reveal"):
        actions.append(Action("Reveal content…", reverse("reveal", args=[traced.uuid])))
    return actions


def _awaited(traced: MessageTrace) -> Awaited | None:
    """Whose decision about its files it waits for, if it does."""
    if not any(p.state == "held" for p in traced.passages):
        return None
    row = Approval.objects.filter(capture=traced.uuid, copies__state="waits").values_list("department__name", "ends").first()
    return Awaited(*row) if row else None


def _names(traced: MessageTrace) -> dict[str, str]:
    """Names of the people who acted on it."""
    uids = {value for step in traced.steps for name, value in step.facts if name == "actor"}
    return names_by_uid(uids) if uids else {}


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


def _rules(p: Passage) -> str:
    """The rules that led to it, where they say more than the decision."""
    return ", ".join(rule for rule in p.rules if rule != p.do)


def _state(p: Passage) -> Cell:
    role, word = COPIES[p.state]
    return Cell(word, role=role, hint=f"again at {clock(from_ms(p.next))}" if p.next else "")


COLUMNS: tuple[Column, ...] = (
    Column("recipient", "Recipient", lambda r: Cell(r["p"].address, hint=f"for {r['p'].box}" if r["p"].box else "", full=True)),
    Column("decision", "Decision", lambda r: Cell(DECISIONS[r["p"].do], hint=_rules(r["p"])), name="decision"),
    Column("now", "Now", lambda r: _state(r["p"])),
    Column("since", "Since", lambda r: from_ms(r["p"].since), name="since"),
    Column("tries", "Tries", lambda r: r["p"].tries, num=True, name="tries"),
    Column("reply", "Last answer", lambda r: Cell(r["p"].reply or "none", full=True), name="last answer"),
)
