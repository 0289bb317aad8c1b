"""``absengine tape FILE``: what a tape says, how it was understood, what was refused, and what the pool looks like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from absengine.errors import AbsError, Problem, TapeError, UsageError, Where

if TYPE_CHECKING:
    import numpy as np

    from absengine.loaders.rights import Rights
    from absengine.loaders.stratify import PoolSummary
    from absengine.loaders.tape import Tape

SCHEMA = "absengine.tape/1"
SHOWN = 20
PIPE_WIDTH = 240


def tape(
    file: Annotated[Path, typer.Argument(help="Tape (资产清单): CSV, Excel or Parquet.")],
    kind: Annotated[str, typer.Option(help="Kind of receivable: pledge_loan, cashflow_table, …")] = "pledge_loan",
    rights: Annotated[Path | None, typer.Option(help="File of IP rights, if they are not in the tape.")] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="Map of headers: your own file, or esma-annex-4, -8, -9.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a text file, as in big5.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Day of checks and terms, as 2026-03-31; else the cut-off.")] = None,
    deal: Annotated[
        Path | None, typer.Option(help="Deal whose dates a trust's are compared with (信托分配日).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Read a tape: what was recognised, converted, refused; concentration, strata, findings on IP rights."""
    try:
        document = describe(file, kind, rights, map_file, encoding, as_of, deal)
    except AbsError as error:
        if as_json and isinstance(error, TapeError):
            _print_json({"schema": SCHEMA, "file": str(file), "kind": kind, "refused": _refused(error.problems)})
        raise
    if as_json:
        _print_json(document)
    else:
        _print_tables(document)


def describe(
    file: Path,
    kind: str,
    rights: Path | None,
    map_file: Path | None,
    encoding: str | None,
    as_of: str | None,
    deal: Path | None = None,
) -> dict[str, Any]:
    """The JSON document of a tape. A figure that does not exist is None with a reason beside it."""
    from absengine.language.validation import did_you_mean
    from absengine.loaders import LOADERS
    from absengine.loaders.rights import read_pool_tape, rights_table
    from absengine.loaders.tape import read_tape

    if kind not in LOADERS:
        todo = did_you_mean(kind, LOADERS)
        raise UsageError(Problem("unknown-kind", Where(path="--kind"), repr(kind), ", ".join(LOADERS), todo))
    day = _day(as_of)
    fields = LOADERS[kind].FIELDS
    if not any(item.key and item.name == "asset_id" for item in fields):
        flows = read_tape(file, kind=kind, fields=fields, map_file=map_file, encoding=encoding)
        pool = {"pool": None, "pool_reason": f"{kind} lists dates, not contracts"}
        return _head(flows) | pool | _rights(flows, rights_table(None, flows), day)
    contracts, held = read_pool_tape(
        file, kind=kind, fields=fields, rights=rights, map_file=map_file, encoding=encoding
    )
    document = _head(contracts) | _pool(contracts, held, day) | _rights(contracts, held, _check_day(contracts, day))
    return _with_overdue(document, contracts) | _trusts(document, contracts, _check_day(contracts, day), deal)


def _day(text: str | None) -> np.datetime64:
    import datetime

    import numpy as np

    if text is None:
        return np.datetime64("NaT", "D")
    try:
        return np.datetime64(datetime.date.fromisoformat(text), "D")
    except ValueError:
        raise UsageError(Problem("bad-date", Where(path="--as-of"), repr(text), "a day such as 2026-03-31")) from None


def _check_day(contracts: Tape, day: np.datetime64) -> np.datetime64:
    """The day asked for, else the latest cut-off date of the tape; NaT where there is neither."""
    import numpy as np

    cutoffs = contracts.column("cutoff_date")
    known = cutoffs[~np.isnat(cutoffs)]
    return day if not np.isnat(day) or not len(known) else known.max()


def _head(read: Tape) -> dict[str, Any]:
    report = read.report
    return {
        "schema": SCHEMA,
        "file": report.source.file,
        "kind": read.kind,
        "format": report.source.format,
        "encoding": report.source.encoding,
        "sheet": report.source.sheet,
        "header_line": report.header_line,
        "rows": report.rows,
        "recognised": [
            {
                "header": column.header,
                "field": column.field,
                "type": column.type,
                "unit": column.unit,
                "missing": column.missing,
                "converted": [vars(step) for step in column.done],
            }
            for column in report.recognised
        ],
        "extra": report.extra,
        "ignored": report.ignored,
        "dropped": [{"line": row.line, "why": row.why, "text": row.text} for row in report.dropped],
        "notes": report.notes,
        "warnings": report.warnings,
        "refused": [],
    }


