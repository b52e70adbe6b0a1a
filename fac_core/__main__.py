"""`python -m fac_core` is `fac`: for programs that start it with their own Python."""

from fac_core.cli.app import main

if __name__ == "__main__":
    main()
