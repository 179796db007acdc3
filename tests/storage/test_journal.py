from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.records import Answer, Decision, DecisionKind, Mark, MarkKind
from neufs_tui.core.repeats import Repeat
from neufs_tui.storage.journal import EventKind, JournalEvent, JournalState, fold

Step = tuple[str, str, str]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("label"), st.sampled_from("abcd"), st.sampled_from("XY")),
        st.tuples(st.just("skip"), st.sampled_from("abcd"), st.just("")),
        st.tuples(st.just("page"), st.text("abcd", min_size=1, max_size=4), st.sampled_from("XY")),
        st.tuples(st.just("change"), st.text("abcd", min_size=1, max_size=4), st.just("Z")),
        st.tuples(st.just("flag"), st.sampled_from("abcd"), st.just("")),
        st.tuples(st.just("unflag"), st.sampled_from("abcd"), st.just("")),
        st.tuples(st.just("note"), st.sampled_from("abcd"), st.sampled_from(["", "odd"])),
        st.tuples(st.just("offer"), st.just(""), st.just("")),
        st.tuples(st.just("again"), st.sampled_from("abcd"), st.sampled_from(["", "X", "Y"])),
        st.tuples(st.just("undo"), st.just("a"), st.just("")),
        st.tuples(st.just("redo"), st.just("a"), st.just("")),
    )
)


@dataclass(frozen=True)
class Held:
    """What holds: the decisions in their order, the flags and the notes."""

    decisions: tuple[Decision, ...] = ()
    flags: frozenset[str] = frozenset()
    notes: tuple[tuple[str, str], ...] = ()
    repeats: tuple[Repeat, ...] = ()


def page(examples: str, name: str) -> list[Decision]:
    """A page that suggests X: what is not X corrects it."""
    kind = DecisionKind.ACCEPT if name == "X" else DecisionKind.LABEL
    return [
        Decision(one, kind, Answer(name), hunted=name != "X") for one in dict.fromkeys(examples)
    ]


def skipped(held: Held) -> list[str]:
    return [one.example_id for one in held.decisions if one.kind is DecisionKind.SKIP]


def done_by(step: Step, held: Held) -> list[Decision | Mark]:
    """What a step other than undo and redo does, all at once, where something holds already."""
    kind, example, name = step
    match kind:
        case "page":
            return [*page(example, name)]
        case "change":
            wanted = [one for one in held.decisions if one.example_id in example]
            return [Decision(one.example_id, DecisionKind.LABEL, Answer(name)) for one in wanted]
        case "offer":
            return [Mark(one, MarkKind.OFFER) for one in skipped(held)]
        case "again":
            given = Answer(name) if name else None
            is_decided = example in {one.example_id for one in held.decisions}
            return [Mark(example, MarkKind.AGAIN, answer=given)] if is_decided else []
        case "flag" | "unflag" | "note":
            return [Mark(example, MarkKind(kind), name)]
        case _:
            return [Decision(example, DecisionKind(kind), Answer(name) if name else None)]


def after(held: Held, step: Step) -> Held:
    """What holds after a step, the slow and obvious way."""
    decisions, flags, notes = list(held.decisions), set(held.flags), dict(held.notes)
    repeats = list(held.repeats)
    for one in done_by(step, held):
        others = [made for made in decisions if made.example_id != one.example_id]
        match one:
            case Decision() if step[0] == "change":
                at = [made.example_id for made in decisions].index(one.example_id)
                decisions[at] = one
            case Decision():
                decisions = [*others, one]
            case Mark(kind=MarkKind.OFFER):
                decisions = others
            case Mark(kind=MarkKind.AGAIN):
                had = next(made for made in decisions if made.example_id == one.example_id)
                repeats.append(Repeat(one.example_id, had.answer, one.answer))
            case Mark(kind=MarkKind.FLAG):
                flags.add(one.example_id)
            case Mark(kind=MarkKind.UNFLAG):
                flags.discard(one.example_id)
            case Mark():
                notes[one.example_id] = one.note
    kept = tuple((one, note) for one, note in notes.items() if note)
    return Held(tuple(decisions), frozenset(flags), kept, tuple(repeats))


