"""The page that adds a threshold, and says before it is saved how often it would have fired."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path

from fullscore.domains.foundation.telemetry import services
from fullscore.domains.foundation.telemetry.models import Threshold
from fullscore.domains.foundation.telemetry.reading.history import Foreseen
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.interfaces.wire import narrowed
from fullscore.kit.errors import Problem
from fullscore.kit.perform import require
from fullscore.kit.resource import Resource


def add_threshold(request: SignedIn) -> HttpResponse:
    """Set a threshold; with “Preview”, only say what it would have found."""
    require("telemetry.add_threshold", by=request.user)
    resource = cast(Resource, shell.resource_of(Threshold))
    is_sent = request.method == "POST"
    initial = {k: v for k, v in request.GET.items() if k in resource.fields}
    form = resource.form_class()(request.POST if is_sent else None, initial=initial)
    form = narrowed(form, request.user)
    told: Foreseen | None = None
    if is_sent and form.is_valid():
        try:
            if "preview" in request.POST:
                told = services.preview(services.checked(form.instance), by=request.user)
            else:
                threshold = resource.create(form.cleaned_data, by=request.user)
                messages.success(request, "The threshold is set: it is judged from now on.")
                return HttpResponseRedirect(resource.url(threshold.pk))
        except Problem as problem:
            _tell(form, problem)
    status = 422 if form.errors else 200
    return shell.page(
        request, "telemetry/threshold.html", status, resource=resource, form=form, told=told,
        title="Add threshold",
    )  # fmt: skip


def _tell(form: object, problem: Problem) -> None:
    """Show a refusal at its field, else above the form."""
    fields = getattr(problem, "fields", {}) or {None: [str(problem)]}
    for name, sentences in fields.items():
        form.add_error(name, ValidationError(sentences))  # type: ignore[attr-defined]


PATTERNS = [path("thresholds/add", login_required(add_threshold), name="threshold-add")]
