"""The guards of what travels through RabbitMQ: nothing is lost, nobody pays for a neighbour."""

from tests.faults.guard import Cut, Guard

_INGRESS = "tests/integration/ingress/test_accept_webhook.py::"
_ENDING = "tests/faults/test_a_router_that_ends.py::"
_TOPOLOGY = "tests/integration/broker/test_topology.py::"
_CONSUME = "tests/integration/broker/test_consume.py::"
_PUBLISH = "tests/integration/broker/test_publish.py::"

_UNCHECKED = Cut(
    "shared/broker/publish.py", "if not isinstance(result, Basic.Ack):", "if False:"
)  # fmt: skip

GUARDS_OF_MESSAGING = (
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
        "confirm-before-200",
        "Meta hears 200 for what RabbitMQ has refused, and never sends it again",
        (
            Cut(
                "services/ingress/accept_webhook.py",
                "        await asyncio.gather(\n",
                "        asyncio.gather(\n",
            ),
        ),
        (_INGRESS + "test_a_queue_that_is_full_makes_503_and_nothing_is_lost",),
    ),
    Guard(
        "confirms",
        "what RabbitMQ refuses counts as stored",
        (
            Cut(
                "shared/broker/publish.py",
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
                "shared/broker/publish.py",
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
                "shared/broker/publish.py",
                "message, routing_key, timeout=CONFIRM_SECONDS",
                "message, routing_key",
            ),
        ),
        (_PUBLISH + "test_no_confirm_in_time_is_an_error",),
    ),
    Guard(
        "ack-after-commit",
        "a worker that ends in mid-batch loses what it had acknowledged",
        (
            Cut(
                "shared/broker/consume.py",
                "            failed = await self._settler.settle(events)\n"
                "            await self._judge(events, failed)\n"
                "            for delivery in batch:\n"
                "                await delivery.settle()\n",
                "            for delivery in batch:\n"
                "                await delivery.settle()\n"
                "            failed = await self._settler.settle(events)\n"
                "            await self._judge(events, failed)\n",
            ),
        ),
        (_CONSUME + "test_a_connection_lost_during_a_batch_makes_it_come_again",),
    ),
    Guard(
        "redelivered-alone",
        "what may have ended a worker is handled together with its neighbours again",
        (
            Cut(
                "shared/broker/session.py",
                "return self.count == 0 and not self.message.redelivered",
                "return not self.suspect",
            ),
        ),
        (_CONSUME + "test_what_was_delivered_before_is_handled_event_by_event",),
    ),
    Guard(
        "taking-apart",
        "an event that kills its worker takes the rest of its envelope along",
        (Cut("shared/broker/consume.py", "if len(delivery.encoded) > 1:", "if False:"),),
        (_CONSUME + "test_what_was_delivered_more_than_twice_is_taken_apart",),
    ),
    Guard(
        "own-count-of-attempts",
        "what only stood beside a killer is buried for it",
        (
            Cut(
                "shared/broker/consume.py",
                "await self._attempts(delivery.events[0]) > MOST_ATTEMPTS",
                "delivery.count > MOST_ATTEMPTS",
            ),
        ),
        (_CONSUME + "test_what_only_stood_beside_a_killer_is_tried_however_often_it_came",),
    ),
    Guard(
        "giving-up",
        "an event that kills its worker does so for ever",
        (
            Cut(
                "shared/broker/consume.py",
                "await self._attempts(delivery.events[0]) > MOST_ATTEMPTS",
                "False",
            ),
        ),
        (_CONSUME + "test_what_its_workers_never_survived_is_buried_untried",),
    ),
    Guard(
        "halving",
        "one event that cannot be handled buries its whole batch",
        (
            Cut(
                "shared/broker/settle.py",
                "            if len(events) == 1:\n"
                "                return [Failed(events[0], str(fault), cause)]\n",
                "            return [Failed(event, str(fault), cause) for event in events]\n",
            ),
        ),
        (_CONSUME + "test_poison_is_buried_alone_while_its_neighbours_commit",),
    ),
    Guard(
        "tenth-failure",
        "a fault of our own buries every event that comes",
        (
            Cut(
                "shared/broker/bury.py",
                "if self._failures_in_a_row >= MOST_FAILURES_IN_A_ROW:",
                "if False:",
            ),
        ),
        (_CONSUME + "test_when_every_event_fails_the_worker_stops_and_is_not_ready",),
    ),
    Guard(
        "fault-of-the-system",
        "events are buried because a migration is missing or the database refuses",
        (
            Cut(
                "shared/database/failures.py",
                '    return OutsideAwayError(f"sqlstate {state}")',
                '    return NeverWorksError(f"sqlstate {state}")',
            ),
        ),
        (_ENDING + "test_restarting_a_router_that_cannot_work_buries_nothing",),
    ),
    Guard(
        "outside-first",
        "a worker takes deliveries although its database is away, and they are counted",
        (Cut("shared/broker/consume.py", "            await self._wait_for_the_outside()\n", ""),),
        (_CONSUME + "test_while_the_outside_is_away_nothing_is_taken_and_nothing_delivered_again",),
    ),
    Guard(
        "giving-back",
        "an outage of hours spends the deliveries that an event has, and buries it",
        (Cut("shared/broker/consume.py", "        if not held:\n", "        if True:\n"),),
        (_CONSUME + "test_what_is_held_too_long_goes_back_as_new_and_is_never_buried",),
    ),
    Guard(
        "reject-publish",
        "a dead letter that cannot be stored is dropped without a word",
        (Cut("shared/broker/topology.py", '        "x-overflow": "reject-publish",\n', ""),),
        (
            _TOPOLOGY
            + "test_a_message_that_is_returned_too_often_really_arrives_in_the_dead_letters",
            _TOPOLOGY + "test_every_queue_survives_a_restart_and_has_its_dead_letters",
        ),
    ),
    Guard(
        "sigterm-drains",
        "a deployment cuts off what runs",
        (
            Cut(
                "shared/worker.py",
                "        loop.add_signal_handler(number, _ask_to_stop, service, number)\n",
                "        assert number\n",
            ),
        ),
        (_ENDING + "test_sigterm_during_a_batch_lets_it_commit_and_settles_it",),
    ),
)
