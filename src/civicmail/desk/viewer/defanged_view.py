"""A message whose links nobody can follow by mistake, for people who handle dangerous mail. Pure."""

from __future__ import annotations

from dataclasses import replace

from civicmail.core.message.links import defanged, defanged_host
from civicmail.desk.viewer.message_view import Block, Run, Shown


def defang(shown: Shown) -> Shown:
    """The view with every URL in its text as hxxps://example[.]com. Its links keep their addresses, so a page turns them off."""
    return replace(shown, blocks=tuple(map(_block, shown.blocks)))


def addresses(shown: Shown) -> list[str]:
    """Where its links lead, defanged, each once in order."""
    urls = [run.url for block in shown.blocks for run in block.runs if run.kind == "link" and run.url]
    return list(dict.fromkeys(map(defanged, urls)))


def _block(block: Block) -> Block:
    return replace(block, runs=tuple(map(_run, block.runs)))


def _run(run: Run) -> Run:
    text, host = defanged(run.text), defanged_host(run.host)
    if run.kind == "link" and run.host:  # its words may name the host alone
        text = text.replace(run.host, host)
    return replace(run, text=text, host=host)
