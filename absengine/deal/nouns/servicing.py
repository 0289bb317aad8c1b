"""Who collects for the plan: the servicer (资产服务机构), what lies with it, how often it hands over."""

from __future__ import annotations

from pydantic import Field

from absengine.deal.nouns.words import Formula, Name
from absengine.language.units import DayOffset
from absengine.language.validation import Many, Table


class Faster(Table):
    """A faster handover (加速归集) while a condition holds; of several that hold the last one counts."""

    when: Formula
    transfer: Name
    days: int | None = None


class Servicing(Table):
    """Collections lie with the servicer until it hands them over; if it fails, what lies there is lost once (混同).

    ``transfer`` is ``payment``, ``collection``, a further calendar of ``[dates]``, or ``receipt`` (each collection is
    handed over as it comes, within ``days``). ``days`` are the days of current collections that lie with the servicer
    when it fails beside what earlier rows left there; without it all of the collection period. It must be alive on
    ``by``, its transfer day (回款转付日), else the calculation date. ``holds`` names the pool cash that passes through,
    ``direct`` the condition under which obligors pay the plan (权利完善) though it has not failed.
    """

    servicer: Name
    account: Name
    transfer: Name
    days: int | None = None
    faster: Many[Faster] = ()
    direct: Formula | None = None
    by: DayOffset | None = None
    holds: Many[Name] = Field(default=("interest", "principal", "prepayment", "fee"), min_length=1)
