//! The timeline: steps as bars above the curves of traffic, on one time axis.
//!
//! It is drawn twice, for wide pages and for phones, and the style sheet shows one: text in a picture
//! that is merely shrunk could not be read.

use maud::{Markup, html};
use plan::{Action, Plan};

use super::facts::{moment, step_title};
use crate::summary::{Bucket, StepSpan, StepState, Summary};
use crate::words::Words;

/// The measures of one drawing, in its own units.
struct Layout {
    class: &'static str,
    width: f64,
    /// Room at the left for the numbers of the vertical axes.
    left: f64,
    font: f64,
    row: f64,
    bar: f64,
    /// Whether a step's title stands on a line of its own above its bar.
    title_above: bool,
    panel: f64,
    ticks: u64,
    columns: u64,
}

const WIDE: Layout = Layout {
    class: "wide",
    width: 920.0,
    left: 40.0,
    font: 13.0,
    row: 22.0,
    bar: 10.0,
    title_above: false,
    panel: 130.0,
    ticks: 10,
    columns: 440,
};

const NARROW: Layout = Layout {
    class: "narrow",
    width: 340.0,
    left: 30.0,
    font: 11.5,
    row: 25.0,
    bar: 6.0,
    title_above: true,
    panel: 100.0,
    ticks: 4,
    columns: 150,
};

/// Where time lies on the page.
struct Axis {
    left: f64,
    width: f64,
    until_ms: u64,
}

impl Axis {
    fn x(&self, at_ms: u64) -> f64 {
        self.left + at_ms.min(self.until_ms) as f64 * self.width / self.until_ms as f64
    }

    /// Moments for grid lines: at most `count`, a round span apart.
    fn ticks(&self, count: u64) -> Vec<u64> {
        const ROUND_S: [u64; 15] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];
        let step = ROUND_S
            .iter()
            .map(|seconds| seconds * 1000)
            .find(|step| self.until_ms / step <= count)
            .unwrap_or(self.until_ms.max(1));
        (0..=self.until_ms / step).map(|place| place * step).collect()
    }
}

/// Traffic within one column of the curves.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Column {
    from_ms: u64,
    to_ms: u64,
    answered_per_s: f64,
    failed_per_s: f64,
    p99_ms: Option<f64>,
}

/// Gathers buckets into at most about `count` columns.
fn columns(buckets: &[Bucket], until_ms: u64, count: u64) -> Vec<Column> {
    let width = buckets
        .windows(2)
        .map(|pair| pair[1].at_ms.saturating_sub(pair[0].at_ms))
        .filter(|width| *width > 0)
        .min()
        .unwrap_or(100);
    // A run rarely ends on a bucket's edge: the last one, cut short, would look like a dip.
    let buckets = match buckets {
        [whole @ .., last] if last.failed == 0 && !whole.is_empty() => whole,
        all => all,
    };
    let per_column = (until_ms / width).div_ceil(count).max(1) * width;
    let mut columns = Vec::new();
    for group in buckets.chunk_by(|one, next| one.at_ms / per_column == next.at_ms / per_column) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        // By what was recorded, not by the column's width: a run that ends within a column is no dip.
        let seconds = (group.len() as u64 * width) as f64 / 1000.0;
        columns.push(Column {
            from_ms: first.at_ms,
            to_ms: last.at_ms + width,
            answered_per_s: group.iter().map(|bucket| bucket.answered).sum::<u64>() as f64 / seconds,
            failed_per_s: group.iter().map(|bucket| bucket.failed).sum::<u64>() as f64 / seconds,
            p99_ms: group.iter().filter_map(|bucket| bucket.p99_ms).reduce(f64::max),
        });
    }
    columns
}

/// The next round number, for the top of an axis.
fn round_up(value: f64) -> f64 {
    if value <= 1.0 {
        return 1.0;
    }
    let magnitude = 10_f64.powf(value.log10().floor());
    [1.0, 1.2, 1.6, 2.0, 2.4, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|factor| factor * magnitude)
        .find(|top| *top >= value * 0.9999)
        .unwrap_or(magnitude * 10.0)
}

