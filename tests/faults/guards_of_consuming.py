"""The guards of who consumes a queue: nothing is lost, and no event pays for its neighbour."""

from tests.faults.guard import Cut, Guard

_ENDING = "tests/faults/test_a_router_that_ends.py::"
_CONSUME = "tests/integration/broker/test_consume.py::"


GUARDS_OF_CONSUMING = (
    Guard(
        "ack-after-commit",
        "a worker that ends in mid-batch loses what it had acknowledged",
        (
            Cut(
                "shared/broker/consume.py",
                "            failed = await self._settler.settle(events)\n"
                "            await self._judge(events, failed)\n"
                "            await batch[0].session.settle([one.message for one in batch])\n",
                "            await batch[0].session.settle([one.message for one in batch])\n"
                "            failed = await self._settler.settle(events)\n"
                "            await self._judge(events, failed)\n",
            ),
        ),
        (_CONSUME + "test_a_connection_lost_during_a_batch_makes_it_come_again",),
    ),
    Guard(
        "nothing-older",
        "what waits for its turn behind fresh deliveries is acknowledged with them, and lost",
        (
            Cut(
                "shared/broker/session.py",
                "        if tags == list(islice(self.unsettled, len(tags))):",
                "        if True:",
            ),
        ),
        (
            "tests/integration/broker/test_settling.py::test_what_is_older_than_a_batch_is_not_acknowledged_with_it",
        ),
    ),
    Guard(
        "prefetch-of-one",
        "an event that kills a worker at its start has a hundred neighbours there",
        (
            Cut(
                "shared/broker/session.py",
                "await self.subscribe(prefetch=1)",
                "await self.subscribe(prefetch=100)",
            ),
        ),
        (_CONSUME + "test_a_worker_that_begins_holds_one_delivery_until_it_has_committed",),
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
        (_CONSUME + "test_whoever_shares_an_envelope_with_a_killer_is_not_buried_with_it",),
    ),
    Guard(
        "held-while-taken-apart",
        "a worker that cannot publish spends its events' deliveries, and RabbitMQ buries them",
        (
            Cut(
                "shared/broker/consume.py",
                "await self._hold_until(partial(self._publisher.publish_alone, self._queue, body))",
                "await self._publisher.publish_alone(self._queue, body)",
            ),
        ),
        (_CONSUME + "test_what_is_taken_apart_is_held_while_it_cannot_be_published",),
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
        "size-of-a-batch",
        "a backlog becomes one transaction that no limit of time lets through",
        (
            Cut(
                "shared/broker/consume.py",
                "if not batches or size + len(delivery.events) > MAX_EVENTS:",
                "if not batches:",
            ),
        ),
        (_CONSUME + "test_a_batch_is_never_larger_than_an_envelope_may_be",),
    ),
    Guard(
        "cancelled-consumer",
        "a worker whose queue was deleted waits for ever, and is ready",
        (
            Cut(
                "shared/broker/session.py",
                "queue=self._queue_name)\n        self._lost.set()",
                "queue=self._queue_name)",
            ),
        ),
        (_CONSUME + "test_a_deleted_queue_is_declared_and_consumed_again",),
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
