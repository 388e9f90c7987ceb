"""The page that lets a sender in and shows its token, once."""

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.cache import never_cache

from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.drawing import draw_heard
from fullscore.domains.response.incidents.models import AlertSource
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit.errors import Problem
from fullscore.kit.perform import require

KINDS = [choice for choice in AlertSource.Kind.choices if choice[0] != AlertSource.Kind.OWN]


class SourceForm(forms.Form):
    """What a new source is asked for."""

    name = forms.CharField(
        max_length=60, validators=[validate_slug], help_text="Such as alertmanager-berlin."
    )
    kind = forms.ChoiceField(choices=KINDS)
    owner = forms.ModelChoiceField(
        Team.objects.none(), required=False,
        help_text="Who answers for alerts that name no item of the estate.",
    )  # fmt: skip
    expects_every_seconds = forms.IntegerField(
        min_value=10, max_value=10**8, required=False,
        help_text="Silence for longer than this is an alert of its own; a heartbeat needs it.",
    )  # fmt: skip


@never_cache
def add_source(request: SignedIn) -> HttpResponse:
    """Let a sender in and show its token, this once."""
    require("incidents.add_alertsource", by=request.user)
    form = SourceForm(request.POST if request.method == "POST" else None)
    form.fields["owner"].queryset = Team.objects.visible_to(request.user)  # type: ignore[attr-defined]
    title = "New alert source"
    if request.method == "POST" and form.is_valid():
        try:
            source, text = services.issue_source(by=request.user, **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, ValidationError(str(problem)))
        else:
            address = request.build_absolute_uri("/").rstrip("/")
            return shell.page(
                request, "incidents/source.html", title=title, source=source, text=text,
                heard=draw_heard(source), address=address, host=request.get_host(),
                scheme=request.scheme,
            )  # fmt: skip
    status = 422 if form.errors else 200
    return shell.page(request, "incidents/source.html", status, title=title, form=form)


PATTERNS = [path("alert-sources/add", login_required(add_source), name="alert-source-add")]