/// How wide a text will be, near enough to keep it off its neighbours.
fn text_width(text: &str, font: f64) -> f64 {
    text.chars().map(|character| if character.is_ascii() { 0.56 } else { 1.0 }).sum::<f64>() * font
}

/// The section with both drawings, the legend and the steps as a table.
pub(super) fn section(summary: &Summary, plan: &Plan, words: &Words) -> Markup {
    let ends = summary.steps.iter().flat_map(|step| [step.ended_ms, step.undo_ended_ms, step.started_ms]);
    let until_ms = ends
        .flatten()
        .chain(summary.buckets.last().map(|bucket| bucket.at_ms + 100))
        .max()
        .unwrap_or(0)
        .max(1000);
    html! {
        section {
            h2 { (words.word("report-timeline")) }
            p { (words.word("report-timeline-lead")) }
            @if summary.buckets.is_empty() {
                p { (words.word("report-no-samples")) }
            }
            figure {
                (drawing(&WIDE, summary, plan, words, until_ms))
                (drawing(&NARROW, summary, plan, words, until_ms))
            }
            (legend(summary, words))
            (table(summary, plan, words))
        }
    }
}

fn drawing(layout: &Layout, summary: &Summary, plan: &Plan, words: &Words, until_ms: u64) -> Markup {
    let axis = Axis { left: layout.left, width: layout.width - layout.left - 8.0, until_ms };
    let title = layout.font * 2.1;
    let shown: Vec<_> = summary.steps.iter().filter(|step| step.started_ms.is_some()).collect();
    let steps_end = title + layout.row * shown.len() as f64;
    let has_traffic = !summary.buckets.is_empty();
    let heading = layout.font * 3.2;
    let requests_top = steps_end + heading;
    let latency_top = requests_top + layout.panel + heading;
    let bottom = if has_traffic { latency_top + layout.panel * 0.75 } else { steps_end };
    let height = bottom + layout.font * 3.4;
    let columns = columns(&summary.buckets, until_ms, layout.columns);
    let id = format!("timeline-{}", layout.class);
    html! {
        svg class=(layout.class) viewBox=(format!("0 0 {} {height:.0}", layout.width)) role="img"
            aria-labelledby=(id) font-size=(layout.font) {
            title id=(id) { (words.word("report-timeline-description")) }
            (under(layout, &axis, summary, title, bottom))
            text.head x="0" y=(layout.font) { (words.word("report-chart-steps")) }
            @for (place, step) in shown.iter().enumerate() {
                (step_row(layout, &axis, step, plan, words, title + layout.row * place as f64))
            }
            @if has_traffic {
                (requests_panel(layout, &axis, &columns, words, requests_top))
                (latency_panel(layout, &axis, &columns, words, latency_top))
            }
            (over(layout, &axis, summary, title, bottom))
            (time_labels(layout, &axis, words, bottom))
        }
    }
}

/// What lies behind everything: grid lines and the span in which users met bad answers.
fn under(layout: &Layout, axis: &Axis, summary: &Summary, top: f64, bottom: f64) -> Markup {
    let window =
        summary.rollback.as_ref().and_then(|rollback| rollback.first_bad_ms.zip(rollback.restored_ms));
    html! {
        @for at in axis.ticks(layout.ticks) {
            @let x = format!("{:.1}", axis.x(at));
            line.grid x1=(x) x2=(x) y1=(format!("{top:.1}")) y2=(format!("{bottom:.1}")) {}
        }
        @if let Some((from, to)) = window {
            rect.window x=(format!("{:.1}", axis.x(from))) y=(format!("{top:.1}"))
                width=(format!("{:.1}", (axis.x(to) - axis.x(from)).max(1.0)))
                height=(format!("{:.1}", bottom - top)) {}
        }
    }
}

/// What lies above everything: the moments at which a rule was broken.
fn over(layout: &Layout, axis: &Axis, summary: &Summary, top: f64, bottom: f64) -> Markup {
    html! {
        @for breach in &summary.breaches {
            @let x = format!("{:.1}", axis.x(breach.at_ms));
            line.breach x1=(x) x2=(x) y1=(format!("{:.1}", top - layout.font * 0.4)) y2=(format!("{bottom:.1}")) {
                title { (breach.rule) " " (moment(breach.at_ms)) }
            }
        }
    }
}

