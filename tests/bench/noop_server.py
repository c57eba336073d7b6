"""An MCP server with one tool that does nothing, on the SDK and its own stdio, for protocol.py."""

from __future__ import annotations

from typing import Any

import anyio
import mcp_types as t
from mcp.server import Server
from mcp.server.stdio import stdio_server


async def list_tools(_: Any, __: Any) -> t.ListToolsResult:
    return t.ListToolsResult(tools=[t.Tool(name="noop", input_schema={"type": "object"})])


async def call_tool(_: Any, __: Any) -> t.CallToolResult:
    return t.CallToolResult(content=[t.TextContent(text="{}")], structured_content={})


async def main() -> None:
    server: Server[Any] = Server("noop", on_list_tools=list_tools, on_call_tool=call_tool)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


if __name__ == "__main__":
    anyio.run(main)
