//! Every function by its name.

use super::{
    Answer, Call, collection, compare, control, encode, kind, list, merge, moment, number, path, pattern,
    random, semantic, text, url, words,
};

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
