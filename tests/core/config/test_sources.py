"""Each setting says where it is from, and never a password (P-17)."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.core.config.errors import ConfigError
from civicmail.core.config.sources import EffectiveSetting, effective_settings, redacted

FILE = """\
[city]
name = "Sample City"
domains = ["city.example"]

[[gateway.listener]]
kind = "mx"
port = 2526

[[gateway.listener]]
kind = "submission"
tls = "off"

[courier.route]
"a.example" = "smtp://192.0.2.1:25"
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "civicmail.toml").write_text(FILE)
    return tmp_path


def by_key(found: list[EffectiveSetting]) -> dict[str, tuple[str, str, int]]:
    return {s.key: (s.value, s.source, s.line) for s in found}


@pytest.mark.rule("P-17", "Each setting shows its source: the default, a line of the file, a variable.")
def test_a_setting_says_its_line_its_variable_or_that_it_is_the_default(data: Path) -> None:
    """And each table of a list is told apart."""
    found = by_key(effective_settings(data, environ={"CIVICMAIL__WEB__PORT": "9000", "HOME": "/"}))
    assert found["city.name"] == ('"Sample City"', "civicmail.toml", 2)
    assert found["gateway.listener.1.port"] == ("2526", "civicmail.toml", 7)
    assert found["gateway.listener.2.port"] == ("2525", "default", 0)
    assert found["gateway.listener.2.tls"] == ('"off"', "civicmail.toml", 11)
    assert found["courier.route"] == ('{"a.example" = "smtp://192.0.2.1:25"}', "civicmail.toml", 13)
    assert found["web.port"] == ("9000", "CIVICMAIL__WEB__PORT", 0)
    assert found["log.level"] == ('"info"', "default", 0)
    assert not any(key.startswith("signin.oidc") for key in found)


def test_a_variable_counts_for_all_tables_of_a_list(data: Path) -> None:
    found = by_key(effective_settings(data, environ={"CIVICMAIL__GATEWAY__LISTENER": '[{kind = "lmtp"}]'}))
    assert found["gateway.listener.1.kind"] == ('"lmtp"', "CIVICMAIL__GATEWAY__LISTENER", 0)


@pytest.mark.rule("P-17", "No page shows a password, wherever it is configured.")
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgresql://u:geheim@h/x", '"postgresql://u:…@h/x"'),
        ("http://geheim@h:8080", '"http://geheim@h:8080"'),
        ("http://u:geheim@h:8080", '"http://u:…@h:8080"'),
        (["smtp://u:geheim@h", "x"], '["smtp://u:…@h", "x"]'),
        ({"a": "smtp://u:geheim@h"}, '{"a" = "smtp://u:…@h"}'),
        ("https://h/x?a=1&token=geheim&b=2", '"https://h/x?a=1&token=…&b=2"'),
        ("/etc/civicmail/db.password", '"/etc/civicmail/db.password"'),
        (7, "7"),
    ],
)
def test_no_password_is_told(value: object, shown: str) -> None:
    """Wherever somebody wrote it; files that hold one are named and never read."""
    assert redacted(value) == shown


def test_what_cannot_be_read_is_an_error_with_its_line(data: Path) -> None:
    (data / "civicmail.toml").write_text("[city]\nnam = 1\n")
    with pytest.raises(ConfigError, match="line 2"):
        effective_settings(data, environ={})
