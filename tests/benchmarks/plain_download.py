"""Download to disk and nothing else.

`python -m tests.benchmarks.plain_download URL FILES FOLDER sync|cached`

What a validator is held against: all files at once, it asks for each address and writes the bytes
as they come, without a look at them and without a hash. With `sync` each file is on the disk before
it counts, as a validator's is; else it is where the system likes. Prints the seconds.
"""

import asyncio
import os
import sys
from pathlib import Path
from time import monotonic

import aiohttp
import uvloop


async def main(url: str, files: int, folder: Path, *, sync: bool) -> float:
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:

        async def download(number: int) -> None:
            async with session.get(url.format(number=number)) as answer:
                address = (await answer.json())["url"]
            with (folder / str(number)).open("wb", buffering=0) as file:
                async with session.get(address) as answer:
                    async for piece in answer.content.iter_chunked(256 * 1024):
                        file.write(piece)
                if sync:
                    await asyncio.to_thread(os.fsync, file.fileno())

        started = monotonic()
        await asyncio.gather(*(download(number) for number in range(files)))
        return monotonic() - started


if __name__ == "__main__":
    _, told_url, told_files, told_folder, how = sys.argv
    took = uvloop.run(main(told_url, int(told_files), Path(told_folder), sync=how == "sync"))
    print(took)
