"""What a screen reader reads, in its order: the accessibility tree of the main pages is a checked text (WCAG 1.3.2, 4.1.2).

The texts lie in reading_order/. Numbers, times and ids are # there. A page that reads differently fails; read the difference aloud,
and where it is meant, write the texts again with CIVICMAIL_WRITE=1.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pages.test_looks import SHOWN, visitor
from pages.test_looks import new_context as new_context
from pages.test_looks import tab as tab
from pages.test_sweep import path_of

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True)]
FOLDER = Path(__file__).with_name("reading_order")
MAIN = (
    "home", "my-mail", "mail-message", "mail-write", "my-access", "approvals", "approval", "incident", "trace-one",
    "records-review",
)  # fmt: skip
DAYS = r"\b(?:Yesterday|Today|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|[AP]M|[ap]\.m\.|noon|midnight)"
MONTHS = r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\b"
IDS = r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{12,}\b"
CHANGING = re.compile(rf"{DAYS}|{IDS}|{MONTHS}|(?<!level=)\d+")
RUNS = re.compile(r"#(?:[#.,:\s-]*#)+")


@pytest.mark.parametrize("name", MAIN)
@pytest.mark.rule("P-06", "The order in which a screen reader reads the main pages is checked as a text.")
def test_a_screen_reader_reads_what_the_text_says(browse: Callable[..., Any], name: str) -> None:
    page = SHOWN[name]
    shown = browse(visitor(page), lambda town: path_of(page, town))
    shown.wait_for_load_state("networkidle")  # what scripts fetch is read, too
    heard = steady(shown.locator("body").aria_snapshot())
    file = FOLDER / f"{name}.txt"
    if os.environ.get("CIVICMAIL_WRITE"):
        FOLDER.mkdir(exist_ok=True)
        file.write_text(heard)
    assert heard == file.read_text()
    assert heard.index("Skip to the content") < heard.index("- main") < heard.index("heading"), (
        "skip link, then main, then its title"
    )


def steady(tree: str) -> str:
    """The tree without addresses of links, and without what differs from day to day; levels of headings stay."""
    lines = [line for line in tree.splitlines() if not line.lstrip().startswith("- /url:")]
    return "".join(f"{RUNS.sub('#', CHANGING.sub('#', line))}\n" for line in lines)
