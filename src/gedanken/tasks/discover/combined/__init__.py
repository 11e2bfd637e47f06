"""Players that stand on another player: `NAME:PLAYER`, one file each, whose `load` gets that player first."""
