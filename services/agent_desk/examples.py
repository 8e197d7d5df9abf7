"""What the OpenAPI document shows as examples; the people in them are invented."""

from datetime import UTC, datetime

from services.agent_desk.answer_contact import Answer
from services.agent_desk.answers import (
    Attachment,
    Change,
    Contact,
    LastDay,
    Message,
    MessagePage,
    Outbox,
    ProblemDetails,
    Ticket,
    TicketPage,
)
from services.agent_desk.register_ticket import RegisteredContact, Registration

_MORNING = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)

TICKET = Ticket(
    number="2026-000123",
    channel="whatsapp",
    status="open",
    contact=Contact(
        id=17,
        name="Ana",
        phone="34600111222",
        email=None,
        user_id="ES.1234567890",
        username=None,
    ),
    opened_at=_MORNING,
    closes_at=None,
    closed_at=None,
    assigned_to="admin",
    previous_number="2026-000098",
    unread=1,
    window_closes_at=_MORNING.replace(day=26),
)

MESSAGE = Message(
    id=401,
    direction="inbound",
    author="contact",
    kind="document",
    text="Aquí va el error",
    forwarded=None,
    is_reply=False,
    after_closing=False,
    sent_at=_MORNING,
    received_at=_MORNING,
    delivery=None,
    attachments=[
        Attachment(
            id=52,
            filename="error.pdf",
            declared_type="application/pdf",
            format="pdf",
            size=48_213,
            state="accepted",
            reason=None,
        )
    ],
)

ANSWERED = Message(
    id=402,
    direction="outbound",
    author="admin",
    kind="text",
    text="Pruebe otra vez, por favor.",
    forwarded=None,
    is_reply=False,
    after_closing=False,
    sent_at=_MORNING,
    received_at=_MORNING,
    delivery="pending",
    attachments=[],
)

TICKET_PAGE = TicketPage([TICKET], "MTIz")
MESSAGE_PAGE = MessagePage([MESSAGE, ANSWERED], None)
CHANGE = Change(ticket=TICKET.number, id=MESSAGE.id)
PROBLEM = ProblemDetails("Not Found", 404, "There is no ticket with this number.")

OUTBOX = Outbox(
    state="stopped",
    since=_MORNING,
    code=190,
    next_attempt_at=_MORNING.replace(minute=34),
    waiting=12,
    oldest_waiting_at=_MORNING,
    unknown=0,
    last_day=LastDay(settled=2, resent=0),
)

ANSWER = Answer("Pruebe otra vez, por favor.")
REGISTRATION = Registration(
    channel="phone",
    contact=RegisteredContact(name="Ana", phone="600 111 222"),
    text="Llamó porque no puede firmar.",
)
