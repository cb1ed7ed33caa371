"""Until when the prediction service's certificate and its callers' tokens count."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from pipeline.operations.check import Check

# As the alert RetailCertificateExpires.
COMFORT = timedelta(days=14)


def check_certificate(certificate: Path, now: datetime) -> Check:
    """Until when the prediction service's certificate counts; now: with its time zone.

    Raises:
        UserError: the file is no certificate.
    """
    from serving.service.certificate import expiry_of

    expires = expiry_of(certificate)
    found = f"{certificate} counts until {expires:%Y-%m-%d %H:%M} UTC"
    if expires <= now:
        return Check("Certificate", "fail", found, "It is over: renew it; callers refuse the service.")
    if expires - now < COMFORT:
        return Check("Certificate", "warn", found, "Renew it; the service takes the new files up by itself.")
    return Check("Certificate", "ok", found)


def check_tokens(file: Path, now: datetime) -> Check:
    """Until when each of its names has a token that counts; now: with its time zone.

    Raises:
        UserError: the file holds no tokens.
    """
    from serving.service.tokens import read_tokens, shown

    never = datetime.max.replace(tzinfo=now.tzinfo)
    ends: dict[str, datetime] = {}
    for token in read_tokens(file):
        end = token.expires_at or never
        ends[token.name] = max(end, ends.get(token.name, end))
    if not ends:
        return Check(
            "Tokens", "fail", f"{file}: has none", "Make one with 'token create'; nobody is answered."
        )
    ending = {name: end for name, end in sorted(ends.items()) if end - now < COMFORT}
    if not ending:
        first = min(ends.values())
        found = f"{len(ends)} callers" + (
            "" if first == never else f", the first of them until {shown(first)}"
        )
        return Check("Tokens", "ok", f"{file}: {found}")
    told = ", ".join(
        f"{name} {'is over since' if end <= now else 'until'} {shown(end)}" for name, end in ending.items()
    )
    if all(end <= now for end in ends.values()):
        return Check(
            "Tokens", "fail", f"{file}: {told}", "Make others with 'token create'; nobody is answered."
        )
    advice = "Give these callers others, of 'token create' with the same name, or 'token revoke' what nobody needs."
    return Check("Tokens", "warn", f"{file}: {told}", advice)
