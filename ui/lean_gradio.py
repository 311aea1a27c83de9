"""Gradio, without the SDK that it would load for a server of its own; `/mcp` here is not Gradio's."""

import sys

_known = sys.modules.get("mcp")
sys.modules["mcp"] = None  # type: ignore[assignment]  # so that importing it fails, which Gradio is ready for
try:
    import gradio as gr
finally:
    del sys.modules["mcp"]
    if _known:
        sys.modules["mcp"] = _known

__all__ = ["gr"]
