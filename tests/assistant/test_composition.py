"""Whatever the notes and the question: the words are the notes' own, and each number is proven."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import HashingEmbedder, evidence_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.choosing import choose
from assistant.comparison import names_all
from assistant.composition import FURTHER, compose
from assistant.evidence import Evidence
from assistant.pipeline import Assistant
from assistant.question import understand
from assistant.types import Answer
from assistant.writing import Numbers, write_items
from indexer.live import LiveIndex
from indexer.markdown import plain
from indexer.planning import BuildReport
from indexer.reading import note_of
from indexer.rebuild import rebuild
from indexer.settings import IndexSettings

Notes = Callable[[str], Assistant]


@pytest.fixture
def over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notes:
    """An assistant over one note, that answers whatever it is asked."""
    monkeypatch.setattr("assistant.parts.answers", lambda *_: True)

    def build(text: str) -> Assistant:
        folder = tmp_path / "one"
        folder.mkdir(exist_ok=True)
        (folder / "n.md").write_bytes(text.encode())
        embedder = HashingEmbedder()
        chosen = IndexSettings(notes=folder, index=tmp_path / "one-index")
        assert isinstance(list(rebuild(chosen, embedder, allow_empty=True))[-1], BuildReport)
        return Assistant(LiveIndex(chosen.index, fingerprint=embedder.fingerprint), embedder)

    return build


lines = st.sampled_from(
    [
        "# Fargate\n",
        "- **Task role:** for code\n",
        "  - nested tasks: two\n",
        "Tasks run on Fargate. They stop.\n\n",
    ]
    + [
        "| Thing | EC2 | Fargate |\n|---|---|---|\n| GPU \\| x | yes | no |\n| role | a | |\n\n",
        "> role\n> and task\n",
    ]
    + ["```sh\nrun task [1]\n  role\n```\n", "- role:\n\n  ~~~\n  task\n\n  [2]\n  ~~~\n"]
    + ["```\ntask role, and no end\n", "- ```\n  role\n  ```\n", "~~~sh\n" + "task role\n" * 300 + "~~~\n"]
    + ["para\n\n    role\n    ```\n    role\n\n", "1.  task\n\n    ```\n    role\n    ```\n"]
    + ["para\n\n    role\n      task\n\n", "> ```\n> task role\n> ```\n"]
    + [
        "Role:\n```\ntask\n```\n",
        "> [!tip] Role\n> A task [2]. A role.\n",
        "**Role. Task.** [[a|task]] [^1]\n\n",
    ]
    + ["Roles:\n\n- one role\n- two roles\n", "1. task [1] in order\n", "`role` in `code` ~~x~~\n\n", "\n"]
)
questions = st.sampled_from(
    [
        "What is a task role?",
        "Which roles are there?",
        "difference between EC2 and Fargate",
        "how many tasks",
        "role",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(lines, min_size=1, max_size=9).map("".join), questions)
def test_every_number_is_proven(over: Notes, text: str, question: str) -> None:
    assistant = over(text)
    answer = assistant.ask(question) if assistant.index.current.notes else None
    if answer and not answer.abstained:
        check(answer, assistant)


def test_what_differs_in_one_word_is_not_the_same(over: Notes) -> None:
    text = "# Subnets\n\n- Public subnets need the tag `elb`\n- Private subnets need the tag `elb` for pods\n"
    answer = over(text).ask("Which tag must public subnets have for pods?")
    assert "Public subnets" in answer.text
    assert "Private subnets" in answer.text


def test_of_what_differs_in_what_is_asked_for_that_alone_is_told(over: Notes) -> None:
    text = "# Drivers\n\n- Drivers that work with Fargate: EFS\n- Drivers that work with Windows: EBS\n"
    assert (
        over(text).ask("Which drivers work with Windows?").text == "Drivers that work with Windows: EBS [1]"
    )


def test_what_another_item_says_as_well_is_told_once(over: Notes) -> None:
    text = "# Tasks\n\n- Tasks run on hosts\n- Tasks run on hosts of Fargate\n"
    assert over(text).ask("Where do tasks of Fargate run?").text == "Tasks run on hosts of Fargate [1]"


def texts(chosen: Iterable[Sequence[Evidence]]) -> list[str]:
    """What is told first, and what is told further."""
    return [item.unit.text for some in chosen for item in some]


def check(answer: Answer, assistant: Assistant) -> None:
    told, code = _apart(answer.text)
    numbers = list(dict.fromkeys(int(n) for n in re.findall(r"(?:^|\s)\[(\d+)\](?=\s|$)", told)))
    assert numbers == [citation.number for citation in answer.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    places = [(citation.char_start, citation.char_end) for citation in answer.citations]
    assert len(set(places)) == len(places)
    for citation in answer.citations:
        note = assistant.note(citation.note)
        assert citation.quote == note.text[citation.char_start : citation.char_end]
        assert citation.line_start == len(re.findall(r"\r\n?|\n", note.text[: citation.char_start])) + 1
    quotes = [text for c in answer.citations for text in (c.quote, c.quote.replace("> ", ""))]
    for block in code:
        assert any(block in " ".join(quote.split()) for quote in quotes)
    for line in told.splitlines():
        bare = "" if line.startswith("|") else re.sub(r"^\s*(?:- |\d+[.)] )?", "", line)
        for said, number in re.findall(r"(\S.*?) \[(\d+)\](?= |$)", bare):
            quote = answer.citations[int(number) - 1].quote
            assert plain(said) == plain(quote) or "\N{EN DASH}" in said


def _apart(text: str) -> tuple[str, list[str]]:
    """An answer without its code, and the words of each block of that."""
    told: list[str] = []
    code: list[list[str]] = []
    fence = ""
    for line in text.splitlines():
        opened = re.match(r"\s*(?:- )?(```+)", line)
        if fence and line.strip() == fence:
            fence = ""
        elif fence:
            code[-1] += line.split()
        elif opened:
            fence = opened[1]
            code.append([])
        else:
            told.append(line)
    assert not fence
    return "\n".join(told), [" ".join(words) for words in code]


def test_code_is_told_as_it_stands(over: Notes) -> None:
    text = "# Registry\n\n- Log in:\n\n  ```sh\n  registry login \\\n    --user me\n  ```\n\n## Rest\n\nNo.\n"
    answer = over(text).ask("How do I log in to the registry?")
    assert answer.text == (
        "- Log in: [1]\n  - ```sh\n    registry login \\\n      --user me\n    ```\n    [2]"
    )
    assert answer.citations[1].quote == "```sh\n  registry login \\\n    --user me\n  ```"


@pytest.mark.parametrize("above", ["", "Keep backups safe. "])
def test_code_is_told_with_the_line_that_leads_on_to_it(over: Notes, above: str) -> None:
    text = f"# Backup\n\n{above}To restore one folder:\n\n```sh\nrestic restore\n```\n"
    answer = over(text).ask("How do I restore one folder?")
    assert answer.text == "- To restore one folder: [1]\n  - ```sh\n    restic restore\n    ```\n    [2]"
    assert answer.citations[0].quote == "To restore one folder:"


def test_a_number_in_brackets_of_the_notes_is_no_citation(over: Notes) -> None:
    answer = over("# Shed\n\nThe shed is 88 m [1] and from 1911 [2].\n").ask("How far is the shed?")
    assert answer.text == "The shed is 88 m \\[1\\] and from 1911 \\[2\\]. [1]"
    assert answer.citations[0].quote == "The shed is 88 m [1] and from 1911 [2]."
    answer = over("# Shed\n\n| Thing | From |\n|---|---|\n| shed | 1911 [2] |\n").ask(
        "From when is the shed?"
    )
    assert answer.text == "shed \N{EN DASH} From: 1911 \\[2\\] [1]"
    table = "# Cars\n\n| Thing | Alpha [3] | Beta |\n|---|---|---|\n| speed [4] | 88 [1] | 90 [2] |\n"
    answer = over(table).ask("What is the difference between Alpha and Beta?")
    assert answer.text.splitlines()[0] == "| | Alpha \\[3\\] | Beta |"
    assert answer.text.splitlines()[2] == "| speed \\[4\\] | 88 \\[1\\] [1] | 90 \\[2\\] [1] |"


def test_what_programs_for_notes_write_is_told_as_they_show_it(over: Notes) -> None:
    said = "The ==red== beds are in [[Garden#Beds|the garden]].[^r] %% secret %% ^beds"
    answer = over(f"# Beds\n\n{said}\n").ask("Where are the red beds?")
    assert answer.text == "The red beds are in the garden. [1]"
    assert answer.citations[0].quote == "The ==red== beds are in [[Garden#Beds|the garden]].[^r]"


def test_what_is_in_a_callout_is_told_under_its_title(over: Notes) -> None:
    text = "# Party\n\n> [!danger] Allergies\n> Jonas is allergic to nuts.\n> Ana has none.\n"
    answer = over(text).ask("Who is allergic to nuts?")
    assert answer.text == "- Allergies [1]\n  - Jonas is allergic to nuts. [2]"


def test_code_that_stands_alone_has_its_number_below(over: Notes) -> None:
    answer = over("# Registry\n\nBy hand.\n\n    registry login\n\n").ask("registry login")
    assert answer.text == "```\nregistry login\n```\n[1]"


def test_a_definition_comes_first(assistant: Assistant) -> None:
    answer = assistant.ask("What is the task role?")
    assert answer.text.splitlines()[0].endswith(
        "**Task role:** gives the code in a container its permissions [1]"
    )
    assert (answer.citations[0].note, answer.citations[0].line_start) == ("aws/roles.md", 7)


def test_an_introduced_list_comes_whole(over: Notes) -> None:
    text = "# A\n\nNot supported on Fargate:\n\n- block storage\n- lustre files\n- bucket mounts\n\nMore.\n"
    answer = over(text).ask("What is not supported on Fargate?")
    assert answer.text == (
        "- Not supported on Fargate: [1]\n  - block storage [2]\n  - lustre files [3]\n  - bucket mounts [4]"
    )


def test_a_comparison_is_a_table_with_a_citation_in_each_cell(over: Notes) -> None:
    rows = "| Layer | 7 | 4 | 3 |\n| Static IP | no | yes | |\n"
    text = f"# Load\n\n| | ALB | NLB | GWLB |\n|---|---|---|---|\n{rows}"
    answer = over(text).ask("What is the difference between ALB and NLB?")
    assert answer.text.splitlines() == [
        "| | ALB | NLB |",
        "|---|---|---|",
        "| Layer | 7 [1] | 4 [1] |",
        "| Static IP | no [2] | yes [2] |",
    ]
    assert [citation.line_start for citation in answer.citations] == [5, 6]


def test_a_comparison_has_all_rows_of_a_table(over: Notes) -> None:
    rows = "".join(f"| thing {number} | old | new |\n" for number in range(9))
    text = f"# Pumps\n\n| | Vane pump | Gear pump |\n|---|---|---|\n{rows}"
    answer = over(text).ask("vane pump vs gear pump")
    assert [citation.line_start for citation in answer.citations] == list(range(5, 14))


def test_a_table_that_says_nothing_of_what_is_asked_is_not_told_for_its_columns(over: Notes) -> None:
    text = (
        "# Pumps\n\n| | Vane | Gear |\n|---|---|---|\n| colour | red | blue |\n\n"
        "## Noise at night\n\nThe gear pump makes more noise at night than the vane pump.\n"
    )
    answer = over(text).ask("Vane pump or gear pump, which makes noise at night?")
    assert answer.text.startswith("The gear pump makes more noise at night")


def test_two_rows_stand_side_by_side_with_a_line_for_each_column(over: Notes) -> None:
    rows = "| Hot | | highest |\n| Cool | 30 | lower |\n| Archive | 180 | cheapest |\n"
    text = f"# Tiers\n\nThe default is hot or cool.\n\n| Tier | Days | Cost |\n|---|---|---|\n{rows}"
    answer = over(text).ask("Hot vs Cool")
    assert answer.text.splitlines() == [
        "| | Hot | Cool |",
        "|---|---|---|",
        "| Days | \N{EN DASH} [1] | 30 [2] |",
        "| Cost | highest [1] | lower [2] |",
    ]
    assert [citation.line_start for citation in answer.citations] == [7, 8]


@pytest.mark.parametrize("question", ["Hot vs Cool vs Archive", "Compare Hot, Cool and Archive"])
def test_three_rows_stand_side_by_side(over: Notes, question: str) -> None:
    rows = "| Hot | 0 | highest |\n| Cool | 30 | lower |\n| Archive | 180 | cheapest |\n"
    answer = over(f"# Tiers\n\n| Tier | Days | Cost |\n|---|---|---|\n{rows}").ask(question)
    assert answer.text.splitlines()[::3] == [
        "| | Hot | Cool | Archive |",
        "| Cost | highest [1] | lower [2] | cheapest [3] |",
    ]


def test_a_comparison_in_one_regard_has_the_line_of_that_alone(over: Notes) -> None:
    rows = "| Hot | 0 | highest |\n| Cool | 30 | lower |\n"
    answer = over(f"# Tiers\n\n| Tier | Days | Cost (GB) |\n|---|---|---|\n{rows}").ask(
        "Compare the cost of Hot and Cool"
    )
    assert answer.text.splitlines()[2:] == ["| Cost (GB) | highest [1] | lower [2] |"]


def test_two_sides_are_two_columns(over: Notes) -> None:
    rows = "| Nodes | yours | yours |\n"
    text = f"# Nodes\n\n| | Managed node group | Self-managed |\n|---|---|---|\n{rows}"
    answer = over(text).ask("compare managed node groups and self-managed node groups")
    assert answer.text.splitlines()[0] == "| | Managed node group | Self-managed |"


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Compare Hot and Cool", True),
        ("What is the difference between Hot and Cool?", True),
        ("What is the difference between Hot and Cool in price?", False),
        ("Compare Hot and Cold", False),
        ("Hot or Cool - what did we choose and why?", False),
        ("What is Hot?", False),
    ],
)
def test_a_comparison_of_what_the_notes_name_is_answered(question: str, named: bool) -> None:
    note = note_of("n.md", "- **Hot:** read often\n- **Cool:** read seldom\n", "0")
    found = evidence_of(note, {"Hot: read often": 2, "Cool: read seldom": 1})
    assert names_all(understand(question), found) is named


def test_words_without_a_subject_name_nothing() -> None:
    found = evidence_of(note_of("n.md", "Hot is read often.\n", "0"), {"Hot is read often.": 1})
    assert not names_all(understand("this vs that"), found)


@pytest.mark.parametrize(
    "question", ["this vs that", "it vs", "vs vs vs", "compare the and a", "it, it vs it"]
)
def test_what_compares_nothing_is_answered_as_any_question(over: Notes, question: str) -> None:
    table = "| | Hot | | the |\n|---|---|---|---|\n| | a | | b |\n| Days | 0 | 1 | 2 |\n"
    text = f"# Tiers\n\nHot is read often.\n\n{table}"
    answer = over(text).ask(question)
    assert not answer.text.startswith("| |")


def test_two_sides_without_a_table_stand_side_by_side(over: Notes) -> None:
    text = "- **IRSA:** a role per service account\n- **Pod Identity:** an agent on the node\n"
    answer = over(text).ask("Compare IRSA and Pod Identity")
    assert answer.text.splitlines() == [
        "| IRSA | Pod Identity |",
        "|---|---|",
        "| **IRSA:** a role per service account [1] | **Pod Identity:** an agent on the node [2] |",
    ]


def test_a_side_may_be_named_by_its_first_word_alone(over: Notes) -> None:
    text = (
        "# Shifting\n\n- **Canary:** a small share first, the rest after a wait\n"
        "- **Linear:** equal steps at equal intervals\n- Traffic shifting needs two target groups\n"
    )
    answer = over(text).ask("Compare canary with linear traffic shifting")
    assert answer.text.splitlines()[2] == (
        "| **Canary:** a small share first, the rest after a wait [1] "
        "| **Linear:** equal steps at equal intervals [2] |"
    )


def test_an_item_named_for_a_side_is_of_it_though_it_mentions_the_other(over: Notes) -> None:
    text = (
        "# Roles\n\n- **ECS task role:** what the code in a container may do\n"
        "- **Task execution role:** used by the ECS agent to prepare the task\n"
        "- Without a task execution role no image is pulled\n"
    )
    answer = over(text).ask("How does the ECS task role differ from the task execution role?")
    assert answer.text.splitlines()[2] == (
        "| **ECS task role:** what the code in a container may do [1] "
        "| **Task execution role:** used by the ECS agent to prepare the task [2] |"
    )


@pytest.mark.parametrize("other", ["grinder lease", "lease"])
def test_a_name_that_has_the_words_of_both_sides_is_of_the_side_whose_words_stand_together(
    over: Notes, other: str
) -> None:
    text = (
        "# Leases\n\n- **Kettle lease:** paid by whoever brews\n"
        "- **Kettle grinder lease:** paid by the office, before anybody brews\n"
    )
    answer = over(text).ask(f"What is the difference between the kettle lease and the {other}?")
    if other == "lease":  # no name tells it from the other side
        assert "|---|---|" not in answer.text
    else:
        assert answer.text.splitlines()[2] == (
            "| **Kettle lease:** paid by whoever brews [1] "
            "| **Kettle grinder lease:** paid by the office, before anybody brews [2] |"
        )


def test_a_table_of_which_most_rows_are_told_is_told_whole_in_its_order(over: Notes) -> None:
    rows = "".join(
        f"| {number} | `brew {name}` |\n"
        for number, name in enumerate(["init", "roast", "grind", "pour", "foam", "serve"], start=1)
    )
    text = f"# Coffee\n\n| Step | Command |\n|---|---|\n{rows}"
    answer = over(text).ask("Which brew commands do I run one after another for coffee?")
    assert [citation.line_start for citation in answer.citations] == [5, 6, 7, 8, 9, 10]


def test_a_table_row_is_told_with_its_columns(assistant: Assistant) -> None:
    answer = assistant.ask("How many containers per task?")
    assert answer.text.splitlines()[0].endswith("Containers per task \N{EN DASH} Most: 10 [1]")
    assert answer.citations[0].quote == "| Containers per task | 10 |"
    assert replace(answer.citations[0], quote="").line_end == 14


def test_an_introduction_is_told_only_for_what_is_asked(over: Notes) -> None:
    text = (
        "# House\n\n## Pump\n\nThe pump is wired to the outdoor circuit, fuse twelve.\n\n"
        "## Tunnel\n\nThe tunnel is wired by hand:\n\n- bring it up\n- look at it\n"
    )
    assert (
        over(text).ask("How is the pump wired?").text.startswith("The pump is wired to the outdoor circuit")
    )
    assert over(text).ask("How is the tunnel wired?").text.startswith("- The tunnel is wired by hand: [1]")


def test_a_step_comes_with_its_command(over: Notes) -> None:
    text = "# Kubernetes\n\n- Restart a deployment\n  ```sh\n  kubectl rollout\n  ```\n- Scale a job\n"
    assert over(text).ask("How do I restart a deployment?").text == (
        "- Restart a deployment [1]\n  - ```sh\n    kubectl rollout\n    ```\n    [2]"
    )


def test_steps_come_in_their_order(over: Notes) -> None:
    text = "# Bread\n\n1. Mix the flour\n2. Let the bread rise\n3. Shape the bread, and bake the bread\n"
    answer = over(text).ask("How do I shape and bake bread, and let bread rise?")
    assert answer.text == (
        "1. Mix the flour [1]\n2. Let the bread rise [2]\n3. Shape the bread, and bake the bread [3]"
    )


TERM = ["Pod : A group of containers.", "It runs on one node.", "It is short-lived."]
STEPS = """Do this once a quarter.

