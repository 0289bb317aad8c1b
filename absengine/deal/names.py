"""Names a formula may use: one registry row per family, with its kind, its meaning in two languages and its slots."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from absengine.deal import purchases
from absengine.deal.accrue import cap_room, fee_to_come
from absengine.deal.assembler import Slot
from absengine.deal.builder import Builder
from absengine.deal.definitions import in_order
from absengine.deal.formulas import emit_formula, kind_of
from absengine.deal.hedges import hedge_due, hedge_receivable
from absengine.deal.nouns import DealFile
from absengine.deal.options import additional_due
from absengine.deal.taxes import pool_kinds, tax_to_come
from absengine.errors import Problems, Where
from absengine.kernels.opcodes import Op
from absengine.language.formula import Kind, parse
from absengine.schema import CASH_CHANNELS, OVERDUE_BUCKETS, Floats

Emit = Callable[[Builder, str], Slot]
Members = Callable[[DealFile], Iterable[str]]


@dataclass(frozen=True)
class Family:
    """Names of one form ``<prefix>.<member>``; ``members`` lists what may follow the prefix in a given deal."""

    prefix: str
    zh: str
    kind: Kind
    doc_en: str
    doc_zh: str
    members: Members
    emit: Emit

    def names(self, deal: DealFile) -> list[str]:
        return [f"{self.prefix}.{member}" for member in self.members(deal)]

    @property
    def spelling(self) -> str:
        """The names themselves where every deal has the same, else what the prefix is followed by."""
        if isinstance(self.members, _Fixed):
            return " ".join(f"{self.prefix}.{member}" for member in self.members.words)
        return " ".join(f"{self.prefix}.{form}" for form in _FORMS.get(self.prefix, ("NAME",)))


@dataclass(frozen=True)
class _Fixed:
    """Members that do not depend on the deal."""

    words: tuple[str, ...]

    def __call__(self, deal: DealFile) -> tuple[str, ...]:
        return self.words


@dataclass(frozen=True)
class _Given(_Fixed):
    """Members of deals that have the thing they tell of."""

    has: Callable[[DealFile], bool]

    def __call__(self, deal: DealFile) -> tuple[str, ...]:
        return self.words if self.has(deal) else ()


def _services(deal: DealFile) -> bool:
    return deal.servicing is not None


def _keeps_deposits(deal: DealFile) -> bool:
    return "deposit" in deal.collect


_CLASS = ("TRANCHE", "CLASS")
_FORMS = {
    **dict.fromkeys(("balance", "face", "interest", "principal", "additional", "due"), _CLASS),
    "collected": ("interest.KIND",),
    "fee": ("NAME", "NAME.over_cap"),
    "support": ("NAME.left", "NAME.owed"),
    "purchase": ("NAME.balance", "NAME.bought"),
    "hedge": ("NAME.receivable", "NAME.due"),
}
"""What follows a prefix whose members are names of the deal, for the printed dictionary."""


def _fixed(*members: str) -> Members:
    return _Fixed(members)


def _sum(part: Callable[[Builder, str], Slot]) -> Emit:
    return lambda b, member: b.asm.total([part(b, tranche) for tranche in b.deal.tranches_of(member)])


def _with_ard(deal: DealFile) -> list[str]:
    """Classes and tranches that may bear additional interest."""
    return [name for name in deal.class_names() if any(deal.tranche[one].ard for one in deal.tranches_of(name))]


def _due(b: Builder, tranche: str) -> Slot:
    return b.asm.value(Op.ADD, b.interest_due(tranche), b.principal_due(tranche))


def _collected(b: Builder, member: str) -> Slot:
    if member == "total":
        return b.asm.total([b.asm.state(f"collected.{channel}") for channel in (*CASH_CHANNELS, "recovery")])
    return b.asm.state(f"collected.{member}")


def _pool_initial(b: Builder, member: str) -> Slot:
    return b.money("pool.initial", b.pool_balance)


def _cum_default_rate(b: Builder, member: str) -> Slot:
    """Domain §9: what was bought belongs to the base."""
    base = _pool_initial(b, member)
    if b.deal.purchase:
        base = b.asm.value(Op.ADD, base, b.asm.state("pool.purchased"))
    return b.asm.value(Op.DIV, b.asm.state("pool.defaulted"), base)


def _purchase(b: Builder, member: str) -> Slot:
    name, _, part = member.rpartition(".")
    return purchases.held(b, name) if part == "balance" else purchases.purchased(b, name)


def _target(b: Builder, member: str) -> Slot:
    target = b.deal.account[member].target
    assert target is not None
    return emit_formula(b, target, Kind.MONEY, ("account", member, "target"))


def _pending(b: Builder, accrued: Slot, coming: Slot) -> Slot:
    """Whole units of what has accrued, and on a row whose list has not run yet, of what it will add."""
    return b.floored(b.asm.value(Op.ADD, accrued, b.where_set(b.asm.value(Op.NOT, b.ran), coming)))


def _fee_due(b: Builder, member: str) -> Slot:
    """Fee payable now: unpaid, plus what has accrued to this date (inside its cap)."""
    unpaid = b.unpaid(f"fee.{member}")
    if member.endswith(".over_cap"):
        return unpaid
    fresh, cap = _pending(b, b.asm.state(f"fee.{member}.accrued"), fee_to_come(b, member)), b.deal.fee[member].cap
    if cap is not None:
        fresh = b.asm.value(Op.MIN, fresh, b.floored(cap_room(b, member, cap)))
    return b.asm.value(Op.ADD, unpaid, fresh)


def _tax_due(b: Builder, member: str) -> Slot:
    """Tax payable now: unpaid, plus what this row's list adds."""
    fresh = _pending(b, b.asm.state(f"tax.{member}.accrued"), tax_to_come(b, member))
    return b.asm.value(Op.ADD, b.unpaid(f"tax.{member}"), fresh)


