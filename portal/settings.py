"""Every setting of the portal, read top to bottom from the environment (or a `.env` file).

Settings always load: a missing secret is an empty string here and an error in
`bankfeeds/checks.py`, so that `help`, `check`, `demo` and `sandbox` work in an empty environment.
Each knob has one line in `.env.example`; a test holds the two against each other.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF

from . import logs

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# --- What kind of place this is -------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
# Set by `manage.py demo` for its children: loopback only, plain http, throw-away secrets.
DEMO = env.bool("PORTAL_DEMO", default=False)
# Test runners switch DEBUG off while they run; what was asked for stays known.
DEBUG_AT_START = DEBUG
SECRET_KEY = env.str("SECRET_KEY", default="")
# Former ones: what they signed and sealed stays good while SECRET_KEY changes.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS_ONLY = env.bool("HTTPS_ONLY", default=not (DEBUG or DEMO))

# --- Codat ----------------------------------------------------------------------------------

# A fresh copy talks to the sandbox: nobody reaches live by forgetting something.
CODAT_BASE_URL = env.str("CODAT_BASE_URL", default="http://127.0.0.1:8182")
CODAT_API_KEY = env.str("CODAT_API_KEY", default="")
# One by one, all at once, or the guide's own way, which Codat has withdrawn.
CODAT_ADD_ACCOUNTS = env.str("CODAT_ADD_ACCOUNTS", default="post")
# Empty: no messages are taken, and everything is learned by asking.
CODAT_WEBHOOK_SECRET = env.str("CODAT_WEBHOOK_SECRET", default="")

# Codat's hard limits are 1,000 a minute for an address and 10 at once for a company; all workers
# together stay below these, and calls on which a person waits come on top.
CODAT_CALLS_PER_MINUTE = env.int("CODAT_CALLS_PER_MINUTE", default=800)
CODAT_CALLS_AT_ONCE = env.int("CODAT_CALLS_AT_ONCE", default=8)

# Whose signs of life are whose; `manage.py worker` gives each of its pools a name of its own.
POOL_NAME = "pool"

# --- The institution ------------------------------------------------------------------------

INSTITUTION_NAME = env.str("INSTITUTION_NAME", default="Our institution")
# "Today" for every rule on dates is the institution's day.
INSTITUTION_TIME_ZONE = env.str("INSTITUTION_TIME_ZONE", default="America/Toronto")
# Days after which a row that goes is marked as late. What Codat fixes is no setting.
LATE_AFTER_DAYS = env.int("LATE_AFTER_DAYS", default=1)
# Keys the hash by which account numbers of files are matched; empty: derived from SECRET_KEY.
ACCOUNT_NUMBER_KEY = env.str("ACCOUNT_NUMBER_KEY", default="")

# --- Signing in -----------------------------------------------------------------------------

# Besides the password: an authenticator app.
SECOND_FACTOR = env.bool("SECOND_FACTOR", default=not (DEBUG or DEMO))
# Wrong passwords of one name from one address, and for how long nothing more is tried then.
AXES_FAILURE_LIMIT = env.int("SIGN_IN_ATTEMPTS", default=10)
AXES_COOLOFF_TIME = timedelta(minutes=env.int("SIGN_IN_LOCK_MINUTES", default=60))
SESSION_IDLE = timedelta(minutes=env.int("SESSION_IDLE_MINUTES", default=30))
SESSION_LONGEST = timedelta(hours=env.int("SESSION_HOURS", default=12))
SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds())
# How many proxies of ours stand in front and add to X-Forwarded-For.
PROXIES = env.int("PROXIES", default=0)
PASSWORD_RESET_TIMEOUT = 3600
# Empty: no mail goes out, and the administrator sets forgotten passwords.
MAIL_GOES_OUT = bool(env.str("EMAIL_URL", default=""))
if MAIL_GOES_OUT:
    vars().update(env.email_url("EMAIL_URL"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="")

AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "bankfeeds.sign_in.address.client"
AXES_LOCKOUT_CALLABLE = "bankfeeds.sign_in.locks.locked_page"
AXES_RESET_ON_SUCCESS = True
# Whoever goes on trying neither prolongs the lock nor fills the table.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken", "next"]
# Our own record says who did what.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]

# --- Timings, in seconds --------------------------------------------------------------------

# Each is longer than the one before (a check holds it); one factor scales them all together.
TIMING_FACTOR = env.float("TIMING_FACTOR", default=1.0)
CODAT_CONNECT_TIMEOUT = 3.05 * TIMING_FACTOR
CODAT_READ_TIMEOUT = 30 * TIMING_FACTOR
CODAT_DEADLINE = 40 * TIMING_FACTOR
TASK_TIMEOUT = 60 * TIMING_FACTOR
PUSH_LEASE = 90 * TIMING_FACTOR
QUEUE_RETRY = 200 * TIMING_FACTOR
# How long a write may take to show at Codat after its answer was lost.
PUSH_SETTLE = 120 * TIMING_FACTOR
# For calls that a person waits for.
CODAT_PAGE_DEADLINE = 12 * TIMING_FACTOR

# --- Django ---------------------------------------------------------------------------------

INSTALLED_APPS = [
    "bankfeeds.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_q",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "bankfeeds.apps.BankFeedsConfig",
]

# Outermost first: whatever is answered inside, also a redirect or a broken page, has an id and
# all headers.
MIDDLEWARE = [
    "portal.answering.identified",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.probes.probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.answering.read_or_pressed",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "bankfeeds.sign_in.ages.ended",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "bankfeeds.languages.preferred",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

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

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en-us"
LANGUAGES = [("en", "English"), ("fr-ca", "Français (Canada)")]
LOCALE_PATHS = [BASE_DIR / "bankfeeds" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = INSTITUTION_TIME_ZONE
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "admin:login"

# --- Databases ------------------------------------------------------------------------------

DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'portal.sqlite3'}")
}
DATABASE = DATABASES["default"]
DATABASE["CONN_MAX_AGE"] = 600
DATABASE["CONN_HEALTH_CHECKS"] = True
SQLITE = DATABASE["ENGINE"].endswith("sqlite3")
if SQLITE:
    # The worker runs in a folder of its own: a relative path would be another file there.
    if DATABASE["NAME"] != ":memory:":
        DATABASE["NAME"] = str(BASE_DIR / DATABASE["NAME"])
    # IMMEDIATE takes the write lock at BEGIN, where the busy timeout is honoured; a deferred
    # reader that wants to write once another has committed fails at once.
    DATABASE["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            "PRAGMA temp_store=MEMORY; PRAGMA cache_size=-4096;"
        ),
    }
else:
    # A machine that stops in the middle of a transaction must not stop the others with its locks.
    DATABASE["OPTIONS"] = {
        **DATABASE.get("OPTIONS", {}),
        "options": "-c idle_in_transaction_session_timeout=30s -c lock_timeout=10s",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }

# --- The queue: a doorbell, never the order -------------------------------------------------

Q_CLUSTER = {
    "name": "portal",
    "orm": "default",
    "workers": 2,
    # Whole seconds: the pool sets an alarm.
    "timeout": max(1, round(TASK_TIMEOUT)),
    "queue_limit": 2,
    "bulk": 1,
    "retry": max(4, round(QUEUE_RETRY)),
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "catch_up": False,
    "scheduler": False,
    "poll": 0.2,
    "recycle": 500,
    "max_rss": 307_200,
    "guard_cycle": 0.5,
}

# --- Cookies, transport, static files -------------------------------------------------------

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS_ONLY
if HTTPS_ONLY:
    # A browser takes these from this host alone, over https alone.
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    LANGUAGE_COOKIE_NAME = "__Host-language"
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS_ONLY else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS_ONLY
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Everything that a page runs, shows or posts to is ours, and nothing of it stands in the page.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STATICFILES_BACKEND = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if DEBUG
    else "whitenoise.storage.CompressedManifestStaticFilesStorage"
)
# The guides are read where they are written; their pictures are static files below `guides/`.
GUIDES = BASE_DIR / "docs"
STATICFILES_DIRS = [("guides", GUIDES / "pictures")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": STATICFILES_BACKEND},
}

# Statement files on a page: the limits that it states; long ones wait for the worker.
IMPORT_MAX_BYTES, IMPORT_MAX_ROWS = 20 * 1024 * 1024, 200_000
IMPORT_AT_ONCE_BYTES, IMPORT_AT_ONCE_ROWS = 2 * 1024 * 1024, 5_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# --- Logging --------------------------------------------------------------------------------

# line: for eyes; json: one object a line, for a collector.
LOG_FORMAT = env.str("LOG_FORMAT", default="line")
LOGGING = logs.configuration(LOG_FORMAT, level=env.str("LOG_LEVEL", default="INFO"))
