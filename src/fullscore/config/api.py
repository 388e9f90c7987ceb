"""The addresses under `/api/`, built when the first of them is asked for: there are hundreds."""

from fullscore.config.doors import authenticate
from fullscore.config.questions import QUESTIONS
from fullscore.config.resources import RESOURCES
from fullscore.interfaces.api.build import build

urlpatterns, app_name, namespace = build(RESOURCES, authenticate, asked=QUESTIONS).urls
