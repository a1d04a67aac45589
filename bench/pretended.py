"""How much good mail is quarantined for an ambiguous sender, or a foreign Sender or Resent field that names us.

No corpus is of a city, so each domain that a message is addressed to stands in for the city's once; mail whose author lies there is
left out, because whether it may come from outside is asked of its proof and not of its form. So is the domain of the list that sent
it: a city whose list stands outside signs for it. Nobody asks DNS here.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

from bench import sources
from bench.report import Report, Row
from civicmail.core.message import message_parser
from civicmail.core.message.model import ParsedMessage
from civicmail.mail.screening.domains import a_labels, is_domain, is_within
from civicmail.mail.screening.senderfields import Senders, senders
from civicmail.mail.screening.urls import registrable

CITIES = 5
"""Domains of one message that are taken for the city's, one after the other."""

LISTED = frozenset({"list-id", "list-post", "list-unsubscribe", "x-mailing-list", "mailing-list", "x-beenthere", "precedence"})
"""Fields that programs of lists write."""


def run(report: Report, *, most: int) -> None:
    """most: messages of each source."""
    for source in sources.good():
        _good(report, source, most)


def _good(report: Report, source: sources.Source, most: int) -> None:
    count = kept = claims = 0
    why, spent = Counter[str](), 0.0
    for raw in source.some(most):
        message = message_parser.parse(raw)
        cities = list(_cities(message))
        count += bool(cities)
        senders_: list[Senders] = []
        for city in cities:
            began = time.process_time()
            senders_.append(senders(raw, (city,)))
            spent += time.process_time() - began
            claims += 1
        rules = {one.disguise or ("sender" if one.others else "") for one in senders_} - {""}
        kept += bool(rules)
        why.update(rules)
    rules_ = ", ".join(f"{name} {times}" for name, times in why.most_common())
    report.add(
        Row("pretended", source.name[:24], f"good kept: {kept} of {count:,}", 100 * kept / max(1, count), "%", target="<= 0.2"),
        Row("pretended", source.name[:24], "one message, mean", 1e6 * spent / max(1, claims), "us"),
    )
    report.note(f"{source.name}: kept back for {rules_ or 'nothing'}")


def _cities(message: ParsedMessage) -> Iterator[str]:
    """Where it was sent, without its author's own, and its list's."""
    authors = [a_labels(one.domain) for one in message.from_]
    if any(header.name.lower() in LISTED for header in message.headers):
        authors += [a_labels(one.domain) for one in message.sender]
    there = dict.fromkeys(registrable(a_labels(one.domain)) for one in (*message.to, *message.cc))
    for city in list(there)[:CITIES]:
        if is_domain(city) and not any(is_within(author, city) for author in authors):
            yield city
