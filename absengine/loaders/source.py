"""What every loader is given and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.fixings import IndexPath
from absengine.errors import Where
from absengine.loaders.fields import TapeField
from absengine.loaders.schedule import Flows
from absengine.loaders.tape import Tape
from absengine.schema import RIGHT_COLUMNS, Table


@dataclass(frozen=True)
class PoolSource:
    """One tape of a pool and the files beside it, as a deal names them.

    ``kind`` is a key of ``LOADERS``; ``rights`` the IP-right table, ``plan`` the given plans (还款计划), ``map`` the
    user's own header map; ``defaults`` texts for fields the tape leaves empty; ``currency`` the deal's ('' if unknown);
    ``closed_period`` who owns interest from cut-off to closing (封包期利息): ``plan`` or ``originator``; ``where`` the
    place of the kind in the deal file.
    """

    tape: Path
    kind: str
    rights: Path | None = None
    plan: Path | None = None
    map: Path | None = None
    defaults: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    closed_period: str = "plan"
    where: Where = field(default_factory=Where)


@dataclass(frozen=True)
class Context:
    """What a schedule depends on beside the tape.

    ``cutoff`` and ``closing`` are the deal's dates (封包日, 设立日; closing is NaT for a tape read without a deal),
    ``rates`` index paths by name, ``plan`` the given plans, ``rights`` the IP rights of this tape
    (:data:`absengine.schema.RIGHT_COLUMNS`), each standing until its ``lost_on``; ``currency`` is the deal's.
    """

    cutoff: np.datetime64
    rates: Mapping[str, IndexPath] = field(default_factory=dict)
    plan: Tape | None = None
    rights: Table = field(default_factory=lambda: Table.build(RIGHT_COLUMNS, 0))
    closing: np.datetime64 = field(default_factory=lambda: np.datetime64("NaT", "D"))
    currency: str = ""


@dataclass(frozen=True)
class Loaded:
    """Contracts of one tape (columns of the contract table and further ones) and their flows by row of that table."""

    contracts: dict[str, NDArray[Any]]
    flows: Flows


class Loader(Protocol):
    """One kind of receivable (资产类型): a module with these names and a line in ``LOADERS``.

    ``NAMES`` are what readers call it, in English and in Chinese. A module may also name ``PLAN_FIELDS``, the columns
    of a plan file of its own kind.
    """

    KIND: str
    NAMES: tuple[str, str]
    FIELDS: tuple[TapeField, ...]

    def schedule(self, tape: Tape, context: Context) -> Loaded:
        """Contracts and scheduled flows; TapeError with every row that does not fit."""
