"""The settings of a site that keeps no page, so that each request shows what it takes to make one."""

from config.settings import *  # noqa: F403

CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
