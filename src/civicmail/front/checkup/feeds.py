"""Check for personnel feeds that are silent, failed or stopped: people who left could keep access (L6, L7)."""

from __future__ import annotations

from collections.abc import Iterator

from civicmail.city.directory import feed_status
from civicmail.front.checkup.findings import HOUR, MINUTE, Finding, Installation
from civicmail.front.checkup.wording import when

_DAY = 24 * HOUR


def feeds(p: Installation) -> Iterator[Finding]:
    """Check that each personnel feed ran in time, answers and is not stopped."""
    last_runs = feed_status.read(p.data)
    findings = list(_silent(p, last_runs))
    for feed in last_runs:
        if feed.state == "stopped":
            text = f"The feed {feed.source} is held by the brake since {when(feed.at)}."
            findings.append(Finding("feeds", "problem", text, "An access officer decides: Access office, Personnel feed."))
        elif feed.state == "failed":
            text = f"The feed {feed.source} did not answer at {when(feed.at)}."
            do = f"civicmail people pull {feed.source} says why; nobody is ended by it meanwhile."
            findings.append(Finding("feeds", "problem", text, do))
    if findings:
        yield from findings
    elif last_runs:
        yield Finding("feeds", "ok", f"{len(last_runs)} feeds of people were heard in time.")
    else:
        text = "No personnel list was read yet, so somebody has to say by hand who joins and who leaves."
        yield Finding("feeds", "not-set-up", text, "Access office, Personnel feed; or: civicmail people sync --help")


def _silent(p: Installation, last_runs: list[feed_status.FeedStatus]) -> Iterator[Finding]:
    """Yield findings for configured feeds that never ran, and for feeds that are overdue."""
    known = {feed.source: feed for feed in last_runs if feed.kind == "ldap"}
    intervals = {source.name: source.every for source in p.settings.feeds.ldap}
    for name in intervals:
        if name not in known:
            text = f"The feed {name} was never heard."
            yield Finding("feeds", "warning", text, f"civicmail people pull {name}")
    for feed in last_runs:
        max_age_ms = p.settings.feeds.stale * _DAY
        if feed.kind == "ldap" and intervals.get(feed.source):
            max_age_ms = min(max_age_ms or _DAY, max(3 * intervals[feed.source] * MINUTE, HOUR))
        if max_age_ms and p.now - feed.at > max_age_ms and feed.state not in ("stopped", "failed"):
            text = f"The feed {feed.source} says nothing since {when(feed.at)}."
            yield Finding("feeds", "warning", text, "Look whether it still runs: people who left may still be in.")
