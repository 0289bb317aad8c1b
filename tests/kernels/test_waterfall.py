"""The interpreter against its plain twin on random programs, and its faults on deliberately broken ones."""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from absengine.kernels.opcodes import (
    FAULT_CASH,
    FAULT_FINITE,
    FAULT_NEGATIVE,
    FAULT_NONE,
    OPERANDS,
    Fault,
    Op,
    Operand,
    Program,
)
from absengine.kernels.waterfall import run_block

# Slots of random programs: cash (world and two accounts), the stage, flags, lags, units, then amounts.
WORLD, STAGE, SLOTS = 0, 3, 16
CASH, FLAGS, LAGS, UNITS, AMOUNTS = (0, 1, 2), (4, 5), (6, 7), (8, 9), tuple(range(10, SLOTS))
CHANNELS, TABLES, TRACKS, STAGES = 2, 2, 2, 2
MOVES = (Op.PAY, Op.DRAW, Op.MOVE)
NO_FAULT = Fault(FAULT_NONE, -1, -1, -1, 0.0)


Case = tuple[Program, np.ndarray, np.ndarray]


class Run(NamedTuple):
    fault: Fault
    state: np.ndarray
    out: np.ndarray


def run(program: Program, start: np.ndarray, inputs: np.ndarray, check_row: int = -1) -> Run:
    lanes, rows = inputs.shape[2], program.pays.shape[1]
    state, history = np.full((len(start), lanes), np.nan), np.full((program.histories, rows, lanes), np.nan)
    out = np.full((len(program.record), rows, lanes), np.nan)
    return Run(run_block(program, start, inputs, state, history, out, check_row), state, out)


def program_of(
    code: list[list[int]],
    *,
    rows: int = 1,
    segments: list[list[int]] | None = None,
    pays: np.ndarray | None = None,
    tables: np.ndarray | None = None,
    cash: tuple[int, ...] = (),
    nonneg: tuple[int, ...] = (),
    finite: tuple[int, ...] = (),
    record: tuple[int, ...] = (),
    stage_slot: int = 0,
    histories: int = 0,
) -> Program:
    def whole(values: object) -> np.ndarray:
        return np.array(values, dtype=np.int32)

    return Program(
        code=whole(code).reshape(-1, 7),
        segments=whole([[0, len(code), -1]] if segments is None else segments).reshape(-1, 3),
        pays=np.ones((1, rows), dtype=np.uint8) if pays is None else pays,
        tables=np.zeros((0, rows)) if tables is None else tables,
        stage_slot=stage_slot,
        cash=whole(cash),
        nonneg=whole(nonneg),
        finite=whole(finite),
        record=whole(record),
        histories=histories,
    )


def line(op: Op, dst: int = -1, a: int = -1, b: int = -1, c: int = -1, *, mask: int = -1, k: int = -1) -> list[int]:
    return [int(op), dst, a, b, c, mask, k]


def single(code: list[list[int]], *slots: float) -> list[float]:
    """State of one lane after one row."""
    result = run(program_of(code), np.array(slots)[:, None], np.zeros((1, 1, 1)))
    assert result.fault == NO_FAULT
    return result.state[:, 0].tolist()


# random programs -----------------------------------------------------------------------------------------------------
numbers = st.one_of(
    st.integers(-3, 40).map(float),
    st.sampled_from([0.5, 0.125, -2.75, 100.0 - 1e-9, 7.0 + 1e-9, 1e300, 0.1, 1e9 + 0.3]),
)
balances = st.one_of(st.integers(0, 500).map(float), st.sampled_from([99.999999999, 12.34, 1e10 + 0.7]))


def _operand(kind: Operand) -> st.SearchStrategy[int]:
    return {
        Operand.UNUSED: st.just(-1),
        Operand.SLOT: st.integers(0, SLOTS - 1),
        Operand.OPTIONAL: st.integers(-1, SLOTS - 1),
        Operand.CHANNEL: st.integers(0, CHANNELS - 1),
        Operand.TABLE: st.integers(0, TABLES - 1),
        Operand.HISTORY: st.integers(0, TRACKS - 1),
        Operand.STAGE: st.integers(0, STAGES - 1),
        Operand.END: st.integers(0, SLOTS),
    }[kind]


