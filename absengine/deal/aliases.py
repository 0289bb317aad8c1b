"""One fixed Chinese alias for each English key of a deal file (quoted, as TOML 1.0 wants)."""

from __future__ import annotations

ALIASES: dict[str, str] = {
    "项目": "deal", "名称": "name", "币种": "currency", "货币": "money", "单位": "unit",
    "按": "per", "舍入": "rounding",
    "来源": "source", "日期": "dates", "封包日": "cutoff", "设立日": "closing", "法定到期日": "legal_final",
    "归集日": "collection", "兑付日": "payment", "每": "every", "日": "on", "首个": "first", "日历": "calendar",
    "顺延": "roll", "顺延计息": "extra_interest", "资产池": "pool", "资产清单": "tape", "资产类型": "kind",
    "知识产权清单": "rights", "还款计划": "plan", "映射": "map", "默认值": "defaults", "基准利率": "index",
    "路径": "path", "主体": "entity", "统一社会信用代码": "uscc", "别名": "aliases", "账户": "account",
    "标签": "label", "期初": "opening", "目标": "target", "利息": "interest", "归集": "collect", "本金": "principal",
    "早偿": "prepayment", "回收": "recovery", "费用": "fee", "税": "tax", "档": "tranche", "级别": "class",
    "面值": "face", "票面": "coupon", "利率": "rate", "利差": "spread", "重置": "reset", "跳升": "steps",
    "计息基准": "day_count", "文件": "file", "金额": "amount", "预期到期日": "expected", "及时": "timely",
    "复利": "interest_on_unpaid", "基数": "base", "上限": "cap", "期间": "over", "外部支持": "support",
    "提供方": "provider", "覆盖": "covers", "限额": "limit", "启动日": "call", "须偿还": "reimbursed",
    "台账": "ledger", "触发事件": "trigger", "检测时点": "test", "条件": "when", "持续": "sustained", "阶段内": "in",
    "一次性": "once", "持续期间": "while", "治愈": "cure", "效果": "effect", "价格": "price", "阶段": "stage",
    "支付日历": "pays", "步骤": "step", "编号": "id", "动作": "do", "对象": "what", "从": "from", "至": "to",
    "分配方式": "share", "不超过": "upto", "其次": "then", "数值": "value", "释放": "release", "格式": "schema",
    "套期": "hedge", "对手方": "counterparty", "名义本金": "notional", "名义本金表": "schedule", "支付": "pay",
    "收取": "receive", "行权利率": "strike", "权利金": "premium", "封包期利息": "closed_period_interest",
    "利率下限": "floor",
    "目标余额": "balances", "回售": "put", "调整": "adjust", "预期偿付日": "ard",
    "附加利率": "additional", "欠付计息": "on_unpaid", "指标": "figure", "时点": "at", "初值": "start",
    "附加": "surcharge", "池内费用": "pool_fees", "服务费用": "fees", "按支付额": "on_paid", "不足时": "lacking",
    "关联方": "group", "成员": "members", "归集服务": "servicing", "资产服务机构": "servicer", "转付": "transfer",
    "合格标准": "criterion", "最高": "at_most", "最低": "at_least", "属于": "one_of", "不属于": "none_of",
    "字段": "field", "占比上限": "share_at_most", "前几大": "top",
    "天数": "days", "加速归集": "faster", "权利完善": "direct", "转付日": "by", "经手": "holds", "其他日历": "further",
}  # fmt: skip
