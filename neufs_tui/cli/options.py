"""Arguments and options that several commands share, gathered into one value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from neufs_tui.cli.completing import FILE, LABEL_NAME, MODEL
from neufs_tui.core.settings import (
    DEFAULT_SIGNAL,
    REFERENCE_CAPTURE,
    SIGNALS,
    CaptureSettings,
)
from neufs_tui.errors import UsageError
from neufs_tui.project.request import ProjectRequest

Command = TypeVar("Command", bound=Callable[..., Any])


def session_options(command: Command) -> Command:
    """The pool and the session on it."""
    return _decorated(
        command,
        click.argument("pool", type=FILE),
        click.option(
            "--session",
            type=FILE,
            metavar="FILE",
            help="Session file.  [default: POOL.neufs.db beside the pool]",
        ),
    )


def pool_options(command: Command) -> Command:
    """The pool, how it is read, and the session on it."""
    return _decorated(
        command,
        session_options,
        click.option(
            "--text-field",
            metavar="FIELD",
            help="Field that holds the text, such as body, or body.text within an object.  "
            "[default: input or text]",
        ),
        click.option(
            "--encoding",
            metavar="NAME",
            help="Encoding of POOL, such as cp1252.  [default: UTF-8, or what its mark says]",
        ),
        click.option(
            "--skip-bad-lines", is_flag=True, help="Go on without the lines that cannot be read."
        ),
    )


def labels_options(command: Command) -> Command:
    """The labels."""
    return _decorated(
        command,
        click.option(
            "--label",
            "labels",
            multiple=True,
            type=LABEL_NAME,
            metavar="NAME",
            help="A label; repeat for each.",
        ),
        click.option(
            "--labels-from", metavar="FIELD", help="Take the distinct values of a field as labels."
        ),
    )


given_option = click.option(
    "--given",
    metavar="FIELD",
    help="Take the labels that stand in a field of POOL, where nothing is decided; once undone, "
    "they stay so. Where nobody names labels, they are its values.",
)


def task_options(command: Command) -> Command:
    """The labels and the model."""
    return _decorated(
        command,
        labels_options,
        click.option(
            "--model",
            type=MODEL,
            metavar="MODEL",
            help="Hub id, local folder, GGUF file or smollm2-135m.  [default: smollm2-135m]",
        ),
        device_options,
    )


def device_options(command: Command) -> Command:
    """What is put on a model, where it runs, and how."""
    return _decorated(
        command,
        click.option(
            "--adapter",
            type=MODEL,
            metavar="ADAPTER",
            help="Folder or hub id of an adapter (LoRA, …) to put on the model; none leaves out "
            "one that lies beside its weights.  [default: MODEL's own, where it has no weights]",
        ),
        click.option("--device", metavar="DEVICE", help="cpu, cuda, cuda:1, …  [default: chosen]"),
        click.option(
            "--device-map",
            type=click.Choice(["auto", "balanced", "balanced_low_0", "sequential"]),
            help="Spread a model that is larger than one device over all there are.",
        ),
        click.option(
            "--dtype",
            type=click.Choice(["float32", "bfloat16", "float16"]),
            help="Precision of the weights.  [default: chosen]",
        ),
        click.option(
            "--trust-remote-code", is_flag=True, help="Run Python code that comes with the model."
        ),
        click.option(
            "--trust-self-check",
            is_flag=True,
            help="Use a model of an unknown family if it passes the self-check.",
        ),
    )


def capture_options(command: Command) -> Command:
    """What is recorded of the model; the defaults suit nearly everybody."""
    positive = click.FloatRange(min=0, min_open=True)
    return _decorated(
        command,
        click.option(
            "--reference",
            is_flag=True,
            help="Behave as the published implementation does, its known faults included.",
        ),
        click.option(
            "--layer-entries",
            type=positive,
            metavar="N",
            help="Contributions kept a layer: a share of the neurons that a token passes, or a "
            "number.  [default: 0.206]",
        ),
        click.option(
            "--set-size",
            type=positive,
            metavar="N",
            help="Neurons in an example's set: a share of all, or a number.  [default: 0.012]",
        ),
        click.option(
            "--nucleus-share",
            type=click.FloatRange(min=0, max=1, min_open=True, max_open=True),
            metavar="P",
            help="Share of the push towards the answer that the nucleus carries.  [default: 0.9]",
        ),
        click.option(
            "--all-candidates",
            is_flag=True,
            help="Of a large label set, score also the labels that cannot win.  [slower]",
        ),
    )


def selection_options(command: Command) -> Command:
    """How examples are chosen."""
    return _decorated(
        command,
        click.option(
            "--strategy",
            metavar="NAME",
            help="What chooses: neufs, neufs-batch, random, entropy, or one of a plug-in.  "
            "[default: neufs; of select neufs-batch]",
        ),
        click.option(
            "--tau",
            type=float,
            help="Weight of difficulty: 0 picks the most typical, 1 the hardest.  [default: 0.5]",
        ),
        click.option(
            "--difficulty",
            type=click.Choice([*SIGNALS, "auto"]),
            help="What makes an example hard; auto follows what has told the model's right "
            f"answers from its wrong ones on your labels.  [default: {DEFAULT_SIGNAL}]",
        ),
        click.option("--seed", type=int, help="Seed of what is drawn.  [default: 0]"),
    )


rescore_option = click.option(
    "--rescore",
    type=click.Choice(["off", "shortlist", "pool"]),
    help="What the model rereads with your labels in its prompt.  [default: pool]",
)
balance_option = click.option(
    "--balance/--no-balance",
    default=None,
    help="Ask sooner for what is likely of a class that has few labels.  [default: on]",
)
calibration_option = click.option(
    "--calibration/--no-calibration",
    default=None,
    help="Take the model's lean towards some labels out of its answers, from 8 labels on.  "
    "[default: on]",
)


def check_options(command: Command) -> Command:
    """What tells, meanwhile, how often the model is right, and how sure the labels are."""
    return _decorated(
        command,
        click.option(
            "--check",
            type=int,
            metavar="N",
            help="Draw N examples at random among the first 2N, to tell how often the model is "
            "right with your labels and without; they never become demonstrations. Below 10 they "
            "tell nothing.  [default: 0]",
        ),
        click.option(
            "--test",
            type=FILE,
            metavar="FILE",
            help="Tell it on texts with gold labels instead, of which none is asked; of more than "
            "200, on 200 drawn by the seed.",
        ),
        click.option("--gold", metavar="FIELD", help="Their gold label.  [default: label]"),
        click.option(
            "--again",
            type=int,
            metavar="N",
            help="Ask one example again, unannounced, for each N labels, to tell how well you "
            "agree with yourself; it changes no label.  [default: 0]",
        ),
    )


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON instead of text for people."
)


def project_request(options: dict[str, Any]) -> ProjectRequest:
    """Everything the shared options said."""
    names = ProjectRequest.__dataclass_fields__
    said = {name: value for name, value in options.items() if name in names and value is not None}
    return ProjectRequest(source=options["pool"], **said)


def capture_settings(options: dict[str, Any]) -> CaptureSettings:
    """What the capture options said.

    Raises:
        UsageError: both the reference's settings and others were asked for.
    """
    asked = {
        name: options[name]
        for name in ("layer_entries", "set_size", "nucleus_share", "difficulty")
        if options.get(name) is not None
    }
    if not options.get("reference"):
        asked.pop("difficulty", None)
        return CaptureSettings(**asked, all_candidates=bool(options.get("all_candidates")))
    if asked:
        raise UsageError(
            "--reference sets --layer-entries, --set-size, --nucleus-share and --difficulty itself",
            hint="leave them out, or leave --reference out",
        )
    return REFERENCE_CAPTURE


def _decorated(command: Command, *decorators: Callable[[Command], Command]) -> Command:
    for decorator in reversed(decorators):
        command = decorator(command)
    return command
