//! What is shown of the samples.

use std::process::Command;

use source::{Form, SourceRef};

use super::{View, diagram, json, markdown, page, sample, text};
use crate::problem::Problem;
use crate::words::{Language, Words};

/// Looks at a sample in a language.
fn look<T>(
    sample: &(source::Sourced, installation::Installation),
    language: Language,
    tell: impl Fn(&View<'_>) -> T,
) -> T {
    let words = Words::new(language);
    let (sourced, installation) = sample;
    let source: SourceRef = "social.yaml".parse().expect("a path");
    let gaps = sourced.unread.iter();
    let unread: Vec<Problem> =
        gaps.map(|gap| crate::explain::unread(&words, &source, gap, &sourced.files)).collect();
    tell(&View { sourced, installation, unread: &unread, words: &words })
}

#[test]
fn the_page_tells_everything() {
    let sample = sample::everything();
    insta::assert_snapshot!("text_en", look(&sample, Language::En, |view| text(&page(view), view.words)));
    insta::assert_snapshot!("text_ja", look(&sample, Language::Ja, |view| text(&page(view), view.words)));
    insta::assert_snapshot!(
        "markdown_en",
        look(&sample, Language::En, |view| markdown(&page(view), view.words))
    );
    insta::assert_snapshot!(
        "markdown_ja",
        look(&sample, Language::Ja, |view| markdown(&page(view), view.words))
    );
}

#[test]
fn json_tells_everything_by_stable_names() {
    insta::assert_snapshot!(look(&sample::everything(), Language::En, |view| format!("{:#}", json(view))));
}

#[test]
fn the_diagrams_show_everything() {
    let sample = sample::everything();
    insta::assert_snapshot!("diagram_d2", look(&sample, Language::En, |view| diagram(view).d2()));
    insta::assert_snapshot!(
        "diagram_mermaid_ja",
        look(&sample, Language::Ja, |view| diagram(view).mermaid())
    );
}

#[test]
fn no_form_shows_a_secret() {
    let sample = sample::everything();
    for language in [Language::En, Language::Ja] {
        let shown = look(&sample, language, |view| {
            let page = page(view);
            let objects = super::objects(&mut view.sourced.objects.clone(), view.sourced.normalised.as_ref())
                .expect("objects can be written");
            [
                text(&page, view.words),
                markdown(&page, view.words),
                json(view).to_string(),
                diagram(view).d2(),
                diagram(view).mermaid(),
                objects,
            ]
        });
        for form in shown {
            assert!(!form.contains("never-shown"), "{form}");
        }
    }
}

#[test]
fn text_keeps_to_a_hundred_columns_and_moves_no_cursor() {
    for language in [Language::En, Language::Ja] {
        let shown = look(&sample::hostile(), language, |view| text(&page(view), view.words));
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
        for line in shown.lines().filter(|line| line.starts_with("  ")) {
            let mut alone = comfy_table::Table::new();
            alone.add_row([line]);
            assert!(alone.column_max_content_widths()[0] <= 100, "{line}");
        }
    }
}

#[test]
fn compose_is_spoken_of_in_its_own_words() {
    let mut sample = sample::everything();
    sample.0.form = Form::Compose;
    let shown = look(&sample, Language::En, |view| text(&page(view), view.words));
    assert!(shown.contains("service sidekiq-default") && !shown.contains("Deployment/"), "{shown}");
    let shown = look(&sample, Language::En, |view| json(view)["components"][0]["workload"].clone());
    assert_eq!(shown, "service/web");
}

#[test]
fn the_real_tools_draw_the_diagrams_whatever_is_in_the_names() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, sample) in [("everything", sample::everything()), ("hostile", sample::hostile())] {
        for (tool, input, output) in [("d2", "", ""), ("mmdc", "-i", "-o")] {
            let text = look(&sample, Language::Ja, |view| match tool {
                "d2" => diagram(view).d2(),
                _ => diagram(view).mermaid(),
            });
            let (from, to) = (
                folder.path().join(format!("{name}.{tool}")),
                folder.path().join(format!("{name}.{tool}.svg")),
            );
            std::fs::write(&from, text).expect("the folder can be written to");
            let mut command = Command::new(tool);
            for (option, path) in [(input, &from), (output, &to)] {
                command.args((!option.is_empty()).then_some(option)).arg(path);
            }
            let Ok(done) = command.output() else {
                skipped(tool);
                continue;
            };
            let complaint = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(done.status.success(), "{tool} {name}: {complaint}");
            let drawn = std::fs::read_to_string(&to).expect("the tool has drawn");
            assert!(drawn.contains("sidekiq-scheduler"), "{tool} {name}");
            for code in ["<script>alert", "href=\"javascript", "evil.example/"] {
                assert!(!drawn.contains(code), "{tool} {name}: {code}");
            }
        }
    }
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skipped(tool: &str) {
    eprintln!("SKIPPED: needs `{tool}` on PATH to draw the diagrams");
}
