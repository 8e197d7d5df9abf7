"""Run the stand-in for Meta's API: `python -m services.whatsapp_simulator`."""

from services.whatsapp_simulator.serve import serve
from services.whatsapp_simulator.settings import read_settings
from shared.worker import run_service

if __name__ == "__main__":
    run_service("whatsapp_simulator", read_settings, serve)
