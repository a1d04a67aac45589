"""Set up a city from `git clone` to the first mail, using only what the screen names, like a newcomer.

    .venv/bin/python tools/first_city.py [--from DIR] [--shots DIR]

A terminal and a browser (Chromium). Each step is the link, the button, the label or the command that stood on the screen before
it; where a step is not named, this ends with what was on the screen instead. Prints the minutes of each step. Nothing of a real
city is in it, and nothing leaves this machine.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from civicmail.front.sample.installation import free_ports
from civicmail.front.sample.smart_host import World
from walking import SECONDS, Browser, Clock, Lost, Terminal

ROOT = Path(__file__).parents[1]
DOMAIN = "quarry.example"
WHY = "The council decided so on 3 November."
REASON = "Answers residents about street works, in writing and on the same day."
PEOPLE = """uid,given,family,kind,department,position,supervisor
1001,Olga,Marsh,employee,it,Access officer,
1002,Ida,Keller,employee,it,Records clerk,
1003,Nils,Berg,employee,it,Analyst,1002
2001,Rosa,Hale,employee,works,Director,
2002,Kim,Boyd,employee,works,Deputy director,2001
2003,Sam,Ferrer,employee,works,Street crew,2002
2004,Ines,Moravec,employee,works,Street crew,2002
2005,Otto,Lind,employee,works,Street crew,2002
2006,Wanda,Ruiz,employee,works,Street crew,2002
2007,Pia,Stern,employee,works,Street crew,2002
"""
POLICY = "# Whose mail it is\n\nMail of the city is for the work of the city. All of it is kept and may be examined."


class FirstCity:
    """One run. place: an empty folder; source: the repository to clone."""

    def __init__(self, source: str, place: Path, browser: Any, shots: Path | None) -> None:
        self.source, self.place, self.clock = source, place, Clock()
        self._new = lambda: Browser(browser, shots)
        self.terminal = Terminal(place / "civicmail")
        self.data = place / "city"
        self.smtp, self.web = free_ports(2)

    def walk(self, world: World) -> None:
        step = self.clock.step
        with step("git clone"):
            subprocess.run(["git", "clone", "--quiet", self.source, str(self.terminal.folder)], check=True)
        with step("make setup, as the README says"):
            if "make setup" not in (self.terminal.folder / "README.md").read_text():
                raise Lost("The README does not say how the programs get there.")
            self.terminal.run("make setup")
        with step("civicmail init, and the name of the city in its file"):
            output = self._init(world.port)
        running = self._start(output)
        try:
            with step("the pages are there"):
                officer = self._new()
                officer.open(f"http://localhost:{self.web}/")
            with step("recovery key and claim, as the first page names them"):
                self._claim(officer, output)
                officer.follow("Activate the role…")
                officer.follow("Activate…")
                officer.page.get_by_text("4 hours", exact=True).click()
                officer.fill(What_for="The city begins its work with ten people.")
                officer.press("Act as access officer")
            self._city(officer, step)
            self._mail(officer, world, step)
        finally:
            running.terminate()
            running.wait(30)

    def _init(self, world: int) -> str:
        line = next(
            x
            for x in (self.terminal.folder / "README.md").read_text().splitlines()
            if "civicmail init" in x and x.startswith(".venv")
        )
        output = self.terminal.run(line.partition("#")[0].replace("/srv/civicmail", shlex.quote(str(self.data))))
        file = self.data / "civicmail.toml"
        if str(file) not in output:
            raise Lost(f"init does not say which file to write into:\n{output}")
        text = file.read_text()
        for old, new in (
            ('"Sample City"', '"Port Quarry"'), ('["city.example"]', f'["{DOMAIN}"]'), ("port = 2525", f"port = {self.smtp}"),
            ("port = 8025", f"port = {self.web}"), ('# outbound = ""', f'outbound = "smtp://127.0.0.1:{world}"'),
        ):  # fmt: skip
            if old not in text:
                raise Lost(f"{file} has no {old}")
            text = text.replace(old, new, 1)
        file.write_text(text)
        return output

    def _start(self, output: str) -> subprocess.Popen[bytes]:
        (line,) = re.findall(r"(?m)^    (\S+ run .*)$", output)
        with (self.place / "run.log").open("wb") as log:
            return subprocess.Popen(shlex.split(line), cwd=self.terminal.folder, env=self.terminal.env, stdout=log, stderr=log)

    def _claim(self, officer: Browser, output: str) -> None:
        officer.shot("1-unclaimed")
        (key,) = re.findall(r"(?m)^    (\S+)$", output)
        (code,) = re.findall(r"setup code (\S+)", output)
        prove = next((c for c in officer.page.locator("main code").all_text_contents() if "prove-recovery" in c), "")
        if not prove:
            raise Lost(f"The first page does not name the recovery key:\n{officer.text[:2500]}")
        self.terminal.run(prove, f"{key}\n")
        officer.fill(Setup_code=code, Your_given_name="Olga", Your_family_name="Marsh", Your_personnel_number="1001")
        officer.fill(Your_department="IT", Who_decided=WHY)
        officer.press("Claim, and set a passkey")
        self._set(officer)

    def _set(self, browser: Browser) -> None:
        """Set a passkey; the virtual device confirms."""
        wire = browser.page.context.new_cdp_session(browser.page)
        wire.send("WebAuthn.enable", {"enableUI": False})
        options = {"protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "automaticPresenceSimulation": True}
        options |= dict.fromkeys(("hasResidentKey", "hasUserVerification", "isUserVerified"), True)
        wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        browser.press("Set a passkey")
        browser.page.locator(".cm-me").wait_for()

    def _steps(self, officer: Browser, link: str) -> None:
        officer.open(f"http://localhost:{self.web}/")
        officer.follow("Continue the setup")
        officer.page.locator("main details").evaluate_all("folded => folded.forEach(one => one.open = true)")
        officer.follow(link)

    def _city(self, officer: Browser, step: Any) -> None:
        with step("two departments, ten people by a personnel list"):
            officer.shot("2-home")
            self._steps(officer, "Open a department")
            officer.fill(Code="works", Name="Public Works", Reason=WHY)
            officer.press("Open 1 department")
            self._steps(officer, "Read a personnel list")
            file = self.place / "people.csv"
            file.write_text(PEOPLE)
            officer.page.locator("main [type=file]").set_input_files(file)
            officer.press("Read the list")
            officer.follow("Apply…")
            officer.fill(Reason=WHY)
            officer.press("Apply")
        with step("heads and deputies"):
            for name, head, deputy in (("IT", "1002", "1003"), ("Public Works", "2001", "2002")):
                self._steps(officer, "Departments")
                officer.follow(name)
                officer.follow("Name head and deputies")
                officer.fill(Head=head, Deputies=deputy, Reason=WHY)
                officer.press("Name head and deputies")
        with step("the policy text"):
            self._steps(officer, "Publish a text")
            officer.fill(Title="E-mail use policy", Text=POLICY)
            officer.page.get_by_text("Yes: everybody is asked to accept it").click()
            officer.press("See it before it is published")
            officer.fill(Reason=WHY)
            officer.press("Publish version 1")

    def _invited(self, officer: Browser, name: str, department: str, others: dict[str, Browser]) -> Browser:
        """The browser of a person after both letter halves were handed over."""
        self._steps(officer, f"People of {department}")
        officer.follow(name)
        officer.follow("Make a sign-in letter")
        officer.fill(Reason=WHY)
        officer.press("Make 1 letter")
        officer.shot("3-letter")
        first, *commands = officer.commands()
        (where,) = re.findall(r"http://\S+/accounts/welcome/", officer.text)
        if commands:
            output = self.terminal.run(commands[0].replace("TEXT", shlex.quote(WHY)))
            (second,) = re.findall(r"(?m)^[0-9a-z]{4}(?:-[0-9a-z]{4}){3}$", output)
        else:
            second = self._second(next(one for who, one in others.items() if who in officer.text))
        one = self._new()
        one.open(where)
        one.fill(First_half=first, Second_half=second)
        one.press("Continue")
        self._set(one)
        others[name] = one
        return one

    def _second(self, other: Browser) -> str:
        other.open(f"http://localhost:{self.web}/")
        other.follow("Hand over sign-in letters")
        other.fill(Reason="She came to the counter with her passport.")
        other.press("Show the second half")
        return other.commands()[0]

    def _authorize(self, deputy: Browser, head: Browser, position: str, count: int) -> None:
        """Two people: one writes the reasons, the other authorizes."""
        for one in (deputy, head):
            one.open(f"http://localhost:{self.web}/")
            one.follow("Decide who needs mail")
            one.follow(position)
            if one is deputy:
                one.follow("Write the four reasons")
                for field in ("duties", "performance", "efficiency", "service"):
                    one.page.fill(f"main [name={field}]", REASON)
                one.press("Save the profile")
        one = head
        one.page.locator("main [name=row]").evaluate_all("boxes => boxes.forEach(box => box.click())")
        one.press("Review the chosen")
        one.press(f"Authorize {count} ")

    def _mail(self, officer: Browser, world: World, step: Any) -> None:
        with step("head and deputy sign in and say who gets mail"):
            others: dict[str, Browser] = {}
            rosa = self._invited(officer, "Rosa Hale", "Public Works", others)
            kim = self._invited(officer, "Kim Boyd", "Public Works", others)
            self._authorize(kim, rosa, "Street crew", 5)
        with step("somebody signs in, accepts the policy and sends a message out"):
            sam = self._invited(officer, "Sam Ferrer", "Public Works", others)
            sam.open(f"http://localhost:{self.web}/")
            sam.follow("My mail")
            sam.follow("Write")
            sam.page.fill("#id_to", "ann@far.example")
            sam.page.fill("main [name=subject]", "Storm drain on Quay Street")
            sam.page.fill("main [name=text]", "We come on Thursday.")
            sam.press("Send")
            if sam.page.locator("main").get_by_role("button", name="Send now").count():
                sam.press("Send now")
            self._until(lambda: any(b"Storm drain" in message.content for message in world.taken), "the message has left")
        with step("a message comes in and is read"):
            head = (
                f"From: ann@far.example\r\nTo: sam.ferrer@{DOMAIN}\r\nSubject: Thursday is fine\r\nMessage-ID: <1@far.example>\r\n"
            )
            content = f"{head}\r\nThank you.\r\n"
            with smtplib.SMTP("127.0.0.1", self.smtp, timeout=60) as wire:
                wire.sendmail("ann@far.example", [f"sam.ferrer@{DOMAIN}"], content.encode())
            self._until(
                lambda: (sam.open(f"http://localhost:{self.web}/mail/"), "Thursday is fine" in sam.text)[1], "it is in My mail"
            )
            sam.follow("Thursday is fine")
            if "Thank you." not in sam.text:
                raise Lost(f"The message is not shown:\n{sam.text[:2000]}")
            sam.shot("5-message")
        officer.open(f"http://localhost:{self.web}/")
        officer.follow("Continue the setup")
        officer.shot("6-steps")

    def _until(self, condition: Any, words: str) -> None:
        end = time.monotonic() + SECONDS
        while not condition():
            if time.monotonic() > end:
                raise Lost(f"It did not come: {words}. {(self.place / 'run.log').read_text()[-2000:]}")
            time.sleep(0.5)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="source", default=str(ROOT), help="what is cloned; else the folder of this file")
    parser.add_argument("--shots", type=Path, help="a folder for pictures of some pages")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started ends with it
    chromium = os.environ.get("CIVICMAIL_CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with tempfile.TemporaryDirectory(prefix="first-city-") as place, World() as world, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--disable-gpu"], chromium_sandbox=os.geteuid() != 0)
        city = FirstCity(chosen.source, Path(place), browser, chosen.shots)
        try:
            city.walk(world)
        except Lost as lost:
            print(f"Lost after {city.clock.total:.1f} minutes: {lost}", file=sys.stderr)
            return 1
        print(f"{city.clock.total:6.2f} min  in all: a claimed city of ten people and two departments, one message in and one out")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
