"""What must not stand in a line, planted in the forms that libraries and people write it in."""

from __future__ import annotations

import pytest

from pipeline.telemetry.redaction import HIDDEN, redacted, redacted_field

SECRET = "s3cr3t-9f"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://writer:{SECRET}@db.example/retail: cannot be used",
        f"cannot reach postgresql+psycopg://writer:{SECRET}@127.0.0.1:5432/retail?sslmode=require",
        f"host=db user=writer password={SECRET} dbname=retail",
        f"password='{SECRET} with spaces' host=db",
        f'{{"user": "writer", "password": "{SECRET}"}}',
        f"Authorization: Bearer {SECRET}",
        f"sent Bearer {SECRET} to the service",
        f"PGPASSWORD={SECRET} psql",
        f"api_key: {SECRET}, retried",
        f"GET /v1/x?access_token={SECRET}&page=2",
    ],
)
def test_a_secret_is_hidden(text: str) -> None:
    assert SECRET not in redacted(text)
    assert HIDDEN in redacted(text)


def test_an_address_of_a_person_is_hidden() -> None:
    assert redacted("row 3 of sales.csv, 'anna.smith+x@shop.example.org'") == "row 3 of sales.csv, '***@***'"


@pytest.mark.parametrize(
    "text",
    [
        "2 final passes, the check passed; S01:P0001 held back",
        "http://127.0.0.1:8500/v1/models/demand:predict",
        "postgresql://reader@db.example:5432/retail",
        "1,715,000 rows, 2026-03-07 to 2026-03-08",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert redacted(text) == text


def test_figures_are_hidden_by_their_name_and_redacted_within() -> None:
    assert redacted_field("db_password", 5) == HIDDEN
    assert redacted_field("settings", {"url": f"x://u:{SECRET}@h", "token": "abc"}) == {
        "url": f"x://u:{HIDDEN}@h",
        "token": HIDDEN,
    }
    assert redacted_field("names", ("a@b.example", 1.5)) == ["***@***", 1.5]


def test_what_is_no_text_in_utf_8_becomes_one() -> None:
    assert redacted("file\udcff.csv") == "file?.csv"
