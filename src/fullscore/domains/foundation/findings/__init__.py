"""Whatever is wrong, in one life cycle: found, owned, due, excepted, fixed and verified with proof."""
