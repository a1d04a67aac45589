"""`civicmail policy replay`: try a rule on past mail before it acts (P-29).

Prints counts and ids only: a replay reads the recorded facts, not the messages.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from civicmail.city.policy import active_rules, rule_parser
from civicmail.city.policy.errors import UnusableBook
from civicmail.city.policy.rules import Rule
from civicmail.core.config.clock import now_ms
from civicmail.front.cli import actors, options, output

if TYPE_CHECKING:
    from civicmail.desk.oversight.rule_replay import Tally

PAGE = 1_000
DAY = 86_400_000
SHOWN = 10


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One rule with its examples.")],
    credentials: options.Credentials,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="On mail of so many days, up to now.")] = 30,
    json: options.Json = False,
) -> None:
    """Try a rule on past mail, compared with the rule of that name in force: counts and ids, no mail."""
    from civicmail.desk.oversight.recorded_facts import Heads  # with the search behind it, which other verbs do not need
    from civicmail.desk.oversight.rule_replay import Replaying, Tally, books

    folder, settings = credentials.open()
    now = now_ms()
    rule = _rule(file)
    actors.person(folder, "policy replay", {"rule": rule.id, "days": days}, credentials, now=now)
    zone = ZoneInfo(settings.city.time_zone)

    def day(at: int) -> date:
        return datetime.fromtimestamp(at / 1000, zone).date()

    tally, replaying = Tally(), Replaying(rule.id, *books(active_rules.active(folder), rule, rule.id), day)
    heads = Heads(folder)
    with output.progress("reading") as report:
        for ids in heads.ids(now - days * DAY, now, most=PAGE):
            replaying.add(tally, heads.each(ids))
            report(tally.messages)
    if json:
        output.emit(tally.plain())
    else:
        _show(rule, tally)


def _rule(file: Path) -> Rule:
    """The one rule of a file. Raises UsageError, UnusableBook."""
    book = rule_parser.parse_rule_set([(file.name, options.text_of(file))])
    if len(book.rules) != 1:
        raise UnusableBook(f"{file.name} has {len(book.rules)} rules; a replay tries one.")
    return book.rules[0]


def _show(rule: Rule, tally: Tally) -> None:
    output.show(f"{rule.id} would have fitted {tally.after} of {tally.messages} messages; the one in force fits {tally.before}.")
    if tally.new or tally.gone:
        output.show(f"  {tally.new} that it does not fit now, and {tally.gone} fewer")
    for change, count in tally.outcomes.most_common():
        before, _, after = change.partition(">")
        output.show(f"  {count} copies: {after} and not {before}")
    for name, counts in _most((name, counts[2]) for name, counts in tally.departments.items()):
        output.show(f"  {counts:8} copies of {name}")
    for name, count, most in tally.approvals[:SHOWN]:
        output.show(f"  {count:8} would wait for a manager of {name}, {most} on one day at most")
    for other, count in tally.with_.most_common(SHOWN):
        output.show(f"  {count:8} copies fit {other}, too")
    for id_, department, before, after in tally.sample[:SHOWN]:
        output.show(f"  {id_}  {department}: {after} and not {before}")
    for count, what in ((tally.bare, "of which nothing was recorded"), (tally.unread, "that could not be read")):
        if count:
            output.words(f"{count} messages besides {what}.")


def _most(counted: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted((pair for pair in counted if pair[1]), key=lambda pair: (-pair[1], pair[0]))[:SHOWN]
