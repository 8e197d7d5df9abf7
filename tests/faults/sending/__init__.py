"""The sending campaign: four senders killed again and again while Meta loses answers and statuses.

`python -m tests.faults.sending --seed 1`, or `make sending-faults SEED=…`.

- `world.py` has the services, and four senders that are started again when they die.
- `load.py` is what is to be sent; `run.py` kills beside it, and waits until all has come to rest.
- `evidence.py` collects what Meta's side saw and what the desk tells, `audit.py` judges it.
"""
