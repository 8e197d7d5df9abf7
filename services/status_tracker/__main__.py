"""Start the status tracker."""

from services.status_tracker.serve import serve
from services.status_tracker.settings import read_settings
from shared.worker import run_service

if __name__ == "__main__":
    run_service("status_tracker", read_settings, serve)
