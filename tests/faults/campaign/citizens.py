"""The citizens of a campaign: what they write and send, and what is to become of it."""

import asyncio
from dataclasses import dataclass, field
from random import Random

import aiohttp

from tests import media_files
from tests.faults.campaign.victim import KILLER, POISON
from tests.system import System

MARK = "texto-secreto"
"""In each text of citizens and agents, so that logs can be searched for it."""


@dataclass(frozen=True, slots=True)
class Written:
    """A message of a citizen; `verdict` is a format, or the reason why the file is not taken."""

    wamid: str
    phone: str
    text: str
    filename: str | None = None
    content: bytes = b""
    verdict: str | None = None

    @property
    def is_deadly(self) -> bool:
        """Tell whether it can only end among the dead letters."""
        return self.text.startswith((POISON, KILLER))


@dataclass
class Citizens:
    """So many people with a phone each, who write at a pace of so many messages a second."""

    system: System
    count: int
    per_second: float
    seed: int
    written: list[Written] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def phone(self, number: int) -> str:
        """Give a citizen's telephone number."""
        return f"34611{number:06d}"

    async def write_until(self, stop: asyncio.Event) -> None:
        """Write, in every order and mixture that the seed draws."""
        await asyncio.gather(*(self._live(number, stop) for number in range(self.count)))

    async def _live(self, number: int, stop: asyncio.Event) -> None:
        chance = Random(f"{self.seed}-{number}")  # noqa: S311  repeatable on purpose
        phone = self.phone(number)
        while not await _stopped_within(stop, chance.expovariate(self.per_second / self.count)):
            match chance.random():
                case draw if draw < 0.07:
                    await self._send_album(phone, chance)
                case draw if draw < 0.12:
                    await self.write(phone, forwarded=chance.choice(["once", "often"]))
                case draw if draw < 0.2:
                    await asyncio.gather(*(self.write(phone) for _ in range(3)))
                case _:
                    await self.write(phone)

    async def write(self, phone: str, beginning: str = "", **more: str) -> str:
        """Have one text written; give the wamid."""
        text = f"{beginning} {MARK} {self._next(phone)} de {phone}".strip()
        wamid = await self.system.write(phone, text, **more)
        self.written.append(Written(wamid, phone, text))
        return wamid

    async def _send_album(self, phone: str, chance: Random) -> None:
        await asyncio.gather(*(self._send_file(phone, chance) for _ in range(chance.randint(1, 3))))

    async def _send_file(self, phone: str, chance: Random) -> None:
        number = self._next(phone)
        kind = chance.choice(["pdf", "jpg", "docx", "cut"])
        seed = chance.getrandbits(24)
        match kind:
            case "pdf":
                content, verdict = media_files.small_pdf(seed), "pdf"
            case "jpg":
                content, verdict = media_files.small_jpg(seed), "jpg"
            case "docx":
                content, verdict = media_files.small_docx(seed), "format"
            case _:
                content, verdict = media_files.small_pdf(seed)[:-200], "damaged"
        filename = f"{MARK}-{number}-{phone}.pdf"
        wamid = await self.system.send_file(phone, content, filename)
        self.written.append(Written(wamid, phone, "", filename, content, verdict))

    def _next(self, phone: str) -> int:
        self._numbers[phone] = self._numbers.get(phone, 0) + 1
        return self._numbers[phone]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent asked the desk to send, and the status of its answer; 0: there was none."""

    ticket: str
    text: str
    status: int


@dataclass
class Agents:
    """A few agents who answer, close and reopen; a desk that is away is asked again later."""

    http: aiohttp.ClientSession
    urls: tuple[str, ...]
    token: str
    seed: int
    answers: list[Answer] = field(default_factory=list)
    calls: dict[int, int] = field(default_factory=dict)
    """How often each status came back."""

    async def work_until(self, stop: asyncio.Event, agents: int, per_second: float) -> None:
        """Work, each by the draw of the seed."""
        await asyncio.gather(*(self._work(n, stop, per_second / agents) for n in range(agents)))

    async def _work(self, number: int, stop: asyncio.Event, per_second: float) -> None:
        chance = Random(f"{self.seed}-agent-{number}")  # noqa: S311  repeatable on purpose
        turn = 0
        while not await _stopped_within(stop, chance.expovariate(per_second)):
            turn += 1
            state = "closing" if chance.random() < 0.15 else "open"
            status, page = await self._call(chance, "GET", f"/tickets?status={state}&limit=50")
            if status != 200 or not page["tickets"]:
                continue
            ticket = chance.choice(page["tickets"])["number"]
            match chance.random():
                case _ if state == "closing":
                    await self._call(chance, "POST", f"/tickets/{ticket}/reopen")
                case draw if draw < 0.35:
                    await self._call(chance, "POST", f"/tickets/{ticket}/close")
                case draw if draw < 0.45:
                    await self._call(chance, "POST", f"/tickets/{ticket}/read")
                case _:
                    text = f"{MARK} respuesta {number}-{turn}"
                    path = f"/tickets/{ticket}/messages"
                    status, _ = await self._call(chance, "POST", path, {"text": text})
                    self.answers.append(Answer(ticket, text, status))

    async def _call(
        self, chance: Random, method: str, path: str, body: object = None
    ) -> tuple[int, dict[str, list[dict[str, str]]]]:
        headers = {"Authorization": f"Bearer {self.token}"}
        status, answer = 0, {}
        try:
            async with self.http.request(
                method, chance.choice(self.urls) + path, json=body, headers=headers
            ) as response:
                answer = await response.json()
                status = response.status
        except (aiohttp.ClientError, TimeoutError, ValueError):
            pass
        self.calls[status] = self.calls.get(status, 0) + 1
        return status, answer


async def _stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True
