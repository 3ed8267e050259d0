"""What a local LLM makes of a compressed context: quality, time and memory."""
