//! The rows of one table, from one server to the other.

use bytes::{Bytes, BytesMut};
use futures::{SinkExt as _, StreamExt as _, pin_mut};

use super::split::Part;
use crate::postgres::PostgresError;
use crate::postgres::catalog::Table;
use crate::postgres::session::Session;
use crate::{Meter, Pace};

/// Rows are sent on when so many bytes have come together: each message costs a wake-up.
const PARCEL: usize = 256 << 10;

const READING: &str = "read a table";
const WRITING: &str = "write a table";

/// Copies all rows, or those of a part, within the source session's snapshot, in one transaction on the target: all are there or none. The rows
/// that arrived.
///
/// A table that comes as a whole is emptied first in the same transaction. That lets its rows be written frozen: nobody has to
/// visit them again to say that they are visible to all.
pub(super) async fn table(
    source: &Session,
    target: &Session,
    table: &Table,
    part: Option<Part>,
    pace: &Pace,
    meter: &Meter,
) -> Result<u64, PostgresError> {
    let name = &table.name;
    let format = if table.is_binary { "binary" } else { "text" };
    let columns = if table.columns.is_empty() { String::new() } else { format!("({})", table.columns) };
    let (begin, what, freeze) = match part {
        None => (format!("BEGIN; TRUNCATE ONLY {name}"), format!("{name} {columns}"), ", FREEZE"),
        Some(part) => {
            let condition = part.condition();
            let condition = if condition.is_empty() { "true" } else { &condition };
            let rows = format!("(SELECT {} FROM ONLY {name} WHERE {condition})", table.columns);
            ("BEGIN".to_owned(), rows, "")
        }
    };
    let reading = format!("COPY {what} TO STDOUT (FORMAT {format})");
    let writing = format!("COPY {name} {columns} FROM STDIN (FORMAT {format}{freeze})");
    target.run(WRITING, &begin).await?;
    let from = source.client.copy_out(&reading).await.map_err(|error| source.told(READING, &error))?;
    let to =
        target.client.copy_in::<_, Bytes>(&writing).await.map_err(|error| target.told(WRITING, &error))?;
    pin_mut!(from, to);
    let mut parcel = BytesMut::with_capacity(2 * PARCEL);
    let mut rows = 0;
    while let Some(row) = from.next().await {
        let row = row.map_err(|error| source.told(READING, &error))?;
        parcel.extend_from_slice(&row);
        rows += 1;
        if parcel.len() >= PARCEL {
            let bytes = parcel.len() as u64;
            pace.let_through(bytes).await;
            to.feed(parcel.split().freeze()).await.map_err(|error| target.told(WRITING, &error))?;
            meter.add(rows, bytes);
            rows = 0;
            parcel.reserve(2 * PARCEL);
        }
    }
    let bytes = parcel.len() as u64;
    pace.let_through(bytes).await;
    if bytes > 0 {
        to.feed(parcel.freeze()).await.map_err(|error| target.told(WRITING, &error))?;
    }
    meter.add(rows, bytes);
    let arrived = to.finish().await.map_err(|error| target.told(WRITING, &error))?;
    target.run(WRITING, "COMMIT").await?;
    Ok(arrived)
}
