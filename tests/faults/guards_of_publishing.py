"""The guards of what Meta tells: only Meta may, and what is answered 200 is in RabbitMQ."""

from tests.faults.guard import Cut, Guard

_INGRESS = "tests/integration/ingress/test_accept_webhook.py::"
_TOPOLOGY = "tests/integration/broker/test_topology.py::"
_PUBLISH = "tests/integration/broker/test_publish.py::"

_PUBLISHER = "shared/broker/publish.py"

_UNCHECKED = Cut(_PUBLISHER, "if not isinstance(result, Basic.Ack):", "if False:")

GUARDS_OF_PUBLISHING = (
    Guard(
        "webhook-signature",
        "anybody can write to a ticket in a citizen's name",
        (
            Cut(
                "services/ingress/accept_webhook.py",
                "if not verify_signature(body, header, self._app_secrets):",
                "if not verify_signature(body, header, self._app_secrets) and False:",
            ),
        ),
        (_INGRESS + "test_a_wrong_signature_is_answered_401_and_publishes_nothing",),
    ),
    Guard(
        "size-of-a-webhook",
        "anybody can fill the memory of ingress",
        (Cut("services/ingress/serve.py", "client_max_size=MOST_BYTES", "client_max_size=0"),),
        (_INGRESS + "test_three_megabytes_are_taken_and_more_than_four_are_413",),
    ),
    Guard(
        "verify-token",
        "anybody can have Meta send this number's webhooks elsewhere",
        (Cut("services/ingress/verify_callback.py", "if not right or", "if"),),
        (_INGRESS + "test_the_verification_is_answered_with_the_bare_challenge_or_403",),
    ),
    Guard(
        "confirm-before-200",
        "Meta hears 200 for what RabbitMQ has refused, and never sends it again",
        (
            Cut(
                "services/ingress/accept_webhook.py",
                "import secrets\n",
                "import asyncio, secrets\n",
            ),
            Cut(
                "services/ingress/accept_webhook.py",
                "await self._publisher.publish(queue, events, trace_id)",
                "asyncio.create_task(self._publisher.publish(queue, events, trace_id))",
            ),
        ),
        (_INGRESS + "test_a_queue_that_is_full_makes_503_and_nothing_is_lost",),
    ),
    Guard(
        "confirms",
        "what RabbitMQ refuses counts as stored",
        (
            Cut(
                _PUBLISHER,
                "publisher_confirms=True, on_return_raises=True",
                "publisher_confirms=False",
            ),
            _UNCHECKED,
        ),
        (_PUBLISH + "test_what_a_full_queue_refuses_is_an_error",),
    ),
    Guard(
        "return-raises",
        "what no queue takes counts as stored",
        (
            Cut(
                _PUBLISHER,
                "publisher_confirms=True, on_return_raises=True",
                "publisher_confirms=True",
            ),
            _UNCHECKED,
        ),
        (_PUBLISH + "test_what_no_queue_takes_is_an_error",),
    ),
    Guard(
        "publish-timeout",
        "a broker that stops answering holds every webhook until Meta gives up",
        (
            Cut(
                _PUBLISHER,
                "message, routing_key, timeout=CONFIRM_SECONDS",
                "message, routing_key",
            ),
        ),
        (_PUBLISH + "test_no_confirm_in_time_is_an_error",),
    ),
    Guard(
        "most-waiting",
        "a broker that stops answering fills the memory of who publishes",
        (Cut(_PUBLISHER, " or len(lane.waiting) > MOST_WAITING", ""),),
        (_PUBLISH + "test_what_waits_for_a_broker_that_does_not_answer_is_bounded",),
    ),
    Guard(
        "reject-publish",
        "a dead letter that cannot be stored is dropped without a word",
        (Cut("shared/broker/topology.py", '        "x-overflow": "reject-publish",\n', ""),),
        (_TOPOLOGY + "test_a_dead_letter_that_no_queue_takes_is_kept",),
    ),
)
