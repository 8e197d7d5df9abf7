"""Start the agent desk."""

from services.agent_desk.serve import serve
from services.agent_desk.settings import read_settings
from shared.worker import run_service

if __name__ == "__main__":
    run_service("agent_desk", read_settings, serve)
