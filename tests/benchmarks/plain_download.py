"""Download to disk and nothing else.

`python -m tests.benchmarks.plain_download URL FILES AT_ONCE FOLDER`

What a validator is held against: it asks for each address and writes the bytes as they come,
without a look at them, without a hash, and without waiting for the disk. Prints the seconds.
"""

import asyncio
import sys
from pathlib import Path
from time import monotonic

import aiohttp
import uvloop


async def main(url: str, files: int, at_once: int, folder: Path) -> float:
    room = asyncio.Semaphore(at_once)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(
        timeout=timeout, connector=aiohttp.TCPConnector(limit=0)
    ) as http:

        async def download(number: int) -> None:
            async with room:
                async with http.get(url.format(number=number)) as answer:
                    address = (await answer.json())["url"]
                async with http.get(address) as answer:
                    with (folder / str(number)).open("wb") as file:
                        async for piece in answer.content.iter_chunked(256 * 1024):
                            file.write(piece)

        started = monotonic()
        await asyncio.gather(*(download(number) for number in range(files)))
        return monotonic() - started


if __name__ == "__main__":
    _, told_url, told_files, told_at_once, told_folder = sys.argv
    print(uvloop.run(main(told_url, int(told_files), int(told_at_once), Path(told_folder))))
