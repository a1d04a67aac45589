"""docs/asvs.md says of each requirement of OWASP ASVS 5.0, levels 1 and 2, how it stands; pages that it asks for are true."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache

import pytest

from house.sources import PACKAGE, ROOT, modules, tree

PAGE = ROOT / "docs" / "asvs.md"
NUMBERS = ROOT / "tests" / "house" / "asvs.txt"
"""Number and level of each requirement of levels 1 and 2 of ASVS 5.0.0."""
WAYS = (
    "pages: password", "pages: passkey", "pages: identity provider", "pages: letter", "device password", "token of the city",
    "API: token", "command line: token", "SCIM", "address book", "doors.key", "master user", "pick-up portal", "links in notices",
    "owner of the data folder", "demo",
)  # fmt: skip
"""Ways in, as docs/operate/sign-in.md names them."""
CLOSED = ("6.", "7.", "8.", "16.")
"""Chapters in which nothing may be open."""
ROW = re.compile(r"^\| ([\d.]+) \| (\d) \| (met by|not applicable|open) \| (.+) \|$", re.M)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


@cache
def _rows() -> list[tuple[str, str, str, str]]:
    return ROW.findall(PAGE.read_text())


def _page(name: str) -> str:
    return (ROOT / "docs" / "operate" / name).read_text()


def test_each_number_of_the_standard_stands_once_with_its_level() -> None:
    wanted = [tuple(line.split()) for line in NUMBERS.read_text().splitlines()]
    assert len(wanted) == 253
    assert [row[:2] for row in _rows()] == wanted
    assert PAGE.read_text().count("\n| ") == len(wanted) + 17, "every other line is the head of a table"


@pytest.mark.rule("house", "Each requirement of OWASP ASVS that is met names a test.")
def test_what_is_met_names_a_test_that_there_is() -> None:
    for number, _, state, words in _rows():
        if state == "met by":
            named = TEST.fullmatch(words)
            assert named, (number, words)
            assert re.search(rf"^(async )?def {named[2]}\(", (ROOT / named[1]).read_text(), re.M), (number, words)


@pytest.mark.rule("house", "Each requirement of OWASP ASVS that is not met has a reason.")
def test_what_is_not_met_says_why_and_four_chapters_have_nothing_open() -> None:
    for number, _, state, words in _rows():
        assert not (state == "open" and number.startswith(CLOSED)), (number, words)
        if state != "met by":
            assert len(words.split()) >= 4, (number, words)


def test_the_head_counts_right() -> None:
    states = [state for _, _, state, _ in _rows()]
    met, beside, left = (states.count(s) for s in ("met by", "not applicable", "open"))
    assert f"Of {len(states)}: {met} met, {beside} not applicable, {left} open" in PAGE.read_text()


@pytest.mark.rule("house", "The page about authorization is written from the acts of the guard.")
def test_the_page_of_authorization_is_what_the_guard_does() -> None:
    """8.1: functions and data by act; fields by hand."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "authorization.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rules = {name for text in re.findall(r"^\| `[\w.-]+` \| `([^`]+)` \|", _page("authorization.md"), re.M)
             for name in re.findall(r"[a-z_]{4,}(?![\w-])(?<!-)", re.sub(r"role\([^)]*\)", "", text))}  # fmt: skip
    told = set(re.findall(r"`([a-z_]+)(?:\(…\))?`", _page("authorization.md").partition("## Fields")[0]))
    assert rules - {"one_of"} <= told, rules - told
    assert _page("authorization.md").partition("## Fields")[2].partition("## Every act")[0].count("\n| ") > 10


def test_the_page_of_signing_in_says_what_the_program_does() -> None:
    """6.1, 7.1: guessing, words that are no password, sessions, providers."""
    page = _page("sign-in.md")
    settings = (PACKAGE / "core/config/signin_settings.py").read_text()
    for name in ("attempts", "per_address", "window", "step_up", "session", "idle", "second_factor"):
        assert f"    {name}: " in settings and f"signin.{name}" in page, name
    passwords, lasting = ((PACKAGE / "front/web/signin" / f"{n}.py").read_text() for n in ("passwords", "session_lifetime"))
    words = re.search(r"^_OWN = \((.*)\)$", passwords, re.M)
    assert words
    for word in re.findall(r'"(\w+)"', words[1]):
        assert word in page or word in ("passwort", "contraseña", "contrasena"), word
    assert "MAX_SESSIONS = 10" in lasting and "the eleventh session" in page and "session: int = _setting(43_200" in settings
    assert "idle: int = _setting(3600" in settings and "12 hours" in page and "one hour" in page and "SP 800-63B-4" in page
    assert len((PACKAGE / "front/web/signin/leaked.bin").read_bytes()) == 5 * 141_009 and "141,009" in page
    for said in ("auth_time", "amr", "several_factors", "no back-channel logout", "ForceAuthn", "Release"):
        assert said in page, said


