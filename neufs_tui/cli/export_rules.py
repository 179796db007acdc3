"""Which options of `export` go together: none may be without effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neufs_tui.errors import UsageError
from neufs_tui.export.format import Needs
from neufs_tui.export.registry import FORMATS

BEST = "best"
"""The order that does best on labels held out."""
_FLAGS = {
    "-k": "k",
    "-o": "output",
    "--format": "formats",
    "--order": "order",
    "--include": "include",
    "--choose": "choose",
    "--check": "is_checked",
    "--test": "test_file",
    "--gold": "gold_field",
    "--texts": "texts_file",
    "--model": "model",
    "--device": "device",
    "--device-map": "device_map",
    "--dtype": "dtype",
    "--trust-remote-code": "trust_remote_code",
    "--trust-self-check": "trust_self_check",
    "--adapter": "adapter",
    "--text-field": "text_field",
    "--encoding": "encoding",
    "--skip-bad-lines": "skip_bad_lines",
}
_OF_FORMATS = ("--format", "--check", "--test", "--texts")
_CONTRADICTING = {
    "--choose": ("-k", "--order"),
    "--retrieval": ("--choose", *_OF_FORMATS),
    "--readout": ("-k", "-o", "--choose", "--order", "--include", *_OF_FORMATS),
}


def refuse_contradictions(options: Mapping[str, Any]) -> None:
    """See to it that no option is without effect.

    Args:
        options: of `export`, all of them.

    Raises:
        UsageError: one would be.
    """
    given = {flag: _is_given(options[name]) for flag, name in _FLAGS.items()}
    given["--retrieval"] = retrieves = options["retrieval"] is not None
    given["--readout"] = is_readout = options["readout"] is not None
    for flag, others in _CONTRADICTING.items():
        for other in others:
            if given[flag] and given[other]:
                both = f"{flag} and {other}"
                raise UsageError(f"{both} contradict each other", hint="use one of them")
    if retrieves and not given["-o"] and not is_readout:
        raise UsageError("--retrieval writes a folder", hint="name it with -o FOLDER")
    if given["--check"] and not given["-o"]:
        raise UsageError("--check reads what was written", hint="name it with -o PATH")
    formats = [FORMATS[name] for name in options["formats"]]
    needed = {one.needs for one in formats}
    is_best = options["order"] == BEST
    reads_model = given["--choose"] or is_best or is_readout or Needs.TEMPLATE in needed
    reads_pool = reads_model or retrieves or Needs.TEXTS in needed or given["--test"]
    is_named = any(one.names_model for one in formats)
    of_model = (
        "--device",
        "--device-map",
        "--dtype",
        "--trust-remote-code",
        "--trust-self-check",
        "--adapter",
    )
    _require(
        given,
        of_model if is_named else ("--model", *of_model),
        reads_model,
        "--choose or --readout",
    )
    _require(
        given,
        ("--text-field", "--encoding", "--skip-bad-lines"),
        reads_pool,
        "--choose, --readout or --retrieval",
    )
    is_tested = any(one.takes_tests for one in formats)
    _require(given, ("--test",), is_tested, "a format that has a test")
    _require(given, ("--gold",), given["--test"], "--test")
    _require(given, ("--texts",), Needs.TEXTS in needed, "--format openai-batch")


def _is_given(value: Any) -> bool:
    return value not in (None, False, (), "-")


def _require(given: Mapping[str, bool], flags: tuple[str, ...], is_used: bool, what: str) -> None:
    named = ", ".join(flag for flag in flags if given[flag])
    if named and not is_used:
        raise UsageError(f"{named} without {what} has no effect", hint=f"add {what}")
