from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    name = "fullscore.domains.foundation.telemetry"
    label = "telemetry"
