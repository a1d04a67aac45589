"""`civicmail prove`: a proof that a message was kept, for people who do not trust us."""

from __future__ import annotations

import orjson

from civicmail.core.ledger import proof
from civicmail.front.cli import captureid, door, options, output
from civicmail.front.cli.proving import publish
from civicmail.mail.archive.reading import Archive


def prove(
    id_: captureid.CaptureId,
    data: options.Data = None,
    as_: options.As = "",
    mandate: options.Mandate = "",
    duty: options.Duty = "",
    reason: options.Reason = "",
    config: options.Config = None,
) -> None:
    """Write a proof to stdout that tools/verify_proof.py checks without us. It shows the envelope, not the content."""
    folder, _ = options.installation(data, config)
    archive = Archive(folder)
    place = captureid.one(archive, id_)
    opened = door.open_content(folder, "prove", {"id": place.uuid}, door.Credentials(as_, duty, reason, config, mandate))
    opened.reading(archive)(place)  # also of a proof: its envelope says who wrote to whom
    head = archive.head(opened.permit, place)
    plain = orjson.loads(head)
    journal, number = str(plain["journal"]), int(plain["number"])
    if not proof.is_published(folder, journal, number):
        publish(folder, lambda: proof.is_published(folder, journal, number))
    output.emit(proof.prove(folder, journal, number, head))
