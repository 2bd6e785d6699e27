//! Every fault of the catalogue in a whole rehearsal: how it ends, and that it ends well.
//!
//! docs/faults.md is made of this; `MASTOFERRY_BLESS=1` writes it anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;
use std::sync::Mutex;

use serde_json::Value;

use crate::trees::mastoferry;

/// How a rehearsal with a fault ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Completed,
    RolledBack,
    /// By how many requests chance sends to the wrong pod.
    Either,
}

use Ends::{Completed, Either, RolledBack};

/// What a fault may take besides: jobs of a Sidekiq that was killed, which basic fetch loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Jobs,
}

/// A fault, as it is injected here, how the rehearsal ends, and whether users notice.
struct Case {
    fault: &'static str,
    ends: Ends,
    takes: Takes,
    seen: bool,
    /// Requests per second: the guard wants a hundred for a judgement on latency.
    rate: &'static str,
}

const fn case(fault: &'static str, ends: Ends, seen: bool) -> Case {
    Case { fault, ends, takes: Takes::Nothing, seen, rate: "60" }
}

const CASES: &[Case] = &[
    case("green.web.500=30%", RolledBack, true),
    Case { rate: "250", ..case("green.web.latency=900ms", RolledBack, false) },
    case("green.web.wrong-answer=20%", RolledBack, true),
    case("green.web.never-ready", RolledBack, false),
    case("green.web.slow-boot=60s", Completed, false),
    case("green.web.crash-loop", RolledBack, false),
    case("green.web.image-missing", RolledBack, false),
    case("green.web.lost-endpoint=1", Either, true),
    case("green.web.lost-endpoint=9", RolledBack, true),
    case("green.web.disk-full", Completed, true),
    case("green.web.evicted", Completed, true),
    case("green.web.migration-pending", RolledBack, false),
    case("green.web.scaled-to=4", RolledBack, false),
    case("green.streaming.500=60%", RolledBack, true),
    case("green.streaming.never-ready", RolledBack, false),
    case("green.streaming.drops=2s", Completed, false),
    case("green.sidekiq.crash-loop", RolledBack, false),
    case("green.sidekiq.image-missing", RolledBack, false),
    case("blue.web.evicted", Completed, true),
    Case { rate: "250", ..case("blue.web.500=60%@open-overlap", Either, true) },
    case("green.database-unreachable", RolledBack, false),
    case("green.redis-unreachable", RolledBack, false),
    case("api.409=20%", Completed, false),
    case("api.429=20%", Completed, false),
    case("api.500=20%", Completed, false),
    case("api.500=100%@close-overlap+60s", Completed, false),
    case("api.lost-answer=10%", Completed, false),
    case("api.hang=100%@install-green+5s", Completed, false),
    case("api.watch-drop=5s", Completed, false),
    case("gitops.undoes=10s", RolledBack, false),
    Case { takes: Takes::Jobs, ..case("node.lost@record-baseline", Either, true) },
    case("operator.clock-ahead=10m", Completed, false),
    case("operator.clock-behind=10m", Completed, false),
];

/// How many rehearse at once: each mostly waits, and none is measured by the millisecond.
const AT_ONCE: usize = 2;

/// How late, in milliseconds of the cluster's time, a machine may have been for what it showed to count.
const LATE_MS: u64 = 1_000;
/// How fast clusters are, and how fast where the machine was late.
const SPEEDS: [&str; 4] = ["40", "20", "10", "5"];

/// Everything that is not as it must be. What goes wrong on a machine that was too busy is tried again, more slowly. Faults
/// draw lots, and so does the machine: what goes wrong on one that kept up must be right twice in a row after that, and is
/// told.
#[expect(clippy::print_stdout, reason = "what went wrong once must be said")]
fn wrongs_of(case: &Case) -> Vec<String> {
    let mut speeds = SPEEDS.iter();
    let mut speed = *speeds.next().expect("a speed");
    let mut must_be_right = 1;
    let mut was_wrong = false;
    while must_be_right > 0 {
        let (told, ended) = rehearse(case, speed);
        let wrongs = match ended {
            Ok(()) => wrongs_in(case, &told),
            Err(how) => vec![how],
        };
        if wrongs.is_empty() {
            must_be_right -= 1;
            continue;
        }
        let late = told["longest_delay_ms"].as_u64().expect("how late the machine was");
        println!("{}: {late} ms behind at speed {speed}: {wrongs:#?}", case.fault);
        if late >= LATE_MS {
            let Some(slower) = speeds.next() else { return wrongs };
            speed = slower;
        } else if was_wrong {
            return wrongs;
        } else {
            (was_wrong, must_be_right) = (true, 2);
        }
    }
    Vec::new()
}

fn rehearse(case: &Case, speed: &str) -> (Value, Result<(), String>) {
    let state = tempfile::tempdir().expect("a folder");
    let example = format!("{}/../../examples/kustomize-production", env!("CARGO_MANIFEST_DIR"));
    let mut command: Command =
        mastoferry(&["--output", "json", "rehearse", &example, "--inject", case.fault]);
    command.args(["--speed", speed, "--rate", case.rate, "--sockets", "10"]).arg("--state").arg(state.path());
    let output = command.output().expect("runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let value: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{}: {error}: {told}", case.fault));
    let codes: &[i32] = match case.ends {
        Completed => &[0],
        RolledBack => &[4],
        Either => &[0, 4],
    };
    let ended = output.status.code().is_some_and(|code| codes.contains(&code));
    let how = format!("{}: {:?}: {value:#}\n{told}", case.fault, output.status);
    (value, if ended { Ok(()) } else { Err(how) })
}