/// Whether users or queues pass over in a step, so that it deserves the eye.
fn moves_users(id: &str, plan: &Plan) -> bool {
    plan.steps.iter().any(|step| {
        step.id.0 == id
            && matches!(
                step.action,
                Action::OpenOverlap { .. }
                    | Action::ShiftPods(_)
                    | Action::ShiftWeights { .. }
                    | Action::ShowPage(_)
                    | Action::HidePage(_)
                    | Action::CloseOverlap { .. }
                    | Action::DrainQueues { .. }
                    | Action::StartQueues { .. }
            )
    })
}

fn step_row(layout: &Layout, axis: &Axis, step: &StepSpan, plan: &Plan, words: &Words, top: f64) -> Markup {
    let Some(started) = step.started_ms else { return html! {} };
    let until = step.ended_ms.unwrap_or(step.undo_started_ms.unwrap_or(axis.until_ms));
    let bar = (axis.x(started), axis.x(until).max(axis.x(started) + 3.0));
    let undo = step.undo_started_ms.map(|from| {
        let x = axis.x(from);
        (x, axis.x(step.undo_ended_ms.unwrap_or(axis.until_ms)).max(x + 3.0))
    });
    let title = step_title(&step.id, plan, words);
    let took = words.span_ms(until.saturating_sub(started));
    let (text_x, anchor) = title_place(layout, axis, &title, bar, undo);
    let bar_top = if layout.title_above {
        top + layout.row - layout.bar - 3.0
    } else {
        top + layout.row / 2.0 - layout.bar / 2.0
    };
    let text_y = if layout.title_above {
        top + layout.font * 0.95
    } else {
        top + layout.row / 2.0 + layout.font * 0.36
    };
    let class = match step.state {
        StepState::Failed => "bad",
        _ if moves_users(&step.id, plan) => "users",
        _ => "step",
    };
    let rect = |class: &str, (from, to): (f64, f64)| {
        html! {
            rect class=(class) x=(format!("{from:.1}")) y=(format!("{bar_top:.1}"))
                width=(format!("{:.1}", to - from)) height=(layout.bar) rx="1.5" {}
        }
    };
    html! {
        g {
            title { (title) " · " (took) }
            (rect(class, bar))
            @if let Some(undo) = undo { (rect("undo", undo)) }
            text x=(format!("{text_x:.1}")) y=(format!("{text_y:.1}")) text-anchor=(anchor) { (title) }
        }
    }
}

/// Where a step's title fits beside its bars: its left or right end, and which of the two.
fn title_place(
    layout: &Layout,
    axis: &Axis,
    title: &str,
    bar: (f64, f64),
    undo: Option<(f64, f64)>,
) -> (f64, &'static str) {
    const GAP: f64 = 6.0;
    let width = text_width(title, layout.font);
    let right_edge = axis.left + axis.width + 8.0;
    if layout.title_above {
        return if bar.0 + width <= right_edge { (bar.0, "start") } else { (right_edge, "end") };
    }
    let between_end = undo.map_or(right_edge, |undo| undo.0 - GAP);
    if bar.1 + GAP + width <= between_end {
        return (bar.1 + GAP, "start");
    }
    if let Some(undo) = undo
        && undo.1 + GAP + width <= right_edge
    {
        return (undo.1 + GAP, "start");
    }
    if bar.0 - GAP - width >= 0.0 { (bar.0 - GAP, "end") } else { (bar.1 + GAP, "start") }
}

/// The frame of a panel: its heading and the numbers of its vertical axis.
fn frame(
    layout: &Layout,
    axis: &Axis,
    heading: &str,
    top: f64,
    height: f64,
    peak: f64,
    words: &Words,
) -> Markup {
    let right = format!("{:.1}", axis.left + axis.width);
    html! {
        text.head x="0" y=(format!("{:.1}", top - layout.font * 1.15)) { (heading) }
        @for (share, class) in [(0.0, "base"), (0.5, "grid"), (1.0, "grid")] {
            @let y = top + height * (1.0 - share);
            line class=(class) x1=(format!("{:.1}", axis.left)) x2=(right)
                y1=(format!("{y:.1}")) y2=(format!("{y:.1}")) {}
            text.quiet x=(format!("{:.1}", axis.left - 6.0)) y=(format!("{:.1}", y + layout.font * 0.36))
                text-anchor="end" font-size=(format!("{:.1}", layout.font * 0.88)) { (words.measure(peak * share)) }
        }
    }
}

