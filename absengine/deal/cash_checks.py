"""Checks of what moves cash beside the notes: taxes, fees on what is paid, servicer, deposits, groups, calendars."""

from __future__ import annotations

from absengine.deal.collecting import SOURCES, held_channels, home_of
from absengine.deal.findings import Findings
from absengine.deal.forms import claim_members, claim_names
from absengine.deal.nouns import DealFile, Faster, Fee, Servicing, Tax
from absengine.deal.taxes import pool_kinds
from absengine.language.scanner import Path
from absengine.language.validation import one_of
from absengine.schema import CASH_CHANNELS, SUPPORTERS

TERMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "plain": (("base", "rate"), ()),
    "vat": (("surcharge", "on"), ("rate", "pool_fees")),
    "fee_vat": (("fees",), ("rate",)),
}
"""Terms that each kind of tax needs, and those it may have."""

PAID_IN_ONE = frozenset({"royalty"})
"""Asset kinds whose cash is one payment, split by value: part of it may be below zero."""

CALENDARS = ("payment", "collection")
RESERVED = (*CALENDARS, "receipt")
"""Words that no further calendar may be named after."""


def check_cash(deal: DealFile, findings: Findings) -> None:
    """Add every problem of taxes, fees on what is paid, deposits, servicing, groups and calendars of stages."""
    for name, tax in deal.tax.items():
        _tax(deal, ("tax", name), tax, findings)
    _taxed_once(deal, findings)
    for name, fee in deal.fee.items():
        if fee.on_paid:
            _fee_on_paid(deal, name, fee, findings)
            _charged_alike(deal, name, fee, findings)
    _paid_in_one(deal, findings)
    _deposits(deal, findings)
    if deal.servicing is not None:
        _servicing(deal, deal.servicing, findings)
    _groups(deal, findings)
    for name, stage in deal.stage.items():
        findings.known("unknown-calendar", ("stage", name, "pays"), stage.pays, (*CALENDARS, *deal.dates.further),
                       "calendar of payments")  # fmt: skip


# taxes and fees ---------------------------------------------------------------------------------------------------
def _tax(deal: DealFile, path: Path, tax: Tax, findings: Findings) -> None:
    needs, may = TERMS[tax.kind]
    stated = {key for key in ("base", "rate", "surcharge", "pool_fees") if getattr(tax, key) is not None}
    stated |= {key for key in ("on", "fees") if getattr(tax, key)}
    for key in sorted(stated - {*needs, *may}):
        findings.add("tax-terms", (*path, key), f"'{key}' in a tax of kind {tax.kind}", one_of([*needs, *may]),
                     "take it out, or name another kind")  # fmt: skip
    for key in needs:
        if key not in stated:
            findings.add("tax-terms", path, f"a tax of kind {tax.kind} without '{key}'",
                         f"{tax.kind} with {' and '.join(needs)}", f"add {key} = …")  # fmt: skip
    if tax.kind == "vat" and "on" in stated:
        _kinds(deal, path, tax, findings)
    choices = [claim for claim in claim_names(deal, "fee") if not deal.fee[claim.split(".")[1]].on_paid]
    for index, claim in enumerate(tax.fees):
        findings.known("unknown-claim", (*path, "fees", index), claim, choices, "fee")


def _kinds(deal: DealFile, path: Path, tax: Tax, findings: Findings) -> None:
    """Every asset kind of the pool is taxed or said not to be; no tax on what the pool does not hold."""
    pool = list(dict.fromkeys(part.kind for part in deal.pools))
    for kind in pool:
        if kind not in tax.on:
            findings.add("asset-kind-untaxed", (*path, "on"), f"nothing on {kind}, which the pool holds",
                         "every asset kind of the pool, as \"interest\" or \"none\"",
                         f'add {kind} = "interest" or "none"')  # fmt: skip
    for kind in tax.on:
        if pool:
            findings.known("unknown-asset-kind", (*path, "on", kind), kind, pool_kinds(deal), "asset kind")
    if "fee" in deal.collect and tax.pool_fees is None:
        findings.add(
            "pool-fees-untold",
            path,
            "a pool that pays fees, and no word on their tax",
            'pool_fees = "taxed" or "none"',
            "fees for the use of money are taxed as interest",
        )


def _taxed_once(deal: DealFile, findings: Findings) -> None:
    seen: dict[str, str] = {}
    for name, tax in deal.tax.items():
        for index, claim in enumerate(tax.fees):
            if claim in seen:
                findings.add("fee-taxed-twice", ("tax", name, "fees", index), f"{claim}, on which tax.{seen[claim]} is",
                             "each fee in one tax", "take it out of one")  # fmt: skip
            seen.setdefault(claim, name)


