"""Who takes part in the conversation of a run: a citizen with a phone, an agent at the desk."""

from typing import Any
from urllib.parse import urlencode

from deploy.local.call_json import call_bytes, call_json, send_file
from deploy.local.sample_files import SampleFile


class Citizen:
    """Somebody who has WhatsApp, played by the simulator."""

    def __init__(self, simulator_url: str, phone: str, name: str) -> None:
        self.phone = phone
        self.name = name
        self._phone_url = f"{simulator_url}/simulator/phones/{phone}"
        self.messages_url = f"{self._phone_url}/messages"

    def write(self, text: str) -> str:
        """Write to the desk; give the message's id."""
        written = call_json("POST", self.messages_url, {"text": text, "name": self.name})
        return str(written["id"])

    def send(self, file: SampleFile, caption: str = "") -> str:
        """Send a file to the desk; give the message's id."""
        fields = {"kind": file.kind, "caption": caption, "name": self.name}
        url = f"{self._phone_url}/files"
        sent = send_file(url, file.filename, file.declared_type, file.content, fields)
        return str(sent["id"])

    def read(self) -> None:
        """Look at the phone: what the desk sent is read."""
        call_json("POST", f"{self._phone_url}/read")

    def messages(self) -> list[dict[str, Any]]:
        """Give what stands on the phone, in the order in which it came there."""
        return list(call_json("GET", self.messages_url)["messages"])


class Agent:
    """Somebody who answers citizens through the desk's API."""

    def __init__(self, desk_url: str, token: str) -> None:
        self._api_url = f"{desk_url}/api/v1"
        self.tickets_url = f"{self._api_url}/tickets"
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

    def download(self, attachment_id: int) -> bytes:
        """Give the bytes of an accepted file."""
        return call_bytes(f"{self._api_url}/attachments/{attachment_id}", self._token)

    def answer(self, number: str, text: str) -> None:
        """Write to the contact."""
        self._call("POST", f"/{number}/messages", {"text": text})

    def close(self, number: str) -> None:
        """Be done with a ticket: its grace begins."""
        self._call("POST", f"/{number}/close")

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        return call_json(method, f"{self.tickets_url}{path}", body, self._token)
