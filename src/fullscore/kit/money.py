"""Amounts as people read them: in the one currency of this installation."""

from django.conf import settings


def told(amount: float) -> str:
    """Return an amount with its currency; below ten with cents."""
    figures = f"{amount:,.0f}" if abs(amount) >= 10 or not amount else f"{amount:,.2f}"
    return f"{figures} {settings.OPTIONS.currency}"


def per_hour(amount: float) -> str:
    """Return what an hour costs."""
    return f"< 0.01 {settings.OPTIONS.currency}/h" if 0 < amount < 0.01 else f"{told(amount)}/h"
