"""Storekeeper: an MCP server whose tools are PostgreSQL functions."""
