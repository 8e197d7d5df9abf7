"""Start the media validator."""

from services.media_validator.serve import serve
from services.media_validator.settings import read_settings
from shared.worker import run_service

if __name__ == "__main__":
    run_service("media_validator", read_settings, serve)
