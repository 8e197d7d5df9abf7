"""Tell telephone numbers and user ids apart, whatever field they stand in."""

import re

from shared.domain.contact import Sender

# Meta, business-scoped user ids: country, optional ENT for a parent id, up to 128 alphanumerics.
_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_PHONE = re.compile(r"\+?(\d{5,20})")


def read_addresses(*values: object) -> Sender | None:
    """Sort addresses by their form; the first of each kind counts.

    A user id has been seen in `from` and `wa_id`; phones come with and without `+`.
    """
    phone = user_id = None
    for value in values:
        if not isinstance(value, str):
            continue
        if (match := _PHONE.fullmatch(value)) and match[1].isascii():
            phone = phone or match[1]
        elif _USER_ID.fullmatch(value):
            user_id = user_id or value
    return Sender(phone, user_id) if phone or user_id else None
