//! A page as text for a terminal of a hundred columns, aligned by the width of characters.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Width, presets};

use super::page::{Body, Cell, LIST, Page, Remark, Table, Weight};
use crate::words::Words;

/// Columns of the terminal that is written for.
const COLUMNS: u16 = 100;
/// Stands where a line may be broken; it has no width, and is taken out at the end.
const BREAK: char = '\u{200b}';
/// So many places are named at a remark; the rest is counted.
const PLACES: usize = 4;
/// What comfy-table sets around each cell's text.
const PADDING: u16 = 2;
/// A column that is too wide for the line is not made narrower than this.
const NARROWEST: u16 = 12;
/// A column of words is not made narrower than this while names need not be broken.
const READABLE: u16 = 18;

/// The page.
pub(crate) fn text(page: &Page, words: &Words) -> String {
    let mut text = format!("{}\n{}\n", printable(&page.title), printable(&page.lead));
    for chapter in &page.chapters {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{}\n", chapter.title);
        match &chapter.body {
            Body::Table(table) => text += &laid_out(&tabular(table)),
            Body::Remarks(remarks) => text += &laid_out(&listed(remarks, words)),
            Body::Sentence(sentence) => {
                let _ = writeln!(text, "  {sentence}");
            }
        }
    }
    text
}

/// What a terminal shows as it stands: characters that would move the cursor, colour the screen or turn the writing
/// around are spelt out.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let turns = matches!(character, '\u{200b}' | '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if turns || character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

fn bare() -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_delimiter(BREAK);
    table
}

/// Marks where a line may be broken: after blanks, and between characters of Chinese and Japanese except where their
/// rules forbid it.
fn breakable(text: &str) -> String {
    let is_cjk = |character: char| ('\u{2e80}'..='\u{ffef}').contains(&character);
    let mut marked = String::with_capacity(text.len());
    let mut before: Option<char> = None;
    for character in text.chars() {
        let after_blank = before == Some(' ') && character != ' ';
        let after_cjk = before.is_some_and(|before| is_cjk(before) || is_cjk(character));
        let forbidden = character == ' '
            || "、。，．」』）】〉》・：；？！ーぁぃぅぇぉっゃゅょァィゥェォッャュョ)],.:;?!"
                .contains(character)
            || before.is_some_and(|before| "「『（【〈《([".contains(before));
        if after_blank || (after_cjk && !forbidden) {
            marked.push(BREAK);
        }
        marked.push(character);
        before = Some(character);
    }
    marked
}

/// Marks where a name may be broken if it must: after what joins its parts.
fn breakable_name(name: &str) -> String {
    let mut marked = String::with_capacity(name.len());
    for character in name.chars() {
        marked.push(character);
        if matches!(character, '/' | '-' | ':' | '@') {
            marked.push(BREAK);
        }
    }
    marked
}

fn tabular(table: &Table) -> comfy_table::Table {
    let mut laid = bare();
    laid.set_header(table.heads.iter().map(|head| printable(head)));
    for row in &table.rows {
        laid.add_row(row.iter().map(shown));
    }
    for (index, column) in laid.column_iter_mut().enumerate() {
        if table.rows.iter().any(|row| matches!(row.get(index), Some(Cell::Number(_)))) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    laid
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Number(text) => printable(text),
        // A short name is kept whole (`service web`); a command line may be broken.
        Cell::Verbatim(text) if text.len() <= 40 || !text.contains(' ') => breakable_name(&printable(text)),
        Cell::Words(text) | Cell::Verbatim(text) => breakable(&printable(text)),
        Cell::List(items) => {
            let items: Vec<String> = items.iter().map(|item| printable(item)).collect();
            breakable(&items.join(LIST))
        }
    }
}

fn listed(remarks: &[Remark], words: &Words) -> comfy_table::Table {
    let mut laid = bare();
    for remark in remarks {
        let mark = match remark.weight {
            Weight::Note => "·",
            Weight::Risk => "!",
            Weight::Gap => "×",
        };
        laid.add_row([mark.to_owned(), breakable(&printable(&sentence(remark, words)))]);
        if let Some(remedy) = &remark.remedy {
            let remedy = words.tell("inspect-remedy", &[("remedy", remedy)]);
            laid.add_row([String::new(), breakable(&printable(&remedy))]);
        }
    }
    laid
}

/// What to know, and where it is written.
fn sentence(remark: &Remark, words: &Words) -> String {
    match remark.named_places(PLACES, words) {
        places if places.is_empty() => remark.text.clone(),
        places => {
            words.tell("inspect-remark-at", &[("remark", &remark.text), ("places", &places.join(LIST))])
        }
    }
}

/// The table's text within the columns of the terminal: what can be broken at blanks gives way first, widest first;
/// only then names.
fn laid_out(table: &comfy_table::Table) -> String {
    let mut table = table.clone();
    let mut widths = table.column_max_content_widths();
    let by_word: Vec<u16> = words_beneath(&table).iter().map(|word| (*word).max(READABLE)).collect();
    narrow(&mut widths, &by_word);
    narrow(&mut widths, &vec![NARROWEST; by_word.len()]);
    for (column, width) in table.column_iter_mut().zip(widths) {
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width + PADDING)));
    }
    table.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, " {}", line.replace(BREAK, "").trim_end());
        text
    })
}

/// Takes from the widest column until the line fits, none becoming narrower than its least width.
fn narrow(widths: &mut [u16], least: &[u16]) {
    while widths.iter().map(|width| width.saturating_add(PADDING)).fold(0, u16::saturating_add) > COLUMNS {
        let above_least = widths.iter_mut().zip(least).filter(|(width, least)| **width > **least);
        let Some((widest, _)) = above_least.max_by_key(|(width, _)| **width) else { break };
        *widest -= 1;
    }
}

/// The width of each column's longest word, names unbroken.
fn words_beneath(table: &comfy_table::Table) -> Vec<u16> {
    let (blank, mut broken) = (format!(" {BREAK}"), bare());
    for row in table.header().into_iter().chain(table.row_iter()) {
        broken.add_row(row.cell_iter().map(|cell| cell.content().replace(&blank, "\n")));
    }
    broken.column_max_content_widths()
}
