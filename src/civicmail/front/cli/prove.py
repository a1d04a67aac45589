"""`civicmail prove`: proof that a message was archived, for people who do not trust us."""

from __future__ import annotations

import orjson

from civicmail.core.ledger import proof
from civicmail.front.cli import capture_id, content_access, options, output
from civicmail.front.cli.proofs import publish
from civicmail.mail.archive.reading import Archive


def prove(id_: capture_id.CaptureId, credentials: options.ContentCredentials) -> None:
    """Write a proof to stdout that tools/verify_proof.py checks without us. It shows the envelope, not the content."""
    folder = credentials.folder()
    archive = Archive(folder)
    place = capture_id.one(archive, id_)
    opened = content_access.open_content(folder, "prove", {"id": place.uuid}, credentials)
    opened.reading(archive)(place)  # also of a proof: its envelope says who wrote to whom
    head = archive.head(opened.permit, place)
    plain = orjson.loads(head)
    journal, number = str(plain["journal"]), int(plain["number"])
    if not proof.is_published(folder, journal, number):
        publish(folder, lambda: proof.is_published(folder, journal, number))
    output.emit(proof.prove(folder, journal, number, head))
