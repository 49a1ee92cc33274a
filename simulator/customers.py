"""A customer's message of any kind, from the control API, the stage or the traffic, in one form."""

from typing import Any

from simulator import media, wire
from simulator.drafts import Draft, Impossible, moment
from simulator.kernel import Kernel
from simulator.models import Account, Message, Person, Thread

KINDS = (
    "text image video audio file story_reply story_mention share reel postback quick_reply referral unsupported "
    "comment mention group"
).split()
_FILES = ("image", "video", "audio", "file")
_ONLY_INSTAGRAM = {
    "story_reply",
    "story_mention",
    "share",
    "reel",
    "postback",
    "quick_reply",
    "referral",
    "unsupported",
}


def person_from(kernel: Kernel, *, account: Account, given: Any, language: str = "en") -> Person:
    """`"Mara"`, `{"name": …}`, `{"handle": …}` or `{"id": …}`; a new person when nobody fits. An id is the one by which this account knows
    them."""
    if found := known(kernel, account=account, given=given):
        return found
    platform, fields = account.platform, _fields(given)
    name, handle, native = (fields[key] for key in ("name", "handle", "id"))
    if native and platform != "linkedin" and not (native.isascii() and native.isdecimal()):
        raise Impossible(f"Nobody on {platform} has the id {native!r}: ids of people are numbers there.")
    person = kernel.messaging.make_person(
        account=account, name=name or handle or native, handle=handle, native=native, language=language
    )
    # X: who neither follows nor accepts messages cannot be written to; LinkedIn: who does not follow is no connection.
    if isinstance(given, dict):
        person.follows = bool(given.get("follows", True))
        person.accepts_messages = bool(given.get("accepts_messages", True))
    return person


def known(kernel: Kernel, *, account: Account, given: Any) -> Person | None:
    fields = _fields(given)
    return kernel.messaging.find_person(
        platform=account.platform, name=fields["name"], handle=fields["handle"], native=fields["id"]
    )


def _fields(given: Any) -> dict[str, str]:
    said = {"name": given} if isinstance(given, str) else wire.mapping({"from": given}, "from")
    fields = {key: str(said.get(key) or "") for key in ("name", "handle", "id")}
    if not any(fields.values()):
        raise Impossible("from needs an id, a name or a handle.")
    return fields


def write(
    kernel: Kernel, *, account: Account, person: Person, given: dict[str, Any], client: str
) -> Message | None:
    """Writes what was asked for. None for a referral without words, which is no message."""
    kind = str(given.get("kind") or "text")
    if kind not in KINDS:
        raise Impossible(f"Unknown kind {kind!r}; known: {', '.join(KINDS)}.")
    if kind in _ONLY_INSTAGRAM and account.platform != "instagram":
        raise Impossible(f"{account.platform} has no {kind}.")
    if account.id in person.blocked:
        person.blocked.remove(account.id)
        kernel.world.save_person(person)
    draft = Draft(
        text=str(given.get("text") or ""),
        reply_to=str(given.get("reply_to") or ""),
        at_ms=moment(given),
        client=client,
    )
    if kind in {"comment", "mention"}:
        draft.extra |= {"caption": True} if given.get("in_caption") else {}
        return _comment(
            kernel, account=account, person=person, draft=draft, kind=kind, post=str(given.get("post") or "")
        )
    thread = _thread(kernel, account=account, person=person, kind=kind, given=given)
    if kind == "referral" and not draft.text:
        kernel.messaging.customer_refers(
            account=account, thread=thread, person=person, ref=str(given.get("ref") or "spring-sale")
        )
        return None
    _dress(kernel, account=account, draft=draft, kind=kind, given=given)
    return kernel.messaging.customer_writes(account=account, person=person, draft=draft, thread=thread)


def _thread(kernel: Kernel, *, account: Account, person: Person, kind: str, given: dict[str, Any]) -> Thread:
    wanted = str(given.get("thread") or "")
    found = kernel.world.thread(account, wanted) if wanted else None
    if found is not None:
        return found
    if kind != "group":
        return kernel.messaging.direct_thread(account=account, person=person)
    if account.platform == "instagram":
        raise Impossible("Instagram's API has no group conversations.")
    return group(kernel, account=account, person=person, given=given)


