"""What the hardware could do at most, and what the model needs of it. Prints one line of JSON.

The operations are those of BERT's matrix products: for each layer and token 2 for each weight of the four
products around attention and the two of the feed-forward part, and 4 for each number of each attended token.
"""

import json
import sys
import time
from pathlib import Path

import torch

TOKENS = 120  # of a passage of 500 characters
ROWS = 4096


def operations(config: dict[str, int], tokens: int) -> float:
    """Floating-point operations to embed a passage."""
    width, inner, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    return float(layers * tokens * (2 * (4 * width * width + 2 * width * inner) + 4 * tokens * width))


def reached(kind: torch.dtype, config: dict[str, int], seconds: float = 2.0) -> float:
    """Operations a second of a plain product of matrices of the model's shape."""
    one = torch.randn(ROWS, config["hidden_size"]).to(kind)
    other = torch.randn(config["hidden_size"], config["intermediate_size"]).to(kind)
    best, until = float("inf"), time.perf_counter() + seconds
    with torch.inference_mode():
        while time.perf_counter() < until:
            started = time.perf_counter()
            one @ other
            best = min(best, time.perf_counter() - started)
    return 2 * ROWS * config["hidden_size"] * config["intermediate_size"] / best


def copied(seconds: float = 1.0) -> float:
    """Bytes a second that are read and written by copying what no cache holds."""
    source = torch.zeros(2**26)
    target = torch.empty_like(source)
    best, until = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        target.copy_(source)
        best = min(best, time.perf_counter() - started)
    return 2 * source.numel() * 4 / best


def measure(model: Path) -> dict[str, float]:
    """The limits, and passages a second at them."""
    config = json.loads((model / "config.json").read_text("utf-8"))
    needed = operations(config, TOKENS)
    measured = {
        "gflop_a_passage": needed / 1e9,
        "weights_mb": (model / "model.safetensors").stat().st_size / 2**20,
        "copied_gb_a_second": copied() / 1e9,
    }
    for kind in (torch.float32, torch.bfloat16):
        name, most = str(kind).removeprefix("torch."), reached(kind, config)
        measured[f"{name}_gflops"] = most / 1e9
        measured[f"{name}_passages_a_second"] = most / needed
    return measured


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]))) + "\n")
