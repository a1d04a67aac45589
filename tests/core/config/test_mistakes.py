"""What people get wrong in the settings file: each is refused with its line and what to do (P-23)."""

from __future__ import annotations

from pathlib import Path

import pytest

from civicmail.city.policy import finding_labels
from civicmail.core.config.errors import ConfigError
from civicmail.core.config.load import FILE, load
from civicmail.core.config.settings import CONFIDENTIAL


def refused(folder: Path, text: str) -> str:
    (folder / FILE).write_bytes(text.encode())
    with pytest.raises(ConfigError) as caught:
        load(folder, environ={})
    return str(caught.value)


def test_the_mark_that_an_editor_of_windows_puts_in_front_and_its_line_ends_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b'\xef\xbb\xbf[city]\r\nname = "Springfield"\r\n')
    assert load(tmp_path, environ={}).city.name == "Springfield"
    assert f"{FILE}, line 3: unknown setting city.nmae; did you mean city.name" in refused(
        tmp_path, '\ufeff[city]\r\n\r\nnmae = "x"\r\n'
    )


@pytest.mark.parametrize(
    ("text", "line", "do"),
    [
        ("[city]\nname = “Springfield”\n", 2, "straight quotes"),
        ("[city]\nname = Springfield\n", 2, "straight quotes"),
        ('[city]\nname = "Springfield\n', 2, "a quote is missing"),
        ('[city]\nname "Springfield"\n', 2, 'setting = "value"'),
        ('[log]\nlevel = "C:\\data"\n', 2, "backslash twice"),
        ('[city]\nname = "a"\nname = "b"\n', 3, "there twice"),
        ("[city]\n[log]\n[city]\n", 3, "section is there twice"),
    ],
)
def test_what_is_no_toml_is_said_with_its_line_and_what_to_do(tmp_path: Path, text: str, line: int, do: str) -> None:
    said = refused(tmp_path, text)
    assert f"{FILE}, line {line}: not TOML: " in said and do in said


@pytest.mark.parametrize("port", ["0", "65536", "70000", "99999"])
@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("courier", 'outbound = "smtp://mx.city.example:{}"'),
        ("courier", 'local = "lmtp://127.0.0.1:{}"'),
        ("courier", 'imap = "imaps://imap.city.example:{}"'),
        ("courier.route", '"a.example" = "smtp://mx.a.example:{}"'),
        ("archive", 'standby = "tls://other.city.example:{}"'),
        ("screening", 'clamd = "127.0.0.1:{}"'),
        ("screening", 'spamd = "127.0.0.1:{}"'),
        ("screening", 'rspamd = "http://127.0.0.1:{}"'),
        ("screening", 'resolver = ["127.0.0.1:{}"]'),
        ("secure", 'resolver = "127.0.0.1:{}"'),
        ("programs", 'imap = "imaps://imap.city.example:{}"'),
        ("web", 'url = "https://mail.city.example:{}"'),
        ("signin", 'kick = "http://127.0.0.1:{}"'),
    ],
)
def test_nobody_can_be_asked_at_a_port_that_there_is_not(tmp_path: Path, section: str, line: str, port: str) -> None:
    assert f"{FILE}, line " in refused(tmp_path, f"[{section}]\n{line.format(port)}\n")
    (tmp_path / FILE).write_text(f"[{section}]\n{line.format(65535)}\n")
    load(tmp_path, environ={})


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("[city]", 'hostname = "our mail server"'),
        ("[courier]", 'imap = "imap.city.example"'),
        ("[[secure.plain]]", 'until = "next June"'),
        ("[[secure.partner]]", 'domain = "Agency Example"'),
        ("[secure]", 'never_tls = ["hipaa"]'),
        ("[[signin.oidc]]", 'issuer = "login"'),
        ("[[signin.saml]]", 'sso = "login"'),
        ("[screening]", 'reports = ["report@city.example"]'),
        ("[screening]", 'incidents = ["report@city.example"]'),
        ("[screening]", 'shares = ["https://files.city.example/"]'),
        ("[web]", 'hosts = ["https://mail.city.example"]'),
        ("[feeds]", 'lists = ["all"]'),
    ],
)
def test_what_would_never_match_anything_is_refused(tmp_path: Path, section: str, line: str) -> None:
    assert f"{FILE}, line 2: " in refused(tmp_path, f"{section}\n{line}\n")


def test_every_kind_of_confidential_information_and_a_list_of_the_citys_own_may_be_kept_off_tls(tmp_path: Path) -> None:
    assert all(
        finding_labels.code_label("confidential", kind) != kind.replace("-", " ") for kind in CONFIDENTIAL if kind != "health"
    )
    (tmp_path / FILE).write_text(f"[secure]\nnever_tls = {[*CONFIDENTIAL, 'list:payroll']}\n")
    assert "list:payroll" in load(tmp_path, environ={}).secure.never_tls


def test_the_pages_may_be_on_a_socket_file_as_their_help_says(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[web]\naddress = "unix:/run/civicmail/web.sock"\n')
    assert load(tmp_path, environ={}).web.address == "unix:/run/civicmail/web.sock"


@pytest.mark.rule("P-23", "Settings by which two listeners, or a listener and the pages, would share a port are refused.")
def test_two_listeners_or_the_pages_never_share_a_port(tmp_path: Path) -> None:
    """The kernel would hand each of them what is meant for the other."""
    two = "[[gateway.listener]]\nport = 2525\n[[gateway.listener]]\nkind = 'relay'\nport = {}\naddress = '{}'\n"
    assert "line 5: 127.0.0.1, port 2525, is taken by another listener (mx)" in refused(tmp_path, two.format(2525, "127.0.0.1"))
    assert "line 5: 127.0.0.1, port 8025, is taken by the pages" in refused(tmp_path, two.format(8025, "127.0.0.1"))
    for good in (two.format(2526, "127.0.0.1"), two.format(2525, "127.0.0.2"), two.replace("2525", "0").format(0, "127.0.0.1")):
        (tmp_path / FILE).write_text(good)
        load(tmp_path, environ={})


@pytest.mark.rule("P-23", "Settings by which a 250 would wait for a second place that none names are refused.")
def test_nothing_waits_for_a_second_place_that_there_is_not(tmp_path: Path) -> None:
    """Every message would be answered 451, for ever."""
    text = '[archive]\nacknowledge = "standby"\n'
    assert "line 2: archive.acknowledge" in refused(tmp_path, text)
    (tmp_path / FILE).write_text(text + 'standby = "/mnt/copy"\n')
    load(tmp_path, environ={})


def test_a_lost_settings_file_of_an_installation_with_mail_is_not_told_as_a_folder_without_one(tmp_path: Path) -> None:
    """Who believed that would begin anew, and leave the mail behind."""
    (tmp_path / "keys").mkdir()
    with pytest.raises(ConfigError, match="is missing"):
        load(tmp_path, environ={})
