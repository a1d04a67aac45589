"""Personnel feeds: one that is silent, held by the brake, or does not answer leaves people in who are gone (L6, L7)."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.city.directory import feedsheard
from civicmail.front.checkup.findings import HOUR, MINUTE, Finding, Patient
from civicmail.front.checkup.words import when

_DAY = 24 * HOUR


def feeds(p: Patient) -> Iterator[Finding]:
    """Whether each personnel feed was heard in time, answers, and is not held."""
    heard = feedsheard.heard(p.data)
    troubles = list(_silent(p, heard))
    for said in heard:
        if said.state == "stopped":
            text = f"The feed {said.source} is held by the brake since {when(said.at)}."
            troubles.append(Finding("feeds", "problem", text, "An access officer decides: Access office, Personnel feed."))
        elif said.state == "failed":
            text = f"The feed {said.source} did not answer at {when(said.at)}."
            do = f"civicmail people pull {said.source} says why; nobody is ended by it meanwhile."
            troubles.append(Finding("feeds", "problem", text, do))
    if troubles:
        yield from troubles
    elif heard:
        yield Finding("feeds", "ok", f"{len(heard)} feeds of people were heard in time.")
    else:
        text = "No personnel list was read yet, so somebody has to say by hand who joins and who leaves."
        yield Finding("feeds", "not-set-up", text, "Access office, Personnel feed; or: civicmail people sync --help")


def _silent(p: Patient, heard: list[feedsheard.Heard]) -> Iterator[Finding]:
    """A source of the settings that was never heard, or any that was not heard for long."""
    known = {said.source: said for said in heard if said.kind == "ldap"}
    every = {source.name: source.every for source in p.settings.feeds.ldap}
    for name in every:
        if name not in known:
            text = f"The feed {name} was never heard."
            yield Finding("feeds", "warning", text, f"civicmail people pull {name}")
    for said in heard:
        most = p.settings.feeds.stale * _DAY
        if said.kind == "ldap" and every.get(said.source):
            most = min(most or _DAY, max(3 * every[said.source] * MINUTE, HOUR))
        if most and p.now - said.at > most and said.state not in ("stopped", "failed"):
            text = f"The feed {said.source} says nothing since {when(said.at)}."
            yield Finding("feeds", "warning", text, "Look whether it still runs: people who left may still be in.")
