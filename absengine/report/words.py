"""Words and numbers of a report: one phrase per key in English and Chinese, amounts in the unit a reader expects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Language = Literal["en", "zh"]

PHRASES: Final[dict[str, tuple[str, str]]] = {
    # classes and cash
    "performing": ("performing pool", "正常资产余额"),
    "tax": ("tax", "税"),
    "fees": ("fees", "费用"),
    "interest": ("{name} interest", "{name} 利息"),
    "additional": ("{name} additional interest", "{name} 附加利息"),
    "principal": ("{name} principal", "{name} 本金"),
    "residual": ("{name} residual", "{name} 剩余收益"),
    "support_repaid": ("support reimbursed", "偿还差额支付"),
    "hedges": ("hedges", "套期结算"),
    "purchases": ("contracts bought", "循环购买"),
    "deposits": ("deposits given back or used", "退还或动用的保证金"),
    "kept": ("kept in, or drawn from, accounts", "账户留存（负为动用）"),
    "support_drawn": ("support drawn", "差额支付到账"),
    # layers
    "recovery": ("recovery: {name}", "回收：{name}"),
    "support": ("support: {name}", "外部支持：{name}"),
    "accounts": ("cash in accounts", "账户余额"),
    "account_interest": ("account interest", "账户利息"),
    "excess_spread": ("excess spread", "超额利差"),
    "reserve_release": ("reserve", "储备金"),
    "residual_face": ("residual class", "次级本金"),
    "class": ("class {name}", "{name} 档"),
    "extra_carry": ("extra carry", "额外收益"),
    "other": ("other, each below 1 %", "其他（均低于 1%）"),
    # recovery sources
    "deposit": ("deposit", "保证金"),
    "cure": ("cure", "自行补足"),
    "guarantor": ("guarantor", "保证人代偿"),
    "fund": ("compensation fund", "风险补偿基金"),
    "insurance": ("insurance", "保险"),
    "ip": ("IP sale", "知识产权处置"),
    "repurchase": ("repurchase", "赎回"),
    # titles
    "balance.repaid": ("All notes are repaid by {date}", "全部证券于 {date} 前兑付完毕"),
    "balance.unpaid": (
        "{name} is left with {amount} unpaid, {share} of its face",
        "{name} 未兑付 {amount}，占面值 {share}",
    ),
    "cash.title": (
        "Of the cash paid out {notes} reaches the notes, {fees} tax and fees, {residual} the residual class",
        "支付现金中 {notes} 兑付证券本息，{fees} 为税费，{residual} 归次级",
    ),
    "cash.title.notes": (
        "Of the cash paid out {notes} reaches the notes, {fees} tax and fees",
        "支付现金中 {notes} 兑付证券本息，{fees} 为税费",
    ),
    "coverage.above": ("Coverage never falls below {ratio}", "覆盖倍数始终不低于 {ratio}"),
    "coverage.below": (
        "Coverage falls below 1 in {count} of {all} scenarios, to {ratio} at the lowest",
        "{all} 个情景中有 {count} 个覆盖倍数低于 1，最低为 {ratio}",
    ),
    "coverage.none": ("Nothing falls due on any date", "各日均无应付款项"),
    "layers.none": ("No scenario loses cash to credit events", "各情景均无信用损失"),
    "layers.absorbed": ("Losses stop at the layer “{layer}” or before", "损失止于“{layer}”或更早层级"),
    "layers.sooner": (
        "No class is left short; notes are repaid sooner and earn less interest",
        "各档均足额兑付，因提前还本少得利息",
    ),
    "layers.classes": (
        "Losses reach {names} in {count} of {all} scenarios with losses",
        "{all} 个有损失的情景中，{count} 个波及 {names}",
    ),
    # what is shown, in grey below the title
    "balance.shown": ("Balance by class", "各档余额"),
    "cash.shown": ("Uses of cash by payment date", "各兑付日现金用途"),
    "coverage.shown": (
        "Cash of the period after tax and senior fees / {name} interest and principal due; no support or reserve",
        "当期现金流（扣除税费）/ {name} 应付本息；不含外部支持、储备及留存",
    ),
    "coverage.clipped": ("▲ above the axis", "▲ 超出坐标"),
    "coverage.lowest": ("{name} (lowest {ratio})", "{name}（最低 {ratio}）"),
    "coverage.others": ("{count} others", "其余 {count} 个"),
    "layers.shown": ("Cash lost to credit events by the layer that took it", "信用损失按承担层级分布"),
    "layers.largest": ("the {count} largest of {all}", "{all} 个中损失最大的 {count} 个"),
    "scenario": ("scenario {name}", "情景 {name}"),
}


def phrase(language: Language, key: str, **values: Any) -> str:
    """One phrase in one language."""
    return PHRASES[key][0 if language == "en" else 1].format(**values)


@dataclass(frozen=True, slots=True)
class MoneyUnit:
    """A unit that keeps figures short: ``CNY 22.74 m`` has prefix and suffix, ``2,274 万元`` a suffix only."""

    divisor: float
    prefix: str
    suffix: str

    @property
    def name(self) -> str:
        """The unit alone, as an axis or a heading names it."""
        return f"{self.prefix} {self.suffix}".strip()

    def show(self, amount: float) -> str:
        """The amount without its unit: three or more significant figures, grouped by thousands."""
        value = amount / self.divisor
        places = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
        return f"{value:,.{places}f}" if round(value, places) else f"{0:.{places}f}"

    def full(self, amount: float) -> str:
        """The amount with its unit."""
        return f"{self.prefix} {self.show(amount)} {self.suffix}".strip()


def money_unit(currency: str, largest: float, language: Language) -> MoneyUnit:
    """亿元 or 万元 for yuan in Chinese, millions or thousands otherwise, by the largest amount shown."""
    size = abs(largest)
    if language == "zh" and currency == "CNY":
        divisor, suffix = (1e8, "亿元") if size >= 1e10 else (1e4, "万元") if size >= 1e5 else (1.0, "元")
        return MoneyUnit(divisor, "", suffix)
    divisor, suffix = (1e6, "m") if size >= 1e6 else (1e3, "k") if size >= 1e4 else (1.0, "")
    return MoneyUnit(divisor, currency, suffix)
