"""What a process says of itself at /health/live and /health/ready."""

from aiohttp import web


class Health:
    """The parts that must work before a process takes work; each is ready or gives a reason."""

    def __init__(self) -> None:
        self._trouble: dict[str, str] = {}

    def ready(self, part: str) -> None:
        """Say that a part works."""
        self._trouble.pop(part, None)

    def not_ready(self, part: str, reason: str) -> None:
        """Say that a part does not work, in a few constant words."""
        self._trouble[part] = reason

    @property
    def trouble(self) -> dict[str, str]:
        """Give the parts that do not work, with the reason of each."""
        return dict(self._trouble)

    def routes(self) -> list[web.RouteDef]:
        """Give the two routes that every service has."""
        return [
            web.get("/health/live", self._live),
            web.get("/health/ready", self._ready),
        ]

    async def _live(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def _ready(self, _: web.Request) -> web.Response:
        if self._trouble:
            body = {"status": "not ready", "trouble": self.trouble}
            return web.json_response(body, status=503)
        return web.json_response({"status": "ready"})
