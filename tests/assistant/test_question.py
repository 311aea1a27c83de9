import pytest
from endless import comes_to_an_end

from assistant.naming import entities
from assistant.question import Wants, long_forms, mend, search_terms, spoken, understand
from indexer.embedding import open_embedder
from indexer.lexicon import Lexicon

LEXICON = Lexicon(
    names={"task role": "Task role", "ecs exec": "ECS Exec", "fargate": "Fargate"},
    acronyms={"ECR": "Elastic Container Registry"},
    words={"lifecycle": 3, "policy": 5, "target": 2, "rules": 4, "registry": 2},
)


@pytest.mark.parametrize(
    ("text", "wants", "subject"),
    [
        ("What is the ECS task role for?", Wants.DEFINITION, "ECS task role"),
        ("ECR?", Wants.DEFINITION, "ECR"),
        ("Explain what a task definition is", Wants.DEFINITION, "task definition"),
        ("ECR, what does it stand for?", Wants.DEFINITION, "ECR"),
        ("task roles: what's that", Wants.DEFINITION, "task roles"),
        ("ECR in full", Wants.DEFINITION, "ECR"),
        ("task role meaning?", Wants.DEFINITION, "task role"),
        ("ECR stands for what?", Wants.DEFINITION, "ECR"),
        ("How many tasks can run?", Wants.QUANTITY, ""),
        ("Which launch types are there?", Wants.LIST, ""),
        ("Which are the launch types?", Wants.LIST, ""),
        ("List what tasks need", Wants.LIST, ""),
        ("What are the limits of a task?", Wants.LIST, ""),
        ("What are task roles for?", Wants.DEFINITION, "task roles"),
        ("What kind of record do tasks get?", Wants.FACT, ""),
        ("what can't a task do", Wants.LIST, ""),
        ("What do I need before tasks can pull?", Wants.LIST, ""),
        ("limits of tasks", Wants.LIST, ""),
        ("In which ways are tasks placed?", Wants.LIST, ""),
        ("On which launch type do tasks run?", Wants.FACT, ""),
        ("In which order are tasks placed?", Wants.LIST, ""),
        ("What does a task cost?", Wants.QUANTITY, ""),
        ("Which device was best?", Wants.FACT, ""),
        ("Which task does it?", Wants.FACT, ""),
        ("Which tag must be set for mount targets?", Wants.FACT, ""),
        ("Can I mount S3 on a task?", Wants.FACT, ""),
    ],
)
def test_what_a_question_wants(text: str, wants: Wants, subject: str) -> None:
    question = understand(text)
    assert (question.wants, question.subject) == (wants, subject)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Fargate", "What is Fargate?"),
        ("task role", "task role?"),
        ("ecr?", "What is Elastic Container Registry (ecr)?"),
        ("ECR in full", "What is Elastic Container Registry (ECR)?"),
        ("what does ECR mean", "what does Elastic Container Registry (ECR) mean?"),
        ("What is an ECR repository?", "What is an ECR repository?"),
        ("How do tasks pull from ECR?", "How do tasks pull from ECR?"),
        ("how do tasks pull from ECR", "how do tasks pull from ECR?"),
        ("Explain how tasks pull from ECR.", "Explain how tasks pull from ECR?"),
    ],
)
def test_a_model_reads_a_word_alone_as_a_question_and_an_acronym_spelled_out(text: str, read: str) -> None:
    assert spoken(understand(text), LEXICON) == read


@pytest.mark.parametrize(
    "text",
    [
        "What is the difference between IRSA and Pod Identity?",
        "Compare IRSA and Pod Identity.",
        "IRSA vs Pod Identity",
        "How does IRSA differ from Pod Identity?",
        "How does IRSA differ from Pod Identity for a pod on Fargate?",
        "IRSA or Pod Identity, where do they differ?",
        "IRSA vs Pod Identity when I am alone",
    ],
)
def test_a_comparison_has_two_sides(text: str) -> None:
    assert understand(text).sides == ("IRSA", "Pod Identity")


def mended(text: str) -> str:
    known = {"lifecycle", "policy", "target", "rules", "registry"}.__contains__
    return mend(text, LEXICON, known, open_embedder("all-MiniLM-L6-v2").count_tokens)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("lifecyle polcy ruls?", "lifecycle policy rules?"),
        ("the targt", "the target"),
        ("bread and IOPS, a house", "bread and IOPS, a house"),
        ("registry", "registry"),
        ("regsitry", "registry"),
        ("regastyr", "registry"),
        ("ragustry", "ragustry"),
    ],
)
def test_typos_become_words_of_the_notes_and_english_stays(text: str, meant: str) -> None:
    assert mended(text) == meant


def test_acronyms_are_looked_for_in_their_long_form_too() -> None:
    assert long_forms("an ecr image", LEXICON) == ["Elastic Container Registry"]
    assert long_forms("Elastic Container Registry (ECR)", LEXICON) == []
    assert search_terms("ECR image", LEXICON) == ["ecr", "imag", "elast", "contain", "registri"]


def test_entities_are_the_longest_names() -> None:
    assert entities("Does ECS Exec need the task role on Fargate?", LEXICON) == [
        "ECS Exec",
        "task role",
        "Fargate",
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Is it open on Friday?", []),
        ("Was it sold on Black Friday in May?", ["Black Friday"]),
        ("How did John Snow's map change Krell v Henry?", ["John Snow", "Krell v Henry"]),
        ("John Snow drew it", ["John Snow"]),
        ("Snow fell. Black ice came", []),
        ("What does Nobody Known say?", []),
        ("what did john snow draw?", []),
    ],
)
def test_what_is_written_with_a_capital_is_a_name(text: str, names: list[str]) -> None:
    words = dict.fromkeys(["john", "snow", "krell", "henry", "black", "friday", "may"], 2)
    assert entities(text, Lexicon(words=words)) == names


@pytest.mark.parametrize(
    "text",
    [
        "what is " + "for " * 900 + "!",
        "differ of " + "a and " * 600 + "!",
        "how do " + "a and " * 600 + "!",
        "list " + "tasks of " * 400,
    ],
)
def test_what_is_long_has_no_form_and_takes_no_time(text: str) -> None:
    with comes_to_an_end():
        assert understand(text).wants is Wants.FACT
