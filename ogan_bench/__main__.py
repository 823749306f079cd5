"""``python -m ogan_bench``."""

from ogan_bench.cli import main

if __name__ == "__main__":
    main()
