"""The tags a brand begins with, and their rules."""

from __future__ import annotations

from inbox.models import Brand, Tag, TagRule
from inbox.rules import built_in_tags


def give(brand: Brand) -> None:
    """Idempotent: what is there, the brand may have changed, and it stays as it is."""
    known = set(Tag.objects.filter(brand=brand).exclude(key="").values_list("key", flat=True))
    missing = [tag for tag in built_in_tags.TAGS if tag.key not in known]
    if not missing:
        return
    Tag.objects.bulk_create(
        [Tag(brand=brand, key=tag.key, name=tag.name, weight=tag.weight) for tag in missing],
        ignore_conflicts=True,
    )
    made = {tag.key: tag for tag in Tag.objects.filter(brand=brand, key__in=[tag.key for tag in missing])}
    order = {tag.key: number for number, tag in enumerate(built_in_tags.TAGS)}
    TagRule.objects.bulk_create(
        [
            TagRule(brand=brand, tag=made[tag.key], name=name, position=order[tag.key], condition=condition.as_json())
            for tag in missing if tag.key in made
            for name, condition in built_in_tags.rules_of(tag).items()
        ],
        ignore_conflicts=True,
    )  # fmt: skip
