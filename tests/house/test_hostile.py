"""Hostile content is read in limited processes: whoever reads a message, or a file in it, elsewhere stands on a list, with why."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from house.sandboxes import SERVICES
from house.sources import PACKAGE, modules, tree

READERS = {f"civicmail.core.message.{name}" for name in ("message_parser", "structure", "html_text")}
LIBRARIES = {"selectolax", "nh3", "pypdfium2", "pikepdf", "pdfminer"}
STANDARD = {"email.parser", "email.message_from_bytes", "email.message_from_string", "email.message_from_file"}
LIMITED = (
    "civicmail.core.message.",
    "civicmail.core.sandbox.",
    *(
        f"civicmail.core.redaction.{name}"
        for name in (
            "image_handler",
            "mail_objects",
            "pdf_archival",
            "pdf_boxes",
            "pdf_layout",
            "pdf_objects",
            "pdf_text",
            "released_pdf",
        )
    ),
    "civicmail.mail.screening.",
    "civicmail.mail.pipeline.fingerprint_reader",
    "civicmail.mail.courier.strip_reader",
    "civicmail.mail.courier.pickup_reader",
    "civicmail.mail.search.request_handlers",
    "civicmail.mail.importers.parser_worker",
    *(
        f"civicmail.core.redaction.{name}"
        for name in ("document_reader", "mail_reader", "page_reader", "picture_handler", "source_pages")
    ),
    *(
        f"civicmail.desk.viewer.{name}"
        for name in ("html_blocks", "invitations", "link_digests", "message_parts", "preview", "render", "safe_html")
    ),
)
"""What runs in limited processes, and the readers themselves."""
HEADERS = {
    "civicmail.desk.holding.held_copies": "who was first in a conversation",
    "civicmail.desk.holding.views.sender_verification": "whom a message says it is from",
    "civicmail.desk.mailbox.cautions": "whom it says it is from",
    "civicmail.desk.mailbox.mail_list": "who was first in a conversation",
    "civicmail.desk.mailbox.scope": "nothing at all: a capture alone",
    "civicmail.desk.records.actions.mail_intake": "the subject, which may name a request",
    "civicmail.desk.records.listed_items": "the Message-ID, and who was first in a conversation",
    "civicmail.desk.workbench.scope": "who was first in a conversation",
    "civicmail.front.worker.forecast_replies": "a question to check@",
}
"""They read header blocks alone: our own parser, linear, without a library of others."""
HANDLERS = {request.handler.partition(":")[0] for service in SERVICES for request in service.requests}
WHOLE = {
    "civicmail.front.sample.portal_links": "the sample city's own mail",
}
"""They read whole messages, with the HTML in them, where nothing limits them: no stranger's (docs/decisions/0080, 1120)."""


def named(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def imported(path: Path) -> Iterator[str]:
    """What a module imports wherever in it, as module.name where it takes names."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reads(path: Path) -> bool:
    return any(one in READERS | STANDARD or one.partition(".")[0] in LIBRARIES for one in imported(path))


@pytest.mark.rule("house", "Code that reads whole messages outside sandboxed processes is on a list.")
def test_who_reads_messages_outside_of_limited_processes_stands_on_the_list() -> None:
    """Whoever adds one shows in review why it is no place for an attack; who leaves it, leaves the list."""
    found = {named(path) for path in modules("src") if reads(path)}
    assert {name for name in found if not name.startswith(LIMITED)} == HEADERS.keys() | WHOLE.keys()


@pytest.mark.rule("house", "Readers of hostile files are imported in sandboxed processes only.")
@pytest.mark.rule("P-25, P-31", "Code that reads hostile content outside sandboxed processes is on a list, with the reason.")
def test_what_runs_in_limited_processes_is_loaded_by_them_alone() -> None:
    """Pages, workers and imports ask, and never hold what reads."""
    inner = dict.fromkeys(HANDLERS | {"civicmail.mail.importers.parser_worker"}, "nobody")
    inner["civicmail.core.redaction.typesetter"] = "civicmail.core.redaction.picture_handler"
    inner["civicmail.mail.screening.message_reader"] = "civicmail.mail.screening."
    inner |= dict.fromkeys(
        (f"civicmail.desk.viewer.{name}" for name in ("html_blocks", "preview", "render")), "civicmail.desk.viewer."
    )
    for path in modules("src"):
        for one in inner.keys() & set(imported(path)):
            assert named(path).startswith(inner[one]), f"{named(path)} loads {one}"
    askers = (
        "civicmail.mail.pipeline.fingerprints",
        "civicmail.mail.pipeline.fingerprint_client",
        "civicmail.desk.mailbox.snippets",
    )
    for name in askers:
        path = Path(str(import_module(name).__file__))
        assert not reads(path) and not inner.keys() & set(imported(path)), f"{name} reads by itself"
