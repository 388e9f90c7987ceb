from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "fullscore.domains.response.incidents"
    label = "incidents"
