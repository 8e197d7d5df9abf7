"""Who takes part in the conversation of a run: a citizen with a phone, an agent at the desk."""

from typing import Any
from urllib.parse import urlencode

from deploy.local.call_json import call_json


class Citizen:
    """Somebody who has WhatsApp, played by the simulator."""

    def __init__(self, simulator_url: str, phone: str, name: str) -> None:
        self.phone = phone
        self.name = name
        self.messages_url = f"{simulator_url}/simulator/phones/{phone}/messages"

    def write(self, text: str) -> str:
        """Write to the desk; give the message's id."""
        written = call_json("POST", self.messages_url, {"text": text, "name": self.name})
        return str(written["id"])

    def messages(self) -> list[dict[str, Any]]:
        """Give what stands on the phone, in the order in which it came there."""
        return list(call_json("GET", self.messages_url)["messages"])


class Agent:
    """Somebody who answers citizens through the desk's API."""

    def __init__(self, desk_url: str, token: str) -> None:
        self.tickets_url = f"{desk_url}/api/v1/tickets"
        self._token = token

    def tickets_of(self, phone: str) -> list[dict[str, Any]]:
        """Give the tickets of a contact, the newest first."""
        return list(self._call("GET", f"?{urlencode({'q': phone})}")["tickets"])

    def ticket(self, number: str) -> dict[str, Any]:
        """Give a ticket."""
        return self._call("GET", f"/{number}")

    def messages(self, number: str) -> list[dict[str, Any]]:
        """Give the messages of a ticket, the oldest first."""
        return list(self._call("GET", f"/{number}/messages")["messages"])

    def answer(self, number: str, text: str) -> None:
        """Write to the contact."""
        self._call("POST", f"/{number}/messages", {"text": text})

    def close(self, number: str) -> None:
        """Be done with a ticket: its grace begins."""
        self._call("POST", f"/{number}/close")

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        return call_json(method, f"{self.tickets_url}{path}", body, self._token)
