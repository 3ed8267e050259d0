"""Write the arrays of a BERT as an ONNX file: weights in seven bits, the tokenizer in the metadata.

The graph is made here, since the exporters of torch and onnxruntime.transformers leave products apart that
run faster as one, and join sums and norms into an operator that runs slower, see ``docs/experiments.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from semtoken_rag._internal.optional import require
from semtoken_rag.encoders.onnx_model import INPUT, LONGEST, NAME, TOKENIZER, VECTORS
from semtoken_rag.encoders.windows import bare_tokenizer
from semtoken_rag.text.files import write_whole
from semtoken_rag.types import FloatArray

BITS = 7
SINGLE = 32  # bits of single precision
WORDS, PLACES = (f"embeddings.{kind}_embeddings.weight" for kind in ("word", "position"))
SCALE = ".scale"  # behind the name of a quantised weight
JOINT = ","  # between the names of layers that are one product
OPSETS = {"": 18, "com.microsoft": 1}
IR_VERSION = 9


@dataclass(frozen=True, slots=True)
class Shape:
    """What the weights of a BERT do not say.

    Attributes
    ----------
    layers, heads, width
        Number of layers and of heads, dimensions of a vector.
    places
        Tokens that it takes, special tokens included.
    epsilon
        Of its layer norms.
    """

    layers: int
    heads: int
    width: int
    places: int
    epsilon: float


def write(
    weights: Mapping[str, FloatArray],
    shape: Shape,
    tokenizer: Any,
    path: Path,
    *,
    name: str,
    bits: int = BITS,
    extra: str = "offline",
) -> None:
    """Write a file that `semtoken_rag.encoders.onnx.OnnxEncoder` reads; the same arrays give the same bytes.

    Parameters
    ----------
    weights
        Arrays float32 by their names in a BERT of transformers with gelu and absolute positions.
    shape
        What they do not say.
    tokenizer
        A ``tokenizers.Tokenizer``.
    path
        The ``.onnx`` file; its folder is made if it is missing.
    name
        Name of the vectors in stats and stores.
    bits
        Bits of a weight, in 2 to 8, each row of a matrix with its own scale; or 32 for single precision. With
        8 bits, products overflow on CPUs without VNNI, which add two of them in 16 bits.
    extra
        The extra that a message names if onnx is missing.

    Raises
    ------
    ImportError
        If onnx is missing.
    ValueError
        If ``bits`` is out of range.
    """
    if bits not in (*range(2, 9), SINGLE):
        raise ValueError(f"bits must be in 2 to 8 or 32, got {bits!r}")
    graph = _Graph(require("onnx", extra=extra), weights, bits)
    _bert(graph, shape)
    model = graph.model(shape.width)
    about = {NAME: name, LONGEST: str(shape.places), TOKENIZER: bare_tokenizer(tokenizer).to_str()}
    graph.onnx.helper.set_model_props(model, about)
    graph.onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, model.SerializeToString(deterministic=True))


def _bert(graph: _Graph, shape: Shape) -> None:
    """Add the operators of a BERT, from the token ids (1, n) to the last hidden state (1, n, d)."""
    x = graph.norm(_embedding(graph), "embeddings.LayerNorm", shape.epsilon)
    for number in range(shape.layers):
        layer = f"encoder.layer.{number}"
        joined = graph.linear(x, *(f"{layer}.attention.self.{part}" for part in ("query", "key", "value")))
        parts = graph.add("Split", [joined], outputs=3, axis=-1, num_outputs=3)
        heads = graph.add("MultiHeadAttention", parts, num_heads=shape.heads)[0]
        attended = graph.linear(heads, f"{layer}.attention.output.dense")
        x = graph.add("Add", [attended, x])[0]
        x = graph.norm(x, f"{layer}.attention.output.LayerNorm", shape.epsilon)
        inner = graph.add("Gelu", [graph.linear(x, f"{layer}.intermediate.dense")])[0]
        x = graph.add("Add", [graph.linear(inner, f"{layer}.output.dense"), x])[0]
        x = graph.norm(x, f"{layer}.output.LayerNorm", shape.epsilon)


def _embedding(graph: _Graph) -> str:
    """Add the sum of the embeddings of word, position and the first type: (1, n, d)."""
    words = graph.weights[WORDS]
    places = graph.weights[PLACES]
    places = places + graph.weights["embeddings.token_type_embeddings.weight"][0]
    if graph.bits == SINGLE:
        rows = graph.add("Gather", [graph.constant(words, WORDS), INPUT])[0]
    else:
        codes, scale = _quantise(words, 8)  # a sum, in which nothing overflows
        rows = graph.add("Gather", [graph.constant(codes, WORDS), INPUT])[0]
        rows = graph.add("Cast", [rows], to=graph.onnx.TensorProto.FLOAT)[0]
        sizes = graph.add("Gather", [graph.constant(scale[:, None], WORDS + SCALE), INPUT])[0]
        rows = graph.add("Mul", [rows, sizes])[0]
    length = graph.add("Shape", [INPUT], start=1, end=2)[0]
    bounds = [graph.constant(np.array([0])), length, graph.constant(np.array([1]))]
    offset = graph.add("Slice", [graph.constant(places[None], PLACES), *bounds])[0]
    return graph.add("Add", [rows, offset])[0]


class _Graph:
    """Operators and weights, added one after the other; each value has a number for its name."""

    def __init__(self, onnx: Any, weights: Mapping[str, FloatArray], bits: int) -> None:
        self.onnx, self.weights, self.bits = onnx, weights, bits
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._values = 0

    def constant(self, array: np.ndarray, name: str = "") -> str:
        """Add a constant; return its name."""
        name = name or f"c{len(self._constants)}"
        made = self.onnx.numpy_helper.from_array(np.ascontiguousarray(array), name)
        self._constants.append(made)
        return str(made.name)

    def add(self, operator: str, inputs: list[str], outputs: int = 1, **attributes: Any) -> list[str]:
        """Add an operator; return the names of its outputs."""
        names = [f"v{self._values + i}" for i in range(outputs)]
        self._values += outputs
        own = operator in ("MultiHeadAttention", "Gelu", "DynamicQuantizeMatMul")
        domain = "com.microsoft" if own else ""
        self._nodes.append(self.onnx.helper.make_node(operator, inputs, names, domain=domain, **attributes))
        return names

    def linear(self, x: str, *layers: str) -> str:
        """Add linear layers with the same input as one product."""
        name = JOINT.join(layers)
        weight = np.concatenate([self.weights[f"{layer}.weight"] for layer in layers])  # (out, in)
        shift = np.concatenate([self.weights[f"{layer}.bias"] for layer in layers])
        bias = self.constant(shift, f"{name}.bias")
        if self.bits == SINGLE:
            product = self.add("MatMul", [x, self.constant(weight.T, f"{name}.weight")])[0]
            return self.add("Add", [product, bias])[0]
        codes, scale = _quantise(weight, self.bits)
        sizes = self.constant(scale, f"{name}.weight{SCALE}")
        zeros = self.constant(np.zeros(len(scale), np.int8))
        rows = self.constant(codes.T, f"{name}.weight")
        return self.add("DynamicQuantizeMatMul", [x, rows, sizes, zeros, bias])[0]

    def norm(self, x: str, layer: str, epsilon: float) -> str:
        """Add a layer norm."""
        names = (f"{layer}.weight", f"{layer}.bias")
        factors = [self.constant(self.weights[name], name) for name in names]
        return self.add("LayerNormalization", [x, *factors], axis=-1, epsilon=epsilon)[0]

    def model(self, dimensions: int) -> Any:
        """Return the model, whose output has so many dimensions."""
        make, kinds = self.onnx.helper, self.onnx.TensorProto
        self._nodes[-1].output[0] = VECTORS[0]
        ids = make.make_tensor_value_info(INPUT, kinds.INT64, [1, "tokens"])
        vectors = make.make_tensor_value_info(VECTORS[0], kinds.FLOAT, [1, "tokens", dimensions])
        graph = make.make_graph(self._nodes, "bert", [ids], [vectors], self._constants)
        opsets = [make.make_opsetid(*opset) for opset in OPSETS.items()]
        return make.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="semtoken-rag"
        )


def _quantise(rows: FloatArray, bits: int) -> tuple[np.ndarray, FloatArray]:
    """Quantise each row with its own scale: codes (m, d) int8 and scales (m,) float32."""
    top = 2 ** (bits - 1) - 1
    scale = np.maximum(np.abs(rows).max(1), np.finfo(np.float32).tiny * top) / np.float32(top)
    return np.round(rows / scale[:, None]).astype(np.int8), scale.astype(np.float32)
