//! All tests, and their sum.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::run::cargo_command;

/// What the runs of all test programs add up to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    passed: u64,
    failed: u64,
    skipped: u64,
    /// The test whose output is being shown.
    showing: String,
    /// What tests that did not run, or not whole, said they need.
    needs: Vec<String>,
}

impl Sum {
    /// Adds a line `test result: ok. 3 passed; 0 failed; 1 ignored; …`, and what a test says that was skipped; other
    /// lines add nothing. A test program cannot tell its runner that it skipped itself, so it counts as passed there and
    /// is counted again here.
    fn add(&mut self, line: &str) {
        if let Some(test) = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----")) {
            test.clone_into(&mut self.showing);
            return;
        }
        if line.starts_with("SKIPPED") && !self.showing.is_empty() {
            self.needs.push(format!("{}: {line}", self.showing));
            if line.starts_with("SKIPPED:") {
                self.passed = self.passed.saturating_sub(1);
                self.skipped += 1;
            }
            self.showing.clear();
            return;
        }
        let Some(numbers) = line.trim().strip_prefix("test result: ") else { return };
        for part in numbers.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) =
                (words.next().and_then(|word| word.parse::<u64>().ok()), words.next())
            else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

/// Runs all tests; the last line printed is their sum.
pub(crate) fn all() -> Result<(), String> {
    let mut child =
        cargo_command(&["test", "--workspace", "--locked", "--no-fail-fast", "--", "--show-output"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cargo: {error}"))?;
    let mut sum = Sum::default();
    for line in child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines()) {
        let line = line.map_err(|error| error.to_string())?;
        println!("{line}");
        sum.add(&line);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    for need in &sum.needs {
        println!("{need}");
    }
    println!("{} passed, {} failed, {} skipped", sum.passed, sum.failed, sum.skipped);
    if !status.success() || sum.failed > 0 {
        Err("tests failed, or did not compile".to_owned())
    } else if sum.passed == 0 {
        Err("no test was run".to_owned())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_add_up() {
        let mut sum = Sum::default();
        sum.add(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s",
        );
        sum.add("test result: FAILED. 2 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out");
        sum.add("test passed ... ok");
        for line in
            ["---- env::as_the_tool stdout ----", "SKIPPED: needs ruby", "SKIPPED: needs ruby", "----"]
        {
            sum.add(line);
        }
        assert_eq!((sum.passed, sum.failed, sum.skipped), (4, 4, 2));
        assert_eq!(sum.needs, ["env::as_the_tool: SKIPPED: needs ruby"]);
    }
}
