//! The functions of templates: Go's own, Sprig's and Helm's.
//!
//! Each follows the Go source it stands for, refusals included; the tests compare them with the real `helm`.
//! A chart may name its templates' functions only from here, so `find` is asked while templates are read.

mod call;
mod collection;
mod compare;
mod control;
mod encode;
mod kind;
mod list;
mod merge;
mod moment;
mod number;
mod path;
mod pattern;
mod random;
mod semantic;
mod text;
mod url;
mod words;

pub(crate) use call::{Answer, Call};

/// A function.
pub(crate) type Function = fn(&mut Call<'_>) -> Answer;

/// The function of a name.
pub(crate) fn find(name: &str) -> Option<Function> {
    const ROOMS: [fn(&str) -> Option<Function>; 16] = [
        control::find,
        text::find,
        collection::find,
        list::find,
        encode::find,
        compare::find,
        kind::find,
        number::find,
        words::find,
        merge::find,
        pattern::find,
        moment::find,
        path::find,
        random::find,
        url::find,
        semantic::find,
    ];
    ROOMS.iter().find_map(|room| room(name))
}
