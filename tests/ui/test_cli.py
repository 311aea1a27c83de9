import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fakes import HashingEmbedder
from filelock import FileLock
from typer.testing import CliRunner

from assistant.settings import AccessSettings
from indexer.embedding import DEFAULT_MODEL, open_embedder
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings
from ui.cli import app

QUESTION = "What does the task role give to the code in a container?"
SENTENCE = "**Task role:** gives the code in a container its permissions"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, settings: IndexSettings) -> None:
    """The two small notes, a model that costs nothing, and none of the caller's own settings."""
    for name in [name for name in os.environ if name.startswith("FOOTNOTE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FOOTNOTE_NOTES", str(settings.notes))
    monkeypatch.setenv("FOOTNOTE_INDEX", str(settings.index))
    for door in ("indexer.embedding.open_embedder", "indexer.modelless.open_embedder"):
        monkeypatch.setattr(door, lambda *_: HashingEmbedder())


def run(*arguments: str, code: int = 0) -> Any:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, (result.output, result.exception)
    return result


def decoded(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.stderr == ""
    return json.loads(result.stdout)


def sentence(*arguments: str, code: int = 1) -> str:
    """What is told when the command fails: one line on standard error, nothing on standard output."""
    result = run(*arguments, code=code)
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    return line


def test_build_tells_what_it_did() -> None:
    assert decoded("build")["added"] == ["aws/roles.md", "aws/storage.md"]
    lines = run("build").stdout.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(
        "Nothing to do: 2 notes, 3 passages, in step with the notes (revision 00000001-"
    )


def test_a_later_build_embeds_only_what_changed(settings: IndexSettings) -> None:
    run("build")
    (settings.notes / "tea.md").write_text("# Tea\n\nBrewed at 80 degrees.\n", "utf-8")
    (settings.notes / "aws" / "storage.md").rename(settings.notes / "aws" / "volumes.md")
    (settings.notes / "aws" / "roles.md").unlink()
    (settings.notes / "scan.md").write_bytes(b"\xff")
    first, *rest = run("build").stdout.splitlines()
    assert first.startswith("Built revision 00000002-")
    assert "2 notes, 2 passages (1 embedded, 1 kept)" in first
    assert rest.pop().startswith("  seconds  reading 0.")
    assert rest == [
        "  added    tea.md",
        "  renamed  aws/storage.md -> aws/volumes.md",
        "  removed  aws/roles.md",
        "  skipped  scan.md: not UTF-8 (byte 0); save it as UTF-8",
    ]


def test_full_embeds_everything_again() -> None:
    assert decoded("build")["embedded"] == 3
    assert decoded("build")["embedded"] == 0
    assert decoded("build", "--full")["embedded"] == 3


def test_a_dry_run_writes_nothing(settings: IndexSettings) -> None:
    out = run("build", "--dry-run").stdout
    assert out.startswith("Would build 2 notes, 3 passages (3 embedded, 0 kept). Nothing was written.")
    assert not settings.index.exists()


def test_an_empty_folder_needs_to_be_allowed(tmp_path: Path) -> None:
    run("build")
    (tmp_path / "empty").mkdir()
    assert "--allow-empty" in sentence("build", "--notes", str(tmp_path / "empty"))
    assert decoded("build", "--notes", str(tmp_path / "empty"), "--allow-empty")["notes"] == 0


def test_a_build_that_runs_elsewhere_locks(settings: IndexSettings) -> None:
    run("build")
    with FileLock(settings.index / ".lock"):
        assert "is building this index now" in sentence("build", code=3)


def test_ask_lists_the_footnotes() -> None:
    run("build")
    assert run("ask", QUESTION).stdout.splitlines() == [
        f"{SENTENCE} [1]",
        "",
        "[1] aws/roles.md:7  Roles",
        f"    {SENTENCE}",
    ]


def test_ask_as_json_is_what_the_api_gives(settings: IndexSettings) -> None:
    run("build")
    answer = decoded("ask", QUESTION)
    assert answer["answer"] == f"{SENTENCE} [1]"
    [citation] = answer["citations"]
    note = (settings.notes / "aws/roles.md").read_text("utf-8")
    assert citation["quote"] == note[citation["char_start"] : citation["char_end"]] == SENTENCE
    assert answer["conversation_id"] is None


def test_a_declined_question_names_the_nearest_headings() -> None:
    run("build")
    first, blank, heading, *headings = run("ask", "How is sourdough baked?").stdout.splitlines()
    assert (first, blank, heading) == ("Your notes don't say.", "", "Nearest headings:")
    assert "  aws/storage.md:1  Storage" in headings


def test_search_ranks_passages() -> None:
    run("build")
    out = run("search", "EBS driver Fargate", "-k", "1").stdout.splitlines()
    assert out[0] == "1. aws/storage.md:1-14  Storage  score 1.000, meaning #1, words #1"
    assert out[1] == "    # Storage"
    assert not [line for line in out if line.startswith("2.")]
    [found] = decoded("search", "EBS driver Fargate", "-k", "1")["results"]
    assert found["note"] == "aws/storage.md"
    assert found["ranks"] == {"dense": 1, "keyword": 1}


def test_check_finds_a_whole_index_whole(settings: IndexSettings) -> None:
    run("build")
    assert run("check").stdout == f"The index in {settings.index} is whole.\n"
    assert decoded("check") == {"whole": True, "problems": []}


def test_check_finds_a_flipped_bit(settings: IndexSettings) -> None:
    run("build")
    [file] = settings.index.glob("generations/*/vectors.npy")
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert "vectors.npy of the index is damaged" in sentence("check")
    result = run("check", "--json", code=1)
    assert json.loads(result.stdout)["whole"] is False
    assert len(json.loads(result.stdout)["problems"]) == 1


def test_rollback_goes_to_the_build_before(settings: IndexSettings) -> None:
    first = decoded("build")["revision"]
    assert "no generation before" in sentence("rollback")
    (settings.notes / "tea.md").write_text("# Tea\n\nBrewed at 80 degrees.\n", "utf-8")
    second = decoded("build")["revision"]
    out = run("rollback").stdout
    assert out.startswith(f"Revision {first} of ")
    assert out.endswith(f"serves again, instead of {second}.\n")
    assert decoded("build")["added"] == ["tea.md"]
    assert decoded("rollback")["revision"] == first
    with FileLock(settings.index / ".lock"):
        assert "is building this index now" in sentence("rollback", code=3)


def test_a_damaged_build_is_set_aside_and_told(settings: IndexSettings) -> None:
    run("build")
    (settings.notes / "tea.md").write_text("# Tea\n\nBrewed at 80 degrees.\n", "utf-8")
    second = decoded("build")["revision"]
    (settings.index / "generations" / second / "notes.json").unlink()
    assert "notes.json of the index is missing" in sentence("check")
    assert f"  damaged  {second}: set aside" in run("build").stdout.splitlines()
    run("check")


def test_a_build_with_nothing_to_do_does_not_load_the_model(settings: IndexSettings) -> None:
    list(
        rebuild(settings, HashingEmbedder(fingerprint=open_embedder(DEFAULT_MODEL).fingerprint))
    )  # as if the real one had built it
    os.utime(settings.notes / "aws/roles.md")  # touched, but the same
    told = "sys.exit('torch' in sys.modules or None)"
    code = f"import sys; from ui.cli import app; app(['build'], standalone_mode=False); {told}"
    done = python("-c", code)
    assert done.stdout.startswith("Nothing to do: 2 notes, 3 passages")
    assert done.returncode == 0


@pytest.mark.parametrize(
    "command",
    [["ask", "What is EFS?"], ["search", "EFS"], ["check"], ["check", "--json"], ["rollback"]],
)
def test_without_an_index_the_remedy_is_told(command: list[str]) -> None:
    assert "Run `footnote build`" in sentence(*command)


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_question_that_cannot_be_asked_is_wrong_usage(command: str) -> None:
    run("build")
    assert sentence(command, " ", code=2) == "The question is blank. Ask something."
    assert "at most 4,000 fit" in sentence(command, "x" * 4_001, code=2)


@pytest.mark.parametrize("command", ["ask", "search"])
def test_bytes_that_are_no_text_are_asked_as_a_sign(command: str) -> None:
    run("build")
    run(command, "What is EFS\udcff?")
    assert decoded(command, "What is EFS\udcff?")


def test_an_option_wins_over_the_environment(tmp_path: Path) -> None:
    run("build", "--index", str(tmp_path / "other"))
    assert run("check", "--index", str(tmp_path / "other")).exit_code == 0
    sentence("check")


@pytest.mark.parametrize(
    "arguments",
    [["ask"], ["nothing"], ["search", "x", "-k", "0"], ["build", "--fully"], ["serve", "--port", "x"]],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert run(*arguments, code=2).stdout == ""


def test_a_setting_that_cannot_be_used_exits_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sentence("serve", "--port", "99999", code=2).startswith("The port is 99999.")
    monkeypatch.setenv("FOOTNOTE_PORT", "eighty")
    assert "FOOTNOTE_PORT is 'eighty'" in sentence("serve", code=2)


def test_a_taken_port_is_told_before_anything_is_loaded() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = sentence("serve", "--port", str(port))
    assert told.startswith(f"Port {port} of 127.0.0.1 is taken by another program.")
    assert "--port" in told


def test_a_host_that_is_not_ours_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_TOKEN", "x" * 16)
    assert sentence("serve", "--host", "192.0.2.1").startswith("Cannot listen on 192.0.2.1, port 8000:")


@pytest.mark.parametrize("token", ["", "x" * 16])
def test_a_host_that_no_host_can_be_called_is_told(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("FOOTNOTE_TOKEN", token)
    told = sentence("serve", "--host", "127..0.0.1")
    assert told.startswith("Cannot listen on 127..0.0.1, port 8000: it is not an address.")


def test_an_interrupt_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("indexer.stores.verify", interrupted)
    assert run("check", code=130).output == ""


def test_a_failing_disk_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path) -> None:
        raise OSError(28, "No space left on device", "/somewhere/CURRENT")

    monkeypatch.setattr("indexer.stores.verify", full)
    assert sentence("check") == "No space left on device: /somewhere/CURRENT."


def test_the_version_is_that_of_the_distribution() -> None:
    assert run("--version").stdout == "footnote 0.1.0\n"


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], env=os.environ | environment, capture_output=True, text=True, timeout=60
    )


def test_help_loads_nothing_heavy() -> None:
    heavy = "torch faiss gradio fastapi pydantic transformers sentence_transformers"
    code = (
        "import sys; from ui.cli import app; app(['--help'], standalone_mode=False);"
        f"sys.exit(str(sorted(set(sys.modules) & set({heavy.split()}))))"
    )
    done = python("-c", code)
    assert done.stderr.strip() == "[]"
    assert 'footnote ask "What is a pod?"' in done.stdout


def test_nothing_is_coloured_in_a_pipe(tmp_path: Path) -> None:
    main = "from ui.cli import main; main()"
    for arguments in (["--help"], ["check", "--index", str(tmp_path / "none")], ["search"]):
        done = python("-c", main, *arguments, TERM="xterm-256color", COLORTERM="truecolor")
        assert "\x1b" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_what_nobody_expected_is_one_sentence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    run("build")

    def fail(*_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr("indexer.stores.verify", fail)
    assert sentence("check") == (
        "Something unexpected went wrong: RuntimeError: out of order. The index is as it was."
    )


def test_a_token_is_new_each_time_and_long_enough() -> None:
    first, second = (run("token").output.strip() for _ in range(2))
    assert first != second
    assert AccessSettings(token=first).token == first


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_without_a_token_only_this_machine_is_served(host: str) -> None:
    told = sentence("serve", "--host", host, code=2)
    assert told.startswith(f"{host} can be reached by other machines, and there is no token.")
    assert "footnote token" in told and "FOOTNOTE_TOKEN" in told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FOOTNOTE_TOKEN", "short"),
        ("FOOTNOTE_TOKEN", "with a blank in the middle"),
        ("FOOTNOTE_CORS_ORIGINS", "*"),
        ("FOOTNOTE_CORS_ORIGINS", "https://a.example/path"),
        ("FOOTNOTE_REQUESTS_PER_MINUTE", "-1"),
        ("FOOTNOTE_ANSWERS_AT_ONCE", "0"),
        ("FOOTNOTE_LOG", "xml"),
    ],
)
def test_a_setting_of_access_that_cannot_be_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    told = sentence("serve", code=2)
    assert name in told
    assert name != "FOOTNOTE_TOKEN" or value not in told


