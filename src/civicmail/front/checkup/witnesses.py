"""Check that witnesses cosign the checkpoints of the ledger (promise 2), from files that the worker writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from civicmail.core.config.errors import ConfigError
from civicmail.core.disk.published import Published, published_as_json
from civicmail.core.ledger.cosignatures import WitnessKey
from civicmail.front.checkup.findings import HOUR, Finding, Installation, Level
from civicmail.front.checkup.wording import when

MAX_AGE_MS = HOUR
"""Of the newest cosignature. A ledger that nobody witnessed for longer could have been rewritten for that time."""


@dataclass(frozen=True, slots=True)
class WitnessStatus:
    """State of one witness. at: epoch ms of the last request; size: entries of the newest cosigned checkpoint; cosigned: epoch ms
    when the witness signed it, 0 for none; problem: why it did not cosign the last one; contradicts: whether it knows another
    ledger than this one."""

    at: int = 0
    size: int = 0
    cosigned: int = 0
    problem: str = ""
    contradicts: bool = False


def status_of(key: WitnessKey) -> Published[WitnessStatus]:
    """The file with the state of a witness."""
    return published_as_json(f"witnesses/{key.id.hex()}.json", f"the state of the witness {key.name}", WitnessStatus)


def key_of(text: str) -> WitnessKey:
    """The key of a witness in the settings. Raises ConfigError."""
    try:
        return WitnessKey.read(text)
    except ValueError as error:
        raise ConfigError(f"[[archive.witness]] key: {error}.") from None


def witnesses(p: Installation) -> Iterator[Finding]:
    """Check that each witness knows this ledger, and cosigned it within the hour."""
    if not p.settings.archive.witness:
        text = "No witness cosigns the ledger: whoever has this machine and its keys could rewrite it unnoticed."
        do = "Ask somebody outside of IT to run tools/witness.py: docs/operate/witnesses.md."
        yield Finding("witness", "not-set-up", text, do)
    for witness in p.settings.archive.witness:
        key = key_of(witness.key)
        yield _finding(f"witness {key.name}", status_of(key).last(p.data) or WitnessStatus(), p.now)


def _finding(check: str, status: WitnessStatus, now: int) -> Finding:
    cosigned = f"It cosigned {status.size} entries at {when(status.cosigned)}" if status.cosigned else "It cosigned nothing yet"
    text = f"{cosigned}: {status.problem}." if status.problem else f"{cosigned}."
    if status.contradicts:
        do = 'Stop, copy the data folder away, and ask who runs the witness what it keeps: docs/operate/witnesses.md, "Alarms".'
        return Finding(check, "problem", text, do)
    if now - status.cosigned > MAX_AGE_MS:
        level: Level = "problem" if status.cosigned else "warning"
        return Finding(check, level, text, "Is the worker city running, and does the witness answer?")
    if status.problem:
        return Finding(check, "warning", text, "Nothing, if it does not last: every checkpoint is sent again each minute.")
    return Finding(check, "ok", text)
