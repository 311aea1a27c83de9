import pytest

from indexer.sentences import language_of, sentences


def cut(text: str, language: str = "en") -> list[str]:
    return [span.of(text) for span in sentences(text, language)]


@pytest.mark.parametrize(
    "parts",
    [
        ["**Never do this. It breaks.**", "Ask."],
        ["*Serves 2. Ready in 30 min.*"],
        ["**Q: Why?**", "A: Because."],
        ["**Note. It** breaks.", "Ask."],
        ['See `a. B` and [this. That](x. "Y. Z").', "Ask."],
        ["![a. B](c)"],
        ["![[bed. Red.png|400]] is red.", "Ask."],
        ["It is $E[X. Y]. Z$.", "Also."],
        ["See [[That. This]].", "Ask."],
        ["By volume.[^r]", "See that.[^1][^2]", "Ask."],
        ["A line\nbreak ends no\nsentence."],
    ],
)
def test_no_sentence_ends_within_what_is_one(parts: list[str]) -> None:
    assert cut(" ".join(parts)) == parts


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("en", ["Take approx. 5 kg.", "Version 2.0. is out.", "Ask."]),
        ("en", ["Meals: max. €45 a day, approx. ~3 of them.", "Ask."]),
        ("en", ["Take max. one, cook *approx.* ten min. over vitamin C. and salt.", "Ask."]),
        ("en", ["\u201cIs it on?\u201d she asked, and Yahoo! was down.", "(See above.) then go on."]),
        (
            "de",
            [
                "Stichtag ist der 31. Juli 2025.",
                "Ab dem 21. Kilometer bzw. nach Abs. 2 ist Schluss.",
                "Ende.",
            ],
        ),
        ("en", ["It was 21.", "Then it fell."]),
        ("en", ["the fridge is broken.", "call the plumber."]),
    ],
)
def test_not_every_full_stop_ends_a_sentence(language: str, parts: list[str]) -> None:
    assert cut(" ".join(parts), language) == parts


@pytest.mark.parametrize(
    "parts",
    [
        ["That is the price.", "kubectl applies it."],
        ["My iPhone is here.", "eBay too."],
        ["It is in S3.", "aws can't.", "scp runs with -p.", "rsync does."],
        ["Run `it`.", "curl asks (again).", "npm waits."],
        ["**Never do this.**", "git forgets it\\.", "cp does not.[^1]", "rm does."],
    ],
)
def test_a_sentence_may_begin_with_a_small_letter(parts: list[str]) -> None:
    assert cut(" ".join(parts)) == parts


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The key is in the box, and it is not for the door.", "en"),
        ("Der Schlüssel ist im Kasten und nicht für die Tür.", "de"),
        ("La clé est dans la boîte et pas sur la porte.", "fr"),
        ("La llave está en la caja y no es para la puerta.", "es"),
        ("", "en"),
    ],
)
def test_the_language_is_that_of_the_common_words(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("line", ["lang: de", "language: 'de-AT'", 'language = "de"'])
def test_the_language_that_a_note_names_is_its_own(line: str) -> None:
    text = f"---\n{line}\n---\nThe key is in the box."
    assert language_of(text, text.index("The")) == "de"
    assert language_of(text[text.index("The") :] + f"\n{line}") == "en"
