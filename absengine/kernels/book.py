"""Lines of a path's book, shared by the kernels that write to it. Flows are cash of the row, balances at its close."""

from __future__ import annotations

# in the order of schema.POOL_CHANNELS
INTEREST, PRINCIPAL, PREPAYMENT, FEE, RECOVERY = 0, 1, 2, 3, 4
OPENING, PERFORMING, DEFAULT, RECOGNISED = 11, 12, 13, 14
CHANNELS = 15

# in the order of schema.POOL_STREAMS; after them one line for each asset kind whose interest is asked for apart. A book
# has these lines only where a run asks for one of them, or some contract pays otherwise than on schedule.
DEPOSIT, DILUTION, OVERDUE = 15, 16, 17
BUCKETS = 4
KINDS = OVERDUE + BUCKETS
