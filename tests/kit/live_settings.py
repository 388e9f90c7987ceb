"""A site with nothing but the live addresses."""

from fullscore.config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.kit.live_urls"
