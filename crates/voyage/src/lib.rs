//! The executor of plans: journal, guard, undo, events
