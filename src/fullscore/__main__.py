"""`python -m fullscore` is the command `fullscore`."""

from fullscore.config.commands import main

main()
