"""From the text of the query bar to a query. Whatever is typed, the answer is a query or a QueryError that says what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from inbox.rules import who_words
from inbox.rules._view_times import read_time
from inbox.rules._view_words import IS_WORDS, Token, choices, given, may, unknown
from inbox.rules.view_query import (
    ANY,
    FIELDS,
    KINDS,
    LONGEST,
    ME,
    MOODS,
    MOST_TERMS,
    NONE,
    PRIORITIES,
    STATES,
    TIMES,
    Name,
    Names,
    Query,
    QueryError,
    Term,
    Words,
    canonical,
)

# Other words for the same field or value.
_FIELD_WORDS = {"platform": "channel", "state": "is", "tags": "tag", "lang": "language", "sentiment": "mood", "assigned": "assignee"}  # fmt: skip
_KIND_WORDS = {"public": "comment", "dm": "direct", "comments": "comment"}
_NOBODY = {"none", "nobody", "unassigned"}

_FIELD = re.compile(r"([a-z]+)(<=|>=|[:<>])")
_PIECE = re.compile(r'"((?:[^"\\]|\\.)*)"?|([^\s",]+)', re.DOTALL)
# A word: there a comma is a mark like any other, and within a number it belongs to it ("19,99", "1,200").
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"?|((?:[^\s",]|(?<=\d),(?=\d{1,3}(?!\d)))+)', re.DOTALL)
# What stands in quotes, or in those that phones and word processors make of them: “so”, „so“, ”so”.
_CURLY = re.compile(r'"(?:[^"\\]|\\.)*"?|(?<![^\s:,<>=-])[“”„‟]([^"“”„‟]*)[“”„‟]', re.DOTALL)
_LONGEST_VALUE = 120


def parse(text: str, names: Names) -> Query:
    """Raises QueryError, and nothing else, whatever the text."""
    if len(text) > LONGEST:
        raise QueryError(f"That is longer than {LONGEST} characters. Say less, or make two views.")
    positive: set[str] = set()
    negative: set[str] = set()
    terms: list[Term] = []
    words: list[Words] = []
    for token in _tokens(straightened(text).replace("\0", " ")):
        if not token.op:
            words.append(Words(_clean(token.values[0], token), token.negated))
        elif token.field == "is":
            _read_is(token, positive, negative, terms)
        else:
            terms += _read_term(token, names)
    if len(terms) + len(words) > MOST_TERMS:
        raise QueryError(f"That has more than {MOST_TERMS} conditions. Say fewer.")
    states = positive or (set(STATES) if negative else {"open"})
    if not states - negative:
        raise QueryError(
            "A conversation cannot be in a state and not in it. Leave one of the “is:” out.", word="is:"
        )
    return canonical(states - negative, terms, words)


def straightened(text: str) -> str:
    """Curly quotes around something are quotes; within quotes they are what they are."""

    def straight(found: re.Match[str]) -> str:
        return found[0] if found[1] is None else '"{}"'.format(found[1].replace("\\", "\\\\"))

    return _CURLY.sub(straight, text)


def _tokens(text: str) -> Iterable[Token]:
    at, negated = 0, False
    while at < len(text):
        if text[at].isspace() or text[at] == ",":
            negated &= text[at] == ","  # a minus means all that is typed up to the next space: -late,broken
            at += 1
            continue
        begin = at
        minus = text[at] == "-" and at + 1 < len(text) and not text[at + 1].isspace()
        negated |= minus
        at += minus
        field = _FIELD.match(text.lower(), at) if len(text.lower()) == len(text) else _FIELD.match(text, at)
        if field is None:
            match = _WORD.match(text, at)
            if match is None:
                at += 1
                continue
            at = match.end()
            if _said(match).strip():
                yield Token(text[begin:at], negated, "", "", [_said(match)])
            continue
        values, at = _values(text, field.end())
        name = _FIELD_WORDS.get(field[1], field[1])
        word = text[begin:at]
        if name not in FIELDS:
            raise unknown(f"There is no field “{field[1]}”.", field[1], FIELDS, word, after=" For the words themselves use quotes.")  # fmt: skip
        op = field[2]
        # "due:<1h" is meant as "due<1h".
        if op == ":" and values and (sign := re.match(r"<=|>=|[<>]", values[0])):
            op, values[0] = sign[0], values[0][sign.end() :]
        yield Token(word, negated, name, op, [value for value in values if value.strip()])


def _values(text: str, at: int) -> tuple[list[str], int]:
    """What stands after the operator, up to a space: values with commas between them."""
    values: list[str] = []
    while match := _PIECE.match(text, at):
        values.append(_said(match))
        at = match.end()
        if at < len(text) and text[at] == ",":
            at += 1
            continue
        break
    return values, at


def _said(match: re.Match[str]) -> str:
    if match[2] is not None:
        return match[2]
    return re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL)


def _clean(value: str, token: Token) -> str:
    said = " ".join(value.split())
    if len(said) > _LONGEST_VALUE:
        raise QueryError(
            f"“{said[:20]}…” is too long; {_LONGEST_VALUE} characters are enough.", word=token.word
        )
    return said


def _read_is(token: Token, positive: set[str], negative: set[str], terms: list[Term]) -> None:
    values = [value.lower() for value in given(token, IS_WORDS)]
    if token.op != ":":
        raise QueryError("“is” takes a colon: is:unread.", word=token.word)
    states = [value for value in values if value in STATES or value == ANY]
    if len(values) > 1 and states and len(states) < len(values):
        raise QueryError(f"Say states and the rest apart: is:{values[0]} is:{values[1]}.", word=token.word)
    for value in values:
        if value not in IS_WORDS:
            raise unknown(f"There is no “is:{value}”.", value, IS_WORDS, token.word, prefix="is:")
    if states:
        named = set(STATES) if ANY in states else set(states)
        if token.negated and ANY in states:
            raise QueryError("“-is:any” would be nothing at all. Leave it out.", word=token.word)
        (negative if token.negated else positive).update(named)
        return
    if len(values) > 1 and not token.negated:
        raise QueryError(
            f"Say them apart, both must hold: {' '.join(f'is:{each}' for each in values)}.", word=token.word
        )
    terms += [_flag(value, token.negated) for value in values]


def _flag(value: str, negated: bool) -> Term:
    match value:
        case "assigned":
            return Term("assignee", ":", (NONE,), not negated)
        case "unassigned":
            return Term("assignee", ":", (NONE,), negated)
        case "public":
            return Term("kind", ":", ("comment",), negated)
        case "read":
            return Term("is", ":", ("unread",), not negated)
    return Term("is", ":", (value,), negated)


def _read_term(token: Token, names: Names) -> list[Term]:
    if token.field in TIMES:
        return read_time(token)
    if token.op != ":":
        raise QueryError(f"“{token.field}” takes a colon: {token.field}:….", word=token.word)
    readers: dict[str, Callable[[str], str]] = {
        "priority": lambda value: _one_of(value, PRIORITIES, token),
        "mood": lambda value: _one_of(value, (*MOODS, NONE), token),
        "kind": lambda value: _one_of(_KIND_WORDS.get(value.lower(), value), KINDS, token),
        "language": lambda value: _language(value, token),
        "tag": lambda value: _tag(value, names, token),
        "from": lambda value: _who(value, token),
        "channel": lambda value: _platform(value, names) or _named(value, names.channels, token),
        "assignee": lambda value: _person(value, names, token),
        "team": lambda value: NONE if value.lower() == NONE else _named(value, names.teams, token),
    }
    read = readers[token.field]
    values = tuple(read(value) for value in given(token, choices(token.field, names)))
    return [Term(token.field, ":", values, token.negated)]


def _one_of(value: str, allowed: tuple[str, ...], token: Token) -> str:
    if value.lower() in allowed:
        return value.lower()
    raise unknown(f"“{value}” is no {token.field}.", value, allowed, token.word)


def _language(value: str, token: Token) -> str:
    said = value.lower()
    if said == NONE or re.fullmatch(r"[a-z]{2,3}", said):
        return said
    raise QueryError(
        f"“{value}” is no language. Write its letters: language:en, language:de.", word=token.word
    )


def _tag(value: str, names: Names, token: Token) -> str:
    """A tag that nobody has made yet may be asked for; it is on nothing."""
    typed = _clean(value, token)
    said = typed.removeprefix("#")
    for wanted in (typed, said):  # one may be called “#vip”; else the sign says no more than that it is a tag
        alike = [tag for tag in names.tags if " ".join(tag.split()).lower() == wanted.lower()]
        if wanted and alike:
            return next((tag for tag in alike if tag == wanted), alike[0])
    if not said:
        raise QueryError(f"“{token.word}” names no tag. {may([*names.tags, NONE], token)}", word=token.word)
    return said.lower() if said.lower() == NONE else said


def _who(value: str, token: Token) -> str:
    if who := who_words.wanted(_clean(value, token)):
        return who
    raise QueryError(f"“{token.word}” names nobody. Write a part of a name or a handle.", word=token.word)


def _platform(value: str, names: Names) -> str | None:
    return next((key for key, said in names.platforms.items() if value.lower() in (key, *said)), None)


def _person(value: str, names: Names, token: Token) -> str:
    if value.lower() == ME:
        return ME
    return NONE if value.lower() in _NOBODY else _named(value, names.people, token)


def _named(value: str, known: tuple[Name, ...], token: Token) -> str:
    """The number of whom or what is meant."""
    if re.fullmatch(r"#[0-9]{1,15}", value):
        return f"#{int(value[1:])}"
    said = " ".join(value.lower().removeprefix("@").split())
    for each in known:
        if each.said.lower() == said:
            return f"#{each.number}"
    found = [each for each in known if said in (other.lower() for other in each.others)]
    if len(found) == 1:
        return f"#{found[0].number}"
    if found:
        raise QueryError(f"“{value}” may be {' or '.join(f'“{each.said}”' for each in found[:3])}. Say which.", word=token.word)  # fmt: skip
    kind = {"channel": "channel", "assignee": "colleague", "team": "team"}[token.field]
    raise unknown(f"There is no {kind} “{value}”.", value, [each.said for each in known], token.word, prefix=f"{token.field}:")  # fmt: skip
