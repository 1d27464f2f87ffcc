"""The shipped settings, with keys that are known and files that go nowhere lasting."""

import atexit
import os
import shutil
import tempfile

_var = tempfile.mkdtemp(prefix="paper-route-tests-")
atexit.register(shutil.rmtree, _var, ignore_errors=True)
# What is kept under VAR_DIR by default is kept there, whatever a developer's own .env says.
os.environ |= {"VAR_DIR": _var, "PAPERS_TEXT_MODEL_DIR": ""}
os.environ |= {"SECRET_KEY": "test", "LINK_KEYS": "links", "SUPPRESSION_KEY": "suppression"}

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A message published in a test goes nowhere: tests call what a task calls, and services tests run real workers.
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT = "memory"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
# Else each client that a test makes looks for all static files before its first request.
WHITENOISE_AUTOREFRESH = True
# Emptied before each test, which a Redis that others use must not be.
CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "all processes"}  # noqa: F405
