"""Settings. With no environment everything runs embedded: SQLite, files and one worker under `var/`.

Every variable is described in `.env.example`.
"""

import os
from datetime import timedelta
from email.utils import parseaddr
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from csp import constants as csp
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

from config import face
from config.beats import beat_schedule
from config.environment import anymail_settings, choices, flag, number, once_only, require_all, secret, secret_list
from config.logs import logging_at
from config.queues import OVER_REDIS, QUEUES, ROUTES, over_files
from config.servers import check_addresses, check_database, check_mail_server, check_redis, check_sender, check_site

# Lets ModelForm, ModelAdmin and the like take a type argument at run time.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")
# A variable set to nothing, as a copied `.env.example` has them, counts as not set.
env.ENVIRON = {name: value for name, value in os.environ.items() if value.strip()}

PRODUCTION = flag("PRODUCTION")
DEBUG = flag("DEBUG")
if PRODUCTION:
    require_all(
        ["SECRET_KEY", "LINK_KEYS", "SUPPRESSION_KEY", "SITE_URL", "POSTAL_ADDRESS", "NEWSLETTER_FROM"],
        ["EMAIL_URL", "ANYMAIL_PROVIDER"],
    )
    if DEBUG:
        raise ImproperlyConfigured("DEBUG must be off in production.")

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var"))).resolve()
# Readers' addresses are in there: nobody else on the machine may look.
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

# --- Secrets and addresses of the site ---------------------------------------------------------------------------

SECRET_KEY = secret("SECRET_KEY", var_dir=VAR_DIR)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Links in delivered mail must work for years, so they have keys of their own: the first signs, all verify.
LINK_KEYS = secret_list("LINK_KEYS", var_dir=VAR_DIR)
# Suppressed addresses are kept as hashes under this key; changing it forgets whom never to mail.
SUPPRESSION_KEY = secret("SUPPRESSION_KEY", var_dir=VAR_DIR)

WEB_PORT = number("WEB_PORT", 8000, minimum=1, maximum=65535)
SITE_URL = env.str("SITE_URL", default=f"http://localhost:{WEB_PORT}").rstrip("/")
check_site("SITE_URL", SITE_URL)
_site = urlsplit(SITE_URL)
if PRODUCTION and _site.scheme != "https":
    raise ImproperlyConfigured("SITE_URL must begin with https:// in production.")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[_site.hostname] if PRODUCTION else [_site.hostname, "localhost", "127.0.0.1", "[::1]"]
)
CSRF_TRUSTED_ORIGINS = [SITE_URL] if PRODUCTION else []

# --- Applications ------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "staff.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "anymail",
    "django_htmx",
    "import_export",
    "mail",
    "staff.apps.StaffConfig",
    "papers",
    "subscribers",
    "newsletter",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database ----------------------------------------------------------------------------------------------------

if DATABASE_URL := env.str("DATABASE_URL", default=""):
    check_database("DATABASE_URL", DATABASE_URL)
    DATABASES = {"default": env.db_url_config(DATABASE_URL)}
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    if DATABASES["default"]["ENGINE"].endswith("postgresql"):
        # For the one statement that each message waits for; see newsletter.statements.
        DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = 5
else:
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": VAR_DIR / "paper_route.sqlite3"}}
# Immediate transactions wait their turn; deferred ones fail with "database is locked" when several processes write. A
# full sync at commit, because a hand-over must be on disk before the mail leaves. What is deleted is written over: who
# was erased is not in the file any more.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
    "PRAGMA secure_delete=ON;",
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Celery ------------------------------------------------------------------------------------------------------

CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 1_000_000  # kB; closing an edition takes some of it for a while
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# What is being done is done to the end when Redis goes away: the database, not the message, says what there is to do.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TASK_DEFAULT_QUEUE = "editions"

if REDIS_URL := env.str("REDIS_URL", default=""):
    check_redis("REDIS_URL", REDIS_URL)
    CELERY_BROKER_URL = REDIS_URL
    CELERY_TASK_QUEUES = [Queue(name) for name in QUEUES]
    CELERY_TASK_ROUTES = ROUTES
    CELERY_BROKER_TRANSPORT_OPTIONS = OVER_REDIS
else:
    # One queue: files are looked for in one after the other.
    CELERY_TASK_QUEUES = [Queue(CELERY_TASK_DEFAULT_QUEUE)]
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT = "config.broker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = over_files(VAR_DIR / "celery")
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

# --- Caches ------------------------------------------------------------------------------------------------------

CACHES = {
    # What all processes must count together: wrong passwords and codes.
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 5, "socket_connect_timeout": 5},
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": VAR_DIR / "cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
    # Pages that are the same for everybody are kept for a minute, by each process for itself.
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}


# --- Mail --------------------------------------------------------------------------------------------------------

