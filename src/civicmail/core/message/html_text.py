"""Text of HTML: visible words, hidden words and links. lexbor builds the trees.

A tree is only built for HTML that cannot make a large one (html_cost.py); other HTML is read by stripping its tags, so that only
the difference between visible and hidden is lost.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from civicmail.core.message import html_cost, limits
from civicmail.core.message.links import joined

_BLOCKS = re.compile(
    r"<(?=/?(?i:p|div|br|tr|td|th|li|ul|ol|dl|dt|dd|h[1-6]|table|tbody|thead|tfoot|caption|blockquote|pre|hr|center|article|section"
    r"|header|footer|main|nav|aside|address|form|fieldset|legend|option|select|button|figure|figcaption|details|summary|title|body)"
    r"[\s/>])"
)
# Patterns in the lower-case source that may hide words, and the elements to inspect then. Literal beginnings make the search
# native.
_MAY_HIDE = (
    (re.compile(r"hidden(?<=[\s\"'/]hidden)(?=[\s=>/])"), "[hidden]"),
    (re.compile(r"display\s*+:\s*+none"), '[style*="none" i]'),
    (re.compile(r"visibility\s*+:\s*+hidden"), '[style*="hidden" i]'),
    (re.compile(r"font-size\s*+:\s*+0(?![.0]*+[1-9])"), '[style*="font-size" i]'),
    # A style with entities or comments in its words must be inspected itself.
    (re.compile(r"style\s*+=\s*+[\"'](?:[^\"'>&/]++|/(?!\*))*+(?:&|/\*)"), "[style]"),
)
_CONDITION = re.compile(r"<!--\s*+\[[iI][fF][^\]]{0,200}+\]>(?!\s*+(?:<!--|-->))")
"""A comment that ends at once: all programs show the text after it."""
_CONDITION_END = re.compile(r"<!\s*+\[[eE][nN][dD][iI][fF]\]\s*+-->")
_COMMENT_BEGIN = re.compile(r"<!--(?!-?>|\s*+\[[iI][fF][^\]]{0,200}+\]>(?:<!)?-->|\s*+<!\s*+\[)(?:\s*+\[[iI][fF][^\]]{0,200}+\]>)?")
"""The beginning of a comment with words, unlike a condition around visible text."""
_SHEET = re.compile(r"(?i:style|script)[\s>]")
_VALUE_MOST = 200
"""Characters of a value that a form holds hidden: longer ones are the state of a program."""
_LINKS = "a[href], area[href], form[action], button[formaction], input[formaction]"
_EVERY_LINK = "[href]:not(link):not(base), form[action], button[formaction], input[formaction]"
"""Shapes that Outlook draws (VML) lead somewhere, too."""
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_HIDING_STYLE = re.compile(
    r"(?:^|[;\s\"'])(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0*(?:\.0+)?\s*(?:[a-z%]{0,4})\s*(?:!|;|$))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Hypertext:
    """visible and hidden words, a line for each block; links as (target, displayed words). flattened: read without a tree.
    elsewhere: words that only some programs show: comments, including Outlook's conditions; alternative texts, buttons, tips and
    hidden form values."""

    visible: str
    hidden: str
    links: tuple[tuple[str, str], ...]
    flattened: bool
    elsewhere: str = ""


def read(source: str, with_links: bool = False) -> Hypertext:
    """The words and links of an HTML text. Never raises; time is linear in its length."""
    if "\0" in source:
        source = source.replace("\0", "")
    if not source.strip():
        return Hypertext("", "", (), False)
    elsewhere, more = _commented(source, with_links) if "<!--" in source else ("", ())
    if not html_cost.tame(source):
        return Hypertext(_lines(_stripped(source)), "", (*_flat_links(source), *more) if with_links else (), True, elsewhere)
    marked = _marked(source)
    tree = LexborHTMLParser(marked)
    links = (*_links(tree), *more) if with_links else ()
    elsewhere = "\n".join(filter(None, [elsewhere, _attribute_text(tree)]))
    if "<script" in marked or "<style" in marked or "<S" in marked:
        tree.strip_tags(["script", "style"])
    body = tree.body
    if body is None:
        return Hypertext(_lines(_stripped(source)), "", links, False, elsewhere)
    hidden = _take_hidden(body, marked.lower())
    return Hypertext(_lines(body.text()), hidden, links, False, elsewhere)


def _commented(source: str, with_links: bool) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Words of comments, and links of conditional ones ("[if mso]"), which Outlook reads like anything else."""
    bodies: list[str] = []
    comments: list[str] = []
    at = 0
    while (begin := _CONDITION.search(source, at)) and (end := _CONDITION_END.search(source, begin.end())):
        comments += _comments(source, at, begin.start())
        bodies.append(_without_settings(source[begin.end() : end.start()]))
        at = end.end()
    comments += _comments(source, at, len(source))
    words = _lines("\n".join([_stripped(comment) for comment in comments]))
    text = "\n".join(bodies)
    if not text.strip():
        return words, ()
    if not html_cost.tame(text):
        return "\n".join(filter(None, [_lines(_stripped(text)), words])), _flat_links(text) if with_links else ()
    tree = LexborHTMLParser(_marked(text))
    links = _links(tree, _EVERY_LINK) if with_links else ()
    tree.strip_tags(["script", "style"])
    shown = _lines(tree.body.text()) if tree.body is not None else ""
    return "\n".join(filter(None, [shown, words])), links


