"""The first line of a message for a list. Pure; runs in a sandboxed process, because senders control its input."""

from __future__ import annotations

import re

from civicmail.core.message import message_parser
from civicmail.desk.viewer import runs
from civicmail.desk.viewer.message_view import WORDS_MOST

_GAP = re.compile(r"\s+")


def words(content: bytes) -> str:
    """The words of a message, without quotes and invisible text."""
    message = message_parser.parse(content)
    own = "\n".join(line for line in message.text.splitlines() if not line.startswith(">")) or message.html_text
    return "".join(run.text for run in runs.runs_of(_GAP.sub(" ", own[:WORDS_MOST]).strip()) if run.kind == "text")
