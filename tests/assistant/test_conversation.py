from collections.abc import Sequence

import pytest

from assistant.conversation import Reading, readings
from assistant.topics import topic_of
from assistant.types import DECLINED, Turn
from indexer.lexicon import Lexicon

NAMES = ["ECS task role", "instance profile", "Fargate", "Karpenter", "Windows", "ECS Exec", "X-Ray", "EC2"]
WORDS = ["vertical", "pod", "autoscaler", "task"]
LEXICON = Lexicon(names={name.lower(): name for name in NAMES}, words=dict.fromkeys(WORDS, 1))


def stand_alone(question: str, history: Sequence[Turn], lexicon: Lexicon) -> str:
    """The likeliest reading of a question."""
    return readings(question, history, lexicon)[0].text


def resolved(*questions: str) -> str:
    *before, last = questions
    return stand_alone(last, [Turn(question) for question in before], LEXICON)


@pytest.mark.parametrize(
    ("before", "question", "stands"),
    [
        ("What is the ECS task role for?", "and the instance profile?", "What is the instance profile for?"),
        ("Which drivers don't work with Fargate?", "and on Windows?", "Which drivers don't work on Windows?"),
        ("How does X-Ray run on Fargate?", "What about EC2?", "How does X-Ray run on EC2?"),
        (
            "Does the ECS task role run on Fargate?",
            "and the agent role?",
            "Does the agent role run on Fargate?",
        ),
        ("What does ECS do when a task fails?", "and if it stops?", "What does ECS do if it stops?"),
        ("What is Karpenter?", "How does it scale?", "How does Karpenter scale?"),
        ("What is Karpenter?", "Who makes its nodes?", "Who makes Karpenter's nodes?"),
        ("Which nodes does Karpenter make?", "Where does he put her?", "Where does Karpenter put her?"),
        ("What is Karpenter?", "Who pays for her nodes?", "Who pays for Karpenter's nodes?"),
        ("What is Karpenter?", "What did Her Majesty buy?", "What did Her Majesty buy?"),
        ("What is Karpenter?", "Who runs IT here?", "Who runs IT here?"),
        ("What is Karpenter?", "WHO RUNS IT HERE?", "WHO RUNS Karpenter HERE?"),
        ("Does Karpenter run?", "since when?", "since when (Karpenter)?"),
        ("since when (Windows)?", "and Fargate?", "since when (Fargate)?"),
        ("What is ECS Exec?", "why?", "why (ECS Exec)?"),
        ("What is Karpenter?", "What is the ECS task role for?", "What is the ECS task role for?"),
        (
            "What is Karpenter?",
            "Is it true that ECS Exec needs it?",
            "Is Karpenter true that ECS Exec needs it?",
        ),
    ],
)
def test_a_question_takes_over_what_it_leans_on(before: str, question: str, stands: str) -> None:
    if question.startswith("why"):
        assert resolved(before, question) in (stands, "why what is ECS Exec?")
    else:
        assert resolved(before, question) == stands


KNOWN = ["john", "snow", "bruno", "latour", "geison", "pasteur", "hugh", "small", "krell", "henry", "cholera"]
PEOPLE = Lexicon(
    names={"snow": "Snow", "the board": "the board"},
    words=dict.fromkeys(KNOWN, 3),
)


@pytest.mark.parametrize(
    ("before", "question", "stands"),
    [
        ("How did John Snow die?", "Why did nobody believe him?", "Why did nobody believe John Snow?"),
        ("What gave Latour the idea?", "Where was he born?", "Where was Latour born?"),
        ("Who disagreed with Hugh Small?", "What was his claim?", "What was Hugh Small's claim?"),
        ("What did Latour say to the board?", "Whom did she tell?", "Whom did Latour tell?"),
        ("What was decided in Krell v Henry?", "When was it?", "When was Krell v Henry?"),
        ("What did Unheardof say of Snow?", "How did he die?", "How did Snow die?"),
        ("When is Snow's birthday?", "and Hugh's?", "When is Hugh's birthday?"),
        ("Summarise the cholera map", "Who drew it?", "Who drew cholera map?"),
    ],
)
def test_a_name_with_capitals_is_what_a_question_is_about(before: str, question: str, stands: str) -> None:
    assert stand_alone(question, [Turn(before)], PEOPLE) == stands


def test_a_fragment_may_stand_in_the_place_of_any_name() -> None:
    history = [Turn("What did Bruno Latour claim about Pasteur?")]
    found = [reading.text for reading in readings("And Geison?", history, PEOPLE)]
    assert {"What did Bruno Latour claim about Geison?", "What did Geison claim about Pasteur?"} <= set(found)


@pytest.mark.parametrize(
    "question", ["are you sure?", "Really?", "is that true?", "ok, summarize that please"]
)
def test_what_asks_once_more_is_the_question_before_it_and_no_subject(question: str) -> None:
    turns = [Turn("What is Karpenter?", "A scaler. [1]"), Turn(question, "A scaler. [1]")]
    assert readings(question, turns[:1], LEXICON) == [Reading("What is Karpenter?")]
    assert stand_alone("and the instance profile?", turns, LEXICON) == "What is instance profile?"


