"""An archive with one of everything, not sealed yet."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from civicmail.mail.archive import keyring
from mail.archive.crashing import sample
from mail.archive.making import UNSYNCED


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("filled")
    keyring.create(data, files=UNSYNCED)
    sample(data)
    return data


@pytest.fixture
def unsealed(filled: Path, tmp_path: Path) -> Path:
    shutil.copytree(filled, tmp_path / "data")
    return tmp_path / "data"
