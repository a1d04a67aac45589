"""HTML with the sender's formatting, for a locked frame: no script, no form, nothing loaded, each link with its host in words.

Each of three walls is enough: everything that is not on a list is removed (nh3, as the last step, so that nothing is added after
it); the frame's own policy allows only embedded pictures and inline style (FRAME_CSP); and the frame is sandboxed, so it has no
origin and cannot draw outside itself. Pure; runs in a sandboxed process.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator, Mapping

import nh3
from selectolax.lexbor import LexborHTMLParser, LexborNode

from civicmail.core.filetype.identify import identify
from civicmail.core.message import encoded_words, html_cost, links, mime_tree, structure
from civicmail.core.message.mime_tree import Node
from civicmail.core.message.structure import Structure
from civicmail.desk.viewer import message_parts

FRAME_CSP: dict[str, list[str]] = {
    "default-src": ["'none'"],
    "img-src": ["data:"],
    "style-src": ["'unsafe-inline'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'self'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}
"""The policy of the document in the frame. Its links open windows of their own, to which it does not apply."""

PICTURES = 10 << 20
"""Bytes of pictures of the message that are shown in it."""

LARGEST = 4 << 20
"""Characters of HTML that a browser is given, without pictures; the reading view has any number of pages."""
_TAGS = frozenset({
    "a", "abbr", "address", "b", "bdi", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd",
    "del", "details", "div", "dl", "dt", "em", "figcaption", "figure", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img",
    "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "summary", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "wbr",
})  # fmt: skip
_GONE = ["script", "style", "template", "head", "noscript", "iframe", "frameset", "object", "embed", "applet", "svg", "math",
         "video", "audio", "canvas", "link", "meta", "base", "title", "select", "textarea", "noembed", "noframes", "xmp",
         "plaintext"]  # fmt: skip
_CELL = {"bgcolor", "width", "height"}
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"style", "align", "valign", "dir", "lang"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "face", "size"},
    "table": {"border", "cellpadding", "cellspacing", *_CELL},
    "tr": _CELL,
    "td": {"colspan", "rowspan", "nowrap", *_CELL},
    "th": {"colspan", "rowspan", "nowrap", *_CELL},
    "ol": {"start", "type"},
    "col": {"span", "width"},
}
_BOX = [f"{name}{side}" for name in ("margin", "padding") for side in ("", "-top", "-right", "-bottom", "-left")]
_BORDER = [
    f"border{side}{what}" for side in ("", "-top", "-right", "-bottom", "-left") for what in ("", "-color", "-style", "-width")
]
_STYLES = frozenset([
    *_BOX, *_BORDER, "color", "background-color", "background", "font", "font-family", "font-size", "font-style", "font-weight",
    "font-variant", "line-height", "letter-spacing", "text-align", "text-decoration", "text-indent", "text-transform",
    "vertical-align", "white-space", "word-break", "overflow-wrap", "border-collapse", "border-spacing", "border-radius", "width",
    "max-width", "min-width", "height", "display", "float", "clear", "list-style-type", "direction", "table-layout",
])  # fmt: skip
_VALUE = re.compile(r"[\w\s#%.,!'\"+-]*(?:\b(?:rgb|rgba|hsl|hsla)\([\d\s.,%/]*\)[\w\s#%.,!'\"+-]*)*\Z", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+\Z")
_TYPES = frozenset({"png", "jpeg", "gif", "webp"})
_FOLLOWED = ("http://", "https://", "mailto:", "tel:")
_PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>body{{margin:12px;background:#fff;color:#1b1b1b;font:15px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}}
img{{max-width:100%;height:auto}}table{{max-width:100%}}
bdi.cm{{background:#faf3d1;color:#5c4809;font:12px system-ui,sans-serif}}</style>
</head><body>{body}</body></html>"""

Words = Mapping[str, str]
"""Words inserted into the page: title; goes and really, with {host}; nowhere; picture, with {alt}."""


def page(content: bytes, path: str, words: Words) -> bytes | None:
    """The document for the frame; None where the path names no message, or none with HTML that can be shown so."""
    message = message_parts.message_at(structure.parse(content), path)
    bodies = (
        [_look(holder, node, words) for holder, node in message_parts.texts(message) if node.html] if message is not None else []
    )
    shown = [body for body in bodies if body is not None]
    if not shown:
        return None
    return _PAGE.format(title=html.escape(words["title"]), body="<hr>".join(shown)).encode("utf-8", "replace")


