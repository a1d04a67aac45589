"""Pages work whatever became of their collected files: none, half of them, a list that is torn."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client
from django.utils.functional import empty

from civicmail.front.web import files

pytestmark = [pytest.mark.django_db, pytest.mark.same_on_postgresql("it is about files")]
NAMED = "civicmail.front.web.files.Files"


@pytest.fixture
def place(settings: Any, tmp_path: Path) -> Iterator[Path]:
    """Where files are collected, as in an installation; empty."""
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATIC_ROOT.mkdir()
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": NAMED}}
    staticfiles_storage._wrapped = empty
    yield settings.STATIC_ROOT
    staticfiles_storage._wrapped = empty


def linked(page: bytes) -> list[str]:
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', page.decode())


def all_served(paths: list[str]) -> bool:
    return len(paths) > 3 and all(map(served, paths))


def served(path: str) -> bool:
    answer: Any = Client().get(path)
    content = answer.getvalue()
    answer.close()
    return answer.status_code == 200 and len(content) > 100


@pytest.mark.rule("P-16", "Pages and pages of errors work, with their style, where their files could not be collected.")
@pytest.mark.parametrize(("path", "status"), [("/accounts/login/", 200), ("/accounts/oidc/nobody/login/", 404)])
def test_without_collected_files_pages_and_pages_of_errors_have_their_style(place: Path, path: str, status: int) -> None:
    """Under the files' own names, from the packages."""
    answer = Client().get(path)
    assert answer.status_code == status
    assert "/static/cm/favicon.svg" in linked(answer.content)
    assert all_served(linked(answer.content))


def test_collected_files_are_their_users_alone(place: Path) -> None:
    """Django asks the umask of the program for what it makes, and not for what it copies."""
    before = os.umask(0o077)
    try:
        assert files.collect()
    finally:
        os.umask(before)
    assert [str(p) for p in place.rglob("*") if p.stat().st_mode & 0o077] == []


def test_collected_files_are_named_by_their_checksums(place: Path) -> None:
    assert files.collect()
    found = linked(Client().get("/accounts/login/").content)
    assert any(re.search(r"favicon\.[0-9a-f]{12}\.svg$", path) for path in found)
    assert all_served(found)
    assert not files.collect(), "nothing is another than last time"


def test_a_full_disk_while_collecting_leaves_pages_with_their_style(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next start tries again."""
    files.collect()
    (place / files.STAMP).write_text("of the version before")
    saved: list[str] = []

    def full(self: Any, name: str, content: Any) -> str:
        saved.append(name)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.Files, "_save", full)
        assert files.collect()
    assert saved
    assert all_served(linked(Client().get("/accounts/login/").content))
    assert files.collect(), "there is space again"
    assert any(re.search(r"favicon\.[0-9a-f]{12}\.svg$", path) for path in linked(Client().get("/accounts/login/").content))


def test_a_torn_list_of_files_is_as_good_as_none(place: Path) -> None:
    files.collect()
    (place / "staticfiles.json").write_bytes((place / "staticfiles.json").read_bytes()[:100])
    staticfiles_storage._wrapped = empty
    assert all_served(linked(Client().get("/accounts/login/").content))
