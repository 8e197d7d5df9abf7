"""A stand-in for Meta's media, as fast as it goes.

`python -m tests.benchmarks.media_source FOLDER PORT`

An id is a number and the name of a file in the folder: `17-large.pdf`. The kernel sends the bytes,
so that the source takes little of the machine from whoever is measured.
"""

import sys
from pathlib import Path

from aiohttp import web

FOLDER = web.AppKey("folder", Path)


async def tell(request: web.Request) -> web.Response:
    name = request.match_info["id"].partition("-")[2]
    return web.json_response({"url": str(request.url.origin() / "bytes" / name)})


async def give(request: web.Request) -> web.FileResponse:
    return web.FileResponse(request.app[FOLDER] / request.match_info["name"])


def main() -> None:
    app = web.Application()
    app[FOLDER] = Path(sys.argv[1])
    app.add_routes([web.get("/v25.0/{id}", tell), web.get("/bytes/{name}", give)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), print=None)


if __name__ == "__main__":
    main()
