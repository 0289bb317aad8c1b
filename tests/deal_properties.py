"""What must hold on every row of every deal, as assertions over recorded items. Amounts in counting units."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import naive_deal
import numpy as np
from random_deals import POOL, Case

from absengine.deal.nouns import Step
from absengine.schema import RECOVERY_SOURCES

Items = dict[str, np.ndarray]
TINY = 1e-5
"""Counting units: what float rounding and the slack of whole units may leave (amounts here are below 1e6)."""


# The twin -------------------------------------------------------------------------------------------------------------


def meets_the_twin(case: Case) -> None:
    """Every recorded item of every lane, on every row, to 1e-9; and the engine forgets nothing the twin records."""
    out = case.run()
    for lane in range(len(case.changes)):
        twin = naive_deal.run(case.deal, POOL, case.lane(lane), spelled(case, lane))
        forgotten = {item for item in set(twin) - set(out) if any(twin[item])}
        assert not forgotten
        for row in range(case.deal.timeline.rows):
            engine = {item: float(values[row, lane]) for item, values in out.items()}
            slow = {item: twin[item][row] if item in twin else 0.0 for item in out}
            apart = {item: (engine[item], slow[item]) for item in out if differ(engine[item], slow[item])}
            assert not apart, f"lane {lane}, row {row}: (engine, twin) = {apart}"


def differ(a: float, b: float) -> bool:
    return not abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1.0)


def spelled(case: Case, lane: int) -> dict[str, float]:
    """Changes with ``coupon`` written out as the rate or the spread it stands for."""
    full = {}
    for name, value in case.changes[lane].items():
        longer = [f"{name}.{part}" for part in ("rate", "spread") if f"{name}.{part}" in case.compiled.params]
        full[longer[0] if longer else name] = value
    return full


# Stocks and flows -----------------------------------------------------------------------------------------------------


def close(a: np.ndarray, b: np.ndarray, what: str) -> None:
    worst = np.max(np.abs(a - b), initial=0.0)
    assert worst <= TINY, f"{what}: {worst}"


def before(stock: np.ndarray, opening: np.ndarray | float = 0.0) -> np.ndarray:
    """The stock at the start of each row."""
    first = np.broadcast_to(np.asarray(opening, dtype=float), stock.shape[1:])[None]
    return np.concatenate([first, stock[:-1]])


def parameter(case: Case, name: str, default: float) -> np.ndarray:
    """A term of the deal, lane by lane."""
    return np.array([changes.get(name, default) for changes in case.changes]) * case.compiled.scale


def balances_roll(case: Case) -> None:
    """Opening + flows = closing for every stock, no stock below zero, drawn + left − restored = limit."""
    out, file = case.run(), case.deal.file
    get = getter(out)
    ran = out["ran"] > 0
    for name, tranche in file.tranche.items():
        balance, unpaid = out[f"tranche.{name}.balance"], get(f"tranche.{name}.interest_unpaid")
        opening = parameter(case, f"tranche.{name}.face", tranche.face)
        gone = get(f"tranche.{name}.principal_paid") + get(f"tranche.{name}.written_down")
        close(balance, before(balance, opening) - gone, f"{name} balance")
        assert balance.min(initial=0.0) >= -TINY
        stock_of_claim(ran, unpaid, get(f"tranche.{name}.interest_due"), get(f"tranche.{name}.interest_paid"), name)
        extra, due = get(f"tranche.{name}.additional_unpaid"), get(f"tranche.{name}.additional_due")
        stock_of_claim(ran, extra, due, get(f"tranche.{name}.additional_paid"), name)
        assert np.all(get(f"tranche.{name}.put_unpaid") >= -TINY)
    for kind, names in (("fee", file.fee), ("tax", file.tax), ("hedge", file.hedge)):
        for name in names:
            due, paid = get(f"{kind}.{name}.due"), get(f"{kind}.{name}.paid")
            stock_of_claim(ran, get(f"{kind}.{name}.unpaid"), due, paid, name)
    for name in file.fee:
        over = get(f"fee.{name}.over_cap_unpaid")
        assert np.all(over >= before(over) - get(f"fee.{name}.over_cap_paid") - TINY)
        assert over.min(initial=0.0) >= -TINY
    for name, support in file.support.items():
        left, owed = out[f"support.{name}.left"], out[f"support.{name}.owed"]
        drawn, repaid = out[f"support.{name}.drawn"], out[f"support.{name}.repaid"]
        restored = repaid if support.kind == "liquidity" else 0.0 * repaid
        if support.limit != "covered":
            limit = parameter(case, f"support.{name}.limit", float(support.limit))
            close(drawn.cumsum(axis=0) + left - restored.cumsum(axis=0), limit + 0.0 * left, f"{name} limit")
        close(owed, before(owed) + (drawn if support.reimbursed else 0.0) - repaid, f"{name} owed")
        assert min(left.min(initial=0.0), owed.min(initial=0.0)) >= -TINY
        assert np.all(drawn <= out[f"support.{name}.called"] + TINY)
    ledgers = total(out, [f"ledger.{name}.balance" for name in file.ledger])
    booked = total(out, [f"{at}.paid" for at, step in steps(case) if step.do == "book"])
    made_good = total(out, [f"{at}.paid" for at, step in steps(case) if on_ledgers(step)])
    close(ledgers, before(ledgers) + booked - made_good, "ledgers")
    assert all(out[f"ledger.{name}.balance"].min(initial=0.0) >= -TINY for name in file.ledger)


def stock_of_claim(ran: np.ndarray, unpaid: np.ndarray, due: np.ndarray, paid: np.ndarray, name: str) -> None:
    """Where a list ran: due ≥ what was carried, unpaid = due − paid; elsewhere nothing happens."""
    close(unpaid, np.where(ran, due - paid, before(unpaid)), f"{name} unpaid")
    assert np.all(np.where(ran, due >= before(unpaid) - TINY, (due == 0) & (paid == 0))), name
    assert unpaid.min(initial=0.0) >= -TINY, name
    assert paid.min(initial=0.0) >= 0.0, name


def cash_closes(case: Case) -> None:
    """Each account by what steps say they took and gave, and all accounts against the world outside."""
    out, file = case.run(), case.deal.file
    get = getter(out)
    called = before(out["pool.called"]) > 0
    calls = [trigger.call.to for trigger in file.trigger.values() if trigger.call is not None]
    everything = np.zeros_like(out["ran"])
    apart = {file.collect.get("deposit"), file.servicing.account if file.servicing else None}
    for name, account in file.account.items():
        if name in apart:
            continue
        balance = out[f"account.{name}.balance"]
        flows = get(f"account.{name}.interest") - get(f"deposit.returned.{name}")
        for channel, target in received(case).items():
            if target == name:
                flows = flows + np.where(called, 0.0, case.collected[case.compiled.channels.index(channel), :-1])
        if file.collect.get("recovery.deposit", file.collect["recovery"]) == name:
            flows = flows + get("deposit.recovered")
        for hedge, noun in file.hedge.items():
            flows = flows + (get(f"hedge.{hedge}.received") if noun.to == name else 0.0)
        flows = flows + (get("pool.call_price") if calls == [name] else 0.0)
        for at, step in steps(case):
            flows = flows + gives(get, at, step, name) - takes(get, at, step, name)
        opening = parameter(case, f"account.{name}.opening", account.opening)
        by_the_way = file.servicing is not None and name in received(case).values()  # which kind came is not told
        if len(calls) <= 1 and not by_the_way:  # with more it does not show which of them paid
            close(balance, before(balance, opening) + flows, f"account {name}")
        assert balance.min(initial=0.0) >= -TINY
        everything = everything + balance - before(balance, opening)
    inflow = total(out, ["pool.collected", "pool.call_price", "pool.sale_price"])
    inflow = inflow + total(out, [f"account.{a}.interest" for a in file.account])
    inflow = inflow + total(out, [f"support.{name}.drawn" for name in file.support])
    inflow = inflow + total(out, [f"hedge.{name}.received" for name in file.hedge])
    kinds = ("interest", "principal", "residual", "additional")
    paid = [f"tranche.{name}.{part}_paid" for name in file.tranche for part in kinds]
    paid += [f"hedge.{name}.paid" for name in file.hedge] + [f"purchase.{name}.paid" for name in file.purchase]
    paid += [f"fee.{name}.{part}" for name in file.fee for part in ("paid", "over_cap_paid")]
    paid += [f"tax.{name}.paid" for name in file.tax] + [f"support.{name}.repaid" for name in file.support]
    paid += [f"deposit.returned.{name}" for name in file.account if name not in apart]
    close(everything, inflow - total(out, paid), "all accounts")
    set_apart_closes(case, out, called)


def set_apart_closes(case: Case, out: Items, called: np.ndarray) -> None:
    """What the pool paid reached the plan, lies with the servicer or was lost with it; deposits leave their account."""
    file, get = case.deal.file, getter(out)
    lines = [case.compiled.channels.index(channel) for channel in received(case)]
    pool = np.where(called, 0.0, sum(case.collected[line, :-1] for line in lines))
    reached = get("pool.collected") - get("deposit.recovered")
    if file.servicing is not None:
        purse = out[f"account.{file.servicing.account}.balance"]
        close(pool, reached + purse - before(purse) + out["servicing.lost"], "servicer")
        assert np.all(np.count_nonzero(out["servicing.lost"], axis=0) <= 1)
    else:
        close(pool, reached, "collections")
    if "deposit" in file.collect:
        box = file.collect["deposit"]
        opening = parameter(case, f"account.{box}.opening", file.account[box].opening)
        balance, interest = out[f"account.{box}.balance"], get(f"account.{box}.interest")
        left = get(f"deposit.returned.{box}") + get("deposit.recovered")
        close(balance, before(balance, opening) + interest - left, "deposits")
        assert balance.min(initial=0.0) >= -TINY


def received(case: Case) -> dict[str, str]:
    """Channel → account it is collected in."""
    collect = case.deal.file.collect
    channels = ["interest", "principal", "prepayment", "fee", *(f"recovery.{source}" for source in RECOVERY_SOURCES)]
    if "deposit" in collect:
        channels.remove("recovery.deposit")
    homes = {channel: collect.get(channel, collect.get(channel.split(".")[0])) for channel in channels}
    return {channel: home for channel, home in homes.items() if home is not None}


def gives(get: Callable[[str], np.ndarray], at: str, step: Step, account: str) -> np.ndarray:
    """What a step puts into an account."""
    receiver = step.what[0].removeprefix("account.") if step.do == "fill" else step.to
    return get(f"{at}.paid") if receiver == account else 0.0 * get("ran")


def takes(get: Callable[[str], np.ndarray], at: str, step: Step, account: str) -> np.ndarray:
    """What a step takes out of an account."""
    if step.do == "move":
        return get(f"{at}.paid") if step.source == account else 0.0 * get("ran")
    return get(f"{at}.from.account.{account}")


def getter(out: Items) -> Callable[[str], np.ndarray]:
    """Items by name; what no step of the deal can do is not recorded, and is zero."""
    return lambda item: out[item] if item in out else np.zeros_like(out["ran"])


def total(out: Items, items: list[str]) -> np.ndarray:
    return sum((getter(out)(item) for item in items), np.zeros_like(out["ran"]))


def steps(case: Case) -> list[tuple[str, Step]]:
    return [(f"step.{stage}.{step.id}", step) for stage, noun in case.deal.file.stage.items() for step in noun.step]


def on_ledgers(step: Step) -> bool:
    return step.do == "pay" and step.what[0].startswith("ledger.")


# Priority -------------------------------------------------------------------------------------------------------------


def keeps_priority(case: Case) -> int:
    """No step takes from an account what an earlier step of the list still lacked. Returns how often it mattered.

    Exactly: on each row and lane, for each step that asks its account for claims (pay, fill, repay): if its account
    gave at least one whole quantum per claim less than was due (less, and the account was not empty: it only could not
    be cut into whole notes), the account holds less than the sum of those quanta. So all later steps of the list
    together take at most that, plus what steps in between have put into the account. Where notes are counted and the
    step stayed short, they take nothing of it: what cannot be cut into whole notes is held.
    """
    out, file = case.run(), case.deal.file
    get, bitten = getter(out), 0
    for stage, noun in file.stage.items():
        for index, step in enumerate(noun.step):
            if step.do not in ("pay", "fill", "repay"):
                continue
            at = f"step.{stage}.{step.id}"
            quanta = quanta_of(case, step)
            lacks = get(f"{at}.due") - get(f"{at}.from.account.{step.source}") > np.maximum(quanta, TINY) * (1 + 1e-12)
            room = np.where(lacks, quanta + TINY, np.inf)
            if file.deal.money.per != "class" and of_classes(step):  # what could not be cut into notes is held
                room = np.where(lacks & (get(f"{at}.short") > TINY), TINY, room)
            for later in noun.step[index:]:
                where = f"step.{stage}.{later.id}"
                if later is not step:
                    if on_payments(case, later):  # provided for by the steps before it; what its own cap leaves is free
                        room = room + np.maximum(charged(case, get, later) - takes(get, where, later, step.source), 0.0)
                        continue
                    taken = takes(get, where, later, step.source)
                    assert np.all(taken <= room), f"{where} took {taken} past {at}, room {room}"
                    room = room - taken
                room = room + gives(get, where, later, step.source)
            bitten += int(lacks.sum())
    return bitten


def on_payments(case: Case, step: Step) -> bool:
    """Whether a step pays fees on what others have paid."""
    fees = case.deal.file.fee
    return any(name.startswith("fee.") and fees[name.split(".")[1]].on_paid for name in step.what)


def charged(case: Case, get: Callable[[str], np.ndarray], step: Step) -> np.ndarray:
    """Fees on payments that a step may pay, of this row and unpaid before."""
    return sum((get(f"{name}.due") for name in step.what if name.startswith("fee.")), 0.0 * get("ran"))


def of_classes(step: Step) -> bool:
    return any(name.partition(".")[0] in OF_CLASSES for name in step.what)


OF_CLASSES = ("interest", "principal", "residual", "additional")


def quanta_of(case: Case, step: Step) -> np.ndarray:
    """Sum over the claims of a step of the multiples they are paid in, lane by lane."""
    rule, deal = case.deal.file.deal.money, case.deal.file
    if rule.unit == 0:
        return np.zeros(len(case.changes))
    notes = [
        tranche
        for name in step.what
        for tranche, noun in deal.tranche.items()
        if name.partition(".")[0] in OF_CLASSES and name.partition(".")[2] in (tranche, noun.klass)
    ]
    quanta = np.full(len(case.changes), float(len(step.what) - len(notes) if len(step.what) > len(notes) else 0))
    for name in notes:
        if rule.per == "class":
            quanta += 1.0
        else:
            face = np.array([changes.get(f"tranche.{name}.face", deal.tranche[name].face) for changes in case.changes])
            quanta += face / float(rule.per.removeprefix("note of "))
    return quanta


# Blocks and threads ---------------------------------------------------------------------------------------------------


def same_bits_in_any_blocks(case: Case) -> None:
    """Lanes do not know their neighbours."""
    whole = case.run()
    for block, threads in ((1, 1), (2, 3), (len(case.changes), 2)):
        parts = case.run(block, threads)
        for item, values in whole.items():
            assert values.tobytes() == parts[item].tobytes(), (item, block, threads)


# Plain sequential deals -----------------------------------------------------------------------------------------------


def everyone_is_paid(case: Case) -> None:
    """Without losses no class is ever short of interest, all principal comes back, and something is left."""
    out = case.run()
    for name, tranche in case.deal.file.tranche.items():
        if tranche.principal is not None:
            assert out[f"tranche.{name}.interest_unpaid"].max(initial=0.0) == 0.0, name
            assert np.all(out[f"tranche.{name}.balance"][-1] == 0.0), name
            close(out[f"tranche.{name}.principal_paid"].sum(axis=0), parameter(case, "none", tranche.face), name)
    assert np.all(out["tranche.SUB.residual_paid"].sum(axis=0) > 0)


def junior_first(case: Case) -> None:
    """Lanes lose ever more. A class gets principal only once the one above has all of its own; more loss hits no
    class before the one below it, and brings nobody's principal back sooner."""
    out = case.run()
    ranks = [name for name, tranche in case.deal.file.tranche.items() if tranche.principal is not None]
    for senior, junior in pairwise(ranks):
        outstanding = out[f"tranche.{senior}.balance"] > 0
        assert np.all(out[f"tranche.{junior}.principal_paid"][outstanding] == 0.0), (senior, junior)
        hit, untouched = (out[f"tranche.{name}.balance"][-1] > 0 for name in (senior, junior))
        assert np.all(untouched[hit]), (senior, junior)
        slack = case.deal.timeline.rows + TINY  # units cut off on one row arrive on a later one
        assert np.all(np.diff(out[f"tranche.{senior}.balance"]) >= -slack), senior
    residual = out["tranche.SUB.residual_paid"]
    assert np.all(residual[out[f"tranche.{ranks[-1]}.balance"] > 0] == 0.0)
