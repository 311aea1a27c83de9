"""`/mcp`: the Model Context Protocol over HTTP, set up when it is first asked for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from assistant.asking import Asking

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH = "/mcp"


class McpEndpoint:
    """Answers each request by itself, without sessions, so that nothing is left of a client that is gone."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._opening = asyncio.Lock()
        self._manager: StreamableHTTPSessionManager | None = None
        self._running: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    def route(self) -> Route:
        """`POST /mcp`. A GET would wait for messages that never come from here."""
        return Route(PATH, endpoint=self, methods=["POST"], include_in_schema=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        async with self._opening:
            if self._manager is None:
                self._manager = await self._open()
        await self._manager.handle_request(scope, receive, send)

    async def close(self) -> None:
        """Stop what was set up."""
        self._stop.set()
        if self._running:
            await self._running

    async def _open(self) -> "StreamableHTTPSessionManager":
        manager = await asyncio.to_thread(_manager, self._asking)
        opened = asyncio.Event()

        async def run() -> None:
            async with manager.run():
                opened.set()
                await self._stop.wait()

        self._running = asyncio.create_task(run())
        await opened.wait()
        return manager

    @contextlib.asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        """For the application: closes at its end."""
        yield
        await self.close()


def _manager(asking: Asking) -> "StreamableHTTPSessionManager":
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from assistant.api.mcp_server import create_mcp_server

    # Hosts and origins are decided for all routes in one place, before this one.
    server = create_mcp_server(asking)._lowlevel_server
    return StreamableHTTPSessionManager(server, json_response=True, stateless=True)