def _support(b: Builder, member: str) -> Slot:
    name, _, part = member.rpartition(".")
    return b.support_left(name) if part == "left" else b.support_owed(name)


def _hedge(b: Builder, member: str) -> Slot:
    name, _, part = member.rpartition(".")
    return hedge_receivable(b, name) if part == "receivable" else hedge_due(b, name)


def _number(values: Floats) -> Emit:
    return lambda b, member: b.asm.table(values)


def _period(b: Builder, member: str) -> Slot:
    rows = np.arange(1.0, b.timeline.rows + 1)
    if member == "last":
        return b.asm.table((rows == rows[-1]).astype(float))
    if member == "number":
        return b.asm.table(rows)
    return b.asm.state("collected.years")


def _date(b: Builder, member: str) -> Slot:
    dates = b.timeline.pay_date if member == "payment" else b.timeline.calc_date
    return b.asm.table(dates.astype("datetime64[D]").astype(float))


def _stage(b: Builder, member: str) -> Slot:
    flag = b.asm.scratch()
    b.asm.emit(Op.STAGE, flag, b.stage, k=b.stage_number(member))
    return flag


M, R, F = Kind.MONEY, Kind.RATIO, Kind.FLAG
FAMILIES: tuple[Family, ...] = (
    Family("pool", "资产池", M, "performing principal at the row's close, at its opening, or newly defaulted",
           "期末正常本金、期初正常本金、本行新增违约本金", _fixed("performing", "opening", "default"),
           lambda b, member: b.pool(member)),
    Family("pool", "资产池", M, "principal that leaves the pool on this row unpaid and is no default", "本行稀释本金",
           _fixed("dilution"), lambda b, member: b.pool(member)),
    Family("pool", "资产池", M, "overdue on the calculation date, by days since the due date: 1–30, 31–60, 61–90, 90+",
           "计算日逾期金额，按逾期天数分档：1–30、31–60、61–90、90 天以上",
           _fixed(*(f"overdue.{bucket}" for bucket in OVERDUE_BUCKETS)), lambda b, member: b.pool(member)),
    Family("pool", "资产池", M, "principal at the cut-off dates", "封包日本金", _fixed("initial"), _pool_initial),
    Family("pool", "资产池", M, "principal recognised as defaulted since the cut-off", "累计违约本金",
           _fixed("defaulted"), lambda b, member: b.asm.state("pool.defaulted")),
    Family("pool", "资产池", M, "principal bought since the cut-off", "累计循环购买本金", _fixed("purchased"),
           lambda b, member: b.asm.state("pool.purchased")),
    Family("purchase", "循环购买", M, "performing principal of what was bought, or all that was bought",
           "循环购买资产的正常本金，或累计购买本金",
           lambda deal: [f"{name}.{part}" for name in deal.purchase for part in ("balance", "bought")], _purchase),
    Family("pool", "资产池", R, "cumulative default rate: recognised principal over cut-off principal and purchases",
           "累计违约率",
           _fixed("cum_default_rate"), _cum_default_rate),
    Family("pool", "资产池", F, "the pool has been bought back", "资产池已被清仓回购", _fixed("called"),
           lambda b, member: b.called),
    Family("collected", "归集", M, "cash collected since the last payment date, by kind; or principal defaulted",
           "上一兑付日以来的归集款（按类别）；default 为新增违约本金",
           _fixed("interest", "principal", "prepayment", "fee", "recovery", "default", "total"), _collected),
    Family("collected", "归集", M, "interest collected since the last payment date from one asset kind",
           "上一兑付日以来归集的某类资产利息", lambda deal: [f"interest.{kind}" for kind in pool_kinds(deal)],
           _collected),
    Family("servicing", "归集与混同", M, "collections lost with the servicer since closing", "累计混同损失",
           _Given(("lost",), _services), lambda b, member: b.asm.state("servicing.lost_so_far")),
    Family("servicing", "归集与混同", F, "the servicer has failed; obligors pay the plan directly, for this or else",
           "资产服务机构已丧失能力；或债务人已直接向专项计划付款", _Given(("failed", "direct"), _services),
           lambda b, member: b.asm.state(f"servicing.{member}")),
    Family("deposit", "保证金", M, "deposits to be given back and not yet given", "应退未退保证金",
           _Given(("owed",), _keeps_deposits), lambda b, member: b.asm.state("deposit.owed")),
    Family("balance", "余额", M, "outstanding principal of a class", "未偿本金余额", DealFile.class_names,
           _sum(Builder.balance)),
    Family("face", "面值", M, "initial principal of a class", "发行面值", DealFile.class_names, _sum(Builder.face)),
    Family("interest", "利息", M, "interest due now, arrears included", "当期应付利息（含欠付）", DealFile.class_names,
           _sum(Builder.interest_due)),
    Family("principal", "本金", M, "principal due now by the class's own terms", "当期应付本金", DealFile.class_names,
           _sum(Builder.principal_due)),
    Family("additional", "附加利息", M, "additional interest due now, since the anticipated repayment date",
           "预期偿付日后的附加利息（含欠付）", _with_ard, _sum(additional_due)),
    Family("due", "应付", M, "interest and principal due now", "当期应付本息", DealFile.class_names, _sum(_due)),
    Family("account", "账户", M, "balance of an account", "账户余额", lambda deal: deal.account,
           lambda b, member: b.account(member)),
    Family("target", "目标", M, "target of an account", "账户目标金额",
           lambda deal: [name for name, account in deal.account.items() if account.target], _target),
    Family("fee", "费用", M, "fee due and unpaid", "应付未付费用",
           DealFile.fee_names, _fee_due),
    Family("tax", "税", M, "tax due and unpaid", "应付未付税款", lambda deal: deal.tax, _tax_due),
    Family("hedge", "套期", M, "what the counterparty of a hedge pays when the list runs, or what the plan owes it now",
           "套期对手方当期应付，或专项计划应付未付对手方的金额",
           lambda deal: [f"{name}.{part}" for name in deal.hedge for part in ("receivable", "due")], _hedge),
    Family("support", "外部支持", M, "what is left of a support's limit, or what is owed to its provider",
           "外部支持剩余额度或待偿还金额",
           lambda deal: [f"{name}.{part}" for name in deal.support for part in ("left", "owed")], _support),
    Family("ledger", "台账", M, "debit balance of a ledger", "台账借方余额", lambda deal: deal.ledger,
           lambda b, member: b.ledger(member)),
    Family("figure", "指标", Kind.NUMBER, "a figure of the deal, as last taken; its kind is that of its formula",
           "交易定义的指标，取最近一次的数值，种类与其公式相同", lambda deal: deal.figure,
           lambda b, member: b.figure(member)),
    Family("trigger", "触发事件", F, "the trigger is active", "触发事件处于生效状态", lambda deal: deal.trigger,
           lambda b, member: b.asm.state(f"trigger.{member}.active")),
    Family("stage", "阶段", F, "the deal is in this stage", "专项计划处于该阶段", lambda deal: deal.stage, _stage),
    Family("index", "基准利率", Kind.RATE, "level of a reference rate", "基准利率水平", lambda deal: deal.index,
           lambda b, member: b.asm.input(f"index.{member}")),
    Family("period", "期间", Kind.COUNT, "number of the row, from 1", "期数", _fixed("number"), _period),
    Family("period", "期间", R, "years since the last payment date (ACT/365F)", "距上一兑付日的年数（ACT/365F）",
           _fixed("years"), _period),
    Family("period", "期间", F, "the row of the legal final date", "法定到期日所在期", _fixed("last"), _period),
    Family("date", "日期", Kind.DATE, "payment or calculation date of the row", "兑付日或计算日",
           _fixed("payment", "calculation"), _date),
)  # fmt: skip


def known_names(deal: DealFile) -> dict[str, Family]:
    """Every name a formula of this deal may use; a figure has the kind of its formula."""
    known = {name: family for family in FAMILIES for name in family.names(deal)}
    for name in in_order(deal, ("figure",)):
        node = parse(deal.figure[name.removeprefix("figure.")].value, Where(), Problems())
        kind = None if node is None else kind_of(node, known)
        known[name] = replace(known[name], kind=kind or Kind.NUMBER)
    return known
