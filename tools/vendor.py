#!/usr/bin/env python3
"""Fetch the third-party files of the pages: python tools/vendor.py (needs npm); --check verifies them.

What is brought, from where and with which checksums stands in src/civicmail/front/web/vendored.toml. The style sheet is theirs
except that its map is not named, and that rules, fonts and pictures that no page uses are left out; the sprite keeps the icons of
the list. A template that uses a further class of USWDS needs this run again: a test of the house says so.
"""

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from hashlib import sha256
from pathlib import Path

import tinycss2
from tinycss2.ast import AtRule, Node, QualifiedRule

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


def words(folder: Path) -> set[str]:
    """Whatever may be the name of a class in templates, Python and scripts: too many rather than one too few. A word that ends in a
    hyphen begins the names that a template completes."""
    texts = (p.read_text("utf-8") for kind in ("*.html", "*.py", "*.js") for p in folder.rglob(kind) if PLACE not in p.parents)
    return {word for text in texts for word in re.findall(r"[A-Za-z][\w:-]*", text)}


def trimmed(rules: list[Node], known: set[str]) -> str:
    """Rules without the selectors that name a class which no page uses."""
    begun = tuple(word for word in known if word.startswith("usa-") and word.endswith("-") and word != "usa-")

    def is_used(selector: str) -> bool:
        classes = [re.sub(r"\\(.)", r"\1", name) for name in re.findall(r"\.((?:[\w-]|\\.)+)", selector)]
        return all(name in known or name.startswith(begun) for name in classes)

    kept = []
    for rule in rules:
        if isinstance(rule, QualifiedRule):
            selectors = [s for s in split(tinycss2.serialize(rule.prelude)) if is_used(s)]
            kept += [f"{','.join(selectors)}{{{tinycss2.serialize(rule.content)}}}"] if selectors else []
        elif isinstance(rule, AtRule) and rule.lower_at_keyword in ("media", "supports"):
            inner = trimmed(tinycss2.parse_rule_list(rule.content, skip_whitespace=True, skip_comments=True), known)
            kept += [f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}"] if inner else []
        else:
            kept.append(rule.serialize())
    return "".join(kept)


def split(selectors: str) -> list[str]:
    """The selectors of a list; commas in parentheses belong to one."""
    return [s.strip() for s in re.split(r",(?![^()]*\))", selectors)]


def style(text: str, fonts: list[str]) -> str:
    """Their style sheet without the source map, and without what no page uses."""
    text = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", text)
    text = re.sub(r"@font-face\{[^}]*\}", lambda m: m[0] if any(f in m[0] for f in fonts) else "", text)
    text = text.replace("font-display:fallback", "font-display:swap")
    text = re.sub(r"background(?:-image)?:url\(\.\./img/hero\.jpg\)[^;}]*;?", "", text)
    comments = "\n".join(re.findall(r"/\*!.*?\*/", text, re.DOTALL))
    return (
        comments + trimmed(tinycss2.parse_stylesheet(text, skip_whitespace=True, skip_comments=True), words(HOME.parents[1])) + "\n"
    )


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
        shutil.rmtree(PLACE)
        for name, content in brought(listed, folders["uswds"], folders["htmx"]).items():
            (PLACE / name).parent.mkdir(parents=True, exist_ok=True)
            (PLACE / name).write_bytes(content)
    head = LIST.read_text().partition("[files]")[0]
    LIST.write_text(head + "[files]\n" + "".join(f'"{name}" = "{sum_}"\n' for name, sum_ in sums(PLACE).items()))
    print(f"Brought {len(sums(PLACE))} files.")


if __name__ == "__main__":
    main()
