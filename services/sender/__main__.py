"""Start the sender."""

from services.sender.serve import serve
from services.sender.settings import read_settings
from shared.worker import run_service

if __name__ == "__main__":
    run_service("sender", read_settings, serve)
