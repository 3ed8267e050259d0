"""A parameter more for a tool, by which the model says what it looks for; the tool itself never sees it."""

from __future__ import annotations

from typing import Any

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from semtoken_rag.agents.config import ASKS


def with_parameter(tool: BaseTool, name: str) -> BaseTool:
    """Return a copy of a tool whose schema has one more parameter, an optional string.

    The copy is for the model to read; the tool itself is called, see `without_parameter`. A tool that has a
    parameter of that name, or no parameters at all, as one that takes free text, is returned as it is.
    """
    if (schema := _schema(tool)) is None or name in schema.get("properties", {}):
        return tool
    asked = {"type": "string", "description": ASKS}
    properties = {**schema.get("properties", {}), name: asked}
    return tool.model_copy(update={"args_schema": {**schema, "properties": properties}})


def without_parameter(tool: BaseTool | None, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call without a parameter that the tool does not have.

    Parameters
    ----------
    tool
        The tool; None if it is not known.
    name
        The parameter.
    arguments
        The arguments that the model gave, which are not changed.

    Returns
    -------
    dict
        What the tool is called with.
    """
    if name not in arguments or tool is None or name in (_schema(tool) or {}).get("properties", {}):
        return arguments
    return {key: value for key, value in arguments.items() if key != name}


def _schema(tool: BaseTool) -> dict[str, Any] | None:
    """Return the JSON schema of what the model is told to give; None if that is free text."""
    told = convert_to_openai_tool(tool)
    if told["type"] != "function":
        return None
    schema: dict[str, Any] = told["function"].get("parameters", {})
    return schema
