"""Signing in with FAB's auth manager: users and roles in Airflow's own database.

Viewer looks; Op starts, stops and repairs runs and manages connections and pools; Admin manages users too. Nobody
registers himself, and nobody sees anything without signing in. For single sign-on, AUTH_TYPE becomes AUTH_OAUTH with
OAUTH_PROVIDERS, and AUTH_ROLES_MAPPING ties the provider's groups to these three roles.
"""

from flask_appbuilder.const import AUTH_DB

AUTH_TYPE = AUTH_DB
AUTH_USER_REGISTRATION = False
AUTH_ROLE_PUBLIC = None
WTF_CSRF_ENABLED = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
