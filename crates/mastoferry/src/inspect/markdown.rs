//! A page as Markdown, to be pasted into an issue.

use std::fmt::Write as _;

use super::page::{Body, Cell, LIST, Page, Remark, Table, Weight};
use super::text::printable;
use crate::words::Words;

/// So many places are named at a remark; the rest is counted.
const PLACES: usize = 12;

/// The page.
pub(crate) fn markdown(page: &Page, words: &Words) -> String {
    let mut text = format!("# {}\n\n{}\n", plain(&page.title), plain(&page.lead));
    for chapter in &page.chapters {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n## {}\n\n", chapter.title);
        match &chapter.body {
            Body::Table(table) => text += &tabular(table),
            Body::Remarks(remarks) => remarks.iter().for_each(|remark| text += &item(remark, words)),
            Body::Sentence(sentence) => {
                let _ = writeln!(text, "{}", plain(sentence));
            }
        }
    }
    text
}

fn tabular(table: &Table) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let is_number =
        |column: usize| table.rows.iter().any(|row| matches!(row.get(column), Some(Cell::Number(_))));
    let rule = (0..table.heads.len()).map(|column| if is_number(column) { "---:" } else { "---" }.to_owned());
    let mut text = line(table.heads.iter().map(|head| plain(head)).collect()) + &line(rule.collect());
    for row in &table.rows {
        text += &line(row.iter().map(shown).collect());
    }
    text
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Words(text) | Cell::Number(text) => plain(text),
        Cell::Verbatim(text) if text.is_empty() => String::new(),
        Cell::Verbatim(text) => code(text),
        Cell::List(items) => items.iter().map(|item| code(item)).collect::<Vec<_>>().join(LIST),
    }
}

fn item(remark: &Remark, words: &Words) -> String {
    let mut text = plain(&remark.text);
    if remark.weight == Weight::Gap {
        text = format!("**{text}**");
    }
    if !remark.places.is_empty() {
        let places: Vec<String> =
            remark.named_places(PLACES, words).iter().map(|place| code(place)).collect();
        let places = places.join(LIST);
        text = words.tell("inspect-remark-at", &[("remark", &text), ("places", &places)]);
    }
    if let Some(remedy) = &remark.remedy {
        let _ = write!(text, "<br>{}", plain(&words.tell("inspect-remedy", &[("remedy", remedy)])));
    }
    format!("- {text}\n")
}

/// Text in which nothing is markup, mention or table.
fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in printable(text).chars() {
        match character {
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' => shown.extend(['\\', character]),
            // A person of that name would be told.
            '@' => shown.push_str("&#64;"),
            _ => shown.push(character),
        }
    }
    shown
}

/// A code span: fenced by more backticks than stand in it, and without what would end the table's cell.
fn code(text: &str) -> String {
    let text = printable(text).replace('|', "\\|");
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_a_source_are_neither_markup_nor_table_nor_mention() {
        assert_eq!(plain("<b>@all *x* a|b\n"), "&lt;b&gt;&#64;all \\*x\\* a\\|b\\\\n");
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("a``b`"), "``` a``b` ```");
    }
}
