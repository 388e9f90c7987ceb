from django.apps import AppConfig


class ChangesConfig(AppConfig):
    name = "fullscore.domains.foundation.changes"
    label = "changes"
