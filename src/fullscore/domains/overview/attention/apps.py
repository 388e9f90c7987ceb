from django.apps import AppConfig


class AttentionConfig(AppConfig):
    name = "fullscore.domains.overview.attention"
    label = "attention"
