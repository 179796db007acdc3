"""What the labels have brought, and what each difficulty signal was worth on them."""

from __future__ import annotations

from textual.content import Content

from neufs_tui.core.settings import SIGNALS
from neufs_tui.statistics.auroc import Auroc
from neufs_tui.statistics.learning_curve import Progress
from neufs_tui.wording import learning_curve as wording
from neufs_tui.wording.reasons import SIGNAL_NAMES
from neufs_tui.wording.sentences import share

Parts = list[Content | str | tuple[str, str]]

_HEADING = "bold $text"
_QUIET = "$foreground-muted"


def summary(progress: Progress) -> Content:
    """Classes, agreement, whether labels help, coverage, and whether to go on."""
    parts: Parts = [("Learning curve\n", _HEADING)]
    checks = wording.check_lines(progress)
    if not progress.points:
        lines = [f"{one}\n" for one in ("Nothing is labelled yet.", *checks)]
        return Content.assemble(*parts, *lines)
    for line in (
        wording.classes(progress),
        wording.agreement(progress),
        wording.self_agreement(progress.self_agreement),
        wording.helps(progress),
        wording.calibration(progress),
        wording.coverage(progress),
        *checks,
        wording.foretold(progress),
    ):
        parts += [line, "\n"] if line else []
    parts.append((wording.suggestion(progress), "bold $accent"))
    return Content.assemble(*parts)


def signals(progress: Progress) -> Content:
    """How well each difficulty signal told right answers from wrong ones."""
    record = progress.record
    parts: Parts = [("Does difficulty tell where the model is wrong?\n", _HEADING)]
    if not record.areas:
        parts.append(f"{wording.too_little(record)}\n")
    for signal in SIGNALS if record.areas else ():
        parts.append(_line(SIGNAL_NAMES[signal], record.areas[signal]))
    if record.areas:
        parts.append(
            (
                f"Chance that a wrong answer is harder than a right one, by {record.n_wrong:,} "
                f"wrong and {record.n_right:,} right that a strategy chose; "
                ".50 is none. 95% intervals.\n",
                _QUIET,
            )
        )
    followed = ", which has done best on your labels" if progress.follows else ""
    if progress.follows and record.best() is None:
        followed = " until one has done better than chance on your labels"
    parts.append(f"Difficulty goes by {SIGNAL_NAMES[progress.signal]}{followed}.\n")
    return Content.assemble(*parts)


def _line(name: str, area: Auroc) -> Content:
    verdict = "tells nothing for sure"
    if area.low > 0.5:
        verdict = "better than chance"
    elif area.high < 0.5:
        verdict = "the wrong way round"
    numbers = f"{share(area.value)}  ({share(area.low)} to {share(area.high)})"
    return Content.assemble(f"{name:<22}", (numbers, "bold"), (f"  {verdict}\n", _QUIET))
