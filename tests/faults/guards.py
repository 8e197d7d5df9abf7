"""All guards of the system that `make guards` takes out, each by itself."""

from tests.faults.guards_of_agent_files import GUARDS_OF_AGENT_FILES
from tests.faults.guards_of_consuming import GUARDS_OF_CONSUMING
from tests.faults.guards_of_fetching import GUARDS_OF_FETCHING
from tests.faults.guards_of_files import GUARDS_OF_FILES
from tests.faults.guards_of_formats import GUARDS_OF_FORMATS
from tests.faults.guards_of_publishing import GUARDS_OF_PUBLISHING
from tests.faults.guards_of_read_marks import GUARDS_OF_READ_MARKS
from tests.faults.guards_of_scanning import GUARDS_OF_SCANNING
from tests.faults.guards_of_sending import GUARDS_OF_SENDING
from tests.faults.guards_of_statuses import GUARDS_OF_STATUSES
from tests.faults.guards_of_storage import GUARDS_OF_STORAGE
from tests.faults.guards_of_the_channel import GUARDS_OF_THE_CHANNEL
from tests.faults.guards_of_tickets import GUARDS_OF_TICKETS

GUARDS = (
    *GUARDS_OF_PUBLISHING,
    *GUARDS_OF_CONSUMING,
    *GUARDS_OF_TICKETS,
    *GUARDS_OF_SENDING,
    *GUARDS_OF_READ_MARKS,
    *GUARDS_OF_THE_CHANNEL,
    *GUARDS_OF_STATUSES,
    *GUARDS_OF_FETCHING,
    *GUARDS_OF_SCANNING,
    *GUARDS_OF_FILES,
    *GUARDS_OF_STORAGE,
    *GUARDS_OF_FORMATS,
    *GUARDS_OF_AGENT_FILES,
)