LOCAL = [op for op in Op if op not in (Op.BUY, Op.SELL)]
"""Operations on slots; purchases and sales change the inputs, and are met by the slow twin of whole deals."""
masks = st.sampled_from((-1, -1, *FLAGS))


@st.composite
def any_line(draw: st.DrawFn) -> list[int]:
    """Any operation on any slots."""
    op = draw(st.sampled_from(LOCAL))
    dst, a, b, c, k = (draw(_operand(kind)) for kind in OPERANDS[op])
    return line(op, dst, a, b, c, mask=draw(masks), k=k)


@st.composite
def sound_line(draw: st.DrawFn) -> list[int]:
    """Cash slots are only moved between; everything else may happen to the other slots."""
    op = draw(st.sampled_from([*LOCAL, *MOVES]))
    a, b, c, k = (draw(_operand(kind)) for kind in OPERANDS[op][1:])
    mask = draw(masks)
    cash, unit = st.sampled_from(CASH), draw(st.sampled_from(UNITS))
    if op is Op.MOVE:
        return line(op, draw(cash), draw(cash), unit, mask=mask)
    if op in MOVES:
        account = draw(st.sampled_from(CASH[1:]))
        return line(
            op, draw(st.sampled_from(AMOUNTS)), account, b, draw(st.sampled_from(UNITS)), mask=mask, k=draw(cash)
        )
    amount = draw(st.sampled_from(AMOUNTS))
    return line(op, amount, a, b, c, mask=mask, k=draw(st.integers(0, SLOTS)) and amount + 1 if op is Op.ZERO else k)


@st.composite
def blocks(draw: st.DrawFn, lines: st.SearchStrategy[list[int]], most: int = 4) -> Case:
    """A program of some segments, the start of its lanes and their inputs."""
    rows, lanes = draw(st.integers(1, 4)), draw(st.integers(1, most))
    code, segments = [], []
    for _ in range(draw(st.integers(1, 3))):
        first = len(code)
        code += draw(st.lists(lines, min_size=1, max_size=8))
        segments.append([first, len(code), draw(st.integers(-1, STAGES - 1))])
    program = program_of(
        code,
        rows=rows,
        segments=segments,
        pays=np.array(draw(_table(st.integers(0, 1), STAGES, rows)), dtype=np.uint8),
        tables=np.array(draw(_table(numbers, TABLES, rows))),
        cash=CASH,
        nonneg=CASH[1:],
        finite=(*CASH, AMOUNTS[0]),
        record=tuple(draw(st.lists(st.integers(0, SLOTS - 1), max_size=4))),
        stage_slot=STAGE,
        histories=TRACKS,
    )
    start = np.array([draw(_lane()) for _ in range(lanes)]).T
    channel = _table(numbers, rows + 1, lanes)
    return program, start, np.array([draw(channel) for _ in range(CHANNELS)])


def _table(values: st.SearchStrategy[float], rows: int, columns: int) -> st.SearchStrategy[list[list[float]]]:
    return st.lists(st.lists(values, min_size=columns, max_size=columns), min_size=rows, max_size=rows)


@st.composite
def _lane(draw: st.DrawFn) -> list[float]:
    accounts = [draw(balances), draw(balances)]
    flags = [float(draw(st.booleans())) for _ in FLAGS]
    lags = [float(draw(st.integers(-1, 3))) for _ in LAGS]
    units = [draw(st.sampled_from([0.0, 1.0, 0.01, 3.0, 300.0])) for _ in UNITS]
    amounts = [draw(numbers) for _ in AMOUNTS]
    return [
        -(accounts[0] + accounts[1]),
        *accounts,
        float(draw(st.integers(0, STAGES))),
        *flags,
        *lags,
        *units,
        *amounts,
    ]


