"""What the spam filter has learnt, for operators: numbers, and no word of any message (P-02, P-17)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from civicmail.mail.screening import model
from civicmail.mail.screening.model import NEW, Edges, Taught, score_of
from civicmail.mail.screening.stacking import Stack

pytestmark = pytest.mark.django_db
Visit = Callable[[str], Client]


def said(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_the_page_says_what_was_learnt_from_whom_and_where_bands_begin(visit: Visit, installed: Path) -> None:
    operator = visit("operator")
    first = said(operator.get("/system/spam/"))
    assert "Learning" in first and "200 good messages and 50 spam" in first and "Nobody has said anything yet." in first
    taught = Taught({"report": (3, 1234), "sent": (900, 0)}, 17, 90, 1_772_452_800_000)
    stack = Stack(("own", "rspamd"), (0.0, 0.0), (1.0, 1.0), (1.0, 1.0), 0.0)
    learnt = replace(NEW, made=1_772_452_800_000, ham=903, spam=1234, edges=Edges(0.1, 0.9), taught=taught)
    model.write(installed, learnt)
    page = said(operator.get("/system/spam/"))
    assert "Active" in page and f"In doubt {score_of(0.1)}" in page and f"Spam {score_of(0.9)}" in page
    assert "It was sent by somebody of ours 900 0" in page and "Readers, on the page of a message 3 1,234" in page
    assert "The model was rolled back." in page and "17 messages were put aside" in page and "put together" not in page
    model.write(installed, replace(learnt, stack=stack, stacked=Edges(1.0, 2.0)))
    assert f"Spam {score_of(2.0)}" in (both := said(operator.get("/system/spam/"))) and "Scores of rspamd are put together" in both


def test_a_broken_model_is_told_and_nothing_is_made_up(visit: Visit, installed: Path) -> None:
    model.write(installed, NEW)
    path = model.model_path(installed)
    path.write_bytes(path.read_bytes()[:-4] + b"\1\1\1\1")
    response = visit("operator").get("/system/spam/")
    assert response.status_code == 503 and "checksum" in response.content.decode()
