"""What happens to tickets, whichever service causes it: each rule's rows, written once.

Everything here works on sets, so that one transaction may carry many events, and expects that the
caller holds the locks of the contacts concerned (`lock_contacts`).
"""
