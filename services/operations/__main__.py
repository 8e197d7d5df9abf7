"""Run one of the operator's commands."""

from services.operations.commands import main

if __name__ == "__main__":
    main()
