"""The page that makes a push key and shows it, once."""

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.cache import never_cache

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import services
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit.errors import Problem
from fullscore.kit.perform import require


class KeyForm(forms.Form):
    """What a new key is asked for."""

    name = forms.CharField(max_length=80, help_text="What will send with it, such as prometheus-1.")
    item = forms.ModelChoiceField(
        Item.objects.none(),
        required=False,
        empty_label="The whole estate",
        help_text="A host sends for itself alone; a site for what stands there.",
    )
    collects = forms.BooleanField(
        required=False,
        label="For a collector at that site",
        help_text="It learns the addresses and credentials of the targets read from there.",
    )


@never_cache
def add_key(request: SignedIn) -> HttpResponse:
    """Make a push key and show its text, this once."""
    require("telemetry.add_pushkey", by=request.user)
    form = KeyForm(request.POST if request.method == "POST" else None)
    form.fields["item"].queryset = Item.objects.visible_to(request.user).live()  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        try:
            key, text = services.issue_push_key(
                form.cleaned_data["item"],
                by=request.user,
                name=form.cleaned_data["name"],
                collects=form.cleaned_data["collects"],
            )
        except Problem as problem:
            form.add_error(None, ValidationError(str(problem)))
        else:
            address = request.build_absolute_uri("/")
            return shell.page(
                request,
                "telemetry/key.html",
                title="New push key",
                key=key,
                text=text,
                address=address,
            )
    status = 422 if form.errors else 200
    return shell.page(request, "telemetry/key.html", status, title="New push key", form=form)


PATTERNS = [path("push-keys/add", login_required(add_key), name="push-key-add")]
