//! `mastoferry plan --move …` and `migrate`: PostgreSQL, Redis and media pass over within a migration, between real servers,
//! while users post.

#[path = "../../../../movers/tests/postgres/ground.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
#[expect(clippy::unwrap_used, reason = "what is not there ends the test")]
mod ground;
#[path = "../../../../movers/tests/keyspace/ground.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
#[expect(clippy::unwrap_used, reason = "what is not there ends the test")]
mod keys;
#[path = "../../../../movers/tests/stores/posts.rs"]
#[expect(clippy::unwrap_used, reason = "what is not there ends the test")]
mod posts;
#[path = "../../../../movers/tests/stores/town.rs"]
#[expect(dead_code, reason = "other tests need more of it")]
#[expect(clippy::unwrap_used, reason = "what is not there ends the test")]
mod town;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use cluster::{Kind, ObjectRef};
use plan::{Action, ServiceSwitch};
use serde_json::{Value, json};

use crate::migrate::{Field, code, killed_at, said, told};
use posts::{Users, are_kept};
use town::Town;

const NEW: [&str; 4] = ["--new-setting", "DB_HOST=new-db", "--new-setting", "REDIS_HOST=new-redis"];

fn example() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/kustomize-production")
}

/// A cluster with the example in it, whose stores are a town's.
struct Harbour {
    field: Field,
    town: Town,
}

impl Harbour {
    /// Nothing where this machine has no servers: that is said.
    fn with(how: &[&str]) -> Option<Self> {
        let field = Field::of(&example(), &[how, &NEW[..]].concat());
        let town = field.runtime.block_on(Town::founded())?;
        Some(Self { field, town })
    }

    /// The program with all that it needs to reach the stores.
    fn reaches(&self, mut command: Command) -> Command {
        let database = &self.town.rows.database;
        let url = |port: u16| {
            format!(
                "postgresql://postgres:{}@127.0.0.1:{port}/{database}?sslmode=disable",
                escaped(ground::PASSWORD)
            )
        };
        command.env("MASTOFERRY_SOURCE_DATABASE_URL", url(self.town.ports[0]));
        command.env("MASTOFERRY_TARGET_DATABASE_URL", url(self.town.ports[1]));
        command.env("MASTOFERRY_SOURCE_REDIS_URL", self.town.redis[0].url(0));
        command.env("MASTOFERRY_TARGET_REDIS_URL", self.town.redis[1].url(0));
        command
    }

    fn migrate(&self, more: &[&str]) -> Command {
        let media = [self.town.media(0), self.town.media(1)];
        let mut command = self.reaches(self.field.on("migrate", more));
        command.arg("--set-identities").arg("--media-from").arg(&media[0]).arg("--media-to").arg(&media[1]);
        command
    }

    fn doctor(&self) -> Output {
        let mut command = self.reaches(self.field.on("doctor", &[]));
        command.arg("--set-identities").output().expect("runs")
    }

    fn again(&self, command: &str, more: &[&str]) -> Output {
        let mut made = self.reaches(self.field.command(command, "en"));
        made.arg("--state").arg(self.field.path("state")).args(more);
        made.output().expect("runs")
    }

    /// Users go where the front leads them, as long as something is done.
    fn meanwhile<T: Send>(&self, users: &Users, done: impl FnOnce() -> T + Send) -> T {
        let web = self.web();
        std::thread::scope(|scope| {
            let doing = scope.spawn(done);
            while !doing.is_finished() {
                self.lead(users, &web);
                std::thread::sleep(Duration::from_millis(10));
            }
            self.lead(users, &web);
            doing.join().expect("done")
        })
    }

    fn lead(&self, users: &Users, web: &ServiceSwitch) {
        let place = ObjectRef::new(Kind::service(), &web.service);
        let service =
            self.field.runtime.block_on(self.field.cluster.get(&place)).expect("asked").expect("there");
        let selects = |labels: &std::collections::BTreeMap<String, String>| {
            service["spec"]["selector"] == json!(labels)
        };
        if selects(&web.green) {
            users.led_to(1);
        } else if selects(&web.blue) {
            users.led_to(0);
        }
    }