def test_an_index_moves_to_milvus_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("build")
    elsewhere, back = f"milvus+file://{tmp_path}/index.db", str(tmp_path / "back")
    here = os.environ["FOOTNOTE_INDEX"]
    moved = decoded("migrate", here, elsewhere)
    assert (moved["index"], moved["notes"], moved["passages"]) == (elsewhere, 2, 3)
    monkeypatch.setenv("FOOTNOTE_INDEX", elsewhere)
    assert SENTENCE in run("ask", QUESTION).stdout
    assert f"The index in {elsewhere} is whole." in run("check").stdout
    assert run("build").stdout.startswith("Nothing to do")
    assert "2 notes, 3 passages are at" in run("migrate", elsewhere, back).stdout
    assert SENTENCE in run("ask", QUESTION, "--index", back).stdout
    assert "is at" in sentence("migrate", back, back, code=2)
    assert "begins with 'milvus+ftp'" in sentence("ask", QUESTION, "--index", "milvus+ftp://x/y", code=2)


def test_an_index_that_moves_into_a_folder_is_no_larger_than_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: IndexSettings
) -> None:
    text = "".join(f"# Tea {number}\n\nA tea.\n" for number in range(1_000))
    (settings.notes / "long.md").write_text(text, "utf-8")
    run("build")
    monkeypatch.setenv("FOOTNOTE_MAX_INDEX_MB", "1")
    told = sentence("migrate", str(settings.index), str(tmp_path / "small"))
    assert told.startswith("index too large: with the new generation")
