"""The program `civicmail`: find the command, run it, and report an error in one sentence.

A command's module is imported only when that command is called, so that `--help` and a cold `search` stay fast.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from civicmail.core.config.errors import CivicmailError
from civicmail.front.cli import verbs
from civicmail.front.cli.groups import Commands

_HERE = "civicmail.front.cli"

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Begin": {
        "demo": ("demo:demo", "Run a sample city with live mail until Ctrl-C."),
        "simulate": ("simulate:app", "Simulate a city's day on this machine and print a report: day."),
        "init": ("init:init", "Make a new installation."),
        "run": ("run:run", "Run all processes under a supervisor, or one of them."),
    },
    "Mail": {
        "import": ("import_:import_", "Import eml files, Maildirs, mbox, Outlook files, archives and folders of them."),
        "import-mailboxes": (
            "import_mailboxes:import_mailboxes",
            "Import mailboxes from IMAP, Microsoft 365 or Google Workspace.",
        ),
        "search": ("search:search", "Search the archive."),
        "show": ("show:show", "Show a message: bytes, evidence, trace."),
        "export": ("export:export", "Export search results as eml files or one mbox."),
        "learn": ("learn:learn", "Train the spam filter with spam or good messages."),
        "unlearn": ("learn:unlearn", "Withdraw spam or good verdicts."),
        "explain": ("learn:explain", "Explain the spam filter's score of a message."),
        "queue": ("queue:app", "Manage the outbound queue: list, show, retry, drop."),
    },
    "Evidence": {
        "verify": ("verify:verify", "Verify the archive against its evidence."),
        "prove": ("prove:prove", "Write a proof that a message was archived."),
        "checkpoint": ("checkpoints:app", "Publish and prove signed checkpoints of the ledger: publish, prove."),
        "entries": ("entries:entries", "Show or export the audit log."),
        "evidence": ("evidence:app", "Make evidence that outsiders can check: pack."),
    },
    "People": {
        "people": ("people:app", "Manage the directory: sync, pull, provider, list, show, add, change, move, rehire."),
        "access": ("access:app", "Manage access: claim, invite, extend, suspend, resume, end, close, reconcile …"),
        "mandate": ("mandate:app", "Manage examinations: ask, list, show, approve, refuse, close, protect."),
        "duty": ("duty:app", "Manage roles: grant, take, lay-down, end, conflict, list."),
        "department": ("department:app", "Manage departments: list, open, lead, mode."),
        "agency": ("agency:app", "Manage agencies: list, add, contract, suspend, resume."),
        "violation": ("violation:app", "Manage violation cases: list, show, record."),
        "review": ("review:app", "Manage access reviews: list, start, pack."),
        "lists": ("lists:app", "Manage mailing lists: list, show, make, change, close."),
        "policy": (
            "policy:app",
            "Manage the policy text and the mail rules: list, publish, paper, rules, test, diff, drill, replay, explain.",
        ),
        "exact-list": ("exact_list:app", "Manage exact data match lists: add, list, remove."),
        "works": ("works_list:app", "Manage lists of protected works by SHA-256: add, list, remove."),
    },
    "Keeping": {
        "law": ("law:app", "Manage the public-records law as data: list, check, diff, explain, adopt."),
        "records": (
            "records:app",
            "Manage requests for records: list, assign, withdraw, close, reopen, suit, suit-end, reading-room.",
        ),
        "archive": ("archive:app", "Manage the archive and its schedules: status, adopt, promote, transfer, compact, reconcile."),
        "hold": ("hold:app", "Manage legal holds: add, list, end."),
        "disposal": ("disposal:app", "Manage disposals: list, show, propose, approve, refuse, withdraw."),
        "dispose": ("dispose:dispose", "Simulate the disposal of what is due: --simulate."),
    },
    "Operating": {
        "doctor": ("doctor:doctor", "Check the installation and suggest fixes."),
        "config": ("config:app", "Check, show and explain settings: check, show, explain."),
        "keys": ("keys:app", "Manage recovery and master keys: prove-recovery, recover, rotate-master, rotate-links."),
        "dkim": ("dkim:app", "Manage DKIM keys: list, new, activate, retire."),
        "secure": ("secure:app", "Manage encryption keys of external recipients: add, list, remove."),
        "dns": ("dns:app", "Check DNS records, and read DMARC and TLS reports: check, reports."),
        "standby": ("standby:app", "Run and check the standby: serve, status."),
        "restore": ("restore:restore", "Restore an installation from a copy."),
        "drill": ("drill:app", "Rehearse the loss of the machine: failover, restore."),
        "migrate": ("migrate:migrate", "Upgrade the people database, or list the steps."),
        "tick": ("tick:tick", "Run every worker job once."),
        "rebuild": ("rebuild:app", "Rebuild from the archive: index, catalogue, outstanding."),
        "repair": ("repair:app", "Repair damage after a disk failure: journal."),
    },
}
"""The help: section -> command -> (module:function or module:Typer, its sentence), in this order."""

COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class Lazy(TyperGroup):
    """The group of all commands; it knows their names and sentences without importing them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        target, _ = COMMANDS[cmd_name]
        module, _, name = target.partition(":")
        attribute = getattr(importlib.import_module(f"{_HERE}.{module}"), name)
        if isinstance(attribute, typer.Typer):
            app = attribute
        else:
            verbs.line(cmd_name)
            app = Commands(add_completion=False, rich_markup_mode=None)
            app.command(cmd_name, context_settings=getattr(attribute, "context_settings", None))(attribute)
        command = typer.main.get_command(app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        widest = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), help_) for name, (_, help_) in commands.items()])


