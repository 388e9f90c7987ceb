from django.apps import AppConfig


class EstateConfig(AppConfig):
    name = "fullscore.domains.foundation.estate"
    label = "estate"
