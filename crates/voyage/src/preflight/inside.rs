//! What a pod of web that serves today says of its surroundings: whether it reaches the stores, which versions they are, and
//! whether its user may write to the volumes.

use std::collections::BTreeMap;
use std::time::Duration;

use cluster::{Cluster, Snapshot, is_ready};
use installation::Labels;
use plan::Plan;
use serde_json::Value;
use tree::Node;

use super::pods::{containers, selector_of, template};

/// How long all of it may take, in real time: five seconds for each connection, ten for each question, and some for the way.
const LIMIT: Duration = Duration::from_secs(75);

/// For Ruby, which every image of Mastodon's web has. It changes nothing; passwords are sent to those stores alone whose they
/// are, and never told.
pub(super) const SCRIPT: &str = include_str!("inside.rb");

/// What a pod of web says; nothing where none could be asked.
pub(super) async fn ask(plan: &Plan, cluster: &Cluster, snapshot: &Snapshot) -> Option<String> {
    let services = plan.steps.iter().flat_map(|step| match &step.action {
        plan::Action::OpenOverlap { services, .. } => services.as_slice(),
        plan::Action::ShowPage(page) => page.services.as_slice(),
        _ => &[],
    });
    let service = services.into_iter().find(|own| own.component == "web")?;
    let selector = Labels(service.blue.clone());
    let labels = |pod: &Value| Labels::read(&Node::from(pod["metadata"]["labels"].clone()));
    let mut pods = snapshot.objects.iter().filter(|object| object["kind"] == "Pod");
    let pod = pods.find(|pod| is_ready(pod) && selector.select(&labels(pod)))?;
    let deployment = snapshot.objects.iter().find(|object| {
        object["kind"] == "Deployment" && selector_of(object).is_some_and(|own| own.select(&labels(pod)))
    })?;
    let container = containers(template(deployment)).next()?;
    let mounts = mounts(&pod["spec"], container);
    let mut command = vec!["ruby", "-e", SCRIPT];
    command.extend(mounts.iter().map(String::as_str));
    let name = pod["metadata"]["name"].as_str()?;
    let ran = cluster.run_in_pod(name, container["name"].as_str()?, &command, LIMIT).await;
    ran.ok().filter(|ran| ran.succeeded).map(|ran| ran.out)
}

/// `CLAIM=PATH` for each claim that a container mounts to write to.
fn mounts(pod: &Value, container: &Value) -> Vec<String> {
    let volumes = pod["volumes"].as_array().into_iter().flatten();
    let claims: BTreeMap<&str, &str> = volumes
        .filter_map(|volume| {
            Some((volume["name"].as_str()?, volume["persistentVolumeClaim"]["claimName"].as_str()?))
        })
        .collect();
    let mounts = container["volumeMounts"].as_array().into_iter().flatten();
    let to_write = mounts.filter(|mount| mount["readOnly"] != true);
    to_write
        .filter_map(|mount| {
            let claim = claims.get(mount["name"].as_str()?)?;
            Some(format!("{claim}={}", mount["mountPath"].as_str()?))
        })
        .collect()
}

/// What is said in the line that begins with these words.
pub(super) fn said<'a>(reach: Option<&'a str>, about: &str) -> Vec<Vec<&'a str>> {
    let lines = reach.unwrap_or_default().lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines.filter(|words| words.first() == Some(&about)).map(|words| words[1..].to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::process::Command;

    use serde_json::json;

    use super::*;

    #[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
    fn ruby(mounts: &[&str], variables: &[(&str, &str)]) -> Option<String> {
        let mut command = Command::new("ruby");
        command.args(["-e", SCRIPT]).args(mounts).env_clear().envs(variables.iter().copied());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        match command.output() {
            Ok(output) => {
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                Some(String::from_utf8_lossy(&output.stdout).into_owned())
            }
            Err(_) => {
                eprintln!("SKIPPED: needs ruby");
                None
            }
        }
    }

    #[test]
    fn what_a_pod_says_is_said_by_a_real_ruby_and_holds_no_password() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = listener.local_addr().unwrap();
        let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let (folder, url) = (tempfile::tempdir().unwrap(), format!("postgres://u:p%40ss@{here}/m?pool=5"));
        let (path, dead_port) = (folder.path().display().to_string(), dead.port().to_string());
        let variables = [
            ("DATABASE_URL", url.as_str()),
            ("REDIS_HOST", "127.0.0.1"),
            ("REDIS_PORT", &dead_port),
            ("REDIS_PASSWORD", "p@ss"),
            ("S3_ENABLED", "true"),
            ("S3_ENDPOINT", &format!("http://{here}/bucket")),
            ("SMTP_SERVER", ""),
        ];
        let Some(told) = ruby(&[&format!("media={path}"), "gone=/nowhere"], &variables) else { return };
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[0], format!("postgres reached {here}"));
        assert_eq!(lines[1], format!("redis unreached {dead}"));
        assert_eq!(lines[2], format!("s3 reached {here}"));
        assert!(lines[3].starts_with(&format!("volume writable media {path} ")), "{told}");
        assert_eq!(lines.len(), 4, "{told}");
        assert!(!told.contains("p@ss") && !told.contains("p%40ss"), "{told}");
    }

    #[test]
    fn what_is_mounted_to_be_read_is_not_asked_about() {
        let pod = json!({"volumes": [
            {"name": "a", "persistentVolumeClaim": {"claimName": "media"}}, {"name": "b", "emptyDir": {}},
        ]});
        let mount = |name: &str, only: bool| json!({"name": name, "mountPath": "/m", "readOnly": only});
        let container = json!({"volumeMounts": [mount("a", false), mount("a", true), mount("b", false)]});
        assert_eq!(mounts(&pod, &container), ["media=/m"]);
    }
}