def _version(is_set: bool) -> None:
    """Print version, formats, and the last migration of each application."""
    if is_set:
        from civicmail.core.config import formats, release

        commit = release.commit()
        print(f"civicmail {release.VERSION}" + (f" ({commit[:12]})" if commit else ""))
        print("formats:", ", ".join(f"{name} {number}" for name, number in formats.numbers().items()))
        print("tables:", ", ".join(f"{room} {number}" for room, number in release.migrations().items()))
        raise typer.Exit


def _options(
    version: Annotated[bool, typer.Option("--version", is_eager=True, callback=_version, help="Say version and formats.")] = False,
) -> None:
    """Options of the program itself."""


def _program() -> Lazy:
    names: Any = {name: TyperCommand(name, help=help_) for name, (_, help_) in COMMANDS.items()}  # for "did you mean"
    help_ = "A city's mail: heard, kept, delivered, found, proven."
    bare = typer.Typer(add_completion=False)
    bare.callback()(_options)
    params = typer.main.get_group(bare).params
    return Lazy(name="civicmail", help=help_, commands=names, params=params, rich_markup_mode=None, no_args_is_help=True)


def main() -> None:
    """The entry point: exit codes 0 ok, 1 found a problem, 2 usage, 3 configuration, 4 refused, 5 later, 70 our bug."""
    _keep_to_ourselves()
    code = run(sys.argv[1:])
    gc.freeze()  # it all goes with the process: a last look for cycles among it took 0.03 s after an import
    sys.exit(code)


def _keep_to_ourselves() -> None:
    """Make new files private to the user, and disable core dumps."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(args: list[str]) -> int:
    """Run one command line; returns the exit code."""
    try:
        code = _program().main(args, prog_name="civicmail", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except CivicmailError as error:
        return _say(str(error), error.exit_code)
    except typer.TyperException as error:
        return _usage(error)
    except (typer.Abort, KeyboardInterrupt):
        return _say("Stopped.", 130)
    except (BrokenPipeError, SystemExit):  # typer turns the first into the second: whoever read us has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that the interpreter's own flush does not complain
        return 0
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        return _say(f"The operating system says: {what}{error.strerror or error}.", 5)
    except Exception as error:  # noqa: BLE001 - the last door: a person gets a sentence, never a traceback
        return _say(f"The database does not answer: {_first(error)}.", 5) if _is_away(error) else _bug(error)


def _say(sentence: str, code: int) -> int:
    if sentence:
        print(f"civicmail: {sentence}", file=sys.stderr)
    return code


def _usage(error: typer.TyperException) -> int:
    """The usage error with the relevant help; the help itself without arguments."""
    message, context = error.format_message(), getattr(error, "ctx", None)
    if message.startswith("Usage: "):
        print(message, file=sys.stderr)
        return error.exit_code
    hint = f" `{context.command_path} --help` says more." if context is not None else ""
    sentence = message.replace("Value error, ", "")
    return _say(sentence + ("" if sentence.endswith((".", "?")) else ".") + hint, error.exit_code)


def _is_away(error: Exception) -> bool:
    """Whether the database is unavailable; checked without importing it."""
    database = sys.modules.get("django.db")
    return database is not None and isinstance(error, database.OperationalError | database.InterfaceError)


def _first(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


def _bug(error: Exception) -> int:
    if os.environ.get("CIVICMAIL_TRACEBACK"):
        raise error
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f" at {at.tb_frame.f_globals.get('__name__', '?')} line {at.tb_lineno}" if at else ""
    sentence = f"This is a bug in civicmail ({type(error).__name__}{where}); please report it with the output of the same command"
    return _say(f"{sentence} under CIVICMAIL_TRACEBACK=1.", 70)


if __name__ == "__main__":
    main()
