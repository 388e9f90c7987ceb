"""Django's settings.

What an operator may set stands in `options.py`; this file turns it into Django's words.
"""

from datetime import timedelta
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF

from fullscore.config import options as _options

OPTIONS = _options.with_keys(_options.load())

SECRET_KEY = OPTIONS.secret_key
DEBUG = OPTIONS.is_debug
ALLOWED_HOSTS = [h for h in OPTIONS.allowed_hosts.split(",") if h] or [
    "localhost", "127.0.0.1", "[::1]", OPTIONS.host,
]  # fmt: skip
INTERNAL_IPS = ["127.0.0.1"]

INSTALLED_APPS = [
    "fullscore.config",
    "fullscore.kit",
    "fullscore.interfaces.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_tasks",
    "django_tasks_db",
    "django_filters",
    "django_htmx",
    "template_partials",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "csp",
]
DOMAINS = [
    "fullscore.domains.foundation.directory",
    "fullscore.domains.foundation.estate",
    "fullscore.domains.foundation.access",
    "fullscore.domains.foundation.findings",
    "fullscore.domains.foundation.telemetry",
    "fullscore.domains.foundation.changes",
    "fullscore.domains.foundation.system",
    "fullscore.domains.infrastructure.servers",
    "fullscore.domains.infrastructure.cloud",
    "fullscore.domains.infrastructure.patching",
    "fullscore.domains.response.oncall",
    "fullscore.domains.response.incidents",
    "fullscore.domains.response.troubleshooting",
    "fullscore.domains.overview.attention",
    "fullscore.domains.overview.demo",
]
INSTALLED_APPS += DOMAINS

MIDDLEWARE = [
    "fullscore.interfaces.web.guard.Guard",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Before allauth's: it asks people to prove themselves by raising an error of its own.
    "fullscore.interfaces.web.problems.ProblemsAndOrigin",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "fullscore.domains.foundation.access.sessions.SessionEnds",
    "fullscore.domains.foundation.access.sessions.SecondFactor",
    "fullscore.domains.foundation.access.sessions.FreshSignIn",
]

ROOT_URLCONF = "fullscore.config.urls"
ASGI_APPLICATION = "fullscore.config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]


def _database(url: str) -> dict:
    """Return Django's description of the database behind a URL.

    SQLite in the data folder by default.
    """
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": OPTIONS.home / "fullscore.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",  # one writer at a time from the first statement on
                "timeout": 20,
                # FULL: what we acknowledge survives a power cut, not only a crash of the process.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                "PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=134217728;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError("FULLSCORE_DATABASE_URL must start with postgresql://")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 60,
    }


DATABASES = {"default": _database(OPTIONS.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        # In the database: all processes see the same.
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kit_cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},  # Django's 300 would throw out what is still in use
    }
}
TASKS = {
    "default": {
        "BACKEND": "django_tasks_db.DatabaseBackend",
        "QUEUES": ["urgent", "default", "slow"],  # urgent: whatever somebody may be called for
    }
}

_smtp = urlsplit(OPTIONS.smtp_url)
if _smtp.scheme not in ("", "smtp", "smtps"):
    raise ValueError("FULLSCORE_SMTP_URL must start with smtp:// or smtps://")
EMAIL_BACKEND = (
    f"django.core.mail.backends.{'smtp' if OPTIONS.smtp_url else 'filebased'}.EmailBackend"
)
EMAIL_FILE_PATH = OPTIONS.home / "mail"
EMAIL_HOST = _smtp.hostname or ""
EMAIL_PORT = _smtp.port or (465 if _smtp.scheme == "smtps" else 587)
EMAIL_HOST_USER = unquote(_smtp.username or "")
EMAIL_HOST_PASSWORD = unquote(_smtp.password or "")
EMAIL_USE_SSL = _smtp.scheme == "smtps"
# Mail leaves this machine encrypted, or not at all.
EMAIL_USE_TLS = _smtp.scheme == "smtp" and EMAIL_HOST not in ("localhost", "127.0.0.1", "::1")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = OPTIONS.mail_from

AUTH_USER_MODEL = "kit.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "fullscore.domains.foundation.access.passwords.NotTooLong"},
    {"NAME": "fullscore.domains.foundation.access.passwords.NotBreached"},
]
CSRF_FAILURE_VIEW = "fullscore.interfaces.web.problems.no_token"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"

# Signing in (allauth, axes). The pages stand in `foundation/access/pages.py`.
INSTALLED_APPS.append("django.contrib.humanize")  # the library's templates use it
ACCOUNT_ADAPTER = "fullscore.domains.foundation.access.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]  # the adapter keeps sign-up closed
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # administrators enter addresses
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or factor is told to its owner
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Fullscore] "
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = True  # for SESSION_COOKIE_AGE, whatever a box says
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if OPTIONS.is_https else "http"
ACCOUNT_RATE_LIMITS = {
    "login": "50/15m/ip",
    "login_failed": "50/15m/ip",  # by account and address: axes; never by account alone
    "reset_password": "20/h/ip,3/h/key",
    "reset_password_from_key": "20/h/ip",
    "reauthenticate": "10/15m/user",
    "change_password": "5/15m/user",
}
MFA_ADAPTER = "fullscore.domains.foundation.access.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # see ACCOUNT_EMAIL_VERIFICATION
MFA_RECOVERY_CODE_COUNT = 10
MFA_TOTP_ISSUER = "Fullscore"
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # a passkey alone is two factors only with its PIN
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not OPTIONS.is_https  # browsers allow http on localhost alone
USERSESSIONS_TRACK_ACTIVITY = False  # `SessionEnds` notes it each minute, not at each request
SESSION_IDLE_SECONDS = 30 * 60
SESSION_IDLE_TRUSTED_SECONDS = 8 * 3600
SESSION_TRUSTED_NETWORKS = [n for n in OPTIONS.trusted_networks.split(",") if n]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # nobody can lock somebody else out
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # no lock is for ever
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "fullscore.domains.foundation.access.adapter.typed_email"
AXES_LOCKOUT_CALLABLE = "fullscore.domains.foundation.access.pages.locked"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = OPTIONS.home / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

_secure = OPTIONS.is_https
SESSION_COOKIE_NAME = "__Host-session" if _secure else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if _secure else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_HSTS_SECONDS = 31_536_000 if _secure else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# Behind a proxy that speaks https for us, pages come from the address people know.
CSRF_TRUSTED_ORIGINS = [OPTIONS.base_url.rstrip("/")] if OPTIONS.base_url else []
