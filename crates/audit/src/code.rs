//! The kinds of differences, by names that scripts and acceptances rely on.

/// Declares the codes with their names, and which of them say that something is lost.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $code:ident = $name:literal $($loss:ident)?,)+) => {
        /// What kind of difference it is. `docs/audit.md` says for each what it means and what to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $code,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$code),+];

            /// Its name on the command line and in JSON.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)+
                }
            }

            /// Whether it says that something which stood before is gone, or will not run.
            #[must_use]
            pub fn is_loss(self) -> bool {
                match self {
                    $(Self::$code => codes!(@loss $($loss)?),)+
                }
            }
        }
    };
    (@loss lost) => { true };
    (@loss) => { false };
}

codes! {
    /// The chart refuses the values.
    DoesNotRender = "does-not-render" lost,
    /// The chart never reads a key of the values.
    ValueUnread = "value-unread",
    /// A secret stands in the open in the values.
    SecretInValues = "secret-in-values",
    /// No Mastodon is found in what shall stand.
    NotRecognised = "not-recognised" lost,
    /// A patch does not apply to what the chart renders.
    PatchFails = "patch-fails" lost,
    /// Nothing does the work of a component.
    ComponentLost = "component-lost" lost,
    /// A component that was not there before.
    ComponentAdded = "component-added",
    /// The workload is of another kind.
    KindChanged = "kind-changed",
    /// Another number of pods.
    ReplicasChanged = "replicas-changed",
    /// Pods are replaced in another way.
    StrategyChanged = "strategy-changed",
    /// Roll-outs are kept, timed or paused otherwise.
    RolloutChanged = "rollout-changed",
    /// A container beside the main one is gone.
    SidecarLost = "sidecar-lost" lost,
    /// A container beside the main one is new.
    SidecarAdded = "sidecar-added",
    /// A container that ran before the others is gone.
    InitContainerLost = "init-container-lost" lost,
    /// A container runs before the others.
    InitContainerAdded = "init-container-added",
    /// Another image.
    ImageChanged = "image-changed",
    /// The image is no longer pinned by its digest.
    ImageUnpinned = "image-unpinned" lost,
    /// Images are pulled at other times.
    PullPolicyChanged = "pull-policy-changed",
    /// Another command.
    CommandChanged = "command-changed",
    /// A variable is gone.
    EnvLost = "env-lost" lost,
    /// A variable has another value.
    EnvChanged = "env-changed",
    /// A variable is new.
    EnvAdded = "env-added",
    /// A variable is set that a Secret whose keys cannot be seen may have set otherwise.
    EnvPerhapsChanged = "env-perhaps-changed",
    /// A Secret or ConfigMap whose keys cannot be seen is no longer taken whole.
    EnvUnseenLost = "env-unseen-lost" lost,
    /// A Secret or ConfigMap whose keys cannot be seen is taken whole.
    EnvUnseenAdded = "env-unseen-added",
    /// A key is named that its Secret does not have: the container does not start.
    SecretKeyMissing = "secret-key-missing" lost,
    /// A key is named of a Secret whose keys cannot be seen: without it the container does not start.
    SecretKeyUnsure = "secret-key-unsure",
    /// A port is no longer declared.
    PortLost = "port-lost" lost,
    /// A port is declared.
    PortAdded = "port-added",
    /// A port has another name.
    PortRenamed = "port-renamed",
    /// A probe is gone.
    ProbeLost = "probe-lost" lost,
    /// A probe asks otherwise.
    ProbeChanged = "probe-changed",
    /// A probe is new.
    ProbeAdded = "probe-added",
    /// A hook of the container's life is gone.
    LifecycleLost = "lifecycle-lost" lost,
    /// A hook of the container's life is another.
    LifecycleChanged = "lifecycle-changed",
    /// A request or limit is gone.
    ResourcesLost = "resources-lost" lost,
    /// A request or limit is another.
    ResourcesChanged = "resources-changed",
    /// Nothing is mounted where something was.
    MountLost = "mount-lost" lost,
    /// Something else is mounted.
    MountChanged = "mount-changed" lost,
    /// Something is mounted where nothing was.
    MountAdded = "mount-added",
    /// The container runs with other rights.
    SecurityChanged = "security-changed",
    /// Where pods may run is no longer said.
    SchedulingLost = "scheduling-lost" lost,
    /// Pods may run elsewhere.
    SchedulingChanged = "scheduling-changed",
    /// The grace period is back at Kubernetes' own.
    GracePeriodLost = "grace-period-lost" lost,
    /// Another grace period.
    GracePeriodChanged = "grace-period-changed",
    /// Pods run as another service account.
    ServiceAccountChanged = "service-account-changed",
    /// An annotation is gone.
    AnnotationLost = "annotation-lost" lost,
    /// An annotation has another value, or is new.
    AnnotationChanged = "annotation-changed",
    /// Another field of the container is gone.
    ContainerFieldLost = "container-field-lost" lost,
    /// Another field of the container differs.
    ContainerFieldChanged = "container-field-changed",
    /// Another field of the pod is gone.
    PodFieldLost = "pod-field-lost" lost,
    /// Another field of the pod differs.
    PodFieldChanged = "pod-field-changed",
    /// Nothing answers on a route of its own.
    RouteLost = "route-lost" lost,
    /// Something else answers on a route.
    RouteChanged = "route-changed" lost,
    /// A new route.
    RouteAdded = "route-added",
    /// A route is no longer known to be served with TLS.
    TlsLost = "tls-lost" lost,
    /// TLS is served from a Secret that nothing here makes.
    TlsSecretUnknown = "tls-secret-unknown",
    /// A route hangs on a Gateway that nothing here makes.
    GatewayUnknown = "gateway-unknown",
    /// What routes is of another class or kind.
    FrontChanged = "front-changed",
    /// A Service is gone.
    ServiceLost = "service-lost" lost,
    /// A Service leads or holds users otherwise.
    ServiceChanged = "service-changed",
    /// A new Service.
    ServiceAdded = "service-added",
    /// No worker serves a queue.
    QueueUnserved = "queue-unserved" lost,
    /// More than one process may serve the queue `scheduler`.
    SecondScheduler = "second-scheduler",
    /// A job is gone.
    JobLost = "job-lost" lost,
    /// A job runs otherwise.
    JobChanged = "job-changed",
    /// A job is new.
    JobAdded = "job-added",
    /// A job runs at every installation or upgrade.
    HookAdded = "hook-added",
    /// Something no longer runs by the clock.
    ScheduleLost = "schedule-lost" lost,
    /// Something runs at other times.
    ScheduleChanged = "schedule-changed",
    /// Something new runs by the clock.
    ScheduleAdded = "schedule-added",
    /// An autoscaler is gone.
    AutoscalerLost = "autoscaler-lost" lost,
    /// An autoscaler has other bounds or metrics.
    AutoscalerChanged = "autoscaler-changed",
    /// An autoscaler is new.
    AutoscalerAdded = "autoscaler-added",
    /// A disruption budget is gone.
    DisruptionBudgetLost = "disruption-budget-lost" lost,
    /// A disruption budget is another.
    DisruptionBudgetChanged = "disruption-budget-changed",
    /// A disruption budget is new.
    DisruptionBudgetAdded = "disruption-budget-added",
    /// Another object is gone.
    ObjectLost = "object-lost" lost,
    /// Another object differs.
    ObjectChanged = "object-changed",
    /// Another object is new.
    ObjectAdded = "object-added",
    /// A selector finds none of the pods that it found.
    SelectorStray = "selector-stray" lost,
}
