//! A chart of one template, its other files parted by lines `#### path`: nothing panics, and rendering ends.
#![no_main]

use chart::{Capabilities, Chart, Release, Values, render};
use libfuzzer_sys::fuzz_target;
use tree::Files;

fuzz_target!(|text: &str| {
    let root = fuzz::folder(&format!("{text}\n#### Chart.yaml\napiVersion: v2\nname: x\nversion: 1.0.0\n"), "templates/a.yaml");
    let Ok(root) = camino::Utf8PathBuf::from_path_buf(root) else { return };
    let Ok(chart) = Chart::load(&root) else { return };
    let release = Release::new("sea", "harbour");
    if let Err(error) = render(&chart, &Values::new(), &release, &Capabilities::default(), &mut Files::new()) {
        assert!(!error.to_string().contains("the renderer stopped"), "{error}");
    }
});
