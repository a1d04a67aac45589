"""Templates keep what the content security policy and people who read with their ears rely on (docs/use/pages.md)."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from house.sources import PACKAGE, ROOT, name

WEB = PACKAGE / "front" / "web"
OURS = WEB / "static" / "cm"
STYLE = OURS / "cm.css"
TEMPLATES = sorted(p for p in PACKAGE.rglob("templates/**/*.html"))
FORBIDDEN = {
    "a style attribute": r"<[^>]*\sstyle\s*=",
    "a script inside the page": r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")",
    "a handler in an attribute": r"<[^>]*\son[a-z]+\s*=",
    "hx-on": r"hx-on",
    "a js: value": r"[\"']js:",
    "javascript:": r"javascript:",
    "a trigger filter": r"hx-trigger\s*=\s*[\"'][^\"']*\[",
    "another host": r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//",
    "safe": r"\|\s*safe\b|autoescape off",
    "placeholder": r"\splaceholder\s*=",
    "accesskey": r"\saccesskey\s*=",
    "autofocus": r"\sautofocus\b",
}

WITH_A_REASON = {("activate_form.html", "safe"): "the picture of a secret that the server made itself, an SVG that allauth draws"}


def test_there_are_templates() -> None:
    assert len(TEMPLATES) > 30


@pytest.mark.rule("house", "No template needs inline scripts or styles, or anything else that the content security policy forbids.")
def test_no_template_needs_what_the_policy_forbids_or_people_stumble_over() -> None:
    found = [
        f"{name(path)}: {what}"
        for path in TEMPLATES
        for what, pattern in FORBIDDEN.items()
        if re.search(pattern, path.read_text(), re.IGNORECASE) and (path.name, what) not in WITH_A_REASON
    ]
    assert found == []


@pytest.mark.rule("house", "Every USWDS class in a template exists in the style sheet.")
def test_every_usa_class_is_one_of_the_style_sheet() -> None:
    """A class that USWDS does not have is a component that looks like nothing."""
    known = set(re.findall(r"\.(usa-[a-z0-9_-]+)", (WEB / "static/vendor/uswds/css/uswds.min.css").read_text()))
    texts = {p: p.read_text() for p in [*TEMPLATES, WEB / "templatetags" / "cm.py"]}
    used = {(name(p), c) for p, t in texts.items() for c in re.findall(r"\busa-[a-z0-9_-]+\b", t)}
    made = {"usa-", "usa-input", "usa-select", "usa-textarea"}  # cm.py puts these together
    assert sorted((p, c) for p, c in used if c not in known and c not in made) == []


def test_every_class_of_ours_has_its_rule() -> None:
    known = {c for style in OURS.glob("*.css") for c in re.findall(r"\.(cm-[a-z0-9-]+)", style.read_text())}
    parts = {"cm-st--", "cm-note--", "cm-w-"}  # put together from a role or a size
    used = {c for p in TEMPLATES for c in re.findall(r"(?<![/\w-])cm-[a-z0-9-]+", p.read_text())}
    assert used - known - parts - {"cm-printed"} == set()


def test_every_icon_of_a_template_or_the_menu_is_in_the_sprite() -> None:
    there = set(re.findall(r'symbol id="([^"]+)"', (WEB / "static/vendor/uswds/sprite.svg").read_text()))
    used = {i for p in TEMPLATES for i in re.findall(r'{%\s*icon "([^"]+)"', p.read_text())}
    menu = set(re.findall(r'icon="([^"]+)"', (WEB / "menu.py").read_text()))
    assert used and menu
    assert used | menu <= there


def test_pages_that_extend_the_shell_have_no_h1_of_their_own() -> None:
    """But for those that replace the shell's whole page: its h1 is gone then, and theirs is the only one."""
    for path in TEMPLATES:
        if "records/copy" in path.as_posix():
            continue  # the static copy of the reading room, which other web servers serve
        text = path.read_text()
        assert text.count("<h1") == ("{% block page %}" in text), name(path)
        if '{% extends "shell.html" %}' not in text and "/components/" not in str(path) and path.name != "shell.html":
            assert "<html" not in text, f"{name(path)} is a page beside the shell"


def test_no_page_names_a_value_as_django_names_its_own() -> None:
    """Within {% block %} Django puts itself under the name `block`, and a page showed its insides to everybody."""
    own = r"\{\{\s*(block(?!\.super)|forloop(?!\.))\b"
    found = [name(p) for p in TEMPLATES if re.search(own, text := p.read_text()) and "{% for block in" not in text]
    assert found == []
    views = [p for p in PACKAGE.rglob("*.py") if re.search(r"""["'](?:block|forloop)["']\s*:""", p.read_text())]
    assert [name(p) for p in views] == []


