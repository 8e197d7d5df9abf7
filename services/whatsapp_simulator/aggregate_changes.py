"""Put several changes into one webhook, on any of the levels on which Meta may do it."""

import copy
import random

from services.whatsapp_simulator.webhook_value import ACCOUNT_ID, Json

LEVELS = ("entry", "changes", "value")
LISTS = ("contacts", "messages", "statuses")


def aggregate_changes(changes: list[Json], chance: random.Random) -> Json:
    """Give the body of one POST: every list in it may have several items.

    Meta aggregates up to 1000 updates and does not say on which level (Meta, create a webhook
    endpoint, 2025-11), so each change joins the one before it as chance will have it.
    """
    entries: list[Json] = []
    # One by one: a repeated change is the same object, and must not stay so.
    for change in map(copy.deepcopy, changes):
        level = chance.choice(LEVELS) if entries else "entry"
        last = entries[-1]["changes"][-1] if entries else {}
        if level == "value" and _fits(last, change):
            _join(last["value"], change["value"])
        elif level == "entry":
            entries.append({"id": ACCOUNT_ID, "changes": [change]})
        else:
            entries[-1]["changes"].append(change)
    return {"object": "whatsapp_business_account", "entry": entries}


def _fits(last: Json, change: Json) -> bool:
    """Tell whether two changes differ only in the items of their lists."""
    one, other = ({**c, "value": {**c["value"], **dict.fromkeys(LISTS)}} for c in (last, change))
    return one == other and last["value"].keys() == change["value"].keys()


def _join(value: Json, more: Json) -> None:
    for name in LISTS:
        if name in more:
            known = value[name] if name == "contacts" else []
            value[name] += [item for item in more[name] if item not in known]
