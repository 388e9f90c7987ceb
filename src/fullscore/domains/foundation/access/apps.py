from typing import Any

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Listens to the sign-in library: it tells by signal when a factor or a password changed."""

    name = "fullscore.domains.foundation.access"
    label = "access"

    def ready(self) -> None:
        """Let other sessions end when keys change, and the own one get a new id."""
        from allauth.account import signals as account
        from allauth.mfa import signals as mfa

        for changed in (
            account.password_changed, account.password_set, account.password_reset,
            mfa.authenticator_added, mfa.authenticator_removed, mfa.authenticator_reset,
        ):  # fmt: skip
            changed.connect(_end_other_sessions)
        account.authentication_step_completed.connect(_renew_session)


def _end_other_sessions(*, request: Any, user: Any, **told: Any) -> None:
    from fullscore.domains.foundation.access import sessions
    from fullscore.domains.foundation.access.services.sessions import end_all

    request.session.pop(sessions.HAS_FACTOR, None)
    end_all(user, keep=request.session.session_key or "")


def _renew_session(*, request: Any, **told: Any) -> None:
    from fullscore.domains.foundation.access import sessions

    if told.get("reauthenticated"):
        sessions.step_up(request)
