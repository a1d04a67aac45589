"""Every text of the pages beside its picture, in English and Spanish, for whoever reads it through: `make texts`.

Writes index.html and pictures into the folder that CIVICMAIL_TEXTS names. Each page of the list is opened as the person to whom it
shows most. What stands on no page here, as most letters and errors do, comes from the catalog at the end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from civicmail.front.web import settings as web
from pages.test_looks import SHOWN, visitor
from pages.test_looks import new_context as new_context
from pages.test_looks import tab as tab
from pages.test_sweep import path_of

pytestmark = [pytest.mark.neighbour("chromium"), pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]
FOLDER = Path(os.environ.get("CIVICMAIL_TEXTS", "dist/texts"))
CATALOG = Path(web.__file__).with_name("locale") / "es" / "LC_MESSAGES" / "django.po"
LINES = """() => {
  const lines = [document.title.replace(/ · Civicmail$/, '')];
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_ELEMENT);
  const whole = new Set('P LI H1 H2 H3 LABEL LEGEND BUTTON TH TD DT DD SUMMARY A OPTION'.split(' '));
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const inner = [...node.querySelectorAll('*')].some((one) => whole.has(one.tagName) && one.tagName !== 'A');
    const text = node.textContent.replace(/\\s+/g, ' ').trim();
    if (whole.has(node.tagName) && !inner && text && !lines.includes(text)) lines.push(text);
  }
  return lines;
}"""
HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Texts of Civicmail</title>
<style>body{font:16px/1.45 sans-serif;margin:24px}section{display:grid;grid-template-columns:30rem 1fr 1fr;gap:24px;
border-top:1px solid #888;padding:16px 0}
img{width:100%;border:1px solid #ccc}h2{grid-column:1/-1;margin:0}
ul{margin:0;padding-left:18px}.cat{grid-template-columns:16rem 1fr 1fr;gap:6px 24px;padding:4px 0}</style>
<h1>Texts of Civicmail</h1>
"""


def test_every_page_stands_beside_its_texts(browse: Callable[..., Any]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    with (FOLDER / "index.html").open("w", encoding="utf-8") as out:
        out.write(HEAD)
        for name, page in SHOWN.items():
            shown = browse(visitor(page), lambda town, page=page: path_of(page, town))
            shown.screenshot(path=FOLDER / f"{name}.png", full_page=True)
            english = lines(shown)
            spanish = lines(in_language(shown, "Español"))
            in_language(shown, "English")  # the choice is the person's, on every page
            seen |= set(english)
            out.write(section(name, page["path"], english, spanish))
        out.write("<h1>Texts that stand on no page above: letters, errors, rare states</h1>\n")
        out.writelines(left(" ".join(seen)))


def lines(page: Any) -> list[str]:
    found: list[str] = page.evaluate(LINES) if page.locator("main").count() else []
    return found


def in_language(page: Any, name: str) -> Any:
    """The same page after a click on the language; itself where it has no switch, as in a frame."""
    switch = page.get_by_role("button", name=name, exact=True)
    if switch.count():
        with page.expect_navigation():
            switch.first.evaluate("button => button.click()")
    return page


def section(name: str, path: str, english: list[str], spanish: list[str]) -> str:
    picture = f'<a href="{name}.png"><img src="{name}.png" alt="" loading="lazy"></a>'
    same = "<p>Not in Spanish.</p>" if spanish == english else listed(spanish)
    return f"<section><h2 id={name}>{escape(name)} <small>{escape(path)}</small></h2>{picture}{listed(english)}{same}</section>\n"


def listed(texts: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def left(shown: str) -> Iterator[str]:
    """Messages of the catalog that no page showed, by the module that says them."""
    with CATALOG.open(encoding="utf-8") as file:
        catalog = read_po(file)
    for message in sorted(catalog, key=lambda one: (one.locations[:1], str(one.id))):
        texts = [message.id] if isinstance(message.id, str) else list(message.id)
        translated = [message.string] if isinstance(message.string, str) else list(message.string)
        if texts[0] and not any(text in shown for text in texts):
            where = message.locations[0][0] if message.locations else ""
            yield (
                f'<section class="cat"><small>{escape(where)}</small><div>{escape(" / ".join(texts))}</div>'
                f'<div lang="es">{escape(" / ".join(translated))}</div></section>\n'
            )
