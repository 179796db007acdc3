"""What a script may ask for, and the answers as JSON: the same for commands and for `serve`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from neufs_tui.core.history import HistoryEvent
from neufs_tui.core.records import Decision, DecisionKind, Example, Mark, Pick
from neufs_tui.errors import UsageError
from neufs_tui.labelling.headless import HeadlessLabelling, Made, find_example
from neufs_tui.labelling.listing import ListedExample
from neufs_tui.labelling.progress import standing
from neufs_tui.labelling.shown import Shown
from neufs_tui.storage.session import Session
from neufs_tui.wording.reasons import why_shown, why_then
from neufs_tui.wording.standing import finish


def answer(labelling: HeadlessLabelling, request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request says.

    Args:
        labelling: what it is done on.
        request: `do`, the command's name, and its arguments by name.

    Raises:
        NeufsError: it cannot be done, and nothing has changed.
    """
    asked = dict(request)
    match asked:
        case {"do": "next", **rest} if rest.keys() <= {"reveal"}:
            reveal = bool(rest.get("reveal"))
            return next_as_json(labelling, labelling.next(reveal=reveal), reveal=reveal)
        case {"do": "add", "id": example, "label": str(label), **rest} if not rest:
            return made_as_json(labelling, labelling.add(str(example), label))
        case {"do": "skip", **rest} if rest.keys() <= {"id"}:
            named = str(rest["id"]) if "id" in rest else None
            return made_as_json(labelling, labelling.skip(named))
        case {"do": "change", "id": example, "label": str(label), **rest} if not rest:
            return made_as_json(labelling, labelling.change(str(example), label))
        case {"do": "flag", "id": example, **rest} if not rest:
            return made_as_json(labelling, labelling.flag(str(example)))
        case {"do": "note", "id": example, "note": str(note), **rest} if not rest:
            return made_as_json(labelling, labelling.note(str(example), note))
        case {"do": "offer", **rest} if not rest:
            return made_as_json(labelling, labelling.offer())
        case {"do": "list", **rest} if rest.keys() <= {"filters"}:
            listed = labelling.list(str(rest.get("filters", "")))
            return {"examples": [listed_as_json(one) for one in listed]}
        case {"do": "undo", **rest} if not rest:
            return made_as_json(labelling, labelling.undo())
        case {"do": "redo", **rest} if not rest:
            return made_as_json(labelling, labelling.redo())
        case {"do": "history", **rest} if not rest:
            return {"events": history_as_json(labelling.loop.workspace.session.history())}
        case {"do": "show", "id": example, **rest} if not rest:
            workspace = labelling.loop.workspace
            found = find_example(workspace.examples.values(), str(example))
            return example_as_json(found, workspace.session)
        case {"do": "wait", **rest} if not rest:
            labelling.wait()
            return {}
    raise UsageError(
        f"not a request: {request}",
        hint="ask to do next, add (id, label), skip, change (id, label), flag (id), "
        "note (id, note), offer, undo, redo, list (filters), history, show (id) or wait",
    )


def next_as_json(labelling: HeadlessLabelling, shown: Shown, *, reveal: bool) -> dict[str, Any]:
    """An example to label; the model's answer only where it was asked for.

    With which labels it was ranked is not told while check examples come, which were not.
    """
    workspace = labelling.loop.workspace
    pick = shown.pick if labelling.loop.tells_why else None
    told: dict[str, Any] = {
        **_named(shown.example),
        "text": shown.example.text,
        "why": why_shown(labelling.loop),
        "labels": list(workspace.task.label_names),
        "scanned": pick.n_scanned if pick else None,
        "ranked_with": pick.n_labelled if pick else None,
    }
    return told | {"model": _model(shown.pick)} if reveal else told


def made_as_json(labelling: HeadlessLabelling, made: Made) -> dict[str, Any]:
    """What was done to a decision, how far the session is now, and what the set has and lacks."""
    done = made.done
    decision = done if isinstance(done, Decision) else None
    removed = {"id": done.example_id, "hash": done.example_id, "row": None}
    return {
        **(_named(made.example) if made.example else removed),
        "kind": done.kind,
        "label": decision.answer.text if decision and decision.answer else None,
        "note": done.note if isinstance(done, Mark) else "",
        "model": _model(made.pick) if decision and decision.answer else None,
        "check": bool(decision and decision.check),
        "hunted": bool(decision and decision.hunted),
        "given": decision.given or None if decision else None,
        "decisions": made.n,
        "labelled": made.counts.labelled,
        "checked": made.counts.checked,
        "accepted": made.counts.accepted,
        "skipped": made.counts.skipped,
        "left": made.counts.left,
        "by_label": dict(made.counts.by_label),
        "set": finish(standing(labelling.loop)),
    }


def history_as_json(events: Iterable[HistoryEvent]) -> list[dict[str, Any]]:
    """The journal, a line an event."""
    return [
        {
            "seq": event.seq,
            "kind": event.kind,
            **_named(event.example),
            "label": event.answer.text if event.answer else None,
            "at": event.at,
            "seconds": event.seconds,
            "chosen_by": event.chosen_by,
            "model_answer": event.model_answer,
            "looked": event.looked,
            "shown": event.shown,
            "check": event.check,
            "hunted": event.hunted,
            "given": event.given or None,
            "page": event.page,
            "place": event.place,
            "note": event.note,
        }
        for event in events
    ]


def example_as_json(example: Example, session: Session | None) -> dict[str, Any]:
    """An example with all that its session says of it; None is a session not begun."""
    decisions = session.decisions() if session else ()
    decision = next((one for one in decisions if one.example_id == example.id), None)
    labelled = session.all_labelled() if session else ()
    known = next((one for one in labelled if one.example.id == example.id), None)
    pick = known.pick if known else None
    if session is not None and decision is not None and decision.kind is DecisionKind.ACCEPT:
        pick = session.pick_of(example.id)
    return {
        **_named(example),
        "text": example.text,
        "fields": dict(example.fields),
        "kind": decision.kind if decision else None,
        "label": decision.answer.text if decision and decision.answer else None,
        "flagged": session is not None and example.id in session.flagged(),
        "note": session.notes().get(example.id, "") if session else "",
        "why": why_then(pick, pick.n_labelled) if pick else None,
        "model": _model(pick),
        "seconds": known.seconds if known else None,
        "looked": known.looked if known else None,
        "shown": known.shown if known else None,
        "check": decision.check if decision else None,
        "hunted": decision.hunted if decision else None,
        "given": decision.given or None if decision else None,
    }


def listed_as_json(listed: ListedExample) -> dict[str, Any]:
    """A row of the list."""
    decision, known = listed.decision, listed.labelled
    return {
        **_named(listed.example),
        "kind": decision.kind if decision else None,
        "label": decision.answer.text if decision and decision.answer else None,
        "model": known.pick.answer if known and known.pick else None,
        "disagrees": listed.disagrees,
        "seconds": known.seconds if known else None,
        "flagged": listed.flagged,
        "note": listed.note,
        "check": bool(decision and decision.check),
        "given": decision.given or None if decision else None,
        "second": listed.second.text if listed.second else None,
        "text": listed.example.text,
    }


def _named(example: Example) -> dict[str, str | int | None]:
    own = example.stable_id
    return {"id": own, "hash": example.id, "row": example.row}


def _model(pick: Pick | None) -> dict[str, Any] | None:
    if pick is None or pick.answer is None:
        return None
    return {
        "answer": pick.answer,
        "probabilities": dict(pick.probabilities),
        "calibrated": pick.calibrated,
        "scores": dict(pick.scores),
        "n_demonstrations": pick.n_demonstrations,
    }
