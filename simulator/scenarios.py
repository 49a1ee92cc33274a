"""Hand-written conversations, read from corpus/*.json, and the names of the people in them."""

import json
import random
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).with_name("corpus")

NAMES: dict[str, tuple[str, ...]] = {
    "en": (
        "Priya Raman",
        "Tom Hargreaves",
        "Aoife Byrne",
        "Marcus Okafor",
        "Grace Whitfield",
        "Li Wei 李伟",
        "Δήμητρα Παππά",
    ),
    "de": ("Jonas Brandt", "Mareike Vogt", "Şirin Aydın", "Lukas Hübner", "Frieda Köhler", "Анна Шмидт"),
    "fr": ("Camille Rousseau", "Théo Marchand", "Inès Benali", "Maëlys Garnier", "Youssef El Idrissi"),
    "es": ("Lucía Herrera", "Íñigo Azkue", "Valentina Rojas", "Mateo Quiñones", "Noa Ferrer"),
    "it": ("Giulia Ferri", "Lorenzo Bassi", "Chiara D'Angelo", "Matteo Rinaldi"),
    "pt": ("João Tavares", "Beatriz Conceição", "Thaís Monteiro", "Rui Falcão"),
    "tr": ("Elif Karaca", "Mert Yıldırım", "Zeynep Öztürk"),
    "nl": ("Sanne de Wit", "Daan Visser", "Fleur van Dijk"),
    "ja": ("佐藤 美咲", "高橋 蓮"),
    "ar": ("ليلى حداد", "عمر الفاسي"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    kind: str
    text: str
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the customer does to an own message a moment later: `after` is its text, or `last`."""

    after: str
    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    key: str
    topic: str
    language: str
    name: str
    platforms: tuple[str, ...]
    opening: tuple[Step, ...]
    replies: tuple[Step, ...]
    changes: tuple[Change, ...]


def _step(given: Any) -> Step:
    if isinstance(given, str):
        return Step(kind="text", text=given)
    fields = dict(given)
    return Step(kind=str(fields.pop("kind", "text")), text=str(fields.pop("text", "")), more=fields)


def _scenario(key: str, row: dict[str, Any], *, language: str) -> Scenario:
    return Scenario(
        key=key,
        topic=row["topic"],
        language=language,
        name=row["name"],
        platforms=tuple(row.get("platforms") or ("instagram", "x", "linkedin")),
        opening=tuple(_step(one) for one in row["opening"]),
        replies=tuple(_step(one) for one in row.get("replies", [])),
        changes=tuple(Change(**one) for one in row.get("changes", [])),
    )


@lru_cache
def load() -> tuple[Scenario, ...]:
    found = []
    for path in sorted(CORPUS.glob("*.json")):
        for n, row in enumerate(json.loads(path.read_text(encoding="utf-8"))):
            found.append(_scenario(f"{path.stem}-{n}", row, language=path.stem))
    return tuple(found)


def filled(text: str, dice: random.Random) -> str:
    """`{order}`, `{day}` and `{price}` differ each time, so that a second round does not repeat the first."""
    if "{" not in text:
        return text
    values = {
        "order": str(dice.randint(20_000, 99_999)),
        "day": str(dice.randint(2, 27)),
        "price": str(dice.randint(19, 189)),
    }
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text
