"""Which database an installation uses, and the settings that name it."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.core.config.errors import ConfigError
from civicmail.core.config.settings import Database
from civicmail.front.web.database import database


def test_without_a_setting_it_is_a_file_in_the_data_folder(tmp_path: Path) -> None:
    found = database(Database(), tmp_path)
    assert found["ENGINE"] == "civicmail.front.web.sqlite" and found["NAME"] == str(tmp_path / "city.sqlite3")


@pytest.mark.rule("P-06", "Pages keep their database connection from one request to the next.")
def test_a_connection_is_kept_from_one_request_to_the_next() -> None:
    """In a file, too, where a new one reads the definitions of all tables first."""
    for settings in (Database(), Database(url="postgresql://mail@db/civicmail")):
        assert database(settings, None)["CONN_MAX_AGE"] >= 60


def test_a_server_is_named_by_its_url_and_its_password_by_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse\n")
    found = database(Database(url="postgresql://mail@db.city.example:5433/civicmail", password_file=str(secret)), tmp_path)
    assert (found["HOST"], found["PORT"], found["USER"], found["NAME"]) == ("db.city.example", "5433", "mail", "civicmail")
    assert found["PASSWORD"] == "correct horse"
    assert "jit=off" in found["OPTIONS"]["options"]


def test_the_folder_of_a_socket_keeps_its_case() -> None:
    assert database(Database(url="postgresql://mail@%2Frun%2FPG/civicmail"), None)["HOST"] == "/run/PG"


def test_a_password_file_that_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        database(Database(url="postgresql://mail@db/civicmail", password_file=str(tmp_path / "gone")), None)
