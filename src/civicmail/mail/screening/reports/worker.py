"""The limited process that reads reports: `python -I -m civicmail.mail.screening.reports.worker`
(core/sandbox/request_server.py)."""

from __future__ import annotations

import sys
from typing import Any

import orjson

from civicmail.core.archives.budget import Budget
from civicmail.core.sandbox import request_server
from civicmail.mail.screening.reports import shapes, unpacking

MEMORY = 1 << 30


def answer(question: dict[str, Any], content: bytes) -> bytes:
    """The reports in a file."""
    budget = Budget(unpacking.LIMITS, float(question["seconds"]))
    return orjson.dumps([shapes.plain(report) for report in unpacking.reports(content, budget)])


if __name__ == "__main__":
    request_server.serve(answer, memory=MEMORY)
    sys.exit(0)
