"""One call: through the stages, in time, or a fallback in its place."""
