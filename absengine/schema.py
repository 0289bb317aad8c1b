"""Every table and array that passes a wall: name, dtype, unit, sign, flow or balance, meaning in two languages.

Axes of arrays are always (item, row, lane): ``row`` is a calculation date (计算日), ``lane`` a path inside a block.
Rates are decimals (5 % is 0.05). Tables hold money in the currency's main unit (元); arrays past ``projection`` hold
it in the deal's counting unit (分). Cash to investors is positive, losses are positive amounts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Dates = NDArray[np.datetime64]
Texts = NDArray[np.object_]
Sort = Literal["flow", "balance", "code", "date", "rate", "text", "count"]
ValueUnit = Literal["money", "ratio", "rate", "count", "date", "flag", ""]


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column: the data dictionary is printed from these rows, never written a second time."""

    name: str
    dtype: str
    unit: str
    sort: Sort
    en: str
    zh: str


CASHFLOW_COLUMNS: tuple[Column, ...] = (
    Column("contract", "int32", "", "code", "row of the contract table", "合同序号"),
    Column("obligor", "int32", "", "code", "index into ContractTable.obligors", "债务人序号"),
    Column("asset_kind", "int32", "", "code", "index into ContractTable.asset_kinds", "资产类型序号"),
    Column("due_date", "datetime64[D]", "", "date", "date the amounts fall due", "应付日"),
    Column("opening_balance", "float64", "currency", "balance", "principal before this due date", "期初本金余额"),
    Column("principal_due", "float64", "currency", "flow", "scheduled principal", "应付本金"),
    Column("interest_due", "float64", "currency", "flow", "scheduled interest", "应付利息"),
    Column("fee_due", "float64", "currency", "flow", "scheduled fees to the plan", "应付费用"),
    Column(
        "deposit_due", "float64", "currency", "flow", "deposit the plan gives back or sets off", "退还或抵扣的保证金"
    ),
    Column("closing_balance", "float64", "currency", "balance", "principal after this due date", "期末本金余额"),
)

CONTRACT_COLUMNS: tuple[Column, ...] = (
    Column("contract_id", "object", "", "text", "contract identifier", "资产编号"),
    Column("obligor", "object", "", "text", "borrower, lessee, licensee or debtor", "债务人"),
    Column("debtor", "object", "", "text", "who finally owes, where it is not the obligor", "付款人"),
    Column("guarantor", "object", "", "text", "guarantor of the contract; empty if none", "保证人"),
    Column("uscc", "object", "", "text", "unified social credit code of the obligor", "统一社会信用代码"),
    Column("pool", "object", "", "text", "sub-pool", "资产池"),
    Column("tags", "object", "", "text", "free tags, joined by ';'", "标签"),
    Column("asset_kind", "object", "", "text", "loader that read the row", "资产类型"),
    Column("cutoff_date", "datetime64[D]", "", "date", "cash from this date on belongs to the plan", "封包日"),
    Column("cutoff_balance", "float64", "currency", "balance", "principal at the cut-off date", "封包日本金余额"),
    Column("original_balance", "float64", "currency", "balance", "principal at origination", "合同金额"),
    Column("start_date", "datetime64[D]", "", "date", "origination", "放款日"),
    Column("maturity_date", "datetime64[D]", "", "date", "last due date", "到期日"),
    Column("rate", "float64", "1/year", "rate", "annual contract rate at the cut-off", "年利率"),
    Column("age", "float64", "months", "count", "months from origination to the cut-off date", "账龄"),
    Column("dpd", "float64", "days", "count", "days past due", "逾期天数"),
    Column("grade", "object", "", "text", "shadow rating", "影子评级"),
    Column("industry", "object", "", "text", "industry", "行业"),
    Column("region", "object", "", "text", "region", "地区"),
    Column("deposit", "float64", "currency", "balance", "security deposit", "保证金"),
    Column(
        "recourse",
        "object",
        "",
        "text",
        "who must buy back if the payer fails, nearest first, joined by ';'",
        "追索对象",
    ),
    Column("holdback", "float64", "ratio", "rate", "share of face kept back from the seller", "保留款比例"),
    Column("penalty_rate", "float64", "1/year", "rate", "penalty interest on amounts overdue", "罚息率"),
    Column(
        "prepay_fee", "float64", "ratio", "rate", "fee on early repayment, share of the balance repaid", "提前还款费率"
    ),
    Column("ip_ids", "object", "", "text", "IP rights pledged, joined by ';'", "知识产权编号"),
)

