"""Signing accounts out."""

from allauth.usersessions.models import UserSession

from fullscore.kit.models import User


def end_all(user: User, *, keep: str = "") -> int:
    """Sign an account out everywhere but in the session with the key `keep`; return how many."""
    ended = list(UserSession.objects.filter(user_id=user.pk).exclude(session_key=keep))
    for session in ended:
        session.end()
    return len(ended)
