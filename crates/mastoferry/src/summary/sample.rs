//! Made-up runs for tests: one that completed and one that was rolled back.

use std::collections::BTreeMap;

use plan::{
    Action, HelmRelease, PageSwitch, Plan, PodLabels, PodShift, Replicas, Reversibility, Route,
    RouteComponent, Rule, RuleAction, SecretNeed, ServiceSwitch, SideDoor, Step, StepId, Strategy,
    WeightedRoute,
};

use super::{
    Advice, Breach, Bucket, Component, Delivery, Invariants, Kind, Maintenance, Outcome, Rollback, StepSpan,
    StepState, Streaming, Summary, Traffic,
};

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn replicas(names: &[(&str, u32)]) -> Vec<Replicas> {
    names
        .iter()
        .map(|(name, replicas)| Replicas { deployment: (*name).to_owned(), replicas: *replicas })
        .collect()
}

fn switches() -> Vec<ServiceSwitch> {
    ["web", "streaming"]
        .map(|component| ServiceSwitch {
            service: format!("mastodon-{component}"),
            blue: labels(&[("app", &format!("mastodon-{component}"))]),
            both: labels(&[("mastoferry.dev/serves", component)]),
            green: labels(&[
                ("app.kubernetes.io/component", component),
                ("app.kubernetes.io/instance", "mastodon-next"),
            ]),
            component: component.to_owned(),
        })
        .to_vec()
}

/// Every action, with what it carries and how long it takes in a rehearsal, in wall milliseconds.
fn actions() -> Vec<(Action, u64)> {
    let lease = || "mastoferry".to_owned();
    let green = [("mastodon-next-web", 2), ("mastodon-next-streaming", 1)];
    vec![
        (Action::CheckAssumptions, 160),
        (Action::AcquireLease { lease: lease() }, 30),
        (Action::PauseAutoscalers { autoscalers: vec!["mastodon-web".to_owned()] }, 80),
        (Action::BackUp, 120),
        (Action::RecordBaseline { seconds: 60 }, 3_000),
        (Action::InstallGreen, 420),
        (Action::AwaitReady { deployments: replicas(&green), timeout_s: 600 }, 6_300),
        (
            Action::VerifyGreen {
                checks: vec![SideDoor {
                    component: "web".to_owned(),
                    selector: labels(&[("app.kubernetes.io/component", "web")]),
                    port: 3000,
                    path: "/health".to_owned(),
                    contains: "OK".to_owned(),
                }],
            },
            240,
        ),
        (
            Action::DrainQueues {
                workers: replicas(&[("mastodon-sidekiq", 1)]),
                cron_jobs: vec!["mastodon-media-remove".to_owned()],
                timeout_s: 120,
            },
            1_900,
        ),
        (
            Action::StartQueues {
                workers: replicas(&[("mastodon-next-sidekiq-all-queues", 1)]),
                cron_jobs: vec!["mastodon-next-media-remove".to_owned()],
                timeout_s: 300,
            },
            4_100,
        ),
        (
            Action::OpenOverlap {
                pods: vec![PodLabels {
                    selector: labels(&[("app", "mastodon-web")]),
                    labels: labels(&[("mastoferry.dev/serves", "web")]),
                }],
                services: switches(),
            },
            900,
        ),
        (Action::CloseOverlap { services: switches() }, 700),
        (Action::Observe { seconds: 300 }, 15_000),
        (
            Action::StopBlue {
                deployments: replicas(&[("mastodon-web", 2), ("mastodon-streaming", 1)]),
                waves: None,
                timeout_s: 180,
            },
            2_600,
        ),
        (Action::RemoveBlue { objects: vec!["Deployment/mastodon-web".to_owned()] }, 350),
        (Action::Adopt, 180),
        (Action::RecordRelease { secret: "sh.helm.release.v1.mastodon-next.v1".to_owned() }, 60),
        (Action::FinalAudit, 260),
        (Action::ReleaseLease { lease: lease() }, 30),
    ]
}

