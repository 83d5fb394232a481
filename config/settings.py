"""All settings. Variables are read through `config.env`; nothing else reads the environment."""

from pathlib import Path

import django_stubs_ext
import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import env, identity

django_stubs_ext.monkeypatch()  # ModelAdmin[User] and the like, also when it runs

BASE_DIR = env.ROOT
STATE_DIR = Path(env.text("SLUICE_STATE_DIR", str(BASE_DIR / ".sluice"))).absolute()

# -- Who we are ---------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG")
DEV_SECRET_KEY = "development-only-key-that-production-refuses"  # noqa: S105  refused by a system check
SECRET_KEY = env.text("SECRET_KEY") or DEV_SECRET_KEY
FIELD_ENCRYPTION_KEYS = env.words("FIELD_ENCRYPTION_KEYS")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]" if DEBUG else "")
PORT = env.integer("PORT", default=8000, minimum=1, maximum=65535)
PUBLIC_URL = env.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SLUICE_ROLE = env.choice("SLUICE_ROLE", default="all", choices=("all", "relay"))
SLUICE_REGION = env.text("SLUICE_REGION")
WEB_CONCURRENCY = env.integer("WEB_CONCURRENCY", default=1, minimum=1, maximum=256)
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES")
ALLOW_PRIVATE_UPSTREAMS = env.flag("ALLOW_PRIVATE_UPSTREAMS", default=DEBUG)
ALLOW_PRIVATE_WEBHOOKS = env.flag("ALLOW_PRIVATE_WEBHOOKS")
ALERT_EMAIL = env.words("ALERT_EMAIL")
ALERT_WEBHOOK = env.text("ALERT_WEBHOOK")
METRICS_TOKEN = env.text("METRICS_TOKEN")
TOKENS_PER_TEAM = 200
# Against abuse: every invitation is a mail to somebody who may not know us.
TEAMS_PER_USER = 20
MEMBERS_PER_TEAM = 200
OPEN_INVITATIONS_PER_TEAM = 50
INVITATIONS_PER_HOUR = 30  # of one team, and of one person over all teams
PERSONAL_TOKENS_PER_USER = env.integer("PERSONAL_TOKENS_PER_USER", default=50, minimum=1, maximum=1000)

# -- Apps, from the top floor down --------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "apps.console",
    "apps.relay",
    "apps.verification",
    "apps.promotions",
    "apps.marketplace",
    "apps.usage",
    "apps.announcements",
    "apps.teams",
    "apps.accounts",
    "apps.wallet",
    "apps.journal",
    "apps.core",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.weixin",
    "allauth.usersessions",
    "apps.console.back_office_app.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "config.health.Probes",
    "config.edges.RefuseNul",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.bodies.RefuseLargeBodies",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.console.middleware.NoteActivity",
    "apps.console.middleware.DropStaleForms",
    "apps.console.middleware.PrivatePages",
    "apps.console.referral_links.KeepReferralCode",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.console.context.shell",
            ],
        },
    }
]

# -- Stores -------------------------------------------------------------------------------------
DATABASE_URL = env.required_text("DATABASE_URL")
# Ledger, LISTEN, leases and migrations go here when a pooler stands before the database.
DATABASE_DIRECT_URL = env.text("DATABASE_DIRECT_URL") or DATABASE_URL
DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL database: postgresql://user:password@host/name")
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),
    "options": "-c statement_timeout=15s -c idle_in_transaction_session_timeout=10s -c lock_timeout=5s"
    f" -c sluice.ledger_guard={'on' if DEBUG else 'off'}",
}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.required_text("REDIS_URL")
# Sign-in limits and lock-outs count in the default cache, so they hold while Valkey is away.
CACHES: dict[str, dict[str, object]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache_entry",
        "TIMEOUT": 300,
        "OPTIONS": {"MAX_ENTRIES": 200_000},
    },
    "volatile": {
        "BACKEND": "config.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "sluice",
        "TIMEOUT": 300,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    },
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# -- People -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["apps.console.adapters.passwords.PasswordBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
PASSWORD_RESET_TIMEOUT = 24 * 3600
LOGIN_REDIRECT_URL = "console:home"
ACCOUNT_FORMS = {"signup": "apps.console.forms.people.SignUpForm"}
ACCOUNT_ADAPTER = "apps.console.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = PUBLIC_URL.partition(":")[0]
# Beside what allauth limits itself: no mailbox is flooded by others, codes are counted across parallel requests, nobody
# keeps the check and the scan of uploads busy, and nobody has many addresses asked about price alerts.
ACCOUNT_RATE_LIMITS = {
    "signup": "20/m/ip,100/h/ip",
    "reset_password": "20/m/ip,3/m/key,10/h/key",
    "confirm_email": "1/10s/key,10/h/key",
    "enter_code": "20/m/ip,10/5m/key",
    "submit_documents": "20/h/user",
    "price_alerts": "20/h/ip",
}
SOCIALACCOUNT_ADAPTER = "apps.console.adapters.SocialAdapter"
SOCIALACCOUNT_PROVIDERS = identity.providers(allow_http=DEBUG)
MFA_ADAPTER = "apps.console.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "add_webauthn": "apps.console.forms.passkeys.AddForm",
    "authenticate_webauthn": "apps.console.forms.passkeys.AuthenticateForm",
    "login_webauthn": "apps.console.forms.passkeys.LoginForm",
    "reauthenticate_webauthn": "apps.console.forms.passkeys.ReauthenticateForm",
}
MFA_TOTP_ISSUER = "Sluice"

