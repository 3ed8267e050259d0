from __future__ import annotations

import os

# Before any test imports a Hugging Face library, which reads it once.
os.environ["HF_HUB_OFFLINE"] = "1"
