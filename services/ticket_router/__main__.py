"""Start the ticket router."""

from services.ticket_router.serve import serve
from services.ticket_router.settings import read_settings
from shared.worker import run_service

if __name__ == "__main__":
    run_service("ticket_router", read_settings, serve)
