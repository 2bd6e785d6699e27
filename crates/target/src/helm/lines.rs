//! What each chart writes into the ConfigMap `<release>-env` and the `env` of its containers, seen from the variables.
//!
//! Shapes (`installation::chart`) say what a chart makes of values; these tables say where a setting must be put so that
//! the chart makes it. Tests hold both against `helm template`.

mod chart;
mod component;
mod helm_charts;

use installation::chart::OfficialChart;

use super::model::Why;

/// When a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Always, with the value as text.
    Always,
    /// Always, with the value as text, or this text where it is empty.
    Or(&'static str),
    /// Where the value is neither empty, zero, false nor null.
    Filled,
    /// As the text `true`, where the value is true.
    True,
    /// As `true` or `false`, always.
    Either,
    /// As this text, always.
    Fixed(&'static str),
}

/// A line: the variable, the switch that its section hangs on (empty for none), the key that it takes its text from, and
/// when it is written.
pub(crate) type Line = (&'static str, &'static str, &'static str, When);

/// How the key in a Secret is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyPlace {
    /// A value names it.
    Named(&'static str),
    /// It cannot be chosen.
    Fixed(&'static str),
    /// The Secret is taken whole: the key is called like the variable.
    Whole,
}

/// A variable that the chart takes from a Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SecretLine {
    /// The variable.
    pub(crate) variable: &'static str,
    /// The switch that its section hangs on, empty for none.
    pub(crate) switch: &'static str,
    /// The value that names the Secret.
    pub(crate) holder: &'static str,
    /// Where the key stands.
    pub(crate) key: KeyPlace,
    /// The components that get it: `w`, `s`, `n`.
    pub(crate) readers: &'static str,
    /// Whether the chart refuses, or makes a Secret of its own, where the holder is empty.
    pub(crate) demanded: bool,
}

/// A switch that is off wherever one moves to this chart, and why.
pub(crate) type Decision = (&'static str, Why);

/// Everything that the writer knows of one chart.
#[derive(Debug)]
pub(crate) struct Lines {
    /// The ConfigMap that web, streaming and Sidekiq share.
    pub(crate) shared: &'static [Line],
    /// Lines of it without quotes: a number or a truth value there makes a ConfigMap that is refused.
    pub(crate) unquoted: &'static [&'static str],
    /// Lines of it that are made a whole number.
    pub(crate) numbers: &'static [&'static str],
    /// What stands first in web's `env`.
    pub(crate) web_first: &'static [Line],
    /// What stands in web's `env` behind the secrets.
    pub(crate) web_last: &'static [Line],
    /// What streaming's `env` says.
    pub(crate) streaming: &'static [Line],
    /// What Sidekiq's `env` says.
    pub(crate) sidekiq: &'static [Line],
    /// Variables from Secrets, in the order in which web and Sidekiq list them.
    pub(crate) secrets: &'static [SecretLine],
    /// Variables that switch a section of the values on; all others of the section need it.
    pub(crate) switches: &'static [(&'static str, &'static str)],
    /// Mappings that the templates walk into where the switch is on: without them the chart does not render.
    pub(crate) mappings: &'static [(&'static str, &'static str)],
    /// Switches that are off.
    pub(crate) decisions: &'static [Decision],
    /// The values that name the claims for assets and media.
    pub(crate) claims: [&'static str; 2],
    /// Where web's, Sidekiq's and streaming's own variables go, if anywhere.
    pub(crate) own_variables: [Option<&'static str>; 3],
}

impl Lines {
    /// The tables of a chart.
    pub(crate) fn of(chart: OfficialChart) -> &'static Self {
        match chart {
            OfficialChart::HelmCharts => &helm_charts::LINES,
            OfficialChart::Chart => &chart::LINES,
        }
    }

    /// The lines of a component's own `env`, by its letter.
    pub(crate) fn own(&self, letter: char) -> impl Iterator<Item = &'static Line> {
        let lists = match letter {
            'w' => [self.web_first, self.web_last],
            'n' => [self.streaming, &[]],
            _ => [self.sidekiq, &[]],
        };
        lists.into_iter().flatten()
    }

    /// Where a component's own variables go, by its letter.
    pub(crate) fn own_variables(&self, letter: char) -> Option<&'static str> {
        self.own_variables[match letter {
            'w' => 0,
            'n' => 2,
            _ => 1,
        }]
    }
}
