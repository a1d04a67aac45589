"""Estimate from its tags, without building it, whether the tree of an HTML text stays small and quick to build.

Three things cost the square of their number in every HTML5 tree builder: open elements, formatting elements that are open while
blocks begin (each block gets copies of all of them), and attributes of one tag. The estimate follows the tokenizer and the rules by
which end tags count (HTML Standard 13.2.6.4.7); in doubt it treats an element as open.
"""

from __future__ import annotations

import re

from civicmail.core.message import limits

# Comments, raw text elements, then tags with their attributes as the tokenizer reads them; every loop is possessive: linear.
_ATTRIBUTES = r"(?:[\s/]++|[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>\"'][^\s>]*+)?)?)*+>?"
MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|title)\b[^>]*+>.*?(?:</\1\b[^>]*+>|\Z)|</?[a-zA-Z][^\s/>]*+"
    + _ATTRIBUTES
    + r"|<[!?][^>]*+>?",
    re.IGNORECASE | re.DOTALL,
)
_TAGS = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|title|textarea|xmp|iframe|noembed|noframes)\b[^>]*+>.*?(?:</\1\b[^>]*+>|\Z)"
    r"|<(/?)([a-zA-Z][^\s/>]*+)" + _ATTRIBUTES,
    re.IGNORECASE | re.DOTALL,
)
_DATA_URI = re.compile(r"data:[a-zA-Z0-9/+.;=-]{0,100}base64,[A-Za-z0-9+/=\s%]*+")
_FORMATTING_TAG = re.compile(r"<(?i:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s>/]")
_FORMATTING = frozenset({"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"})
# Void elements, and those that another of their kind closes: they never nest without a tracked element between them.
_NEVER_DEEP = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr", "p", "li", "td",
    "th", "tr", "tbody", "thead", "tfoot", "dt", "dd", "option", "optgroup", "html", "head", "body", "colgroup",
})  # fmt: skip
# An end tag of these also closes what is open above them; end tags of others stop at the first block.
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "center", "details", "dialog", "dir", "div", "dl", "fieldset", "figcaption",
    "figure", "footer", "form", "header", "main", "menu", "nav", "ol", "pre", "section", "summary", "table", "ul", "h1", "h2", "h3",
    "h4", "h5", "h6",
})  # fmt: skip
# Only their own end tags close elements beyond these.
_WALLS = frozenset({"table", "caption", "marquee", "object", "applet", "template", "select", "svg", "math"})
_REACH = 64


def tame(source: str) -> bool:
    """Whether a tree of this HTML costs no more than the limits allow."""
    tags = source.count("<")
    if tags > limits.HTML_TAGS or len(source) > limits.HTML_BYTES:
        return False
    if tags <= limits.HTML_FREE_TAGS and len(source) <= limits.HTML_FREE_CHARS:
        return True
    formatting = len(_FORMATTING_TAG.findall(source))
    if (tags > limits.HTML_DEPTH or formatting * tags > limits.HTML_NODES) and not _shallow(source, tags):
        return False
    return len(source) <= limits.HTML_FREE_CHARS or _short_tags(source)


def _short_tags(source: str) -> bool:
    """Whether no single tag is so long that its attributes could be too many; embedded images do not count."""
    slim = _DATA_URI.sub("", source) if "base64," in source else source
    return all(
        match.end() - match.start() <= limits.HTML_TAG_CHARS or match[1] or match[0].startswith("<!--")
        for match in MARKUP.finditer(slim)
    )


def _shallow(source: str, tags: int) -> bool:
    """Whether few elements are open at any point."""
    if "<![CDATA[" in source:
        return False  # it ends differently inside svg and outside: tags and text are indistinguishable
    stack: list[str] = []
    formatting = most = 0
    for _, end, name in _TAGS.findall(source):
        name = name.lower()
        if not name or name in _NEVER_DEEP:
            continue
        if not end:
            stack.append(name)
            formatting += name in _FORMATTING
            most = max(most, formatting)
            if len(stack) > limits.HTML_DEPTH or most * tags > limits.HTML_NODES:
                return False
        elif (at := _reached(stack, name)) >= 0:
            if name in _FORMATTING:
                del stack[at]
                formatting -= 1
            else:
                # Formatting elements above it stay in force: they come back in the next block.
                kept = [open_name for open_name in stack[at + 1 :] if open_name in _FORMATTING]
                del stack[at:]
                stack.extend(kept)
    return True


def _reached(stack: list[str], name: str) -> int:
    """The open element that an end tag closes, -1 when none or when it is too far down to look for."""
    for at in range(len(stack) - 1, max(-1, len(stack) - 1 - _REACH), -1):
        open_name = stack[at]
        if open_name == name:
            return at
        if open_name in _WALLS or (name not in _BLOCKS and name not in _FORMATTING and open_name not in _FORMATTING):
            return -1
    return -1
