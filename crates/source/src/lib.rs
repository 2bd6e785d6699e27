//! Readers: from files to an Installation and its effective objects
