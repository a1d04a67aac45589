"""Quarantine: the list of held copies with their rules, and the release of one copy ("/holding/quarantine/")."""

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

from civicmail.city.guard.epoch import epoch_ms, from_ms
from civicmail.city.pages import act_pages, listing
from civicmail.city.pages.act import Act
from civicmail.city.pages.city_request import CityRequest, acting, may, require
from civicmail.city.pages.form_verb import run_verb, status_of
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.lists import Bulk
from civicmail.city.pages.page import Page
from civicmail.city.policy import rule_keys
from civicmail.core.config.errors import LaterError
from civicmail.core.disk.errors import DamagedFile
from civicmail.desk.holding import queries, release_kinds
from civicmail.desk.holding.actions import release_copies, release_requests
from civicmail.desk.holding.acts.quarantine import RELEASE_COPY, REQUEST_RELEASE, RETRY_RELEASE
from civicmail.desk.holding.held_copies import HeldCopy, unavailable_checks
from civicmail.desk.viewer.mail_states import held_label
from civicmail.mail.archive.errors import NotInArchive

FILTERS = ("from", "to", "rule")
SORTS: dict[str, Callable[[HeldCopy], Any]] = {
    "received": lambda c: c.received,
    "from": lambda c: (c.sender.rpartition("@")[2], c.sender),
    "to": lambda c: c.address.lower(),
    "rules": lambda c: c.rules,
}


@acting("quarantine.see")
def listed(request: CityRequest) -> HttpResponseBase:
    """List every copy, newest first; filtered by sender, recipient or rule."""
    require(request, "quarantine.see")
    filters = {name: request.GET.get(name, "").strip()[:254] for name in FILTERS}
    copies = queries.copies(epoch_ms(request.now))
    matching = [c for c in copies if _matches(c, filters)]
    sort = request.GET.get("sort", "")
    sort_key = SORTS.get(sort.lstrip("-"))
    matching = sorted(matching, key=sort_key, reverse=sort.startswith("-")) if sort_key is not None else matching
    rows, book = [{"pk": f"{c.uuid}-{c.index}", "copy": c} for c in matching], queries.rule_set()
    shown = listing.from_rows(
        request,
        rows,
        caption="Copies that rules keep back",
        columns=[
            Column("received", "Received", lambda r: Cell(from_ms(r["copy"].received), _url(r["copy"])), ("received",)),
            Column("state", "State", lambda r: held_label(r["copy"].do)),
            Column("from", "From", lambda r: Cell(r["copy"].sender or "<>", full=True), ("from",), name="from"),
            Column("to", "To", lambda r: Cell(r["copy"].address, full=True), ("to",), name="to"),
            Column("rules", "By rule", lambda r: _rules_text(r["copy"]), ("rules",), name="by"),
            Column("decides", "Who lets it go", lambda r: release_kinds.decided_by(r["copy"].rules, book)),
        ],
        empty="Nothing is kept back." if not copies else "Nothing that is kept back fits.",
        noun="copies",
        keep=(*FILTERS, "sort"),
        sort=sort if sort_key is not None else "-received",
        bulk=Bulk("quarantine-together", [("let", "Release together…")]) if may(request, "quarantine.release") else None,
    )
    page = Page("Quarantine", "Holding")
    names = [(rule_keys.UNCHECKED, "a check did not answer"), *((name, name) for name in sorted(_rules(copies)))]
    context = {"page": page, "asked": filters, "names": names, "sort": sort}
    return listing.render_list(request, "holding/quarantine.html", shown, context)


@acting("quarantine.release")
def together(request: CityRequest) -> HttpResponse:
    """Several copies of one campaign: what they have in common, and one reason for all."""
    require(request, "quarantine.release")
    chosen = (request.POST if request.method == "POST" else request.GET).getlist("row")[: release_copies.MAX_TOGETHER + 1]
    copies = [c for c in queries.copies(epoch_ms(request.now)) if f"{c.uuid}-{c.index}" in chosen]
    back = reverse("quarantine")
    if not copies:
        messages.info(request, "Choose copies first; those that were chosen are not kept back any more.")
        return redirect("quarantine")
    form = act_pages.form_of(RELEASE_COPY, None, request.actor, request.POST or None)
    if request.method == "POST" and form.is_valid():
        why = form.cleaned_data["reason"]
        counts = run_verb(
            form, lambda: release_copies.release_campaign(copies, actor=request.actor, reason=why, now=epoch_ms(request.now))
        )
        if counts is not None:
            stays = f" {counts[1]} stay: the checks have found something else in them." if counts[1] else ""
            messages.success(request, f"{counts[0]} of {len(copies)} go to their recipients now.{stays}")
            return redirect("quarantine")
    page = Page(f"Release {len(copies)} copies?", "Quarantine", [("Quarantine", back)], facts=[("Copies", len(copies))])
    shown = {
        "page": page,
        "form": form,
        "copies": copies,
        "back": back,
        "one": len({release_copies.campaign(c) for c in copies}) == 1,
    }
    return render(request, "holding/together.html", shown, status=status_of(form))


