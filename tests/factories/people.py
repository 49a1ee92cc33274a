from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from inbox.models import Brand, Channel, Membership, Person, Role


class BrandFactory(DjangoModelFactory[Brand]):
    class Meta:
        model = Brand

    name = factory.Sequence(lambda n: f"Brand {n}")
    slug = factory.Sequence(lambda n: f"brand-{n}")


class PersonFactory(DjangoModelFactory[Person]):
    class Meta:
        model = Person
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.test")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = factory.django.Password("correct horse")


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    brand = factory.SubFactory(BrandFactory)
    person = factory.SubFactory(PersonFactory)
    role = Role.AGENT


class ChannelFactory(DjangoModelFactory[Channel]):
    class Meta:
        model = Channel

    brand = factory.SubFactory(BrandFactory)
    platform = "instagram"
    external_id = factory.Sequence(lambda n: f"1784{n:013d}")
    name = factory.Sequence(lambda n: f"Channel {n}")
    handle = factory.Sequence(lambda n: f"channel.{n}")


def agent_of(brand: Brand, **fields: object) -> Person:
    """Somebody who works for the brand as an agent."""
    return MembershipFactory(brand=brand, person=PersonFactory(**fields)).person
