//! `examples/chart`, carried in the program: the chart to write for where nobody names another.

use chart::{Chart, ChartError};

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../../../examples/chart/", $path)))),*]
    };
}

/// Every file of the chart by its path below it.
const FILES: &[(&str, &[u8])] = files![
    "Chart.yaml",
    "templates/NOTES.txt",
    "templates/_credentials.tpl",
    "templates/_names.tpl",
    "templates/_pods.tpl",
    "templates/_service.tpl",
    "templates/_settings.tpl",
    "templates/accounts.yaml",
    "templates/claims.yaml",
    "templates/httproute.yaml",
    "templates/ingress.yaml",
    "templates/jobs.yaml",
    "templates/secrets.yaml",
    "templates/settings.yaml",
    "templates/sidekiq.yaml",
    "templates/streaming.yaml",
    "templates/web.yaml",
    "values.yaml",
];

/// The chart.
///
/// # Errors
/// None that the tests would let through.
pub(super) fn example() -> Result<Chart, ChartError> {
    let files = FILES.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec()));
    Chart::from_memory(files, "examples/chart")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use camino::Utf8Path;

    use super::*;

    fn walk(folder: &Utf8Path, below: &str, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in folder.join(below).read_dir_utf8().expect("a folder") {
            let entry = entry.expect("an entry");
            let path = if below.is_empty() {
                entry.file_name().to_owned()
            } else {
                format!("{below}/{}", entry.file_name())
            };
            if entry.path().is_dir() {
                walk(folder, &path, found);
            } else {
                found.insert(path, std::fs::read(entry.path()).expect("a file"));
            }
        }
    }

    #[test]
    fn the_program_carries_the_whole_example_chart() {
        let mut found = BTreeMap::new();
        walk(&Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/chart"), "", &mut found);
        let carried: BTreeMap<String, Vec<u8>> =
            FILES.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect();
        assert!(carried == found, "{:?} are not {:?}", carried.keys(), found.keys());
        assert_eq!(example().expect("a chart").metadata.name, "mastodon");
    }
}
