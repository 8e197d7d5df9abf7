"""All guards of the system that `make guards` takes out, one after the other."""

from tests.faults.guards_of_files import GUARDS_OF_FILES
from tests.faults.guards_of_messaging import GUARDS_OF_MESSAGING
from tests.faults.guards_of_sending import GUARDS_OF_SENDING
from tests.faults.guards_of_tickets import GUARDS_OF_TICKETS

GUARDS = (*GUARDS_OF_MESSAGING, *GUARDS_OF_TICKETS, *GUARDS_OF_SENDING, *GUARDS_OF_FILES)
