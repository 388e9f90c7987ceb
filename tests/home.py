"""Gives the tests a data folder of their own, before anything reads the settings.

Loaded as a plugin (`-p tests.home`): the settings are read before any `conftest.py`.
"""

import atexit
import os
import shutil
import tempfile

if "FULLSCORE_HOME" not in os.environ:
    folder = tempfile.mkdtemp(prefix="fullscore-tests-")
    os.environ["FULLSCORE_HOME"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
