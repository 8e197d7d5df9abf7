"""Telephone numbers that WhatsApp writes in two ways.

Mobile numbers got a digit more in Brazil (a 9 after the area code), have a 1 after the country
code in Mexico and a 9 in Argentina; Meta's `wa_id` has it or not, whatever the contact dials. Two
ways to write one number must not make two contacts, so they are compared without that digit.
"""

import re

# By the country code. What begins otherwise in Brazil is no mobile number.
_VARIANTS = {
    "55": re.compile(r"(55\d{2})9?([6-9]\d{7})"),
    "52": re.compile(r"(52)1?(\d{10})"),
    "54": re.compile(r"(54)9?(\d{10})"),
}


def phone_key(digits: str) -> str:
    """Give what two forms of a number have in common; `digits` is the number without `+`."""
    variant = _VARIANTS.get(digits[:2])
    match = variant.fullmatch(digits) if variant else None
    return "".join(match.groups()) if match else digits
