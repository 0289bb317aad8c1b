"""Triggers (触发事件): a tested condition, how long it must last, whether it latches, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from absengine.deal.assembler import Slot
from absengine.deal.builder import Builder
from absengine.deal.formulas import emit_compared, emit_formula
from absengine.deal.nouns import Trigger
from absengine.kernels.opcodes import Op
from absengine.language.formula import Kind
from absengine.language.registry import Entry, Registry


@dataclass(frozen=True)
class Effect:
    """A parsed effect: ``go <stage>``, ``call`` or ``flag``."""

    word: str
    target: str = ""


def parse_effect(text: str | None) -> Effect:
    """Split ``"go accelerated"`` into word and target; None is ``flag``."""
    word, _, target = (text or "flag").strip().partition(" ")
    return Effect(word, target.strip())


def compile_trigger(b: Builder, name: str, trigger: Trigger, tested: Slot | None) -> None:
    """Emit one trigger; ``tested`` is the flag of lanes tested on this row (None = every lane)."""
    with b.asm.scope(b.locate(("trigger", name))):
        eligible = _eligible(b, trigger, tested)
        value, condition = emit_compared(b, trigger.when, ("trigger", name, "when"))
        b.asm.emit(Op.COPY, b.flow(f"trigger.{name}.value"), value)
        condition = b.asm.value(Op.OR, condition, b.asm.input(f"forced.{name}"))
        fired = _lasting(b, f"trigger.{name}.count", condition, trigger.sustained, eligible)
        active = b.kept(f"trigger.{name}.active", b.asm.state(f"trigger.{name}.active"))
        before = b.asm.value(Op.COPY, active)
        held = fired if trigger.hold is not None else b.asm.value(Op.OR, active, fired)
        b.asm.emit(Op.SET, active, held, mask=eligible)
        newly = b.asm.value(Op.AND, active, b.asm.value(Op.NOT, before))
        effect = parse_effect(trigger.hold if trigger.hold is not None else trigger.once)
        EFFECTS[effect.word].apply(b, name, trigger, effect, newly)
        if trigger.cure is not None:
            _compile_cure(b, name, trigger, active, eligible)


def _eligible(b: Builder, trigger: Trigger, tested: Slot | None) -> Slot | None:
    if not trigger.within:
        return tested
    inside = b.asm.zero
    for stage in trigger.within:
        flag = b.asm.scratch()
        b.asm.emit(Op.STAGE, flag, b.stage, k=b.stage_number(stage))
        inside = b.asm.value(Op.OR, inside, flag)
    return b.both(inside, tested)


def _lasting(b: Builder, counter: str, condition: Slot, sustained: int, eligible: Slot | None) -> Slot:
    """The condition has held on ``sustained`` tests in a row."""
    if sustained <= 1:
        return condition if eligible is None else b.asm.value(Op.AND, condition, eligible)
    count = b.asm.state(counter)
    longer = b.asm.value(Op.SELECT, b.asm.value(Op.ADD, count, b.asm.one), b.asm.zero, condition)
    b.asm.emit(Op.SET, count, longer, mask=eligible)
    enough = b.asm.value(Op.LE, b.asm.param(f"{counter}.needed", float(sustained)), count)
    return enough if eligible is None else b.asm.value(Op.AND, enough, eligible)


def _compile_cure(b: Builder, name: str, trigger: Trigger, active: Slot, eligible: Slot | None) -> None:
    assert trigger.cure is not None
    condition = emit_formula(b, trigger.cure.when, Kind.FLAG, ("trigger", name, "cure", "when"))
    cured = _lasting(b, f"trigger.{name}.cure_count", condition, trigger.cure.sustained, eligible)
    cured = b.asm.value(Op.AND, cured, active)
    b.asm.emit(Op.SET, active, b.asm.zero, mask=cured)
    effect = parse_effect(trigger.cure.effect)
    if effect.word == "go":
        b.asm.emit(Op.SET, b.stage, _back(b, name, effect), mask=cured)


def _back(b: Builder, cured: str, effect: Effect) -> Slot:
    """The stage a cure goes back to: as far as the other triggers still in force let it."""
    back = b.asm.param(f"stage.{effect.target}", float(b.stage_number(effect.target)))
    for name, trigger in b.deal.trigger.items():
        held = parse_effect(trigger.once)
        if name != cured and held.word == "go":
            stage = b.asm.param(f"stage.{held.target}", float(b.stage_number(held.target)))
            there = b.where_set(b.asm.state(f"trigger.{name}.active"), stage)
            back = b.asm.value(Op.MAX, back, there)
    return back


def _go(b: Builder, name: str, trigger: Trigger, effect: Effect, newly: Slot) -> None:
    """The furthest stage wins when several fire on one row."""
    target = b.asm.param(f"stage.{effect.target}", float(b.stage_number(effect.target)))
    b.asm.emit(Op.SET, b.stage, b.asm.value(Op.MAX, b.stage, target), mask=newly)


def _call(b: Builder, name: str, trigger: Trigger, effect: Effect, newly: Slot) -> None:
    """The pool is sold at the price on the firing row; it pays nothing and counts nothing afterwards."""
    assert trigger.call is not None
    price = emit_formula(b, trigger.call.price, Kind.MONEY, ("trigger", name, "call", "price"))
    amount = b.where_set(newly, b.asm.positive(price))
    b.asm.emit(Op.MOVE, b.account(trigger.call.to), b.world, amount)
    b.add(b.flow("pool.call_price"), amount)
    b.asm.emit(Op.SET, b.called, b.asm.one, mask=newly)


def _flag(b: Builder, name: str, trigger: Trigger, effect: Effect, newly: Slot) -> None:
    """Nothing to do: conditions read the trigger itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectWord(Entry):
    """One effect and what it emits for lanes on which a trigger newly fires."""

    apply: Callable[[Builder, str, Trigger, Effect, Slot], None]


EFFECTS: Registry[EffectWord] = Registry("trigger effect", [
    EffectWord(key="go", zh="进入阶段", doc_en="moves the deal to the named stage, forward only",
               doc_zh="进入指定阶段，只进不退", apply=_go),
    EffectWord(key="call", zh="清仓回购", doc_en="sells the whole pool at the stated price",
               doc_zh="按约定价格出售全部资产池", apply=_call),
    EffectWord(key="flag", zh="标记", doc_en="only marks the trigger as active, for use in conditions",
               doc_zh="仅标记事件生效，供条件引用", apply=_flag),
])  # fmt: skip
