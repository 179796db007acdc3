"""`python -m neufs_tui` is the same program as `neufs-tui`."""

from neufs_tui.cli import main

if __name__ == "__main__":
    main()
