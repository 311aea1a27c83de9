import subprocess
import sys
from pathlib import Path

import pytest

from indexer.leaving_out import leaving_out

PACKAGE = "heavy_to_load"


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / PACKAGE
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "sums.py").write_text("def add(a, *, b):\n    return a + b\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, PACKAGE, raising=False)
    monkeypatch.delitem(sys.modules, f"{PACKAGE}.sums", raising=False)


def test_a_function_is_there_and_its_module_is_loaded_when_it_is_called() -> None:
    with leaving_out(f"{PACKAGE}.sums", "add"):
        from heavy_to_load.sums import add  # type: ignore[import-not-found]
    assert not [name for name in sys.modules if name.startswith(PACKAGE)]
    assert add(1, b=2) == 3
    assert f"{PACKAGE}.sums" in sys.modules


def test_what_is_loaded_stays_as_it_is() -> None:
    import json.decoder

    with leaving_out("json.decoder", "JSONDecoder"):
        from json.decoder import JSONDecoder
    assert JSONDecoder is json.decoder.JSONDecoder


def test_the_model_is_loaded_without_scikit_learn() -> None:
    code = (
        "import sys; from indexer.embedding import DEFAULT_MODEL, open_embedder;"
        " open_embedder(DEFAULT_MODEL).embed_query('x'); print('sklearn' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
