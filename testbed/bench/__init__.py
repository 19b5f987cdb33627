"""Named comparisons with other programs: see tools/bench."""