RIGHT_COLUMNS: tuple[Column, ...] = (
    Column("right_id", "object", "", "text", "patent, trade mark or registration number", "专利号/登记号"),
    Column(
        "ip_type",
        "object",
        "",
        "text",
        "invention, utility_model, design, trademark, copyright, software",
        "知识产权类型",
    ),
    Column("owner", "object", "", "text", "owner of the right", "权利人"),
    Column("contract_id", "object", "", "text", "contract the right secures", "资产编号"),
    Column("filing_date", "datetime64[D]", "", "date", "filing", "申请日"),
    Column("expiry_date", "datetime64[D]", "", "date", "end of the legal term", "届满日"),
    Column("next_annuity_date", "datetime64[D]", "", "date", "next annuity", "下次年费日"),
    Column("appraisal_value", "float64", "currency", "balance", "appraised value", "评估值"),
    Column("appraisal_date", "datetime64[D]", "", "date", "appraisal date", "评估基准日"),
    Column("legal_status", "object", "", "text", "legal status", "法律状态"),
    Column("pledge_reg_no", "object", "", "text", "pledge registration number; empty if unregistered", "质押登记号"),
    Column("lost_on", "datetime64[D]", "", "date", "day the right ends: expiry, lapse or invalidation", "权利终止日"),
)


def _blank(column: Column, length: int) -> NDArray[Any]:
    if column.dtype == "object":
        return np.full(length, "", dtype=object)
    if column.dtype.startswith("datetime64"):
        return np.full(length, np.datetime64("NaT"), dtype="datetime64[D]")
    return np.zeros(length, dtype=column.dtype) if column.dtype == "int32" else np.full(length, np.nan)


@dataclass(frozen=True)
class Table:
    """Named NumPy columns of one length, checked against a declaration; missing text is '', date NaT, number NaN."""

    columns: dict[str, NDArray[Any]]

    @classmethod
    def build(cls, spec: tuple[Column, ...], length: int, **given: NDArray[Any]) -> Table:
        """Fill every declared column; further columns may be added as ``extra`` fields for scoping by field."""
        declared = {column.name: column for column in spec}
        columns: dict[str, NDArray[Any]] = {}
        for name, column in declared.items():
            values = given.pop(name, None)
            columns[name] = _blank(column, length) if values is None else np.asarray(values).astype(column.dtype)
        columns.update({name: np.asarray(values) for name, values in given.items()})
        wrong = {name: len(values) for name, values in columns.items() if len(values) != length}
        if wrong:
            raise ValueError(f"columns of another length than {length}: {wrong}")
        return cls(columns)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    @property
    def standby(self) -> NDArray[np.bool_]:
        """Contracts a tape keeps ready (备选资产) and that are not in the pool; none where it has no such column."""
        none = np.zeros(len(self), dtype=bool)
        return np.asarray(self.columns["standby"] == "yes") if "standby" in self else none

    def take(self, index: NDArray[Any]) -> Table:
        """Rows chosen by a mask or an index array."""
        return Table({name: values[index] for name, values in self.columns.items()})


@dataclass(frozen=True)
class CashflowTable:
    """The one cash-flow schema: one row per contract per due date, sorted by contract, then date.

    ``flows`` follows :data:`CASHFLOW_COLUMNS`, ``contracts`` :data:`CONTRACT_COLUMNS`, ``rights`` :data:`RIGHT_COLUMNS`.
    Flows due on a contract's cut-off date or later are kept: the first collection period is [cut-off, first calculation date].
    """

    flows: Table
    contracts: Table
    rights: Table
    currency: str = "CNY"
    obligors: tuple[str, ...] = ()
    asset_kinds: tuple[str, ...] = ()

    @property
    def balance(self) -> float:
        """Principal of the pool at the cut-off dates [currency]; standby contracts are not in it."""
        return float(np.sum(self.contracts["cutoff_balance"][~self.contracts.standby]))

    @property
    def size(self) -> int:
        """Number of contracts of the pool; standby contracts are not in it."""
        return int(np.sum(~self.contracts.standby))


