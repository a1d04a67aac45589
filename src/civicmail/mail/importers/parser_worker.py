"""The parser process of an import: one parse of a message, for its record and for the index.

`python -I -m civicmail.mail.importers.parser_worker MEMORY`; parser_pool.py is the other end.
It has its messages and nothing else: no archive, no cache, no keys, no network, no other program (core/sandbox/confine.py).
"""

from __future__ import annotations

import os
import sys

from civicmail.core.message import message_parser
from civicmail.core.message.model import Fields
from civicmail.mail.archive.records import Capture
from civicmail.mail.importers import parse_requests, parser_pool
from civicmail.mail.importers.parse_requests import ParseRequest
from civicmail.mail.importers.parser_pool import Reply
from civicmail.mail.search.attachments import Extract, files, without_reader
from civicmail.mail.search.documents import text_of, text_without_files


def work(messages: list[tuple[bytes, ParseRequest]]) -> list[Reply]:
    """Run each step for all messages before the next, because its code then stays in the processor's caches, which saves a
    seventh."""
    read = [message_parser.fields(content) for content, _ in messages]
    return [_reply(content, ask, fields) for (content, ask), fields in zip(messages, read, strict=True)]


def _reply(content: bytes, ask: ParseRequest, fields: Fields) -> Reply:
    """With all files of the message if one needs its own reader; the document then lacks their text."""
    known: list[Extract | None] = []

    def look(_digest: bytes, file: bytes) -> Extract | None:
        known.append(without_reader(file))
        return known[-1]

    def text(capture: Capture) -> str:
        whole = text_of(capture, fields, look)
        return whole if None not in known else text_without_files(capture, fields)

    answer = parse_requests.parse_result(content, ask, fields, text)
    return Reply(answer, tuple([file.content for file in files(fields)]) if None in known else ())


if __name__ == "__main__":
    parser_pool.serve(work, int(sys.argv[1]))
    os._exit(0)  # nothing is left to tidy
