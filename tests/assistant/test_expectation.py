import pytest

from assistant.expectation import asks_for_open_tasks, content_terms, date_asked_for, shape_of


@pytest.mark.parametrize(
    ("question", "name", "given", "not_given"),
    [
        ("What does Fargate cost per hour?", "price", "costs $3", "a Fargate task"),
        ("How long is the token valid?", "time", "valid for 12 hours", "valid for 5 nodes"),
        ("What is the default draining delay?", "time", "drains for 300 seconds", "drains slowly"),
        ("At what time are rules applied?", "clock", "at 02:30 UTC", "2 times a day"),
        ("Which TCP port is open?", "port", "listens on 2049", "listens on a port"),
        ("How many percent are saved?", "share", "about 70 %", "about that many"),
        ("Which versions are supported?", "version", "1.28 and later", "in later ones"),
        ("What .NET Framework version can I use?", "version", "4.8 and later", "in later ones"),
        ("How many tasks fit?", "number", "at most 10 tasks", "many tasks"),
        ("How many GB of storage are there?", "number", "20 GiB by default", "much storage"),
        ("How many degrees warmer is it?", "number", "it is 1 °C warmer", "it is warmer"),
        ("How many grams of salt go in?", "number", "salt, 12g", "salt to taste"),
    ],
)
def test_a_question_asks_for_a_shape(question: str, name: str, given: str, not_given: str) -> None:
    shape = shape_of(question)
    assert shape is not None
    assert shape.name == name
    assert shape.given.search(given)
    assert not shape.given.search(not_given)


def test_most_questions_ask_for_no_shape() -> None:
    assert shape_of("What is the task role for?") is None
    assert shape_of("What happens during the draining delay?") is None
    assert shape_of("What ways are there to roll out a new version?") is None
    assert shape_of("Which features need platform version 1.4.0?") is None
    assert shape_of("Which port mapping does bridge mode use?") is None


def test_content_terms_leave_out_what_names_nothing() -> None:
    assert content_terms("Which company should use the ECS task role?") == ["ec", "task", "role"]
    assert content_terms("How does it work?") == []


def test_a_stop_word_in_capitals_is_what_a_text_is_about() -> None:
    assert content_terms("Is it WHERE or HAVING?") == ["where", "have"]
    assert content_terms("WHAT IS A TASK ROLE?") == content_terms("what is a task role?")


@pytest.mark.parametrize(
    ("question", "date"),
    [
        ("When was the concert?", "28 June 2025"),
        ("And on which day did Prof. Sand leave?", "Sunday 11 May"),
        ("It is late. When do we leave?", "May 2025"),
        ("Since when is it green?", "2025-03-04"),
        ("what date is it", "on March 4"),
    ],
)
def test_a_question_asks_for_a_date(question: str, date: str) -> None:
    given = date_asked_for(question)
    assert given is not None
    assert given.search(date)
    assert not given.search("it may rain at 12:30")


def test_what_only_mentions_a_time_asks_for_no_date() -> None:
    assert date_asked_for("What happens when a task stops?") is None
    assert date_asked_for("I left when it rained. Why?") is None


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("What jobs are left in the bathroom?", True),
        ("open tasks?", True),
        ("What's still to do before the release?", True),
        ("Which snags are still open in the kitchen?", True),
        ("What have we not bought yet? What is not finished?", True),
        ("Which ports are open on the firewall?", False),
        ("What is left of the icing?", False),
        ("Is the sourdough done?", False),
    ],
)
def test_what_is_still_to_be_done_is_asked_for(question: str, asks: bool) -> None:
    assert asks_for_open_tasks(question) is asks