def _pool(contracts: Tape, held: Rights, day: np.datetime64) -> dict[str, Any]:
    from absengine.loaders.stratify import stratify

    summary = stratify(contracts, held, _check_day(contracts, day))
    term: dict[str, Any] = {"remaining_months": summary.term}
    if math.isnan(summary.term):
        term["remaining_months_reason"] = "no maturity date, or no cut-off date on the tape and no --as-of"
    pool = {
        "balance": summary.balance,
        "contracts": summary.contracts,
        "obligors": summary.obligors,
        "rate": summary.rate,
        **term,
        "concentration": _concentration(summary),
        "strata": [{**vars(table), "rows": [vars(row) for row in table.rows]} for table in summary.strata],
    }
    return {"pool": pool}


def _with_overdue(document: dict[str, Any], contracts: Tape) -> dict[str, Any]:
    """The document with warnings on contracts overdue at the cut-off date."""
    from absengine.loaders.overdue import said

    return document | {"warnings": document["warnings"] + said(contracts)}


def _trusts(document: dict[str, Any], contracts: Tape, day: np.datetime64, deal: Path | None) -> dict[str, Any]:
    """Trusts and entrusted banks of a tape that has any, with warnings where their cash comes late for the deal."""
    import numpy as np

    from absengine.deal.load import load
    from absengine.loaders.source import Context
    from absengine.loaders.trust_report import trust_report

    if "look_through" not in contracts.fields:
        return {}
    if deal is None:
        found = trust_report(contracts, Context(day))
    else:
        read = load(deal)
        dates = read.timeline
        pays = np.asarray(dates.pays[0])
        context = Context(dates.cutoff, read.indexes)
        found = trust_report(contracts, context, dates.calc_date[pays], dates.pay_date[pays])
    document["warnings"].extend(found.warnings)
    tiers = [vars(tier) for tier in found.tiers]
    return {"trusts": tiers} | ({"trusts_reason": found.refused} if found.refused else {})


def _concentration(summary: PoolSummary) -> dict[str, Any]:
    found = summary.obligor
    return {
        "top": {str(count): share for count, share in found.top.items()},
        "hhi": found.hhi,
        "effective_number": found.effective,
        "largest": [{"name": name, "share": share} for name, share in found.largest],
    }


def _rights(contracts: Tape, held: Rights, day: np.datetime64) -> dict[str, Any]:
    from absengine.loaders.rights_checks import check_rights

    findings, not_made = check_rights(held, contracts, day)
    return {
        "as_of": str(day),
        "rights": {
            "count": len(held),
            "file": held.tape.report.source.file if held.tape else None,
            "sheet": held.tape.report.source.sheet if held.tape else None,
            "notes": list(held.notes),
            "findings": [{**vars(item), "where": str(item.where)} for item in findings],
            "not_checked": not_made,
        },
    }


