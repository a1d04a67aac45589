"""The panel "Before sending": the forecast for each copy, with rule, clause and contact (promise 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, ngettext, override

from civicmail.city.pages import wording
from civicmail.city.policy import rule_keys
from civicmail.city.policy.rules import Rule
from civicmail.city.snapshot import sender_refusals
from civicmail.desk.mailbox.cautions import MAX_NAMED, Caution
from civicmail.desk.mailbox.forecast import CopyForecast, Forecast
from civicmail.desk.mailbox.submission import UNIDENTIFIED
from civicmail.desk.mailbox.views import words


@dataclass(frozen=True, slots=True)
class Line:
    """One recipient. role, word: as the delivery page will show it; why: sentences, each with its clause."""

    address: str
    role: str
    word: Any
    outside: bool
    behind: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """The context of the template. seen: posted back when the sender confirms; stop: it cannot be sent; wait: the forecast is
    unavailable; warns: points to check; sealed: rules want copies encrypted."""

    lines: tuple[Line, ...]
    calm: bool
    seen: str
    stop: str = ""
    wait: str = ""
    more: str = ""
    warns: tuple[str, ...] = ()
    sealed: bool = False

    @property
    def verb(self) -> str:
        """The words of the button that sends it as the panel says."""
        waits = words.copy("held", "", (rule_keys.FILE_WAITS,))
        unusual = [line for line in self.lines if line.role not in ("done", "plain")]
        is_approval = bool(unusual) and not self.warns and all((line.role, line.word) == waits for line in unusual)
        return gettext("Send and ask for approval") if is_approval else gettext("Send all the same")

    @property
    def folded(self) -> list[list[Line]]:
        """Lines with equal sentences for several recipients, merged."""
        groups: dict[tuple[str, str, bool, tuple[str, ...]], list[Line]] = {}
        for line in self.lines:
            groups.setdefault((line.role, line.word, line.outside, line.why), []).append(line)
        return list(groups.values())


def panel(forecast: Forecast, version: int) -> Panel:
    """The panel. version: of the draft that the forecast is for."""
    lines = tuple(map(_line, forecast.copies))
    warns = tuple(map(_warning_text, forecast.cautions))
    sealed = bool(forecast.encrypted)
    return Panel(
        lines,
        forecast.is_calm,
        forecast.digest(version),
        _refusal_text(forecast),
        _wait_text(forecast),
        _members_text(forecast),
        warns,
        sealed,
    )


def _line(copy: CopyForecast) -> Line:
    role, word = words.copy(copy.state, copy.do, copy.rules)
    return Line(copy.address, role, word, copy.outside, copy.behind, tuple(why(copy.rules, copy.notified_rules)))


def why(names: Sequence[str], rules: Sequence[Rule]) -> list[str]:
    """The explanation of a copy for the sender: decisions outside the rule set first. names: of rules, as its disposition has them;
    told: those of the rule set. Effects that a person has overruled are left out."""
    own = [said] if (said := words.why(names)) else []
    return [*own, *(_rule(names, rule) for rule in rules if rule.do != "encrypt" or rule_keys.SENT_PLAIN not in names)]


def _rule(names: Sequence[str], rule: Rule) -> str:
    """A rule that acts, or that notifies the sender."""
    text = wording.translate(rule.sender or rule.reader)
    ask = gettext("Ask {whom}.").format(whom=wording.translate(rule.ask)) if rule.ask else ""
    if rule.id not in names:
        text = gettext("You will be told: {said}").format(said=text)
    return " ".join(part for part in (text, ask, f"({rule.clause})") if part)


def _refusal_text(forecast: Forecast) -> str:
    """Why no recipient would get it."""
    if not forecast.refused:
        return ""
    if forecast.refused in sender_refusals.REFUSALS:
        return f"{wording.translate(sender_refusals.REFUSALS[forecast.refused])}. ({forecast.refused}, {sender_refusals.CLAUSE})"
    if forecast.refused == UNIDENTIFIED:
        return gettext("The text does not say who writes and for which department (P-14).")
    return gettext("You may not send mail at this moment: {why}").format(why=wording.translate(plain_text(forecast.reply)))


def _wait_text(forecast: Forecast) -> str:
    return gettext("You can send it all the same: it waits, and goes as soon as that is known.") if forecast.later else ""


def _warning_text(caution: Caution) -> str:
    """A warning, with advice."""
    if caution.code == "shown":
        return gettext(
            "{count} people outside see each other's addresses in To and Cc: put them into Bcc, unless they know each other (P-19)."
        ).format(count=caution.count)
    if caution.code == "everybody":
        return gettext("This answer goes to {count} people: answer the sender alone, unless all have to read it (P-11).").format(
            count=caution.count
        )
    if caution.code == "no-way":
        return gettext(
            "There is no way at this moment to encrypt it for {addresses}: that copy would wait. Tell the help desk, and call them "
            "if it is urgent (P-19)."
        ).format(addresses=", ".join(caution.addresses[:MAX_NAMED]))
    if caution.code == "unlike":
        return gettext(
            "It goes to more people, or more places, than you ever write to within an hour. If you send it, your mail waits until "
            "the security office has looked, as if somebody else used your account: ask them first, or send it to fewer (P-25)."
        )
    return gettext("{address} is not an address of the city, and {name} is a colleague: do you mean that person? (P-27)").format(
        address=", ".join(caution.addresses), name=caution.name
    )


def forecast_notice(forecast: Forecast | None, language: str) -> tuple[str, str]:
    """The panel as the subject and the text of a notice, for a forecast by mail to check@. found: None without recipients."""
    with override(language):
        subject = gettext("What would happen to your message")
        if forecast is None:
            return subject, gettext("Nobody is named in it but check@. Write the recipients into To, and check@ into Cc.")
        return subject, "\n\n".join(_paragraphs(panel(forecast, 0)))


def _paragraphs(shown: Panel) -> list[str]:
    if shown.stop:
        return [gettext("It cannot be sent like this."), shown.stop]
    if shown.wait:
        return [gettext("What will happen cannot be told at this moment."), shown.wait]
    begin = gettext("Nobody got it. If you send it without this address, this will happen:")
    each = []
    for line in shown.lines:
        left = gettext("This copy leaves the city.") if line.outside else ""
        each.append(" ".join(part for part in (f"{line.address}: {line.word}.", left, *line.why) if part))
    warned = [gettext("Look at this once more") + ":", *shown.warns] if shown.warns else []
    return [begin, *warned, *each, *([shown.more] if shown.more else [])]


def plain_text(reply: str) -> str:
    """The sentence of an SMTP reply, without its codes."""
    code, _, rest = reply.partition(" ")
    head, _, tail = rest.partition(" ")
    return tail if code.isdecimal() and head.replace(".", "").isdecimal() else reply


def _members_text(forecast: Forecast) -> str:
    count = forecast.members
    if not count:
        return ""
    return ngettext("A list leads to {count} more mailbox.", "Lists lead to {count} more mailboxes.", count).format(count=count)
