"""The sentences under the text: why this example, what a key did, what the engine says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from shlex import quote

from neufs_tui.core.records import Answer, Decision, DecisionKind, Example, Pick
from neufs_tui.core.settings import CERTAIN, NO_ADAPTER
from neufs_tui.core.text import one_line, plural
from neufs_tui.engine.protocol import EngineDied, EngineFailed, ModelReady
from neufs_tui.errors import NeufsError

STILL_READING = "not yet: the pool is still being read; the key works as soon as it is"
"""What answers a key that acts on an example before the pool is read."""
READ_ONCE = "a pool that comes through standard input is read once"
"""What answers the key that would read it again."""
_N_LIKELY = 4
"""Labels named of the model's answer, the likeliest."""


def pool_changed(key: str) -> str:
    """What is said while the pool's file holds something else than what was read of it."""
    return f"the pool has changed: {key} takes it in"


def not_taken_in(error: NeufsError, key: str) -> str:
    """What is said when a pool's file could not be read again."""
    return f"{one_line(error.message)} — all is as it was; {key} reads it again"


def rereading(pool_name: str) -> str:
    """What is said while a pool's file is read again."""
    return f"reading {one_line(pool_name)} as it is now …"


def taken_in(pool_name: str, n_pool: int, n_new: int, n_gone: int, *, keeps_shown: bool) -> str:
    """What a pool's file has brought.

    Args:
        pool_name: the file as the user named it.
        n_pool: texts in it now.
        n_new: texts of it that are new.
        n_gone: texts that are not in it any more.
        keeps_shown: the text on the screen is one of those.
    """
    name = one_line(pool_name)
    if not n_new and not n_gone:
        return f"{name} holds the same {plural(n_pool, 'text')} as before"
    brought = [f"{plural(n_new, 'new text')}"] if n_new else []
    brought += [f"{plural(n_gone, 'text')} gone"] if n_gone else []
    kept = "; the one on the screen is gone from it too" if keeps_shown else ""
    return f"{name}: {', '.join(brought)}, {n_pool:,} now{kept}"


def decided(
    example: Example, decision: Decision, pick: Pick | None = None, *, undo: str = "u"
) -> str:
    """What a label or skip key has done, and what the model had answered to a text labelled.

    Args:
        example: the one decided.
        decision: what was decided.
        pick: what was known when it was shown.
        undo: the key that takes it back.
    """
    if decision.answer is None:
        done = f"skipped #{example.number}"
    elif pick is None or pick.answer is None:
        done = f"labelled #{example.number} as {one_line(decision.answer.text)}"
    else:
        done = f"#{example.number} {both_answers(decision.answer, pick)}"
    return f"{done} — {undo} undoes"


def both_answers(answer: Answer, pick: Pick) -> str:
    """The annotator's label beside the model's answer from before it."""
    if pick.answer is None:
        return f"you: {one_line(answer.text)}"
    of = pick.probabilities.get(pick.answer)
    model = one_line(pick.answer) if of is None else f"{one_line(pick.answer)} {share(of)}"
    likeliest = max(pick.estimate, key=lambda name: pick.estimate[name], default=pick.answer)
    # what says the same again is not worth a second line
    by_labels = "" if likeliest == pick.answer else _by_labels(pick)
    return f"you: {one_line(answer.text)} · {_model(pick)}: {model}{by_labels}"


def model_says(pick: Pick, names: Sequence[str]) -> str:
    """The model's answer to the text in view, with its likeliest labels among those there are.

    Args:
        pick: what is known of it.
        names: of the labels there are.
    """
    known = {name: pick.probabilities[name] for name in names if name in pick.probabilities}
    ranked = sorted(known, key=lambda name: -known[name])
    shown = [f"{one_line(name)} {share(known[name])}" for name in ranked[:_N_LIKELY]]
    if len(ranked) > _N_LIKELY:
        shown.append(f"{len(ranked) - _N_LIKELY:,} more")
    others = "" if set(names) == {*pick.probabilities} else ", asked with other labels"
    if not shown:
        answer = pick.answer if pick.answer in names else None
        shown = [one_line(answer) if answer is not None else "none of these"]
    calibrated = ", calibrated" if pick.calibrated else ""
    return f"{_model(pick)}{calibrated}{others}: {' · '.join(shown)}{_by_labels(pick)} — recorded"


def _by_labels(pick: Pick) -> str:
    """The label that the annotator's labels made likeliest; empty where that was not known."""
    if not pick.estimate:
        return ""
    likeliest = max(pick.estimate, key=lambda name: pick.estimate[name])
    return f" · your labels: {one_line(likeliest)} {share(pick.estimate[likeliest])}"


def share(of_one: float) -> str:
    """A probability, as short as it can be said.

    >>> share(0.618), share(0.0), share(1.0)
    ('.62', '.00', '1.00')
    """
    return f"{of_one:.2f}".removeprefix("0")


def share_in(value: float, low: float, high: float) -> str:
    """A share with its interval.

    >>> share_in(0.714, 0.45, 0.88)
    '.71 (.45–.88)'
    """
    return f"{share(value)} ({share(low)}–{share(high)})"


def suggestions(label: str, n_in: int, n_rows: int, n_others: int) -> tuple[str, str]:
    """What stands over a page of suggestions: what they are, and what becomes of them.

    Args:
        label: the one suggested.
        n_in: rows that are to be accepted.
        n_rows: all of them.
        n_others: rows that were given another label.
    """
    parts = [f"{n_in:,} of {n_rows:,} to accept"]
    parts += [f"{n_others:,} to label otherwise"] if n_others else []
    return (
        f"All but certainly {one_line(label)} by your labels, the surest first",
        " · ".join([*parts, "accepted ones are no labels"]),
    )