@given(block=blocks(any_line()))
def test_run_block__equals_the_twin_bit_by_bit(naive: ModuleType, block: Case) -> None:
    ref_fault, ref_state, ref_out = naive.run_naive(*block)
    comp = run(*block)
    np.testing.assert_array_equal(comp.state, ref_state)
    np.testing.assert_array_equal(comp.out, ref_out)
    assert comp.fault[:4] == ref_fault[:4]
    assert comp.fault.amount == pytest.approx(ref_fault.amount, rel=1e-9, nan_ok=True)


@given(block=blocks(sound_line()))
def test_run_block__sound_programs_keep_their_cash(block: Case) -> None:
    program, start, inputs = block
    start[UNITS[1]] = 1.0
    comp = run(program._replace(finite=np.array([], np.int32), nonneg=np.array([], np.int32)), start, inputs)
    assert comp.fault == NO_FAULT


@given(block=blocks(any_line(), most=7), cut=st.integers(1, 6))
def test_run_block__same_bits_however_lanes_are_split(block: Case, cut: int) -> None:
    program, start, inputs = block
    together = run(program, start, inputs)
    lanes, rows = inputs.shape[2], program.pays.shape[1]
    state, out = np.empty_like(together.state), np.empty_like(together.out)
    history, faults = np.empty((TRACKS, rows, lanes)), []
    for first in range(0, lanes, cut):
        part = slice(first, min(first + cut, lanes))
        own = np.empty((SLOTS, part.stop - first))
        views = (start[:, part], inputs[:, :, part], own, history[:, :, part], out[:, :, part])
        fault = run_block(program, *views)
        state[:, part] = own
        faults += [fault._replace(lane=fault.lane + first)] if fault.code else []
    np.testing.assert_array_equal(state, together.state)
    np.testing.assert_array_equal(out, together.out)
    np.testing.assert_array_equal(faults[0] if faults else NO_FAULT, together.fault)


@given(block=blocks(any_line()))
def test_run_block__checking_a_row_changes_nothing_and_names_the_instruction(
    block: Case,
) -> None:
    plain = run(*block)
    checked = run(*block, check_row=plain.fault.row)
    np.testing.assert_array_equal(checked.state, plain.state)
    np.testing.assert_array_equal(checked.out, plain.out)
    np.testing.assert_array_equal(checked.fault[:5], plain.fault[:5])
    assert checked.fault.instruction == -1 or checked.fault.instruction < len(block[0].code)
    if plain.fault.code == FAULT_CASH and plain.fault.row > 0:
        assert Op(block[0].code[checked.fault.instruction, 0]) is not Op.MOVE


@given(start=st.lists(numbers, min_size=SLOTS, max_size=SLOTS))
def test_run_block__one_start_serves_all_lanes(start: list[float]) -> None:
    program = program_of([line(Op.ADD, 1, 2, 3), line(Op.INPUT, 4, k=0)], record=(1, 4))
    inputs = np.arange(6.0).reshape(1, 2, 3)
    alone, spread = np.array(start)[:, None], np.repeat(np.array(start)[:, None], 3, axis=1)
    np.testing.assert_array_equal(run(program, alone, inputs).state, run(program, spread, inputs).state)


# paying in whole units -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("need", "account", "unit", "paid"),
    [
        (100.0, 250.0, 1.0, 100.0),
        (100.7, 250.0, 1.0, 100.0),  # what is cut stays in the account
        (250.0, 100.7, 1.0, 100.0),
        (100.0 - 1e-9, 250.0, 1.0, 100.0),  # a need that lacks float noise is whole
        (100.0 - 1e-3, 250.0, 1.0, 99.0),
        (250.0, 100.0 - 1e-9, 1.0, 100.0),  # so is an account
        (3e10 - 4e-6, 1e12, 1.0, 3e10),  # one unit in the last place of 300 million yuan in fen
        (300.0 - 1e-9, 1e3, 300.0, 300.0),  # a fen on each of 300 notes
        (299.9, 1e3, 300.0, 0.0),
        (0.3, 1.0, 0.1, 3 * 0.1),
        (123.456, 250.0, 0.0, 123.456),  # no rounding
        (-5.0, 250.0, 1.0, 0.0),  # a negative need pays nothing
        (5.0, -1e-7, 1.0, 0.0),
        (1e300, 2e300, 1.0, 1e300),
        (2.0**51 + 1.0, 2.0**52, 1.0, 2.0**51 + 1.0),
    ],
)
def test_pay__cuts_to_whole_units(need: float, account: float, unit: float, paid: float) -> None:
    slots = single([line(Op.PAY, 0, 1, 2, 3, k=4)], 9.0, account, need, unit, 50.0)
    assert slots[0] == paid
    assert slots[1] == account - paid
    assert slots[4] == 50.0 + paid