# -- What a browser may do ----------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'", *identity.origins(SOCIALACCOUNT_PROVIDERS)],
    }
}
LANGUAGE_COOKIE_SECURE = not DEBUG
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
# What a message says of itself is the tone of its toast.
MESSAGE_TAGS = {10: "", 20: "info", 25: "positive", 30: "caution", 40: "critical"}

# -- Language, time, units ----------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
BILLING_TZ = env.text("BILLING_TZ", "Asia/Shanghai")
CREDITS_PER_CNY = env.text("CREDITS_PER_CNY", "1")
CREDITS_PER_USD = env.text("CREDITS_PER_USD", "7")
PRICE_NOTICE_HOURS = 24  # between the publication of a higher price and its first call
VERIFICATION_DOCUMENT_DAYS = env.integer("VERIFICATION_DOCUMENT_DAYS", default=30, minimum=1, maximum=3650)
VERIFICATION_PROVIDER = env.text("VERIFICATION_PROVIDER", "apps.verification.providers.Manual")
CLAMD_ADDRESS = env.address("CLAMD_ADDRESS")
APPROVAL_ABOVE_CREDITS = env.integer("APPROVAL_ABOVE_CREDITS", default=1000, minimum=0, maximum=10**9)
REWARD_TRANSFER_MIN_CREDITS = env.text("REWARD_TRANSFER_MIN_CREDITS", "1")

# -- Platform API -------------------------------------------------------------------------------
REST_FRAMEWORK = {
    # None by default: each kind of view says who may call it, and a view that forgets answers nobody.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": [],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Sluice",
    "DESCRIPTION": "The platform API: wallet, tokens, usage and models of your teams; and the relay for model calls.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/(api|v1)",
    "SERVE_PUBLIC": True,
    "ENUM_NAME_OVERRIDES": {"RoleEnum": "apps.teams.roles.ROLES", "GivenRoleEnum": "apps.teams.roles.GIVEN"},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.relay.openapi.add_relay",
    ],
}

# -- Static files -------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static.CollectedStorage"},
}
WHITENOISE_USE_FINDERS = True  # without collectstatic the files are served from where they are
WHITENOISE_AUTOREFRESH = DEBUG

# -- Queue: nothing that money depends on ---------------------------------------------------------
# Celery writes a Unix socket's address in its own way.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "socket_timeout": 10,
    "socket_connect_timeout": 2,
    "max_retries": 1,  # for who queues; the worker itself tries for ever
    "interval_start": 0,
    "interval_max": 0.1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 270  # below visibility_timeout, so that no task runs beside its own redelivery
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_PUBLISH_RETRY = False  # a page must not wait for a lost broker; the sweeps find the work
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = BILLING_TZ
CELERY_BEAT_SCHEDULE_FILENAME = str(STATE_DIR / "beat-schedule")

# -- Mail -----------------------------------------------------------------------------------------
_mail = environ.Env.email_url_config(env.text("EMAIL_URL", "consolemail://"))
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail["EMAIL_HOST"] or "localhost"
EMAIL_PORT = _mail["EMAIL_PORT"] or 25
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _mail["EMAIL_FILE_PATH"] or None  # EMAIL_URL=filemail:////folder keeps mails as files
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Sluice <no-reply@localhost>")

# -- Transport security ---------------------------------------------------------------------------
SECURE_SSL_REDIRECT = PUBLIC_URL.startswith("https://")
# Only a trusted proxy may say that the caller came by HTTPS; without one, we are asked directly.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 0 if DEBUG else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_HTTPONLY = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024  # as much as an upload may have: documents never touch the disk in clear

# -- Log: one line a fact, no bodies, no secrets --------------------------------------------------
LOG_LEVEL = env.choice("LOG_LEVEL", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "apps.core.logs.JsonFormatter"},
        "plain": {"()": "apps.core.logs.PlainFormatter"},
    },
    "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "plain" if DEBUG else "json"}},
    "root": {"handlers": ["stream"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        # These write every request and every statement at their lower levels.
        "httpx": {"level": "WARNING"},
        "django.db.backends": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
    },
}

# Variables that are ours: a catalogue file may not hand them to an upstream as a key.
ENVIRONMENT_NAMES = env.names_read
