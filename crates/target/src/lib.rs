//! Writers: from an Installation to what shall stand tomorrow
