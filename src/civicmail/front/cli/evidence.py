"""`civicmail evidence`: evidence packs from the audit log, for people who do not trust us (promise 2)."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from civicmail.front.cli import actors, options, output
from civicmail.front.cli.groups import group

app = group("Evidence that outsiders can check.")


class Kind(StrEnum):
    PERSON = "person"
    EXAMINATION = "examination"
    MONTH = "month"


@app.command()
def pack(
    kind: Annotated[Kind, typer.Argument(help="What it is about.")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="A personnel number, an examination such as 26-014, or a month.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The zip file to write; it must not be there.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why you make it; that is an entry, too.")],
    sign_in: options.SignIn,
) -> None:
    """Write what the audit log has about it as one file, which tools/verify_review.py checks without Civicmail."""
    desk = actors.signed_in("evidence pack", sign_in)
    from civicmail.desk.oversight.actions import evidence_packs

    content, sentence = evidence_packs.make(kind.value, key, data=desk.folder, actor=desk.actor, reason=reason, now=desk.now)
    output.write_new(out, content)
    output.show(f"{out}: {sentence}")