/// Actions that only other strategies have.
pub(crate) fn passing_otherwise() -> Vec<Action> {
    let deployments = replicas(&[("mastodon-next-web", 1)]);
    let page = PageSwitch { pods: Vec::new(), services: switches(), hold_s: 0 };
    let routes = vec![WeightedRoute {
        route: "mastodon".to_owned(),
        service: "mastodon-web".to_owned(),
        green: "mastodon-next-web".to_owned(),
        port: 3000,
    }];
    vec![
        Action::ShiftWeights { routes: routes.clone(), stages: vec![1, 10, 50, 100], stage_s: 60 },
        Action::RestoreRoutes { routes },
        Action::RaisePage { deployments: deployments.clone(), checks: Vec::new(), timeout_s: 300 },
        Action::ShowPage(page.clone()),
        Action::HidePage(page),
        Action::RemovePage,
        Action::RaiseGreen { deployments: deployments.clone(), timeout_s: 600 },
        Action::ShiftPods(PodShift {
            component: "web".to_owned(),
            blue: replicas(&[("mastodon-web", 2)]),
            green: deployments,
            services: switches(),
            checks: Vec::new(),
            settle_s: 10,
            timeout_s: 600,
        }),
    ]
}

/// A plan with every action of the blue-green strategy once.
pub(crate) fn plan() -> Plan {
    let steps = actions()
        .into_iter()
        .map(|(action, milliseconds)| {
            let reversibility = match action {
                Action::CheckAssumptions | Action::BackUp | Action::FinalAudit | Action::Observe { .. } => {
                    Reversibility::ReadOnly
                }
                Action::RemoveBlue { .. } | Action::Adopt => Reversibility::FromBackup,
                _ => Reversibility::Undoable,
            };
            Step {
                id: StepId(crate::words::action_name(&action).to_owned()),
                action,
                reversibility,
                expected_s: milliseconds / 50,
                commands: vec!["kubectl --namespace mastodon get deployments".to_owned()],
            }
        })
        .collect();
    Plan {
        format: Plan::FORMAT,
        strategy: Strategy::BlueGreen,
        reasons: vec![plan::Reason::Room],
        source: "examples/kustomize-production".to_owned(),
        namespace: "mastodon".to_owned(),
        release: "mastodon-next".to_owned(),
        domain: "social.example".to_owned(),
        front: "ingress-nginx".to_owned(),
        front_by: None,
        blue: vec![serde_json::Value::Null; 26],
        green: vec![serde_json::Value::Null; 19],
        adopted: vec![serde_json::Value::Null; 3],
        page: Vec::new(),
        needs: vec![
            SecretNeed { secret: "mastodon-env".to_owned(), keys: Vec::new(), whole: true, optional: false },
            SecretNeed {
                secret: "mastodon-db".to_owned(),
                keys: vec!["username".to_owned(), "password".to_owned()],
                whole: false,
                optional: false,
            },
        ],
        routes: vec![
            Route {
                host: "social.example".to_owned(),
                path: "/".to_owned(),
                service: "mastodon-web".to_owned(),
                port: 3000,
                component: RouteComponent::Web,
            },
            Route {
                host: "social.example".to_owned(),
                path: "/api/v1/streaming".to_owned(),
                service: "mastodon-streaming".to_owned(),
                port: 4000,
                component: RouteComponent::Streaming,
            },
            Route {
                host: "media.social.example".to_owned(),
                path: "/".to_owned(),
                service: "media-proxy".to_owned(),
                port: 8080,
                component: RouteComponent::Neighbour("media-proxy".to_owned()),
            },
        ],
        rules: Rule::defaults(),
        handover: plan::Handover::default(),
        stores: plan::StoresMove::default(),
        ledger: ledger(),
        helm: Some(HelmRelease {
            chart: "mastodon".to_owned(),
            version: "1.0.2".to_owned(),
            reference: "CHART --version 1.0.2".to_owned(),
            patched: vec!["Deployment/social-mastodon-web".to_owned()],
            supplements: vec!["CronJob/social-mastodon-media-remove".to_owned()],
            record: serde_json::json!({"name": "mastodon-next", "version": 1, "config": {
                "mastodon": {"localDomain": "social.example", "web": {"replicas": 2}},
            }}),
        }),
        steps,
    }
}

