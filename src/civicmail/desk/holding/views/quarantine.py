"""What is kept back, by which rule, and may it go? The list and the release of one copy ("/holding/quarantine/")."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from civicmail.city.access.forms import long
from civicmail.city.access.moments import moment, ms
from civicmail.city.access.views import listing
from civicmail.city.access.views.asked import Asked, acting, may, require
from civicmail.city.access.views.listing import Cell, Column
from civicmail.city.access.views.page import Page
from civicmail.city.access.views.trying import status_of, tried
from civicmail.core.config.errors import LaterError
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import kinds, queries
from civicmail.desk.holding.actions import letting, releases
from civicmail.desk.holding.keptback import UNCHECKED, Copy, missing
from civicmail.mail.archive.again import TOO_LONG, UNAVAILABLE
from civicmail.mail.archive.errors import NotInArchive

DONE = {"quarantine": ("lock", "In quarantine"), "hold": ("lock", "Held")}
WANTED = ("from", "to", "rule")
SORTS: dict[str, Callable[[Copy], Any]] = {
    "received": lambda c: c.received,
    "from": lambda c: (c.sender.rpartition("@")[2], c.sender),
    "to": lambda c: c.address.lower(),
    "rules": lambda c: c.rules,
}


class NoSpam(forms.Form):
    """Why it may go."""

    reason = long(
        "Why is it no spam?", "It stays in the record of the message; the filter learns from your answer.", least=10, rows=2
    )


class Unchecked(forms.Form):
    """Why it may go as soon as the check answers that was away."""

    reason = long("Why should it go?", "At least 10 characters. It stays in the record of the message.", least=10, rows=2)


class Wanted(forms.Form):
    """Why it may go, for those who decide about it."""

    reason = long("Why should it go?", "At least 10 characters. Those who decide read it; whoever asks is none of them.", least=10)


@acting("quarantine.see")
def listed(request: Asked) -> HttpResponseBase:
    """Every copy, the newest first; found by sender, recipient or rule."""
    require(request, "quarantine.see")
    asked = {name: request.GET.get(name, "").strip()[:254] for name in WANTED}
    every = queries.copies(ms(request.now))
    found = [c for c in every if _fits(c, asked)]
    sort = request.GET.get("sort", "")
    by = SORTS.get(sort.lstrip("-"))
    found = sorted(found, key=by, reverse=sort.startswith("-")) if by is not None else found
    rows, book = [{"pk": f"{c.uuid}-{c.index}", "copy": c} for c in found], queries.book()
    shown = listing.of_rows(
        request,
        rows,
        caption="Copies that rules keep back",
        columns=[
            Column("received", "Received", lambda r: Cell(moment(r["copy"].received), _link(r["copy"])), ("received",)),
            Column("state", "State", lambda r: Cell(_state(r["copy"])[1], role=_state(r["copy"])[0])),
            Column("from", "From", lambda r: Cell(r["copy"].sender or "<>", full=True), ("from",), name="from"),
            Column("to", "To", lambda r: Cell(r["copy"].address, full=True), ("to",), name="to"),
            Column("rules", "By rule", lambda r: _by(r["copy"]), ("rules",), name="by"),
            Column("decides", "Who lets it go", lambda r: kinds.decides(r["copy"].rules, book)),
        ],
        empty="Nothing is kept back." if not every else "Nothing that is kept back fits.",
        noun="copies",
        keep=(*WANTED, "sort"),
        sort=sort if by is not None else "-received",
        ticks=bool(may(request, "quarantine.release")),
    )
    page = Page("What is kept back?", "Holding")
    names = [(UNCHECKED, "a check did not answer"), *((name, name) for name in sorted(_rules(every)))]
    more = {"bulk_url": reverse("quarantine-together"), "bulk_acts": [("let", "Let go together…")]}
    context = {"page": page, "asked": asked, "names": names, "sort": sort, **more}
    return listing.shown(request, "holding/quarantine.html", shown, context)


@acting("quarantine.release")
def together(request: Asked) -> HttpResponse:
    """Several copies of one campaign: what they have in common, and one reason for all."""
    require(request, "quarantine.release")
    wanted = (request.POST if request.method == "POST" else request.GET).getlist("row")[: letting.TOGETHER_MOST + 1]
    copies = [c for c in queries.copies(ms(request.now)) if f"{c.uuid}-{c.index}" in wanted]
    back = reverse("quarantine")
    if not copies:
        messages.info(request, "Choose copies first; those that were chosen are not kept back any more.")
        return redirect("quarantine")
    form = NoSpam(request.POST or None)
    if request.method == "POST" and form.is_valid():
        why = form.cleaned_data["reason"]
        done = tried(form, lambda: letting.release_together(copies, actor=request.actor, reason=why, now=ms(request.now)))
        if done is not None:
            stays = f" {done[1]} stay: the checks have found something else in them." if done[1] else ""
            messages.success(request, f"{done[0]} of {len(copies)} go to their recipients now.{stays}")
            return redirect("quarantine")
    page = Page("Let these go together?", "Quarantine", [("Quarantine", back)], facts=[("Copies", len(copies))])
    shown = {"page": page, "form": form, "copies": copies, "back": back, "one": len({letting.campaign(c) for c in copies}) == 1}
    return render(request, "holding/together.html", shown, status=status_of(form))


@acting("quarantine.release")
def release(request: Asked, capture: uuid.UUID, index: int) -> HttpResponse:
    """One copy: who, when, which rules and what they say, what was seen; and the word of an officer that it may go."""
    require(request, "quarantine.see")
    copy = queries.copy(capture.bytes, index, ms(request.now))
    if copy is None:
        messages.info(request, "That copy is not kept back any more.")
        return redirect("quarantine")
    alone = letting.elsewhere(copy, request.actor) == ""
    form = (Wanted if not alone else Unchecked if missing(copy.rules) else NoSpam)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if not alone:
            require(request, "quarantine.release")
            asked = tried(form, lambda: releases.ask([copy], actor=request.actor, reason=reason, now=ms(request.now)))
            return redirect("release", pk=asked.pk) if asked is not None else _page(request, copy, form)
        done = tried(form, lambda: letting.release(copy, actor=request.actor, reason=reason, now=ms(request.now)))
        if done is not None and done.let:
            learnt = "" if isinstance(form, Unchecked) else " The filter has learnt from it."
            messages.success(request, f"It goes to its recipient now.{learnt}")
            return redirect("quarantine")
        if done is not None:
            form.add_error(None, f"It stays: {_keeping(done.kept[index].rules)}")
    return _page(request, copy, form)


def _page(request: Asked, copy: Copy, form: forms.Form) -> HttpResponse:
    return render(request, "holding/copy.html", _shown(request, copy, form), status=status_of(form))


def _shown(request: Asked, copy: Copy, form: forms.Form) -> dict[str, Any]:
    try:
        why = queries.kept().why(copy)
    except (NotInArchive, DamagedFile):
        raise LaterError("What was found in this message cannot be read at this moment.") from None
    facts: list[tuple[str, Any]] = [
        ("Received", moment(copy.received)),
        ("From", copy.sender or "<>"),
        ("To", copy.address),
        ("By way of", f"{why.source}{f', {why.client}' if why.client else ''}"),
    ]
    page = Page("May it go?", "Copy", [("Quarantine", reverse("quarantine"))], _state(copy), facts)
    back, book = reverse("quarantine"), queries.book()
    return {"page": page, "form": form, "copy": copy, "back": back, "why": why,
            "missing": missing(copy.rules),
            "rules": queries.rules(_acting(kinds.keeping_rules(copy.rules, book))),
            "elsewhere": letting.elsewhere(copy, request.actor), "kind": kinds.kind_of(copy.rules, book),
            "contained": kinds.CONTAINED in copy.rules,
            "stopping": _block(request, copy, why.source),
            "may": may(request, "quarantine.release"), "traced": may(request, "system.see")}  # fmt: skip


def _block(request: Asked, copy: Copy, source: str) -> str:
    """Where its sender is stopped by an emergency rule, for who may make one; what employees send none of them stops."""
    if not copy.sender or source not in ("mx", "lmtp") or not may(request, "emergency.make"):
        return ""
    return f"{reverse('emergency-new')}?{urlencode({'kind': 'sender', 'value': copy.sender.lower()})}"


def _keeping(rules: tuple[str, ...]) -> str:
    """What keeps a copy although somebody said that it is no spam."""
    if away := missing(rules):
        return f"{', '.join(away)} did not answer. Try again when the page Health says that it is back."
    keeping = kinds.keeping_rules(rules, queries.book())
    said = [f"{name} ({rule.reader})" if rule and rule.reader else name for name, rule in queries.rules(keeping)]
    if not said:
        return "the checks keep it."
    return f"{', '.join(said)} {'keeps' if len(said) == 1 else 'keep'} it, whatever the spam filter says."


def _fits(copy: Copy, asked: dict[str, str]) -> bool:
    wanted = {"from": copy.sender, "to": copy.address}
    return all(asked[name].lower() in text.lower() for name, text in wanted.items()) and (
        not asked["rule"] or asked["rule"] in copy.rules or (asked["rule"] == UNCHECKED and bool(missing(copy.rules)))
    )


def _rules(copies: list[Copy]) -> set[str]:
    return {rule for c in copies for rule in _acting(c.rules)}


def _state(copy: Copy) -> tuple[str, str]:
    """Role and word; what a record of another program calls otherwise is held, too."""
    return DONE.get(copy.do, DONE["hold"])


def _by(copy: Copy) -> str:
    said = [*(f"no answer: {part}" for part in missing(copy.rules)), *_acting(copy.rules)]
    return ", ".join(said) or "its record cannot be read"


def _acting(rules: tuple[str, ...]) -> tuple[str, ...]:
    """Without those that are only counted or told, and without the checks that did not answer."""
    return tuple(rule for rule in rules if not rule.startswith((*kinds.PLACES, UNAVAILABLE)) and rule != TOO_LONG)


def _link(copy: Copy) -> str:
    return reverse("quarantine-release", args=[copy.uuid, copy.index])