def _refused(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [
        {
            "code": problem.code,
            "file": problem.where.file,
            "sheet": problem.where.sheet,
            "line": problem.where.line,
            "column": problem.where.column,
            "found": problem.found,
            "allowed": problem.allowed,
            "todo": problem.todo,
        }
        for problem in problems
    ]


def _print_json(document: dict[str, Any]) -> None:
    import json

    typer.echo(json.dumps(_finite(document), ensure_ascii=False, allow_nan=False))


def _finite(value: Any) -> Any:
    """The same document with null for figures that do not exist."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return None if value == "NaT" else value


def _print_tables(document: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=PIPE_WIDTH)
    for section in (*_reading(document), *_summary(document), *_tiers(document), *_collateral(document)):
        _print_table(console, section)


class _Section(NamedTuple):
    """A table to print; rows beyond ``limit`` are only counted."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    limit: int = SHOWN


def _print_table(console: Any, section: _Section) -> None:
    """One table; names from the file are shown as they are, without any control character or markup."""
    from rich.table import Table
    from rich.text import Text

    from absengine.language.toml import printable

    console.print(Text(section.title, style="bold"))
    table = Table(*section.headers, box=None, pad_edge=False, header_style="dim", show_header=any(section.headers))
    for row in section.rows[: section.limit]:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console.print(table)
    if len(section.rows) > section.limit:
        console.print(Text(f"… and {len(section.rows) - section.limit} more; --json lists all"))
    console.print()


def _reading(document: dict[str, Any]) -> list[_Section]:
    place = ", ".join(str(document[key]) for key in ("format", "encoding", "sheet") if document[key])
    title = f"{document['file']} ({place}): {document['rows']:,} rows below line {document['header_line']}"
    columns = [
        (
            column["header"],
            column["field"],
            column["unit"],
            str(column["missing"] or ""),
            "; ".join(f"{step['what']} ×{step['cells']:,} ({step['example']})" for step in column["converted"]),
        )
        for column in document["recognised"]
    ]
    headers = ("header 列名", "field 字段", "unit 单位", "empty 空", "converted 转换")
    sections = [_Section(title, headers, columns, limit=len(columns))]
    if document["dropped"]:
        rows = [(str(row["line"]), row["why"], row["text"]) for row in document["dropped"]]
        sections.append(_Section("Left out 未计入", ("line 行", "why 原因", "text 内容"), rows))
    kept = [f"kept as a further column: {name}" for name in document["extra"]]
    kept += [f"ignored, it has no header: {name}" for name in document["ignored"]]
    said = [f"warning: {text}" for text in document["warnings"]] + document["notes"] + kept
    if said:
        sections.append(_Section("Notes 说明", ("",), [(text,) for text in said]))
    return sections


_NO_BALANCE = "– none on the tape: a run works it out from what falls due"


def _summary(document: dict[str, Any]) -> list[_Section]:
    pool = document["pool"]
    if pool is None:
        return []
    found = pool["concentration"]
    rows = [
        ("balance 未偿本金余额", f"{pool['balance']:,.2f}" if pool["balance"] else _NO_BALANCE),
        ("contracts 合同数 / obligors 债务人数", f"{pool['contracts']:,} / {pool['obligors']:,}"),
        ("mean rate 加权年利率", _percent(pool["rate"])),
        ("mean remaining term 加权剩余期限", _term(pool)),
        *((f"top {count} obligors 前{count}大", _percent(share)) for count, share in found["top"].items()),
        ("HHI / effective number 有效户数", _effective(found)),
    ]
    sections = [_Section("Pool 资产池", ("", ""), rows)]
    largest = [(item["name"], _percent(item["share"])) for item in found["largest"]]
    sections.append(_Section("Largest obligors 主要债务人", ("", "share 占比"), largest))
    for table in pool["strata"]:
        lines = [
            (
                row["name"],
                f"{row['contracts']:,}",
                f"{row['balance']:,.2f}",
                _percent(row["share"]),
                _percent(row["rate"]),
                _months(row["term"]),
            )
            for row in table["rows"]
        ]
        headers = ("", "contracts 合同", "balance 余额", "share 占比", "rate 利率", "term 期限")
        sections.append(_Section(f"By {table['en']} {table['zh']}", headers, lines))
    return sections


def _tiers(document: dict[str, Any]) -> list[_Section]:
    """What trusts and entrusted banks take, and how long cash lies with them (混同)."""
    rows = [
        (
            tier["name"],
            f"{tier['contracts']:,}",
            f"{tier['balance']:,.2f}",
            f"{tier['trust_fee'] + tier['bank_fee']:,.2f}",
            f"{tier['tax']:,.2f}",
            f"{tier['wait_days']:.1f} / {tier['wait_days_longest']:.0f}",
        )
        for tier in document.get("trusts", [])
    ]
    if "trusts_reason" in document:
        return [_Section("Trusts and entrusted banks 信托与贷款行", ("",), [(document["trusts_reason"],)])]
    headers = ("", "contracts 合同", "balance 余额", "fees 费用", "tax 税", "days waiting, mean / longest 在途天数")
    return [_Section("Trusts and entrusted banks 信托与贷款行", headers, rows)] if rows else []


def _collateral(document: dict[str, Any]) -> list[_Section]:
    rights = document["rights"]
    if not rights["count"]:
        return []
    rows = [
        (item["check"], item["where"], item["contract_id"], item["right_id"], item["found"])
        for item in rights["findings"]
    ]
    headers = ("finding", "where", "contract 资产", "right 知识产权", "found")
    title = f"IP rights 知识产权: {rights['count']} rights, {len(rows)} findings as of {document['as_of']}"
    sections = [_Section(title, headers if rows else ("",), rows)]
    said = rights["notes"] + [f"not checked: {text}" for text in rights["not_checked"]]
    if said:
        sections.append(_Section("Notes on rights 说明", ("",), [(text,) for text in said]))
    return sections


def _effective(found: dict[str, Any]) -> str:
    return "–" if math.isnan(found["hhi"]) else f"{found['hhi']:.4f} / {found['effective_number']:.1f}"


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2%}"


def _term(pool: dict[str, Any]) -> str:
    """The pool's mean term, or why there is none."""
    shown = _months(pool["remaining_months"])
    return f"{shown} {pool['remaining_months_reason']}" if "remaining_months_reason" in pool else shown


def _months(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1f} months"