@dataclass(frozen=True)
class Timeline:
    """One row per calculation date (计算日); it also holds the payment date (兑付日) of that row.

    Row ``t`` collects ``(calc_date[t-1], calc_date[t]]``; row 0 collects ``[cutoff, calc_date[0]]``.
    Interest accrues over ``[accrual_start[t], accrual_end[t])`` (unadjusted dates; row 0 starts at closing).
    ``anchor[t]`` is the start of the interest period the row lies in: accrual is F(anchor, end) − F(anchor, start).
    ``pays`` is (stage, row): the stage's list runs on that row; ``calendars`` are the rows of each payment calendar by name.
    ``call_date`` maps a support to the day of each row on which
    its provider is called (差额支付启动日); a provider that has failed by then pays nothing on that row.
    """

    cutoff: np.datetime64
    closing: np.datetime64
    legal_final: np.datetime64
    calc_date: Dates
    pay_date: Dates
    accrual_start: Dates
    accrual_end: Dates
    anchor: Dates
    pays: NDArray[np.bool_]
    call_date: dict[str, Dates] = field(default_factory=dict)
    calendars: dict[str, NDArray[np.bool_]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return len(self.calc_date)


RECOVERY_SOURCES: tuple[str, ...] = ("deposit", "cure", "guarantor", "fund", "insurance", "ip", "repurchase")
"""Asset-level recovery ledgers in legal order (domain guide §6.3 and §9)."""

SUPPORTERS = "supporters"
"""The group of every deal (增信方): who provides its supports, guarantees its contracts or must buy them back."""

PURCHASE_CHANNELS: tuple[str, ...] = ("balance", "default", "prepay", "at_end", "recognised_row", "options")
"""Channels ``purchase.<name>.<part>`` of contracts bought later: performing principal held (written by the waterfall);
shares defaulting and prepaying by row, and defaulting on the last due date; row of recognition; how prepayments and
interest go (``kernels.purchases``). ``purchase.<name>.recovery.<source>.<part>`` with ``rate``, ``row``, ``late_rate`` and
``late_row`` are shares of the principal that defaults on a row, and the rows on which they are paid."""


@dataclass(frozen=True, slots=True)
class PurchaseTerms:
    """What a scenario asks of contracts bought later: their asset kind, sub-pool ('' = none), months between due dates."""

    kind: str
    pool: str
    every: int


CASH_CHANNELS: tuple[str, ...] = ("interest", "principal", "prepayment", "fee")
"""Pool channels that carry cash, beside every ``recovery.<source>``; ``collect`` sends each to an account."""

POOL_CHANNELS: tuple[str, ...] = (
    *CASH_CHANNELS,
    *(f"recovery.{source}" for source in RECOVERY_SOURCES),
    "opening", "performing", "default", "recognised",
)  # fmt: skip
"""Pool channels of PathInputs, in order. ``default`` is principal at the missed date, ``recognised`` the same principal
at recognition; ``opening``/``performing`` are balances at the start and the end of the row. Further channels are
``alive.<entity>.<support>``, ``.servicing``, ``.hedge.<name>`` (1 or 0), ``late.<entity>`` (rows), ``index.<name>``
[1/year], ``fee_factor``, ``forced.<trigger>``."""

OVERDUE_BUCKETS: tuple[str, ...] = ("d30", "d60", "d90", "older")
"""Days an amount is overdue on a calculation date: 1–30, 31–60, 61–90, over 90 (逾期分档)."""

POOL_STREAMS: tuple[str, ...] = ("deposit", "dilution", *(f"overdue.{bucket}" for bucket in OVERDUE_BUCKETS))
"""Pool channels made only where they are asked for. ``deposit``: deposits given back by the plan, on schedule by
contracts that stay and at once by those that prepay; a default keeps what is left. ``dilution``: principal that leaves
the pool unpaid and is no default. ``overdue.<bucket>``: stock on the calculation date, by days since the due date, of
payments that come late and of the claims of defaulted contracts less what has been recovered on them; a claim nobody
pays stays, recognised or not; penalty interest is not in it; the row after legal final has none."""

INTEREST_OF_KIND = "interest."
"""``interest.<asset_kind>``: the cash of channel ``interest`` that contracts of one kind pay, where asked for."""


@dataclass(frozen=True)
class PathInputs:
    """What the waterfall reads: ``values[channel, row, lane]`` in the deal's counting unit.

    ``values`` has one row more than the timeline: the last holds cash due after legal final, which is only reported.
    """

    channels: tuple[str, ...]
    values: Floats


@dataclass(frozen=True)
class TrancheLabel:
    """What results need to know of a class (档) without the deal."""

    name: str
    label: str
    klass: str
    face: float
    timely: bool
    residual: bool
    amortisation: str
    day_count: str
    expected_maturity: str | None
    place: str


@dataclass(frozen=True)
class StepLabel:
    """What results need to know of one step of one stage's list."""

    stage: str
    id: str
    verb: str
    what: tuple[str, ...]
    sources: tuple[str, ...]
    place: str


@dataclass(frozen=True)
class TriggerLabel:
    """What results need to know of a trigger (触发事件)."""

    name: str
    label: str
    test: str
    when: str
    effect: str
    place: str
    unit: ValueUnit = ""


@dataclass(frozen=True)
class Labels:
    """Names, places, dates and units; travels with results so that they can be read without the deal."""

    deal: str
    currency: str
    unit: float
    cutoff: str
    closing: str
    legal_final: str
    calc_dates: tuple[str, ...]
    pay_dates: tuple[str, ...]
    pays: tuple[tuple[bool, ...], ...]
    stages: tuple[str, ...]
    tranches: tuple[TrancheLabel, ...]
    accounts: tuple[str, ...]
    account_openings: tuple[float, ...]
    fees: tuple[str, ...]
    senior_fees: tuple[str, ...]
    taxes: tuple[str, ...]
    supports: tuple[str, ...]
    ledgers: tuple[str, ...]
    triggers: tuple[TriggerLabel, ...]
    steps: tuple[StepLabel, ...]
    items: tuple[str, ...]
    channels: tuple[str, ...]
    wal_day_count: str = "ACT/365F"
    accruals: tuple[tuple[str, str, str], ...] = ()  # per row: anchor, start and end of accrual, as in Timeline
    texts: dict[str, str] = field(default_factory=dict)
    deposits: str = ""  # the account of deposits (保证金分账户), whose cash is not the plan's


@dataclass(frozen=True)
class TranchePaths:
    """Recorded waterfall: ``values[item, row, lane]`` in the deal's counting unit; item names in ``labels.items``.

    ``pool`` holds the PathInputs the run was driven by, so that each figure can be traced to the pool.
    """

    labels: Labels
    scenarios: tuple[str, ...]
    values: Floats
    pool: PathInputs

    def item(self, name: str) -> Floats:
        """``(row, lane)`` of one recorded item; KeyError names the item."""
        try:
            return np.asarray(self.values[self.labels.items.index(name)])
        except ValueError:
            raise KeyError(name) from None

    def channel(self, name: str) -> Floats:
        """``(row, lane)`` of one pool channel without the row after legal final."""
        return self.pool.values[self.pool.channels.index(name), :-1]


def dictionary() -> dict[str, list[dict[str, str]]]:
    """The data dictionary of the three tables, ready to print."""
    tables = {"cashflows": CASHFLOW_COLUMNS, "contracts": CONTRACT_COLUMNS, "rights": RIGHT_COLUMNS}
    return {
        name: [{part.name: str(getattr(column, part.name)) for part in fields(column)} for column in spec]
        for name, spec in tables.items()
    }
