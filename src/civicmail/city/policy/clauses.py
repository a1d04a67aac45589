"""The city's e-mail use policy, clause by clause, for employees: its content in plain words, its meaning for users of mail, and
what this system does about it. Pages, refusals and entries cite the numbers; `/policy/text/#p-14` shows one.

The third text describes the system as it is today; a clause without support yet states that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from civicmail.core.config.sentence import Sentence
from civicmail.core.config.sentence import sentence as _

CLAUSES_PATH = "/policy/text/"
CLAUSE_REFERENCE = re.compile(r"\bP-(\d\d)\b")
"""How text cites a clause."""
DECISION_REFERENCE = re.compile(r"\bdecision=([0-9a-f-]{36})\b")
"""How a reply names what was decided."""
MAX_REPLY_LENGTH = 480
"""Characters of a reply, as core/wire cuts them."""


@dataclass(frozen=True, slots=True)
class Clause:
    """number: "P-14"; says: the policy; means: for users of mail; does: this system."""

    number: str
    title: Sentence
    says: Sentence
    means: Sentence
    does: Sentence

    @property
    def anchor(self) -> str:
        return self.number.lower()


def clause_url(clause: str, pages: str = "") -> str:
    """The URL of a clause. pages: the base URL of the pages, without a slash at its end (`web.url`); empty: on this host."""
    return f"{pages}{CLAUSES_PATH}#{clause.lower()}"


_ALL = (
    Clause(
        "P-01",
        _("How much mail there is"),
        _("About 6,200 people exchange 125,000 messages a day among themselves and 115,000 with others: 87 million a year."),
        _("You need not save space. Do not delete mail to make room: what was sent or received stays in the archive."),
        _("It is built and measured for this load with room to spare, and says so when it falls behind."),
    ),
    Clause(
        "P-02",
        _("Unwanted mail from outside"),
        _("About 85 of 100 messages that are offered from outside are advertising, harmful or offensive."),
        _("Some of it reaches you in spite of every check. Do not answer it, and tell the help desk what looks dangerous."),
        _(
            "It looks at each message from outside before you get it. What is surely harmful or unwanted is refused or kept "
            "where you find it; what is only doubtful is marked. Nothing is lost."
        ),
    ),
    Clause(
        "P-03",
        _("Mail is a public record"),
        _("What is in mail is a public record, and the city answers for it."),
        _("Write each message so that anybody may read it."),
        _("It treats every message that it accepts as evidence, from the first byte."),
    ),
    Clause(
        "P-04",
        _("Departments decide who gets mail"),
        _("Nobody has a right to e-mail. The department decides by duties, performance, efficiency and service to the public."),
        _("You may use mail until the day that your department named. My access says why, until when, and who decided."),
        _("It asks for the four reasons in writing, for somebody else's approval and for an end, and lets nobody in without them."),
    ),
    Clause(
        "P-05",
        _("Departments review access"),
        _("Departments look routinely at whether mail still fits the duties of each person, is useful and is used well."),
        _("Your department sees how many messages you send and receive in a month, not which, and not what is in them."),
        _("It shows a department its people, how much each uses mail, and mailboxes that nobody seems to need."),
    ),
    Clause(
        "P-06",
        _("What mail is there for"),
        _("Whoever was given access sends and retrieves mail for the city's business, inside the city and outside."),
        _("You read and write with a mail program, and read on these pages."),
        _("It takes your mail, keeps it, delivers it, and says of each recipient whether it arrived."),
    ),
    Clause(
        "P-07",
        _("One person, one sign-in"),
        _("Nobody without access may use somebody else's account."),
        _("Do not lend your sign-in, and do not use another's. Each of your devices gets a password of its own."),
        _("It has one sign-in for each person. Mailboxes of offices have no password: people open them under their own names."),
    ),
    Clause(
        "P-08",
        _("When an employee leaves"),
        _("Departments look through their lists of people. Accounts of those who leave are ended on the department's word."),
        _("When your work for the city ends, so does your access. Your mail stays with the city."),
        _("It ends access at all doors within a second, keeps the mail, and never gives the address to somebody else."),
    ),
    Clause(
        "P-09",
        _("Contractors and other agencies"),
        _("Contractors, vendors and agents are bound by the policy, too. A violation by one of them ends access at once."),
        _("If you work for an agency, your access ends with its contract at the latest, and with a violation at once."),
        _(
            "It ties your access to the contract, its sponsor and the agency's undertaking, ends it in the moment in which a "
            "violation is recorded, and can switch off an agency with all its people in one act."
        ),
    ),
    Clause(
        "P-10",
        _("Personal use"),
        _("Mail is for the city's work. A department may allow limited, incidental personal use that does not impair the job."),
        _("None is allowed unless My access says so. What you write privately is kept and may be examined like all mail."),
        _("It allows none unless your department has chosen it, shows you what it chose, and counts it in sums only."),
    ),
    Clause(
        "P-11",
        _("No web mail for city business"),
        _("City business is carried by the city's mail alone, not by web mail services or private accounts."),
        _(
            "If city business reaches you in a private account, forward the whole message to your city address at once. It is city "
            "property and a public record there, too, although this system cannot reach it."
        ),
        _(
            "It stops mail that a mailbox would forward out of the city by itself, tells you when you write to your own "
            "account there, and marks web mail under a colleague's name. It cannot see what is read in a browser or lies in "
            "private accounts."
        ),
    ),
    Clause(
        "P-12",
        _("Nothing illegal, for profit or political"),
        _("Mail is not for anything illegal, for making money, or for campaigning."),
        _("Do not use city mail for a business of your own, or for a candidate or a ballot question."),
        _(
            "It looks for campaigning in what is sent to many people. What it finds goes to a reviewer, who does not see whose it "
            "is before a second one agrees, and vanishes after 30 days otherwise; the message is delivered all the same."
        ),
    ),
    Clause(
        "P-13",
        _("Nothing offensive, nothing stolen"),
        _("No mail may be scandalous, defamatory, obscene or immoral, or take what belongs to others."),
        _("Write as you would speak at the counter. Do not send on texts, pictures or programs that you may not copy."),
        _(
            "It only counts how often words that hurt are sent, and nobody is shown whose they are: those who complain quote "
            "them, too. Somebody with a reason may look under P-16."
        ),
    ),
    Clause(
        "P-14",
        _("Say honestly who you are"),
        _("Who sends mail says honestly, accurately and completely who is writing."),
        _("Send from your own address, or from one that you were granted, with your name as it is in the directory."),
        _("It refuses a message whose From is not yours, says what is wrong and what to do, and corrects a misspelled name."),
    ),
    Clause(
        "P-15",
        _("All mail is city property"),
        _("All mail that is sent or received belongs to the city."),
        _(
            "You cannot take mail back or remove it. Copies that you save on a disk or a phone are city property as well, although "
            "this system cannot reach them."
        ),
        _("It keeps everything that passes through it, and nobody can remove a message before its time is over."),
    ),
    Clause(
        "P-16",
        _("The city may examine any mail"),
        _("Management may examine any mail at any time, without notice."),
        _(
            "Count on it. Mail in web services and files on disks may be examined, too, by other means than this system. "
            "Who looked at my mail shows closed looks, as far as the city allows."
        ),
        _(
            "It lets somebody look only for a reason that a second person approves, in an emergency within a working day, and only "
            "at the people, days and words that were approved. It records each look before it shows anything."
        ),
    ),
    Clause(
        "P-17",
        _("What administrators see"),
        _("Administrators may see what is in mail in the course of their work."),
        _("They do not look without need, and have to keep to themselves what they saw."),
        _("Its technical pages show who wrote to whom and when, nothing more. To open a message takes a reason, and is recorded."),
    ),
    Clause(
        "P-18",
        _("No privacy"),
        _("Who uses the city's mail cannot count on privacy."),
        _("You accept these rules before your first use, each year, and when they change."),
        _("It tells you at each sign-in, and stops your sending when you have not accepted the rules in time."),
    ),
    Clause(
        "P-19",
        _("Nothing confidential without encryption"),
        _("Confidential or sensitive information never travels in mail that is not encrypted."),
        _("Send such information outside the city encrypted only: press Send securely, or write [secure] in the subject."),
        _(
            "It recognizes many such numbers in what leaves the city, and sends those messages encrypted. A message with ten or "
            "more of them waits for a person. Write [secure] in the subject, and any message leaves encrypted."
        ),
    ),
    Clause(
        "P-20",
        _("How long mail is kept"),
        _("Mail is subject to the public records law and to its rules of record-keeping."),
        _("Keep on file what the law asks for. You need not keep mail yourself: the archive does."),
        _("It keeps mail by schedule and under holds. What is given up in the end goes with a certificate."),
    ),
    Clause(
        "P-21",
        _("Requests from the public"),
        _("Who asks for mail from outside is answered as for any public record."),
        _("Do not answer such a request yourself. Send it to the records officer on the same day."),
        _("It lets a records officer find and hand out what a request asks for, within a scope that a second person approved."),
    ),
    Clause(
        "P-22",
        _("Files leave with the manager's approval"),
        _("Files with city information go to somebody outside only when the department's manager has approved it."),
        _("Ask your manager before you attach such a file. What the public asks for goes by P-21 instead."),
        _(
            "Where your department has switched it on, files wait for its manager, and outside recipients alone wait with "
            "them. Elsewhere it counts them. It keeps each with its message, so that it is known what left, and to whom."
        ),
    ),
    Clause(
        "P-23",
        _("Everything is archived"),
        _("All mail that is sent or received is stored automatically."),
        _("You need do nothing for it, and cannot switch it off."),
        _("It acknowledges no message before the message is safely archived."),
    ),
    Clause(
        "P-24",
        _("Everything may be disclosed"),
        _("All archived mail is open to disclosure."),
        _("Write nothing that you would not want to see in a newspaper."),
        _("It finds what was archived within seconds, and says with each answer what it could not search."),
    ),
    Clause(
        "P-25",
        _("Links and files can do harm"),
        _("Viruses come by links and attachments, even from people whom you know."),
        _("Look where a link really goes before you follow it. Do not open a file that you did not expect."),
        _(
            "It keeps back programs, viruses and disguised links, and marks files and links that deserve a second look. Its "
            "pages show mail as text, name the real host of each link, and load nothing from outside."
        ),
    ),
    Clause(
        "P-26",
        _("Senders can be forged"),
        _("The address of a sender can be forged."),
        _("A familiar name proves nothing. Look at the whole address, and at its end above all."),
        _(
            "It holds our own people to their own addresses, refuses mail from outside in the city's name, and asks a "
            "sender's domain for proof. It marks names of colleagues and domains that only look familiar."
        ),
    ),
    Clause(
        "P-27",
        _("When in doubt, ask the sender"),
        _("Who has doubts about a message asks its sender."),
        _("Call a number that you know. Do not use the number or address in the doubtful message."),
        _("It has no button for this so far."),
    ),
    Clause(
        "P-28",
        _("Departments answer for their people"),
        _("Departments are held accountable for what their employees do."),
        _("Your department's head decides about your access and answers for it."),
        _("It shows the head who has mail, why, and who decided it, and keeps every decision."),
    ),
    Clause(
        "P-29",
        _("The city sets the rules and watches over them"),
        _("The city makes the policy and monitors how mail is used."),
        _("The rules on this page apply in every department."),
        _(
            "Its rules name their clause, owner and reason, are tried before they act, and are approved by a second person. It "
            "records each act of somebody with a role in a ledger that cannot be changed unnoticed, and auditors read it."
        ),
    ),
    Clause(
        "P-30",
        _("Violations"),
        _("Violations lead to discipline. Who abuses mail again and again loses it for good."),
        _("A person decides that, after hearing you. No program does."),
        _(
            "It keeps each case from report to appeal, with different people who find, decide and hear it, proposes what a table "
            "says, and does what concerns mail. It punishes nobody by itself."
        ),
    ),
    Clause(
        "P-31",
        _("Be careful, also with people whom you know"),
        _("Everybody takes extreme caution with links and files, even from known senders, and checks when in doubt."),
        _("If something looks wrong, stop and ask the help desk. Nobody is blamed for asking."),
        _(
            "It tells you when a message is doubtful, and why. Its pages put the real address and the real host of links in "
            "front of you before you follow them."
        ),
    ),
)
CLAUSES: dict[str, Clause] = {clause.number: clause for clause in _ALL}
"""By number, in order."""

OUT_OF_REACH = (
    _("Web mail and private accounts: this system cannot see what is read or written there (P-11)."),
    _("Files on disks, on phones and on paper: it cannot keep or remove what was saved outside of it (P-15)."),
    _("The city may still ask for all of it and examine it, by other means (P-16)."),
)
"""What no mail system reaches, and is city property and a public record all the same."""


def with_link(reply: str, pages: str) -> str:
    """A rejecting SMTP reply with a URL at its end, if the pages have one and both fit on a line (RFC 5321 4.5.3.1.5): of the page
    of its decision, which explains how to appeal, else of the clause that it names."""
    match = CLAUSE_REFERENCE.search(reply) if pages and reply.startswith("5") else None
    if match is None:
        return reply
    decision = DECISION_REFERENCE.search(reply)
    linked = f"{reply} {f'{pages}/decision/{decision[1]}/' if decision else clause_url(match[0], pages)}"
    return linked if len(linked) <= MAX_REPLY_LENGTH else reply
