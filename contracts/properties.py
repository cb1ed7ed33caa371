"""Names of what ML Metadata keep of artifacts beside their files. Where TFX has the like, it is under TFX's name."""

from __future__ import annotations

# Of rows.
SPAN, VERSION = "span", "version"
FINGERPRINT, FIRST_DATE, LAST_DATE, ROWS, SERIES = "fingerprint", "first_date", "last_date", "rows", "series"
REPORT = "report"

# Of a blessing.
BLESSED, CURRENT_MODEL, CURRENT_MODEL_ID = "blessed", "current_model", "current_model_id"

# Of a pushed model.
PUSHED, PUSHED_VERSION, PUSHED_DESTINATION = "pushed", "pushed_version", "pushed_destination"
PUSHED_AT, STAGE, NEW = "pushed_at", "stage", "new"