fn requests_panel(layout: &Layout, axis: &Axis, columns: &[Column], words: &Words, top: f64) -> Markup {
    let height = layout.panel;
    let peak = round_up(
        columns.iter().map(|column| column.answered_per_s.max(column.failed_per_s)).fold(0.0, f64::max),
    );
    let y = |rate: f64| top + height * (1.0 - rate / peak);
    let floor = top + height;
    let mut edge = String::new();
    for column in columns {
        let y = y(column.answered_per_s);
        let start = if edge.is_empty() { 'M' } else { 'L' };
        edge += &format!("{start}{:.1} {y:.1}L{:.1} {y:.1}", axis.x(column.from_ms), axis.x(column.to_ms));
    }
    let first = columns.first().map_or(0.0, |column| axis.x(column.from_ms));
    let last = columns.last().map_or(0.0, |column| axis.x(column.to_ms));
    html! {
        path.area d=(format!("{edge}L{last:.1} {floor:.1}L{first:.1} {floor:.1}Z")) {}
        (frame(layout, axis, &words.word("report-chart-requests"), top, height, peak, words))
        path.line d=(edge) {}
        @for column in columns.iter().filter(|column| column.failed_per_s > 0.0) {
            // A single failed request must be seen, however many were answered.
            @let top = y(column.failed_per_s).min(floor - 4.0);
            rect.bad x=(format!("{:.1}", axis.x(column.from_ms))) y=(format!("{top:.1}"))
                width=(format!("{:.1}", (axis.x(column.to_ms) - axis.x(column.from_ms)).max(1.5)))
                height=(format!("{:.1}", floor - top)) {}
        }
    }
}

fn latency_panel(layout: &Layout, axis: &Axis, columns: &[Column], words: &Words, top: f64) -> Markup {
    let height = layout.panel * 0.75;
    let peak = round_up(columns.iter().filter_map(|column| column.p99_ms).fold(0.0, f64::max));
    let mut line = String::new();
    let mut broken = true;
    for column in columns {
        let Some(latency) = column.p99_ms else {
            broken = true;
            continue;
        };
        let x = axis.x(column.from_ms.midpoint(column.to_ms));
        let y = top + height * (1.0 - latency / peak);
        line += &format!("{}{x:.1} {y:.1}", if broken { 'M' } else { 'L' });
        broken = false;
    }
    html! {
        (frame(layout, axis, &words.word("report-chart-latency"), top, height, peak, words))
        path.line d=(line) {}
    }
}

fn time_labels(layout: &Layout, axis: &Axis, words: &Words, bottom: f64) -> Markup {
    let y = format!("{:.1}", bottom + layout.font * 1.4);
    html! {
        @for at in axis.ticks(layout.ticks) {
            @let seconds = at / 1000;
            text.quiet x=(format!("{:.1}", axis.x(at))) y=(y) text-anchor="middle"
                font-size=(format!("{:.1}", layout.font * 0.88)) {
                (seconds / 60) ":" (format!("{:02}", seconds % 60))
            }
        }
        text.quiet x=(format!("{:.1}", axis.left + axis.width)) y=(format!("{:.1}", bottom + layout.font * 2.8))
            text-anchor="end" font-size=(format!("{:.1}", layout.font * 0.88)) { (words.word("report-chart-time")) }
    }
}

