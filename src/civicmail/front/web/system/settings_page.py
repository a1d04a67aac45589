"""The page Settings: every setting with its origin, and changes made by people ("/system/settings/"). Passwords are in files that
no page reads."""

from __future__ import annotations

import os
import pwd
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.http import HttpResponseBase
from django.shortcuts import render

from civicmail.city.directory import store
from civicmail.city.guard.epoch import from_ms
from civicmail.city.guard.models import Entry
from civicmail.city.identity.queries.entry_text import EntryNames
from civicmail.city.pages import listing
from civicmail.city.pages.city_request import CityRequest, acting, require
from civicmail.city.pages.listing import Cell, Column
from civicmail.city.pages.page import Page
from civicmail.core.config import load
from civicmail.core.config.errors import CivicmailError
from civicmail.core.config.sources import EffectiveSetting, effective_settings
from civicmail.front.web.system import installation

RUNTIME = (
    "department.mode",
    "retention.schedule",
    "law.adopt",
    "policy.publish",
    "personal-use.set",
    "personal-use.end",
    "mandate.protect",
    "keys.rotate",
    "queue.act",
)
"""Acts by which people set how the installation works while it runs."""


@dataclass(frozen=True, slots=True)
class File:
    """The settings file: whose it is, when it was written, and whether the pages began before that."""

    path: str
    owner: str
    written: datetime
    newer: bool


@acting("system.see")
def settings_(request: CityRequest) -> HttpResponseBase:
    """Changed settings first, then departments and runtime changes, then all."""
    require(request, "system.see")
    data = installation.data()
    config = Path(c) if (c := os.environ.get("CIVICMAIL_CONFIG")) else None
    sourced, problem = _sourced(data, config)
    rows = [{"pk": s.key, "s": s} for s in sourced]
    if request.GET.get("format") == "csv":
        listed = listing.from_rows(request, rows, caption="Settings", columns=COLUMNS, empty="", noun="settings")
        return listing.render_list(request, "system/settings.html", listed, {})
    shown = {
        "page": Page("Settings", "System"),
        "file": _file(config or data / load.FILE),
        "wrong": problem,
        "changed": [s for _, group in _sections([s for s in sourced if s.is_changed]) for s in group],
        "sections": _sections([s for s in sourced if not s.is_changed]),
        "departments": _departments(data),
        "acts": _acts(),
    }
    return render(request, "system/settings.html", shown)


def _acts() -> list[tuple[Entry, str, str, datetime]]:
    """Recent changes by people: entry, what was done, person, time."""
    rows = list(Entry.objects.filter(act__in=RUNTIME).defer("head")[:20])
    names = EntryNames.of(rows)
    return [(e, names.sentence(e), names.who(e), from_ms(e.at)) for e in rows]


COLUMNS: tuple[Column, ...] = (
    Column("key", "Setting", lambda r: r["s"].key),
    Column("value", "Value", lambda r: r["s"].value),
    Column("source", "From", lambda r: Cell(r["s"].source, hint=f"line {r['s'].line}" if r["s"].line else "")),
    Column("default", "Default", lambda r: r["s"].default),
)


def _sourced(data: Path, config: Path | None) -> tuple[list[EffectiveSetting], str]:
    """The settings as a process that starts now would read them, or why it would not start."""
    try:
        return effective_settings(data, config), ""
    except CivicmailError as error:
        return [], str(error)


def _sections(sourced: list[EffectiveSetting]) -> list[tuple[str, list[EffectiveSetting]]]:
    """Settings by section, and by table if there are several."""
    sections: dict[str, list[EffectiveSetting]] = {}
    for setting in sourced:
        sections.setdefault(setting.key.rpartition(".")[0], []).append(setting)
    return list(sections.items())


def _file(path: Path) -> File | None:
    try:
        status = path.stat()
    except OSError:
        return None
    try:
        owner = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        owner = f"uid {status.st_uid}"
    written = datetime.fromtimestamp(status.st_mtime, UTC)
    return File(str(path), owner, written, written > STARTED)


STARTED = datetime.now(UTC)
"""Start of this process; later changes of the file are not in force."""


@dataclass(frozen=True, slots=True)
class Department:
    """A department's mode. who: who set it and why, if an audit entry says so."""

    name: str
    mode: str
    since: datetime | None
    who: str
    reason: str


def _departments(data: Path) -> list[Department]:
    try:
        known = sorted(store.load(data).by_name.values(), key=lambda d: d.name)
    except (CivicmailError, OSError):
        return []
    entry_ids = {d.entry.removeprefix("entry:") for d in known if d.entry.startswith("entry:")}
    entries = {str(e.uuid): e for e in Entry.objects.filter(uuid__in=[n for n in entry_ids if _is_uuid(n)]).defer("head")}
    departments = []
    for d in known:
        entry = entries.get(d.entry.removeprefix("entry:"))
        who, reason = (entry.person, entry.reason) if entry else (f"entry {d.entry}" if d.entry else "the file", "")
        departments.append(Department(d.name, d.mode, from_ms(d.since) if d.since else None, who, reason))
    return departments


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
