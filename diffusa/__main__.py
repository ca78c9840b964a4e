"""Run the command with ``python -m diffusa``."""

from diffusa.cli import main

if __name__ == "__main__":
    main()
