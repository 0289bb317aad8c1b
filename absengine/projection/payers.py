"""State of the deal's entities in one case: who is gone from which day, who pays late, and who of a chain pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from absengine.projection.dates import Indices, Steps
from absengine.projection.names import Parties
from absengine.scenario import Scenario

NEVER = np.iinfo(np.int64).max
NOBODY = np.datetime64("9999-12-31", "D")
"""Pay date of what nobody lives to pay; ``gone`` is set to it where payers stand in for each other."""
Option = tuple[Steps, int]
"""One of several payers: the delay with which it pays, and the day from which it is gone."""


@dataclass(frozen=True)
class Payers:
    """State of the deal's entities in one case: the day each is gone from (NEVER = stays), the months it pays
    late.
    """

    gone: Indices
    late: Indices

    @classmethod
    def of(cls, scenario: Scenario, parties: Parties, failed: Mapping[int, np.datetime64]) -> Payers:
        """Supporters of a scenario, and entities that default on what they owe themselves."""
        gone = np.full(len(parties.codes), NEVER, dtype=np.int64)
        late = np.zeros(len(parties.codes), dtype=np.int64)
        for supporter in scenario.supporters:
            code = parties.codes[supporter.entity]
            if not np.isnat(supporter.gone):
                gone[code] = min(gone[code], day_number(supporter.gone))
            late[code] = max(late[code], supporter.late)
        return cls(gone, late).without(failed)

    def without(self, failed: Mapping[int, np.datetime64]) -> Payers:
        """The same state where some entities fail on a date of their own."""
        gone = self.gone.copy()
        for code, date in failed.items():
            gone[code] = min(gone[code], day_number(date))
        return replace(self, gone=gone)

    def options(self, chain: Sequence[int], steps: Steps) -> tuple[tuple[Option, ...], int]:
        """Payers that stand in for each other (-1 = one who cannot fail), and the day from which nobody is left.

        Payers that are late alike are one, gone when the last of them is: the kernel tests it, and cases that differ
        in nothing but that day share their pay dates.
        """
        late = [int(self.late[code]) if code >= 0 else 0 for code in chain]
        gone = [int(self.gone[code]) if code >= 0 else NEVER for code in chain]
        own = [steps + ((("months", months),) if months else ()) for months in late]
        if len(set(late)) == 1:
            return ((own[0], NEVER),), max(gone)
        return tuple(zip(own, gone, strict=True)), day_number(NOBODY)


def day_number(date: np.datetime64) -> int:
    """Days since 1970-01-01."""
    return int(date.astype("datetime64[D]").astype(np.int64))
