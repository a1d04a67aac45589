"""Convert SVG to a PDF page, as far as a QR code needs it: shapes, paths, positions and whether they are dark. Pure.

Text, gradients, filters and animation are left out. Colors become black or white, and dots become squares, which code readers
prefer. References are not fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from xml.parsers import expat

BYTES = 1 << 20
ELEMENTS, DEEP, SIDE = 50_000, 200, 4_000
_SIZE = 400
"""Points of the longer side."""
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_STEP = re.compile(rf"([a-zA-Z])|({_NUMBER.pattern})")
_MOVE = re.compile(r"(matrix|translate|scale|rotate)\s*\(([^)]{0,200})\)")
_RULE = re.compile(r"\.([\w-]{1,60})\s*\{([^}]{0,500})\}")
_TAKES = {"m": 2, "l": 2, "h": 1, "v": 1, "c": 6, "s": 4, "q": 4, "t": 2, "a": 7, "z": 0}
Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Style:
    fill: str = "black"
    stroke: str = "none"
    width: float = 1.0
    clip: str = ""
    hidden: bool = False


@dataclass(slots=True)
class _Page:
    """operators: of PDF (ISO 32000-2 8.5); shapes: by id; clips: clip paths by id."""

    box: tuple[float, float, float, float] = (0, 0, 0, 0)
    operators: list[str] = field(default_factory=list)
    styles: list[tuple[str, _Style, bool]] = field(default_factory=lambda: [("", _Style(), False)])
    shapes: dict[str, str] = field(default_factory=dict)
    clips: dict[str, list[str]] = field(default_factory=dict)
    rules: dict[str, dict[str, str]] = field(default_factory=dict)
    style: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    count: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > ELEMENTS or len(self.styles) > DEEP:
            raise ValueError("too much")
        name = name.rpartition(":")[2].rpartition("}")[2]
        if name == "svg" and self.box[2] == 0:
            self.box = _box(attributes)
        if name in ("defs", "clipPath", "symbol", "mask", "pattern", "marker"):
            self.inside.append(f"{name} {attributes.get('id', '')}")
        style = self._style(attributes)
        moved = _matrix(attributes.get("transform", "")) if "transform" in attributes else None
        if moved is not None:
            self.operators.append("q " + _written(*moved) + " cm")
        self.styles.append((name, style, moved is not None))
        if name == "use":
            self._use(attributes, style)
        elif shape := _shape(name, attributes):
            if attributes.get("id"):
                self.shapes[attributes["id"]] = shape
            self._draw(shape, style)

    def end(self, _: str) -> None:
        name, _look, moved = self.styles.pop()
        if moved:
            self.operators.append("Q")
        if name == "style":
            self.rules |= {rule: _declared(body) for rule, body in _RULE.findall("".join(self.style))}
            self.style.clear()
        if self.inside and self.inside[-1].partition(" ")[0] == name:
            self.inside.pop()

    def words(self, text: str) -> None:
        if self.styles[-1][0] == "style":
            self.style.append(text)

    def _style(self, attributes: dict[str, str]) -> _Style:
        looks = self.styles[-1][1]
        own = dict(attributes)
        for rule in attributes.get("class", "").split():
            own |= self.rules.get(rule, {})
        own |= _declared(attributes.get("style", ""))
        width = _NUMBER.match(own.get("stroke-width", ""))
        cut = re.search(r"#([\w-]{1,60})", own.get("clip-path", ""))
        return replace(
            looks,
            fill=own.get("fill", looks.fill),
            stroke=own.get("stroke", looks.stroke),
            width=float(width[0]) if width else looks.width,
            clip=cut[1] if cut else looks.clip,
            hidden=looks.hidden or own.get("display") == "none" or own.get("visibility") == "hidden",
        )

    def _use(self, attributes: dict[str, str], look: _Style) -> None:
        shape = self.shapes.get(next((v for k, v in attributes.items() if k.endswith("href")), "").lstrip("#"))
        if shape:
            self.operators.append(f"q 1 0 0 1 {_written(_value(attributes, 'x'), _value(attributes, 'y'))} cm")
            self._draw(shape, look)
            self.operators.append("Q")

    def _draw(self, shape: str, look: _Style) -> None:
        if self.inside:
            if self.inside[-1].startswith("clipPath "):
                self.clips.setdefault(self.inside[-1].partition(" ")[2], []).append(shape)
            return
        fill, stroke = _is_dark(look.fill), _is_dark(look.stroke)
        if look.hidden or (fill is None and stroke is None):
            return
        paint = "B" if fill is not None and stroke is not None else "f" if fill is not None else "S"
        cut = " ".join(self.clips.get(look.clip, ()))
        self.operators.append(
            f"q {cut} {'W n' if cut else ''} {int(not fill)} g {int(not stroke)} G {_written(look.width)} w {shape} {paint} Q"
        )


def page(content: bytes) -> tuple[bytes, int, int] | None:
    """The page's content, and its width and height in points; None for other files and beyond the limits."""
    if len(content) > BYTES or b"<svg" not in content[:65_536].lower():
        return None
    reader = _Page()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.words
    parser.DefaultHandler = lambda _: None  # its presence keeps expat from expanding entities
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, OverflowError):
        if not reader.operators:
            return None
    left, top, width, height = reader.box
    if not (0 < width < 1e6 and 0 < height < 1e6):
        return None
    scale = _SIZE / max(width, height)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    begin = f"{_written(scale, 0, 0, -scale, -left * scale, (height + top) * scale)} cm"
    return (
        "\n".join([begin, *reader.operators, *["Q"] * sum(moved for _, _, moved in reader.styles)]).encode("ascii", "ignore"),
        wide,
        high,
    )