def _comments(source: str, start: int, end: int) -> Iterator[str]:
    """Text of comments, except style sheets and scripts."""
    while begin := _COMMENT_BEGIN.search(source, start, end):
        close = source.find("-->", begin.end(), end)
        start = close + 3 if close >= 0 else end
        tag = source.rfind("<", 0, begin.start())
        if not (tag >= 0 and _SHEET.match(source, tag + 1) and source.find(">", tag, begin.start()) >= 0):
            yield _without_settings(source[begin.end() : close if close >= 0 else end])


def _without_settings(source: str) -> str:
    """Without what Word writes for itself, which is longer than many a message."""
    kept: list[str] = []
    at = 0
    while (begin := source.find("<xml>", at)) >= 0 and (end := source.find("</xml>", begin)) >= 0:
        kept.append(source[at:begin])
        at = end + len("</xml>")
    return "".join([*kept, source[at:]])


def _attribute_text(tree: LexborHTMLParser) -> str:
    """Words in attributes: for a picture that is not shown, on a button, in a tip."""
    texts: dict[str, None] = {}
    for node in islice(tree.css("[alt], [title], [placeholder], input[value]"), limits.LINKS):
        attributes = node.attributes
        kept = attributes.get("type") != "hidden" or len(attributes.get("value") or "") <= _VALUE_MOST
        names = ("alt", "title", "placeholder", *(("value",) if kept else ()))
        texts |= dict.fromkeys([words for name in names if (words := attributes.get(name)) and not words.isspace()])
    return _lines("\n".join(texts))


def visible_tree(source: str) -> tuple[LexborHTMLParser, str] | None:
    """The tree of what a reader sees, without scripts and styles, and the words that were hidden in it. None where no tree is built
    (html_cost.py): read() has the words then."""
    if "\0" in source:
        source = source.replace("\0", "")
    if not html_cost.tame(source):
        return None
    tree = LexborHTMLParser(source)
    tree.strip_tags(["script", "style", "template", "head"])
    return (tree, _take_hidden(tree.body, source.lower())) if tree.body is not None else None


def _take_hidden(body: LexborNode, lower: str) -> str:
    selectors = [selector for pattern, selector in _MAY_HIDE if pattern.search(lower)]
    if not selectors:
        return ""
    texts: list[str] = []
    for node in body.css(", ".join(selectors)):
        attributes = node.attributes
        style = attributes.get("style") or ""
        if "/*" in style:
            style = _CSS_COMMENT.sub("", style)
        if "hidden" in attributes or _HIDING_STYLE.search(style):
            texts.append(node.text())
            # Emptied, not removed: the list of matches also holds its descendants.
            for child in list(node.iter(include_text=True)):
                child.remove()
    return _lines("\n".join(texts))


def _links(tree: LexborHTMLParser, selector: str = _LINKS) -> tuple[tuple[str, str], ...]:
    links: list[tuple[str, str]] = []
    named = tree.css_first("base[href]")
    base = _TARGET_BREAKS.sub("", (named.attributes.get("href") or "").strip()) if named is not None else ""
    for node in tree.css(selector):
        attributes = node.attributes
        target = (attributes.get("href") or attributes.get("action") or attributes.get("formaction") or "").strip()
        if target and (base or not target.startswith("#")):
            words = attributes.get("alt") if node.tag == "area" else node.text() if node.tag in ("a", "button") else ""
            links.append((joined(base, _TARGET_BREAKS.sub("", target)), " ".join((words or "").split())))
            if len(links) > limits.LINKS:
                break
    return tuple(links)


def _flat_links(source: str) -> tuple[tuple[str, str], ...]:
    """Link targets found without a tree, with unknown words."""
    matches = islice(_TARGET.finditer(source), limits.LINKS + 1)
    targets = [html.unescape(match[1] or match[2] or match[3] or "").strip() for match in matches]
    return tuple([(_TARGET_BREAKS.sub("", target), "") for target in targets if target and not target.startswith("#")])


_TARGET = re.compile(r"\b(?:href|action)\s*+=\s*+(?:\"([^\"]{1,4000})\"|'([^']{1,4000})'|([^\s\"'>]{1,4000}))", re.IGNORECASE)
# Browsers drop tabs and line endings inside a URL (WHATWG URL 4.4), so a target is compared without them.
_TARGET_BREAKS = re.compile(r"[\t\f\r\n]+")


def _lines(text: str) -> str:
    return "\n".join(filter(None, [" ".join(line.split()) for line in text.split("\n")]))


def _stripped(source: str) -> str:
    return html.unescape(html_cost.MARKUP.sub("", _marked(source)))


def _marked(source: str) -> str:
    """A line ending of HTML is a space, so blocks can have the line endings that the words keep.

    It becomes a form feed, which is white space too, so that _links can still tell a broken URL from one with a space.
    """
    return _BLOCKS.sub("\n<", source.replace("\n", "\f").replace("\r", "\f"))
