"""Stress packs (压力情景): what may go wrong, as data. ``load_pack`` reads them; a scenario knows no pool."""

from absengine.scenario.nouns import (
    Assumption,
    Case,
    Curve,
    Delay,
    Event,
    Lag,
    Late,
    Pack,
    RecoveryTerm,
    RightEvent,
    Scenario,
    Scope,
    Supporter,
)
from absengine.scenario.pack import load_pack, refuse_same_names

__all__ = [
    "Assumption",
    "Case",
    "Curve",
    "Delay",
    "Event",
    "Lag",
    "Late",
    "Pack",
    "RecoveryTerm",
    "RightEvent",
    "Scenario",
    "Scope",
    "Supporter",
    "load_pack",
    "refuse_same_names",
]