def test_pay__a_masked_lane_moves_nothing_and_pays_zero() -> None:
    slots = single([line(Op.PAY, 0, 1, 2, 3, mask=5, k=4)], 9.0, 100.0, 40.0, 1.0, 7.0, 0.0)
    assert slots == [0.0, 100.0, 40.0, 1.0, 7.0, 0.0]


def test_pay__without_unit_and_receiver() -> None:
    assert single([line(Op.PAY, 0, 1, 2)], 9.0, 100.0, 40.25, 7.0) == [40.25, 59.75, 40.25, 7.0]


def test_draw__stops_at_what_is_left() -> None:
    assert single([line(Op.DRAW, 0, 1, 2, 3, k=4)], 0.0, 30.5, 40.0, 1.0, 2.0) == [30.0, 0.5, 40.0, 1.0, 32.0]


@pytest.mark.parametrize(
    ("need", "total", "cash", "share"),
    [(30.0, 90.0, 100.0, 30.0), (30.5, 90.0, 90.0, 30.5), (30.0, 90.0, 44.0, 14.0), (30.0, 90.0, -1.0, 0.0)],
)
def test_prorata__shares_what_is_there(need: float, total: float, cash: float, share: float) -> None:
    assert single([line(Op.PRORATA, 0, 1, 2, 3, k=4)], 5.0, need, total, cash, 1.0)[0] == share


def test_select__never_multiplies() -> None:
    assert single([line(Op.SELECT, 0, 1, 2, 3)], 5.0, np.inf, 8.0, 0.0)[0] == 8.0


@pytest.mark.parametrize(
    ("a", "b", "ratio"), [(0.0, 0.0, 0.0), (1.0, 0.0, np.inf), (-1.0, 0.0, -np.inf), (1.0, 4.0, 0.25)]
)
def test_div__nothing_of_nothing_is_nothing(a: float, b: float, ratio: float) -> None:
    assert single([line(Op.DIV, 0, 1, 2)], 9.0, a, b)[0] == ratio


