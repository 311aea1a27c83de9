import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.splitting import LONGEST, MOST, questions_in, titled


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        ("What is a pod, and how do I restart it?", ["What is a pod?", "how do I restart it?"]),
        ("what is a pod and how do I restart it", ["what is a pod?", "how do I restart it"]),
        ("Which role pulls? And which one is it?", ["Which role pulls?", "which one is it?"]),
        ("How big is a task; how many fit in it?", ["How big is a task?", "how many fit in it?"]),
        ("Does it run on ARM - where can I try it?", ["Does it run on ARM?", "where can I try it?"]),
        (
            "How hot was the heap, plus what mustn't go on it?",
            ["How hot was the heap?", "what mustn't go on it?"],
        ),
        ("Which score is best, and who runs the tasting?", ["Which score is best?", "who runs the tasting?"]),
        (
            "What is the difference between pods and tasks, and which one supports GPUs?",
            ["What is the difference between pods and tasks?", "which one supports GPUs?"],
        ),
        ("Why did it fail and who fixed it?", ["Why did it fail?", "who fixed it?"]),
        ("How much is it?! When does it end?!", ["How much is it?!", "When does it end?!"]),
        ("Max dose per day? And its antidote?", ["Max dose per day?", "its antidote?"]),
        ("explain what a pod is, how does it scale?", ["explain what a pod is?", "how does it scale?"]),
        ("Is there a pool, and if not, where can I swim?", ["Is there a pool?", "where can I swim?"]),
        ("Roles: what are they, and who may set them?", ["Roles: what are they?", "who may set them?"]),
        ("Explain pods. Also explain nodes.", ["Explain pods.", "explain nodes."]),
        ("what is a pod\nhow do I restart it", ["what is a pod", "how do I restart it"]),
        (
            "1. What is a pod?\n2. How do I restart it?\n3) who pulls the image",
            ["What is a pod?", "How do I restart it?", "who pulls the image"],
        ),
        ("1) what is a pod 2) how long does it live?", ["what is a pod", "how long does it live?"]),
        (
            "About ECS:\n- what is a task?\n- how is it placed?",
            ["About ECS: what is a task?", "how is it placed?"],
        ),
        (
            "What is a, what is b, what is c, what is d, what is e?",
            ["What is a?", "what is b?", "what is c?", "what is d?", "what is e?"],
        ),
        (
            "What is exit code `137`, where do I see it, and how do I avoid it?",
            ["What is exit code `137`?", "where do I see it?", "how do I avoid it?"],
        ),
    ],
)
def test_each_question_of_a_message_is_found(message: str, questions: list[str]) -> None:
    assert questions_in(message) == questions


@pytest.mark.parametrize(
    "message",
    [
        "What is a pod?",
        "When do I take Fargate and when EC2?",
        "What is the difference between a pod and a task, and which is cheaper?",
        "Which subnets and which security groups does it need?",
        "I have a service behind a load balancer. It must keep sessions. What do I set?",
        "If a task fails, what is shown and where?",
        "Is it Monday? Or is it Tuesday?",
        "Who or what pulls the image?",
        "Can I stop it, and if so, how?",
        "Does it work? Why?",
        "What is the role, which is attached to the instance?",
        "How do I know which task runs and which is stopped?",
        "Which service is cheap and can be used with Spot?",
        "Which tools cost over 2000 a month and have their renewal in 2026?",
        "Which things work on EC2 and are a no on Fargate?",
        "Which sizes are there, and how much memory goes with each?",
        "Pod or task: which starts faster, which isolates better? what about the size?",
        "Is it true that Fargate, which is serverless, can mount EFS volumes?",
        "Which launch type, Fargate or EC2, do I need for GPUs?",
        "How much, and how often, should I feed it?",
        'Who wrote "What are we doing here, and where are we going"?',
        "Why does `docker ps -a; what is it? and` fail?",
        "Which is true? A) It is cheap B) It is slow C) Is it both? D) None",
        "Can you help me? What is the excess of the policy?",
        "What is the excess? Can you answer in one sentence?",
        "Who is her sister, is it Marta?",
        "What does dependsOn do? I want to start the database first.",
        "",
        "and and and",
        ", ".join(f"what is thing {number}" for number in range(MOST + 1)),
        "Explain pods. Explain it well.",
        "Explain pods. Keep it short.",
        "Which is true?\n1. It is cheap\n2. It is slow",
        "Our app is on Fargate.\nNeed to run a job.\nWhich launch type fits?",
        "What are the limits, incl. what is charged?",
        "What is a pod, and how do I restart it? " + "x" * LONGEST,
    ],
)
def test_one_question_stays_one(message: str) -> None:
    assert questions_in(message) == [message]


def test_what_stands_above_an_answer_is_a_question() -> None:
    assert titled("and also who pulls the image") == "Who pulls the image?"
    assert titled("and") == "And?"


WORDS = st.sampled_from(
    [
        "what",
        "is",
        "how",
        "do",
        "I",
        "and",
        ",",
        "?",
        "also",
        "which",
        "who",
        "when",
        "ECS",
        "\n",
        "explain",
        ".",
    ]
)
SIGNS = st.sampled_from(["it", "a", "-", ";", "or", "'", "`", "1", "can", "\N{EM DASH}", "(", "plus", "not"])


@given(st.lists(WORDS | SIGNS, max_size=40).map(" ".join))
def test_no_word_of_a_message_is_lost_but_those_that_join(message: str) -> None:
    found = questions_in(message)
    assert 1 <= len(found) <= MOST
    joining = {"and", "also", "plus"}
    kept = [word for question in found for word in question.replace("?", " ").split() if word not in joining]
    asked = [word for word in message.replace("?", " ").split() if word not in joining]
    signs = {",", "-", ";", "\N{EM DASH}"}
    assert [word for word in kept if word not in signs] == [word for word in asked if word not in signs]