1. Freeze deploys
2. Make a key:
   - long
   - new
3. Restart the workers
10. Unfreeze deploys
"""


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (
            ["Freeze deploys", "Do this once a quarter."],
            "- Freeze deploys [1]\n- Do this once a quarter. [2]",
        ),
        (["Restart the workers", "Freeze deploys"], "- Restart the workers [1]\n- Freeze deploys [2]"),
        (["new", "Restart the workers"], "2. Make a key: [1]\n   - new [2]\n3. Restart the workers [3]"),
        (
            ["Freeze deploys", "new", "Restart the workers", "Unfreeze deploys"],
            "1. Freeze deploys [1]\n2. Make a key: [2]\n    - new [3]\n3. Restart the workers [4]\n"
            "10) Unfreeze deploys [5]",
        ),
        (
            ["Freeze deploys", "Do this once a quarter.", "Make a key:", "Restart the workers"],
            "- Freeze deploys [1]\n- Do this once a quarter. [2]\n"
            "2. Make a key: [3]\n3. Restart the workers [4]",
        ),
    ],
)
def test_several_steps_of_a_list_are_told_with_their_numbers(told: list[str], text: str) -> None:
    note = note_of("n.md", STEPS, "0")
    scores = {words: float(len(told) - place) for place, words in enumerate(told)}
    assert write_items(evidence_of(note, scores), Numbers({"n.md": note})) == text


def test_of_a_list_whose_items_all_have_one_number_none_is_told() -> None:
    note = note_of("n.md", "1. Order it\n1. Rack it\n", "0")
    found = evidence_of(note, {"Order it": 2, "Rack it": 1})
    assert write_items(found, Numbers({"n.md": note})) == "- Order it [1]\n- Rack it [2]"


def test_a_list_may_begin_with_nought() -> None:
    note = note_of("n.md", "0. Unplug it\n1. Wait\n", "0")
    found = evidence_of(note, {"Unplug it": 2, "Wait": 1})
    assert write_items(found, Numbers({"n.md": note})) == "0. Unplug it [1]\n1. Wait [2]"


def test_of_a_long_list_no_step_in_the_middle_is_left_out() -> None:
    note = note_of("n.md", "\n".join(f"{number}. Do thing {number}" for number in range(1, 13)), "0")
    scores = {f"Do thing {number}": -float(number in (2, 4)) for number in range(1, 13)} | {"Do thing 7": 9.0}
    first, _ = choose(understand("How do I do it?"), evidence_of(note, scores))
    assert texts([first]) == [f"Do thing {number}" for number in range(1, 13)]


def test_a_number_that_ends_a_sentence_is_none_of_a_step() -> None:
    note = note_of("n.md", "There are 3. Restart it. Then there are 4. Stop it.\n", "0")
    found = evidence_of(note, {"Restart it.": 2, "Stop it.": 1})[:2]
    assert write_items(found, Numbers({"n.md": note})) == "- Restart it. [1]\n- Stop it. [2]"


def test_the_steps_of_a_list_stand_together() -> None:
    note = note_of("n.md", "Once a quarter.\n\n1. Freeze it\n2. Thaw it\n", "0")
    found = evidence_of(note, {"Thaw it": 3, "Once a quarter.": 2.9, "Freeze it": 2.8})
    assert texts(choose(understand("What are the steps?"), found)) == [
        "Freeze it",
        "Thaw it",
        "Once a quarter.",
    ]


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("How do I restart the workers?", ["Freeze deploys", "Make a key:", "Restart the workers"]),
        ("Who restarts the workers?", ["Restart the workers"]),
    ],
)
def test_who_asks_how_to_do_something_is_told_all_steps(question: str, told: list[str]) -> None:
    scores = {
        "Restart the workers": 9,
        "Freeze deploys": -5,
        "Make a key:": -5,
        "Do this once a quarter.": -5,
    }
    first, _ = choose(understand(question), evidence_of(note_of("n.md", STEPS, "0"), scores))
    assert texts([first]) == told


def test_nothing_is_promised_below_that_was_told_above(over: Notes) -> None:
    text = "# Tea\n\nFor a pot:\n\n- Warm it\n- Fill it\n"
    snapshot = over(text).index.current
    found = evidence_of(snapshot.notes["n.md"], {"Warm it": 9, "Fill it": 8, "For a pot:": 7.8})
    told = compose(understand("How is it made?"), found, snapshot).text
    assert told == "- For a pot: [1]\n  - Warm it [2]\n  - Fill it [3]"


def test_a_question_of_the_notes_comes_with_its_answer(over: Notes) -> None:
    text = "# Coffee\n\nWhy does coffee taste sour?\n\nGrind the beans finer.\n\nWhat are beans?\n\nSeeds.\n"
    assert over(text).ask("Why does my coffee taste sour?").text == (
        "- Why does coffee taste sour? [1]\n  - Grind the beans finer. [2]"
    )


def test_a_question_that_its_answer_hangs_on_is_told_once(over: Notes) -> None:
    text = "# Coffee\n\n- Why does coffee taste sour?\n  - The beans are ground too coarse.\n"
    assert over(text).ask("Why does my coffee taste sour?").text == (
        "- Why does coffee taste sour? [1]\n  - The beans are ground too coarse. [2]"
    )


def test_a_question_in_a_list_asks_nothing_of_the_next_item(over: Notes) -> None:
    text = "# Disk\n\n- Is the disk of the server full?\n- Delete the oldest logs.\n"
    assert over(text).ask("Is the disk of the server full?").text.startswith(("Is the disk", "- Is the disk"))
    assert "  - Delete" not in over(text).ask("Is the disk of the server full?").text


@pytest.mark.parametrize("heading", ["## 2025-03-04", "2025-03-04\n---", "## 2025-03-04 ##"])
def test_the_date_of_an_entry_is_told_where_it_is_asked_for(over: Notes, heading: str) -> None:
    text = f"# Journal\n\n{heading}\n\nThe endurance test began.\n\n## 2025-04-01\n\nNothing.\n"
    answer = over(text).ask("When did the endurance test begin?")
    assert answer.text.splitlines()[:2] == ["- 2025-03-04 [1]", "  - The endurance test began. [2]"]
    assert answer.citations[0].quote == "2025-03-04"
    assert "2025" not in over(text).ask("What began?").text


@pytest.mark.parametrize(
    ("heading", "told"), [("12. June 2025", "12\\. June 2025"), ("- May 2025", "\\- May 2025")]
)
def test_a_heading_that_would_begin_a_list_is_told_as_words(over: Notes, heading: str, told: str) -> None:
    text = f"# Journal\n\n## {heading}\n\nThe endurance test began.\n"
    assert over(text).ask("When did the endurance test begin?").text.startswith(f"- {told} [1]\n")


def test_a_date_that_an_item_has_itself_is_told_once(over: Notes) -> None:
    text = "# Journal\n\n## 2025-03-04\n\nThe test begins on 7 May 2025.\n"
    assert over(text).ask("When does the test begin?").text == "The test begins on 7 May 2025. [1]"


def test_what_an_acronym_is_short_for_is_told_from_a_heading(over: Notes) -> None:
    text = "# Garden Water Tank (GWT)\n\nThe GWT is green.\n"
    assert over(text).ask("GWT?").text == "- Garden Water Tank (GWT) [1]\n  - The GWT is green. [2]"


def test_what_hangs_on_one_item_is_told_below_it() -> None:
    note = note_of("n.md", "- Green:\n  - scraps\n  - grass\n- Brown:\n  - card\n", "0")
    chosen = evidence_of(note, {"grass": 3, "card": 2, "scraps": 1})
    assert write_items(chosen, Numbers({"n.md": note})) == (
        "- Green: [1]\n  - grass [2]\n  - scraps [3]\n- Brown: [4]\n  - card [5]"
    )


@pytest.mark.parametrize(("question", "rows"), [("What is red?", 2), ("Is it red or blue?", 3)])
def test_what_a_thing_is_is_not_told_by_the_rows_of_others(question: str, rows: int) -> None:
    table = "| Van | Load |\n|---|---|\n| red | pianos |\n| blue | horses |\n| grey | hay |\n"
    red, blue, grey = (f"{van} \N{EN DASH} Load: {load}" for van, load in VANS)
    found = evidence_of(note_of("n.md", table, "0"), {red: 3, blue: 2.5, grey: -9})
    assert len(texts(choose(understand(question), found))) == rows


def test_of_several_things_the_rows_of_a_table_come_in_their_order() -> None:
    rows = "| red | pianos |\n| blue | horses |\n"
    note = note_of("n.md", f"| Van | Load |\n|---|---|\n{rows}\nVans are rented.\n", "0")
    red, blue = "red \N{EN DASH} Load: pianos", "blue \N{EN DASH} Load: horses"
    found = evidence_of(note, {blue: 3, "Vans are rented.": 2.9, red: 2.8})
    assert texts(choose(understand("List the things on hire"), found)) == [red, blue, "Vans are rented."]


BEDS = note_of("n.md", "The beds:\n\n- peas\n- beans\n- herbs\n- kale\n\nThe tap drips.\n", "0")
BED = understand("Is there a bed?")
VANS = (("red", "pianos"), ("blue", "horses"), ("grey", "hay"))


def test_a_list_of_which_half_would_be_told_is_told_whole() -> None:
    found = evidence_of(BEDS, {"kale": 6, "peas": 5.9, "The tap drips.": 5, "herbs": 0, "beans": 0})
    told = texts(choose(BED, found))
    assert told == ["peas", "beans", "herbs", "kale", "The tap drips."]


def test_beside_a_whole_list_that_answers_nothing_is_told_that_hardly_does() -> None:
    found = evidence_of(BEDS, {"kale": 6, "peas": 5.9, "The tap drips.": 3, "herbs": 2, "beans": 2})
    told = texts(choose(BED, found))
    assert told == ["peas", "beans", "herbs", "kale"]


def test_of_tasks_those_that_are_still_open_are_told_where_they_are_asked_for(over: Notes) -> None:
    text = "# Bath\n\n- [x] old tub out\n- [ ] tiles\n- [ ] tray\n- [x] fan\n- [ ] mirror\n"
    lines = over(text).ask("Which jobs in the bath are still open?").text.splitlines()
    assert sorted(line[:-4] for line in lines[:3]) == ["- \u2610 mirror", "- \u2610 tiles", "- \u2610 tray"]


def test_of_two_things_that_are_compared_both_are_told_of(over: Notes) -> None:
    text = "# Pumps\n\n- Vane pumps hum at night, a vane pump hums by day, too.\n- The gear kind rattles.\n"
    told = over(text).ask("What is the difference between vane pumps and the gears of others?").text
    assert "rattles" in told and "hum at night" in told


def test_of_a_list_of_which_little_answers_the_rest_is_not_told() -> None:
    found = evidence_of(BEDS, {"kale": 6, "The tap drips.": 5.9, "peas": -9, "herbs": -9, "beans": -9})
    told = texts(choose(BED, found))
    assert told == ["kale", "The tap drips."]


def test_an_introduced_list_keeps_nothing_else_from_being_told() -> None:
    note = note_of("n.md", "Vans carry:\n\n- pianos\n- horses\n\nThe rent is paid at noon.\n", "0")
    found = evidence_of(
        note, {"Vans carry:": 3, "The rent is paid at noon.": 2.5, "horses": -9, "pianos": -9.5}
    )
    assert texts(choose(understand("How are vans paid?"), found)) == [
        "Vans carry:",
        "pianos",
        "horses",
        "The rent is paid at noon.",
    ]


def test_what_only_perhaps_answers_stands_apart() -> None:
    found = evidence_of(BEDS, {"The tap drips.": 6, "kale": 3.8, "peas": 3.7, "herbs": -9, "beans": -9})
    assert [texts([some]) for some in choose(BED, found)] == [
        ["The tap drips."],
        ["peas", "beans", "herbs", "kale"],
    ]


def test_the_row_that_answers_comes_first_and_the_others_of_its_table_apart(over: Notes) -> None:
    rows = "| audit | who did what |\n| api | the server |\n| auth | sign-in to IAM |\n| loop | control |\n"
    answer = over(f"# Logs\n\n| Log | What is in it |\n|---|---|\n{rows}").ask(
        "Where is the sign-in to IAM logged?"
    )
    first, *further = answer.text.split(f"\n\n{FURTHER}\n\n")
    assert first.startswith("auth \N{EN DASH} What is in it: sign-in to IAM [1]")
    assert all(line.startswith("- ") for line in "".join(further).splitlines())


@pytest.mark.parametrize(
    ("between", "told"),
    [
        (" ", "It is tied to a policy. [1] Otherwise change the key. [2]"),
        ("\n\n", "Otherwise change the key. [1] Keys are long. [2]"),
    ],
)
def test_a_sentence_that_leans_on_the_one_before_it_comes_with_that(
    over: Notes, between: str, told: str
) -> None:
    text = f"It is tied to a policy.{between}Otherwise change the key. Keys are long.\n"
    snapshot = over(text).index.current
    found = evidence_of(snapshot.notes["n.md"], {"Otherwise change the key.": 9})
    assert compose(understand("How do I revoke it?"), found, snapshot).text == told


@pytest.mark.parametrize(
    ("text", "question", "told"),
    [
        ("He saw two points. Boards were right. Boards were hated. Rome fell.", "What did he see?", 3),
        ("He saw it. It was near. It was red. It was far.", "What did he see?", 3),
        ("He saw it. The first was near. Ships sailed.", "What did he see?", 2),
        ("He saw it. Ships sailed. Rome fell.", "What did he see?", 2),
        ("He saw it in 1832. Ships sailed. Rome fell.", "When did he see it?", 1),
        ("He saw it.\n\nShips sailed.", "What did he see?", 1),
        ("He saw it.\n- Ships sailed.", "What did he see?", 1),
        ("- He saw it\n- Ships sailed.", "What did he see?", 1),
    ],
)
def test_a_sentence_is_told_with_those_that_go_on_from_it(
    over: Notes, text: str, question: str, told: int
) -> None:
    snapshot = over(f"{text}\n").index.current
    [chunk] = snapshot.of_note("n.md")
    best = evidence_of(snapshot.notes["n.md"], {chunk.units[0].text: 9})
    answer = compose(understand(question), best, snapshot)
    assert len(answer.citations) == told
    assert "\n" not in answer.text


def test_what_hangs_on_a_term_is_no_end_of_its_line() -> None:
    note = note_of("n.md", "Pod\n: A group of containers. It runs on one node. It is short-lived.\n", "0")
    found = {item.unit.text: item for item in evidence_of(note, dict.fromkeys(TERM, 1.0))}
    told = write_items([found[words] for words in TERM], Numbers({"n.md": note}))
    assert told == (
        "- Pod : A group of containers. [1]\n- Pod [2]\n  - It runs on one node. [3] It is short-lived. [4]"
    )


def test_a_sentence_goes_on_in_the_next_passage(over: Notes) -> None:
    long = " ".join(f"Sentence {number} is about the sea." for number in range(60))
    snapshot = over(f"{long}\n").index.current
    first, second, *_ = snapshot.of_note("n.md")
    last = replace(
        evidence_of(note_of("n.md", "It.\n", "0"), {"It.": 9})[0], unit=first.units[-1], chunk=first
    )
    answer = compose(understand("What is it about?"), [last], snapshot)
    assert answer.text == f"{first.units[-1].text} [1] {second.units[0].text} [2]"


def test_two_words_with_a_stop_are_a_sentence_and_without_one_a_label(over: Notes) -> None:
    text = "# Lab\n\n## 2024-02-05\n\nDrought starts.\n\n**Pots**\n\n- ninety pots\n"
    assert over(text).ask("When does the drought start?").text == (
        "- 2024-02-05 [1]\n  - Drought starts. [2]"
    )
    assert "Pots" not in over(text).ask("How many pots?").text


def test_what_hangs_on_what_was_told_before_is_no_deeper_for_that() -> None:
    note = note_of("n.md", "- Green\n  - scraps\n    - of carrots\n    - of peas\n", "0")
    numbers = Numbers({"n.md": note})
    first, then = evidence_of(note, {"of carrots": 2, "of peas": 1})
    assert write_items([first], numbers) == "- Green [1]\n  - scraps [2]\n    - of carrots [3]"
    assert write_items([then], numbers, listed=True) == "- of peas [4]"


def test_a_list_that_something_introduces_is_not_told_in_two_places() -> None:
    found = evidence_of(BEDS, {"kale": 6, "peas": 4, "The tap drips.": 3.9, "herbs": -9, "beans": -9})
    first, further = choose(BED, found)
    assert texts([first]) == ["peas", "beans", "herbs", "kale"]
    assert texts([further]) == ["The tap drips."]