    /// How the Service in front of web passes, from blue to green in the end.
    fn web(&self) -> ServiceSwitch {
        let of = |hidden: bool| {
            let mut all = self.field.plan.steps.iter().filter_map(|step| match &step.action {
                Action::CloseOverlap { services } => Some(services),
                Action::ShowPage(page) if !hidden => Some(&page.services),
                Action::HidePage(page) if hidden => Some(&page.services),
                _ => None,
            });
            let services = all.next().expect("a switch");
            services.iter().find(|own| own.component == "web").expect("web").clone()
        };
        ServiceSwitch { blue: of(false).blue, ..of(true) }
    }

    fn users(&self, count: usize) -> Users {
        let _inside = self.field.runtime.enter();
        Users::of(&self.town, count)
    }

    fn block<T>(&self, work: impl Future<Output = T>) -> T {
        self.field.runtime.block_on(work)
    }
}

/// The grades and names of what a check of the doctor's found.
fn found(looked: &Output, check: &str) -> Vec<(String, String)> {
    let looked = told(looked);
    let all = looked["findings"].as_array().expect("findings").iter();
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    all.filter(|finding| finding["check"] == check)
        .map(|finding| (text(finding, "grade"), text(finding, "id")))
        .collect()
}

/// As in an address.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[test]
fn three_stores_pass_over_with_a_migration_and_what_would_be_lost_is_said() {
    let how = [
        "--to",
        "manifests",
        "--strategy",
        "blue-green",
        "--move",
        "postgres",
        "--move",
        "redis",
        "--move",
        "media",
    ];
    let Some(harbour) = Harbour::with(&[&how[..], &["--new-setting", "S3_BUCKET=new-bucket"]].concat())
    else {
        return;
    };
    let users = harbour.users(4);
    harbour.block(users.post(20));
    let moved = harbour.meanwhile(&users, || harbour.migrate(&["--approve"]).output().expect("runs"));
    assert_eq!(code(&moved), 0, "{}", said(&moved));
    harbour.block(users.post(20));
    let summary = told(&moved);
    assert_eq!((&summary["outcome"], &summary["traffic"]["failed"]), (&json!("completed"), &json!(0)));
    let stores = &summary["stores"];
    assert!(stores["pause_ms"].as_f64().is_some_and(|pause| pause > 0.0), "{stores:#}");
    let gap = stores["last_write_to_users_ms"].as_u64().expect("measured");
    assert!(gap as f64 >= stores["pause_ms"].as_f64().unwrap_or_default().floor(), "{stores:#}");
    assert!(stores["rows"].as_u64().is_some_and(|rows| rows > 300), "{stores:#}");
    assert!(stores["keys"].as_u64().is_some_and(|keys| keys >= 500), "{stores:#}");
    assert!(stores["objects"].as_u64().is_some_and(|objects| objects >= 60), "{stores:#}");

    // Media that were sent since are nowhere else.
    let back = harbour.again("rollback", &[]);
    assert_eq!(code(&back), 6, "{}", said(&back));
    assert!(said(&back).contains("--accept-loss"), "{}", said(&back));
    assert_eq!(code(&harbour.again("rollback", &["--level", "traffic"])), 6);
    assert_eq!(code(&harbour.again("rollback", &["--level", "database"])), 6, "nobody has agreed");
    harbour.block(users.post(20));
    let promised = harbour.block(users.leave());
    harbour.block(are_kept(&harbour.town, 1, &promised, true));

    let back = harbour.again("rollback", &["--level", "database", "--accept-loss"]);
    assert_eq!(code(&back), 4, "{}", said(&back));
    assert_eq!(told(&back)["blue_unchanged"], true, "{}", said(&back));
    // Rows and jobs were carried back; only media were at risk.
    harbour.block(are_kept(&harbour.town, 0, &promised, false));
}

