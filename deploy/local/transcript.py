"""What is told of a conversation: every line is read back from the citizen's phone or the desk."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from deploy.local.people import Agent, Citizen
from deploy.local.wait_for_step import wait_for_step

CLOCK = "%H:%M:%S"

ResultT = TypeVar("ResultT")
Json = dict[str, Any]


class Transcript:
    """A citizen and an agent, and whoever looks on.

    `must_run` raises where a service has ended meanwhile.
    """

    def __init__(
        self,
        citizen: Citizen,
        agent: Agent,
        say: Callable[[str], None],
        must_run: Callable[[], None],
    ) -> None:
        self.citizen = citizen
        self.agent = agent
        self._say = say
        self._must_run = must_run
        self._shown: set[str] = set()

    def wait(self, step: str, look: Callable[[], ResultT | None]) -> ResultT:
        """Look until it gives something; StepMissingError names a step that does not come."""

        def look_while_all_run() -> ResultT | None:
            self._must_run()
            return look()

        return wait_for_step(step, look_while_all_run)

    def see_written(self, wamid: str) -> None:
        """Show what the citizen wrote, once it stands on the phone."""

        def look() -> Json | None:
            found = [one for one in self.citizen.messages() if one["id"] == wamid]
            return found[0] if found else None

        message = self.wait("what the citizen writes, on the phone", look)
        self._show_on_phone(f"{self.citizen.name} writes", message)

    def see_on_phone(self, step: str, part: str) -> None:
        """See the next message that the phone got, once it is one with this part."""

        def look() -> Json | None:
            received = [
                one
                for one in self.citizen.messages()
                if one["direction"] == "outbound" and one["id"] not in self._shown
            ]
            return received[0] if received and part in received[0]["text"] else None

        message = self.wait(f"{step}, on the phone", look)
        self._shown.add(message["id"])
        self._show_on_phone("the desk writes", message)

    def show_at_desk(self, line: str) -> None:
        """Show what an agent sees now."""
        self._show(datetime.now(UTC).strftime(CLOCK), "desk", line)

    def _show_on_phone(self, what: str, message: Json) -> None:
        file = message.get("filename") or (message["type"] if message.get("media_id") else None)
        words = [f"[{file}]"] if file else []
        words += [message["text"].strip()] if message["text"] else []
        self._show(clock(message["at"]), "phone", f"{what}: {' '.join(words)}")

    def _show(self, moment: str, place: str, line: str) -> None:
        first, *more = line.splitlines()
        self._say(f"  {moment}  {place:<5}  {first}")
        for rest in more:
            self._say(f"  {'':<8}  {'':<5}  {rest}")


def clock(moment: str) -> str:
    """Write a moment of the API as a time of day in UTC."""
    return datetime.fromisoformat(moment).astimezone(UTC).strftime(CLOCK)
