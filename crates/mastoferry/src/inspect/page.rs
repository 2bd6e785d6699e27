//! A page: chapters of tables and remarks, in the reader's words, not yet in any form.

use crate::words::Words;

/// What stands between the items of a list. Names are set apart alike in every language.
pub(super) const LIST: &str = ", ";

/// Something to read in one sitting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// What it is about.
    pub(crate) title: String,
    /// The first line under it.
    pub(crate) lead: String,
    /// The chapters that have something to say.
    pub(crate) chapters: Vec<Chapter>,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chapter {
    /// Its heading.
    pub(crate) title: String,
    /// What stands under it.
    pub(crate) body: Body,
}

/// What a chapter holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// A table.
    Table(Table),
    /// Remarks, one beneath the other.
    Remarks(Vec<Remark>),
    /// A sentence, where there is nothing to list and that is worth saying.
    Sentence(String),
}

/// A table; columns in which nothing stands are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// The columns' headings.
    pub(crate) heads: Vec<String>,
    /// The rows, each as long as the heads.
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Words of ours.
    Words(String),
    /// A name or value as the source has it.
    Verbatim(String),
    /// Several of them.
    List(Vec<String>),
    /// A number, set flush right.
    Number(String),
}

/// Something a person should know, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    /// How grave it is.
    pub(crate) weight: Weight,
    /// What to know.
    pub(crate) text: String,
    /// What to do about it.
    pub(crate) remedy: Option<String>,
    /// Where it is written (`file:line`), and what there, where that is not said yet.
    pub(crate) places: Vec<String>,
}

impl Remark {
    /// The places, but no more than so many; then how many more there are.
    pub(super) fn named_places(&self, most: usize, words: &Words) -> Vec<String> {
        let mut places = self.places.clone();
        // To count a single one would take the room of naming it.
        if places.len() > most + 1 {
            let more = places.split_off(most).len();
            places.push(words.tell("inspect-more-places", &[("count", &more.to_string())]));
        }
        places
    }
}

/// How grave a remark is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Good to know.
    Note,
    /// A risk.
    Risk,
    /// Something is missing from the picture.
    Gap,
}

impl Cell {
    /// An empty cell.
    pub(crate) fn empty() -> Self {
        Self::Words(String::new())
    }

    /// A name as the source has it, or an empty cell.
    pub(crate) fn maybe(text: Option<impl Into<String>>) -> Self {
        text.map_or_else(Self::empty, |text| Self::Verbatim(text.into()))
    }

    /// Whether nothing stands in it.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Words(text) | Self::Verbatim(text) | Self::Number(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
        }
    }
}

impl Table {
    /// A table without the columns in which nothing stands.
    pub(crate) fn new<const N: usize>(heads: [String; N], rows: Vec<[Cell; N]>) -> Self {
        let used: Vec<bool> = (0..N).map(|column| rows.iter().any(|row| !row[column].is_empty())).collect();
        let heads = heads.into_iter().zip(&used).filter(|(_, used)| **used).map(|(head, _)| head).collect();
        let keep = |row: [Cell; N]| {
            row.into_iter().zip(&used).filter(|(_, used)| **used).map(|(cell, _)| cell).collect()
        };
        Self { heads, rows: rows.into_iter().map(keep).collect() }
    }
}

impl Chapter {
    /// A chapter with a table, if it has rows.
    pub(crate) fn table<const N: usize>(
        title: String,
        heads: [String; N],
        rows: Vec<[Cell; N]>,
    ) -> Option<Self> {
        (!rows.is_empty()).then(|| Self { title, body: Body::Table(Table::new(heads, rows)) })
    }

    /// A chapter with remarks, if there are any; what is said twice is said once, with both places.
    pub(crate) fn remarks(title: String, remarks: Vec<Remark>) -> Option<Self> {
        let mut merged: Vec<Remark> = Vec::new();
        for remark in remarks {
            match merged.iter_mut().find(|said| said.text == remark.text && said.weight == remark.weight) {
                Some(said) => {
                    let new = remark.places.into_iter().filter(|place| !said.places.contains(place));
                    let new: Vec<String> = new.collect();
                    said.places.extend(new);
                }
                None => merged.push(remark),
            }
        }
        (!merged.is_empty()).then_some(Self { title, body: Body::Remarks(merged) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_in_which_nothing_stands_are_left_out() {
        let rows = vec![[Cell::Verbatim("a".to_owned()), Cell::empty()]];
        let table = Table::new(["one".to_owned(), "two".to_owned()], rows);
        assert_eq!(table.heads, ["one"]);
        assert_eq!(table.rows[0].len(), 1);
    }

    #[test]
    fn what_is_said_twice_is_said_once_with_both_places() {
        let remark = |place: &str| Remark {
            weight: Weight::Note,
            text: "old".to_owned(),
            remedy: None,
            places: vec![place.to_owned()],
        };
        let chapter = Chapter::remarks("Notes".to_owned(), vec![remark("a:1"), remark("b:2"), remark("a:1")]);
        let Some(Body::Remarks(remarks)) = chapter.map(|chapter| chapter.body) else { panic!("no remarks") };
        assert_eq!(remarks.len(), 1);
        assert_eq!(remarks[0].places, ["a:1", "b:2"]);
    }
}
