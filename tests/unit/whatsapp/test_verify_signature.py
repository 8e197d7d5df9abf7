"""Whether a webhook comes from Meta."""

import pytest

from shared.whatsapp.verify_signature import verify_signature

SECRET = "test_app_secret"
# The first as Meta writes it, the second the same JSON with spaces: other bytes, another digest.
VECTORS = [
    (
        b'{"object":"whatsapp_business_account","entry":[]}',
        "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756",
    ),
    (
        b'{"object": "whatsapp_business_account", "entry": []}',
        "56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a",
    ),
]
BODY, DIGEST = VECTORS[0]


@pytest.mark.parametrize(("body", "digest"), VECTORS)
def test_a_genuine_webhook_is_taken(body: bytes, digest: str) -> None:
    assert verify_signature(body, f"sha256={digest}", [SECRET])


def test_the_exact_bytes_are_signed_and_not_their_meaning() -> None:
    assert not verify_signature(VECTORS[1][0], f"sha256={DIGEST}", [SECRET])


@pytest.mark.parametrize("secrets", [["new", SECRET], [SECRET, "old"]])
def test_while_a_secret_is_rotated_either_is_right(secrets: list[str]) -> None:
    assert verify_signature(BODY, f"sha256={DIGEST}", secrets)


@pytest.mark.parametrize("secrets", [[], ["other"], ["test_app_secret "]])
def test_another_secret_is_wrong(secrets: list[str]) -> None:
    assert not verify_signature(BODY, f"sha256={DIGEST}", secrets)


@pytest.mark.parametrize(
    "header",
    [
        None, "", DIGEST, "sha256=", f"sha1={DIGEST}", f"sha256={DIGEST[:-1]}",
        f"sha256={DIGEST}0", f"sha256={DIGEST.upper()}", f" sha256={DIGEST}", f"sha256={DIGEST}\n",
        f"sha256={DIGEST[:-1]}é", f"sha256={DIGEST},sha256={DIGEST}", f"sha256={'0' * 64}",
    ],
)  # fmt: skip
def test_a_header_that_is_missing_or_odd_is_wrong(header: str | None) -> None:
    assert not verify_signature(BODY, header, [SECRET])


def test_one_changed_byte_is_noticed() -> None:
    for place in range(len(BODY)):
        forged = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
        assert not verify_signature(forged, f"sha256={DIGEST}", [SECRET])