@pytest.mark.parametrize("question", ["Is that still true?", "what is more?", "Are you sure that it scales?"])
def test_what_asks_something_of_its_own_is_no_echo(question: str) -> None:
    assert (
        stand_alone(question, [Turn("What is Karpenter?", "A scaler. [1]")], LEXICON) != "What is Karpenter?"
    )


def test_who_asks_for_more_is_not_told_again_what_was_told() -> None:
    turns = [
        Turn("What is X-Ray?", "x"),
        Turn("What is Karpenter?", "A scaler. [1]"),
        Turn("more", "Fast. [1]"),
    ]
    [reading] = readings("what else?", turns, LEXICON)
    assert reading == Reading("What is Karpenter?", beyond="A scaler. [1]\n\nFast. [1]")


def test_what_asks_once_more_after_a_follow_up_is_that_follow_up() -> None:
    before = [Turn("Compare Karpenter with Fargate", "x"), Turn("Which of the two is cheaper?", "y")]
    asked = readings("Which of the two is cheaper?", before[:1], LEXICON)
    assert readings("are you sure?", before, LEXICON) == asked
    assert readings("more", [Turn("more", "x")], LEXICON) == [Reading("more")]


@pytest.mark.parametrize(
    ("before", "question", "stands"),
    [
        ("Is Karpenter on Fargate?", "Tell me about coffee", "Tell me about coffee"),
        ("Is Karpenter on Fargate?", "Explain how bread rises", "Explain how bread rises"),
        ("What is Karpenter?", "give an example", "give an example (Karpenter)?"),
        ("Was kostet Karpenter in Fargate?", "Wo liegt der Bahnhof?", "Wo liegt der Bahnhof?"),
        ("Who was at Karpenter on 9 March?", "And 16 March?", "Who was at Karpenter on 16 March?"),
        ("Who was at Karpenter on 9 March?", "and on 2026-03-16?", "Who was at Karpenter on 2026-03-16?"),
    ],
)
def test_a_question_of_its_own_is_no_fragment_and_a_day_takes_the_place_of_a_day(
    before: str, question: str, stands: str
) -> None:
    assert stand_alone(question, [Turn(before, "x")], LEXICON) == stands


LISTED = "- **Canary:** a small share first [1]\n  - and the rest [2]\n- Linear \N{EN DASH} How: in steps [3]"


@pytest.mark.parametrize(
    ("question", "answer", "stands"),
    [
        ("What does the second one do?", LISTED, "What does Linear do?"),
        ("and the last one?", LISTED, "How does Linear shift?"),
        ("What does the third one do?", LISTED, "What does the third one do (Karpenter)?"),
        ("Is the first of them slow?", LISTED, "Is Canary slow?"),
        (
            "Is the first of them slow?",
            "- Ways: [1]\n  - Ax: x [2]\n  - By: y [3]\n- Cz: z [4]",
            "Is Ax slow?",
        ),
        ("Back to the first one: is it slow?", LISTED, "Back to the first one: is Karpenter slow?"),
        (
            "What does the first one do?",
            "- It is quick [1]\n- It is slow [2]",
            "What does the first one do (Karpenter)?",
        ),
        ("Is the first one slow?", "Canary is quick [1]", "Is the first one slow (Karpenter)?"),
    ],
)
def test_a_place_in_a_list_stands_for_what_was_told_there(question: str, answer: str, stands: str) -> None:
    history = [Turn("How does Karpenter shift?", answer)]
    assert stand_alone(question, history, LEXICON) == stands


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ("- **X-Ray:** traces [1]\n- ECS Exec too [2]", "Which port has to be open for X-Ray?"),
        ('"traces of Windows" \N{EN DASH} Think: X-Ray [1]', "Which port has to be open for X-Ray?"),
        ("It is on by default [1]", None),
        ("Karpenter does [1]", None),
    ],
)
def test_what_the_answer_named_may_be_meant(answer: str, named: str | None) -> None:
    history = [Turn("What traces Karpenter?", answer)]
    found = [reading.text for reading in readings("Which port has to be open for it?", history, LEXICON)]
    assert found[0] == "Which port has to be open for Karpenter?"
    assert (named in found) == (named is not None)


def test_an_answer_that_was_declined_names_nothing() -> None:
    history = [Turn("What traces Karpenter?", DECLINED)]
    found = [reading.text for reading in readings("Which port has to be open for it?", history, LEXICON)]
    assert not any("notes" in text for text in found)


def test_the_pronoun_of_a_thing_is_put_in_rather_than_that_of_people() -> None:
    assert resolved("What is Karpenter?", "What permissions do they want for it?") == (
        "What permissions do they want for Karpenter?"
    )
    assert resolved("What is Karpenter?", "Do they scale?") == "Do Karpenter scale?"


