"""The proof: real workers that are killed, a sandbox that misbehaves, counted at the server.

    python -m tests.faults.campaign --operations 10000 --kills 1000 --http-faults 0.25 --seed 1 \\
        --database sqlite|postgres
    python -m tests.faults.matrix [CASE ...] [--list] --database sqlite|postgres

A campaign makes a fresh database, a few hundred connections, some with several accounts, and
confirms operations in series on each; two `manage.py worker` carry them out, with all timings
scaled by one factor. Meanwhile processes are killed or stand still for longer than a lease (pool
processes mostly, now and then sentinel, pusher, monitor, the watchdog, the sandbox), and the
sandbox meets a share of the requests with faults (`weather`), drawn by the seed for each account.
Work and kills wait for each other, so that the kills are spread over all of it. A person sends
again what was refused, and touches nothing that is unknown. It is broken off after `--minutes`.

How to read it: an *operation* is what was confirmed at once for one account. *Exactly once*,
*twice*, *lost* and *out of order* are counted from the ledger of the sandbox, which stores what
comes twice or too late like anything else; our rows only tell where an operation stands that the
server has not seen. *Stuck*: neither at its end nor in front of a person, or behind something that
is. *Broken invariants* hold the rows against every POST that the server was sent (`rows`). For each
operation that is not as it should be everything that is known is printed: attempts, steps, POSTs
with their faults, effects. The same seed draws the same faults; when which process dies is up to
the machine, so that a run can be repeated in kind but not to the letter.

The matrix plays one thing after the other: a worker that dies at a named point (`points`,
in settings of its own; the product has no such hooks), stands still, is told to end; jobs that are
lost, late, many; each odd answer; what Codat makes of a push; a database that goes away, crashes or
is held; a clock that is wrong.

With the suite run a short campaign, the usual cases of the matrix, and the ablations: designs that
are known to double must be found out by the same judge.

Factors other than 0.02, 0.04 or 0.05 and more may be refused by the checks of the worker: some
timings of the queue are whole seconds.
"""

from __future__ import annotations
