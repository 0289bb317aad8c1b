"""How contracts pay what falls due in one shape: diluted, late, and with what penalty (稀释、迟付、罚息)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from absengine.errors import Problems
from absengine.language.toml import printable
from absengine.projection.dates import DAYS_PER_YEAR, Indices, Steps
from absengine.scenario import Assumption, Scenario
from absengine.schema import RECOVERY_SOURCES, Floats, Table

Blocks = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Paying:
    """Figures by contract of the pool.

    ``diluted`` is the share of what a contract pays that never comes, ``late`` the share of what then falls due that
    comes later, by the lag ``lags[lag]``, with ``penalty`` [1/day] on it.
    """

    diluted: Floats
    late: Floats
    penalty: Floats
    lag: Indices
    lags: tuple[Steps, ...]

    @classmethod
    def of(cls, blocks: Mapping[str, Blocks], scenario: Scenario, contracts: Table) -> Paying:
        """Figures of the blocks that rule each contract.

        Of a receivable of which the share h is kept back from the seller (保留款), the plan expects 1 − h. Dilution d
        of the face first eats what is kept back: max(0, d − h)/(1 − h) of what the plan expects is not paid.
        """
        size = len(contracts)
        diluted, late, penalty = np.zeros(size), np.zeros(size), np.zeros(size)
        lag = np.zeros(size, dtype=np.int64)
        lags: dict[Steps, int] = {(): 0}
        held = np.nan_to_num(contracts["holdback"]).clip(0.0, 1.0)
        tape = daily_penalty(contracts)
        for index, assumption in enumerate(scenario.assumptions):
            ruled = blocks["dilution"] == index
            if assumption.dilution is not None and ruled.any():
                over = np.maximum(assumption.dilution - held, 0.0)
                effective = np.divide(over, 1.0 - held, out=np.zeros(size), where=held < 1.0)
                diluted[ruled] = effective[ruled]
            ruled = blocks["late"] == index
            if assumption.late is not None and ruled.any():
                rate = assumption.late.penalty
                late[ruled] = assumption.late.share
                penalty[ruled] = tape[ruled] if rate is None else rate / DAYS_PER_YEAR
                lag[ruled] = lags.setdefault(assumption.late.by.steps, len(lags))
        return cls(diluted, late, penalty, lag, tuple(lags))

    @property
    def plain(self) -> bool:
        """Whether every contract pays its schedule."""
        return not (self.diluted.any() or self.late.any())


def daily_penalty(contracts: Table) -> Floats:
    """Penalty interest of each contract by day, its yearly rate over 365 (罚息率); 0 where the tape has none."""
    return np.asarray(np.nan_to_num(contracts["penalty_rate"]) / DAYS_PER_YEAR)


def refuse_unknown_penalty(
    blocks: Mapping[str, Blocks], scenario: Scenario, contracts: Table, problems: Problems
) -> None:
    """Blocks that take the penalty rate of the tape, where a contract they rule has none."""
    unknown = np.isnan(contracts["penalty_rate"])
    for index, assumption in enumerate(scenario.assumptions):
        missing = np.zeros(len(contracts), dtype=bool)
        for aspect in _by_tape(assumption):
            missing |= unknown & (blocks[aspect] == index)
        if missing.any():
            number = printable(str(contracts["contract_id"][np.flatnonzero(missing)[0]]))
            found = f"penalty interest by the tape, and {int(missing.sum())} contracts without a rate, first '{number}'"
            todo = 'add penalty_rate (罚息率) to the tape, or write the rate: penalty = "18%"'
            problems.add("penalty-rate-unknown", assumption.where, found, "contracts with a penalty rate", todo)


def _by_tape(assumption: Assumption) -> list[str]:
    """Aspects of a block that need the penalty rate of the contract."""
    sources = [f"recovery.{source}" for source in RECOVERY_SOURCES if _penal(assumption, source)]
    late = assumption.late is not None and assumption.late.penalty is None
    return [*sources, *(["late"] if late else [])]


def _penal(assumption: Assumption, source: str) -> bool:
    return source in assumption.recovery and assumption.recovery[source].base == "claim with penalty"
