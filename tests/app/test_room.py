"""Every size of window, task and text: nothing is cut without a word, and no room is wasted."""

from __future__ import annotations

from itertools import groupby

import pytest

from neufs_tui.app.main import LabelApp
from neufs_tui.core.records import Label
from neufs_tui.engine.protocol import Explained
from tests.app.test_label_app import app_on, start
from tests.fakes import StoredWorkspace, example, explanation, pick, pool, reason

SIZES = [(160, 50), (120, 40), (100, 30), (80, 24), (60, 16)]
DEFINITION = "says why it is good or bad, or how to mend it, in a sentence or two"
TASKS = {
    2: tuple(Label(name, DEFINITION) for name in ("With", "Without")),
    6: tuple(Label(f"kind {n}", DEFINITION) for n in range(6)),
    151: tuple(Label(f"card_payment_number_{n}") for n in range(151)),
}
TEXTS = {
    "one line": "The introduction is clear, but why it matters is never said.",
    "70 lines": "\n".join(f"{n}. A sentence on a line of its own." for n in range(1, 71)),
}


def lines_of(app: LabelApp, width: int) -> list[str]:
    """What is on the screen, as far as a number of cells."""
    strips = app.screen._compositor.render_strips()
    return [strip.crop(0, width).text.rstrip() for strip in strips]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("n_labels", TASKS)
@pytest.mark.parametrize("text", TEXTS)
async def test_text_and_labels_have_the_room(
    size: tuple[int, int], n_labels: int, text: str
) -> None:
    first = example(0, TEXTS[text])
    workspace = StoredWorkspace((first, *pool(40)[1:]), labels=TASKS[n_labels])
    app, startup = app_on(workspace)
    async with app.run_test(size=size) as pilot:
        session = await start(pilot, startup, rank=False)
        await session.say(session.engine.rank(pick=pick(first, why=reason())))
        await session.say(Explained(first.id, explanation(first.id)))
        width, height = size
        left = lines_of(app, app.screen.query_one("#example").size.width)
        whole = "\n".join(left)
        is_folded = "more line" in whole or " more" in session.said("#labels")
        # of the rows between the header and the lines that answer keys
        blank = max((len([*run]) for is_blank, run in groupby(left[2:-4], lambda one: not one)
                     if is_blank), default=0)  # fmt: skip
        assert not is_folded or blank <= height / 3
        assert TEXTS[text].split("\n")[0][: width - 8].split(".")[0] in whole
        names = [label.name for label in TASKS[n_labels]]
        n_shown = sum(f"{name} " in f"{whole} \n" or f"{name}\n" in whole for name in names)
        assert n_shown == n_labels or f"{n_labels - n_shown:,} more" in whole
        if text == "70 lines" and height >= 24:
            assert sum(line.strip()[:2].rstrip(".").isdigit() for line in left) >= 6
        if n_labels == 2 and height >= 24:
            definitions = " ".join(whole.split())
            assert definitions.count(DEFINITION) == 2 or width < 120
            assert "…" not in session.said("#labels")


@pytest.mark.parametrize("size", [(59, 24), (80, 15), (20, 5)])
async def test_below_the_least_size_one_sentence_says_so(size: tuple[int, int]) -> None:
    app, startup = app_on()
    async with app.run_test(size=size) as pilot:
        await start(pilot, startup)
        said = " ".join(" ".join(lines_of(app, size[0])).split())
        assert said == f"neufs-tui needs 60x16, have {size[0]}x{size[1]}"
