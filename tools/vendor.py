#!/usr/bin/env python3
"""Fetch the third-party files of the pages: python tools/vendor.py (needs npm); --check verifies them.

What is brought, from where and with which checksums stands in src/civicmail/front/web/vendored.toml. The style sheet is theirs
except that its map is not named, fonts and pictures that no page shows are left out; the sprite keeps the icons of the list.
"""

import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from hashlib import sha256
from pathlib import Path

HOME = Path(__file__).parents[1] / "src" / "civicmail" / "front" / "web"
LIST = HOME / "vendored.toml"
PLACE = HOME / "static" / "vendor"


def fetched(source: dict, folder: Path) -> Path:
    """Download one package of the npm registry; ends the program when it is not the one whose checksum we know."""
    package = f"{source['package']}@{source['version']}"
    npm = ["npm", "pack", "--silent", "--pack-destination", str(folder), package]
    name = subprocess.run(npm, check=True, capture_output=True, text=True).stdout.split()[-1]
    digest = sha256((folder / name).read_bytes()).hexdigest()
    if digest != source["sha256"]:
        sys.exit(f"{package} is not what it was: {digest}")
    with tarfile.open(folder / name) as tar:
        tar.extractall(folder / source["name"], filter="data")
    return folder / source["name"] / "package"


def style(text: str, fonts: list[str]) -> str:
    """Their style sheet without the source map."""
    text = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", text)
    text = re.sub(r"@font-face\{[^}]*\}", lambda m: m[0] if any(f in m[0] for f in fonts) else "", text)
    text = text.replace("font-display:fallback", "font-display:swap")
    text = re.sub(r"background(?:-image)?:url\(\.\./img/hero\.jpg\)[^;}]*;?", "", text)
    return text.rstrip() + "\n"


def sprite(text: str, icons: list[str]) -> str:
    """The icons of the list, one a line, in its order."""
    symbols = {m[1]: m[0] for m in re.finditer(r'<symbol id="([^"]+)".*?</symbol>', text, re.DOTALL)}
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols[icon] for icon in icons) + "\n</svg>\n"


def brought(listed: dict, uswds: Path, htmx: Path) -> dict[str, bytes]:
    css = style((uswds / "dist/css/uswds.min.css").read_text("utf-8"), listed["fonts"])
    named = sorted(set(re.findall(r"url\(\.\./([^)]+)\)", css)))
    return {
        "uswds/css/uswds.min.css": css.encode(),
        "uswds/sprite.svg": sprite((uswds / "dist/img/sprite.svg").read_text("utf-8"), listed["icons"]).encode(),
        "uswds/LICENSE.md": (uswds / "LICENSE.md").read_bytes(),
        **{f"uswds/{name}": (uswds / "dist" / name).read_bytes() for name in named},
        "htmx/htmx.min.js": (htmx / "dist/htmx.min.js").read_bytes(),
        "htmx/LICENSE": (htmx / "LICENSE").read_bytes(),
    }


def sums(place: Path) -> dict[str, str]:
    files = sorted(p for p in place.rglob("*") if p.is_file())
    return {str(p.relative_to(place)): sha256(p.read_bytes()).hexdigest() for p in files}


def main() -> None:
    listed = tomllib.loads(LIST.read_text())
    if sys.argv[1:] == ["--check"]:
        wrong = dict(sums(PLACE).items() ^ listed["files"].items())
        sys.exit(f"Not as it was brought: {', '.join(sorted(wrong))}" if wrong else 0)
    with tempfile.TemporaryDirectory() as scratch:
        folders = {s["name"]: fetched(s, Path(scratch)) for s in listed["source"]}
        for name, content in brought(listed, folders["uswds"], folders["htmx"]).items():
            (PLACE / name).parent.mkdir(parents=True, exist_ok=True)
            (PLACE / name).write_bytes(content)
    head = LIST.read_text().partition("[files]")[0]
    LIST.write_text(head + "[files]\n" + "".join(f'"{name}" = "{sum_}"\n' for name, sum_ in sums(PLACE).items()))
    print(f"Brought {len(sums(PLACE))} files.")


if __name__ == "__main__":
    main()
