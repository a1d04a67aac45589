"""The report of a simulated day, as Markdown, with the goals that it met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from civicmail.front.sample.day_plan import Kind
from civicmail.front.sample.simulation import INDEX, KEPT, Simulation, clock, median, quantile
from civicmail.front.sample.work_done import WorkDone

_WORDS: dict[Kind, str] = {
    "inside": "among people of the city",
    "outward": "to the outside",
    "inward": "from outside, wanted",
    "junk": "from outside, junk",
}
_DONE = {
    "deliver": "to be delivered",
    "mark": "to be delivered with a mark",
    "encrypt": "to be delivered encrypted",
    "pending": "to be looked at again before anything",
    "hold": "held for a person",
    "quarantine": "in quarantine",
    "refuse": "refused by a rule",
    "redirect": "redirected",
    "kept": "kept only",
    "delivered": "delivered",
    "returned": "returned to their senders",
    "given up": "taken back",
}
YEARS = 7
_DAYS = 365


class Goal(NamedTuple):
    """words: the goal; got: the result; met."""

    words: str
    got: str
    met: bool


def goals(day: Simulation, worked: WorkDone, verified: Mapping[str, object]) -> list[Goal]:
    """The goals that issues set for such a day."""
    accept_s, searchable_s = quantile(day.traffic.waits, 0.99) / 1000, quantile(day.watch.findings, 0.99) / 1000
    problems, most = verified.get("problems"), max(worked.asked.values(), default=0)
    out = day.watch.theirs["deliver"]
    count = len(problems) if isinstance(problems, list) else 1
    return [
        Goal("lost: 0", f"{day.receipts.lost}", day.receipts.lost == 0),
        Goal("nobody gave up", f"{_given_up(day)}", _given_up(day) == 0),
        Goal("everything settled", f"{day.watch.open} under way at the end", day.watch.open == 0),
        Goal("250 within 2 s (p99)", f"{accept_s:.2f} s", accept_s <= 2),
        Goal("searchable within 5 s (p99)", f"{searchable_s:.1f} s", searchable_s <= 5),
        Goal(
            "an account that was taken over: held within 50 messages",
            f"{out} of {day.thief.sent} left",
            day.thief.sent > 0 and out < 50,
        ),
        Goal(
            "an answer about files within 30 minutes of the day (median)",
            f"{median(worked.waits):.0f} min",
            median(worked.waits) <= 30,
        ),
        Goal("no manager is asked more than 40 times", f"{most}", most <= 40),
        Goal("verified without a problem", f"{verified.get('messages')} messages, {count} problems", count == 0),
    ]


def report(day: Simulation, worked: WorkDone, title: str, verified: Mapping[str, object]) -> Iterator[str]:
    """title: which day it was, in words. Lines."""
    yield f"# {title}"
    yield ""
    yield from _table(
        ("goal", "measured", ""), [(g.words, g.got, "met" if g.met else "missed") for g in goals(day, worked, verified)]
    )
    yield from _mail(day)
    yield from _waits(day)
    yield from _happened(day)
    yield from _people(worked)
    yield from _machine(day)


def _given_up(day: Simulation) -> int:
    return sum(count for (_, answer), count in day.traffic.answers.items() if answer == "given up")


def _mail(day: Simulation) -> Iterator[str]:
    answers = day.traffic.answers
    rows = [
        (_WORDS[kind], *(f"{n:,}" for n in (day.traffic.offered[kind], answers[kind, "accepted"], answers[kind, "refused"])))
        for kind in _WORDS
    ]
    yield "## Mail"
    yield ""
    yield from _table(("way", "offered", "accepted", "refused"), rows)
    yield f"Put off and tried again: {day.traffic.put_off:,} times. The system wrote {day.watch.own:,} messages of its own."
    yield f"Archived without an acknowledgement that came through: {day.receipts.unacknowledged:,}."
    yield ""
    yield from _table(("copies", "count"), [(words, f"{n:,}") for key, words in _DONE.items() if (n := day.watch.copies[key])])


def _waits(day: Simulation) -> Iterator[str]:
    yield "## How long it took"
    yield ""
    parts = (
        ("until the 250", day.traffic.waits),
        ("until the last copy was delivered", day.watch.deliveries),
        ("until it could be found", day.watch.findings),
    )
    rows = [
        (words, f"{median(took) / 1000:.2f} s", f"{quantile(took, 0.99) / 1000:.2f} s", f"{quantile(took, 1) / 1000:.1f} s")
        for words, took in parts
    ]
    yield from _table(("", "median", "p99", "worst"), rows)
    yield f"The simulation itself was late by {day.traffic.late:.1f} s at most: more than that it could not hand in."
    yield ""


def _happened(day: Simulation) -> Iterator[str]:
    yield "## What went wrong on purpose"
    yield ""
    yield from (f"- {clock(hour)} {words}" for hour, words in day.happened)
    yield ""


def _people(worked: WorkDone) -> Iterator[str]:
    yield "## What people did"
    yield ""
    rows = [(words, f"{count:,}") for words, count in sorted(worked.done.items())]
    yield from _table(("", "count"), rows or [("nothing", "0")])
    each = list(worked.asked.values())
    yield (
        f"{sum(each):,} questions about files to {len(each)} managers, {median(each):.0f} to one of them (median), "
        f"{max(each, default=0)} at most."
    )
    yield ""


def _machine(day: Simulation) -> Iterator[str]:
    yield "## What it cost"
    yield ""
    spent = day.roles.spent
    rows = [(role, f"{mib:,.0f} MiB", f"{spent[role]:,.1f}") for role, mib in sorted(day.roles.peak.items())]
    yield from _table(("process", "most memory", "CPU s"), rows)
    each = day.roles.cpu * 1000 / max(1, day.watch.captures)
    yield f"CPU of the installation, with processes that ended: {day.roles.cpu:,.0f} s, {each:.1f} ms a message."
    yield ""
    yield from _table(("on the disk", "size"), [(part, f"{size / 1e6:,.0f} MB") for part, size in sorted(day.disk.items())])
    kept = sum(day.disk.get(part, 0) for part in (KEPT, INDEX))
    whole = kept / max(1, day.watch.captures + day.watch.own) * day.load.total
    yield (
        f"Archive and search have {kept / 1e6:,.0f} MB for {day.watch.bytes / 1e6:,.0f} MB of mail, "
        f"which is {whole * _DAYS * YEARS / 1e12:.2f} TB in {YEARS} years of such days; mail of another size has another figure."
    )
    yield ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""
