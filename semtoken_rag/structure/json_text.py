"""JSON: every value hangs on the keys that lead to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from semtoken_rag.structure.base import Segment
from semtoken_rag.structure.slices import finish, lines, trim

ELEMENT = 200  # characters of an object in an array that stays whole
NAMED = 120  # characters of an element's first members that name it
MEMBER = 80  # characters of a member whose value is a flat object or array, and that stays whole

_SIGN = r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]'
_NAMES = frozenset(
    {"id", "key", "name", "title", "label", "sku", "code", "type", "nummer", "nom", "titre", "titel"}
)


@dataclass(slots=True)
class _Node:
    """A value with its key: where it begins and ends, its key's name, and what is in it."""

    start: int
    end: int = 0
    inner: int = -1  # behind the opening bracket, -1 for a scalar
    name: str = ""
    array: bool = False
    members: list[_Node] = field(default_factory=list)


def parse_json(text: str) -> list[Segment] | None:
    r"""Cut JSON into its values, each of which hangs on the key of what it is in.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    list of Segment or None
        A ``key`` is the opening of an object or array, ``"plans": {``; in an array it is the opening of a
        large object with its first members, which name it. Each ``entry`` is a member or an element, small
        objects whole. Closing brackets are in no segment. Lines that are each JSON (JSON Lines) are entries.
        None where the text is neither.

    Examples
    --------
    >>> text = '{"plans": {"team": {"fee": 5, "users": 9}}, "year": 2024}'
    >>> [(s.kind, s.parent, text[s.start : s.end]) for s in parse_json(text)]
    [('key', -1, '"plans": {'), ('entry', 0, '"team": {"fee": 5, "users": 9}'), ('entry', -1, '"year": 2024')]
    """
    start, end = trim(text, 0, len(text))
    start, end = trim(text, start + text.startswith("\ufeff", start), end)
    if text[start : start + 1] not in ("{", "["):
        return None
    if _valid(text[start:end]):
        return finish(text, _segments(text, _tree(text, start, end)))
    records = [(a, b) for a, b in lines(text, start, end) if text[a:b].strip()]
    if len(records) > 1 and all(
        text[a:b].lstrip()[:1] in ("{", "[") and _valid(text[a:b]) for a, b in records
    ):
        return finish(text, [Segment(a, b, "entry") for a, b in records])
    return None


def _valid(text: str) -> bool:
    try:
        json.loads(text, parse_int=str, parse_float=str)  # numbers of any length
    except (ValueError, RecursionError):
        return False
    return True


def _tree(text: str, start: int, end: int) -> _Node:
    """Nodes of valid JSON."""
    root = _Node(start)
    node, above = root, [root]
    node.inner, node.array = start + 1, text[start] == "["
    fresh = start + 1  # behind the last bracket or comma: where a member begins
    name = ""
    for match in re.finditer(_SIGN, text[start + 1 : end], re.DOTALL):
        sign, at = match.group(), start + 1 + match.start()
        if sign == ":":
            name = text[slice(*trim(text, fresh, at))].strip('"')
        elif sign in "{[":
            node = _Node(trim(text, fresh, at + 1)[0], inner=at + 1, name=name, array=sign == "[")
            above[-1].members.append(node)
            above.append(node)
            fresh, name = at + 1, ""
        elif sign in "}],":
            left, right = trim(text, fresh, at)
            if left < right:
                above[-1].members.append(_Node(left, right, name=name))
            fresh, name = at + 1, ""
            if sign != ",":
                above.pop().end = at + 1
                fresh = at + 1
            elif above[-1].members:
                above[-1].members[-1].end = at + 1  # the comma goes with what stands before it
    return root


def _segments(text: str, root: _Node) -> Iterator[Segment]:
    """Segments of the tree, without recursion."""
    if not root.members:
        yield Segment(root.start, root.end, "entry")
        return
    made = 0
    work: list[tuple[_Node, int]] = [(node, -1) for node in reversed(_parts(root))]
    while work:
        node, parent = work.pop()
        if _whole(node):
            yield Segment(node.start, node.end, "entry", parent)
            made += 1
            continue
        start, end, named = _opening(node)
        if end - start > 1:  # a bare bracket says nothing
            yield Segment(start, end, "key", parent)
            parent, made = made, made + 1
        work += [(part, parent) for part in reversed(_parts(node)[named:])]


def _whole(node: _Node) -> bool:
    """Return whether a node is one entry."""
    if not node.members:
        return True
    size, flat = node.end - node.start, all(member.inner < 0 for member in node.members)
    if node.array:
        return flat and size <= ELEMENT
    if node.start == node.inner - 1:  # an element of an array
        return size <= ELEMENT
    return flat and size <= MEMBER


def _opening(node: _Node) -> tuple[int, int, int]:
    """Range of a node's key, and how many of its members are part of it."""
    keyed = node.start < node.inner - 1
    if keyed or node.array or node.members[0].inner >= 0 or len(node.members) < 2:
        return node.start, node.inner, 0
    count, end = 1, node.members[0].end
    for number, member in enumerate(node.members[:4], 1):
        if member.inner >= 0 or member.end - node.start > NAMED or number == len(node.members):
            break
        if member.name.lower() in _NAMES:
            count, end = number, member.end
    return (node.start, end, count) if end - node.start <= ELEMENT else (node.start, node.inner, 0)


def _parts(node: _Node) -> list[_Node]:
    """Members of a node; scalars of an array are put together, as far as they are short."""
    if not node.array:
        return node.members
    parts: list[_Node] = []
    for member in node.members:
        last = parts[-1] if parts else member
        if parts and last.inner < 0 and member.inner < 0 and member.end - last.start <= ELEMENT:
            parts[-1] = _Node(last.start, member.end)
        else:
            parts.append(member)
    return parts
