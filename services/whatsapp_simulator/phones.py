"""The citizens' phones: who they are, and what was written to and from each."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

import msgspec

# What a message goes through, in this order.
STATES = (None, "sent", "delivered", "read")
State = Literal["sent", "delivered", "read"]


class PhoneMessage(msgspec.Struct, kw_only=True):
    """A message on a phone; the direction is the desk's: inbound is what the citizen wrote."""

    id: str
    direction: Literal["inbound", "outbound"]
    type: str
    text: str | None
    at: datetime
    callback_data: str | None = None
    context: dict[str, Any] | None = None
    content: Any = None
    """The object that is named like the type, e.g. a template with its parameters."""
    status: State | None = None
    """Inbound: on its way, taken by the desk, marked as read. Outbound: reported to the desk."""
    answer_lost: bool = False
    """Outbound: the connection was cut before the answer of the Graph API."""
    lost_statuses: list[State] = []
    """Outbound: what the desk is never told."""
    media_id: str | None = None
    filename: str | None = None
    mime_type: str | None = None

    def reach(self, state: State) -> None:
        """Note how far the message has come; it never goes back."""
        self.status = max(self.status, state, key=STATES.index)


@dataclass
class Phone:
    """One citizen: a number, a business-scoped user id, or both."""

    number: str | None = None
    user_id: str | None = None
    name: str = ""
    messages: list[PhoneMessage] = field(default_factory=list)
    burst: tuple[float, int] = (0.0, 0)
    """When the desk's newest burst of messages to it began (Unix seconds), and how many it has."""

    @property
    def contact(self) -> dict[str, Any]:
        """Give the person as `contacts[]` of a webhook shows it.

        A username comes exactly where the number is hidden, because only users with a username
        can hide it (Meta, business-scoped user ids, 2026-06-29).
        """
        contact: dict[str, Any] = {"profile": {"name": self.name}}
        if self.number:
            contact["wa_id"] = self.number
        elif self.user_id:
            contact["profile"]["username"] = "user." + self.user_id[-12:].lower()
        if self.user_id:
            contact["user_id"] = self.user_id
        return contact


class Phones:
    """Every phone that wrote or was written to, by number and by user id."""

    def __init__(self) -> None:
        self._by_address: dict[str, Phone] = {}
        self.written: dict[str, Phone] = {}
        """On which phone each message of a citizen was written, by wamid."""

    def find(self, address: str) -> Phone | None:
        """Give the phone with this number or user id."""
        return self._by_address.get(address)

    def all(self) -> list[Phone]:
        """Give every phone once, in the order in which they were first met."""
        return list({id(phone): phone for phone in self._by_address.values()}.values())

    def dial(self, number: str) -> Phone:
        """Give the phone with this number; everyone has WhatsApp here."""
        return self.find(number) or self.meet(number, default_user_id(number))

    def meet(self, number: str | None, user_id: str | None) -> Phone:
        """Give the one phone of whoever shows these two; the user id says who it is.

        A number that comes with another user id than before has a new owner; a user id that comes
        with another number has moved, and the old number is nobody's.
        """
        by_user = self._by_address.get(user_id or "")
        by_number = self._by_address.get(number or "")
        if by_number and user_id and by_number.user_id not in (None, user_id):
            by_number = None
        phone = by_user or by_number or Phone(name=f"Persona {(number or user_id or '')[-4:]}")
        if by_number and by_number is not phone:
            phone.messages = sorted(phone.messages + by_number.messages, key=lambda m: m.at)
        if number and phone.number not in (None, number):
            self._by_address.pop(phone.number or "", None)
        phone.number = number or phone.number
        phone.user_id = user_id or phone.user_id
        self._by_address |= {address: phone for address in (number, user_id) if address}
        return phone


def default_user_id(number: str) -> str:
    """Give the user id that belongs to a number unless a test says another.

    Since April 2026 every webhook has one (Meta, business-scoped user ids, 2026-06-29).
    """
    return f"CO.{int(sha256(number.encode()).hexdigest(), 16) % 10**20:020}"
