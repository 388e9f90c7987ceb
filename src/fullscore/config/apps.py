from django.apps import AppConfig


class FullscoreConfig(AppConfig):
    """Joins the floors once everything is loaded."""

    name = "fullscore.config"
    label = "fullscore"
