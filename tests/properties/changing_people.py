"""People whose addresses are hidden, shown and changed, and what they write and do to messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from shared.events import WebhookEvent
from tests.properties.conversations import CLICK, ROUTED_AT
from tests.properties.routing import contact_entry
from tests.webhooks import events_of, text_message, webhook_of

PEOPLE = 2
LEGACY = 1
"""Of times before user ids: this person's webhooks never show one."""
SECONDS = 100


@dataclass(frozen=True)
class Deed:
    """One thing that somebody does; the second is its place in the day."""

    person: int
    second: int
    kind: str
    """text, location, button, reaction, edit, revoke, or a change of addresses."""
    shows: str
    """Which addresses the webhook shows: phone, user_id, both."""
    target: int
    """For a mark: of which of the person's messages, by its second."""

    def addresses(self, changed_at: int | None) -> tuple[str | None, str | None]:
        """Give phone and user id as they are shown now."""
        now = "2" if changed_at is not None and self.second > changed_at else "1"
        phone = f"3460000{self.person}00{now}" if self.shows != "user_id" else None
        user_id = f"ES.Person{self.person}x{now}" if self.shows != "phone" else None
        return phone, user_id


def wamid(person: int, second: int) -> str:
    return f"wamid.{person}.{second}"


def event(deed: Deed, changed_at: int | None) -> WebhookEvent:
    """Write a deed as a webhook; a person's addresses change once, at `changed_at`."""
    phone, user_id = deed.addresses(changed_at)
    message = text_message(
        "",
        f"{deed.person} at {deed.second}",
        at=int(CLICK.timestamp()) - SECONDS + deed.second,
        id=wamid(deed.person, deed.second),
    )
    del message["from"]
    message |= _content(deed)
    if deed.kind == "change":
        webhook = webhook_of(message)
    else:
        if phone:
            message["from"] = phone
        if user_id:
            message["from_user_id"] = user_id
        webhook = webhook_of(message, contacts=[contact_entry(phone, user_id, "Ana")])
    (made,) = events_of(webhook, received_at=ROUTED_AT)
    return made


def _content(deed: Deed) -> dict[str, Any]:
    target = wamid(deed.person, deed.target)
    match deed.kind:
        case "location":
            return {"type": "location", "location": {"latitude": 41.4, "longitude": deed.second}}
        case "button":
            return {"type": "button", "button": {"text": "Sí"}, "context": {"id": "wamid.ours"}}
        case "reaction":
            emoji = {"emoji": "👍"} if deed.second % 3 else {}
            return {"type": "reaction", "reaction": {"message_id": target, **emoji}}
        case "edit":
            text = {"type": "text", "text": {"body": f"edited at {deed.second}"}}
            return {"type": "edit", "edit": {"original_message_id": target, "message": text}}
        case "revoke":
            return {"type": "revoke", "revoke": {"original_message_id": target}}
        case "change":
            return _change(deed)
        case _:
            return {}


def _change(deed: Deed) -> dict[str, Any]:
    old, new = (
        {"phone": f"3460000{deed.person}00{n}", "user_id": f"ES.Person{deed.person}x{n}"}
        for n in ("1", "2")
    )
    system = {"type": "user_changed_number", "body": "x", "wa_id": new["phone"]}
    if deed.shows != "phone":
        system |= {"user_id": new["user_id"], "previous_user_id": old["user_id"]}
    return {"type": "system", "from": old["phone"], "system": system}


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Deed], dict[int, int]]:
    """Give what happens in a day, in its order, and when each person's addresses change."""
    people = st.integers(0, PEOPLE - 1)
    kinds = st.sampled_from(
        ["text", "text", "text", "location", "button", "reaction", "edit", "edit", "revoke"]
    )
    shows = st.sampled_from(["phone", "user_id", "both", "both"])
    count = draw(st.integers(2, 8))
    seconds = draw(
        st.lists(st.integers(1, SECONDS), min_size=count, max_size=count, unique=True).map(sorted)
    )
    changed = draw(st.dictionaries(people, st.sampled_from(seconds), max_size=PEOPLE))
    deeds = []
    for second in seconds:
        changing = [person for person, at in changed.items() if at == second]
        for person in changing or [draw(people)]:
            kind = "change" if changing else draw(kinds)
            shown = "phone" if person == LEGACY else "both" if changing else draw(shows)
            deeds.append(Deed(person, second, kind, shown, draw(st.sampled_from(seconds))))
    return deeds, changed


def day_of(deeds: Sequence[Deed], changed: dict[int, int]) -> list[WebhookEvent]:
    """Write the deeds as events."""
    return [event(deed, changed.get(deed.person)) for deed in deeds]
