"""The same job by the frameworks that people would use instead, for comparison.

FastStream and Celery, each in three configurations that its documentation describes: `ingress`
takes a webhook, `router` puts a message into its ticket, one message in one transaction. They run
with an interpreter of their own (`install`), which knows nothing of our locks.

What they leave out is in their favour: only messages by telephone number, no closing tickets, no
marks, no row for a repetition, no audit log, no log lines, no NOTIFY.
"""
