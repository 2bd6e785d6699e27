//! Media on the move.
