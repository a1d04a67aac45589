"""The page Queue: waiting mail by next hop, and retry ("/system/queue/").

Addresses come from the envelope. Nothing is deleted here: to give up a delivery use the command line, with a reason.
"""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, or_404, require
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.forms import text_field
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Action, Page
from civicmail.front.web.formatting import instant
from civicmail.front.web.system import installation
from civicmail.front.web.system.retry import try_now
from civicmail.front.web.system.waiting_copies import NOWHERE, Group, Line, groups

HOPS = {NOWHERE: "no next hop is set"}
HELD = "held"


class Because(forms.Form):
    """Why it is tried again before its time."""

    reason = text_field(
        "Why now?", "It stays in the record of each message and in the entry.", min_length=3, max_length=400, rows=2
    )


@acting("system.see")
def queue(request: CityRequest) -> HttpResponseBase:
    """One row for each next hop, oldest mail first, and one for held mail."""
    require(request, "system.see")
    lines = installation.waiting_copies(epoch_ms(request.now))
    rows: list[dict[str, Any]] = [{"pk": g.hop, "group": g} for g in groups(lines)]
    held = [line for line in lines if line.held]
    if held:
        oldest = min(line.received for line in held)
        rows.append({"pk": HELD, "group": Group(HELD, len(held), len({h.id for h in held}), oldest, "", 0)})
    listing_ = listing.from_rows(
        request,
        rows,
        caption="Next hops with mail that waits",
        columns=[
            Column("hop", "Next hop", lambda r: Cell(_named(r["pk"]), _link("queue-hop", hop=r["pk"]))),
            Column("recipients", "Recipients", lambda r: r["group"].recipients, num=True, name="recipients"),
            Column("messages", "Messages", lambda r: r["group"].messages, num=True, name="messages"),
            Column("oldest", "Oldest", lambda r: from_ms(r["group"].oldest), name="oldest"),
            Column("reply", "Last answer", lambda r: Cell(r["group"].reply or "none yet", full=True)),
            Column("next", "Next try", lambda r: _next(r["group"].next, r["pk"]), name="next try"),
        ],
        empty="Queue is empty.",
        noun="next hops",
    )
    return listing.render_list(request, "pages/list.html", listing_, {"page": Page("Queue", "System")})


@acting("system.see")
def hop(request: CityRequest) -> HttpResponseBase:
    """Everybody who waits for one next hop."""
    require(request, "system.see")
    name = request.GET.get("hop", "")
    lines = _of(installation.waiting_copies(epoch_ms(request.now)), name)
    rows = [{"pk": f"{uuid.UUID(bytes=line.id)}-{line.index}", "line": line} for line in lines]
    listing_ = listing.from_rows(
        request,
        rows,
        caption=f"Who waits: {_named(name)}",
        columns=[
            Column("received", "Received", _received),
            Column("from", "From", lambda r: Cell(r["line"].sender or "<>", full=True), name="from"),
            Column("to", "To", lambda r: Cell(r["line"].address, full=True), name="to"),
            Column("tries", "Tries", lambda r: r["line"].tries, num=True, name="tries"),
            Column("reply", "Last answer", lambda r: Cell(r["line"].reply or "none yet", full=True)),
            Column("next", "Next try", lambda r: _next(r["line"].next, name), name="next try"),
        ],
        empty="Nobody waits for this next hop any more.",
        noun="recipients",
        keep=["hop"],
    )
    trying = [Action("Try now…", _link("queue-try", hop=name), primary=True)] if lines and name != HELD else []
    page = Page(_named(name).capitalize() if name in (NOWHERE, HELD) else name or "Next hop", "Queue", _crumbs(), actions=trying)
    return listing.render_list(request, "pages/list.html", listing_, {"page": page})


@acting("queue.act")
def try_again(request: CityRequest) -> HttpResponse:
    """Retry a next hop or a message at once, with a reason."""
    require(request, "queue.act")
    name, message = request.GET.get("hop", ""), request.GET.get("message", "")
    copies = installation.waiting_copies(epoch_ms(request.now))
    lines = [line for line in copies if _is(line, message)] if message else _of(copies, name)
    lines = [line for line in lines if not line.held]
    back = reverse("trace-one", args=[message]) if _uuid(message) else _link("queue-hop", hop=name)
    if request.method != "POST" and not lines:
        messages.info(request, "No mail waits here any more.")
        return redirect("queue")
    form = Because(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data, reason = installation.data(), form.cleaned_data["reason"]
        if count := run_verb(form, lambda: try_now(data, lines, actor=request.actor, reason=reason, now=epoch_ms(request.now))):
            messages.success(request, f"{_messages(count)} will be tried at once.")
            return redirect(back)
    count = len({line.id for line in lines})
    shown = {
        "page": Page("Retry now?", "Queue", _crumbs()),
        "form": form,
        "effects": [
            f"{_messages(count)}, for {len(lines):,} who wait, whatever time was set for the next try.",
            f"Next hop: {', '.join(sorted({_named(line.hop) for line in lines})) or 'none'}.",
        ],
        "stays": ["Nothing is deleted, and nobody gets a message twice: who was served is not tried again."],
        "verb": f"Try {_messages(count)} now",
        "back": back,
    }
    return render(request, "pages/confirm.html", shown, status=status_of(form))


def _of(lines: list[Line], name: str) -> list[Line]:
    return [line for line in lines if (line.held if name == HELD else line.hop == name and not line.held)]


def _named(name: str) -> str:
    return "held for a decision" if name == HELD else HOPS.get(name, name)


def _link(view: str, **params: str) -> str:
    return f"{reverse(view)}?{urlencode(params)}"


def _crumbs() -> list[tuple[str, str]]:
    return [("Queue", reverse("queue"))]


def _received(row: dict[str, Any]) -> Cell:
    line: Line = row["line"]
    return Cell(instant(line.received), reverse("trace-one", args=[uuid.UUID(bytes=line.id)]))


def _next(at: int, name: str) -> Cell:
    if name == HELD:
        return Cell("when somebody decides")
    return Cell(from_ms(at)) if at else Cell("when a next hop is set" if name == NOWHERE else "now")


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _is(line: Line, message: str) -> bool:
    capture = or_404(_uuid(message))
    return line.id == capture.bytes


def _messages(count: int) -> str:
    return f"{count:,} message{'' if count == 1 else 's'}"
