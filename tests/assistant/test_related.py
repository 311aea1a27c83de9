from pathlib import Path

from conftest import Build

from assistant.pipeline import Assistant


def test_a_heading_is_told_with_its_line_wherever_its_passage_begins(
    assistant: Assistant, small_notes: Path, build: Build
) -> None:
    said = [
        f"Point {number} is told in some more words, and none of them is asked for.\n" for number in range(60)
    ]
    said[50] = "A zeppelin is moored at the mast, and nowhere else can a zeppelin be moored.\n"
    (small_notes / "air.md").write_text("# Air\n\n## Ships\n\n" + "\n".join(said), "utf-8")
    build()
    answer = assistant.ask("Who bakes bread in a zeppelin, with which flour and which sort of yeast?")
    [ships] = [item for item in answer.related if item.note == "air.md"]
    assert (ships.heading_path, ships.line_start) == (("Air", "Ships"), 3)


def test_what_is_far_from_the_nearest_is_not_told(assistant: Assistant) -> None:
    near = assistant.ask("How much does the EBS driver on Fargate cost per month?").related
    assert [(item.note, item.line_start) for item in near] == [("aws/storage.md", 1)]