def group(kernel: Kernel, *, account: Account, person: Person, given: dict[str, Any]) -> Thread:
    """A group with the brand in it; the same title finds the same group again."""
    title = str(given.get("title") or given.get("thread") or f"{person.name} and friends")
    for thread in kernel.world.account_threads(account, kind="group"):
        if thread.title == title:
            native = kernel.world.native(person, account)
            if native not in thread.people:
                thread.people.append(native)
                kernel.world.save_thread(thread)
            return thread
    friends = [str(name) for name in wire.listed(given, "with") or ["Robin Sommer", "Noor El Amrani"]]
    people = [person, *(person_from(kernel, account=account, given=name) for name in friends)]
    ids = kernel.world.ids
    thread_id = (
        ids.snowflake(at_ms=kernel.world.clock.now_ms()) if account.platform == "x" else ids.linkedin_thread()
    )
    natives = [kernel.world.native(one, account) for one in people]
    return kernel.world.add_thread(
        Thread(
            platform=account.platform,
            account=account.id,
            id=thread_id,
            kind="group",
            people=natives,
            title=title,
        )
    )


def _dress(kernel: Kernel, *, account: Account, draft: Draft, kind: str, given: dict[str, Any]) -> None:
    world = kernel.world
    for row in wire.mappings(given, "attachments") or ([{"kind": kind}] if kind in _FILES else []):
        draft.attachments.append(attachment(kernel, account=account, row=row))
    if account.platform == "x" and len(draft.attachments) > 1:
        raise Impossible("A message on X carries one file.")
    if kind in _FILES:
        return
    draft.kind = kind if kind not in {"group", "text", "referral"} else "text"
    if kind == "story_reply":
        held = media.keep(
            world, account=account, data=media.made_up("image", "story")[0], kind="image", name="story"
        )
        draft.extra["story"] = {"id": "180" + world.ids.digits(14), "media_id": held.id}
    elif kind in {"story_mention", "share", "reel"}:
        name = {"story_mention": "story", "share": "ig_post", "reel": "ig_reel"}[kind]
        row = attachment(
            kernel, account=account, row={"kind": "image", "name": str(given.get("name") or name)}
        )
        row["kind"] = "story_mention" if kind == "story_mention" else name
        row["post"] = world.ids.digits(17)
        row["title"] = str(given.get("title") or "")
        draft.attachments.append(row)
    elif kind in {"postback", "quick_reply"}:
        draft.extra["payload"] = str(
            given.get("payload") or draft.text.upper().replace(" ", "_") or "GET_STARTED"
        )
    elif kind == "referral":
        draft.extra["referral"] = {
            "ref": str(given.get("ref") or "spring-sale"),
            "source": "SHORTLINK",
            "type": "OPEN_THREAD",
        }


def attachment(kernel: Kernel, *, account: Account, row: dict[str, Any]) -> dict[str, Any]:
    """Drawn by code under its name, or a file the stage has uploaded before (media_id)."""
    world, kind = kernel.world, str(row.get("kind") or "image")
    if kind not in _FILES:
        raise Impossible(f"Unknown attachment kind {kind!r}; known: {', '.join(_FILES)}.")
    held = world.media.get(str(row.get("media_id") or ""))
    if held is None:
        if url := str(row.get("url") or ""):
            return {
                "kind": kind,
                "url": url,
                "mime": str(row.get("mime") or ""),
                "name": str(row.get("name") or ""),
                "size": 0,
            }
        data, mime = media.made_up(kind, str(row.get("name") or ""))
        held = media.keep(
            world, account=account, data=data, kind=kind, mime=mime, name=str(row.get("name") or kind)
        )
    return {"kind": kind, "media_id": held.id, "mime": held.mime, "name": held.name, "size": held.size}


def _comment(
    kernel: Kernel, *, account: Account, person: Person, draft: Draft, kind: str, post: str
) -> Message:
    world, on_x = kernel.world, account.platform == "x"
    native = world.native(person, account)
    parent = world.message(account, draft.reply_to) if draft.reply_to else None
    draft.kind = kind
    if parent is not None:
        draft.reply_to = kernel.stands_below(parent)
    root = str(parent.extra.get("post", "") if parent is not None else post)
    if not root and not (on_x and kind == "mention"):
        root = account.posts[0]["id"]
    if on_x:
        # All under one post is one talk there; what one person says in it is a thread of theirs.
        talks = world.account_threads(account, kind="comments") if root else []
        thread = next((each for each in talks if (each.title, each.people) == (root, [native])), None)
    else:
        thread = world.thread(account, parent.thread) if parent is not None else None
    if thread is None:
        blank = Thread(platform=account.platform, account=account.id, id=root, kind="comments")
        draft.id = kernel.platforms[account.platform].message_id(
            thread=blank, at_ms=draft.at_ms or world.clock.now_ms()
        )
        root = root or draft.id  # X: a mention is a post of its own
        thread = world.add_thread(
            Thread(
                platform=account.platform,
                account=account.id,
                id=draft.id,
                kind="comments",
                people=[native],
                title=root,
            )
        )
    draft.extra["post"] = root
    return kernel.messaging.customer_writes(account=account, person=person, draft=draft, thread=thread)
