"""Checks of IP rights against the contracts they secure: findings with their place, never refusals.

A pool with weak collateral is still a pool; the desk decides. A check whose column the tape lacks is reported as not
made, so that silence never reads as a clean bill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from absengine.calendars.date_rules import add_months
from absengine.errors import Where
from absengine.loaders.rights import Rights, legal_expiry
from absengine.loaders.tape import Tape
from absengine.schema import Dates, Floats

LTV_LIMIT = 0.5
"""Loans above half of the appraised value are reported (assumption: the upper end of the usual 30–50 %)."""

LTV_TOLERANCE = 0.01
"""A stated loan-to-value further than this from the amounts on the tape is reported (assumption)."""

PATENTS = ("invention", "utility_model", "design")


@dataclass(frozen=True)
class Finding:
    """One weakness of one right or contract."""

    check: str
    where: Where
    right_id: str
    contract_id: str
    found: str


@dataclass(frozen=True)
class Pool:
    """What checks read: rights, the row of the contract of each, balances, maturities and the day of the check."""

    rights: Rights
    contracts: Tape
    contract: NDArray[np.intp]
    as_of: np.datetime64

    @classmethod
    def of(cls, rights: Rights, contracts: Tape, as_of: np.datetime64) -> Pool:
        rows = {name: row for row, name in enumerate(contracts.column("asset_id").tolist())}
        found = [rows[name] for name in rights.table["contract_id"].tolist()]
        return cls(rights, contracts, np.array(found, dtype=np.intp), as_of)

    @property
    def maturity(self) -> Dates:
        """Maturity of the contract each right secures."""
        return self.contracts.column("maturity_date")[self.contract]

    def appraised(self) -> Floats:
        """Appraised value of all rights of each contract; NaN where none is appraised."""
        values = self.rights.table["appraisal_value"]
        known = ~np.isnan(values)
        totals = np.full(len(self.contracts), np.nan)
        sums = np.bincount(self.contract[known], weights=values[known], minlength=len(self.contracts))
        return np.where(np.bincount(self.contract[known], minlength=len(self.contracts)) > 0, sums, totals)


Hit = tuple[int, str]
"""Index of the right (or, for checks of contracts, of the contract) and what was found."""


@dataclass(frozen=True)
class Check:
    """A check: what it finds, in both languages; columns of rights it needs; whether it needs the day of the check.

    A check of one ``kind`` of receivable may need columns of its tape, and is made without any right too.
    """

    code: str
    en: str
    zh: str
    needs: tuple[str, ...]
    dated: bool
    of_contracts: bool
    find: Callable[[Pool], Iterator[Hit]]
    kind: str = ""


def _expires_early(pool: Pool) -> Iterator[Hit]:
    expiry, maturity = pool.rights.table["expiry_date"], pool.maturity
    for right in np.flatnonzero(expiry < maturity):
        how = " (computed)" if pool.rights.computed[right] else ""
        yield int(right), f"ends {expiry[right]}{how}, contract matures {maturity[right]}"


def _annuity_unpaid(pool: Pool) -> Iterator[Hit]:
    due = pool.rights.table["next_annuity_date"]
    lapse = add_months(due, 6)
    patent = np.isin(pool.rights.table["ip_type"].astype(str), (*PATENTS, ""))
    for right in np.flatnonzero(patent & (due < pool.as_of)):
        after = "after the six months of grace: the right lapses" if lapse[right] < pool.as_of else "within six months"
        yield int(right), f"annuity due {due[right]} unpaid on {pool.as_of}, {after}"


def _unregistered(pool: Pool) -> Iterator[Hit]:
    for right in np.flatnonzero(pool.rights.table["pledge_reg_no"] == ""):
        yield int(right), "no pledge registration number: the pledge has not arisen"


def _stale(pool: Pool) -> Iterator[Hit]:
    day = pool.rights.table["appraisal_date"]
    for right in np.flatnonzero(add_months(day, 12) < pool.as_of):
        yield int(right), f"appraised {day[right]}, more than a year before {pool.as_of}"


def _not_in_force(pool: Pool) -> Iterator[Hit]:
    status = pool.rights.table["legal_status"]
    for right in np.flatnonzero((status != "in_force") & (status != "")):
        yield int(right), f"legal status {status[right]}"


def _pledged_twice(pool: Pool) -> Iterator[Hit]:
    """Numbers are compared without prefix, points and case: ZL201810000001.2 is 2018100000012."""
    first: dict[str, int] = {}
    for right, number in enumerate(pool.rights.table["right_id"].tolist()):
        plain = "".join(letter for letter in number.upper().removeprefix("ZL") if letter.isalnum())
        if not plain:
            continue
        before = first.setdefault(plain, right)
        if before != right:
            contracts = pool.rights.table["contract_id"]
            also = pool.rights.where(before, "ip_no")
            yield right, f"also pledged for {contracts[before]} ({also})"


def _term_disagrees(pool: Pool) -> Iterator[Hit]:
    table = pool.rights.table
    legal = legal_expiry(table["ip_type"], table["filing_date"], table["grant_date"])
    patent = np.isin(table["ip_type"].astype(str), PATENTS)
    apart = np.abs((table["expiry_date"] - legal).astype("timedelta64[D]")) > np.timedelta64(31, "D")
    for right in np.flatnonzero(patent & apart & ~np.isnat(legal) & ~np.isnat(table["expiry_date"])):
        yield int(right), f"ends {table['expiry_date'][right]} on the tape, {legal[right]} by its filing date"


def _ltv_high(pool: Pool) -> Iterator[Hit]:
    values = pool.appraised()
    with np.errstate(divide="ignore", invalid="ignore"):
        ltv = pool.contracts.column("balance") / values
    for contract in np.flatnonzero(ltv > LTV_LIMIT):
        yield int(contract), f"balance is {ltv[contract]:.1%} of the appraised {values[contract]:,.2f}"


def _ltv_disagrees(pool: Pool) -> Iterator[Hit]:
    values = pool.appraised()[pool.contract]
    stated = pool.rights.table["ltv"]
    with np.errstate(divide="ignore", invalid="ignore"):
        now = pool.contracts.column("balance")[pool.contract] / values
        start = pool.contracts.column("original_balance")[pool.contract] / values
    own = np.fmin(np.abs(now - stated), np.abs(start - stated))
    for right in np.flatnonzero(own > LTV_TOLERANCE):
        yield int(right), f"stated {stated[right]:.1%}, the amounts give {now[right]:.1%}"


def _unsecured(pool: Pool) -> Iterator[Hit]:
    held = np.bincount(pool.contract, minlength=len(pool.contracts))
    for contract in np.flatnonzero(held == 0):
        yield int(contract), "no IP right secures this contract"


def _unfiled(pool: Pool) -> Iterator[Hit]:
    for contract in np.flatnonzero(pool.contracts.column("filing_no") == ""):
        yield int(contract), "no filing number: the licence contract is not on record"


def _licensed_twice(pool: Pool) -> Iterator[Hit]:
    """An exclusive licence leaves no room for a second one, a sole one only for its licensor."""
    kinds = pool.contracts.column("licence_kind")
    ids = pool.contracts.column("asset_id")
    holders: dict[str, list[int]] = {}
    for right, number in enumerate(pool.rights.table["right_id"].tolist()):
        holders.setdefault(number, []).append(int(pool.contract[right]))
    for number, contracts in holders.items():
        alone = [row for row in contracts if kinds[row] in ("exclusive", "sole")]
        for row in alone[:1] if len(set(contracts)) > 1 else []:
            others = ", ".join(str(ids[other]) for other in dict.fromkeys(contracts) if other != row)
            yield row, f"licence of {number} is {kinds[row]}, and {others} holds one too"


def _loss_unstated(pool: Pool) -> Iterator[Hit]:
    for contract in np.flatnonzero(pool.contracts.column("on_right_loss") == ""):
        yield int(contract), "not said whether fees fall when a right is lost: they are taken to keep payable"


CHECKS: tuple[Check, ...] = (
    Check("expires-before-maturity", "right ends before the contract matures", "权利届满早于合同到期",
          ("expiry_date|filing_date",), False, False, _expires_early),
    Check("annuity-unpaid", "annuity overdue", "年费逾期未缴", ("next_annuity_date",), True, False, _annuity_unpaid),
    Check("pledge-unregistered", "pledge not registered (Civil Code art. 444)", "质押未登记（民法典第444条）",
          ("pledge_reg_no",), False, False, _unregistered),
    Check("appraisal-stale", "appraisal older than a year", "评估已逾一年", ("appraisal_date",), True, False, _stale),
    Check("not-in-force", "legal status is not in force", "法律状态非有效",
          ("legal_status",), False, False, _not_in_force),
    Check("pledged-twice", "one right pledged for two contracts", "同一权利重复质押",
          ("ip_no",), False, False, _pledged_twice),
    Check("term-disagrees", "end of term is not filing date plus legal term", "届满日与申请日推算不符",
          ("expiry_date", "filing_date", "ip_type"), False, False, _term_disagrees),
    Check("ltv-high", "balance above half of the appraised value", "质押率超过50%",
          ("appraisal_value",), False, True, _ltv_high),
    Check("ltv-disagrees", "stated loan-to-value is not the amounts' own", "质押率与金额推算不符",
          ("appraisal_value", "ltv"), False, False, _ltv_disagrees),
    Check("unsecured", "contract without an IP right", "合同无知识产权质押", ("ip_no",), False, True, _unsecured),
    Check("licence-unfiled", "licence contract not filed", "许可合同未备案",
          ("filing_no",), False, True, _unfiled, "licensing"),
    Check("licensed-twice", "exclusive or sole licence beside another", "独占或排他许可之外另有许可",
          ("licence_kind",), False, True, _licensed_twice, "licensing"),
    Check("loss-of-right-unstated", "effect of a lost right on fees not stated", "未约定权利丧失后许可费是否照付",
          ("asset_id",), False, True, _loss_unstated, "licensing"),
)  # fmt: skip
"""Every check, in the order of the report; a further check is a function and a line here."""


def check_rights(rights: Rights, contracts: Tape, as_of: np.datetime64) -> tuple[list[Finding], list[str]]:
    """Findings of every check that can be made, and one sentence for every check that cannot.

    Parameters
    ----------
    rights, contracts : as read by :func:`absengine.loaders.rights.read_pool_tape`
    as_of : day of the check; NaT leaves out the checks that need one
    """
    made = [check for check in CHECKS if (check.kind == contracts.kind if check.kind else rights.tape is not None)]
    if not made:
        return [], []
    pool = Pool.of(rights, contracts, as_of)
    findings: list[Finding] = []
    left_out: list[str] = []
    for check in made:
        own = contracts if check.kind else rights
        absent = [need for need in check.needs if not any(own.has(name) for name in need.split("|"))]
        if absent or (check.dated and np.isnat(as_of)):
            reason = "the day of the check is unknown" if not absent else f"no column {', '.join(absent)}"
            left_out.append(f"{check.code}: {reason}")
            continue
        findings += [_finding(check, pool, index, found) for index, found in check.find(pool)]
    return findings, left_out


def _finding(check: Check, pool: Pool, index: int, found: str) -> Finding:
    if check.of_contracts:
        name = str(pool.contracts.column("asset_id")[index])
        place = pool.contracts.where(index, check.needs[0] if check.kind else "balance")
        return Finding(check.code, place, "", name, found)
    table = pool.rights.table
    column = next(name for need in check.needs for name in need.split("|") if pool.rights.has(name))
    place = pool.rights.where(index, column)
    return Finding(check.code, place, str(table["right_id"][index]), str(table["contract_id"][index]), found)
