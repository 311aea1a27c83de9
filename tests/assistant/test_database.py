"""The database: where it is, its form, and what happens when it is away."""

import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from databases import Postgres
from sqlalchemy import MetaData, create_engine, make_url, text

from assistant.conversations import Conversations
from assistant.database import Database, database_url
from assistant.errors import ConversationsUnusable
from assistant.schema import TODAY, prepare
from assistant.tables import METADATA
from indexer.errors import SettingsError

FIRST_FORM = (Path(__file__).parent / "first_form.sql").read_text("utf-8")


def test_the_address_of_a_server_gets_its_driver_and_others_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for begin in ("postgres", "postgresql", "postgresql+psycopg"):
        assert database_url(f"{begin}://me:secret@db/x", tmp_path) == "postgresql+psycopg://me:secret@db/x"
    assert database_url("sqlite:///x.db", tmp_path) == "sqlite:///x.db"
    with pytest.raises(
        SettingsError, match=r"begins with 'mysql'\. Name a file, or postgresql\+psycopg"
    ) as error:
        database_url("mysql://me:secret@db/x", tmp_path)
    assert "secret" not in str(error.value)
    with pytest.raises(SettingsError, match="cannot be read") as error:
        database_url("postgresql://me:secret@db:port/x", tmp_path)
    assert "secret" not in str(error.value)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r'pip install "footnote-assistant\[cluster\]"'):
        database_url("postgresql://db/x", tmp_path)


