//! Bodies in Kubernetes' Protobuf form, which clients with types of their own send: `kubectl create`, `kubectl auth`,
//! `kubectl drain`, `helm`. They are turned into JSON at the door; answers are always JSON.

mod body;
mod decode;
mod table;

pub(crate) use body::as_json;
