"""A client of the sandboxed processes that read messages for fingerprints and tokens; they start when first needed
(core/sandbox/pool.py)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from civicmail.core.sandbox.errors import CRASHED, Unreadable
from civicmail.core.sandbox.pool import Pool, shared
from civicmail.mail.screening import tokens
from civicmail.mail.screening.duplicate_index import Keys, keys_of

COMMAND = (sys.executable, "-I", "-m", "civicmail.mail.pipeline.fingerprint_worker")
PROCESSES = 2
SECONDS = 10.0
"""Processor time for one message; forty megabytes of HTML take six."""
MAX_WORDS = 100
"""Characters of a token's text; an honest process returns fewer."""
MAX_LIST = 255
MAX_READ = 40 << 20
"""Bytes of a message that are read; of a larger one the beginning."""


def pool() -> Pool:
    """The pool of this process."""
    return shared(COMMAND, PROCESSES)


def ask(what: str, raw: bytes, domains: Sequence[str], seconds: float = SECONDS) -> dict[str, Any]:
    """The answer of a sandboxed process. what: marks or report. Nothing about it is certain but that it is JSON. Raises
    Unreadable, ValueError."""
    answer: dict[str, Any] = orjson.loads(pool().request({"what": what, "domains": list(domains)}, raw[:MAX_READ], seconds=seconds))
    return answer


def numbers(raw: bytes, seconds: float = SECONDS) -> tuple[dict[str, tokens.Ids], Keys, str]:
    """The tokens of a message, the bands of its text, and its list id. Raises Unreadable."""
    line, _, content = _ask_bytes("numbers", raw, seconds).partition(b"\n")
    try:
        head = json.loads(line)
        return tokens.unpack({"counts": head["counts"], "numbers": content}), keys_of(head["bands"]), str(head["list"])[:MAX_LIST]
    except (TypeError, KeyError, ValueError, AttributeError, RecursionError):  # the process was taken over
        raise Unreadable(CRASHED) from None


def spelt(raw: bytes, seconds: float = SECONDS) -> Mapping[str, Mapping[int, str]]:
    """What each token of a message stands for, by family. Raises Unreadable."""
    try:
        answer = json.loads(_ask_bytes("spelt", raw, seconds))
        return {family: {int(number): str(words)[:MAX_WORDS] for number, words in answer[family]} for family in tokens.FAMILIES}
    except (TypeError, KeyError, ValueError, RecursionError):
        raise Unreadable(CRASHED) from None


def _ask_bytes(what: str, raw: bytes, seconds: float) -> bytes:
    return pool().request({"what": what}, raw[:MAX_READ], seconds=seconds)
