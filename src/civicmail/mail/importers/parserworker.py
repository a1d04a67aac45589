"""What a parser process of an import does: one parse of a message, for its record and for the index.

`python -I -m civicmail.mail.importers.parserworker MEMORY`: parsers.py has its other end. It has the messages that it is given and
nothing else: no archive, no cache, no keys, no network, no program to start (core/sandbox/confine.py).
"""

from __future__ import annotations

import os
import sys
from functools import partial

from civicmail.core.message import letter
from civicmail.core.message.shapes import Fields
from civicmail.mail.importers import parsers, prepare
from civicmail.mail.importers.prepare import Answer, Ask
from civicmail.mail.search.attached import Extract, at_once
from civicmail.mail.search.documents import text_of


def work(messages: list[tuple[bytes, Ask]]) -> list[Answer | None]:
    """None where a file of one needs a reader of its own: then the message is read apart. Each step is taken for all of them before
    the next one: the code of a step then stays in the caches of the processor, which is a seventh of the time."""
    read = [letter.fields(content) for content, _ in messages]
    return [_answer(content, ask, fields) for (content, ask), fields in zip(messages, read, strict=True)]


def _answer(content: bytes, ask: Ask, fields: Fields) -> Answer | None:
    said: dict[bytes, Extract | None] = {}

    def look(digest: bytes, file: bytes) -> Extract | None:
        said[digest] = at_once(file)
        return said[digest]

    answer = prepare.answer(content, ask, fields, partial(text_of, fields=fields, look=look))
    return None if None in said.values() else answer


if __name__ == "__main__":
    parsers.serve(work, int(sys.argv[1]))
    os._exit(0)  # nothing is left to tidy