def test_every_way_in_stands_in_the_page() -> None:
    """6.1.3, 6.3.4: a way that is new has to be written down, with its proof, before this is green again."""
    settings = (PACKAGE / "front/web/settings.py").read_text()
    assert 'AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]' in settings
    assert 'MFA_SUPPORTED_TYPES = ["webauthn", "totp"]' in settings and "SOCIALACCOUNT_EMAIL_AUTHENTICATION = False" in settings
    opens = {
        path.relative_to(PACKAGE).as_posix()
        for path in modules("src")
        if re.search(r"\b(adapter|get_adapter\(request\))\.login\(|super\(\)\.login\(", path.read_text())
    }
    assert opens == {
        "front/web/signin/adapters.py", "front/web/signin/demo.py", "front/web/signin/welcome.py",
    }  # fmt: skip
    bearers = {p.relative_to(PACKAGE).as_posix() for p in modules("src") if 'headers.get("Authorization"' in p.read_text()}
    assert bearers == {"front/web/carddav/server.py", "front/web/dovecot_auth.py", "front/web/scim/server.py"}, bearers
    ways = _page("sign-in.md").partition("## Every way in")[2].partition("\n## ")[0]
    for way in WAYS:
        assert f"| {way}" in ways or way in ways, way


@pytest.mark.rule("house", "Every security event is in the page about logs.")
def test_every_event_about_security_stands_in_the_page_of_logs() -> None:
    """16.1.1: what the modules of sign-in, doors and refusals log, and where everything else is kept."""
    page = _page("logs.md")
    watched = [
        *PACKAGE.glob("front/web/signin/*.py"),
        *(PACKAGE / "front/web" / f"{n}.py" for n in ("middleware", "refusal_log", "error_pages")),
    ]
    watched += [
        PACKAGE / "city/identity/actions/throttling.py",
        PACKAGE / "mail/gateway/signins.py",
        PACKAGE / "core/config/log.py",
    ]
    said = {e for path in watched for e in re.findall(r'(?:log\.\w+|say|tell|log\.error\))\(\s*"([^"{]+)"', path.read_text())}
    assert len(said) > 10
    assert [e for e in sorted(said) if f"`{e}`" not in page] == []
    for place in ("audit log", "stderr", "PostgreSQL", "Dovecot", "journald", "forever"):
        assert place in page, place
    upload = (ROOT / "deploy/logs/journal-upload.conf").read_text()
    assert "URL=https://" in upload and "TrustedCertificateFile=" in upload


FORBIDDEN = frozenset({"eval", "exec", "pickle.load", "pickle.loads", "marshal.load", "marshal.loads", "shelve.open", "yaml.load",
                       "os.system", "os.popen", "subprocess.getoutput"})  # fmt: skip


BESIDE = {
    ("front/web/sqlite/base.py", "self.connection.execute"): "the mode of a transaction, from our own settings",
    ("mail/importers/parser_pool.py", "marshal.load"): "what our own parent process hands to a limited one",
    ("mail/importers/parser_pool.py", "marshal.loads"): "the same; answers come back as JSON",
}
"""What is written so all the same, and why nothing that came in gets there."""


@pytest.mark.rule("house", "No code evaluates strings, unpickles or calls a shell, and SQL is never composed from values.")
def test_nothing_is_evaluated_unpickled_or_asked_of_a_shell_and_sql_is_written_in_full() -> None:
    """1.2.4, 1.2.5, 1.3.2, 1.5.2."""
    wrong = []
    for path in modules("src"):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            shell = any(w.arg == "shell" and ast.unparse(w.value) != "False" for w in node.keywords)
            sql = name.endswith(".execute") and "migrations" not in path.parts and node.args and _is_built(node.args[0])
            where = path.relative_to(PACKAGE).as_posix()
            if (name in FORBIDDEN or shell or sql) and (where, name) not in BESIDE:
                wrong.append(f"{where}:{node.lineno}: {name}")
    assert wrong == []


def _is_built(sql: ast.expr) -> bool:
    """Whether a statement is put together of anything but constants of the module."""
    if isinstance(sql, ast.JoinedStr):
        values = [v.value for v in sql.values if isinstance(v, ast.FormattedValue)]
        return not all(isinstance(v, ast.Name) and v.id.isupper() for v in values)
    return isinstance(sql, ast.BinOp) and not isinstance(sql.right, ast.Constant)


@pytest.mark.rule("house", "Scripts of pages store nothing in the browser and write no HTML.")
def test_scripts_of_pages_keep_nothing_and_write_no_html() -> None:
    """3.2.2, 14.3.3: also htmx, which older versions had copy pages into the storage of the browser."""
    for path in [*PACKAGE.glob("front/web/static/cm/*.js"), *PACKAGE.glob("front/web/static/vendor/htmx/*.js")]:
        text = path.read_text()
        for kept in ("localStorage", "sessionStorage", "indexedDB"):
            assert kept not in text, (path.name, kept)
        if "vendor" not in path.parts:
            for wrong in ("innerHTML", "outerHTML =", "document.write", "eval(", "postMessage", "document.cookie"):
                assert wrong not in text, (path.name, wrong)
