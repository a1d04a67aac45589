"""Update the Spanish catalog: extract texts for employees and residents, keep translations, compile.

    .venv/bin/python tools/messages.py [--check]

Found are gettext and its sisters in Python, `{% translate %}` and `{% blocktranslate %}` in templates, sentence() of
core/config/sentence.py, and what rules of the starter pack say to people. Writes front/web/locale/es/LC_MESSAGES/django.po and .mo;
--check writes nothing and says what is missing.
"""

from __future__ import annotations

import io
import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import civicmail

SOURCE = Path(civicmail.__file__).parent
PO = SOURCE / "front" / "web" / "locale" / "es" / "LC_MESSAGES" / "django.po"
LAZY = ("gettext", "ngettext", "pgettext", "npgettext")
KEYWORDS = {**DEFAULT_KEYWORDS, "sentence": None, **{f"{name}_lazy": DEFAULT_KEYWORDS[name] for name in LAZY}}
STARTER = SOURCE / "city" / "policy" / "starter"
RULE_TEXTS = ("sender", "reader", "ask")
"""Fields of a rule that people read."""
BEGUN = datetime(2026, 11, 25, tzinfo=UTC)  # a time that changes would make each run a change


def extracted() -> Catalog:
    """Every message with its source files."""
    catalog = Catalog(domain="django", creation_date=BEGUN, revision_date=BEGUN)
    for path, content in _sources():
        for _, messages, _, context in extract("python", io.BytesIO(content), KEYWORDS):
            flags = ["python-format"] if "%(" in str(messages) else []
            catalog.add(messages, locations=[(f"src/civicmail/{path.relative_to(SOURCE)}", 0)], flags=flags, context=context)
    for path in sorted(STARTER.glob("*.toml")):
        for rule in tomllib.loads(path.read_text("utf-8")).get("rule", ()):
            for words in (rule[name] for name in RULE_TEXTS if rule.get(name)):
                catalog.add(words, locations=[(f"src/civicmail/{path.relative_to(SOURCE)}", 0)])
    return catalog


def _sources() -> Iterator[tuple[Path, bytes]]:
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text("utf-8")
        if "gettext" in text or "sentence" in text:
            yield path, text.encode()
    for path in sorted(SOURCE.rglob("templates/**/*.html")):
        text = path.read_text("utf-8")
        if "translate" in text:
            yield path, _as_python(text).encode()


def _as_python(template: str) -> str:
    """What Django makes of a template for xgettext; each line by itself, because what is between the calls is no Python."""
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure()
    return "".join(f"{line.strip()}\n" for line in templatize(template).splitlines())


def read() -> Catalog:
    with PO.open("rb") as h:
        return read_po(h, locale="es", domain="django")


def merged() -> Catalog:
    """The catalog with the extracted messages; obsolete ones are dropped."""
    catalog = read() if PO.exists() else Catalog(locale="es", domain="django")
    catalog.update(extracted(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.header_comment = "# Spanish of Civicmail, usted. Written by tools/messages.py; translations are written by hand."
    catalog.project, catalog.version = "Civicmail", "1"
    catalog.creation_date = catalog.revision_date = BEGUN
    return catalog


def po(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_po(out, catalog, width=120, sort_output=True, include_lineno=False)
    return out.getvalue()


def mo(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def values(text: str) -> list[str]:
    """Placeholders in braces or by %, sorted by name."""
    return sorted(re.findall(r"\{[^{}]*\}|%\(\w+\)[sd]", text))


def missing(catalog: Catalog) -> list[str]:
    """Messages without a whole translation, or with one that loses something which is filled in."""
    wrong = []
    for message in catalog:
        if message.id:
            texts = message.string if isinstance(message.string, tuple) else (message.string,)
            if not all(texts) or message.fuzzy or list(message.check(catalog)):
                wrong.append(str(message.id))
    return wrong


def main() -> int:
    catalog = merged()
    lost = missing(catalog)
    for words in lost:
        print(f"not translated: {words}", file=sys.stderr)
    if "--check" in sys.argv:
        same = PO.read_bytes() == po(catalog) and PO.with_suffix(".mo").read_bytes() == mo(catalog)
        return 0 if same and not lost else 1
    PO.parent.mkdir(parents=True, exist_ok=True)
    PO.write_bytes(po(catalog))
    PO.with_suffix(".mo").write_bytes(mo(catalog))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