/// Behind the page, and killed on the way: the next process goes on, and afterwards all of it goes back without loss.
#[test]
fn a_migration_that_dies_while_stores_pass_over_goes_on_and_goes_back_whole() {
    let how = ["--to", "manifests", "--move", "postgres", "--move", "redis"];
    let Some(harbour) = Harbour::with(&how) else { return };
    assert_eq!(harbour.field.plan.strategy.name(), "maintenance", "the gentlest with stores");
    let users = harbour.users(3);
    harbour.block(users.post(20));
    let events = harbour.field.path("events.jsonl");
    let more = ["--approve", "--events", events.to_str().expect("UTF-8")];
    let mut command = harbour.migrate(&more);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("runs");
    harbour.meanwhile(&users, || killed_at(child, &events, "cut-over-stores"));
    let gone_on = harbour.meanwhile(&users, || harbour.again("resume", &[]));
    assert_eq!(code(&gone_on), 0, "{}", said(&gone_on));
    assert_eq!(told(&gone_on)["traffic"]["failed"], 0);
    harbour.block(users.post(20));

    let back = harbour.meanwhile(&users, || harbour.again("rollback", &[]));
    assert_eq!(code(&back), 4, "{}", said(&back));
    assert_eq!(told(&back)["blue_unchanged"], true);
    harbour.block(users.post(20));
    let promised = harbour.block(users.leave());
    harbour.block(are_kept(&harbour.town, 0, &promised, false));
}

#[test]
fn a_migration_without_its_stores_is_refused_before_anything_is_touched() {
    let how = ["--to", "manifests", "--move", "postgres", "--move", "redis"];
    let Some(harbour) = Harbour::with(&how) else { return };
    let before = harbour.field.snapshot();
    let mut command = harbour.field.on("migrate", &["--approve"]);
    command.env_remove("MASTOFERRY_SOURCE_DATABASE_URL");
    let lacking = command.output().expect("runs");
    assert_eq!(code(&lacking), 2, "{}", said(&lacking));
    assert!(said(&lacking).contains("MASTOFERRY_SOURCE_DATABASE_URL"), "{}", said(&lacking));

    let looked = harbour.doctor();
    assert_eq!(code(&looked), 0, "{}", said(&looked));
    for store in ["postgres", "redis"] {
        assert!(!found(&looked, store).is_empty(), "{store}: {}", said(&looked));
    }
    harbour.block(async {
        let rows = harbour.town.rows(1).await;
        rows.batch_execute("CREATE TABLE public.mine (id int)").await.expect("made");
    });
    let looked = harbour.doctor();
    assert_eq!(code(&looked), 6, "{}", said(&looked));
    let told = found(&looked, "postgres");
    assert!(told.contains(&("refused".to_owned(), "postgres-target-holds".to_owned())), "{told:?}");
    let full = harbour.migrate(&["--approve"]).output().expect("runs");
    assert_eq!(code(&full), 6, "{}", said(&full));
    assert!(said(&full).contains("PostgreSQL"), "{}", said(&full));
    assert_eq!(harbour.field.snapshot(), before, "nothing was touched");
}

#[test]
fn a_rehearsal_passes_the_stores_by_and_says_so() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mastoferry"));
    let folder = tempfile::tempdir().expect("a folder");
    command.args(["--lang", "en", "--output", "json", "rehearse"]).arg(example()).args(["--to", "manifests"]);
    command.args(["--move", "postgres", "--move", "redis"]).args(NEW).args([
        "--speed",
        "60",
        "--rate",
        "50",
        "--sockets",
        "4",
    ]);
    command.arg("--state").arg(folder.path());
    let began = Instant::now();
    let output = command.output().expect("runs");
    assert_eq!(code(&output), 0, "{} after {:?}", said(&output), began.elapsed());
    let summary: Value = told(&output);
    assert!(summary["stores"].is_null(), "nothing was measured: {:#}", summary["stores"]);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("stores are not moved in a rehearsal"),
        "{}",
        said(&output)
    );
}
