from django.apps import AppConfig


class FullscoreConfig(AppConfig):
    """Joins the floors once everything is loaded."""

    name = "fullscore.config"
    label = "fullscore"

    def ready(self) -> None:
        """Tell the lower floors what only this one knows."""
        from fullscore.config import joints

        joints.join()
