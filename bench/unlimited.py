"""The shipped settings, for a server that everybody may ask as often as they like."""

from config.settings import *  # noqa: F403

SUBSCRIBERS_LIMITS = dict.fromkeys(["address", "network", "everywhere"], "10000000/hour")
PROXIES = 1