def accepted(made: Sequence[Decision], label: str, *, undo: str = "u") -> str:
    """What a page of suggestions has become.

    Args:
        made: the decisions on its rows.
        label: the one suggested.
        undo: the key that takes all of it back.
    """
    n_accepted = sum(one.kind is DecisionKind.ACCEPT for one in made)
    n_corrected = len(made) - n_accepted
    parts = (
        [f"accepted {n_accepted:,} as {one_line(label)}, apart from labels"] if n_accepted else []
    )
    parts += [f"labelled {n_corrected:,} otherwise"] if n_corrected else []
    return f"{'; '.join(parts) or 'nothing accepted'}{f' — {undo} undoes' if made else ''}"


def nothing_certain(label: str | None) -> str:
    """What is said where nothing can be suggested.

    Args:
        label: the one that suggestions were asked for; None for any.
    """
    of = f" to be {one_line(label)}" if label is not None else ""
    return f"no example is certain enough{of} by your labels yet: {share(CERTAIN)} is asked"


def hunting(label: str) -> str:
    """What is said as long as a label is hunted for."""
    return f"hunting {one_line(label)}"


def hunt_begun(label: str, key: str) -> str:
    """What answers the choice of a label to hunt for.

    Args:
        label: which.
        key: the one that leaves the hunt.
    """
    return f"{hunting(label)}: likeliest first — {key} or esc leaves"


HUNT_LEFT = "hunt left: examples are chosen as before"
"""What answers the key that leaves a hunt."""
HUNT_TOO_EARLY = "a hunt can begin once the model has read enough to choose by"
"""What answers the key that would begin one."""
NOBODY_THERE = "without the model nothing can be suggested"
"""What answers the key that asks for suggestions then."""
LOOKING = "looking for examples whose label is all but certain …"
"""What is said until the engine has suggestions."""


def how_to_write(export: str = "x") -> str:
    """Said once, when as many are labelled as were wanted, with the key that exports."""
    return f"{export} exports them."


def export_command(pool_name: str, session: str | None = None) -> str:
    """The command that writes the few-shot set of a session that is not at its usual place."""
    command = f"neufs-tui export {quote(one_line(pool_name))}"
    return f"{command} --session {quote(one_line(session))}" if session else command


def too_early(n_keys: int) -> str:
    """Added when keys were pressed before the example they would have acted on was there."""
    return f"{plural(n_keys, 'key')} came too early and did nothing"


def engine_failed(event: EngineFailed) -> str:
    """What is to be known of an engine that could not go on."""
    message = _sentence(event.message)
    if event.out_of_memory:
        return f"{message} It starts again with smaller batches; go on labelling."
    hint = f" {_sentence(event.hint)}" if event.hint else ""
    return f"{message}{hint} Go on labelling without the model."


def engine_died(event: EngineDied) -> str:
    """What is to be known of an engine that is gone."""
    reason = _sentence(event.reason)
    if event.restarting:
        return f"{reason} It starts again; go on labelling."
    return f"{reason} It stays off; go on labelling without it."


def hidden_lines(above: int, below: int) -> str:
    """How much of a text is out of view; empty when all of it is in view."""
    up = f"↑ {plural(above, 'line')} above" if above else ""
    down = f"↓ {plural(below, 'more line')}" if below else ""
    return "   ".join(filter(None, [up, down]))


def place(example: Example, n_pool: int, *, cut: bool = False) -> str:
    """Where an example stands in its pool, with its own id when it has one.

    Args:
        example: the one in view.
        n_pool: examples in the pool.
        cut: the model read it without its middle.
    """
    parts = [f"#{example.number:,} of {n_pool:,}"]
    if example.source_id is not None:
        parts.append(f"id {one_line(str(example.source_id))}")
    if cut:
        parts.append("the model read it without its middle")
    return " · ".join(parts)


def among(median: float, rank: int, n_ranked: int) -> str:
    """Where a gap stands among those of the examples without a decision."""
    middle = f"{median:,.1f}".removesuffix(".0")
    return f"median {middle}; rank {rank:,} of {n_ranked:,}"


def model_name(name: str, adapter: str | None = None) -> str:
    """A model as the header names it: a file or folder by its last part, a hub id whole.

    Args:
        name: as it was named.
        adapter: as it was named beside it; None or `none` where nothing is put on it.

    >>> model_name("/models/qwen3.gguf"), model_name("Qwen/Qwen3-4B"), model_name("./a", "./b/")
    ('qwen3.gguf', 'Qwen/Qwen3-4B', 'a + b')
    """
    if adapter not in (None, NO_ADAPTER):
        return f"{model_name(name)} + {model_name(adapter)}"
    path = PurePath(name)
    is_path = name.startswith(("/", ".", "~")) or path.suffix.lower() == ".gguf"
    return path.name if is_path else name


def model_parts(model: ModelReady) -> str:
    """A model as it was named, an adapter with what it is put on."""
    if model.base is not None:
        return f"{model.name} (an adapter on {model.base})"
    if model.adapter not in (None, NO_ADAPTER):
        return f"{model.name} with the adapter {model.adapter}"
    return model.name


def _model(pick: Pick) -> str:
    """Whose answer it is."""
    if not pick.n_demonstrations:
        return "model"
    return f"model with {plural(pick.n_demonstrations, 'label')}"


def _sentence(text: str) -> str:
    text = one_line(text)
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."
