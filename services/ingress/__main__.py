"""Start the ingress."""

from services.ingress.serve import serve
from services.ingress.settings import read_settings
from shared.worker import run_service

if __name__ == "__main__":
    run_service("ingress", read_settings, serve)
