"""What the annotator goes by, what comes next, where the gap is in a long text, the curve."""

from __future__ import annotations

from dataclasses import replace

from textual.widgets import Markdown

from neufs_tui.app.screens.ahead import AheadScreen
from neufs_tui.app.screens.guide import GuideScreen
from neufs_tui.app.screens.label import LabelScreen
from neufs_tui.app.widgets.agreement_plot import AgreementPlot
from neufs_tui.app.widgets.text_view import TextView
from neufs_tui.core.explanation import Word
from neufs_tui.engine.protocol import WordsFound
from neufs_tui.wording.side import plain
from tests.app.test_label_app import EXAMPLES, PICKS, app_on, start
from tests.fakes import LABELS, StoredWorkspace, example, pick, pool, reason

GUIDELINES = "# How we sort\n\n- **With** when it says [why](http://x)\n\x1b[31m{not} [bold]"


def with_guidelines() -> StoredWorkspace:
    workspace = StoredWorkspace(EXAMPLES)
    workspace.guidelines = GUIDELINES
    return workspace


async def test_the_guide_has_guidelines_labels_and_two_examples_of_each() -> None:
    app, startup = app_on(with_guidelines())
    async with app.run_test(size=(100, 40)) as pilot:
        session = await start(pilot, startup)
        await session.press("1", "2", "1", "1", "h")
        assert isinstance(app.screen, GuideScreen)
        assert "How we sort" in app.screen.query_one(Markdown).source
        said = session.said("#page > Static")
        assert f"{LABELS[0].name} — {LABELS[0].definition}" in said
        texts = [line.strip() for line in said.splitlines() if "·" in line]
        assert texts == [f"· Text number {n}." for n in (4, 3, 2)]  # the newest two of each
        await session.press("h")
        assert isinstance(app.screen, LabelScreen)


async def test_without_guidelines_the_guide_has_labels_and_the_question() -> None:
    app, startup = app_on()
    async with app.run_test(size=(80, 24)) as pilot:
        session = await start(pilot, startup)
        await session.press("h")
        assert not app.screen.query(Markdown)
        assert "What the model is asked" in session.said("#page > Static")


async def test_guidelines_stand_beside_the_text_where_there_is_room() -> None:
    app, startup = app_on(with_guidelines())
    async with app.run_test(size=(120, 40)) as pilot:
        session = await start(pilot, startup)
        assert "- With when it says [why](http://x)" in session.said("#side")


def test_markdown_is_read_as_plain_lines() -> None:
    assert (
        plain(GUIDELINES) == "How we sort\n- With when it says [why](http://x)\n␛[31m{not} [bold]"
    )


async def test_the_next_five_are_told_in_their_order_and_nothing_is_decided() -> None:
    app, startup = app_on()
    async with app.run_test(size=(80, 40)) as pilot:
        session = await start(pilot, startup)
        ranked = session.engine.rank(after_label=PICKS[7], queue=PICKS[2:4])
        await session.say(replace(ranked, further_after_label=(PICKS[9], PICKS[8], PICKS[2])))
        await session.press(">")
        assert isinstance(app.screen, AheadScreen)
        said = session.said("#page > *")
        numbers = [line.split()[1] for line in said.splitlines() if "  #" in line]
        assert numbers == ["#8", "#10", "#9", "#3", "#4"]
        assert "Like 43 others" in said
        await session.press("escape", "1")
        assert session.text == "Text number 8."


async def test_before_anything_is_ranked_nothing_is_told_to_come() -> None:
    app, startup = app_on()
    async with app.run_test(size=(80, 24)) as pilot:
        session = await start(pilot, startup, rank=False)
        await session.press(">")
        assert "Nothing is chosen yet" in session.said("#page > *")


async def test_the_words_behind_the_gap_are_brought_into_view_in_a_long_text() -> None:
    text = "\n".join(f"Line {n} says little." for n in range(1, 71)) + " Here it is."
    long = example(0, text)
    app, startup = app_on(StoredWorkspace((long, *pool(5)[1:])))
    async with app.run_test(size=(80, 24)) as pilot:
        session = await start(pilot, startup, rank=False)
        await session.say(session.engine.rank(pick=pick(long, why=reason())))
        view = app.screen.query_one(TextView)
        at = text.index("Here")
        await session.press("i")
        words = (Word(0, 4, 0.1), Word(at, at + 4, 0.9))
        await session.say(WordsFound(long.id, words))
        assert view.scroll_offset.y <= 69 < view.scroll_offset.y + view.size.height
        there = view.scroll_offset.y
        await session.press("i", "i")  # away and back: it is in view
        assert view.scroll_offset.y == there


async def test_the_learning_curve_stands_under_the_labels_of_a_large_window_alone() -> None:
    for size, is_there in (((160, 50), True), ((160, 40), False), ((120, 50), False)):
        app, startup = app_on()
        async with app.run_test(size=size) as pilot:
            session = await start(pilot, startup)
            await session.press("1")
            assert not app.screen.query(AgreementPlot)  # one point is no curve
            await session.press("2", "1")
            assert bool(app.screen.query(AgreementPlot)) is is_there


async def test_guide_and_curve_say_how_much_of_them_is_hidden() -> None:
    workspace = with_guidelines()
    workspace.guidelines = "\n\n".join(f"Rule {n}." for n in range(40))
    app, startup = app_on(workspace)
    async with app.run_test(size=(80, 16)) as pilot:
        session = await start(pilot, startup)
        await session.press("h")
        assert "more lines" in session.said("#leave")
        await session.press("end")
        assert "lines above" in session.said("#leave") and "more" not in session.said("#leave")
        await session.press("escape", "1", "2", "1", "c")
        assert "more lines" in session.said("#leave")


async def test_what_the_set_is_stands_beside_the_text_once_it_has_its_size() -> None:
    app, startup = app_on(StoredWorkspace(EXAMPLES, shots=2))
    async with app.run_test(size=(120, 40)) as pilot:
        session = await start(pilot, startup)
        await session.press("1")
        assert "your set" not in session.said("#side")
        await session.press("1", "space")
        assert session.said("#side").startswith("your set\n2 labelled, but")
