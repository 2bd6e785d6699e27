//! What a container gets where `env` says a text, secrets in it included.

use installation::{Object, SettingValue, resolve_environment};
use tree::{Node, Value};

/// The value of the `index`th entry of a container's `env`, as the kubelet fills it in: `$(NAME)` by what was set before,
/// `$$` by a dollar. None where it refers to something whose value is not in the source.
pub(crate) fn value(container: &Node, index: usize, objects: &[Object]) -> Option<String> {
    let entry = entries(container).get(index)?;
    let written = entry.get("value")?;
    let text = match written.as_secret() {
        Some(secret) => secret.reveal().to_owned(),
        None => written.as_text()?,
    };
    expand(&text, |name| before(container, index, name, objects))
}

fn entries(container: &Node) -> &[Node] {
    container.get("env").and_then(Node::as_sequence).unwrap_or_default()
}

/// A variable as far as the source tells.
enum Known {
    /// It is set to this.
    Text(String),
    /// It is not set.
    Unset,
    /// It may be set, to what is not in the source.
    Elsewhere,
}

/// What a variable was set to before the `index`th entry.
fn before(container: &Node, index: usize, name: &str, objects: &[Object]) -> Known {
    let earlier = entries(container).get(..index).unwrap_or_default();
    let own = earlier.iter().rposition(|entry| entry.str_at(&["name"]) == Some(name));
    if let Some(own) = own.filter(|own| earlier[*own].get("value").is_some()) {
        return value(container, own, objects).map_or(Known::Elsewhere, Known::Text);
    }
    let mut until = container.clone();
    until.set("env", Value::Sequence(earlier.to_vec()));
    let environment = resolve_environment(&until, objects);
    let Some(setting) = environment.settings.get(name) else {
        return if environment.opaque.is_empty() { Known::Unset } else { Known::Elsewhere };
    };
    match (&setting.value, &setting.held) {
        (SettingValue::Text(text), _) => Known::Text(text.clone()),
        (SettingValue::Sealed(secret), _) | (_, Some(secret)) => Known::Text(secret.reveal().to_owned()),
        _ => Known::Elsewhere,
    }
}

/// Fills references in (Kubernetes, `third_party/forked/golang/expansion`).
fn expand(text: &str, lookup: impl Fn(&str) -> Known) -> Option<String> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else if let Some((name, after)) = after.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            match lookup(name) {
                Known::Text(value) => expanded.push_str(&value),
                Known::Unset => expanded.push_str(&format!("$({name})")),
                Known::Elsewhere => return None,
            }
            rest = after;
        } else {
            expanded.push('$');
            rest = after;
        }
    }
    expanded.push_str(rest);
    Some(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(text: &str) -> Node {
        let mut files = tree::Files::new();
        let file = files.add("container.yaml", text.to_owned());
        let mut node = tree::parse(&files, file).expect("YAML").remove(0);
        for entry in node.get_mut("env").and_then(Node::as_sequence_mut).expect("env") {
            if let Some(value) = entry.get_mut("value") {
                value.seal();
            }
        }
        node
    }

    #[test]
    fn references_are_filled_in_as_the_kubelet_does() {
        let own = container(
            "env:\n- {name: DB_PASS, value: 'made$$up'}\n- {name: HOST, value: db}\n\
             - {name: URL, value: 'u:$(DB_PASS)@$(HOST)/$(LATER)$(NONE)$x$('}\n- {name: LATER, value: 'no'}\n",
        );
        assert_eq!(value(&own, 0, &[]).as_deref(), Some("made$up"));
        assert_eq!(value(&own, 2, &[]).as_deref(), Some("u:made$up@db/$(LATER)$(NONE)$x$("));
    }

    #[test]
    fn what_refers_to_a_secret_elsewhere_is_not_known() {
        let own = container(
            "envFrom: [{secretRef: {name: elsewhere}}]\nenv:\n- {name: URL, value: 'u:$(DB_PASS)@db'}\n- {name: A, value: a}\n",
        );
        assert_eq!(value(&own, 0, &[]), None);
        assert_eq!(value(&own, 1, &[]).as_deref(), Some("a"));
    }
}
