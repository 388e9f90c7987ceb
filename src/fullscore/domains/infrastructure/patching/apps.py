from django.apps import AppConfig


class PatchingConfig(AppConfig):
    name = "fullscore.domains.infrastructure.patching"
    label = "patching"