fn ledger() -> BTreeMap<String, usize> {
    [
        ("leaves", 873),
        ("carried", 402),
        ("translated", 61),
        ("supplemented", 22),
        ("kept", 341),
        ("defaulted", 18),
        ("inert", 12),
        ("replaced", 16),
        ("dropped", 1),
        ("unaccounted", 0),
    ]
    .map(|(name, count)| (name.to_owned(), count))
    .into()
}

/// A wobble between 0 and 1 that looks like chance and is the same every time.
fn wobble(seed: u64) -> f64 {
    let mixed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    f64::from(u16::try_from(mixed >> 48).unwrap_or_default()) / f64::from(u16::MAX)
}

fn buckets(until_ms: u64, slow: impl Fn(u64) -> f64, failed: impl Fn(u64) -> u64) -> Vec<Bucket> {
    (0..until_ms / 100)
        .map(|place| {
            let at_ms = place * 100;
            let failed = failed(at_ms);
            Bucket {
                at_ms,
                answered: 50 - failed,
                failed,
                p99_ms: Some(
                    2.0 + wobble(place) * wobble(place + 7) * 6.0
                        + slow(at_ms) * (0.6 + 0.4 * wobble(place + 3)),
                ),
            }
        })
        .collect()
}

fn component(requests: u64, p50: f64, p99: f64) -> Component {
    Component { requests, p50_ms: Some(p50), p99_ms: Some(p99), ..Component::default() }
}

/// What the sample's files could do better.
fn static_advice() -> Vec<Advice> {
    vec![
        Advice::new("no-pre-stop", "Deployment/mastodon-web", "web")
            .at(Some("base/web.yaml:17".to_owned()))
            .with("seconds", 10),
        Advice::new("one-replica", "Deployment/mastodon-streaming", "streaming")
            .at(Some("base/streaming.yaml:6".to_owned())),
    ]
}

/// A move that completed without a failed request.
pub(crate) fn completed() -> Summary {
    let mut now = 400;
    let steps: Vec<StepSpan> = actions()
        .into_iter()
        .map(|(action, milliseconds)| {
            let started = now;
            now += milliseconds + 20;
            StepSpan {
                id: crate::words::action_name(&action).to_owned(),
                state: StepState::Done,
                started_ms: Some(started),
                ended_ms: Some(started + milliseconds),
                undo_started_ms: None,
                undo_ended_ms: None,
            }
        })
        .collect();
    let plan = plan();
    let switched = steps[10].started_ms.unwrap_or_default();
    let near = move |at: u64| if at.abs_diff(switched) < 1_500 { 9.0 } else { 0.0 };
    Summary {
        kind: Kind::Rehearsal,
        outcome: Outcome::Completed,
        strategy: "blue-green".to_owned(),
        front: plan.front,
        release: plan.release,
        source: plan.source,
        faults: Vec::new(),
        load: "steady".to_owned(),
        finished: "2026-04-12T09:31:07Z".parse().ok(),
        traffic: Traffic {
            requests: 20_310,
            failed: 0,
            downtime_ms: 0,
            longest_outage_ms: 0,
            p50_ms: Some(1.4),
            p99_ms: Some(7.9),
            components: [
                ("web", component(12_186, 1.6, 8.3)),
                ("streaming", component(4_062, 0.9, 4.1)),
                ("media-proxy", component(4_062, 0.8, 3.7)),
            ]
            .map(|(name, component)| (name.to_owned(), component))
            .into(),
            classes: BTreeMap::new(),
            maintenance: Maintenance::default(),
            failures: BTreeMap::new(),
        },
        streaming: Streaming {
            connections: 200,
            reconnects: 200,
            max_reconnects_per_connection: 1,
            longest_gap_ms: 84,
            delivery: Delivery::default(),
        },
        invariants: Invariants {
            max_schedulers: Some(1),
            jobs_lost: Some(0),
            jobs_duplicated: Some(0),
            rows_lost: Some(0),
        },
        queues: None,
        stores: None,
        left_paused: Vec::new(),
        steps,
        breaches: Vec::new(),
        ledger: ledger(),
        rollback: None,
        blue_unchanged: None,
        speed: 20.0,
        longest_delay_ms: Some(80),
        peak_memory_mb: Some(131),
        reason: String::new(),
        advice: static_advice(),
        leftovers: None,
        buckets: buckets(now + 300, near, |_| 0),
    }
}