def _fee_on_paid(deal: DealFile, name: str, fee: Fee, findings: Findings) -> None:
    """A rate on what is paid, due in the same list: its step comes after those it is charged on."""
    path: Path = ("fee", name)
    for key, there in (("base", fee.base), ("amount", fee.amount), ("cap", fee.cap)):
        if there is not None:
            findings.add("fee-terms", (*path, key), f"'{key}' beside on_paid", "a rate on what is paid, and no more",
                         "take one of them out")  # fmt: skip
    if fee.rate is not None and fee.rate.per not in ("payment", "flow"):
        findings.add("fee-terms", (*path, "rate"), f"{fee.rate} on what is paid", 'a rate such as "0.005%"',
                     "take the period out")  # fmt: skip
    choices = [claim for kind in ("interest", "principal", "residual") for claim in claim_names(deal, kind)]
    for index, claim in enumerate(fee.on_paid):
        findings.known("unknown-claim", (*path, "on_paid", index), claim, choices, "claim")
    for stage, noun in deal.stage.items():
        steps = list(enumerate(noun.step))
        late = [index for index, step in steps if step.do == "pay" and f"fee.{name}" in step.what]
        charged = [index for index, step in steps if step.do == "pay" and charges(deal, fee, step.what)]
        if late and charged and late[-1] < charged[-1]:
            findings.add("fee-before-its-payment", ("stage", stage, "step", late[-1]),
                         f"fee.{name} before step '{noun.step[charged[-1]].id}', on which it is charged",
                         "a step after all that it is charged on", "move it behind")  # fmt: skip


def _charged_alike(deal: DealFile, name: str, fee: Fee, findings: Findings) -> None:
    """A step leaves the fee aside for all it pays, so all of it must bear the fee, or none."""
    on = {member for claim in fee.on_paid for member in claim_members(deal, claim)}
    for stage, noun in deal.stage.items():
        payers = {step.source for step in noun.step if f"fee.{name}" in step.what}
        for index, step in enumerate(noun.step):
            paid = [member for claim in step.what for member in claim_members(deal, claim)]
            free = [member for member in paid if member not in on]
            if step.do == "pay" and step.source in payers and 0 < len(free) < len(paid):
                findings.add("fee-on-some", ("stage", stage, "step", index, "what"),
                             f"{one_of(free)} without fee '{name}', beside claims that bear it",
                             "a step whose claims all bear a fee on payments, or none of them",
                             "make a step of each, or add them to on_paid")  # fmt: skip


def charges(deal: DealFile, fee: Fee, what: tuple[str, ...]) -> bool:
    """Whether a fee is charged on any claim of a step."""
    on = {member for claim in fee.on_paid for member in claim_members(deal, claim)}
    return bool(on & {member for claim in what for member in claim_members(deal, claim)})


def _paid_in_one(deal: DealFile, findings: Findings) -> None:
    """Royalties are one payment: interest is the growth of their value, principal the rest, which may be below 0."""
    if not any(pool.kind in PAID_IN_ONE for pool in deal.pools):
        return
    homes = {channel: deal.collect[channel] for channel in ("interest", "principal") if channel in deal.collect}
    if len(set(homes.values())) > 1:
        findings.add("royalty-in-two-accounts", ("collect", "principal"),
                     f"interest of royalties in '{homes['interest']}', their principal in '{homes['principal']}'",
                     "one account for both: their principal may be below 0", "name the same account twice")  # fmt: skip
    held = set(held_channels(deal)) & {"interest", "principal"}
    if len(held) == 1:
        findings.add("royalty-in-two-accounts", ("servicing", "holds"), f"{held.pop()} of royalties alone",
                     "both interest and principal, or neither", "name the other as well")  # fmt: skip


# accounts apart ---------------------------------------------------------------------------------------------------
def _deposits(deal: DealFile, findings: Findings) -> None:
    """Deposits lie apart, and the deal says what gives back what is not there."""
    box = deal.collect.get("deposit")
    for name, account in deal.account.items():
        path: Path = ("account", name, "lacking")
        if account.lacking is not None and name != box:
            findings.add("lacking-unused", path, f"'lacking' of account '{name}'", "the account of deposits only",
                         "take it out")  # fmt: skip
        elif account.lacking is not None and account.lacking != "carried":
            apart = {name, deal.servicing.account} if deal.servicing is not None else {name}
            givers = [f"account.{other}" for other in deal.account if other not in apart]
            findings.known("unknown-account", path, account.lacking, [*givers, "carried"], "account")
    if box is None or box not in deal.account:
        return
    if deal.account[box].lacking is None:
        findings.add("deposit-rule-missing", ("account", box), f"deposits in '{box}', and no word for a lack",
                     'lacking = "carried", or "account.main"', "say what gives them back")  # fmt: skip
    _apart(deal, box, "deposits", {"deposit"}, findings)


