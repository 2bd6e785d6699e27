//! Media on the move, between folders and against real servers that speak S3.

mod buckets;
mod folders;
#[allow(dead_code, reason = "shared with the sweep, which also kills servers")]
mod ground;
mod lists;
#[path = "../machine/mod.rs"]
#[expect(dead_code, reason = "others fill disks")]
mod machine;
mod outside;
mod refusals;
