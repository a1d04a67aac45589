"""Take the picture of the README from the demo: My mail beside an open message, at 1280 px.

    .venv/bin/python tools/readme_picture.py [--person WORDS] [--keep DIR]

Starts `civicmail demo` in a temporary folder, signs in as the person whose line on its page has WORDS, and writes
docs/my-mail.png. Everything in the picture is invented by the demo.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "my-mail.png"
SECONDS = 300
WORDS = "reads and searches own mail"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--person", default=WORDS, help="words of a line of the demo's page of people")
    chosen = parser.parse_args()
    chromium = os.environ.get("CIVICMAIL_CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with tempfile.TemporaryDirectory(prefix="picture-") as folder:
        log = Path(folder) / "demo.log"
        with log.open("wb") as out:
            demo = subprocess.Popen([str(Path(sys.executable).parent / "civicmail"), "demo"], stdout=out, stderr=out)
        try:
            home = address(log, demo)
            with sync_playwright() as play:
                browser = play.chromium.launch(executable_path=chromium, chromium_sandbox=os.geteuid() != 0)
                taken(browser.new_context(viewport={"width": 1280, "height": 800}).new_page(), home, chosen.person)
        finally:
            demo.terminate()
            demo.wait(120)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")
    return 0


def address(log: Path, demo: subprocess.Popen[bytes]) -> str:
    """Where the demo's pages are, as it says itself. Raises SystemExit if it ended."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and demo.poll() is None:
        if found := re.search(r"http://[\w.]+:\d+(?=/demo/)", log.read_text(errors="replace")):
            return found[0]
        time.sleep(0.5)
    raise SystemExit(f"The demo did not say where its pages are:\n{log.read_text(errors='replace')[-2000:]}")


def taken(page: Any, home: str, person: str) -> None:
    """Sign in and take the picture."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            page.goto(f"{home}/demo/")
            page.get_by_role("button", name="Be this person").first.wait_for(timeout=5000)
            break
        except Exception:  # the pages are not there yet
            if time.monotonic() > end:
                raise
            time.sleep(1)
    line = page.locator("tr, li").filter(has_text=person).filter(has=page.get_by_role("button", name="Be this person"))
    line.get_by_role("button").first.click()
    page.goto(f"{home}/mail/")
    page.locator("main tr[data-row]").filter(has_text="Pretends to be staff").last.get_by_role("link").first.click()
    page.get_by_text("Choose a message to read it here.").wait_for(state="hidden")  # the pane comes without a load of the page
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURE)


if __name__ == "__main__":
    raise SystemExit(main())