def _written(*numbers: float) -> str:
    return " ".join([f"{number:.4f}" for number in numbers])


def _value(attributes: dict[str, str], name: str, otherwise: float = 0.0) -> float:
    match = _NUMBER.match(attributes.get(name, "").strip())
    return float(match[0]) if match else otherwise


def _declared(style: str) -> dict[str, str]:
    pairs = (one.partition(":") for one in style.split(";"))
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def _box(attributes: dict[str, str]) -> tuple[float, float, float, float]:
    numbers = [float(n) for n in _NUMBER.findall(attributes.get("viewBox", ""))]
    if len(numbers) == 4:
        return numbers[0], numbers[1], numbers[2], numbers[3]
    return 0.0, 0.0, _value(attributes, "width", _SIZE), _value(attributes, "height", _SIZE)


def _is_dark(color: str) -> bool | None:
    """None if nothing is painted."""
    color = color.strip().lower()
    if color in ("none", "transparent", ""):
        return None
    if color in ("white", "snow", "ivory", "whitesmoke"):
        return False
    if color.startswith("#"):
        step = (len(color) - 1) // 3 or 1
        parts = [color[1 + step * n : 1 + step * (n + 1)] for n in range(3)]
        try:
            return sum(int(part, 16) * (17 if step == 1 else 1) for part in parts) < 3 * 128
        except ValueError:
            return True
    if color.startswith("rgb"):
        return sum(float(n) for n in _NUMBER.findall(color)[:3]) < 3 * (50 if "%" in color else 128)
    return True


def _matrix(text: str) -> Matrix:
    whole: Matrix = (1, 0, 0, 1, 0, 0)
    for kind, inner in _MOVE.findall(text):
        n = [float(one) for one in _NUMBER.findall(inner)]
        step: Matrix = (1, 0, 0, 1, 0, 0)
        if kind == "matrix" and len(n) == 6:
            step = (n[0], n[1], n[2], n[3], n[4], n[5])
        elif kind == "translate" and n:
            step = (1, 0, 0, 1, n[0], n[1] if len(n) > 1 else 0)
        elif kind == "scale" and n:
            step = (n[0], 0, 0, n[1] if len(n) > 1 else n[0], 0, 0)
        a, b, c, d, e, f = whole
        g, h, i, j, k, m = step
        whole = (a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f)
    return whole


def _shape(name: str, attrs: dict[str, str]) -> str:
    if name == "rect":
        return f"{_written(*[_value(attrs, one) for one in ('x', 'y', 'width', 'height')])} re"
    if name in ("circle", "ellipse"):
        wide, high = (_value(attrs, one, _value(attrs, "r")) for one in ("rx", "ry"))
        return f"{_written(_value(attrs, 'cx') - wide, _value(attrs, 'cy') - high, 2 * wide, 2 * high)} re"
    if name in ("polygon", "polyline"):
        n = [float(one) for one in _NUMBER.findall(attrs.get("points", "")[:BYTES])]
        points = [_written(x, y) for x, y in zip(n[::2], n[1::2], strict=False)]
        return f"{' l '.join(points[:1])} m {' '.join(f'{one} l' for one in points[1:])} h" if len(points) > 1 else ""
    if name == "line":
        return f"{_written(_value(attrs, 'x1'), _value(attrs, 'y1'))} m {_written(_value(attrs, 'x2'), _value(attrs, 'y2'))} l"
    return " ".join(_path(attrs.get("d", ""))) if name == "path" else ""


def _path(text: str) -> Iterator[str]:
    """The steps of a path (SVG 2 9.3). Curves without six numbers become straight lines."""
    x = y = begun_x = begun_y = 0.0
    for step, n in _steps(text):
        kind, by = step.lower(), (x, y) if step.islower() else (0.0, 0.0)
        if kind == "z":
            x, y = begun_x, begun_y
            yield "h"
            continue
        if kind == "h":
            x = n[0] + by[0]
        elif kind == "v":
            y = n[0] + by[1]
        else:
            x, y = n[-2] + by[0], n[-1] + by[1]
        if kind == "m":
            begun_x, begun_y = x, y
            yield f"{_written(x, y)} m"
        elif kind == "c":
            yield f"{_written(*[one + by[at % 2] for at, one in enumerate(n)])} c"
        else:
            yield f"{_written(x, y)} l"


def _steps(text: str) -> Iterator[tuple[str, list[float]]]:
    step, held = "", list[float]()
    for letter, number in _STEP.findall(text):
        if letter:
            step, held = letter, []
            if letter in "zZ":
                yield letter, []
        elif step:
            held.append(float(number))
            if len(held) == _TAKES.get(step.lower(), 0):
                yield step, held
                held = []
                step = {"m": "l", "M": "L"}.get(step, step)
