from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neufs_tui.core.records import Answer, Decision, DecisionKind
from neufs_tui.storage.journal import EventKind, JournalEvent, JournalState, fold

Step = tuple[str, str, str]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("label"), st.sampled_from("abcd"), st.sampled_from("XY")),
        st.tuples(st.just("skip"), st.sampled_from("abcd"), st.just("")),
        st.tuples(st.just("page"), st.text("abcd", min_size=1, max_size=4), st.sampled_from("XY")),
        st.tuples(st.just("undo"), st.just("a"), st.just("")),
        st.tuples(st.just("redo"), st.just("a"), st.just("")),
    )
)


def page(examples: str, name: str) -> list[Decision]:
    """A page that suggests X: what is not X corrects it."""
    kind = DecisionKind.ACCEPT if name == "X" else DecisionKind.LABEL
    return [
        Decision(one, kind, Answer(name), hunted=name != "X") for one in dict.fromkeys(examples)
    ]


def events(steps: list[Step]) -> list[JournalEvent]:
    lines: list[JournalEvent] = []
    for kind, example, name in steps:
        first = len(lines) + 1
        if kind == "page":
            made = enumerate(page(example, name), first)
            lines += [JournalEvent.of(seq, one, first) for seq, one in made]
        else:
            answer = Answer(name) if name else None
            lines.append(JournalEvent(first, EventKind(kind), example, answer))
    return lines


def decisions(state: JournalState) -> list[Decision]:
    return [event.decision for event in state.holding()]


def by_states(steps: list[Step]) -> list[Decision]:
    """What holds, the slow and obvious way: every state she was in is kept."""
    states: list[list[Decision]] = [[]]
    ahead: list[list[Decision]] = []
    for kind, example, name in steps:
        if kind == "undo":
            if len(states) > 1:
                ahead.append(states.pop())
        elif kind == "redo":
            if ahead:
                states.append(ahead.pop())
        else:
            made = (
                [Decision(example, DecisionKind(kind), Answer(name) if name else None)]
                if (kind != "page")
                else page(example, name)
            )
            decided = {one.example_id for one in made}
            others = [one for one in states[-1] if one.example_id not in decided]
            states.append([*others, *made])
            ahead = []
    return states[-1]


@given(STEPS)
def test_the_fold_holds_what_a_stack_of_states_holds(steps: list[Step]) -> None:
    assert decisions(fold(events(steps))) == by_states(steps)


@given(STEPS, st.integers(min_value=0))
def test_a_journal_may_be_folded_in_parts(steps: list[Step], cut: int) -> None:
    journal = events(steps)
    cut %= len(journal) + 1
    assert fold(journal[cut:], fold(journal[:cut])) == fold(journal)


@given(STEPS)
def test_undoing_everything_and_redoing_it_changes_nothing(steps: list[Step]) -> None:
    made = len({one.page or -one.seq for one in fold(events(steps)).made})
    there_and_back = [*steps, *[("undo", "a", "")] * made, *[("redo", "a", "")] * made]
    assert decisions(fold(events(there_and_back))) == decisions(fold(events(steps)))
    assert fold(events(there_and_back)).revision == len(events(there_and_back))


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
