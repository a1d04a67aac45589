"""The settings file: what it may say, and how a wrong one is told (exit 3, the line, the nearest key)."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicmail.core.config import explain, template
from civicmail.core.config.errors import ConfigError, UsageError
from civicmail.core.config.load import FILE, load
from civicmail.core.config.settings import City, Courier, Gateway, Listener, Settings


def _load(folder: Path, text: str, **environ: str) -> Settings:
    (folder / FILE).write_text(text)
    return load(folder, environ=environ)


def _wrong(folder: Path, text: str, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        _load(folder, text, **environ)
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert _load(tmp_path, "") == Settings()


def test_what_init_writes_loads_as_the_defaults_and_names_every_setting(tmp_path: Path) -> None:
    text = template.render()
    assert _load(tmp_path, text) == Settings()
    for setting in explain.all_settings():
        name = setting.key.rpartition(".")[2]
        assert re.search(rf"(?m)^(# )?({name} = |\[[a-z]+\.{name}\])", text), setting.key
        assert setting.help in text


def test_the_smallest_configuration_of_the_design_loads(tmp_path: Path) -> None:
    text = """
        [city]
        name = "Sample City"
        domains = ["city.example"]
        [[gateway.listener]]            # kind: mx | submission | relay | lmtp | journal
        kind = "mx"
        address = "127.0.0.1"
        port = 2525
        [courier]
        local = "maildir"
        outbound = "smtp://127.0.0.1:2600"
        [web]
        address = "127.0.0.1"
        port = 8025
    """
    assert _load(tmp_path, text).courier.outbound == "smtp://127.0.0.1:2600"


def test_every_comment_of_the_template_is_a_valid_line(tmp_path: Path) -> None:
    lines = [
        line.removeprefix("# ") if re.match(r"# [a-z_]+ = |# \[|# \"", line) else line for line in template.render().splitlines()
    ]
    assert _load(tmp_path, "\n".join(lines)).courier.route == {"example.org": "smtp://192.0.2.1:25"}


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    _TEXT,
    st.integers(1, 65_535).filter(lambda port: port not in (2525, 8025)),  # the other listener's, and the pages'
    st.booleans(),
    st.dictionaries(st.from_regex(r"[a-z]{1,8}\.example", fullmatch=True), st.just("smtp://h:25")),
)
def test_settings_that_are_rendered_load_back_equal(name: str, port: int, dsn: bool, route: dict[str, str]) -> None:
    listeners = [Listener(port=port, dsn=dsn), Listener(kind="lmtp", peers=["192.0.2.0/24"])]
    settings = Settings(city=City(name=name), gateway=Gateway(listener=listeners), courier=Courier(route={}))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        assert _load(folder, template.render(settings)) == settings
        with_route = "\n".join(["[courier.route]", *(f"{template.toml(k)} = {template.toml(v)}" for k, v in route.items())])
        assert _load(folder, with_route).courier.route == route


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[city]\nnam = 'x'\n", 2, "unknown setting city.nam; did you mean city.name"),
        ("\n[gatewai]\nx = 1\n", 2, "unknown setting gatewai; did you mean gateway"),
        ("[gatewai.deep]\nx = 1\n", 1, "unknown setting gatewai; did you mean gateway"),
        ("[[gateway.listener]]\nport = 1\n[[gateway.listener]]\nport = 2\nknd = 'mx'\n", 5, "gateway.listener.knd"),
        ("[[gateway.listener]]\nport = 1\n[[gateway.listener]]\nport = '2'\n", 4, "gateway.listener.port must be a whole number"),
        ("[gateway]\nprocesses = true\n", 2, "gateway.processes must be a whole number"),
        ("[city]\nname = 'x'\ndomains = 'city.example'\n", 3, "city.domains must be a list"),
        ("city = 3\n", 1, "city must be a table"),
        ("[courier]\nroute.'a.example' = 3\n", 2, "courier.route.a.example must be text"),
        ("[web]\nport = 99999\n", 2, "web.port must be between 0 and 65535"),
        ("[log]\nlevel = 'loud'\n", 2, "log.level must be one of debug, info, warning, error"),
        ("[city]\ndomains = []\n", 2, "city.domains must name at least one domain"),
        ("[city]\ndomains = ['City.example']\n", 2, "no domain in lower case"),
        ("[courier]\noutbound = 'host:25'\n", 2, "courier.outbound must be like smtp://host:25"),
        ("[courier.route]\n'a.example' = 'nowhere'\n", 1, "courier.route for a.example must be maildir"),
        ("[[gateway.listener]]\naddress = 'localhost'\n", 2, "gateway.listener.address must be an IP address"),
        ("[[gateway.listener]]\npeers = ['ten']\n", 2, "'ten', which is no network"),
    ],
)
def test_a_wrong_setting_is_told_with_file_line_and_nearest_key(tmp_path: Path, text: str, line: int, words: str) -> None:
    said = _wrong(tmp_path, text)
    assert said.startswith(f"{tmp_path / FILE}, line {line}: ")
    assert words in said


@pytest.mark.rule("P-19", "Settings by which nothing is proven, or a message ends at once, are refused when they are read.")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[secure]\ndays = 0\n", "secure.days must be between 1 and 366"),
        ("[secure]\ntries = 0\n", "secure.tries must be between 1 and 100"),
        ("[secure]\nfiles_url = 'files.city.example'\n", "secure.files_url must be like https://"),
        ("[secure]\nresolver = 'localhost'\n", "secure.resolver must be like 127.0.0.1:53"),
        ("[[secure.partner]]\nserver = 'mx.agency.example:25'\n", "secure.partner.server must be like smtp://"),
        ("[[secure.partner]]\nserver = 'lmtp://mx.agency.example:24'\n", "secure.partner.server must be like smtp://"),
        ("[[secure.plain]]\ndoor = 'printer'\n", "secure.plain.door must be one of submission, relay"),
    ],
)
def test_what_proves_nothing_or_ends_at_once_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """Before a confidential message waits for it, or a name server that nobody chose says what is signed."""
    assert words in _wrong(tmp_path, text)


def test_what_is_no_toml_is_told_with_its_place(tmp_path: Path) -> None:
    assert ", line 2: " in _wrong(tmp_path, "[city]\nname = \n")


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"[city]\nname = '\xff'\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path, environ={})


def test_a_folder_that_is_not_there_or_not_initialized_says_what_to_do(tmp_path: Path) -> None:
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(ConfigError, match="civicmail init --data"):
            load(folder, environ={})


def test_another_file_can_be_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("")
    (tmp_path / "other.toml").write_text("[web]\nport = 1\n")
    assert load(tmp_path, tmp_path / "other.toml", {}).web.port == 1
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, tmp_path / "missing.toml", {})


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    settings = _load(
        tmp_path,
        "[gateway]\nprocesses = 2\n[city]\nname = 'file'\n",
        CIVICMAIL__GATEWAY__PROCESSES="3",
        CIVICMAIL__CITY__NAME="= true",
        CIVICMAIL__CITY__DOMAINS="a.example, b.example",
        CIVICMAIL__GATEWAY__LISTENER="[{port = 7, dsn = true}]",
        CIVICMAIL_DATA="not a setting",
    )
    assert (settings.gateway.processes, settings.city.name) == (3, "= true")
    assert settings.city.domains == ["a.example", "b.example"]
    assert settings.gateway.listener == [Listener(port=7, dsn=True)]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CIVICMAIL__GATEWAY__PROCESES", "1", "did you mean gateway.processes"),
        ("CIVICMAIL__GATEWAI__PROCESSES", "1", "did you mean gateway"),
        ("CIVICMAIL__GATEWAY", "1", "there is no such setting"),
        ("CIVICMAIL__GATEWAY__PROCESSES", "many", "'many' is not a whole number"),
        ("CIVICMAIL__GATEWAY__PROCESSES", "0", "must be between 1 and 64"),
        ("CIVICMAIL__GATEWAY__PROCESSES__X", "0", "there is no such setting"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, name: str, value: str, words: str) -> None:
    said = _wrong(tmp_path, "", **{name: value})
    assert name in said
    assert words in said


def test_explain_finds_a_setting_a_section_and_the_nearest_key() -> None:
    (one,) = explain.find("gateway.processes")
    assert (one.kind, one.default) == ("int", 1)
    assert {s.key for s in explain.find("database")} == {"database.url", "database.password_file"}
    with pytest.raises(UsageError, match=r"did you mean gateway\.processes"):
        explain.find("gateway.procesess")


@pytest.mark.parametrize("kind", ["oidc", "saml"])
def test_an_identity_provider_is_never_bound_by_mail_address(tmp_path: Path, kind: str) -> None:
    """P-07: whoever can name their own address at the provider would be anybody here."""
    assert "e-mail" in _wrong(tmp_path, f'[[signin.{kind}]]\nid = "city"\nclaim = "email"\n')


def test_identity_providers_are_written_as_they_are_read(tmp_path: Path) -> None:
    loaded = _load(tmp_path, '[[signin.oidc]]\nid = "city"\nissuer = "https://id.city.example"\n')
    assert loaded.signin.oidc[0].issuer == "https://id.city.example"
    assert _load(tmp_path, template.render(loaded)) == loaded