fn wrongs_in(case: &Case, told: &Value) -> Vec<String> {
    let mut wrongs = Vec::new();
    let mut must = |holds: bool, what: String| {
        if !holds {
            wrongs.push(format!("{}: {what}", case.fault));
        }
    };
    let invariants = &told["invariants"];
    must(invariants["max_schedulers"] == 1, format!("schedulers {}", invariants["max_schedulers"]));
    if case.takes == Takes::Nothing {
        must(invariants["jobs_lost"] == 0, format!("jobs lost {}", invariants["jobs_lost"]));
    }
    must(invariants["rows_lost"] == 0, format!("rows lost {}", invariants["rows_lost"]));
    if told["outcome"] == "rolled-back" {
        must(told["blue_unchanged"] == true, "blue is not as it was".to_owned());
        let changes = told["verdict"]["changes"].as_array();
        let urgent = changes.into_iter().flatten().any(|change| change["urgent"] == true);
        must(urgent || !case.seen, "the verdict has nothing to say".to_owned());
    }
    if !case.seen {
        must(told["traffic"]["failed"] == 0, format!("failed {}", told["traffic"]["failed"]));
    }
    wrongs
}

#[test]
fn every_fault_ends_as_documented_and_leaves_nothing_wrong() {
    let _alone = crate::rehearsals::alone();
    let only = std::env::var("MASTOFERRY_FAULT").unwrap_or_default();
    let left: Mutex<Vec<&Case>> =
        Mutex::new(CASES.iter().filter(|case| case.fault.contains(&only)).rev().collect());
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = { left.lock().expect("no panic holds it").pop() } {
                    let wrong = std::panic::catch_unwind(|| wrongs_of(case))
                        .unwrap_or_else(|_| vec![format!("{}: nothing was told", case.fault)]);
                    found.lock().expect("no panic holds it").extend(wrong);
                }
            });
        }
    });
    let found = found.into_inner().expect("no panic holds it");
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_page_about_faults_is_up_to_date() {
    let output = mastoferry(&["--output", "markdown", "rehearse", "--list-faults"]).output();
    let listed = String::from_utf8(output.expect("runs").stdout).expect("UTF-8");
    let mut page = format!(
        "{HEAD}\n{listed}\n## How they end\n\n{ENDS}\n| Fault | Outcome | Users |\n| --- | --- | --- |\n"
    );
    for case in CASES {
        let ends = match case.ends {
            Completed => "completed (0)",
            RolledBack => "rolled back (4)",
            Either => "completed (0) or rolled back (4)",
        };
        let users = match case.fault {
            "green.streaming.drops=2s" => "no request fails; live connections are cut again and again",
            fault if fault.starts_with("green.sidekiq") => "no request fails; posts reach timelines late",
            fault if fault.contains(".latency") => "no request fails; answers are slow until users are back",
            _ if case.seen => "some requests may fail",
            _ => "no request fails",
        };
        let _ = writeln!(page, "| `{}` | {ends} | {users} |", case.fault);
    }
    let path = format!("{}/../../docs/faults.md", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("MASTOFERRY_BLESS").is_some() {
        std::fs::write(&path, &page).expect("writes");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/faults.md is out of date (MASTOFERRY_BLESS=1 writes it anew)");
    // What a person may inject has been tried, if not on every component.
    let effect = |fault: &str| {
        let fault = fault.split(['=', '@']).next().unwrap_or_default();
        fault.rsplit('.').next().unwrap_or_default().to_owned()
    };
    let tried: BTreeSet<String> = CASES.iter().map(|case| effect(case.fault)).collect();
    let output = mastoferry(&["--output", "json", "rehearse", "--list-faults"]).output().expect("runs");
    let all: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for fault in all["faults"].as_array().into_iter().flatten() {
        let id = fault["id"].as_str().unwrap_or_default();
        assert!(tried.contains(&effect(id)), "{id} is never tried");
    }
}

#[test]
fn a_fault_that_cannot_be_is_refused_with_what_is_meant() {
    let example = format!("{}/../../examples/kustomize-production", env!("CARGO_MANIFEST_DIR"));
    for (fault, said) in [
        ("green.web.crashloop", "green.web.crash-loop"),
        ("green.web.500=130%", "green.web.500=30%"),
        ("node.lost@sometime soon", "@30s+20s"),
        ("node.lost@observer", "close-overlap"),
    ] {
        let output = mastoferry(&["rehearse", &example, "--inject", fault]).output().expect("runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{fault}: {told}");
        assert!(told.contains(said), "{fault}: {told}");
    }
}

const HEAD: &str = "# Faults

What `mastoferry rehearse --inject FAULT` can break, so that one sees beforehand what a move does when it happens. This page is
made by a test.

A fault is written `WHO.WHAT[=VALUE][@WHEN[+FOR]]` and may be given several times. `green` is the new side, `blue` the old one.
The report says with which faults it was rehearsed.
";

const ENDS: &str = "Each of these runs as a whole rehearsal of `examples/kustomize-production` (two pods of web) in the tests. However it ends,
never two schedulers run, no row is lost, and after a rollback the old side is object by object what it was. `node.lost`
takes with it the jobs that a Sidekiq on that machine held. `green.web.disk-full` is not seen by the guard, for posts are few among all
requests; the verdict names it.
";