def test_a_default_start_imports_neither_alembic_nor_the_driver(tmp_path: Path) -> None:
    program = f"""
import sys
from assistant.conversations import Conversations
from assistant.database import Database, database_url
import ui.server
from pathlib import Path
for _ in ("made", "opened again"):
    store = Conversations(Database(database_url("", Path({str(tmp_path)!r}) / "index")))
    store.create("kept")
    store.close()
assert not {{"alembic", "psycopg"}} & set(sys.modules), "imported"
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.fixture(params=["file", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "file":
        return f"sqlite:///{tmp_path}/x.db"
    return str(request.getfixturevalue("postgres").new_database())


def in_the_first_form(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in FIRST_FORM.split(";\n"):
            if url.startswith("postgres"):
                statement = statement.replace(",1,'short'", ",true,'short'")
            if statement.strip():
                connection.exec_driver_sql(statement.replace("%", "%%"))
    engine.dispose()


def columns(url: str) -> dict[str, set[tuple[str, str]]]:
    """What tables there are, with their columns and their types."""
    engine, found = create_engine(url), MetaData()
    found.reflect(engine)
    engine.dispose()
    return {
        name: {(column.name, str(column.type)) for column in table.columns}
        | {(index.name, str(sorted(one.name for one in index.columns))) for index in table.indexes}
        for name, table in found.tables.items()
    }


def test_what_was_kept_before_alembic_is_taken_over_whole(url: str) -> None:
    in_the_first_form(url)
    store = Conversations(Database(url))
    [conversation], count = store.list("ÜBER")
    [turn] = store.turns(conversation.id)
    assert (count, conversation.title, turn.question) == (1, "Über Fargate", "What is Fargate?")
    assert turn.answer.citations[0].quote == "Fargate runs\ncontainers."
    assert turn.feedback and (turn.feedback.helpful, turn.feedback.comment) == (True, "short")
    store.declined.note("what is TEA?")
    [tea], _ = store.declined.list()
    assert tea.times == 3
    store.close()
    again = Conversations(Database(url))
    assert again.get(conversation.id).turn_count == 1
    again.close()


def test_steps_lead_to_the_tables_that_are_made_at_once(
    url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    in_the_first_form(url)
    other = f"sqlite:///{tmp_path}/new.db"
    if url.startswith("postgres"):
        other = request.getfixturevalue("postgres").new_database()
    for one in (url, other):
        engine = create_engine(one)
        prepare(engine)
        engine.dispose()
    assert columns(url) == columns(other)
    assert set(columns(url)) == set(METADATA.tables)


def test_there_is_one_line_of_steps_and_it_ends_today() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "assistant:migrations")
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [TODAY]


@pytest.mark.parametrize("form", ["before", "now"])
def test_a_newer_database_is_left_alone(url: str, form: str) -> None:
    if form == "before":
        in_the_first_form(url)
    else:
        first = Database(url)
        Conversations(first).list()
        first.close()
    engine = create_engine(url)
    with engine.begin() as connection:
        change = "number = 9" if form == "before" else "version_num = '0009'"
        connection.execute(text(f"UPDATE footnote_version SET {change}"))
    engine.dispose()
    before = columns(url)
    with pytest.raises(ConversationsUnusable, match=r"has version 9; this release reads up to 2\. Use"):
        Conversations(newer := Database(url)).list()
    newer.close()
    assert columns(url) == before


@pytest.mark.parametrize("old", [False, True])
def test_those_that_begin_at_once_do_not_trip_each_other_up(url: str, old: bool) -> None:
    if old:
        in_the_first_form(url)
    begin = threading.Barrier(6)

    def opened(_: int) -> None:
        store = Conversations(Database(url))
        begin.wait()
        store.create("x")
        store.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(opened, range(6)))
    store = Conversations(Database(url))
    assert store.list()[1] == 6 + old
    store.close()


def test_a_connection_that_was_cut_is_replaced(postgres: Postgres) -> None:
    store = Conversations(Database(postgres.new_database()))
    id = store.create("kept").id
    postgres.cut_all()
    assert store.get(id).title == "kept"
    store.close()


def test_a_connection_that_is_cut_within_a_transaction_is_told_and_the_next_one_does(
    postgres: Postgres,
) -> None:
    database = Database(postgres.new_database())
    store = Conversations(database)
    id = store.create("kept").id
    with (
        pytest.raises(ConversationsUnusable, match="cannot be reached"),
        database.transaction() as connection,
    ):
        connection.execute(text("UPDATE conversations SET title = 'lost'"))
        postgres.cut_all()
        connection.execute(text("UPDATE conversations SET title = 'lost'"))
    assert store.get(id).title == "kept"
    store.close()


def test_a_server_that_is_down_is_told_without_where_it_is_and_used_again_once_it_is_up(
    postgres: Postgres,
) -> None:
    url = postgres.new_database()
    known, new = Conversations(Database(url)), Conversations(Database(url))
    id = known.create("kept").id
    postgres.stop()
    try:
        for store in (known, new):
            with pytest.raises(ConversationsUnusable, match="it cannot be reached") as error:
                store.get(id)
            assert "/tmp" not in str(error.value) and "PGSQL" not in str(error.value)
    finally:
        postgres.start()
    for store in (known, new):
        assert store.get(id).title == "kept"
        store.close()


def test_a_row_that_another_holds_is_waited_for_and_not_for_ever(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.database.SECONDS_OF_A_STATEMENT", 1)
    database = Database(postgres.new_database())
    store = Conversations(database)
    id = store.create("kept").id
    with database.transaction() as connection:
        connection.execute(text("UPDATE conversations SET title = 'held'"))
        with pytest.raises(ConversationsUnusable, match="FOOTNOTE_DATABASE"):
            store.rename(id, "other")
    assert store.rename(id, "other").title == "other"
    store.close()


def test_the_file_lies_beside_the_index_and_is_its_owners(tmp_path: Path) -> None:
    url = database_url("", tmp_path / "index")
    assert make_url(url).database == f"{tmp_path}/index-conversations.sqlite"
    assert make_url(database_url(f"{tmp_path}/x.db", tmp_path)).database == f"{tmp_path}/x.db"
    store = Conversations(Database(url))
    assert list(tmp_path.iterdir()) == []
    id = store.create("kept").id
    store.close()
    assert stat.S_IMODE((tmp_path / "index-conversations.sqlite").stat().st_mode) == 0o600
    again = Conversations(Database(url))
    assert again.get(id).title == "kept"
    again.close()


@pytest.mark.parametrize("name", ["what?a", "50%25off", "a#b", "a b", "ü&x=1"])
def test_the_file_is_where_it_is_named_whatever_signs_the_name_has(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    store = Conversations(Database(database_url("", tmp_path / name / "index")))
    store.create("kept")
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    [file] = (tmp_path / name).iterdir()
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("index-conversations.sqlite", 0o600)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("no database " * 100)
    with pytest.raises(ConversationsUnusable, match=r"not a database\. .*FOOTNOTE_DATABASE") as error:
        Conversations(Database(f"sqlite:///{tmp_path}/x.db")).list()
    assert str(tmp_path) not in str(error.value)


@pytest.mark.parametrize(
    "url", ["nonsense://x", "postgresql+psycopg://127.0.0.1:1/x", "sqlite:////proc/none/x.db"]
)
def test_a_database_that_cannot_be_reached_is_told(url: str) -> None:
    with pytest.raises(ConversationsUnusable, match="FOOTNOTE_DATABASE"):
        Conversations(Database(url)).list()
