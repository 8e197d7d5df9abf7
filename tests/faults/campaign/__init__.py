"""The campaign: real processes under load, broken on purpose by a seed's schedule, then audited.

`python -m tests.faults.campaign --seeds 1 --minutes 2`, or `make faults SEEDS=… MINUTES=…`.

- `schedule.py` draws the faults from the seed; `kinds.py` names them, `break_*.py` do them.
- `world.py` has the servers, the proxies and the processes (each one a `victim.py`), and starts
  again what has died, as a container host does.
- `citizens.py` is the load; `gate.py` stands between Meta and ingress and remembers what was
  answered 200.
- `evidence.py` collects what is there when all has come to rest, `audit_*.py` judge it.
"""