# lists and memory ----------------------------------------------------------------------------------------------------
def test_segments__a_list_runs_on_its_rows_and_lanes_only() -> None:
    """Lane 0 is in stage 0, lane 1 in stage 1; stage 0 pays on rows 1 and 2, stage 1 on row 2."""
    program = program_of(
        [line(Op.ADD, 1, 1, 3), line(Op.ADD, 2, 2, 3)],
        rows=3,
        segments=[[0, 1, 0], [1, 2, 1]],
        pays=np.array([[0, 1, 1], [0, 0, 1]], dtype=np.uint8),
        record=(1, 2),
    )
    start = np.array([[0.0, 1.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    out = run(program, start, np.zeros((1, 3, 2))).out
    assert out[0].T.tolist() == [[0, 1, 2], [0, 0, 0]]
    assert out[1].T.tolist() == [[0, 0, 0], [0, 0, 1]]


def test_segments__a_masked_formula_may_overwrite_its_own_mask() -> None:
    program = program_of([line(Op.NOT, 1, 1, mask=1)])
    state = run(program, np.array([[0.0, 0.0], [1.0, 0.0]]), np.zeros((1, 1, 2))).state
    assert state[1].tolist() == [0.0, 0.0]


def test_recall__reads_back_by_rows() -> None:
    code = [line(Op.INPUT, 0, k=0), line(Op.REMEMBER, a=0, k=0), line(Op.RECALL, 1, 2, k=0)]
    program = program_of(code, rows=4, record=(1,), histories=1)
    start = np.array([[0.0] * 4, [9.0] * 4, [0.0, 1.0, 3.0, -1.0]])
    inputs = np.repeat(np.arange(10.0, 15.0)[None, :, None], 4, axis=2)
    out = run(program, start, inputs).out[0].T
    assert out.tolist() == [[10, 11, 12, 13], [0, 10, 11, 12], [0, 0, 0, 10], [0, 0, 0, 0]]


def test_zero__clears_a_run_of_slots() -> None:
    assert single([line(Op.ZERO, 1, k=3)], 1.0, 2.0, 3.0, 4.0) == [1.0, 0.0, 0.0, 4.0]


# faults --------------------------------------------------------------------------------------------------------------
def leaking(rows: int = 3) -> Case:
    """Collects into an account and pays a class; instruction 2 adds channel 1 to the account, from nowhere."""
    code = [
        line(Op.INPUT, 3, k=0),
        line(Op.MOVE, 1, 0, 3),
        line(Op.INPUT, 4, k=1),
        line(Op.ACCUM, 1, 4),
        line(Op.PAY, 5, 1, 6, 7, k=2),
    ]
    program = program_of(code, rows=rows, cash=(0, 1, 2), nonneg=(1,), finite=(1, 2), record=(1,))
    start = np.zeros((8, 1))
    start[6:] = [[250.0], [1.0]]
    inputs = np.zeros((2, rows + 1, 4))
    inputs[0] = 1e9
    return program, start, inputs


def test_fault__cash_from_nowhere_has_its_row_and_instruction() -> None:
    program, start, inputs = leaking()
    assert run(program, start, inputs).fault == NO_FAULT
    inputs[1, 1, 2] = 0.01
    fault = run(program, start, inputs).fault
    assert fault[:4] == (FAULT_CASH, 1, -1, 2)
    assert fault.amount == pytest.approx(0.01, rel=1e-3)
    assert fault.instruction == -1
    assert run(program, start, inputs, check_row=1).fault.instruction == 3


def test_fault__the_smallest_lane_wins_with_its_own_first_row() -> None:
    program, start, inputs = leaking()
    inputs[1, 0, 3], inputs[1, 2, 1], inputs[1, 1:, 2] = 5.0, 6.0, 7.0
    assert run(program, start, inputs).fault[:5] == (FAULT_CASH, 2, -1, 1, 6.0)


def test_fault__an_opening_that_does_not_balance() -> None:
    program, start, inputs = leaking()
    start[1] = 5.0
    assert run(program, start, inputs).fault[:5] == (FAULT_CASH, 0, -1, 0, 5.0)


def test_fault__an_account_below_zero() -> None:
    program = program_of([line(Op.INPUT, 2, k=0), line(Op.MOVE, 0, 1, 2)], rows=2, cash=(0, 1), nonneg=(1,))
    inputs = np.zeros((1, 3, 2))
    inputs[0, 1, 1] = 0.01
    fault = run(program, np.zeros((3, 1)), inputs, check_row=1).fault
    assert fault == (FAULT_NEGATIVE, 1, 1, 1, -0.01, 1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_fault__an_amount_that_is_no_number(value: float) -> None:
    program, start, inputs = leaking()
    inputs[0, 2, 3] = value
    fault = run(program, start, inputs, check_row=2).fault
    assert fault[:4] == (FAULT_FINITE, 2, 1, 3)
    assert fault.instruction == 1


def test_fault__an_unlimited_facility_is_no_fault() -> None:
    program = program_of([line(Op.DRAW, 0, 1, 2, 3)], nonneg=(0, 1), finite=(0, 1))
    assert run(program, np.array([[0.0], [1e300], [7.0], [1.0]]), np.zeros((1, 1, 1))).fault == NO_FAULT


def test_fault__an_account_made_short_by_noise_is_no_fault() -> None:
    program = program_of([line(Op.PAY, 0, 1, 2, 3, k=4)], cash=(1, 4), nonneg=(1,))
    comp = run(program, np.array([[0.0], [100.0 - 1e-9], [250.0], [1.0], [1e-9 - 100.0]]), np.zeros((1, 1, 1)))
    assert comp.fault == NO_FAULT
    assert comp.state[1, 0] < 0.0


def test_fault__the_tolerance_is_of_the_rows_own_cash() -> None:
    """Row 0 moves 1e12 in and out, row 1 nothing: there a hundredth from nowhere is too much."""
    moves = [line(Op.INPUT, 2, k=0), line(Op.MOVE, 1, 0, 2), line(Op.MOVE, 0, 1, 2)]
    program = program_of([*moves, line(Op.INPUT, 3, k=1), line(Op.ACCUM, 1, 3)], rows=2, cash=(0, 1))
    inputs = np.array([[1e12, 0.0, 0.0], [0.0, 0.01, 0.0]])[:, :, None]
    assert run(program, np.zeros((4, 1)), inputs).fault == (FAULT_CASH, 1, -1, 0, 0.01, -1)


def test_fault__entries_made_in_pairs_are_blamed_only_when_they_stay_apart() -> None:
    code = [line(Op.ACCUM, 0, 2), line(Op.SUB, 1, 1, 2), line(Op.ACCUM, 0, 3)]
    program = program_of(code, cash=(0, 1))
    fault = run(program, np.array([[0.0], [0.0], [8.0], [1.0]]), np.zeros((1, 1, 1)), check_row=0).fault
    assert fault == (FAULT_CASH, 0, -1, 0, 1.0, 2)


def test_run_block__whole_numbers_close_to_exactly_nothing() -> None:
    rng = np.random.default_rng(7)
    program, start, inputs = leaking(rows=60)
    inputs = np.concatenate([np.floor(rng.random((1, 61, 32)) * 1e11), np.zeros((1, 61, 32))])
    start[6] = 7_654_321_098.0
    comp = run(program, start, inputs)
    assert comp.fault == NO_FAULT
    assert np.all(comp.state[:3].sum(axis=0) == 0.0)


# callers' errors -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("bad", "named"),
    [
        (line(Op.ADD, 1, 2, 8), "ADD b=8"),
        (line(Op.ADD, -1, 2, 3), "ADD dst=-1"),
        (line(Op.SET, 1, 2, mask=8), "SET mask=8"),
        (line(Op.PAY, 1, 2, 3, -2), "PAY c=-2"),
        (line(Op.INPUT, 1, k=2), "INPUT k=2"),
        (line(Op.TABLE, 1, k=0), "TABLE k=0"),
        (line(Op.REMEMBER, a=1, k=0), "REMEMBER k=0"),
        (line(Op.ZERO, 1, k=9), "ZERO k=9"),
        ([99, 0, 0, 0, 0, 0, 0], "no such operation"),
    ],
)
def test_run_block__refuses_a_program_that_leaves_its_arrays(bad: list[int], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        run(program_of([line(Op.COPY, 0, 0), bad]), np.zeros((8, 1)), np.zeros((2, 1, 1)))


def test_run_block__refuses_lanes_that_are_not_neighbours() -> None:
    with pytest.raises(ValueError, match="neighbours"):
        run(program_of([]), np.zeros((1, 1)), np.zeros((1, 1, 6))[:, :, ::2])


def test_run_block__refuses_buffers_of_another_shape() -> None:
    state, none = np.empty((1, 2)), np.empty((0, 1, 2))
    with pytest.raises(ValueError, match="rows"):
        run_block(program_of([]), np.zeros((1, 1)), np.zeros((1, 0, 2)), state, none, none)
    with pytest.raises(ValueError, match="lanes"):
        run_block(program_of([]), np.zeros((1, 1)), np.zeros((1, 1, 3)), state, none, none)
    with pytest.raises(ValueError, match="history and out"):
        run_block(program_of([], record=(0,)), np.zeros((1, 1)), np.zeros((1, 1, 2)), state, none, none)
    with pytest.raises(ValueError, match="C-contiguous"):
        run_block(program_of([]), np.zeros((1, 1)), np.zeros((1, 1, 2)), np.empty((2, 2)).T, none, none)


def test_opcodes__every_operation_has_operands_and_a_twin(naive: ModuleType) -> None:
    assert set(OPERANDS) == set(Op)
    assert sorted(int(op) for op in Op) == list(range(len(Op)))
    assert set(naive.FORMULAS) == {op for op in Op if op <= Op.FLOOR}
