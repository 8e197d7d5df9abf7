"""Read what the desk asks the Cloud API to do, as strictly as Meta."""

import re
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from services.whatsapp_simulator.graph_errors import GraphError
from services.whatsapp_simulator.webhook_value import COUNTRY_CODE, NUMBER

UNKNOWN_PROPERTY = 100
MISSING = 131008
BAD_VALUE = 131009
SENDER_IS_RECIPIENT = 131021
BAD_TEMPLATE_PARAMETER = 132018

# Two letters, a dot, at most 128 letters and digits (Meta, business-scoped user ids, 2026-06-29).
USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
PHONE = re.compile(r"\+?(?:[\s().-]*\d){7,15}[\s().-]*")

# What the parameter of a template must not hold. The words are Meta's (netflie/whatsapp-cloud-api
# #201); that the code is 132018 is known from other projects only.
TEMPLATE_GAP = re.compile(r"[\r\n\t]| {5}")


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    """Meta refuses properties that it does not know."""


class Text(_Strict):
    """The body has at most 4096 characters (Meta, text messages, 2025-11)."""

    body: Annotated[str, Meta(min_length=1, max_length=4096)]
    preview_url: bool = False


class Language(_Strict):
    """`policy` is from older documents, and still taken."""

    code: Annotated[str, Meta(min_length=2)]
    policy: Literal["deterministic"] | UnsetType = UNSET


class Parameter(_Strict):
    """Only texts: the desk's templates have nothing else."""

    type: Literal["text"]
    text: str
    parameter_name: str | UnsetType = UNSET


class Component(_Strict):
    """A part of a template that has variables.

    Meta writes its type in small letters; clients in wide use send capitals (pywa 4.5).
    """

    type: Literal["header", "body", "HEADER", "BODY"]
    parameters: list[Parameter]


class Template(_Strict):
    """Any name is an approved template here."""

    name: Annotated[str, Meta(min_length=1, max_length=512)]
    language: Language
    components: list[Component] = []


class Media(_Strict):
    """An uploaded medium or a link to one, not both (Meta, media messages, 2025-11)."""

    id: str | UnsetType = UNSET
    link: str | UnsetType = UNSET


class Captioned(Media):
    """An image or a video; the caption has at most 1024 characters."""

    caption: Annotated[str, Meta(max_length=1024)] | UnsetType = UNSET


class Document(Captioned):
    """The name's ending chooses the icon on the phone."""

    filename: str | UnsetType = UNSET


class Audio(Media):
    """Has no caption; `voice` makes it a recorded note."""

    voice: bool | UnsetType = UNSET


class Context(_Strict):
    """The wamid of the message that is answered."""

    message_id: str


class OutboundMessage(_Strict, kw_only=True):
    """A message to a citizen (Meta, send messages, 2025-11; `recipient` since 2026-07)."""

    messaging_product: Literal["whatsapp"]
    recipient_type: str = "individual"
    to: str | UnsetType = UNSET
    recipient: str | UnsetType = UNSET
    type: Literal["text", "template", "image", "video", "audio", "document"] = "text"
    text: Text | UnsetType = UNSET
    template: Template | UnsetType = UNSET
    image: Captioned | UnsetType = UNSET
    video: Captioned | UnsetType = UNSET
    audio: Audio | UnsetType = UNSET
    document: Document | UnsetType = UNSET
    context: Context | UnsetType = UNSET
    biz_opaque_callback_data: Annotated[str, Meta(max_length=512)] | UnsetType = UNSET


class TypingIndicator(_Strict):
    """Shows the citizen that somebody writes."""

    type: Literal["text"]


class ReadReceipt(_Strict):
    """Marks a citizen's message, and those before it, as read."""

    messaging_product: Literal["whatsapp"]
    status: Literal["read"]
    message_id: str
    typing_indicator: TypingIndicator | UnsetType = UNSET


def check_message(body: bytes) -> OutboundMessage | ReadReceipt:
    """Give what is asked for; raise GraphError as Meta would: 100, 131008, 131009, 131021, 132018.

    Of several faults the first found is answered; Meta does not document its order.
    """
    try:
        request = msgspec.json.decode(body, type=dict[str, object])
    except msgspec.DecodeError:
        raise GraphError(UNKNOWN_PROPERTY, "The body is not a JSON object") from None
    try:
        if "status" in request:
            return msgspec.convert(request, ReadReceipt)
        message = msgspec.convert(request, OutboundMessage)
    except msgspec.ValidationError as error:
        raise GraphError(_code_of(str(error)), str(error)) from None
    _check_content(message)
    _check_recipient(message)
    return message


def dialled_number(to: str) -> str:
    """Give the digits that Meta dials: without `+` the business's own country code comes first.

    (Meta, send messages, 2025-11.) So `wa_id` as it stands is another number.
    """
    digits = re.sub(r"\D", "", to)
    return digits if to.strip().startswith("+") else COUNTRY_CODE + digits


def _code_of(fault: str) -> int:
    """Tell the kind of a fault from msgspec's words for it."""
    if fault.startswith("Object contains unknown field"):
        return UNKNOWN_PROPERTY
    if fault.startswith("Object missing required field"):
        return MISSING
    return BAD_VALUE


def _check_content(message: OutboundMessage) -> None:
    content = getattr(message, message.type)
    if content is UNSET:
        raise GraphError(MISSING, f"Parameter '{message.type}' is missing")
    if isinstance(content, Media):
        _check_media(content)
    elif isinstance(content, Template):
        _check_template(content)


def _check_media(media: Media) -> None:
    if media.id is UNSET and media.link is UNSET:
        raise GraphError(MISSING, "One of 'id' and 'link' is needed")
    if media.id is not UNSET and media.link is not UNSET:
        raise GraphError(BAD_VALUE, "'id' and 'link' exclude each other")


def _check_template(template: Template) -> None:
    for component in template.components:
        for parameter in component.parameters:
            if not parameter.text:
                raise GraphError(MISSING, "Parameter of type text is missing text value")
            if TEMPLATE_GAP.search(parameter.text):
                words = "cannot have new-line/tab characters or more than 4 consecutive spaces"
                raise GraphError(BAD_TEMPLATE_PARAMETER, f"Param text {words}")


def _check_recipient(message: OutboundMessage) -> None:
    if message.recipient_type not in {"individual", "group"}:
        raise GraphError(UNKNOWN_PROPERTY, "recipient_type must be individual or group")
    if message.to is UNSET and message.recipient is UNSET:
        raise GraphError(MISSING, "One of 'to' and 'recipient' is needed")
    if message.recipient_type == "group":
        return
    if message.to is UNSET:
        if not USER_ID.fullmatch(message.recipient or ""):
            raise GraphError(BAD_VALUE, "'recipient' is not a business-scoped user id")
    elif not USER_ID.fullmatch(message.to) and not PHONE.fullmatch(message.to):
        raise GraphError(BAD_VALUE, "'to' is not a phone number")
    elif dialled_number(message.to) == NUMBER:
        raise GraphError(SENDER_IS_RECIPIENT)