@pytest.mark.rule("house", "Every form that posts has a CSRF token.")
def test_a_form_that_posts_carries_its_token() -> None:
    for path in TEMPLATES:
        for form in re.findall(r"<form\b[^>]*method=\"post\"[^>]*>.*?</form>", path.read_text(), re.DOTALL):
            assert "{% csrf_token %}" in form, name(path)


def test_our_style_and_script_stay_small() -> None:
    assert STYLE.stat().st_size <= 20_480
    assert (OURS / "dark.css").stat().st_size <= 4096
    for part in ("work.css", "mail.css", "message.css"):
        assert (OURS / part).stat().st_size <= 10_240, part
    assert (OURS / "dashboard.css").stat().st_size <= 6_144
    for script in OURS.glob("*.js"):
        assert len(gzip.compress(script.read_bytes())) <= 4096, script.name
        assert not re.search(r"\beval\(|new Function|innerHTML|document\.write", script.read_text()), script.name


@pytest.mark.rule("house", "Vendored files are unchanged and have their license.")
def test_what_others_made_is_as_it_was_brought_and_says_its_license() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "vendor.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    listed = tomllib.loads((WEB / "vendored.toml").read_text())
    assert all(source["licence"] for source in listed["source"])
    assert {"uswds/LICENSE.md", "htmx/LICENSE"} <= listed["files"].keys()


def test_nothing_that_is_vendored_names_a_map_that_is_not_there() -> None:
    for path in (WEB / "static").rglob("*"):
        if path.suffix in {".css", ".js"}:
            assert "sourceMappingURL" not in path.read_text(errors="replace"), name(Path(path))


ROLES = ("quiet", "wait", "done", "warn", "stop", "lock")


def _luminance(color: str) -> float:
    whole = color if len(color) == 7 else "#" + "".join(digit * 2 for digit in color[1:])
    parts = [int(whole[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _contrast(a: str, b: str) -> float:
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _colors(style: str) -> dict[str, str]:
    """The colors of the first :root of a style sheet."""
    root = re.search(r":root\{([^}]*)\}", (OURS / style).read_text())
    assert root is not None
    return dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3}(?:[0-9a-f]{3})?)\b", root[1]))


GROUNDS = ("paper", "wash", "hover", "current", "stage")
WORDS = ("ink", "hint", "link", "quiet", "red")
ON_COLOR = (("on", "link"), ("on", "red"), ("on", "wait"), ("on", "stop"), ("head-ink", "head"), ("ink", "mark"))
SCHEMES = {"light": _colors("cm.css"), "dark": _colors("dark.css")}


@pytest.mark.rule("house", "Colors have enough contrast in both schemes.")
@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_colors_can_be_read(scheme: str) -> None:
    """WCAG 2.1, 1.4.3: 4.5 to 1 for words on each ground, and 1.4.11: 3 to 1 for what outlines a control or shows the focus."""
    color = SCHEMES["light"] | SCHEMES[scheme]
    of_states = [(word, f"{role}-bg") for role in ROLES for word in (role, "ink", "link")]
    for word, ground in (*of_states, *((w, g) for w in (*WORDS, *ROLES[1:5]) for g in GROUNDS), *ON_COLOR):
        assert _contrast(color[word], color[ground]) >= 4.5, (word, ground)
    for line in ("edge", "ring"):
        assert min(_contrast(color[line], color[ground]) for ground in ("paper", "wash")) >= 3, line


def test_the_dark_scheme_has_every_color_of_the_light_one() -> None:
    assert SCHEMES["light"].keys() - SCHEMES["dark"].keys() == {"head-ink"}  # the head is dark in both


WHITE_IN_BOTH = (".cm-qr", ".cm-sent", ".cm-sheet", ".cm-box", ".cm-drawn", ".cm-numbered")
"""Paper, a code for a camera, and the frame of a message, which has colors of its own."""


@pytest.mark.rule("house", "A color is a property, so that both schemes have it; what is white in both is listed.")
def test_rules_name_colors_by_their_properties() -> None:
    for style in ("cm.css", "work.css"):
        rules = re.findall(r"([^{}]+)\{([^{}]*)\}", (OURS / style).read_text())
        fixed = {
            where.strip() for where, what in rules if re.search(r"#[0-9a-f]{6}\b|#[0-9a-f]{3}\b", what) and ":root" not in where
        }
        assert {where for where in fixed if not where.split("*/")[-1].strip().startswith(WHITE_IN_BOTH)} == set(), style