@acting("quarantine.release")
def release(request: CityRequest, capture: uuid.UUID, index: int) -> HttpResponse:
    """Show one copy: envelope, time, rules with their words, findings; and the form for its release."""
    require(request, "quarantine.see")
    copy = queries.copy(capture.bytes, index, epoch_ms(request.now))
    if copy is None:
        messages.info(request, "That copy is not kept back any more.")
        return redirect("quarantine")
    may_alone = release_copies.why_not_on_page(copy, request.actor) == ""
    act: Act[HeldCopy, Any, Any] = RETRY_RELEASE if unavailable_checks(copy.rules) else RELEASE_COPY
    form = act_pages.form_of(act if may_alone else REQUEST_RELEASE, copy, request.actor, request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if not may_alone:
            require(request, "quarantine.release")
            request_row = run_verb(
                form,
                lambda: release_requests.request_release([copy], actor=request.actor, reason=reason, now=epoch_ms(request.now)),
            )
            return redirect("release", pk=request_row.pk) if request_row is not None else _page(request, copy, form)
        released = run_verb(
            form, lambda: release_copies.release(copy, actor=request.actor, reason=reason, now=epoch_ms(request.now))
        )
        if released is not None and released.released:
            learned = "" if act is RETRY_RELEASE else " The filter has learnt from it."
            messages.success(request, f"It goes to its recipient now.{learned}")
            return redirect("quarantine")
        if released is not None:
            form.add_error(None, f"It stays: {_held_by_text(released.kept[index].rules)}")
    return _page(request, copy, form)


def _page(request: CityRequest, copy: HeldCopy, form: forms.Form) -> HttpResponse:
    return render(request, "holding/copy.html", _context(request, copy, form), status=status_of(form))


def _context(request: CityRequest, copy: HeldCopy, form: forms.Form) -> dict[str, Any]:
    try:
        why = queries.held_copies().check_results(copy)
    except (NotInArchive, DamagedFile):
        raise LaterError("The findings about this message cannot be read now. Try again in a minute.") from None
    facts: list[tuple[str, Any]] = [
        ("Received", from_ms(copy.received)),
        ("From", copy.sender or "<>"),
        ("To", copy.address),
        ("By way of", f"{why.source}{f', {why.client}' if why.client else ''}"),
    ]
    back, book = reverse("quarantine"), queries.rule_set()
    page = Page(f"Release this copy to {copy.address}?", "Quarantine", [("Quarantine", back)], held_label(copy.do), facts)
    return {"page": page, "form": form, "copy": copy, "back": back, "why": why,
            "missing": unavailable_checks(copy.rules),
            "rules": queries.named_rules(_acting(release_kinds.holding_rules(copy.rules, book))),
            "elsewhere": release_copies.why_not_on_page(copy, request.actor), "kind": release_kinds.kind_of(copy.rules, book),
            "contained": rule_keys.CONTAINED in copy.rules,
            "stopping": _block_url(request, copy, why.source),
            "may": may(request, "quarantine.release"), "traced": may(request, "system.see")}  # fmt: skip


def _block_url(request: CityRequest, copy: HeldCopy, source: str) -> str:
    """The URL for an emergency rule that blocks the sender, for people who may make one; emergency rules never block mail of
    employees."""
    if not copy.sender or source not in ("mx", "lmtp") or not may(request, "emergency.make"):
        return ""
    return f"{reverse('emergency-new')}?{urlencode({'kind': 'sender', 'value': copy.sender.lower()})}"


def _held_by_text(rules: tuple[str, ...]) -> str:
    """Why a copy stays held although its reader decided that it is not spam."""
    if unavailable := unavailable_checks(rules):
        return f"{', '.join(unavailable)} did not answer. Try again when the page Health says that it is back."
    keeping = release_kinds.holding_rules(rules, queries.rule_set())
    names = [f"{name} ({rule.reader})" if rule and rule.reader else name for name, rule in queries.named_rules(keeping)]
    if not names:
        return "the checks keep it."
    return f"{', '.join(names)} {'keeps' if len(names) == 1 else 'keep'} it, whatever the spam filter says."


def _matches(copy: HeldCopy, filters: dict[str, str]) -> bool:
    values = {"from": copy.sender, "to": copy.address}
    return all(filters[name].lower() in text.lower() for name, text in values.items()) and (
        not filters["rule"]
        or filters["rule"] in copy.rules
        or (filters["rule"] == rule_keys.UNCHECKED and bool(unavailable_checks(copy.rules)))
    )


def _rules(copies: list[HeldCopy]) -> set[str]:
    return {rule for c in copies for rule in _acting(c.rules)}


def _rules_text(copy: HeldCopy) -> str:
    reasons = [*(f"no answer: {part}" for part in unavailable_checks(copy.rules)), *_acting(copy.rules)]
    return ", ".join(reasons) or "its record cannot be read"


def _acting(rules: tuple[str, ...]) -> tuple[str, ...]:
    """Rules that act: without those that only count or notify, and without unavailable checks."""
    return tuple(
        rule
        for rule in rules
        if not rule.startswith((*rule_keys.NO_EFFECT, rule_keys.UNAVAILABLE)) and rule != rule_keys.PENDING_TOO_LONG
    )


def _url(copy: HeldCopy) -> str:
    return reverse("quarantine-release", args=[copy.uuid, copy.index])
