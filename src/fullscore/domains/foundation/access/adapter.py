"""Our answers to the questions of the sign-in library: who may sign in, and with what."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse

from fullscore.engines import envelope
from fullscore.kit.models import User
from fullscore.kit.models.secret import master_keys, opening

SEALED_AT = ("mfa_authenticator", "", "data")  # the library tells no row when it seals


class AccountAdapter(DefaultAccountAdapter):
    """People sign in with e-mail and password or a passkey; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by administrators."""
        return False

    def pre_login(
        self, request: HttpRequest, user: AbstractBaseUser, **given: Any
    ) -> HttpResponse | None:
        """Turn away services and the system: they have no business at the door."""
        if getattr(user, "kind", "") != User.Kind.PERSON:
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **given)

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """Check the password of who is signed in, by the address of the account itself."""
        email = str(getattr(user, "email", ""))
        found = self.authenticate(context.request, email=email, password=password)
        return found is not None and found.pk == user.pk


class SecondFactorAdapter(DefaultMFAAdapter):
    """Seeds of code generators lie in the database sealed, like every other credential."""

    def encrypt(self, text: str) -> str:
        """Return a seed sealed under a key of its own, wrapped by the master key."""
        data_key = envelope.new_data_key()
        key_id, wrapped = master_keys().wrap(data_key, SEALED_AT)
        sealed = envelope.seal(data_key, text.encode(), SEALED_AT)
        return ".".join([key_id, _text(wrapped), _text(sealed)])

    def decrypt(self, encrypted_text: str) -> str:
        """Return a seed again; refuse what was altered or sealed with a key that is gone."""
        key_id, wrapped, sealed = encrypted_text.split(".")
        with opening():
            data_key = master_keys().unwrap(base64.b64decode(wrapped), by=key_id, place=SEALED_AT)
            return envelope.unseal(data_key, base64.b64decode(sealed), SEALED_AT).decode()


def is_sealed_anew(encrypted_text: str) -> bool:
    """Say whether a seed is sealed with the first of the master keys."""
    return encrypted_text.partition(".")[0] == master_keys().first_id


def typed_email(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Return the address somebody tries to sign in with, by which failures are counted."""
    given = (credentials or {}).get("email") or request.POST.get("login") or ""
    return str(given).strip().lower()


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
