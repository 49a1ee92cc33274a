"""What each figure means: one definition a metric, with a version that rises whenever the figure would come out differently.

docs/metrics.md is printed from here, and so are the words beside each figure. The code that counts is analytics.facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    TIME = "time"  # seconds
    WITHIN = "within"  # seconds of a percentile, which are told as far as the scale reaches
    NUMBER = "number"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Metric:
    """`fact`: the kind of fact it counts; empty for what is read from rows that are kept up to date. `of`: the things its list shows."""

    key: str
    name: str
    version: int
    unit: Unit
    fact: str
    of: str
    words: str
    counts: str
    credit: str
    clock: str
    good: str = ""  # of a share: what the counted ones are called
    bad: str = ""  # and the others
    business: bool = False  # told in business hours, too

    @property
    def what_counts(self) -> str:
        """No fact is made of a conversation that is spam."""
        return f"{self.counts} {_SPAM}" if self.fact else self.counts

    @property
    def sentence(self) -> str:
        return f"{self.words} {self.what_counts}"


FIRST, NEXT, RESOLUTION = "first_response", "next_response", "resolution"
ASSIGNMENT, HANDLE, EFFORT, OPENED = "assignment", "handle", "messages_to_resolution", "opened"
TARGET_FIRST, TARGET_NEXT, TARGET_RESOLUTION = "target_first", "target_next", "target_resolution"
IN, OUT, BOT = "messages_in", "messages_out", "messages_bot"
FACTS = (
    FIRST, NEXT, RESOLUTION, ASSIGNMENT, HANDLE, EFFORT, OPENED, TARGET_FIRST, TARGET_NEXT, TARGET_RESOLUTION, IN, OUT, BOT,
)  # fmt: skip

_SPAM = "While a conversation is marked as spam nothing of it counts, on days that are over neither; said to be none, it counts again."
_ANSWERS = (
    "Only what a person wrote is an answer: bots, auto-greetings and notes are none, and a reply counts once the platform has it. "
    "Where the conversation was resolved while a reply was on its way, the wait goes on until the platform has that; where it is taken back or "
    "cannot be sent, it is as if it had not been written. "
    "It counts for the moment of the answer; what a customer wrote after it on the platform, and that came here after it was tried, is not "
    "answered by it, whatever the clocks say."
)
_CALENDAR = "Calendar time, and business hours of the brand beside it. Snoozing does not stop it."
_WROTE = "Whoever wrote the answer, whoever the conversation is assigned to. Answers written outside Parley have no agent."
_TARGET = (
    "A target is kept when its clock ended within what was promised, and missed from the moment the time was used up, also while "
    "nobody has answered yet. One that gets more time while it runs is not missed until that is used up. Clocks that ended because no answer "
    "was needed, or by resolving while none was on its way, count nowhere, those that were late by then neither."
)
_TARGET_CLOCK = (
    "The time of the SLA policy that the clock ran under, with its hours and its pauses (a snooze is none any more after its own time, whoever "
    "ends it); a kept target counts for the moment it was met, a missed one for the moment it was missed. Clocks that had ended are not counted anew when a version rises."
)

METRICS: dict[str, Metric] = {
    each.key: each
    for each in (
        Metric(
            FIRST, "First response time", 6, Unit.TIME, FIRST, "answers",
            "From a customer's first message of a conversation to the first answer by a person.",
            f"{_ANSWERS} Where what they wrote needed no answer, it is from what they wrote next. A conversation that is reopened, from spam "
            "too, has had its first response, if its customer had written before it was closed; what follows are next responses. A message that was unsent before anybody answered asks for nothing, and neither does one found by a backfill, also where a colleague opens its thread or answers it: there the first response is to what the customer writes next.",
            _WROTE, _CALENDAR, business=True,
        ),
        Metric(
            NEXT, "Next response time", 6, Unit.TIME, NEXT, "answers",
            "From the first message that nobody has answered yet to the answer, for every answer after the first one.",
            f"{_ANSWERS} Several messages in a row are one wait, from the first of them; several answers in a row are one answer, the "
            "first of them. A wait that ended with “no answer needed”, or by resolving while no answer was on its way, counts nowhere.",
            _WROTE, _CALENDAR, business=True,
        ),
        Metric(
            RESOLUTION, "Resolution time", 7, Unit.TIME, RESOLUTION, "resolutions",
            "From the first message, or from the reopening, until it was resolved.",
            "Each stretch between opening and resolving counts once: a conversation that came back is resolved twice. Resolving that "
            "was undone never was, and neither was one upon an answer that could not be sent. Spam is not resolved; what was marked as spam and was none is resolved once, from when it was opened again. It "
            "counts for the moment of resolving.",
            "Whoever last wrote to the customer in it, also where that left after it was resolved; where nobody did, whoever resolved it. Answers "
            "written outside Parley have no agent.",
            _CALENDAR, business=True,
        ),
        Metric(
            "waiting", "Waiting now", 1, Unit.NUMBER, "", "conversations",
            "Open conversations in which a customer has the last word, and since when the first unanswered message waits.",
            "Answers by bots do not end a wait; notes do not either. Snoozed, pending, resolved and spam do not wait. Late, whoever has the last "
            "word: its target or its promise is over, whichever is earlier; due: one of them, or the window in which the platform still "
            "takes an answer, will be over within that time. A window that has closed is due no more.",
            "Team and channel of the conversation.", "Calendar time, as of this moment.",
        ),
        Metric(
            ASSIGNMENT, "Time to assignment", 2, Unit.TIME, ASSIGNMENT, "assignments",
            "How long a conversation was with nobody before somebody had it.",
            "From opening, or from being taken from somebody, to the next assignment, by a person or by routing. Each stretch "
            "with nobody counts once; one that ends with resolving counts nowhere. It counts for the moment of the assignment.",
            "Whoever got it.", _CALENDAR, business=True,
        ),
        Metric(
            HANDLE, "Handle time", 3, Unit.TIME, HANDLE, "stretches of work",
            "How long somebody worked on a conversation, by what they did in it.",
            "Whatever a person does in a conversation (reads it anew, answers, notes, tags, assigns, snoozes, resolves) belongs to one "
            "stretch as long as no more than 5 minutes lie between two of them. A stretch lasts from the first to the last plus 30 seconds. What "
            "was done to many at once counts nowhere, and neither does taking it back; what a macro does counts. To mark a person, or to say that "
            "two are one, is done to all of their conversations. It counts for the moment it began.",
            "Whoever did it. Two who work on one conversation each have their own.", "Calendar time.",
        ),
        Metric(
            TARGET_FIRST, "First response in time", 6, Unit.SHARE, TARGET_FIRST, "targets",
            "The share of first-response targets that were kept.", _TARGET, _WROTE, _TARGET_CLOCK, "kept", "missed",
        ),
        Metric(
            TARGET_NEXT, "Next response in time", 6, Unit.SHARE, TARGET_NEXT, "targets",
            "The share of next-response targets that were kept.", _TARGET, _WROTE, _TARGET_CLOCK, "kept", "missed",
        ),
        Metric(
            TARGET_RESOLUTION, "Resolved in time", 5, Unit.SHARE, TARGET_RESOLUTION, "targets",
            "The share of resolution targets that were kept.", _TARGET,
            "As for the resolution time; nobody where nobody wrote.", _TARGET_CLOCK, "kept", "missed",
        ),
        Metric(
            IN, "Messages in", 1, Unit.NUMBER, IN, "messages",
            "What customers wrote, by the platform's time.",
            "Messages and comments; not what a platform says of itself (joined, left), not reactions, edits or what a backfill found. "
            "One that was unsent later still came in.",
            "Nobody.", "The moment of the message.",
        ),
        Metric(
            OUT, "Messages out", 2, Unit.NUMBER, OUT, "messages",
            "What people of the brand wrote to customers, in Parley or outside.",
            "Once the platform has it; notes, bots and what failed are not among it, nor what a backfill found.",
            f"{_WROTE} Where messages are counted by agent, they stand under “Nobody in Parley”.", "The moment of the message; of an answer, before what the customer wrote next on the platform.",
        ),
        Metric(
            BOT, "Messages by bots", 1, Unit.NUMBER, BOT, "messages",
            "What automations wrote to customers: auto-greetings, flows, the platform's own automatic answers.",
            "Once the platform has it. Known by the exact words that the channel's page names and, where that page says so, by what the "
            "platform tells of another app; all else from outside counts as a colleague's. Naming them changes nothing that has come before.", "Nobody.", "The moment of the message.",
        ),
        Metric(
            OPENED, "Conversations opened", 6, Unit.NUMBER, OPENED, "conversations",
            "How often a conversation began: by a customer's first message, or by being reopened.",
            "A customer who writes after resolving begins anew; what comes back because an answer could not be sent goes on. A thread that a backfill found has not begun until its customer writes, or a colleague opens it, by hand or with an answer. "
            "What was marked as spam and was none began once; what was resolved as spam, and comes back, begins then.",
            "Nobody.", "The moment of the message or of the reopening.",
        ),
        Metric(
            "backlog", "Backlog", 6, Unit.NUMBER, OPENED, "conversations",
            "Conversations that had begun and were not resolved at the end of the day; today: so far.",
            "Open, pending and snoozed ones.",
            "Nobody.", "Midnight of the brand's time zone.",
        ),
        Metric(
            "reopened", "Reopen rate", 8, Unit.SHARE, RESOLUTION, "resolutions",
            "The share of resolutions after which the conversation was opened again.",
            "By the customer writing or by a colleague, however much later; resolving that was undone counts nowhere, and neither does one that came "
            "back because the answer that was on its way could not be sent, or by what turned out to be spam. It counts for the moment of resolving, so a share may still rise.",
            "As for the resolution time.", "The moment of resolving.", "reopened", "not reopened",
        ),
        Metric(
            EFFORT, "Messages to resolution", 6, Unit.NUMBER, EFFORT, "resolutions",
            "How many messages it took from opening to resolving.",
            "The customer's and those of people of the brand, also what was on its way when it was resolved; bots and notes are not among them.",
            "As for the resolution time.", "The moment of resolving.",
        ),
        Metric(
            "online", "Online time", 2, Unit.TIME, "", "hours",
            "How long an agent was there for the brand: a page open, and not set to away.",
            "Looked at once a minute, so it may be a minute off at either end; who opens a page again before they are taken for gone (two minutes, as a "
            "rule) was there throughout. It is told from the day on which Parley began to look. To be there "
            "is about no conversation, so this figure alone opens none.",
            "The agent.", "Calendar time.",
        ),
        Metric(
            "occupied", "Occupied time", 3, Unit.TIME, HANDLE, "stretches of work",
            "How long an agent was at work on conversations.",
            "The stretches of handle time laid over one another: who works on three conversations at once is occupied once. It opens the stretches "
            "that began in the period; one that began before midnight counts on both days.",
            "The agent.", "Calendar time.",
        ),
        Metric(
            "tag_share", "Share of a tag", 5, Unit.SHARE, OPENED, "conversations",
            "Of the conversations that began, how many have the tag.",
            "By the tags that they have now. A conversation with two tags counts for both, so shares add up to more than a hundred.",
            "Nobody.", "The moment at which it began.",
        ),
        Metric(
            "mood_share", "Share of a mood", 5, Unit.SHARE, OPENED, "conversations",
            "Of the conversations that began, how many are in this mood.",
            "As the model or a person sees the customer's words now; those without a mood are shown as such.",
            "Nobody.", "The moment at which it began.",
        ),
        Metric(
            "bot_share", "Bot share", 1, Unit.SHARE, BOT, "messages",
            "Of all messages to customers, how many a bot wrote.",
            "Messages by bots, of messages by bots and by people.",
            "Nobody.", "The moment of the message.",
        ),
    )
}  # fmt: skip
# What the board alone tells of this moment. Nothing is kept of it, so nothing is counted anew where one of these changes.
LIVE: dict[str, Metric] = {
    each.key: each
    for each in (
        Metric(
            "expected", "Will be late within the hour", 1, Unit.NUMBER, "", "conversations",
            "Of those who wait and are due within the hour, how many will not be answered in time if answers go out as in the last hour.",
            "They stand in one line, what is due first in front, behind those who are late already. With so many answers in the last hour the "
            "n-th of the line is answered after n parts of an hour that is cut into as many; where that is after it is due, it will be late. "
            "Where nobody answered in the last hour, all of them will. Due as for “Waiting now”; the answers are those of the last hour, "
            "as defined below. Whoever writes meanwhile stands in no line, and nobody's hours or team are looked at.",
            "Nobody: the line is that of the whole brand.", "Calendar time, as of this moment.",
        ),
        Metric(
            "answered", "Answers of the last hour", 1, Unit.NUMBER, "", "answers",
            "How many first and next responses there were in the last sixty minutes.",
            "As for the first and the next response time: several answers in a row are one, and bots write none. One is counted some seconds after it left.",
            "Nobody: those of the whole brand. Whoever has the conversation now stands in the list.", "The sixty minutes before this moment.",
        ),
        Metric(
            "there", "Agents online", 1, Unit.NUMBER, "", "agents",
            "People who work for the brand, have one of its pages open, and are not set to away.",
            "Who is away is listed and not in the number. A page that was not heard of for 45 seconds is taken for closed.",
            "The agent.", "As of this moment; how long somebody was there is told by the online time.",
        ),
        Metric(
            "load", "Load", 1, Unit.NUMBER, "", "conversations",
            "What somebody has of what they can take, by the weights of routing; “Has” is the number of conversations.",
            "Open conversations that are assigned to them, whoever has the last word in each; snoozed, pending and resolved ones, and spam, are none. Each weighs "
            "what the brand has set for its kind and its priority, at least 1. What somebody can take is set for each person.",
            "Whoever the conversation is assigned to.", "As of this moment.",
        ),
    )
}  # fmt: skip
BY_HOURS = frozenset({"online", "occupied"})  # kept by person and hour (AgentHour), and by no fact
IN_BUSINESS_HOURS = frozenset(each.fact for each in METRICS.values() if each.business)

# What holds for every figure. Printed at the top of docs/metrics.md and of the page with the definitions.
GENERAL = (
    "Days begin and end at midnight in the brand's time zone, hours at its full hours. By the hour each day has 24 rows: where the clocks are put back, both hours of that name are one, and where they are put forward, the one that was not is empty. "
    "The pages tell each time in that zone, too, wherever they are read, and name it.",
    "Business hours are those of the brand's first SLA policy that keeps any, else the first it has; a brand without hours works around "
    "the clock. When they change, all is counted anew by the new ones.",
    "A figure by team, tag, priority or mood goes by what the conversation has now; a correction moves its past, too.",
    "Percentiles come from histograms and are at most 2 % off between a second and 90 days; what is shorter counts as half a second, and what is "
    "longer is told as “over 90 d” (in files: 7776000 seconds). Numbers and shares are exact. A percentile of so few that it says nothing is still "
    "shown, with how many it is of.",
    "What spam took out of a day that is over is missing in a report that is read today, and stands in one that was mailed before.",
    "When two contacts are said to be one person, no figure changes: conversations count, not people.",
    "A conversation that is merged into another ends there as by resolving; what waited in it waits in the kept one from when it was "
    "written, and an answer in either that is later ends that wait, before the merge or after it. It belongs to the stretch of the kept one that is under way: when that one was opened and resolved "
    "stays as it was.",
    "Where several agents answer in one conversation, each answer counts for whoever wrote it.",
    "A message that comes late or is corrected counts in the period in which it was written; the figures of that period follow within a minute.",
    "No message that came goes, though its words may have to. What is taken out of the database by hand stays in sums that nobody counts anew.",
)


def page() -> str:
    """docs/metrics.md."""
    lines = [
        "# What each figure means",
        "",
        "Printed from `analytics/metrics.py` by `manage.py metrics`; a test keeps both the same. The same words stand beside the figures.",
        "",
        "## What holds for all of them",
        "",
        *[f"- {line}" for line in GENERAL],
        "",
    ]
    for metric in (*METRICS.values(), *LIVE.values()):
        lines += [
            f"## {metric.name}",
            "",
            f"`{metric.key}`, version {metric.version}. {metric.words}",
            "",
            f"- **What counts.** {metric.what_counts}",
            f"- **Credit.** {metric.credit}",
            f"- **Clock.** {metric.clock}",
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"
