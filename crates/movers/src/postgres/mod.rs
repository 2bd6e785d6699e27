//! PostgreSQL on the move.
