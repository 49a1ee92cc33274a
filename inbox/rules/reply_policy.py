"""Whether this reply may go out on this platform now, with the reason in words. The composer shows it; the action enforces it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from inbox.platforms import Manifest, WindowRules
from inbox.rules import lengths, reply_window, waits
from inbox.rules.blank import is_blank
from inbox.rules.reply_window import Window, WindowState


@dataclass(frozen=True, slots=True)
class FileFacts:
    kind: str
    mime: str
    size: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a conversation when somebody wants to write."""

    opened_at: datetime | None
    channel_state: str  # "connected", or why not
    channel_reason: str = ""
    unavailable_reason: str = (
        ""  # the person takes no messages; an answer under their post may still be given
    )
    public: bool = False  # an answer under a post: no window, words only
    sends_resume_at: datetime | None = None  # the platform's limit of messages is used up until then


@dataclass(frozen=True, slots=True)
class Verdict:
    """`problem` is empty when the reply may go. `parked`: why it will wait, until the channel is connected again or a limit is over."""

    problem: str
    window: Window
    human_agent: bool = False
    parked: str = ""

    @property
    def allowed(self) -> bool:
        return not self.problem


def may_write(manifest: Manifest, situation: Situation, *, now: datetime) -> Verdict:
    """Before a word is typed: is the composer open?"""
    rules = WindowRules() if situation.public else manifest.window
    window = reply_window.decide(rules, opened_at=situation.opened_at, now=now)
    parked, retired = "", situation.channel_state == "disconnected"
    if situation.channel_state != "connected" and not retired:
        parked = situation.channel_reason or "This channel is not connected: replies wait until it is."
    elif (resumes := situation.sends_resume_at) and not situation.public and waits.is_long(resumes, now=now):
        parked = waits.from_then(f"The limit of {manifest.label} is used up: replies wait.", resumes)
    problem = ""
    if retired:  # nobody is about to connect it: a reply would wait for ever
        problem = situation.channel_reason or "This channel was retired: nothing goes out by it."
    elif situation.unavailable_reason and not situation.public:
        problem = situation.unavailable_reason
    elif window.state is WindowState.NEVER_OPENED:
        problem = f"{manifest.label} lets a brand write only after the customer has written."
    elif window.state is WindowState.CLOSED:
        problem = f"The reply window of {manifest.label} has closed. It opens again when the customer writes."
    return Verdict(problem, window, human_agent=window.state is WindowState.HUMAN_AGENT, parked=parked)


def check(
    manifest: Manifest, situation: Situation, *, text: str, files: Sequence[FileFacts], now: datetime
) -> Verdict:
    """The whole reply against the platform's rules."""
    verdict = may_write(manifest, situation, now=now)
    problem = verdict.problem or _content_problem(manifest, public=situation.public, text=text, files=files)
    return Verdict(problem, verdict.window, verdict.human_agent, verdict.parked)


def _content_problem(manifest: Manifest, *, public: bool, text: str, files: Sequence[FileFacts]) -> str:
    if is_blank(text) and not files:
        return "Write something or attach a file."
    limit = manifest.text_limit(public=public)
    if over := lengths.too_long_by(text, limit):
        unit = "bytes" if limit.unit == "utf8_bytes" else "characters"
        return f"{over} {unit} too long for {manifest.label} (at most {limit.max})."
    if public and files:
        return f"A public answer on {manifest.label} is words only."
    if "\x00" in text:
        return "The text holds a character that no platform accepts (NUL)."
    return next((problem for file in files if (problem := file_problem(manifest, file))), "")


def file_problem(manifest: Manifest, file: FileFacts, *, house_max: int | None = None) -> str:
    """Why this file cannot go out on this platform; empty when it can. `house_max`: bytes that this installation takes."""
    limit = manifest.send.files.get(file.kind)
    if limit is None or manifest.send.files_per_message == 0:
        return f"{manifest.label} does not take files of this kind ({file.kind})."
    if limit.mimes and file.mime not in limit.mimes:
        return (
            f"{manifest.label} does not take {file.mime or 'this type'}; it takes {', '.join(limit.mimes)}."
        )
    if file.size > (most := limit.most(file.mime)):
        return f"{file.name or 'The file'} is larger than {manifest.label} takes ({most // 1_048_576} MB)."
    if house_max is not None and file.size > house_max:
        return f"{file.name or 'The file'} is larger than this installation takes ({house_max // 1_048_576} MB). Operations can raise PARLEY_PAGES_MAX_BODY."
    if file.size == 0:
        return f"{file.name or 'The file'} is empty."
    return ""