def _servicing(deal: DealFile, terms: Servicing, findings: Findings) -> None:
    path: Path = ("servicing",)
    findings.known("unknown-entity", (*path, "servicer"), terms.servicer, deal.entity, "entity")
    if "servicing" in deal.support:
        findings.add("reserved-name", ("support", "servicing"), "a support named servicing beside [servicing]",
                     "another name", "rename it")  # fmt: skip
    for index, channel in enumerate(terms.holds):
        findings.known("unknown-channel", (*path, "holds", index), channel,
                       (*CASH_CHANNELS, "recovery", *(s for s in SOURCES if s != "recovery.deposit")),
                       "kind of pool cash")  # fmt: skip
    _pace(deal, path, terms, findings)
    for index, faster in enumerate(terms.faster):
        _pace(deal, (*path, "faster", index), faster, findings)
    if not findings.known("unknown-account", (*path, "account"), terms.account, deal.account, "account"):
        return
    account = deal.account[terms.account]
    for key, stated in (("opening", account.opening > 0), ("target", account.target), ("interest", account.interest)):
        if stated:
            findings.add("servicer-account", ("account", terms.account, key), f"'{key}' of the servicer's account",
                         "an account that only holds collections until handed over", "take it out")  # fmt: skip
    _apart(deal, terms.account, "collections with the servicer", set(), findings)
    for channel in held_channels(deal):
        if home_of(deal, channel) == terms.account:
            findings.add("account-apart", (*path, "account"), f"{channel} collected into '{terms.account}' for good",
                         "an account of the plan in [collect], another here", "name another account")  # fmt: skip
            return


def _pace(deal: DealFile, path: Path, pace: Servicing | Faster, findings: Findings) -> None:
    calendars = (*RESERVED, *deal.dates.further)
    findings.known("unknown-calendar", (*path, "transfer"), pace.transfer, calendars, "calendar of transfers")
    if pace.days is not None and pace.days < 0:
        findings.add("servicing-days", (*path, "days"), f"{pace.days} days", "0 or more", "take the minus out")
    if pace.transfer == "receipt" and pace.days is None:
        findings.add("servicing-days", path, "each receipt handed over, and no word on how soon",
                     "the days that a receipt lies with the servicer", "add days = 3")  # fmt: skip


def _apart(deal: DealFile, name: str, what: str, channels: set[str], findings: Findings) -> None:
    """An account that no other cash enters and no step touches."""
    found = [
        f"{channel} collected" for channel, home in deal.collect.items() if home == name and channel not in channels
    ]
    found += [f"the call price of trigger '{key}'" for key, trigger in deal.trigger.items()
              if trigger.call is not None and trigger.call.to == name]  # fmt: skip
    found += [f"receipts of hedge '{key}'" for key, hedge in deal.hedge.items() if hedge.to == name]
    for stage, noun in deal.stage.items():
        for step in noun.step:
            if name in (step.source, step.to) or f"account.{name}" in (*step.then, *step.what):
                found.append(f"step '{step.id}' of stage '{stage}'")
    if found:
        findings.add("account-apart", ("account", name), f"{found[0]} in '{name}', which holds {what}",
                     f"{what} alone: not mixed with the plan's cash", "name another account")  # fmt: skip


# groups -----------------------------------------------------------------------------------------------------------
def _groups(deal: DealFile, findings: Findings) -> None:
    """Groups of known companies, each in one group: who fails with whom is said once."""
    home: dict[str, str] = {}
    for name, group in deal.group.items():
        path: Path = ("group", name, "members")
        if name == SUPPORTERS:
            findings.add("group-of-every-deal", ("group", name), "a group that every deal has: who pays for others",
                         "a name of your own", "rename it, or take it out")  # fmt: skip
        if len(set(group.members)) < 2:
            findings.add("group-of-one", path, f"{len(set(group.members))} companies", "two or more that fail together",
                         "name the others, or take the group out")  # fmt: skip
        for index, member in enumerate(group.members):
            findings.known("unknown-entity", (*path, index), member, deal.entity, "entity")
            if home.setdefault(member, name) != name:
                findings.add("entity-in-two-groups", (*path, index), f"entity.{member}, also of group.{home[member]}",
                             "each company in one group", "join the groups")  # fmt: skip
