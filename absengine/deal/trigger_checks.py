"""Checks of triggers: effects that exist, that can happen, and that can be undone only where that means something."""

from __future__ import annotations

from absengine.deal.findings import Findings
from absengine.deal.nouns import DealFile, Trigger
from absengine.deal.triggers import EFFECTS, Effect, parse_effect
from absengine.language.scanner import Path


def reachable_stages(deal: DealFile) -> set[str]:
    """Stages the deal can be in: the first, and every target of a trigger tested in a stage it can be in."""
    reached = set(list(deal.stage)[:1])
    while True:
        found = set(reached)
        for trigger in deal.trigger.values():
            if not trigger.within or found & set(trigger.within):
                effects = [trigger.once, trigger.cure.effect if trigger.cure else None]
                found |= {parse_effect(text).target for text in effects if text} & set(deal.stage)
        if found == reached:
            return reached
        reached = found


def check_trigger(deal: DealFile, name: str, trigger: Trigger, findings: Findings) -> None:
    """Add every problem of one trigger, but those of its formulas."""
    path: Path = ("trigger", name)
    if (trigger.once is None) == (trigger.hold is None):
        found = "neither once nor while" if trigger.once is None else "both once and while"
        findings.add("trigger-effect", path, found, 'once = "go …", once = "call", once = "flag" or while = "flag"',
                     "say what the trigger does")  # fmt: skip
    for index, stage in enumerate(trigger.within):
        findings.known("unknown-stage", (*path, "in", index), stage, deal.stage, "stage")
    if trigger.sustained < 1:
        _below_one(findings, (*path, "sustained"), trigger.sustained)
    if trigger.once is not None:
        effect = _effect(deal, findings, (*path, "once"), trigger.once)
        if effect is not None and effect.word == "go":
            _goes_forward(deal, findings, path, trigger, effect.target)
    if trigger.hold is not None and trigger.hold != "flag":
        findings.add("while-moves", (*path, "while"), f"'{trigger.hold}'", "'flag'; a move back is the cure of a once",
                     'write once = "…" and cure = { … }')  # fmt: skip
    _call(deal, findings, path, trigger)
    _cure(deal, findings, path, trigger)


def _below_one(findings: Findings, path: Path, count: int) -> None:
    findings.add("sustained-below-one", path, f"{count} tests", "at least 1", "leave it out for the first test")


def _effect(deal: DealFile, findings: Findings, path: Path, text: str) -> Effect | None:
    """The effect, if it is well formed: a known word, with a stage after ``go`` and nothing after the others."""
    effect = parse_effect(text)
    if not findings.known("unknown-effect", path, effect.word if text.strip() else "", EFFECTS.keys, "effect"):
        return None
    if effect.word == "go":
        return effect if findings.known("unknown-stage", path, effect.target, deal.stage, "stage") else None
    if effect.target:
        findings.add("unknown-effect", path, f"'{text}'", f"'{effect.word}' alone", f"take '{effect.target}' out")
        return None
    return effect


def _goes_forward(deal: DealFile, findings: Findings, path: Path, trigger: Trigger, target: str) -> None:
    """A go to a stage that is never ahead of the one the deal is in would do nothing."""
    order = list(deal.stage)
    tested = [order.index(stage) for stage in trigger.within if stage in order] or [0]
    if order.index(target) <= min(tested):
        earliest = order[min(tested)]
        findings.add("goes-nowhere", (*path, "once"), f"'go {target}' tested from stage '{earliest}' on",
                     f"a stage after '{earliest}': the deal moves back only by a cure",
                     "name a later stage, or put the stages in order")  # fmt: skip


def _call(deal: DealFile, findings: Findings, path: Path, trigger: Trigger) -> None:
    calls = trigger.once is not None and parse_effect(trigger.once).word == "call"
    if calls != (trigger.call is not None):
        found = 'once = "call" without terms' if calls else 'call = { … } without once = "call"'
        findings.add("call-terms", path, found, 'once = "call" with call = { price = "…", to = "account" }',
                     "add what is missing")  # fmt: skip
    if trigger.call is not None:
        findings.known("unknown-account", (*path, "call", "to"), trigger.call.to, deal.account, "account")


def _cure(deal: DealFile, findings: Findings, path: Path, trigger: Trigger) -> None:
    """What latches can be cured; a move is cured by a move back; a sold pool does not come back."""
    cure = trigger.cure
    if cure is None:
        return
    place: Path = (*path, "cure")
    if cure.sustained < 1:
        _below_one(findings, (*place, "sustained"), cure.sustained)
    effect = parse_effect(trigger.once)
    if trigger.hold is not None or effect.word == "call":
        found = "a cure of a while, which ends by itself" if trigger.hold is not None else "a cure of a clean-up call"
        findings.add("cure-of-nothing", place, found, "a cure of a once that goes or flags", "take the cure out")
    back = None if cure.effect is None else _effect(deal, findings, (*place, "effect"), cure.effect)
    if back is None:
        return
    order = list(deal.stage)
    if back.word == "call":
        findings.add("unknown-effect", (*place, "effect"), "'call' in a cure", "'go …' back to a stage, or nothing",
                     "make the call a trigger of its own")  # fmt: skip
        return
    ahead = order.index(effect.target) if effect.word == "go" and effect.target in order else len(order)
    if back.word == "go" and order.index(back.target) >= ahead:
        findings.add("cure-goes-forward", (*place, "effect"), f"'go {back.target}' as the cure of '{trigger.once}'",
                     f"a stage before '{effect.target}'", "name the stage to go back to")  # fmt: skip