EMAIL_URL = env.str("EMAIL_URL", default="")
if ANYMAIL_PROVIDER := env.str("ANYMAIL_PROVIDER", default=""):
    if EMAIL_URL:
        raise ImproperlyConfigured("EMAIL_URL and ANYMAIL_PROVIDER are both set: mail goes one way, leave one out.")
    if find_spec(f"anymail.backends.{ANYMAIL_PROVIDER}") is None:
        raise ImproperlyConfigured(f"ANYMAIL_PROVIDER {ANYMAIL_PROVIDER!r} is not a provider that Anymail knows.")
    EMAIL_BACKEND = f"anymail.backends.{ANYMAIL_PROVIDER}.EmailBackend"
elif EMAIL_URL:
    check_mail_server("EMAIL_URL", EMAIL_URL)
    vars().update(env.email_url_config(EMAIL_URL))
    EMAIL_BACKEND = "mail.backends.SmtpBackend"
else:
    EMAIL_BACKEND = "mail.backends.OutboxBackend"
EMAIL_TIMEOUT = 30
MAIL_PROVIDER = ANYMAIL_PROVIDER or ("smtp" if EMAIL_BACKEND == "mail.backends.SmtpBackend" else "outbox")
# How many messages it may be given, by all processes together; 0 is as many as it takes.
MAIL_PER_SECOND = number("MAIL_PER_SECOND", 0, minimum=0, maximum=100_000)
MAIL_PER_HOUR = number("MAIL_PER_HOUR", 0, minimum=0, maximum=100_000_000)
MAIL_PER_DAY = number("MAIL_PER_DAY", 0, minimum=0, maximum=1_000_000_000)
# Seconds until an answer counts as lost.
ANYMAIL = anymail_settings() | {"REQUESTS_TIMEOUT": number("ANYMAIL_REQUESTS_TIMEOUT", 30, minimum=1, maximum=60)}
if ANYMAIL_PROVIDER == "amazon_ses":
    # Amazon's client would send a message whose answer is lost twice more, and say nothing of it.
    ANYMAIL["AMAZON_SES_CLIENT_PARAMS"] = {"config": once_only()}
# The only topic of Amazon's whose notifications are believed; without it none are.
AMAZON_SES_TOPIC_ARN = env.str("AMAZON_SES_TOPIC_ARN", default="")
MAIL_OUTBOX_DIR = VAR_DIR / "outbox"
POSTAL_ADDRESS = env.str("POSTAL_ADDRESS", default="No postal address yet: set POSTAL_ADDRESS")
NEWSLETTER_FROM = env.str("NEWSLETTER_FROM", default="Paper Route <digest@paper-route.localhost>")
SUBSCRIBERS_FROM = env.str("SUBSCRIBERS_FROM", default=NEWSLETTER_FROM)
REPLY_TO = env.str("REPLY_TO", default=parseaddr(NEWSLETTER_FROM)[1])
for _name in ("NEWSLETTER_FROM", "SUBSCRIBERS_FROM", "REPLY_TO"):
    check_sender(_name, vars()[_name])
DEFAULT_FROM_EMAIL = SUBSCRIBERS_FROM
SERVER_EMAIL = SUBSCRIBERS_FROM
# Who is told when something needs a hand, and by which server: the one for readers may be what is broken.
ADMINS = [("", address.strip()) for address in env.list("ADMINS", default=[])]
check_addresses("ADMINS", [address for _, address in ADMINS])
if ADMINS_EMAIL_URL := env.str("ADMINS_EMAIL_URL", default=""):
    check_mail_server("ADMINS_EMAIL_URL", ADMINS_EMAIL_URL)
# A mailbox for bounces, when mail goes out by SMTP: each digest names it with a mark of its own, as in
# bounces+<mark>@example.org, and the mailbox at this address (imaps://user:password@host/INBOX) is read.
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", default="")
BOUNCE_MAILBOX_URL = env.str("BOUNCE_MAILBOX_URL", default="")
# With the mark a local part of 64 octets is full.
if BOUNCE_ADDRESS and not 0 < len(BOUNCE_ADDRESS.rpartition("@")[0]) <= 14:
    raise ImproperlyConfigured("BOUNCE_ADDRESS must be an address with at most 14 characters before the @.")
if BOUNCE_MAILBOX_URL and urlsplit(BOUNCE_MAILBOX_URL).scheme != "imaps":
    raise ImproperlyConfigured("BOUNCE_MAILBOX_URL must begin with imaps://.")

# --- Papers, readers, editions -----------------------------------------------------------------------------------

