"""People who work in Parley. They sign in by e-mail; what they may do is said per brand by a Membership."""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from .fields import PublicIdModel


class PersonManager(BaseUserManager["Person"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        if not email:
            raise ValueError("A person needs an e-mail address to sign in with.")
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> Person:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class Person(PublicIdModel, AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    reply_hold = models.SmallIntegerField(
        null=True,
        blank=True,
        help_text="Seconds their replies wait, to be taken back. Empty: as the brand says.",
    )
    letter_keys = models.BooleanField(
        default=True,
        db_default=True,
        help_text="Whether a letter, digit or sign alone is a command. Who speaks to their computer had better not have it so.",
    )
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May open the Django admin.")
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        verbose_name_plural = "people"
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_person_per_email"),
            models.CheckConstraint(
                condition=Q(reply_hold=None) | Q(reply_hold=0) | Q(reply_hold__range=(5, 30)),
                name="own_hold_is_none_or_5_to_30_seconds",
            ),
        ]

    def __str__(self) -> str:
        return self.short_name

    @property
    def short_name(self) -> str:
        return self.name or self.email.partition("@")[0]

    @property
    def found_by(self) -> str:
        """The words by which colleagues find them. Of their address what is theirs: what stands after its @ is the same for all."""
        return f"{self.name} {self.email.rpartition('@')[0]}".strip().lower()

    @property
    def zone(self) -> ZoneInfo:
        """Where their pages say that they are."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

    def get_short_name(self) -> str:
        return self.short_name

    def get_full_name(self) -> str:
        return self.name or self.email
