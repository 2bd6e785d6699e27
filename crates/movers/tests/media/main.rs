//! Media on the move, between folders and against real servers that speak S3.

mod buckets;
mod folders;
mod ground;
mod lists;
mod outside;
mod refusals;