# Without an environment the bundled sample catalogue stands in for the live listing.
PAPERS_SOURCES = choices(
    "PAPERS_SOURCES",
    ["huggingface", "arxiv", "github"] if PRODUCTION else ["sample"],
    known=["huggingface", "arxiv", "github", "sample"],
)
CELERY_BEAT_SCHEDULE = beat_schedule([queue.name for queue in CELERY_TASK_QUEUES], PAPERS_SOURCES)
# Who reads: services ask for a name and an address in every request.
PAPERS_USER_AGENT = f"PaperRoute/0.1 (+{SITE_URL}; mailto:{env.str('PAPERS_CONTACT', default=REPLY_TO)})"
PAPERS_ARXIV_CATEGORIES = env.list("PAPERS_ARXIV_CATEGORIES", default=["cs.AI", "cs.CL", "cs.CV", "cs.LG"])
# Without a token GitHub answers sixty requests an hour, with one five thousand.
PAPERS_GITHUB_TOKEN = env.str("PAPERS_GITHUB_TOKEN", default="")
# What papers' texts have in common is kept here: shared by all machines, or made by each for itself.
PAPERS_TEXT_MODEL_DIR = Path(env.str("PAPERS_TEXT_MODEL_DIR", default=str(VAR_DIR / "text-model"))).resolve()
# Requests to the API that one address may make of one process; django-ninja's notation.
PAPERS_API_RATE = "60/min"

SUBSCRIBERS_CONFIRMATION_VALID_FOR = timedelta(days=7)
SUBSCRIBERS_PREFERENCES_LINK_VALID_FOR = timedelta(days=90)
# How many letters that anybody can ask for go to one mailbox within a time.
SUBSCRIBERS_LETTER_CAPS = [(timedelta(days=1), 1), (timedelta(days=30), 3)]
# A form is filled in by people no faster than this, and no later than that after it was shown.
SUBSCRIBERS_FORM_TAKES = timedelta(seconds=2)
SUBSCRIBERS_FORM_VALID_FOR = timedelta(hours=24)
# Sign-ups before a challenge is asked for, in the notation of `limits`: from one address (of IPv6 a /64), from the
# network around it (/24, /48), and from everywhere together.
SUBSCRIBERS_LIMITS = {"address": "10/hour", "network": "40/hour", "everywhere": "600/hour"}
# In Redis all processes count together; without it each for itself.
SUBSCRIBERS_LIMITS_STORAGE = REDIS_URL or "memory://"
# Whether consent is recorded with the IP address it came from, without its last part.
SUBSCRIBERS_KEEP_IP = flag("SUBSCRIBERS_KEEP_IP")
# How long things are kept: who never confirmed; the truncated IP addresses; what those who left had wished for; which
# papers somebody likes that could not be looked up.
SUBSCRIBERS_KEEP_PENDING = timedelta(days=30)
SUBSCRIBERS_KEEP_IP_FOR = timedelta(days=90)
SUBSCRIBERS_KEEP_WISHES_OF_LEFT = timedelta(days=90)
SUBSCRIBERS_KEEP_WANTED = timedelta(days=14)
# And which papers somebody got, which is also what keeps a paper from coming twice.
NEWSLETTER_KEEP_PICKS = timedelta(days=400)

NEWSLETTER_CLOSING_HOUR = number("NEWSLETTER_CLOSING_HOUR", 17, minimum=0, maximum=23)
NEWSLETTER_EDITION_SIZE = 150
NEWSLETTER_EDITION_MAX_AGE = timedelta(days=4)
NEWSLETTER_LATE_AFTER = timedelta(hours=12)
NEWSLETTER_LEASE = timedelta(minutes=5)
NEWSLETTER_WINDOW = number("NEWSLETTER_WINDOW", 1, minimum=1, maximum=20)
# Digests that are due at the same hour leave within so many minutes, each reader at a minute of their own.
NEWSLETTER_SPREAD = timedelta(minutes=number("NEWSLETTER_SPREAD", 10 if PRODUCTION else 0, minimum=0, maximum=60))

# --- Web ---------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
FORMAT_MODULE_PATH = "config.formats"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static"]
# Outside production files are served from where they are, with no collecting step.
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# How many proxies stand in front: whose word on a caller's address is taken where it counts. Too few, and
# all callers share the limits of a proxy; too many, and a caller says itself where it comes from.
PROXIES = NINJA_NUM_PROXIES = number("PROXIES", 1 if PRODUCTION else 0, minimum=0, maximum=5)

X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# For every page; those of the admin need more, see staff.policies.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [csp.SELF],
        "img-src": [csp.SELF, "data:"],
        "object-src": [csp.NONE],
        "base-uri": [csp.NONE],
        "form-action": [csp.SELF],
        "frame-ancestors": [csp.NONE],
    }
}
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- People who work here ----------------------------------------------------------------------------------------

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "staff.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
# Wrong passwords and codes: for an account from one address, and from one address for all accounts.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/15m/key,50/h/ip"}
ALLAUTH_TRUSTED_PROXY_COUNT = PROXIES
MFA_ADAPTER = "staff.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Paper Route"
# A clock that is half a minute off is no reason to be kept out.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Who does nothing in the admin for an hour is logged out, and so is who closes the browser, and anybody after so long.
STAFF_SESSION_ENDS_AFTER = timedelta(hours=12)
SESSION_COOKIE_AGE = 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

LOGGING = logging_at(env.str("LOG_LEVEL", default="INFO").upper())
UNFOLD = face.UNFOLD
