"""Start the scheduler."""

from services.scheduler.serve import serve
from services.scheduler.settings import read_settings
from shared.worker import run_service

if __name__ == "__main__":
    run_service("scheduler", read_settings, serve)