fn legend(summary: &Summary, words: &Words) -> Markup {
    let block = |class: &str| html! { rect class=(class) x="0.5" y="1.5" width="15" height="9" rx="1.5" {} };
    let entry = |mark: Markup, id: &str| {
        html! {
            li { svg viewBox="0 0 16 12" aria-hidden="true" { (mark) } (words.word(id)) }
        }
    };
    let undone = summary.steps.iter().any(|step| step.undo_started_ms.is_some());
    html! {
        ul.legend {
            (entry(block("step"), "report-legend-step"))
            (entry(block("users"), "report-legend-users"))
            @if undone { (entry(block("undo"), "report-legend-undo")) }
            @if summary.traffic.failed > 0 { (entry(block("bad"), "report-legend-failed")) }
            @if summary.rollback.as_ref().is_some_and(|rollback| rollback.first_bad_ms.is_some()) {
                (entry(block("window"), "report-legend-window"))
            }
            @if !summary.breaches.is_empty() {
                (entry(html! { line.breach x1="8" x2="8" y1="0" y2="12" {} }, "report-legend-breach"))
            }
        }
    }
}

fn table(summary: &Summary, plan: &Plan, words: &Words) -> Markup {
    let span = |from: Option<u64>, to: Option<u64>| {
        from.zip(to).map_or_else(|| "–".to_owned(), |(from, to)| words.span_ms(to.saturating_sub(from)))
    };
    let undone = summary.steps.iter().any(|step| step.undo_started_ms.is_some());
    html! {
        details {
            summary { (words.word("report-steps-table")) }
            table.parts {
                thead {
                    tr {
                        th scope="col" { (words.word("report-step")) }
                        th.number scope="col" { (words.word("report-step-start")) }
                        th.number scope="col" { (words.word("report-step-took")) }
                        @if undone { th.number.spare scope="col" { (words.word("report-step-undo")) } }
                        th scope="col" { (words.word("report-step-state")) }
                    }
                }
                tbody {
                    @for step in &summary.steps {
                        tr {
                            th scope="row" { (step_title(&step.id, plan, words)) }
                            td.number { (step.started_ms.map_or_else(|| "–".to_owned(), moment)) }
                            td.number { (span(step.started_ms, step.ended_ms)) }
                            @if undone {
                                td.number.spare { (span(step.undo_started_ms, step.undo_ended_ms)) }
                            }
                            td { (words.word(&format!("step-state-{}", step.state.name()))) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::sample;
    use crate::words::Language;

    fn bucket(at_ms: u64, answered: u64, failed: u64) -> Bucket {
        Bucket { at_ms, answered, failed, p99_ms: None }
    }

    #[test]
    fn columns_keep_rates_and_never_lose_a_failure() {
        let buckets: Vec<_> =
            (0..1000).map(|place| bucket(place * 100, 50, u64::from(place == 777))).collect();
        let columns = columns(&buckets, 100_000, 100);
        assert_eq!(columns.len(), 100);
        assert!(columns.iter().all(|column| (column.answered_per_s - 500.0).abs() < 1e-9));
        assert_eq!(columns.iter().filter(|column| column.failed_per_s > 0.0).count(), 1);
    }

    #[test]
    fn a_column_cut_short_by_the_end_is_no_dip() {
        let mut buckets: Vec<_> = (0..15).map(|place| bucket(place * 100, 50, 0)).collect();
        buckets.push(bucket(1500, 7, 0));
        let columns = columns(&buckets, 1600, 2);
        let last = columns.last().expect("there are columns");
        assert!((last.answered_per_s - 500.0).abs() < 1e-9);
    }

    #[test]
    fn axes_end_at_round_numbers() {
        for (value, top) in [(0.0, 1.0), (500.0, 500.0), (503.0, 600.0), (7.9, 8.0), (43.0, 50.0)] {
            assert!((round_up(value) - top).abs() < 1e-9, "{value} → {}", round_up(value));
        }
        let axis = Axis { left: 0.0, width: 100.0, until_ms: 36_000 };
        assert_eq!(axis.ticks(4), [0, 10_000, 20_000, 30_000]);
    }

    #[test]
    fn a_single_failed_request_is_drawn_high_enough_to_see() {
        let mut summary = sample::completed();
        summary.buckets[100].failed = 1;
        let page = section(&summary, &sample::plan(), &Words::new(Language::En)).into_string();
        assert_eq!(page.matches("<rect class=\"bad\"").count(), 2, "once in each drawing");
        assert!(page.contains("height=\"4.0\""));
    }
}
