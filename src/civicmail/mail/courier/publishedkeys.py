"""Compare our DKIM keys with the zone: the state of each key of one of our domains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from civicmail.mail.courier import dkimkeys
from civicmail.mail.courier.dkimkeys import REST_DAYS, Key
from civicmail.mail.screening.domains import is_within
from civicmail.mail.screening.published_records import RecordCheck, zone_line
from civicmail.mail.screening.resolver import Answer, Resolver, TemporaryFailure

RECORD = "DKIM"
_DAY = 86_400_000


def of_interest(keys: Iterable[Key], now: int) -> list[Key]:
    """All but those that retired long ago: what signs, what will, and what has to stay in the zone for a while. now: ms."""
    return [key for key in keys if key.state != "retired" or now - key.since < 8 * REST_DAYS * _DAY]


def unsigned(domains: Iterable[str], keys: Sequence[Key]) -> list[RecordCheck]:
    """The domains (A-labels) from which mail leaves without a signature."""
    active = [key.domain for key in keys if key.state == "active"]
    return [
        RecordCheck(
            RECORD,
            f"_domainkey.{domain}",
            "missing",
            text=f"No key signs mail of {domain}, so others cannot tell that it is ours.",
            should=f"civicmail dkim new {domain}",
        )
        for domain in domains
        if not any(is_within(domain, one) for one in active)
    ]


def unknown(key: Key, why: str) -> RecordCheck:
    return RecordCheck(RECORD, key.name, "unknown", why, f"The DNS could not be asked for the key {key.name}: {why}.")


async def check_key(resolver: Resolver, key: Key, now: int) -> RecordCheck:
    """now: ms."""
    try:
        answer = await resolver.ask(key.name, "TXT")
    except TemporaryFailure as error:
        return unknown(key, error.why)
    return compare(key, answer, now)


def compare(key: Key, answer: Answer, now: int) -> RecordCheck:
    """A key and what the zone has under its name."""
    there = dkimkeys.is_published(key, answer)
    line = zone_line(key.name, key.record)
    activate = f"civicmail dkim activate {key.domain} {key.selector}"
    if key.state == "retired":
        return _retired(key, now, there=bool(answer.values))
    if key.state == "made":
        if there:
            return RecordCheck(RECORD, key.name, "waits", text="The zone has this key, and it signs nothing yet.", should=activate)
        text = "This key was made and signs nothing yet: publish it, then activate it."
        return RecordCheck(RECORD, key.name, "waits", text=text, should=activate, publish=line)
    if there:
        return RecordCheck(RECORD, key.name, "good", text=f"It signs what leaves {key.domain}.")
    text = "Mail is signed with this key, and the zone has {}, so the signatures do not hold."
    should = f'{key.name} TXT "{key.record}"'
    if answer.values:
        return RecordCheck(RECORD, key.name, "wrong", text=text.format("another one"), should=should, publish=line)
    return RecordCheck(RECORD, key.name, "missing", text=text.format("not got it"), should=should, publish=line)


def _retired(key: Key, now: int, *, there: bool) -> RecordCheck:
    rests = now - key.since < REST_DAYS * _DAY
    if there:
        if rests:
            return RecordCheck(RECORD, key.name, "good", text=f"It signs no more; leave it in the zone for {REST_DAYS} days.")
        return RecordCheck(RECORD, key.name, "waits", text="It signs no more and can leave the zone.")
    if rests:
        text = f"It left the zone within {REST_DAYS} days, so what was still on its way does not verify."
        return RecordCheck(RECORD, key.name, "weak", text=text, publish=zone_line(key.name, key.record))
    return RecordCheck(RECORD, key.name, "good", text="It signs no more and has left the zone.")
