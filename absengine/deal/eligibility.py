"""The pool of a deal against its criteria (合格标准) and limits of concentration (集中度).

A contract that does not state the field of a criterion does not meet it. Shares are of the balance at the cut-off dates
of the pool; contracts kept on standby (备选) are not in it, and names left empty count as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from absengine.deal.criteria import COMPUTED, UNSTATED, Flags, fields, met, mismatch, shares, sort_of, values_of
from absengine.deal.load import Deal
from absengine.deal.nouns import Criterion, FieldSort
from absengine.errors import DealError, Problems, Where
from absengine.language.validation import did_you_mean, one_of, show
from absengine.schema import Floats, Table, Texts

Codes = Mapping[str, Mapping[str, str]]
"""Fields whose words are a fixed vocabulary: name → word met on tapes → word a contract holds."""

_NOISE = 1e-12
"""Shares that agree to here are equal."""


@dataclass(frozen=True)
class Verdict:
    """A criterion judged. ``failing`` are contracts, ``names`` what has too large a share, with its share,
    or the words that failing contracts state, with theirs.

    ``balance`` is that of the failing contracts [currency], or what is above the limit of a share; ``share`` that
    balance over the pool's, for a limit of concentration the share it limits. ``unstated`` counts failing contracts
    whose field the tape leaves empty.
    """

    name: str
    criterion: Criterion
    where: Where
    met: bool
    failing: tuple[str, ...]
    names: tuple[tuple[str, float], ...]
    unstated: int
    balance: float
    share: float


def judge(deal: Deal, contracts: Table, codes: Codes) -> list[Verdict]:
    """Every criterion of a deal over its pool; DealError for fields and words no tape can have."""
    _refuse_unknown(deal, contracts, codes)
    pool = contracts.take(~contracts.standby)
    total = float(pool["cutoff_balance"].sum())
    out = []
    for name, criterion in deal.file.criterion.items():
        where = deal.where(("criterion", name))
        if criterion.of_shares:
            out.append(_shares(name, criterion, where, pool, deal, total))
        else:
            out.append(_contracts(name, criterion, where, pool, total))
    return out


def failing(deal: Deal, contracts: Table, codes: Codes) -> dict[str, Flags]:
    """Contracts that do not meet each criterion, standby ones left out; limits of concentration name no contracts."""
    _refuse_unknown(deal, contracts, codes)
    return {
        name: ~(met(criterion, contracts) | contracts.standby)
        for name, criterion in deal.file.criterion.items()
        if not criterion.of_shares
    }


def _contracts(name: str, criterion: Criterion, where: Where, pool: Table, total: float) -> Verdict:
    assert criterion.field is not None
    bad = ~met(criterion, pool)
    values = values_of(criterion.field, pool)
    empty = values == "" if values.dtype.kind in "OU" else values != values  # NaN and NaT are not themselves
    balance = float(pool["cutoff_balance"][bad].sum())
    ids = tuple(str(number) for number in pool["contract_id"][bad])
    share = balance / total if total else 0.0
    stated = (
        ()
        if criterion.one_of is criterion.none_of is None
        else _stated(values[bad], pool["cutoff_balance"][bad], total)
    )
    return Verdict(name, criterion, where, not ids, ids, stated, int(np.sum(empty & bad)), balance, share)


def _stated(words: Texts, balance: Floats, total: float) -> tuple[tuple[str, float], ...]:
    """What failing contracts say, and its share of the pool; the largest first."""
    sums: dict[str, float] = {}
    for word, amount in zip(words.tolist(), balance.tolist(), strict=True):
        sums[str(word) or UNSTATED] = sums.get(str(word) or UNSTATED, 0.0) + amount
    return tuple(
        (word, sums[word] / total if total else 0.0) for word in sorted(sums, key=lambda one: (-sums[one], one))
    )


def _shares(name: str, criterion: Criterion, where: Where, pool: Table, deal: Deal, total: float) -> Verdict:
    assert criterion.share_at_most is not None
    names = {text: texts[0] for texts in deal.entities.values() for text in texts}
    groups = {deal.file.entity[key].name: group for group, members in deal.groups.items() for key in members}
    found, most = shares(criterion, pool, names, groups), criterion.share_at_most
    top = found[: criterion.top or 1]
    share = sum(part for _, part in top)
    over = [one for one in found if one[1] > most + _NOISE] if criterion.top is None else top
    if share <= most + _NOISE:
        return Verdict(name, criterion, where, True, (), (), 0, 0.0, share)
    excess = share - most if criterion.top else sum(part - most for _, part in over)
    return Verdict(name, criterion, where, False, (), tuple(over), 0, excess * total, share)


def _refuse_unknown(deal: Deal, contracts: Table, codes: Codes) -> None:
    """Refuse fields that no tape has, limits of another sort than theirs, and words outside a field's vocabulary."""
    problems = Problems()
    for name, criterion in deal.file.criterion.items():
        key = "by" if criterion.of_shares else "field"
        field, where = getattr(criterion, key), deal.where(("criterion", name, key))
        if field in COMPUTED or criterion.by == "group":
            continue
        if field not in contracts:
            known = fields(contracts)
            found = f"the field {show(field)}, which no tape of the pool has"
            todo = did_you_mean(field, known, "add the column to the tape, or correct the name")
            problems.add("criterion-field", where, found, one_of(known), todo)
            continue
        wrong = [list(mismatch(criterion, sort)) for sort in _sorts(field, contracts)]
        for found, allowed in wrong[0] if all(wrong) else ():
            problems.add("criterion-kind", where, found, allowed, "state the limit in the field's own unit")
        _refuse_words(deal, name, criterion, codes.get(field, {}), problems)
    problems.refuse(DealError)


def _refuse_words(deal: Deal, name: str, criterion: Criterion, words: Mapping[str, str], problems: Problems) -> None:
    """A word that no contract can hold would exclude nothing, or everything."""
    known = list(dict.fromkeys(words.values()))
    key = "one_of" if criterion.one_of is not None else "none_of"
    for word in getattr(criterion, key) or ():
        if known and word not in known:
            where, found = deal.where(("criterion", name, key)), f"{show(word)} for '{criterion.field}'"
            todo = f"write '{words[word]}'" if word in words else did_you_mean(word, known)
            problems.add("criterion-word", where, found, one_of(known), todo)


def _sorts(field: str, contracts: Table) -> tuple[FieldSort, ...]:
    """What a column may be; a number only its tape knows may be a share as well."""
    declared = sort_of(field)
    if declared is not None:
        return (declared,)
    kind = contracts[field].dtype.kind
    if kind in "OU":
        return ("text",)
    return ("date",) if kind == "M" else ("number", "share")