def events(steps: list[Step]) -> list[JournalEvent]:
    """The journal of some steps, each written by what holds when it is taken."""
    lines: list[JournalEvent] = []
    for step in steps:
        first = len(lines) + 1
        if step[0] in ("undo", "redo"):
            lines.append(JournalEvent(first, EventKind(step[0]), step[1]))
            continue
        state = fold(lines)
        places = {one.example_id: one.order for one in state.holding()}
        done = done_by(step, Held(tuple(one.decision() for one in state.holding())))
        at_once = first if step[0] == "page" or len(done) > 1 else None
        for seq, one in enumerate(done, first):
            place = places[one.example_id] if step[0] == "change" else None
            lines.append(JournalEvent.of(seq, one, at_once, place))
    return lines


def held(state: JournalState) -> Held:
    decisions = tuple(event.decision() for event in state.holding())
    return Held(decisions, state.flagged(), tuple(state.notes().items()), state.repeats())


def decisions(state: JournalState) -> list[Decision]:
    return [event.decision() for event in state.holding()]


def by_states(steps: list[Step]) -> Held:
    """What holds, the slow and obvious way: every state she was in is kept."""
    states, ahead = [Held()], list[Held]()
    for step in steps:
        if step[0] == "undo":
            if len(states) > 1:
                ahead.append(states.pop())
        elif step[0] == "redo":
            if ahead:
                states.append(ahead.pop())
        elif done_by(step, states[-1]):
            states.append(after(states[-1], step))
            ahead = []
    return states[-1]


@given(STEPS)
def test_the_fold_holds_what_a_stack_of_states_holds(steps: list[Step]) -> None:
    found, wanted = held(fold(events(steps))), by_states(steps)
    assert replace(found, notes=()) == replace(wanted, notes=())
    assert dict(found.notes) == dict(wanted.notes)


@given(STEPS)
def test_a_decision_has_its_place_by_the_line_that_it_is_told_to_have(steps: list[Step]) -> None:
    places = [one.order for one in fold(events(steps)).holding()]
    assert places == sorted(set(places))


@given(STEPS)
def test_decisions_know_whether_their_example_is_flagged(steps: list[Step]) -> None:
    state = fold(events(steps))
    assert all(one.flagged == (one.example_id in state.flagged()) for one in state.decisions())
    assert [replace(one, flagged=False) for one in state.decisions()] == decisions(state)


@given(STEPS, st.integers(min_value=0))
def test_a_journal_may_be_folded_in_parts(steps: list[Step], cut: int) -> None:
    journal = events(steps)
    cut %= len(journal) + 1
    assert fold(journal[cut:], fold(journal[:cut])) == fold(journal)


@given(STEPS)
def test_undoing_everything_and_redoing_it_changes_nothing(steps: list[Step]) -> None:
    made = len({one.page or -one.seq for one in fold(events(steps)).made})
    there_and_back = [*steps, *[("undo", "a", "")] * made, *[("redo", "a", "")] * made]
    assert held(fold(events(there_and_back))) == held(fold(events(steps)))
    undone = fold(events([*steps, *[("undo", "a", "")] * made]))
    assert held(undone) == Held()


def test_deciding_again_takes_the_later_place_and_undo_gives_the_earlier_back() -> None:
    steps = [("label", "a", "X"), ("label", "b", "X"), ("label", "a", "Y")]
    again = fold(events(steps))
    assert [(d.example_id, d.answer) for d in decisions(again)] == [
        ("b", Answer("X")),
        ("a", Answer("Y")),
    ]
    undone = fold(events([*steps, ("undo", "a", "")]))
    assert [(d.example_id, d.answer) for d in decisions(undone)] == [
        ("a", Answer("X")),
        ("b", Answer("X")),
    ]


def test_a_page_is_undone_and_redone_at_once_and_pages_stay_apart() -> None:
    made = [("label", "a", "Y"), ("page", "bc", "X"), ("page", "d", "Y")]
    steps = [*made, ("undo", "", "")]
    assert decisions(fold(events(steps))) == [
        Decision("a", DecisionKind.LABEL, Answer("Y")),
        *page("bc", "X"),
    ]
    assert [one.example_id for one in decisions(fold(events([*steps, ("undo", "", "")])))] == ["a"]
    back = [*steps, ("undo", "", ""), ("redo", "", "")]
    assert [one.example_id for one in decisions(fold(events(back)))] == ["a", "b", "c"]
    assert decisions(fold(events([*back, ("redo", "", "")]))) == decisions(fold(events(made)))
