//! The ledger and the comparison of effective configurations
