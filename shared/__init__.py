"""What the services share: rules, use cases, and one adapter for each outside thing."""
