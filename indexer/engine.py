"""A model's graph, compiled for this processor. The only door to OpenVINO."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeAlias

import numpy as np
import openvino as ov
import platformdirs
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from indexer.processors import processors

FORMAT = 1  # of what is kept; another one is made anew
_GRAPH, _WEIGHTS, _SUMS = "graph.xml", "graph.bin", "sums.json"
_FEW_SHAPES = 128  # entries; one shape takes some tens
_HINTS = {"float32": "f32", "bfloat16": "bf16"}

# What the first array that is given to OpenVINO sets up in it is not safe from two threads at once: they wait
# for each other, and hold up all others, for ever. While a module is imported, one thread alone is at it.
ov.Tensor(np.zeros((1, 1), np.float32)).data.copy()

Tokens = NDArray[np.int64]
Outputs = tuple[NDArray[np.float32], NDArray[np.float32]]
Graph: TypeAlias = ov.Model


def converted(module: Any, example: Mapping[str, Any]) -> Graph:
    """The graph of a PyTorch module that takes `example` by name. Raises what the conversion raises.

    This is what `openvino.convert_model` does, without telling its maker of it.
    """
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    frontend = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchScriptPythonDecoder(module, example_input=dict(example))
    graph = frontend.convert(frontend.load(decoder))
    for taken, name in zip(graph.inputs, example, strict=True):
        taken.get_node().set_partial_shape(ov.PartialShape([-1, -1]))
        taken.get_node().set_element_type(ov.Type.i64)
        taken.set_names({name})
    graph.validate_nodes_and_infer_types()
    return graph


def kept(fingerprint: str, make: Callable[[], Graph]) -> Path | Graph:
    """The file of the graph of these weights, made once and kept for the processes to come.

    It lies in the user's folder for what can be made again. Where that cannot be written, it is the graph.
    """
    place = platformdirs.user_cache_path("footnote", appauthor=False)
    place /= f"{fingerprint[:16]}-openvino-{ov.__version__.split('-')[0]}-{FORMAT}"
    if _is_whole(place):
        return place / _GRAPH
    graph = make()
    try:
        _write(graph, place)
    except (OSError, RuntimeError):  # the second is what OpenVINO raises where a disk is full
        return graph
    return place / _GRAPH


def _write(graph: Graph, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="making-", ignore_cleanup_errors=True) as made:
        new = Path(made) / "graph"
        new.mkdir()
        ov.save_model(graph, new / _GRAPH, compress_to_fp16=False)
        sums = {name: _sum(new / name) for name in (_GRAPH, _WEIGHTS)}
        (new / _SUMS).write_text(json.dumps(sums), "utf-8")
        if _is_whole(place):  # another process was sooner
            return
        shutil.rmtree(place, ignore_errors=True)
        new.rename(place)


def _is_whole(place: Path) -> bool:
    try:
        sums = json.loads((place / _SUMS).read_text("utf-8"))
        return all(_sum(place / name) == sums[name] for name in (_GRAPH, _WEIGHTS))
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _sum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Engine:
    """A compiled graph of two outputs. Any thread may use it; each batch is read by one processor.

    Two processors that read a batch together wait for each other at every layer, the more so where others use
    them too: a batch for each takes less. docs/speed.md says how that was measured.
    """

    def __init__(self, graph: Path | Graph, precision: str, *, by_length: bool = False) -> None:
        """
        Args:
            precision: of what is computed, "float32", "bfloat16", or "auto": the second where the processor
                multiplies in it, which takes about half the time.
            by_length: whether texts mostly come in the order of their length. What OpenVINO makes for a shape
                it keeps for when that comes again; of shapes in order it need keep little.
        """
        _keep_numpy_to_one_thread()
        self.processors = _granted()
        core = ov.Core()
        settings = {
            "INFERENCE_PRECISION_HINT": _HINTS[_quickest(core) if precision == "auto" else precision],
            "NUM_STREAMS": self.processors,
            "INFERENCE_NUM_THREADS": self.processors,
            "ENABLE_CPU_PINNING": False,
        }
        if by_length:
            settings["CPU_RUNTIME_CACHE_CAPACITY"] = _FEW_SHAPES
        compiled = core.compile_model(graph, "CPU", settings)
        self._idle: SimpleQueue[ov.InferRequest] = SimpleQueue()
        for _ in range(self.processors):
            self._idle.put(compiled.create_infer_request())

    def read(self, batch: Mapping[str, Tokens]) -> Outputs:
        """What the graph makes of its inputs, each of shape (texts, tokens)."""
        request = self._idle.get()
        try:
            request.infer(dict(batch))
            first, second = (request.get_output_tensor(number).data.copy() for number in (0, 1))
        finally:
            self._idle.put(request)
        return first, second


def _quickest(core: ov.Core) -> str:
    return "bfloat16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "float32"


def _keep_numpy_to_one_thread() -> None:
    """Its products are small, and its threads wait awake for each other: alone it takes half the time."""
    ThreadpoolController().select(prefix="libscipy_openblas").limit(limits=1)


def _granted() -> int:
    """As many processors as this process may use, or as OMP_NUM_THREADS says; Ray says so to its workers."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return int(said) if said.isdecimal() and int(said) else processors()