/// A move whose new side failed after users had come, and which went back.
pub(crate) fn rolled_back() -> Summary {
    let mut summary = completed();
    let bad = summary.steps[11].started_ms.unwrap_or_default() + 650;
    let restored = bad + 2_900;
    summary.outcome = Outcome::RolledBack;
    let mut undo = bad + 2_400;
    for place in (0..summary.steps.len()).rev() {
        let step = &mut summary.steps[place];
        if place > 12 {
            step.state = StepState::Pending;
            (step.started_ms, step.ended_ms) = (None, None);
            continue;
        }
        if place == 12 {
            step.ended_ms = Some(undo);
        }
        if place < 4 || (place > 4 && !matches!(place, 6 | 7 | 12)) {
            let took = match place {
                5 => 900,
                8 => 3_800,
                9 => 1_600,
                _ => 240,
            };
            step.state = StepState::Undone;
            (step.undo_started_ms, step.undo_ended_ms) = (Some(undo), Some(undo + took));
            undo += took + 10;
        }
    }
    summary.steps[12].state = StepState::Undone;
    let end = undo + 800;
    let during = move |at: u64| (bad..restored).contains(&at);
    summary.buckets = buckets(
        end,
        |at| if during(at) { 42.0 } else { 0.0 },
        |at| if during(at) { 9 + at / 100 % 7 } else { 0 },
    );
    let failed = summary.buckets.iter().map(|bucket| bucket.failed).sum();
    summary.traffic.requests = summary.buckets.iter().map(|bucket| bucket.answered + bucket.failed).sum();
    summary.traffic.failed = failed;
    summary.traffic.downtime_ms = 2_900;
    summary.traffic.longest_outage_ms = 2_900;
    summary.traffic.p99_ms = Some(44.6);
    summary.traffic.failures =
        BTreeMap::from([("status-500".to_owned(), failed - 4), ("reset-mid-body".to_owned(), 4)]);
    if let Some(web) = summary.traffic.components.get_mut("web") {
        (web.failed, web.downtime_ms, web.longest_outage_ms) = (failed, 2_900, 2_900);
        web.p99_ms = Some(61.2);
    }
    summary.streaming.longest_gap_ms = 132;
    summary.breaches = vec![Breach {
        rule: "errors-5".to_owned(),
        at_ms: bad + 2_380,
        observed: 29.4,
        bound: 5.0,
        action: RuleAction::RollBack,
        silent: false,
    }];
    summary.rollback = Some(Rollback {
        reason: "errors-5: server errors 29.4 %, bound 5 %".to_owned(),
        first_bad_ms: Some(bad),
        restored_ms: Some(restored),
        seconds: Some(2.9),
        verdict_to_traffic_ms: Some(520),
        verdict_to_release_ms: Some(9_840),
    });
    summary.blue_unchanged = Some(true);
    summary
}
