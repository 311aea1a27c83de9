import subprocess
import sys

from indexer.leaving_out import leaving_out

MODULE = "wsgiref.util"


def test_a_function_is_there_and_its_module_is_loaded_when_it_is_called() -> None:
    assert MODULE not in sys.modules
    with leaving_out(MODULE, "shift_path_info"):
        from wsgiref.util import shift_path_info
    assert MODULE not in sys.modules
    assert shift_path_info({"PATH_INFO": "/a/b", "SCRIPT_NAME": ""}) == "a"
    assert MODULE in sys.modules


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
