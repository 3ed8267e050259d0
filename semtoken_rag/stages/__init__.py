"""The stages of a call, one of the paper's steps a module."""
