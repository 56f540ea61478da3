"""The bench of pushing: what the engine costs beside the two obvious ways to do it by hand.

    python -m tests.bench.push --accounts 400 --transactions 100 --latency 0 50 200

How to read it: **ratios only.** Figures belong to the machine and its other load; a ratio is taken
within one round, in which the peers ran one after the other against the same server, and what is
printed is the median of the rounds' ratios with their range. A wide range means a busy machine.

The peers: `sdk`, a plain loop with the official SDK, its repeats switched off; `requests`, a plain
loop over one `requests.Session` with `json`; both from memory, storing nothing, each in a process
of its own, with fewer accounts where answers are slow (they are serial, their rate shows soon).
`engine` is the portal as it runs: pushes that were confirmed and frozen before the clock starts,
the queue, `manage.py worker` on a fresh copy of a seeded database, every attempt and every outcome
committed. Only its limit of calls a minute is lifted.

The columns: pushes/s until Codat has taken every push; CPU seconds for 1,000 transactions until
then, and *to outcome* until every push is known to have succeeded (loops ask for each once,
afterwards); the peak of memory, of the engine for the worker's whole tree, what is shared counted
once. CPU is that of all processes of the peer (a PostgreSQL server's is not among them). *server
ms* is what the stand-in itself needed: where it nears a peer's own, the server is in the picture.

A run is void, and the command fails, when posts, bytes, transactions or keys that the server
counted differ from what the peer claims. No figure makes it fail: goals stand beside them as *met*
or *MISSED*.

*To outcome* ends with the last look at Codat: the seconds of waiting until then carry what the
worker's processes cost while nothing happens, which weighs on short runs.

`--memory` compares the peak for 10,000 and for 200,000 transactions. `--thrift` counts requests for
each account and day with 1, 5 and 50 accounts in a company, within the limits that the product sets
itself: one push of each account, whose end Codat knows after `--pending` seconds on the average
(each takes half to one and a half of it), against a server that throttles as Codat does. Each size
runs twice: without Codat's messages, and with them coming in at the portal's web process.
"""

from __future__ import annotations
