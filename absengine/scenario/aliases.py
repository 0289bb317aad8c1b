"""One fixed Chinese alias for each English key of a pack (quoted, as TOML 1.0 wants)."""

from __future__ import annotations

ALIASES: dict[str, str] = {
    "格式": "schema", "标题": "title", "来源": "source", "情景": "scenario", "部件": "part", "交叉": "cross",
    "标签": "label", "继承": "extends", "顺序": "order", "计息": "interest_on", "费用倍数": "fee_factor",
    "利率变动": "rate_shift", "强制触发": "forced", "设定": "set", "支持方": "supporter", "假设": "assume",
    "事件": "event", "轴": "axes", "范围": "scope", "资产池": "pool", "资产类型": "asset_kind", "分类": "tag",
    "字段": "field", "编号": "id", "违约": "default", "早偿": "prepay", "回收": "recovery", "类型": "kind",
    "利率": "rate", "各期": "rates", "速度": "speed", "份额": "share", "各期份额": "shares", "时点分布": "timing",
    "前置": "front", "后置": "back", "每": "every", "按": "by", "起算": "from", "单位": "per",
    "认定": "recognition", "保证金": "deposit", "自行恢复": "cure", "保证人": "guarantor", "补偿基金": "fund",
    "保险": "insurance", "知识产权": "ip", "回购": "repurchase", "延后": "delayed", "基数": "base", "时滞": "lag",
    "自": "start", "上限": "cap", "付款方": "payer", "月": "months", "期": "payments", "天": "days",
    "什么": "what", "谁": "who", "最大": "top", "最小": "smallest", "日": "on", "时点": "at",
    "交叉违约": "cross_default", "主体": "entity", "退出": "gone", "迟付": "late",
    "备选资产": "standby", "不合格": "failing", "稀释": "dilution", "罚息": "penalty",
}  # fmt: skip
