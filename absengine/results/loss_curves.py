"""Loss of each class by date, three lines (domain guide §9): implied, overdue, realised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from absengine.results.books import Books
from absengine.schema import Floats, TrancheLabel


@dataclass(frozen=True)
class LossCurve:
    """Lines of one class, ``(row, lane)`` in counting units.

    ``implied``: claims not covered by performing loans, recoveries to come on the path and cash, capped at the claim;
    ``overdue``: stock due and unpaid; ``realised``: written down so far, and all that is unpaid on the last row.
    """

    implied: Floats
    overdue: Floats
    realised: Floats


def loss_curve(books: Books, label: TrancheLabel) -> LossCurve:
    """The three loss lines of one class."""
    name = label.name
    overdue = books.owed(label, "interest") + books.owed(label, "principal")
    realised = np.cumsum(books.tranche(name, "written_down"), axis=0)
    realised[-1] = nominal_loss(books, label)
    return LossCurve(_implied(books, label), overdue, realised)


def nominal_loss(books: Books, label: TrancheLabel) -> Floats:
    """``(lane,)``: principal never paid plus interest unpaid at the end; a residual class can lose its face only."""
    principal = principal_loss(books, label)
    return np.asarray(principal) if label.residual else np.asarray(principal + books.owed(label, "interest")[-1])


def principal_loss(books: Books, label: TrancheLabel) -> Floats:
    """``(lane,)``: face less principal paid; for a residual class residual cash returns face before it is profit."""
    returned = books.tranche(label.name, "principal_paid").sum(axis=0)
    if label.residual:
        returned = returned + books.tranche(label.name, "residual_paid").sum(axis=0)
    missing = books.face(label) - returned
    return np.where(missing > books.dust, missing, 0.0)


def _implied(books: Books, label: TrancheLabel) -> Floats:
    """Shortfall of assets against claims down to this group; classes of one group share it by their claims."""
    classes = books.labels.tranches if label.residual else books.down_to(label)
    claims = {one.name: _claim(books, one) for one in classes}
    group = np.sum([claims[one.name] for one in classes if one.klass == label.klass], axis=0)
    gap = np.maximum(np.sum(list(claims.values()), axis=0) - _assets(books), 0.0)
    share = np.zeros_like(group)
    np.divide(claims[label.name], group, out=share, where=group > 0)
    return np.asarray(np.minimum(gap, group) * share)


def _claim(books: Books, label: TrancheLabel) -> Floats:
    return np.asarray(books.tranche(label.name, "balance") + books.tranche(label.name, "interest_unpaid"))


def _assets(books: Books) -> Floats:
    """Performing loans, recoveries of later rows on the same path, and the plan's cash in the accounts."""
    to_come = books.recoveries.sum(axis=0) - np.cumsum(books.recoveries, axis=0)
    cash = books.total([f"account.{name}.balance" for name in books.own_accounts])
    return np.asarray(books.channel("performing") + to_come + cash)
