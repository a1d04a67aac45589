"""The act of making an evidence pack (P-15, P-16; promise 2)."""

from __future__ import annotations

from dataclasses import dataclass

from civicmail.city.guard.actors import Actor
from civicmail.city.pages.act import Act
from civicmail.city.pages.inputs import Choice, Input, Text

KINDS = [("person", "A person"), ("examination", "An examination"), ("month", "A month")]


@dataclass(frozen=True, slots=True)
class Pack:
    """The file. name: of the file; content: the zip; sentence: what it is."""

    name: str
    content: bytes
    sentence: str


class PackSubject(Input):
    """key: of what it is about; reason: it stays in the audit log."""

    kind = Choice(label="What is it about?", choices=KINDS, radio=True, missing="Choose one.")
    key = Text(
        label="Which one?", help="A personnel number, the number of an examination like 26-014, or a month like 2026-12.",
        max_length=80, rows=1,
    )  # fmt: skip
    reason = Text(label="Why do you make it?", min_length=3, rows=2)


class MakeEvidencePack(Act[None, PackSubject, Pack]):
    """Make one file of what the audit log has about a person, an examination or a month, with proofs for outsiders."""

    name, permission, input = "make_evidence_pack", "entries.see", PackSubject
    from_link = ("kind", "key")

    def perform(self, given: PackSubject, *, actor: Actor, now: int) -> Pack:
        from civicmail.desk.oversight.actions import evidence_packs
        from civicmail.desk.viewer.queries import installation

        key = given.key.strip()
        content, sentence = evidence_packs.make(given.kind, key, data=installation(), actor=actor, reason=given.reason, now=now)
        return Pack(f"evidence-{given.kind}-{key}.zip", content, sentence)


MAKE_EVIDENCE_PACK = MakeEvidencePack()