def _look(message: Structure, node: Node, words: Words) -> str | None:
    source = structure.text(message, node)
    if not html_cost.tame(source):
        return None
    parsed = LexborHTMLParser(source)
    parsed.strip_tags(_GONE)
    parsed.unwrap_tags(["bdi"])  # distinguishes ours from the sender's words
    if parsed.body is None:
        return None
    pictures = _Pictures(message)
    for picture in parsed.css("img"):
        _picture(picture, pictures, words)
    for link in parsed.css("a[href]"):
        _link(link, words)
    cleaned = clean(parsed.body.inner_html or "")
    return cleaned if len(cleaned) - pictures.shown <= LARGEST else None


def clean(source: str) -> str:
    """The last step: only what is on the lists."""
    return nh3.clean(
        source,
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        filter_style_properties=set(_STYLES),
        url_schemes={"http", "https", "mailto", "tel", "data"},
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        tag_attribute_values={"bdi": {"class": {"cm"}}},
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        return _style(value) or None
    if name == "href":
        return value if value.startswith(_FOLLOWED) else None
    if name == "src":
        return value if tag == "img" and _PICTURE.match(value) else None
    return value


def _style(value: str) -> str:
    """Declarations that are on the list and name no place: no url(), no escapes, no comments."""
    kept = []
    for declaration in value[:4000].split(";"):
        name, colon, value_text = declaration.partition(":")
        if colon and name.strip().lower() in _STYLES and _VALUE.match(value_text):
            kept.append(f"{name.strip().lower()}:{value_text.strip()}")
    return ";".join(kept)


def _link(link: LexborNode, words: Words) -> None:
    """Make the link lead to its stated target, and show that target after its words."""
    shown = link.text()
    there = links.real(link.attributes.get("href") or "")
    if not there.url:
        del link.attrs["href"]
        _insert_note(link, words["nowhere"])
        return
    link.attrs["href"] = there.url
    web = there.scheme in ("http", "https")
    if web and links.names_another(shown, there.host):
        _insert_note(link, words["really"].format(host=there.host))
    elif there.host.lower() not in shown.lower():
        _insert_note(link, words["goes"].format(host=there.host))


def _insert_note(node: LexborNode, note: str) -> None:
    """Words of ours behind a node; no direction of writing before them reaches into them."""
    made = LexborHTMLParser(f'<bdi class="cm">[{html.escape(note)}]</bdi>').css_first("bdi")
    if made is not None:
        node.insert_after(made)
        node.insert_after(" ")


def _picture(picture: LexborNode, pictures: _Pictures, words: Words) -> None:
    attributes = picture.attributes
    source = (attributes.get("src") or "").strip()
    data = pictures.of(source[4:]) if source[:4].lower() == "cid:" else source if _PICTURE.match(source) else ""
    if data:
        picture.attrs["src"] = data
        return
    alt = " ".join((attributes.get("alt") or "").split())[:200]
    if source or alt:
        picture.replace_with(f"[{words['picture'].format(alt=alt) if alt else words['no_alt']}]")


class _Pictures:
    """Pictures that travel in the message, by their content id (RFC 2392). shown: characters of those that were given out."""

    def __init__(self, message: Structure) -> None:
        self._message = message
        self._nodes = dict(_named(message))
        self._left = PICTURES
        self.shown = 0

    def of(self, id_: str) -> str:
        """The picture as a data URL; "" if there is none, it is not a picture, or all of them became too large."""
        node = self._nodes.get(id_.strip("<> \t").lower())
        if node is None:
            return ""
        data = mime_tree.content(self._message.raw, node, [])
        kind = identify(data).label
        if kind not in _TYPES or len(data) > self._left:
            return ""
        self._left -= len(data)
        data_url = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
        self.shown += len(data_url)
        return data_url


def _named(message: Structure) -> Iterator[tuple[str, Node]]:
    for node in message.nodes:
        id_ = encoded_words.text(node.block.first(b"content-id")).strip("<> \t").lower()
        if id_ and not node.container:
            yield id_, node
