#!/usr/bin/env python3
"""A way to a server that breaks: what passes takes a while, and now and then all of it is lost.

    cuts.py LISTEN_PORT SERVER_PORT SEED

Every 50 to 500 ms all connections are reset, and what is on its way in either direction is gone.
While nobody writes to its standard input it goes on so; a line there mends it. At the end of its
input it says how often it cut, and how many bytes were lost, and ends.
"""
import asyncio
import os
import random
import socket
import struct
import sys

DELAY = 0.02


class Way:
    def __init__(self):
        self.open = set()
        self.cuts = 0
        self.lost = 0

    def cut(self):
        if self.open:
            self.cuts += 1
        for writer in list(self.open):
            at_once = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            writer.transport.abort()

    async def carry(self, reader, writer):
        """From one side to the other, in order, each part DELAY after it came."""
        under_way = asyncio.Queue()
        loop = asyncio.get_running_loop()

        async def deliver():
            while (part := await under_way.get()) is not None:
                at, data = part
                await asyncio.sleep(max(0, at - loop.time()))
                if writer.transport.is_closing():
                    self.lost += len(data)
                else:
                    writer.write(data)
            writer.close()

        delivery = asyncio.create_task(deliver())
        try:
            while data := await reader.read(65536):
                under_way.put_nowait((loop.time() + DELAY, data))
        except OSError:
            pass
        under_way.put_nowait(None)
        await delivery

    async def take(self, reader, writer):
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
        except OSError:
            writer.transport.abort()
            return
        both = {writer, there_writer}
        self.open |= both
        await asyncio.gather(self.carry(reader, there_writer), self.carry(there_reader, writer))
        self.open -= both


async def main():
    random.seed(int(sys.argv[3]))
    way = Way()
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    await asyncio.start_server(way.take, "127.0.0.1", int(sys.argv[1]))
    mended = asyncio.create_task(orders.readline())
    while not mended.done():
        await asyncio.wait([mended], timeout=random.uniform(0.05, 0.5))
        if not mended.done():
            way.cut()
    await orders.read()
    print(way.cuts, way.lost, flush=True)
    os._exit(0)  # with whatever is still open


asyncio.run(main())
