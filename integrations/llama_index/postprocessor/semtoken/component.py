"""The settings as a LlamaIndex component, which compresses nodes and can be serialised."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Sequence
from typing import Any

from llama_index.core.schema import BaseComponent, BaseNode, MetadataMode
from pydantic import ConfigDict, model_validator

from llama_index.postprocessor.semtoken.nodes import shown, to_node
from semtoken_rag import CompressedContext
from semtoken_rag.adapters.intake import Intake
from semtoken_rag.adapters.settings import PROMPT, RETRIEVED, SemTokenSettings

OBJECTS = ("token_counter", "encoder", "strategy", "store", "config")


class SemTokenComponent(SemTokenSettings, BaseComponent):
    """`SemTokenSettings` that compress nodes; an assigned field is checked as in the constructor.

    ``to_dict`` keeps objects as they are, so ``from_dict`` gives an equal component; ``to_json`` and
    ``pickle`` never lose a setting.

    Raises
    ------
    ValueError
        From ``to_json``, if a setting is an object that JSON cannot hold.
    pickle.PicklingError
        If a setting cannot be pickled.
    """

    model_config = ConfigDict(validate_assignment=True)

    @model_validator(mode="before")
    @classmethod
    def _without_class_name(cls, data: Any) -> Any:
        """Accept the output of ``model_dump``, which has the class's name in it."""
        if isinstance(data, dict) and data.get("class_name") == cls.class_name():
            return {name: value for name, value in data.items() if name != "class_name"}
        return data

    def to_dict(self, **kwargs: Any) -> dict[str, Any]:
        """Return the settings with objects as they are; pydantic would make dicts of dataclasses."""
        data: dict[str, Any] = super().to_dict(**kwargs)
        if kwargs.get("mode", "python") == "python":
            data |= {name: getattr(self, name) for name in OBJECTS if name in data}
        return data

    def to_json(self, **kwargs: Any) -> str:
        """Return the settings as JSON."""
        return json.dumps(self.to_dict(**{"mode": "json", **kwargs}))

    def __getstate__(self) -> dict[str, Any]:
        """Raise if a setting cannot be pickled: LlamaIndex would drop it and restore the default."""
        state: dict[str, Any] = super().__getstate__()
        for name in SemTokenSettings.model_fields:
            if name not in state["__dict__"]:
                raise pickle.PicklingError(f"{name} cannot be pickled, got {getattr(self, name)!r:.80}")
        return state

    def _measure(self) -> Callable[[BaseNode], int]:
        """Return what counts the tokens that a prompt adds to a node."""
        if self.overhead != "auto":
            tokens = self.overhead
            return lambda node: tokens
        frame = self._frame()

        def measure(node: BaseNode) -> int:
            return frame.tokens(shown(node), node.get_content(metadata_mode=MetadataMode.NONE))

        return measure

    def _take_kept(
        self, nodes: Sequence[BaseNode], taken: Intake, context: CompressedContext
    ) -> dict[int, BaseNode]:
        """Return the nodes that are left, in output order, by their former position.

        Parameters
        ----------
        nodes
            All nodes; those without text to cut pass untouched.
        taken
            What was read of them.
        context
            The result for the chunks.

        Returns
        -------
        dict of int to BaseNode
            Copies of the nodes of which something is kept, and the untouched nodes.
        """
        places = list(taken.chunks)
        found = {
            places[kept.index]: to_node(nodes[places[kept.index]], kept, stats=context.stats)
            for kept in context.chunks
        }
        others = {i: node for i, node in enumerate(nodes) if i not in taken.chunks and i not in taken.skipped}
        order = (self.config and self.config.order) or RETRIEVED
        if order == "source" or not (context.query and context.units):  # without units, all of it fits
            return dict(sorted((found | others).items()))
        return others | found if order == PROMPT else found | others
