"""Make an evidence pack; that it was made is an entry, written before anything is read (P-16, E6)."""

from __future__ import annotations

from pathlib import Path

from civicmail.city.guard import guard
from civicmail.city.guard.actions.entries import enter_alone
from civicmail.city.guard.actors import Actor
from civicmail.desk.oversight.queries import evidence_pack

ACT = "evidence.pack"


def make(kind: str, key: str, *, data: Path, actor: Actor, reason: str, now: int) -> tuple[bytes, str]:
    """The zip, and one sentence about it. kind: person, examination or month. Raises NotPermitted, Unusable."""
    guard.require(actor, "entries.see", now=now)
    subject = evidence_pack.subject_of(kind, key, actor)
    enter_alone(ACT, actor=actor, reason=reason, now=now, object=_object(kind, key), facts={"kind": kind, "key": key})
    content, count = evidence_pack.pack(subject, data)
    return content, f"{subject.name}: {count:,} entries."


def _object(kind: str, key: str) -> str:
    return {"person": f"person:{key}", "examination": f"mandate:{key}"}.get(kind, "")
