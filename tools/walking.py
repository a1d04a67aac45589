"""Terminal and browser for first_city.py, which do only what a screen names."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PASSWORD = "a quiet harbor with nine lamps"
SECONDS = 120
POLICY_TASK = "Read and accept the e-mail policy"


class Lost(Exception):
    """The screen does not name the next step."""


class Clock:
    """Minutes of each step, and of all."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.steps: list[tuple[str, float]] = []

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        at = time.monotonic()
        yield
        self.steps.append((words, (time.monotonic() - at) / 60))
        print(f"{self.steps[-1][1]:6.2f} min  {words}", flush=True)

    @property
    def total(self) -> float:
        return (time.monotonic() - self.began) / 60


class Terminal:
    """Types commands as shown on a screen, in the clone's folder. texts: its output."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv = folder / ".venv" / "bin"
        self.env = {k: v for k, v in os.environ.items() if k not in ("DJANGO_SETTINGS_MODULE", "VIRTUAL_ENV")}
        self.env["PATH"] = f"{venv}:{self.env['PATH']}"

    def run(self, command: str, stdin: str = "") -> str:
        done = subprocess.run(
            command,
            shell=True,
            cwd=self.folder,
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        if done.returncode:
            raise Lost(f"{command}: exit {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
        return done.stdout + done.stderr


class Browser:
    """One person's browser, controlled by the visible texts."""

    def __init__(self, browser: Any, shots: Path | None) -> None:
        self.page = browser.new_context(viewport={"width": 1100, "height": 900}).new_page()
        self._shots = shots

    def open(self, url: str) -> None:
        """Open as soon as the server is ready; accept the policy if asked."""
        self._load(url)
        self._accept()
        if self._is_there("main", POLICY_TASK):
            self.follow(POLICY_TASK)
            self._load(url)

    def _accept(self) -> None:
        if self.title == "Confirm that it is you":
            self.fill(Password=PASSWORD)
            self.press("Confirm")
        if self.title == "Accept the e-mail policy?":
            self.page.get_by_text("I accept the rules", exact=True).click()
            self.press("Record my answer")

    def _load(self, url: str) -> None:
        end = time.monotonic() + SECONDS
        while True:
            try:
                self.page.goto(url)
                self.page.locator("h1").wait_for(timeout=5000)
            except Exception:  # nobody listens yet
                if time.monotonic() > end:
                    raise
                time.sleep(1)
                continue
            if self.title != "Starting":
                return
            time.sleep(1)

    @property
    def title(self) -> str:
        return str(self.page.locator("h1").inner_text())

    @property
    def text(self) -> str:
        return str(self.page.locator("body").inner_text())

    def follow(self, words: str) -> None:
        """Follow a link of the page, after opening More, or else of the menu."""
        if self.page.locator("main details summary").count() and not self._is_there("main", words):
            self.page.locator("main details summary").first.click()
        for place in ("main", "nav"):
            if self._is_there(place, words):
                self._link(place, words).click()
                self.page.wait_for_load_state()
                self._accept()
                return
        raise Lost(f"No link {words!r} on {self.title!r}:\n{self.text[:2500]}")

    def _link(self, place: str, words: str) -> Any:
        exact = self.page.locator(place).get_by_role("link", name=words, exact=True)
        return exact.first if exact.count() else self.page.locator(place).get_by_role("link", name=words).first

    def _is_there(self, place: str, words: str) -> bool:
        links = self.page.locator(place).get_by_role("link", name=words)
        return bool(links.count()) and bool(links.first.is_visible())

    def fill(self, **fields: str) -> None:
        """Fill by label; an underscore is a blank."""
        for label, value in fields.items():
            field = self.page.locator("main").get_by_label(label.replace("_", " "))
            if not field.count():
                raise Lost(f"No field {label!r} on {self.title!r}:\n{self.text[:2500]}")
            field.first.fill(value)

    def press(self, words: str) -> None:
        button = self.page.locator("main").get_by_role("button", name=words)
        if not button.count():
            raise Lost(f"No button {words!r} on {self.title!r}:\n{self.text[:2500]}")
        button.first.click()
        self.page.wait_for_load_state()
        if self.page.locator("main .usa-error-message").count():
            raise Lost(f"{words} on {self.title!r}: {self.page.locator('main .usa-error-message').all_inner_texts()}")

    def commands(self) -> list[str]:
        return [str(text) for text in self.page.locator("main code").all_inner_texts()]

    def shot(self, name: str) -> None:
        if self._shots is not None:
            self.page.screenshot(path=self._shots / f"{name}.png", full_page=True)