def test_one_that_is_held_against_another_points_at_that() -> None:
    asked = "Is a waxed chain better than an oiled one?"
    assert resolved("What is Karpenter?", asked) == asked
    assert resolved("What is Karpenter?", "Is there an oiled one?") == "Is there an oiled one (Karpenter)?"


def test_how_long_something_is_is_no_subject() -> None:
    assert topic_of("How long is the ferry ride?", LEXICON) == "ferry ride"


def test_one_of_many_points_at_nothing() -> None:
    assert resolved("What is Karpenter?", "How many pods may one node have?") == (
        "How many pods may one node have?"
    )


def test_a_chain_of_follow_ups_keeps_its_topic() -> None:
    assert resolved("What is Karpenter?", "How does it scale?", "and does it need Windows?") == (
        "does Karpenter need Windows?"
    )


def test_a_question_that_goes_back_leans_on_the_turn_that_it_names() -> None:
    history = [Turn("What is the ECS task role for?"), Turn("How does Karpenter scale?")]
    (first, *_) = readings("back to the task role: who needs it?", history, LEXICON)
    assert first.leans_on == history[0]
    assert readings("How does X-Ray run on Fargate?", history, LEXICON) == [
        Reading("How does X-Ray run on Fargate?")
    ]


def test_a_question_that_leans_is_also_read_beside_what_its_turn_was_about() -> None:
    history = [Turn("Does the Vertical Pod Autoscaler kill pods?")]
    assert [reading.text for reading in readings("in every mode?", history, LEXICON)][-1] == (
        "in every mode (Vertical Pod Autoscaler kill pods)?"
    )


def test_a_new_topic_is_left_alone() -> None:
    question = "How are secrets handed to a container?"
    assert resolved("What is Karpenter?", question) == question


def test_the_topic_is_the_most_telling_name() -> None:
    assert topic_of("Which permissions does ECS Exec need?", LEXICON) == "ECS Exec"
    assert topic_of("How is sourdough bread baked?", LEXICON) == "sourdough bread baked"
    assert stand_alone("and this?", [], LEXICON) == "and this?"


@pytest.mark.parametrize("wordless", ["???", "?", "...", " "])
def test_a_turn_without_a_word_is_passed_over(wordless: str) -> None:
    assert resolved("What is ECS Exec?", wordless, "why?") == resolved("What is ECS Exec?", "why?")
    assert resolved(wordless, "why?") == "why?"


@pytest.mark.parametrize("aside", ["thanks", "OK!", "well, thanks"])
def test_an_aside_asks_nothing(aside: str) -> None:
    assert resolved("What is Karpenter?", aside) == aside


def test_what_the_notes_know_nothing_of_is_no_topic() -> None:
    assert resolved("What is Karpenter?", "How tall is Mount Everest?", "How does it scale?") == (
        "How does Karpenter scale?"
    )


@pytest.mark.parametrize(
    ("before", "question", "stands"),
    [
        (["What is Karpenter?", "And Fargate?"], "Which of the two is free?", "(Karpenter or Fargate)"),
        (["Karpenter vs Fargate"], "Do both scale?", "(Karpenter or Fargate)"),
        (["Karpenter vs Fargate", "Which of the two is free?"], "Do I need both?", "(Karpenter or Fargate)"),
        (["What is Karpenter?"], "Does it need both Windows and EC2?", ""),
        (["What is Karpenter?"], "Which of the two is free?", ""),
        (["Karpenter vs Fargate"], "Are both done?", "(Karpenter or Fargate)"),
        (["Karpenter vs Fargate"], "Is neither fit for metal?", "(Karpenter or Fargate)"),
        (["Karpenter vs Fargate"], "Must both NSGs allow traffic?", ""),
        (["Karpenter vs Fargate"], "What are the two vault kinds?", ""),
        (["Karpenter vs Fargate"], "Does it need both managed nodes and EC2?", ""),
    ],
)
def test_the_two_are_what_was_compared_or_spoken_of_last(
    before: list[str], question: str, stands: str
) -> None:
    assert (" or " in resolved(*before, question)) is bool(stands)
    assert stands in resolved(*before, question)


def test_a_clause_before_a_colon_names_nothing() -> None:
    told = "In wet columns the zone moved closer to the tip: 21 mm [1]"
    read = readings("and what did I see for EC2?", [Turn("What does Karpenter do?", told)], LEXICON)
    assert not any("wet columns" in one.text for one in read)


def test_what_an_answer_was_told_of_is_a_topic_though_the_notes_call_it_otherwise() -> None:
    before = "How deep should I sequence for differential expression?"
    told = [Turn(before, "DE: 20 M reads [1]")]
    assert stand_alone("and for SNPs?", told, LEXICON) == "How deep should I sequence for SNPs?"
    assert stand_alone("and for SNPs?", [Turn(before, DECLINED)], LEXICON) == "and for SNPs?"


def test_each_of_what_was_told_points_at_it() -> None:
    assert (
        resolved("What is Karpenter?", "How many pictures of each?")
        == "How many pictures of each (Karpenter)?"
    )
