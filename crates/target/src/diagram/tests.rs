//! No name can leave its label.

use proptest::prelude::*;

use super::{Diagram, End, Look};

fn drawn(names: &[String]) -> Diagram {
    let mut diagram = Diagram::default();
    let outer = diagram.group(names[0].clone(), None);
    let inner = diagram.group(names[1].clone(), Some(outer));
    diagram.group("nothing stands here", None);
    let door = diagram.shape(Look::Door, vec![names[2].clone()], None);
    let part = diagram.shape(Look::Part, vec![names[3].clone(), names[4].clone()], Some(inner));
    let store = diagram.shape(Look::Store, vec![names[3].clone()], Some(outer));
    diagram.arrow(End::Shape(door), End::Shape(part), vec![names[5].clone()], false);
    diagram.arrow(End::Group(inner), End::Shape(store), Vec::new(), true);
    diagram
}

/// The text with what stands between quotes taken out, a backslash keeping the next character from ending it.
fn skeleton(text: &str) -> String {
    let (mut bare, mut quoted, mut escaped) = (String::new(), false, false);
    for character in text.chars() {
        match character {
            '\n' => bare.push('\n'),
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if !quoted => bare.push(character),
            _ => {}
        }
    }
    assert!(!quoted, "{text}");
    bare
}

/// What is neither letter, digit nor underscore: all that identifiers do not hold.
fn marks(line: &str) -> String {
    line.chars().filter(|character| !character.is_ascii_alphanumeric() && *character != '_').collect()
}

proptest! {
    #[test]
    fn whatever_the_names_are_the_same_statements_are_written(
        names in prop::collection::vec("\\PC*|[\"\\\\$#;<>{}|\n\r`%&:\\[\\]()a]*", 6)
    ) {
        let plain = drawn(&["a", "b", "c", "d", "e", "f"].map(str::to_owned));
        let named = drawn(&names);
        for (plain, named) in [(plain.d2(), named.d2()), (plain.mermaid(), named.mermaid())] {
            prop_assert_eq!(plain.lines().count(), named.lines().count());
            let (plain, named) = (skeleton(&plain), skeleton(&named));
            for (plain, named) in plain.lines().zip(named.lines()) {
                prop_assert_eq!(marks(plain), marks(named));
            }
        }
    }
}

#[test]
fn the_same_diagram_gives_the_same_text_and_empty_frames_are_left_out() {
    let names = ["end", "日本語", "style", "a b", "", "x"].map(str::to_owned);
    assert_eq!(drawn(&names).d2(), drawn(&names).d2());
    assert!(!drawn(&names).mermaid().contains("nothing stands here"));
    assert!(drawn(&names).mermaid().contains("日本語"));
}

#[test]
fn things_of_one_name_are_told_apart() {
    let mut diagram = Diagram::default();
    for _ in 0..3 {
        diagram.shape(Look::Store, vec!["Redis".to_owned()], None);
    }
    let text = diagram.mermaid();
    for identifier in ["store_redis[", "store_redis_2[", "store_redis_3["] {
        assert!(text.contains(identifier), "{text}");
    }
}
