//! What Redis holds, on the move.
