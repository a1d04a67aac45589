"""Text for sample mail: English sentences on a topic, short letters in other languages and charsets."""

# ruff: noqa: RUF001 - other languages have their own letters and commas

from __future__ import annotations

from random import Random
from typing import NamedTuple

_PLACES = (
    "Lincoln Avenue", "the north pier", "Ward 7", "Cherry Street", "the old mill", "Harbor Road", "the market hall",
    "Juneau Square", "the east reservoir", "Station 12", "the reading room", "Mitchell Park", "River Bend",
    "the council chamber",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "next week", "the end of the month")
_OPENINGS = (
    "This is about the {topic} at {place}.",
    "Following our call, here is where the {topic} stands.",
    "We received another question about the {topic} near {place}.",
    "Please find below the figures for the {topic}.",
    "Could somebody look at the {topic} at {place} before {day}?",
    "A short note on the {topic}, case {number}.",
)
_MIDDLES = (
    "The crew counted {number} of them, {small} more than last year, and wrote down each with its place and state.",
    "Nobody objected when the committee read it, but the estimate of ${number} has to be confirmed by {day}.",
    "The resident says that the problem came back after the rain and that a neighbour has photographs of it.",
    "I spoke with the contractor; they can start on {day} if the permit is signed and the street is closed by then.",
    "We had {small} calls about it since {day}, most of them from {place}, and one in a language none of us speaks.",
    "As far as I can see the old file is complete, except for page {small}, which was never returned from {place}.",
    "Overtime was approved for {small} people; please enter it under account {number} and not under general repair.",
    "If the weather holds we finish on {day}, otherwise the detour at {place} stays in place and the buses must be told.",
    "The law asks for a notice of {small} days, so the letter to the owners should be in the mail by {day}.",
    "Under the agreement we pay for the material only; the rest of the {topic} is theirs, including the clean-up.",
)
_CLOSINGS = (
    "Thank you for your help.",
    "Please answer to all, so that nobody asks twice.",
    "I will call on {day} if I hear nothing.",
    "Let me know if something is missing.",
    "With kind regards",
    "Please keep this with case {number}.",
)
_SUBJECTS = (
    "{topic} at {place}",
    "{Topic}: next steps",
    "Question about {topic}",
    "{Topic} on {day}",
    "Case {number}: {topic}",
    "{Topic}",
)


def fill(random: Random, pattern: str, topic: str) -> str:
    """Fill a sentence pattern."""
    return pattern.format(
        topic=topic,
        Topic=topic.capitalize(),
        place=random.choice(_PLACES),
        day=random.choice(_DAYS),
        number=random.randint(100, 99_999),
        small=random.randint(2, 40),
    )


def subject(random: Random, topic: str) -> str:
    return fill(random, random.choice(_SUBJECTS), topic)


def paragraphs(random: Random, topic: str, most: int = 8) -> list[str]:
    """An opening, some paragraphs about the topic, a closing; lengths are skewed as in real mail: many short, few long."""
    count = 1 + int(min(random.paretovariate(1.3), most))
    body = [fill(random, random.choice(_OPENINGS), topic)]
    body += [" ".join(fill(random, random.choice(_MIDDLES), topic) for _ in range(random.randint(2, 5))) for _ in range(count)]
    body.append(fill(random, random.choice(_CLOSINGS), topic))
    return body


class Foreign(NamedTuple):
    """A short message in another language, in a charset that such mail still uses."""

    charset: str
    subject: str
    text: str


FOREIGN = (
    Foreign(
        "utf-8",
        "Pregunta sobre la licencia de construcción",
        "Buenos días: ¿dónde puedo entregar los planos de la reforma? Gracias.",
    ),
    Foreign("iso-8859-1", "Straßenreinigung am Dienstag", "Guten Tag, die Straße wurde schon wieder nicht geräumt. Schöne Grüße"),
    Foreign(
        "windows-1252",
        "Réunion à l’hôtel de ville",
        "Bonjour, la salle – celle du 2e étage – coûte 40 € de l’heure, n’est-ce pas ?",
    ),
    Foreign("utf-8", "Câu hỏi về hóa đơn nước", "Xin chào, hóa đơn nước tháng này cao gấp đôi. Xin vui lòng kiểm tra đồng hồ."),
    Foreign("iso-2022-jp", "図書館の開館時間について", "いつもお世話になっております。土曜日の開館時間を教えてください。"),
    Foreign("gb18030", "关于停车许可证", "您好，请问停车许可证可以在网上续期吗？谢谢。"),
    Foreign("big5", "垃圾清運時間", "您好，本週的垃圾清運時間有更改嗎？謝謝。"),
    Foreign("euc-kr", "수도 요금 문의", "안녕하세요. 이번 달 수도 요금이 잘못 나온 것 같습니다."),
    Foreign("koi8-r", "Вопрос об уличном освещении", "Здравствуйте! На нашей улице третью неделю не горят фонари."),
    Foreign("iso-8859-2", "Zgłoszenie dziury w jezdni", "Dzień dobry, na skrzyżowaniu powstała głęboka dziura. Proszę o naprawę."),
    Foreign("utf-8", "سؤال عن موعد العيادة", "السلام عليكم، هل يمكن تغيير موعد التطعيم إلى يوم الخميس؟"),
    Foreign("utf-8", "שאלה על היתר", "שלום, איפה מגישים בקשה להיתר לאירוע בפארק?"),
    Foreign("utf-8", "Lus nug txog kev pov tseg khib nyiab", "Nyob zoo, hnub twg lawv tuaj khaws cov khib nyiab loj?"),
    Foreign("iso-8859-7", "Ερώτηση για την άδεια", "Καλημέρα σας, πότε ανοίγει το γραφείο αδειών;"),
)

SPAM = (
    (
        "You are the WINNER of $ {number}",
        "Dear beneficiary, your address won the draw. Reply with your bank details within {small} hours.",
    ),
    (
        "URGENT: your mailbox is full",
        "Your mailbox exceeded its quota. Confirm your password at http://account-check.example/{number} now.",
    ),
    ("Lose {small} pounds in a week", "No diet, no sport, no doctor. Order today: http://pills.example/{number}"),
    (
        "Wire transfer",
        "Are you at your desk? I need you to send ${number} to a new supplier today. I am in a meeting, do not call.",
    ),
    ("R0lex -{small} %", "Top quality watches from http://cheap-watches.example/{number}, discreet parcel, {small} models."),
)
