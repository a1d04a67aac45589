"""Replay of a changed rule on 50,000 archived messages: speed, and agreement with live decisions."""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from bench.processes import Cost, measured
from bench.report import Report, Row
from bench.scratch import scratch
from civicmail.city.policy import active_rules
from civicmail.city.policy.dispositions import Disposition
from civicmail.city.policy.engine import decide
from civicmail.city.policy.facts import without_defaults
from civicmail.city.policy.rules import Rule
from civicmail.core.message.model import Envelope, Recipient
from civicmail.desk.oversight.recorded_facts import Heads
from civicmail.desk.oversight.rule_replay import Replaying, Tally, books
from civicmail.mail.archive.commit import Writer
from civicmail.mail.archive.identity import capture_id
from civicmail.mail.archive.records import Capture, Source
from civicmail.mail.pipeline.accept import capture_of, scan

RULE = "macros-first"
PAGE = 1_000
BEGUN = 1_777_600_000_000  # in May 2026
APART = 50_000  # ms from one message to the next
DEPARTMENTS = ("clerk", "public-works", "police", "library")
_WORDS = ["bridge", "storm", "permit", "minutes", "budget", "council", "street", "water", "invoice", "meeting", "report", "answer"]


def run(report: Report, *, count: int, rounds: int) -> None:
    """Write, seal, and replay one changed rule."""
    from neighbours.civic import PROGRAM, civicmail  # of the tests, which are not on the path of the process that is measured

    with scratch() as top:
        data = top / "data"
        civicmail("init", data=data)
        live = _written(data, count)
        (top / "live.json").write_text(json.dumps(live))
        measured([PROGRAM, "tick", "--data", str(data)])
        costs = [measured([sys.executable, "-m", "bench.replay", str(data), str(top / "live.json")]) for _ in range(rounds)]
        _add(report, costs, count, live)


def _add(report: Report, costs: list[Cost], count: int, live: dict[str, Any]) -> None:
    middle = sorted(costs, key=lambda c: c.wall)[len(costs) // 2]
    report.add(
        Row("replay", "civicmail", "messages a second, two books", count / middle.wall, "/s", None, ">= 1,000/s"),
        Row("replay", "civicmail", "peak memory", middle.peak, "MiB"),
    )
    report.note(f"replay: {live['messages']} of {count} messages fit, in {len(live['departments'])} departments, as they did live")
    report.note(f"replay: spread {statistics.pstdev([c.wall for c in costs]):.1f} s over {len(costs)} rounds")


def changed(rule: Rule) -> Rule:
    """The rule that is tried: the starter's, enforced, and for all macros."""
    from civicmail.city.policy.cel.condition import condition

    return replace(rule, mode="enforce", when="inbound && files.macros", condition=condition("inbound && files.macros"))


def _written(data: Path, count: int) -> dict[str, Any]:
    """Write the messages, and decide each as a gateway with the changed rule would; what that came to."""
    starter = active_rules.starter_pack()
    rule = starter.rule(RULE)
    assert rule is not None
    _, after = books(starter, changed(rule), RULE)
    counts: Counter[str] = Counter()
    departments: Counter[str] = Counter()
    with closing(Writer(data, lambda: BEGUN)) as writer:
        for number, (capture, body, message, copies) in enumerate(_mail(count)):
            writer.receipt(capture, body)
            if number % PAGE == PAGE - 1:
                writer.flush()
            decisions = decide(after, message, copies, capture.received)
            counts["messages"] += any(RULE in d.rules for d in decisions)
            departments.update(c["recipient.department"] for c, d in zip(copies, decisions, strict=True) if RULE in d.rules)
        writer.flush()
    return {"messages": counts["messages"], "departments": dict(departments), "count": count}


def _mail(count: int) -> Iterator[tuple[Capture, bytes, dict[str, Any], list[dict[str, Any]]]]:
    chance = random.Random(26)
    for number in range(count):
        now = BEGUN + number * APART
        body = f"Subject: {' '.join(chance.choices(_WORDS, k=5))}\r\n\r\n{' '.join(chance.choices(_WORDS, k=200))}\r\n".encode()
        copies = [
            {"recipient.inside": True, "recipient.department": chance.choice(DEPARTMENTS), "outbound": False}
            for _ in range(chance.choice((1, 1, 1, 2, 5)))
        ]
        message = {
            "source": "mx", "inbound": chance.random() < 0.8, "message.size": len(body), "sender.first": chance.random() < 0.2,
            "auth.spf": chance.choice(("pass", "pass", "fail", "none")), "auth.dmarc": chance.choice(("pass", "pass", "fail")),
            "spam.band": chance.choice(("ham", "ham", "unsure", "spam")), "files.macros": chance.random() < 0.03,
            "files.types": ("docm",) if chance.random() < 0.1 else (), "links.count": chance.randrange(5),
        }  # fmt: skip
        to = tuple(Recipient(f"p{n}@city.example") for n in range(len(copies)))
        base = capture_of(capture_id(now), scan(body), Envelope("a@out.example", to, now), Source("mx"))
        decided = tuple(Disposition(n, "deliver", ("deliver",), without_defaults(dict(copy))) for n, copy in enumerate(copies))
        yield replace(base, facts=without_defaults(dict(message)), dispositions=decided), body, message, copies


def replayed(data: Path) -> Tally:
    """The whole archive by the steps of the worker."""
    starter = active_rules.starter_pack()
    rule = starter.rule(RULE)
    assert rule is not None
    tally, replaying = Tally(), Replaying(RULE, *books(starter, changed(rule), RULE), _day)
    heads = Heads(data)
    for ids in heads.ids(0, time.time_ns(), most=PAGE):
        replaying.add(tally, heads.each(ids))
    return tally


def _day(at: int) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).date()


if __name__ == "__main__":
    live = json.loads(Path(sys.argv[2]).read_text())
    tally = replayed(Path(sys.argv[1]))
    assert (tally.messages, tally.after) == (live["count"], live["messages"]), f"{tally.messages}, {tally.after}: {live}"
    assert {name: counts[2] for name, counts in tally.departments.items() if counts[2]} == live["departments"], tally.departments
