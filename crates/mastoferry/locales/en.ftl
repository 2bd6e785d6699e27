### Everything that people read while Mastoferry runs, in English.
### blue = the old side, which serves now. green = the new side, which shall serve.

## Amounts

amount-milliseconds = { $value } ms
amount-seconds = { $value } s
amount-minutes = { $minutes } min { $seconds } s
amount-minutes-whole = { $minutes } min
amount-hours = { $hours } h { $minutes } min
amount-moment = a moment
amount-unmeasured = not measured
amount-none = none
amount-percent = { $value } %

pair = { $label }: { $value }

## How it ended

outcome-completed = completed
outcome-rolled-back = rolled back
outcome-stopped = stopped
outcome-failed = failed

verdict-clean = { $kind ->
    [rehearsal] The move works, and nobody would notice.
   *[migration] The move is done, and nobody lost a request.
}
verdict-completed-failures = { $kind ->
    [rehearsal] The move works, but some requests would fail.
   *[migration] The move is done, but some requests failed.
}
verdict-completed-broken = { $kind ->
    [rehearsal] The move ran to its end, but broke a promise on the way.
   *[migration] The move is done, but a promise was broken on the way.
}
verdict-completed-unproven = { $kind ->
    [rehearsal] The move works, but not everything could be measured.
   *[migration] The move is done, but not everything could be measured.
}
verdict-rolled-back = The new side faltered, and the old one serves again.
verdict-rolled-back-unseen = The move was called off, and no request was lost.
verdict-rolled-back-changed = The old side serves again, but it is not exactly as it was.
verdict-stopped = The move has stopped and waits for a person to decide.
verdict-failed = The move failed.

lead-clean = All { $requests } requests sent during the move were answered, by the right part of the server and with the right content.
lead-completed-failures = { $failed } of { $requests } requests sent during the move failed. Service was interrupted for { $downtime } in all, { $longest } at the longest.
lead-completed-broken = { $requests } requests were sent, { $failed } failed; but what must never happen did happen: see “Promises”.
lead-completed-unproven = All { $requests } requests sent during the move were answered. What could not be measured is listed as such below, and counts for nothing.
lead-rolled-back = { $failed } of { $requests } requests failed. From the first bad answer to restored service it took { $seconds }{ $paced ->
    [faster] {" "}({ $cluster } of the cluster’s time). Nobody had to step in.
   *[life] . Nobody had to step in.
}
lead-rolled-back-untimed = { $failed } of { $requests } requests failed before traffic and queues were brought back to the old side.
lead-rolled-back-unseen = All { $requests } requests were answered. The new side was taken away again before it cost a user anything.
lead-rolled-back-changed = { $failed } of { $requests } requests failed. Compare blue’s objects with the backup beside the journal.
lead-stopped = The journal holds the state. Continue with “mastoferry resume”, or go back with “mastoferry rollback”. { $failed } of { $requests } requests have failed so far.
lead-failed = { $failed } of { $requests } requests failed. The journal tells how far it came; “mastoferry rollback” brings the old side back.

## The report

report-title = { $kind ->
    [rehearsal] Rehearsal of the move of { $domain }
   *[migration] The move of { $domain }
}
report-key-requests = Requests
report-key-requests-note = { $failed ->
    [0] none failed
   *[other] { $failed } failed
}
report-key-downtime = Interruption
report-key-downtime-note = longest { $longest }
report-key-downtime-note-none = none seen
report-key-latency = Slowest 1 %
report-key-latency-note = half within { $p50 }
report-key-streaming = Live connections
report-key-streaming-note = longest gap { $gap }
report-key-settings = Settings
report-key-settings-note = { $missing ->
    [0] none unaccounted
   *[other] { $missing } unaccounted
}
report-key-rollback = Way back
report-key-rollback-note = { $paced ->
    [faster] from the first bad answer ({ $cluster } of the cluster’s time)
   *[life] from the first bad answer
}

report-timeline = What happened, second by second
report-timeline-lead = Above, the steps of the move. Below, on the same clock, the requests that were sent all the while, as users would send them.
report-timeline-description = Bars show when each step ran. Curves below show answered and failed requests per second and the latency of the slowest one per cent, on the same time axis.
report-chart-steps = Steps
report-chart-requests = Requests answered per second
report-chart-latency = Slowest 1 % of answers, milliseconds
report-chart-time = time since the start (minutes:seconds)
report-legend-step = step
report-legend-users = step in which users or queues pass over
report-legend-undo = step taken back
report-legend-failed = failed requests
report-legend-breach = guard rule broken
report-legend-window = first bad answer until restored
report-no-samples = No traffic was recorded.
report-steps-table = The steps as a table
report-step = Step
report-step-start = Start
report-step-took = Took
report-step-state = State
report-step-undo = Taken back in

step-state-pending = not reached
step-state-running = interrupted
step-state-done = done
step-state-undone = taken back
step-state-failed = failed

report-components = Who answered
report-components-lead = An answer counts only if it came from the right part of the server and held the right content; a status code alone proves nothing.
report-component = Part
report-component-requests = Requests
report-component-failed = Failed
report-component-p50 = Half within
report-component-p99 = 99 % within
report-component-downtime = Interrupted
component-posts = posts
component-web = web
component-streaming = streaming
component-assets = assets

report-failures = Why requests failed
report-failure = What went wrong
report-failure-count = Requests

report-streaming = Live timelines (WebSockets)
report-streaming-lead = { $connections ->
    [0] No live connection was held during this run.
   *[other] { $connections } connections were held open the whole time, as apps do for live timelines. When the old side ends, an app must connect once more.
}
report-streaming-connections = Connections held
report-streaming-reconnects = Reconnections in all
report-streaming-most = Most for any one connection
report-streaming-gap = Longest gap without a connection

report-promises = Promises
report-promises-lead = What must hold at every instant, counted from outside while the move ran.
promise-schedulers = Never two schedulers
promise-schedulers-detail = at most { $count } at a time
promise-jobs-lost = No job lost
promise-jobs-lost-detail = { $count } lost
promise-jobs-duplicated = No job done twice
promise-jobs-duplicated-detail = { $count } done twice
promise-rows-lost = No post lost
promise-rows-lost-detail = { $count } rows lost
promise-streaming = Live connections pass over at most once
promise-streaming-detail = { $count ->
    [0] never interrupted
    [one] at most one reconnection each, longest gap { $gap }
   *[other] up to { $count } reconnections each, longest gap { $gap }
}
promise-blue-unchanged = The old side is exactly as before
promise-blue-unchanged-yes = objects compared: no difference
promise-blue-unchanged-no = objects compared: they differ
promise-kept = kept
promise-broken = broken
promise-unmeasured = not measured

report-ledger = Every setting, accounted for
report-ledger-lead = The installation was read down to { $leaves } single values. Each has its entry, so that nothing can get lost in silence.
report-ledger-disposition = What became of it
report-ledger-count = Values
report-ledger-items = { $count ->
    [one] { $count } entry: { $disposition }
   *[other] { $count } entries: { $disposition }
}
report-ledger-items-lead = Values that were carried over as they are, or kept in place, are not listed one by one.
report-ledger-source = Where it stood
report-ledger-path = Which value
report-ledger-target = Where it went
report-ledger-reason = Why
disposition-carried = carried
disposition-carried-note = same value, new place
disposition-translated = translated
disposition-translated-note = new form, same meaning
disposition-supplemented = supplemented
disposition-supplemented-note = carried by an extra object
disposition-kept = kept
disposition-kept-note = the object stays as it is
disposition-defaulted = defaulted
disposition-defaulted-note = the new side’s default is the same
disposition-inert = inert
disposition-inert-note = it had no effect before either
disposition-replaced = replaced
disposition-replaced-note = the new side decides; old and new are shown
disposition-dropped = dropped
disposition-dropped-note = left behind; the reason is stated
disposition-unaccounted = unaccounted
disposition-unaccounted-note = a defect: nobody knows

report-guard = The guard
report-guard-quiet = No rule of the guard was broken. It compared errors, latency and readiness with { $rules } rules all the while.
report-guard-breaches = { $count ->
    [one] One rule was broken.
   *[other] { $count } rules were broken.
}
report-breach-at = At
report-breach-rule = Rule
report-breach-what = What was seen
report-breach-action = What followed
report-breach-seen = { $metric } { $observed }, bound { $bound }
metric-server-errors = server errors
metric-latency = latency (95th percentile)
metric-not-ready = without a ready pod for
rule-action-note = noted
rule-action-pause = paused for a person
rule-action-roll-back = rolled back
report-rollback-heading = The way back
report-rollback-reason = Reason
report-rollback-rule = { $rule }: { $seen }
report-rollback-step = { $step }: { $detail }
report-rollback-first-bad = First bad answer
report-rollback-restored = Service restored
report-rollback-took = Time between

report-method = How it was measured
report-method-open-loop = Requests were sent at a fixed rate without waiting for earlier answers, and latency counts from the moment a request was due, so that a stalled server cannot hide its stall.
report-method-judged = An answer is good only if it comes from the expected part of the server with the expected content. A maintenance page, a default page or an answer by the wrong part is a failure.
report-method-outage = Interruption counts every tenth of a second in which requests to some part of the server were due and not one of them was answered well.
report-method-speed = The rehearsal’s cluster ran { $speed } times as fast as life: boot, probes, grace periods and the guard’s windows. Traffic ran in real time.
report-method-honest = What could not be measured is called “not measured” and never counted as good.
report-method-percent = The slowest 1 %: ninety-nine answers of a hundred came faster than this.
report-fact-source = Source
report-fact-domain = Domain
report-fact-strategy = Strategy
report-fact-front = Front
report-fact-release = New release
report-fact-namespace = Namespace
report-fact-speed = Cluster speed
report-fact-late = This machine
report-fact-late-value = was up to { $span } of the cluster's time behind: too busy for this speed. What failed may be its doing; rehearse again with a smaller --speed.
report-fact-memory = Peak memory
report-fact-memory-value = { $megabytes } MB
report-fact-finished = Finished
report-fact-version = Made by
strategy-blue-green = blue-green

## The terminal

terminal-requests = requests
terminal-failed = failed
terminal-downtime = interruption
terminal-downtime-value = { $total } (longest { $longest })
terminal-latency = latency
terminal-latency-value = half within { $p50 }, 99 % within { $p99 }
terminal-streaming = live connections
terminal-streaming-value = { $connections } held, { $reconnects } reconnections (at most { $most } each), longest gap { $gap }
terminal-ledger = ledger
terminal-ledger-value = { $leaves } values, { $unaccounted } unaccounted
terminal-rollback = way back
terminal-rollback-value = { $span } from the first bad answer{ $paced ->
    [faster] {" "}({ $cluster } of the cluster’s time)
   *[life] { "" }
}: { $reason }
terminal-late = this machine
terminal-memory = peak memory
terminal-breach = guard
terminal-part = part

## Progress

progress-step-started = started: { $step }
progress-step-done = done: { $step } ({ $took })
progress-step-undone = taken back: { $step }
progress-steps = step { $number } of { $count }
progress-traffic = { $rate } requests/s · { $requests } sent · { $failed } failed · 99 % within { $p99 } · { $sockets } live connections
progress-traffic-waiting = no traffic yet

## Failures of requests

failure-dns = the name did not resolve
failure-connect = no connection
failure-timeout = no answer in time
failure-reset-before-answer = the connection broke off before an answer
failure-reset-mid-body = the connection broke off within the answer
failure-protocol = what came was not HTTP
failure-status = status { $status }
failure-wrong-body = the right status with the wrong content
failure-overload = could not be sent: too much was under way
failure-wrong-component = the wrong part answered

## The runbook

runbook-title = Moving { $domain }: the runbook
runbook-lead = Every step that “mastoferry migrate” takes, in order, with what a person would type instead. Nothing is done that does not stand here.
runbook-blue-green-words = *Blue* is what serves now, *green* is what shall serve.
runbook-header-source = Source
runbook-header-domain = Domain
runbook-header-namespace = Namespace
runbook-header-release = New release
runbook-header-strategy = Strategy
runbook-header-front = Front
runbook-header-duration = Usual duration
runbook-header-page = Users get the page for about
runbook-needs = Before you begin
runbook-needs-lead = The source names these Secrets but does not hold them. They must exist in the namespace:
runbook-needs-none = The source holds everything that green needs.
runbook-needs-keys = `{ $secret }`: { $keys }
runbook-needs-whole = `{ $secret }`: all of it, as environment
runbook-routes = How users reach what
runbook-route-host = Host
runbook-route-path = Path
runbook-route-service = Service
runbook-route-component = Answered by
runbook-objects = Objects: { $blue } stand today, { $green } are added, { $adopted } are adopted at the end.
runbook-overview = The steps at a glance
runbook-overview-number = No.
runbook-overview-step = Step
runbook-overview-usual = Usually
runbook-overview-reversibility = Can be taken back
runbook-steps = The steps
runbook-step-heading = { $number }. { $title }
runbook-what = What happens
runbook-duration = How long
runbook-duration-usual = usually { $usual }
runbook-duration-limit = usually { $usual }; given up after { $limit }
runbook-check = How to check
runbook-undo = How to go back
runbook-reversibility = Can be taken back
runbook-commands = By hand
runbook-no-commands = Nothing to type: it is done by watching.
runbook-concerns = Concerns
runbook-concern-replicas = `{ $name }`: { $replicas ->
    [one] { $replicas } pod
   *[other] { $replicas } pods
}
runbook-concern-check = `{ $component }`, port { $port }: `GET { $path }` answers 200 and contains `{ $contains }`
runbook-concern-check-status = `{ $component }`, port { $port }: `GET { $path }` answers 200
runbook-concern-service = Service `{ $service }` ({ $component }): selector { $before } → { $after }
runbook-concern-labels = pods { $selector } get { $labels }
runbook-rules = The guard’s rules
runbook-rules-lead = From the first step that touches users to the last, these rules are watched. Windows are cluster time.
runbook-rule-id = Rule
runbook-rule-when = Broken when
runbook-rule-window = Window
runbook-rule-samples = Needs
runbook-rule-tolerance = In a row
runbook-rule-no-data = Without data
runbook-rule-action = Then
runbook-rule-above-percent = { $metric } above { $value } %
runbook-rule-above-milliseconds = { $metric } above { $value } ms
runbook-rule-above-seconds = { $metric } more than { $value } s
runbook-rule-times = { $metric } above { $factor } times the baseline, and above { $floor }
runbook-rule-samples-value = { $count ->
    [one] { $count } sample
   *[other] { $count } samples
}
no-data-note = note it, go on
no-data-breach = counts as broken
rule-then-note = note it
rule-then-pause = pause and ask
rule-then-roll-back = roll back
reversibility-read-only = changes nothing
reversibility-undoable = yes, fully
reversibility-from-backup = yes, from the backup

## The steps

step-check-assumptions-title = Check that everything is as planned
step-check-assumptions-what = What stands is compared with what the plan was made from; the names green will use must be free, and the Secrets it needs must exist. If anything differs, the move stops before it has begun.
step-check-assumptions-check = Blue’s Deployments have the replicas the plan names, and no object carries green’s release label.
step-check-assumptions-undo = Nothing to take back: it only reads.
step-acquire-lease-title = Keep a second operator out
step-acquire-lease-what = A Lease is taken in the namespace, so that no second person or program moves the same server at the same time.
step-acquire-lease-check = The Lease names you as its holder.
step-acquire-lease-undo = Delete the Lease.
step-pause-autoscalers-title = Hold the autoscalers still
step-pause-autoscalers-what = The lower and upper bound of each autoscaler are pinned to what runs now, so that none changes the number of pods during the move.
step-pause-autoscalers-check = Minimum and maximum of each autoscaler are equal.
step-pause-autoscalers-undo = Put the bounds back as they were; the backup has them.
step-back-up-title = Back up what will be touched
step-back-up-what = Every object that a later step changes or deletes is kept beside the journal, as it stands.
step-back-up-check = The backup holds one file for each object named in the later steps.
step-back-up-undo = Nothing to take back: it only reads. Keep the backup.
step-record-baseline-title = Watch traffic before anything changes
step-record-baseline-what = Errors and latency are recorded while only blue serves. The guard compares with this later.
step-record-baseline-check = The probe counts requests, and none fails.
step-record-baseline-undo = Nothing to take back: it only watches.
step-install-green-title = Build the new side in the dark
step-install-green-what = Green’s objects are created beside blue. No user is routed to it, it works no queue and runs no schedule.
step-install-green-check = Green’s objects exist, its Sidekiq Deployments have 0 replicas, its CronJobs are suspended, and no Service that users reach selects its pods.
step-install-green-undo = Delete green’s objects. Nobody uses them.
step-await-ready-title = Wait until the new side is ready
step-await-ready-what = Green’s pods start and pass their readiness probes. Users are on blue all the while.
step-await-ready-check = Each Deployment reports as many ready pods as it wants.
step-await-ready-undo = Nothing to take back: it only waits.
step-verify-green-title = Ask the new side through a side door
step-verify-green-what = Each green pod is asked through the API server, where no user comes by, and must give the right answers.
step-verify-green-check = Every question below is answered with status 200 and the right content.
step-verify-green-undo = Nothing to take back: it only asks.
step-drain-queues-title = Let the old workers finish
step-drain-queues-what = Blue’s Sidekiq processes finish their jobs and end, and its schedules pause. Jobs wait in Redis meanwhile; none is lost. Two schedulers never run at once.
step-drain-queues-check = No pod of blue’s Sidekiq is left, and its CronJobs are suspended.
step-drain-queues-undo = Once green’s workers are gone, scale blue’s Sidekiq back to the replicas it had, and resume its CronJobs.
step-start-queues-title = Start the new workers
step-start-queues-what = Green’s Sidekiq takes the queues, and its schedules begin. Jobs that waited are worked off.
step-start-queues-check = Green’s workers are ready, exactly one process serves the scheduler queue, and the queues shrink.
step-start-queues-undo = Scale green’s Sidekiq to 0, wait until it is gone, and suspend its CronJobs.
step-open-overlap-title = Let users reach both sides
step-open-overlap-what = Each Service selects the pods of blue and of green. New requests spread over both; none meets a closed door.
step-open-overlap-check = The endpoints of each Service list pods of both sides, and no request fails.
step-open-overlap-undo = Put blue’s selector back on each Service.
step-close-overlap-title = Send everyone to the new side
step-close-overlap-what = Each Service selects green alone. Blue keeps running and finishes what it has begun.
step-close-overlap-check = The endpoints of each Service list green’s pods only, and no request fails.
step-close-overlap-undo = Put blue’s selector back on each Service. Blue still runs, so it takes seconds.
step-observe-title = Watch, with the old side still warm
step-observe-what = Users are on green. Blue runs on untouched, so that the guard can bring everyone back within seconds.
step-observe-check = Errors and latency stay within the guard’s rules.
step-observe-undo = Nothing to take back: it only watches.
step-stop-blue-title = Let the old side end
step-stop-blue-what = Blue’s pods end. Live connections that were still open there are closed, and apps connect once more, to green.
step-stop-blue-check = No pod of blue is left, and no request fails.
step-stop-blue-undo = Scale blue’s Deployments back to the replicas they had, and wait until they are ready.
step-remove-blue-title = Remove what nobody uses any more
step-remove-blue-what = Blue’s objects that no route, Service or neighbour uses are deleted. Each is in the backup. Data is not touched.
step-remove-blue-check = Only the objects named here are gone.
step-remove-blue-undo = Apply the objects from the backup again.
step-adopt-title = Point autoscalers and monitors at the new side
step-adopt-what = Autoscalers, monitors and the like now look at green’s Deployments, with the bounds they had.
step-adopt-check = Each autoscaler names a Deployment of green and reads its metrics.
step-adopt-undo = Apply these objects from the backup again.
step-final-audit-title = Compare what stands with the plan
step-final-audit-what = Every object of the plan is read back from the cluster and compared, setting by setting.
step-final-audit-check = The comparison finds no difference.
step-final-audit-undo = Nothing to take back: it only reads.
step-release-lease-title = Give the Lease back
step-release-lease-what = The Lease is released. The next operator may come.
step-release-lease-check = The Lease is gone, or has no holder.
step-release-lease-undo = Nothing to take back.

# Commands
inspect-size = { $form }, { $objects ->
    [one] 1 object
   *[other] { $objects } objects
} in { $files ->
    [one] 1 file
   *[other] { $files } files
}
inspect-size-in-namespace = { $size }, namespace { $namespace }
inspect-no-domain = (domain unknown)
inspect-replicas = ×{ $replicas }
inspect-users-reach = Users reach:
inspect-beside = Beside it, and staying:
inspect-need = Used but not in the source: { $kind } { $name }. It must exist where you move; a rehearsal invents one.
form-kustomize = Kustomize tree
form-manifests = manifests
form-compose = Docker Compose
form-helm-values = Helm values
form-live = running cluster
compose-service = service { $name }
compose-volume = volume { $name }
compose-secret = secret { $name }
compose-config = config { $name }
flavour-mastodon = Mastodon
flavour-glitch-soc = glitch-soc
flavour-hometown = Hometown
flavour-linuxserver = Mastodon by linuxserver.io
flavour-own = own build of Mastodon
inspect-versions = Version
inspect-required = Secrets that this release needs
inspect-head-setting = setting
inspect-head-given = given
inspect-head-by = by
inspect-head-made-by = made by
inspect-need-optional = optional
given-given = yes
given-in-the-open = yes, in the open
given-encrypted = yes, encrypted
given-unseen = cannot be seen
given-missing = no
route-http-route = HTTPRoute
route-ingress-route = IngressRoute
route-openshift-route = Route
route-load-balancer = load balancer
route-node-port = port of the nodes
route-host-port = port of the host
route-proxy-labels = labels for a proxy
inspect-components = Parts of Mastodon
inspect-queues = Who works which queue
inspect-routes = How users reach it
inspect-certificates = Certificates
inspect-stores = Where the data lives
inspect-mail = Mail
inspect-schedules = By the clock
inspect-scaling = Scaling and protection
inspect-monitors = What watches it
inspect-neighbours = What stands beside it
inspect-secrets = Secrets
inspect-needs = Used, but not in the source
inspect-findings = Risks
inspect-notes = Good to know
inspect-unread = Could not be read
inspect-no-findings = None found.
inspect-head-release = release
inspect-head-image = image
inspect-head-component = part
inspect-head-workload = workload
inspect-head-pods = pods
inspect-head-threads = threads
inspect-head-version = build
inspect-head-queues = queues
inspect-head-queue = queue
inspect-head-jobs-at-once = jobs at once
inspect-head-served-by = served by
inspect-head-address = address
inspect-head-answers = answered by
inspect-head-through = through
inspect-head-tls = TLS
inspect-head-hosts = hosts
inspect-head-issuer = issued by
inspect-head-kept-in = kept in
inspect-head-store = store
inspect-head-settings = set by
inspect-head-mail = mail
inspect-head-server = server
inspect-head-sender = sender
inspect-head-schedule = when
inspect-head-state = state
inspect-head-command = runs
inspect-head-scaling = what
inspect-head-object = object
inspect-head-of-workload = of
inspect-head-least = least
inspect-head-most = most
inspect-head-sidecar = sidecar
inspect-head-part = part
inspect-head-secret = name
inspect-head-held = held
inspect-head-keys = keys
inspect-all-queues = all
inspect-served-by-nobody = nobody!
inspect-served-elsewhere = not in the source
inspect-answers-unknown = nothing known
inspect-address-unknown = not in the source
inspect-issued-by-hand = by hand
inspect-tls = yes
inspect-suspended = suspended
inspect-need-whole = all of it, as environment
inspect-remark-at = { $remark } ({ $places })
inspect-remedy = → { $remedy }
inspect-more-places = and { $count } more
store-postgresql = PostgreSQL
store-postgresql-replica = PostgreSQL replica
store-redis = Redis
store-redis-sidekiq = Redis for Sidekiq
store-redis-cache = Redis for the cache
store-search = search
store-s3 = media on S3
store-google-cloud-storage = media on Google Cloud Storage
store-minio = media on MinIO
store-swift = media on Swift
store-azure = media on Azure Blob Storage
store-file-system = media in a folder
mail-all = mail
mail-bulk = bulk mail
scaling-horizontal = pods by load
scaling-vertical = size of pods by load
scaling-keda = pods by events (KEDA)
scaling-disruption-budget = kept up during disruptions
part-database = database
part-database-proxy = database proxy
part-redis = Redis
part-search = search
part-object-store = object store
part-proxy = proxy
part-media-proxy = media proxy
part-anonymiser = anonymiser
part-backup = backup
part-monitoring = monitoring
part-translation = translation
part-other = other
secret-form-plain = Secret in the source
secret-form-in-the-open = in the open
secret-form-env-file = env file
secret-form-sops = encrypted by SOPS
secret-form-sealed = SealedSecret
secret-form-external = External Secrets
secret-form-one-password = 1Password
secret-form-vault = Vault
secret-form-git-crypt = encrypted by git-crypt
secret-form-elsewhere = only referred to
note-inert-key = { $chart } never reads these keys
note-other-chart = chart { $chart } is none of Mastodon’s official ones; what it makes of its values is not known here
note-not-listed = { $kind } could not be listed: { $reason }
note-old-api = { $old } { $kind } is gone since Kubernetes { $since }; today it is { $today }
note-old-api-gone = { $old } { $kind } is gone since Kubernetes { $since }, and nothing took its place
note-rendered-chart = Helm rendered { $objects ->
    [one] 1 object
   *[other] { $objects } objects
} of release { $release } from { $charts }{ $hooks ->
    [0] { "" }
    [one] , 1 of them a hook
   *[other] , { $hooks } of them hooks
}: change the chart’s values rather than these
note-helm-release = Helm’s own record of release { $release }, revision { $revision }, holds its values and manifests
note-passed-over = Passed over: { $what }
note-placeholder = { $text } is filled in on the way to the cluster, and not by this source; it stands as written
note-set-apart = { $kind } ({ $count }): made by controllers or the cluster, set apart
note-also-here = { $path } is here too and was not read; give { $form }:{ $path } to read it instead
note-misspelt-key = { $chart } never reads “{ $key }”; “{ $meant }” is probably meant
note-read-as = { $named } was read as { $chart }; a fork or another version may make something else of the same values
note-chart-refuses = { $chart } does not render with “{ $key }” as it is
note-post-rendered = the objects of release { $release } are changed after rendering (postRenderers); what was read is from before that
note-elsewhere-source = application { $application } takes “{ $path }” from its repository, which is no chart; give that folder to read it
note-unset-variable = the variable { $name } is set nowhere; Compose puts nothing in its place
note-read-differently = not read alike by Compose, by Mastodon’s own dotenv and by kubectl --from-env-file: { $names }
note-built-image = service { $service } is built here ({ $image }); a cluster needs the image in a registry
note-switched-off = service { $service } belongs to a profile that is not switched on, and was not read
passed-compose = a Compose file
passed-kustomization = a kustomization (the folder was read file by file)
passed-chart = a Helm chart’s description
passed-values = values of a Helm chart
passed-chart-template = a chart’s template, which only Helm can render
passed-git-crypt = encrypted by git-crypt
passed-run-by-hand = to be run by hand (generateName), so nothing that stands
passed-tool = settings of a tool
passed-unknown = nothing known here
diagram-users = users
diagram-any-host = any host
diagram-namespace = namespace { $namespace }
diagram-data = data
diagram-elsewhere = elsewhere
diagram-threads = { $threads } threads
diagram-more = and { $count } more
finding-several-schedulers = { $object } runs the schedule and may be scaled above 1: two schedulers enqueue every scheduled job twice
finding-scheduler-overlaps = a rolling update of { $object } runs two schedulers for a while; the new side uses Recreate
finding-short-grace-period = { $object } is given no more than the 25 seconds Sidekiq takes to put running jobs back
finding-unserved-queue = nobody serves { $queues }: the jobs there pile up
finding-floating-image = the image of { $object } is not pinned: nodes may run different builds
finding-several-scheduler-workers = { $objects } all serve the queue scheduler: every scheduled job runs more than once
finding-missing-component = nothing here runs { $component }
finding-media-apart = { $objects } keep media in different places: what one writes, the other does not find
finding-media-volatile = { $object } keeps media in the container or an emptyDir: they are gone with the pod
finding-missing-settings = { $object } is not given { $settings }, which this release needs
finding-cannot-tell-settings = { $object } needs { $settings }; whether it gets them cannot be told, because { $unseen } cannot be seen
finding-obsolete-settings = this release no longer reads { $settings }
finding-early-settings = this release does not read { $settings } yet
finding-misspelt-settings = Mastodon reads no setting of this name; perhaps another is meant: { $settings }
finding-versions-apart = the parts run different releases: { $releases }
finding-secrets-in-the-open = { $object } holds secrets in the open: { $settings }
finding-redis-namespace = REDIS_NAMESPACE is set for { $object }; Mastodon 4.4 and later refuse to start with it
finding-streaming-unrouted = { $object } runs streaming, but no route leads to it
finding-migrates-on-start = every start of { $object } migrates the database
finding-own-sidekiq-config = { $object } takes its queues from { $file }, which was not read: whether all are served cannot be told
convert-ledger = { $leaves } settings accounted for, written as release { $release }:
convert-explained = { $count } differences, each explained by the ledger
convert-written = Written to { $directory }
ledger-title = What became of every setting
ledger-head-source = Source
ledger-head-path = Setting
ledger-head-disposition = Became
ledger-head-target = Now
ledger-head-reason = Why
ledger-decided = What no longer holds as it was written
ledger-differences = What is otherwise than before, and why
ledger-everything = Every setting
ledger-head-line = Line
ledger-head-field = What
ledger-head-before = Before
ledger-head-after = After
reason-release-name = objects are named after the release
reason-chart-labels = labels and selectors are the chart's; no old selector matches them
reason-container-name = containers are called as in the chart
reason-reference = follows an object that was renamed
reason-one-scheduler = a rolling update would run two schedulers; Recreate never does
reason-service-selector = the Service stays and selects the new pods
reason-directive = an instruction to the build, which was obeyed
reason-overridden = overridden by a patch
reason-server-filled = filled in by the API server, not by its owner
reason-patch-address = says what a patch applies to
reason-carried = same value in its new place
reason-kept = the object stays as it is
reason-supplemented = the chart has no place for it; an object of its own carries it
reason-changed-unexplained = changed, and nothing says why
reason-unaccounted = nobody knows what became of it
reason-image-parts = written as repository and tag
reason-value-form = the chart takes the same in another form
reason-same-command = the chart runs the same program in the same way
reason-port-name = ports of containers are called as in the chart
reason-moved-to-secret = stood in the open; a Secret holds it from now on
reason-media-volume = the volume for media is called and mounted as in the chart
reason-deployment-only = the chart makes Deployments of all components
reason-absorbed = the settings live in the chart's ConfigMap; this object is not needed
reason-variable-name = the variable is named by a key of the values or of a ConfigMap
reason-said-once = the components say the same; one place says it for all of them
reason-outdone = another part of the container's environment wins over it
reason-empty = empty: it says nothing
reason-defaulted = the chart takes the same value by itself
reason-chart-adds = the chart adds it; nothing acts otherwise for it
reason-built = what the source’s own build made of it stands
reason-current-api = the Kubernetes of today no longer serves the version that was written; the fields are the same
reason-named-of-whole = the same key of a Secret that is taken whole anyway
chart-unknown = it is { $name } { $version }; known here are mastodon 1 of mastodon/helm-charts, and mastodon 4 to 6 of mastodon/chart
chart-nearest = The chart is { $version }; the values were written by what is known of { $known }. Render them before you install.
values-head =
    Values for { $chart }, written by mastoferry: only what differs from the chart's defaults.
    Behind each value stands the line it came from, or why it is there.
    
    helm 3:  helm install { $release } CHART -f values.yaml --post-renderer supplements/post-render.sh
    helm 4:  helm plugin install supplements && helm install { $release } CHART -f values.yaml --post-renderer { $plugin }
    
    Without the supplements something would be lost: they carry what the chart has no place for.
    
    Before you switch hooks on for later upgrades: their jobs run under an account that only serviceAccount.create
    makes, they see no Secret that is taken whole, and no setting of mastodon.extraEnvVars.
why-hooks-off = off: the hooks would migrate the database that the old side still uses
why-routes-stay = off: the routes that stand stay, and lead to the new pods
why-never-set = not set today; the chart would set it
why-said-by-secret = the chart demands it; a patch takes it away, since a Secret may say it
why-demanded = the chart demands it; a patch takes it away, since nothing uses it
why-mastodons-default = Mastodon's own default, which counts today
why-named = names that collide with nothing
why-key-like-variable = the key is called like the variable
why-overlap = Services tell both sides apart by it while users pass over
why-kubernetes-default = Kubernetes' own default, which counts today
why-not-there = there is none today
why-stores-stay = off: what is used today stays; the chart would bring an empty one
secrets-title = References to Secrets
secrets-intro = What the containers of the new side take from Secrets. No value of a secret is written anywhere here.
secrets-variable = Variable
secrets-secret = Secret
secrets-key = Key
secrets-today = Today
secrets-there = there
secrets-perhaps = in the Secret or not set: it is taken whole, and the reference is optional
secrets-in-the-open = in the open at { $place }
secrets-check = Look at the keys
secrets-make = Make { $secret }
secrets-make-text = Type or paste each value where it is asked for; it passes through files that only you can read. Or have `mastoferry convert --secrets FOLDER` write the Secret.
secrets-watch = Settings that a Secret must not have as well
secrets-watch-text = Where a Secret or ConfigMap that is taken whole has one of these as well, the other of the two wins on the new side. Make sure that it has no such keys.
plan-headline-blue-green = Blue-green move to release { $release } in namespace { $namespace }, { $steps } steps:
why-room = Chosen: blue-green. Both sides share the database, so users can pass over without a pause and back again.
rehearse-read = Reading { $source }
rehearse-blue = The old side is booting on the cluster inside
rehearse-traffic = Traffic: { $rate } requests/s, { $sockets } WebSockets, cluster time ×{ $speed }
rehearse-tail = Arrived. Traffic goes on a little longer
rehearse-state = Kept in { $directory }
rehearse-report = Report: { $file }
rollback-asked-for = asked for by hand
status-line = { $rehearsal }: { $state }
status-running = interrupted at step { $step }; go on with `mastoferry resume` or `mastoferry rollback`
status-unstarted = interrupted before the first step
status-finished = { $outcome }

# What went wrong
problem-no-such-path = There is no file or folder { $path }.
problem-no-such-path-remedy = Give the folder with the kustomization.yaml or the Compose file, a file or folder of manifests, or a file of Helm values.
problem-unreadable = { $path } cannot be read: { $reason }
problem-nothing-to-read = The folder { $path } holds no kustomization.yaml and no .yaml, .yml or .json file.
problem-nothing-to-read-remedy = Give the folder that `kubectl apply -k` or `kubectl apply -f` would be given.
problem-yaml-tab = A tab is used for indentation; YAML allows only spaces.
problem-yaml-tab-remedy = Replace the tab by spaces.
problem-yaml-syntax = This is not valid YAML: { $detail }
problem-yaml-syntax-remedy = Mend the line; `kubectl apply` would refuse the file too.
problem-yaml-truncated = The text ends in the middle: { $detail }
problem-yaml-truncated-remedy = Is the file complete? Close what is open, or copy the file again.
problem-yaml-duplicate = The key “{ $key }” is already set on line { $line }.
problem-yaml-duplicate-remedy = Keep the one that is meant; programs differ in which of the two they take.
problem-yaml-other = This YAML cannot be read: { $detail }
problem-not-an-object = This is not a Kubernetes object: { $missing } is missing.
problem-not-an-object-remedy = Leave files that are not manifests out of the folder, or give the manifests one by one.
problem-twice = { $id } is described twice; the first time at { $first }.
problem-twice-remedy = Remove one of them.
problem-kustomize-missing = The kustomization names { $path }, but there is no such file or folder.
problem-kustomize-missing-remedy = Correct the entry, or put the file back. Files that are kept out of the repository must be here too.
problem-kustomize-unsupported = The field “{ $field }” of a kustomization cannot be read by this version.
problem-kustomize-unsupported-remedy = Build the tree with `kubectl kustomize` into one file and give that file instead.
problem-kustomize-remote = { $path } is a remote resource; nothing is fetched.
problem-kustomize-remote-remedy = Download it, put it beside the tree and name the local copy.
problem-no-mastodon = No Mastodon found in { $objects } objects: no container runs puma, node ./streaming or sidekiq.
problem-no-mastodon-remedy = Is this the right folder? Containers are recognised by their command.
problem-missing-component = A Mastodon without { $component }: no container runs it.
problem-missing-component-remedy = Give the source that holds all of the installation.
problem-shared-workload = { $object } runs several parts of Mastodon ({ $parts }) in one pod. A move passes from workload to workload, and these are one.
problem-shared-workload-remedy = Convert it: `mastoferry convert` takes the pod apart. Run what it writes, then plan from there.
problem-open-secret = A secret stands in the open here, and would have to be written again.
problem-open-secret-remedy = Move it into a Secret and refer to it, then convert.
problem-several-mastodons = There is more than one Mastodon here: { $choices }.
problem-several-mastodons-remedy = Choose one with --instance, for example --instance { $first }
problem-no-such-mastodon = No Mastodon called { $wanted } here; there are: { $choices }.
problem-no-such-mastodon-remedy = Choose one of them with --instance.
problem-name-taken = The release name { $release } collides with { $object }.
problem-name-taken-remedy = Leave --release out to have a free name chosen.
problem-bad-name = { $name } cannot be a release name.
problem-bad-name-remedy = Lower-case letters, digits and dashes, at most 40 characters.
problem-selector-matches = The selector of { $object } would match the new pods too, whatever they are called.
problem-selector-matches-remedy = Make the selector narrower before moving.
problem-nothing-to-switch = No Service stands in front of web: there is nothing that could be switched.
problem-nothing-to-switch-remedy = Give the Services too. Web must be reached through a Service.
problem-unlawful = The plan breaks a law and is not run: { $law }.
problem-plan-format = The plan has format { $found }; this program reads { $expected }.
problem-plan-format-remedy = Make the plan anew with this version.
problem-plan-unreadable = { $path } is no plan: { $detail }
problem-plan-unreadable-remedy = Make it with `mastoferry plan … --out { $path }`.
problem-unaccounted = { $count } settings would be lost:
    { $list }
problem-unaccounted-remedy = This is a defect of Mastoferry. Nothing was written; please report the lines above.
problem-differences = { $count } differences that nothing explains:
    { $list }
problem-differences-remedy = Nothing was written. What is meant can be accepted by name: --accept CODE:PATH. What is not is a defect of Mastoferry: please report the line.
problem-out-not-empty = { $path } is not empty; nothing was written.
problem-out-not-empty-remedy = Give a new folder.
problem-write = Writing failed: { $reason }
problem-write-file = { $path } could not be written: { $reason }
problem-no-rehearsal = There is no rehearsal and no migration in { $path }.
problem-no-rehearsal-remedy = Start one with `mastoferry rehearse SOURCE` or `mastoferry migrate plan.json`, or give its folder with --state.
problem-rehearsal-finished = { $rehearsal } has come to its end: { $outcome }.
problem-rehearsal-finished-remedy = See it with `mastoferry report`, or start another.
problem-rehearsal-damaged = The state cannot be read: { $detail }
problem-cluster-inside = The cluster inside could not be started: { $detail }
problem-blue-not-ready = The old side did not become ready: { $detail }
problem-blue-not-ready-remedy = See whether its probes can pass at all; `inspect` shows what was read.
problem-voyage = The voyage failed: { $detail }
problem-kustomize-outside = { $path } is not below the directory of the kustomization that names it; Kustomize refuses to read it.
problem-kustomize-outside-remedy = Put the file below the kustomization, or name the directory that holds it.
problem-kustomize-none = { $path } holds no kustomization.yaml.
problem-kustomize-none-remedy = Add one, or name the files of the directory one by one.
problem-kustomize-several = { $path } holds more than one kustomization.
problem-kustomize-several-remedy = Keep one of them.
problem-kustomize-other-kind = { $path } is called a kustomization, but is none.
problem-kustomize-field = The field “{ $field }” must be { $wanted }.
problem-kustomize-cycle = { $path } leads back to itself.
problem-kustomize-cycle-remedy = Remove one of the entries of the circle.
problem-kustomize-no-match = There is no { $id } to change.
problem-kustomize-no-match-remedy = Check name, kind and namespace in the patch.
problem-kustomize-several-matches = There is more than one { $id }; which one is meant?
problem-kustomize-patch = The patch cannot be applied: { $detail }
problem-kustomize-unknown-field = Kustomize knows no field “{ $field }”.
problem-kustomize-unknown-field-remedy = Correct its name, or take it out.
problem-kustomize-misspelt-field = Kustomize knows no field “{ $field }”; “{ $like }” was probably meant.
problem-kustomize-misspelt-field-remedy = Correct its name.
problem-kustomize-chart = “{ $field }” asks for a Helm chart to be rendered; nothing is fetched or run here.
problem-kustomize-chart-remedy = Render it with `helm template`, put the result beside the tree and name it under `resources`.
problem-kustomize-plugin = { $kind } is a plugin; programs are not run here.
problem-kustomize-plugin-remedy = Run the build where the plugin is installed, and give the file it writes instead.
problem-kustomize-twice-key = The generator of { $name } has the key “{ $key }” twice.
problem-kustomize-twice-variable = The variable “{ $name }” is declared twice.
problem-kustomize-no-field = { $id } has no field “{ $field }”.
problem-kustomize-no-field-remedy = Check the field path.
problem-kustomize-bad-shape = The field “{ $field }” of { $id } is of another shape than is needed there.
problem-kustomize-too-large = This is more than is read: { $limit }.
problem-not-text = { $path } is not UTF-8 text.
problem-not-text-remedy = Is it encrypted (git-crypt)? Unlock it first.
problem-too-large = { $path } has { $bytes } bytes; more than { $limit } are not read.
problem-too-large-remedy = No manifest is that large. Leave the file out of the folder, or cut the dump into several.
problem-too-many-files = The folder { $path } holds more than { $limit } files.
problem-too-many-files-remedy = Give the folder of the installation itself.
problem-git-crypt = { $path } is encrypted by git-crypt.
problem-git-crypt-remedy = Unlock the repository with `git-crypt unlock`, then try again.
problem-template = { $path } is a template: nothing can be read from it before it is filled in.
problem-template-remedy = Render it first (`helm template`, `envsubst`, …) and give the result.
problem-not-listed = What stands in a cluster can be looked at, but not used here.
problem-several-trees = { $path } is no Kustomize tree itself, but holds some.
problem-several-trees-remedy = Give one of them: { $choices }; or manifests:{ $path } to read every file as it is.
problem-other-chart = What the chart { $chart } makes of its values is not known here.
problem-other-chart-remedy = Render it with `helm template` into a folder and give that, or read what runs: cluster:NAMESPACE.
problem-values-mapping = “{ $key }” must be a mapping.
problem-values-list = “{ $key }” must be a list.
problem-missing-values = The values in { $what } are not in the source.
problem-missing-values-remedy = Give a folder that holds them too, or read what runs: cluster:NAMESPACE.
problem-encrypted-values = The values in { $what } are encrypted.
problem-encrypted-values-remedy = Decrypt them into a copy of the folder and give that, or read what runs: cluster:NAMESPACE.
problem-unknown-generator = The generator “{ $generator }” of this ApplicationSet takes its elements from elsewhere.
problem-unknown-generator-remedy = Save the Applications that Argo CD makes (`argocd appset generate`) and give those.
problem-release-too-large = The release { $release } would become more objects than any deployment has.
problem-no-kubeconfig = There is no kubeconfig, and this is no pod of a cluster.
problem-no-kubeconfig-remedy = Put one at ~/.kube/config, or name it in KUBECONFIG; `kubectl config view` must show it.
problem-no-such-context = The kubeconfig has no context { $wanted }; there are: { $known }.
problem-no-such-context-remedy = Give one of them: as a source cluster:CONTEXT/NAMESPACE, for a rehearsal --cluster CONTEXT.
problem-no-current-context = The kubeconfig has no current context; there are: { $known }.
problem-no-current-context-remedy = Write cluster:CONTEXT/NAMESPACE, or choose one with `kubectl config use-context`.
problem-kubeconfig-unusable = The kubeconfig cannot be used: { $detail }
problem-kubeconfig-unusable-remedy = See whether `kubectl get namespaces` works.
problem-no-such-namespace = There is no namespace { $namespace } in the cluster of context { $context }.
problem-no-such-namespace-remedy = `kubectl get namespaces` lists them.
problem-cluster-unknown-user = The cluster of context { $context } does not know who asks.
problem-cluster-unknown-user-remedy = Log in again; `kubectl auth whoami` must answer.
problem-cluster-unreachable = The cluster of context { $context } cannot be asked: { $detail }
problem-cluster-unreachable-remedy = See whether `kubectl get namespaces` works from here.
problem-cluster-unlistable = The cluster cannot be listed: { $detail }
problem-compose-no-file = { $path } holds no compose.yaml, compose.yml, docker-compose.yml or docker-compose.yaml.
problem-compose-no-file-remedy = Give the Compose file itself, as in compose:path/to/file.yml.
problem-compose-odd-key = A key that YAML takes for a number, a truth value or nothing; Compose takes only texts.
problem-compose-odd-key-remedy = Put it in quotes.
problem-compose-empty = The Compose file is empty.
problem-compose-expression = “{ $attribute }” has a ${ "{" } without a valid variable name after it.
problem-compose-expression-remedy = A dollar sign that is meant as such is written $$.
problem-compose-required = “{ $attribute }” needs the variable { $name }, which is set nowhere.
problem-compose-required-remedy = Set { $name } in the .env file beside the Compose file, or in the environment.
problem-compose-unknown = Compose knows no “{ $attribute }”.
problem-compose-unknown-remedy = Check spelling and indentation; attributes of your own begin with x-.
problem-compose-wrong = “{ $attribute }” must be { $wanted }.
problem-compose-missing = “{ $attribute }” is missing.
problem-compose-cannot-merge = “{ $attribute }” is of another kind than in the file it is laid over.
problem-compose-cannot-merge-remedy = Write both as lists, or both as mappings.
problem-compose-extends-cycle = The service { $service } extends itself, by way of others perhaps.
problem-compose-extends-cycle-remedy = Remove one of the “extends” of the circle.
problem-compose-include-cycle = { $path } includes itself, by way of others perhaps.
problem-compose-include-cycle-remedy = Remove one of the “include” of the circle.
problem-compose-dependency-cycle = The service { $service } depends on itself, by way of others perhaps.
problem-compose-dependency-cycle-remedy = Remove one of the “depends_on” of the circle.
problem-compose-no-such-base = There is no service { $service } to extend.
problem-compose-missing-env-file = There is no env file { $path }; without it the settings are not complete.
problem-compose-missing-env-file-remedy = Put the file there (owners often keep it out of their repository), or mark it “required: false”.
problem-compose-missing-file = There is no file { $path }.
problem-compose-missing-file-remedy = Put the file there, or take out the line that names it.
problem-compose-env-file-format = Env files have no format “{ $format }”.
problem-compose-env-file-format-remedy = Leave “format” out, or write raw.
problem-compose-conflict = { $resource } is described here, and differently by a file that is included.
problem-compose-conflict-remedy = Describe it in one place only.
problem-compose-undefined = The service { $service } names the { $attribute } “{ $name }”, which is not there.
problem-compose-undefined-remedy = Define it at the top level, or give the files in which it is defined too, joined by “:”.
problem-compose-no-image = The service { $service } has neither “image” nor “build”.
problem-compose-exclusive = “{ $attribute }” and “{ $other }” contradict or exclude one another.
problem-compose-exclusive-remedy = Keep one of them.
problem-compose-twice = “{ $attribute }” is there twice.
problem-compose-project-name = The project has no valid name.
problem-compose-project-name-remedy = Use lower-case letters, digits, - and _, a letter or digit first: as “name:” at the top of the file, or as COMPOSE_PROJECT_NAME.
problem-compose-remote = { $url } would have to be fetched, which Mastoferry does not do.
problem-compose-remote-remedy = Fetch it yourself and name the local file.
problem-compose-too-large = The project grows too large to be read (aliases, ranges or variables that multiply).
problem-env-file-name = This line of the env file does not begin with a valid variable name.
problem-env-file-name-remedy = Write NAME=value; letters, digits and _ in the name, no spaces.
problem-env-file-unterminated = The quoted value of { $name } does not end.
problem-env-file-unterminated-remedy = Close the quote.
problem-env-file-expression = The value of { $name } has a ${ "{" } without a valid variable name after it.
problem-env-file-expression-remedy = Put the value in single quotes, or write $$ for a dollar sign.
problem-env-file-required = The value of { $name } needs the variable { $required }, which is set nowhere.
problem-env-file-export = A variable is exported here that has no value.
problem-env-file-command = The value of { $name } is the output of a command, which Mastoferry does not run.
problem-env-file-command-remedy = Write the value itself.
problem-env-file-twice = { $name } is set twice.
problem-env-file-too-large = The env file, or what its variables expand to, is too large to be read.

## Charts

render-invented = Note: what these templates draw by lot is a placeholder here: { $templates }
problem-chart-none = { $path } is no chart: it has no Chart.yaml.
problem-chart-none-remedy = Give the folder that holds Chart.yaml, or a .tgz made by `helm package`.
problem-chart-metadata = { $path } is not valid: { $detail }
problem-chart-archive = The archive { $path } is refused: { $detail }
problem-chart-archive-remedy = Download it again, or make it with `helm package`.
problem-chart-too-large = { $path } is larger than { $limit } bytes, the most a chart may have.
problem-chart-too-large-remedy = Leave what is no part of the chart out by a .helmignore.
problem-chart-ignore = The pattern “{ $pattern }” in { $path } is not supported; neither is it by Helm.
problem-chart-not-a-table = The values of { $name } must be a mapping.
problem-chart-set = { $option } cannot be read: { $detail }
problem-chart-set-remedy = For example: { $option } mastodon.web.replicas=2. A comma, dot or bracket that belongs to a name or value needs a backslash.
problem-chart-index = { $path } is no index of a repository: { $detail }
problem-chart-digest = { $path } is not the archive its repository names: its digest is { $found }, the index says { $expected }.
problem-chart-digest-remedy = Do not use it. Download it again; if it stays, ask those who run the repository.
problem-chart-dependencies = Charts are named in Chart.yaml but missing in charts/: { $names }
problem-chart-dependencies-remedy = Fetch them with `helm dependency build`.
problem-chart-library = { $chart } is a library: other charts use it, by itself it renders nothing.
problem-chart-release = “{ $name }” is no name for a release.
problem-chart-release-remedy = Small letters, digits, dashes and dots, at most 53, a letter or digit at either end.
problem-chart-kubernetes = The chart wants Kubernetes { $wanted }; it is rendered for { $found }.
problem-chart-syntax = This is no template: { $detail }
problem-chart-failed = The template failed: { $detail }
problem-chart-failed-remedy = Often a value is missing or of another kind than the template expects.
problem-chart-required = The chart requires { $key }: { $message }
problem-chart-required-remedy = Give it in a file of --values, or by --set { $name }=…
problem-chart-required-something = The chart requires a value: { $message }
problem-chart-refuses = The chart refuses these values: { $message }
problem-chart-random = { $function } makes up something new at every rendering, and is refused.
problem-chart-random-remedy = Most charts take an existing Secret instead; give its name in the values.
problem-chart-bound = The template goes beyond what is allowed ({ $bound }); does it call itself?
problem-chart-not-a-manifest = What the template rendered is no manifest: { $detail }
problem-shared-pod = { $object } runs several components in one pod; the chart gives each a Deployment of its own.
problem-shared-pod-remedy = Take it apart into one workload for each component first.
problem-chart = { $path }: { $reason }

# The audit: what differs, by its code, and why it may

audit-title = Audit
audit-equivalent = { $target } gives users and containers what { $source } gives them.
audit-differences = { $target } differs from { $source }.
audit-losses = { $target } would lose a part of { $source }.
audit-counts = Losses: { $losses } · other differences: { $differences } · explained: { $explained }
audit-chart = Rendered with { $chart }
audit-objects = Other objects
audit-set = (set)
audit-set-otherwise = (set otherwise)
audit-open = (open)
audit-kind = { $code } ({ $meaning })
audit-explained = Explained
audit-how-to-accept = What is meant can be accepted by name: --accept CODE:PATH
audit-head-code = code
audit-head-path = path
audit-head-before = before
audit-head-after = after
audit-head-place = written at
audit-default = Mastodon takes this value where none is set
audit-not-read = this component does not read the variable
audit-pinned = the digest says which image, whenever it is pulled
audit-image-user = the image runs as this user anyway
audit-no-volume = there is no volume that it could act on
audit-as-before = it is so today
accepted = accepted by name (--accept)
problem-accept-unmatched = Nothing has the name that --accept gives: { $names }
problem-accept-unmatched-remedy = Leave it out, or take the code and path from what the command prints without it. A misspelt acceptance would hide nothing, and one that is out of date no longer says what was meant.
difference-does-not-render = the chart refuses the values
difference-value-unread = the chart never reads this key
difference-not-recognised = no Mastodon is found in the target
difference-patch-fails = the patch does not apply to what the chart renders
difference-component-lost = nothing does this component’s work any more
difference-component-added = a component that was not there before
difference-kind-changed = the workload is of another kind
difference-replicas-changed = another number of pods
difference-strategy-changed = pods are replaced in another way
difference-rollout-changed = roll-outs are kept, timed or paused otherwise
difference-sidecar-lost = a container beside the main one is gone
difference-sidecar-added = a container beside the main one is new
difference-init-container-lost = a container that ran first is gone
difference-init-container-added = a container runs before the others
difference-image-changed = another image
difference-image-unpinned = the image is no longer pinned by its digest
difference-pull-policy-changed = images are pulled at other times
difference-command-changed = another command
difference-env-lost = a variable is gone
difference-env-changed = a variable has another value
difference-env-added = a variable is new
difference-env-perhaps-changed = set now; a Secret that cannot be seen may have said otherwise
difference-env-unseen-lost = no longer taken whole; its keys cannot be seen
difference-env-unseen-added = taken whole; its keys cannot be seen
difference-secret-key-missing = the Secret has no such key: the container does not start
difference-secret-key-unsure = the Secret cannot be seen: without this key the container does not start
difference-port-lost = a port is no longer declared
difference-port-added = a port is declared
difference-port-renamed = a port has another name
difference-probe-lost = a probe is gone
difference-probe-changed = a probe asks otherwise
difference-probe-added = a probe is new
difference-lifecycle-lost = a lifecycle hook is gone
difference-lifecycle-changed = a lifecycle hook differs
difference-resources-lost = a request or limit is gone
difference-resources-changed = a request or limit differs
difference-mount-lost = nothing is mounted there any more
difference-mount-changed = something else is mounted there
difference-mount-added = something is mounted where nothing was
difference-security-changed = the container runs with other rights
difference-scheduling-lost = where pods may run is no longer said
difference-scheduling-changed = pods may run elsewhere
difference-grace-period-lost = the grace period falls back to Kubernetes’ 30 seconds
difference-grace-period-changed = another grace period
difference-service-account-changed = pods run as another service account
difference-annotation-lost = an annotation is gone
difference-annotation-changed = an annotation differs
difference-container-field-lost = a field of the container is gone
difference-container-field-changed = a field of the container differs
difference-pod-field-lost = a field of the pod is gone
difference-pod-field-changed = a field of the pod differs
difference-route-lost = the route is gone; another may answer in its place
difference-route-changed = something else answers
difference-route-added = a new route
difference-tls-lost = no longer known to be served with TLS
difference-tls-secret-unknown = TLS from a Secret that nothing here makes
difference-gateway-unknown = hangs on a Gateway that nothing here makes
difference-front-changed = what routes is of another class or kind
difference-service-lost = a Service is gone
difference-service-changed = a Service leads or holds users otherwise
difference-service-added = a new Service
difference-queue-unserved = no worker serves this queue
difference-second-scheduler = more than one process may run the schedule
difference-job-lost = a job is gone
difference-job-changed = a job runs otherwise
difference-job-added = a job is new
difference-hook-added = runs at every installation or upgrade
difference-schedule-lost = no longer runs by the clock
difference-schedule-changed = runs at other times or in another way
difference-schedule-added = something new runs by the clock
difference-autoscaler-lost = an autoscaler is gone
difference-autoscaler-changed = an autoscaler has other bounds or metrics
difference-autoscaler-added = an autoscaler is new
difference-disruption-budget-lost = a disruption budget is gone
difference-disruption-budget-changed = a disruption budget differs
difference-disruption-budget-added = a disruption budget is new
difference-object-lost = an object is gone
difference-object-changed = an object differs
difference-object-added = an object is new
difference-selector-stray = finds none of the pods that it found
# From Compose
reason-stays-on-host = the service goes on running on the Docker host
reason-variable-form = written as a name and a value of its own
reason-interpolated = Compose fills variables in; the outcome is written
reason-words = a command line is written as its words
reason-env-file = what the file sets stands in a ConfigMap or a Secret
reason-service-port = a published port is a Service's, behind the Ingress or Gateway
reason-volume-claim = a folder or volume of the host is a claim in the cluster
reason-file-mount = a file of the host is a ConfigMap, to be made from it
reason-healthcheck = a healthcheck is a probe, and Compose's defaults are written out
reason-start-order = Kubernetes starts everything at once; what does not find its stores is started again
reason-always-restarted = the pods of a Deployment are always started again
reason-cluster-network = pods and Services find one another in the cluster's network; who may reach whom is up to NetworkPolicies
reason-pod-name = pods are named by their Deployment; others find them by the Service
reason-node-setting = what the host did for the container is up to the cluster's nodes
reason-proxy-labels = what the labels tell a proxy, the Ingress or HTTPRoute says
reason-proxy-options = an option of the proxy on the host; the Ingress controller has its own
reason-docker-label = a label for programs that look after Docker's containers
reason-image-built = Kubernetes builds no images: it takes this one from a registry
reason-rollout = the Deployment says how new pods take the place of old ones
reason-placement = it names nodes of the swarm, which are not those of the cluster
reason-quantity = the same in the form that Kubernetes writes
reason-project-form = says how the project is put together
reason-not-switched-on = no active profile switches the service on
reason-unused = nothing uses it
reason-service-name = Kubernetes allows no Service of this name; the setting says the new one
reason-store-elsewhere = another address takes its place, as asked for
reason-store-in-cluster = the store is made anew in the cluster
reason-taken-apart = the parts of one container have pods of their own
reason-cluster-default = nobody wrote Compose's default; Kubernetes' own holds
reason-made-anew = made anew: it was never there
why-routed-beside = off: the Ingress or HTTPRoute beside these values routes
decisions-title = What only you can decide or do
decisions-intro = Nothing of this stands in a cluster yet. Before you apply it:
decisions-head = Left to you:
effects-title = What containers get otherwise
effects-intro = Every part of Mastodon, as a container of the host and as a pod. What is not here is the same.
effects-component = Part
effects-field = What
effects-before = On the host
effects-after = In the cluster
effects-reason = Why
decide-scheduler = Stop { $service } on the host before you apply the new workers: two schedulers must never run at once.
decide-proxy = { $service } stays on the host and leads to the old containers. Users reach the cluster once the domain leads to its Ingress or Gateway.
decide-domain = No setting at hand says the domain. Put yours in the place of { $host } in the Ingress or HTTPRoute.
decide-claim = The claim { $claim } is { $size } large because Compose says no size. Decide on size and storage class (--claim-size), and copy the data from { $from }.
decide-address = { $service } stays outside the cluster. Say how pods reach it: --address { $service }=HOST puts it in the place of { $address }.
decide-empty-store = { $service } is made anew and empty. Bring the data in while Mastodon is stopped on both sides: “docker compose exec { $service } redis-cli save” writes dump.rdb; place it in the claim data-{ $name }-0 before the new one starts.
decide-empty-database = { $service } is made anew and empty: the Cluster { $cluster } of CloudNativePG, whose operator must be there (1.24 or newer). Make the Secret { $secret } before (SECRETS.md); a password is always asked for, so Mastodon needs the same as DB_PASS. Bring the data in while Mastodon is stopped on both sides: docker compose exec -T { $service } pg_dump -U { $user } -Fc { $database } | kubectl exec -i { $cluster }-1 -c postgres -- pg_restore --no-owner --no-comments --role={ $owner } -d { $database }
decide-secret-from-file = { $file } is not at hand. Make a Secret of it: kubectl create secret generic { $secret } --from-env-file={ $file }. kubectl keeps quotes, and “export” and “$NAME” mean nothing to it: write such lines without them first. What stands in the container itself wins over it.
decide-file-to-config-map = Make a ConfigMap of the file: kubectl create configmap { $config_map } --from-file={ $key }={ $file }
decide-built-image = Compose builds { $image } for { $service }. Push it to a registry that the cluster can reach.
decide-service-name = { $service } is no name that a Service can have, and it stands where it is not changed here. Let that setting say { $name }.
decide-host-name = { $service } says { $host }: on the Docker host that is the host itself, in a pod it is not. Say an address that pods reach.
decide-web-finger = Handles are of { $host }, pages of { $web }. Whatever serves { $host } must redirect /.well-known/webfinger to { $web }.
problem-bundled = The image { $image } of { $object } starts web, streaming and Sidekiq in one container, under a supervisor of its own; none of them runs alone.
problem-bundled-remedy = Move to the official images first: ghcr.io/mastodon/mastodon for web and Sidekiq, ghcr.io/mastodon/mastodon-streaming for streaming. Mastodon's settings stay as they are; PUID, PGID, TZ and SIDEKIQ_ONLY are the image's own and go. Media lie in config/mastodon/public/system.
problem-address-needed = { $service } is to be elsewhere, and nothing says where.
problem-address-needed-remedy = Give --address { $service }=HOST, or leave --stores out: then it stays where it is.
problem-shared-service = { $service } leads to several parts of { $object }, or to a proxy in its pod that finds them at localhost. Once they are apart, its selector can find only one of them.
problem-shared-service-remedy = Give each part a Service of its own, and let the routes lead there.
problem-compose-only-convert = A Compose project can be inspected and converted, and not yet planned or rehearsed: none of it stands in a cluster.
problem-compose-only-convert-remedy = Use `mastoferry convert --out DIR`; what it writes can be planned from once it stands.
## A Kustomize tree

kustomize-base =
    What the release is made of, the same for every server. Its own names and numbers are in the overlay.
kustomize-dark =
    What can stand beside the old side: nothing here is reached by users yet.
    When users have passed over, apply { $overlay } instead.
kustomize-whole =
    All that shall stand when the old side is gone. Do not apply it before: it points the Services at the new side.
    Until then: { $dark }
kustomize-withheld =
    Changes the database. No build takes it in: a person runs it when its time has come.
problem-kustomize-differs = The Kustomize tree was not written: built, { $path } is not what should stand ({ $object }).
problem-kustomize-differs-remedy = This is a defect of Mastoferry; please report it. --to manifests writes the same objects.

## What tools deliver

convert-fill-in = Fill in before use: { $place } in { $files }
kustomize-inflates =
    What helm renders of values.yaml, with the objects and patches of supplements/:
      kustomize build --enable-helm .
    Hooks are left out (skipHooks): Argo CD would run the chart's migrations before every sync.
argo-cd-helm =
    Argo CD has no post-renderer, and without the patches something would be lost. So it builds the folder with
    Kustomize, which inflates the chart. For that, the ConfigMap argocd-cm needs
      kustomize.buildOptions: --enable-helm
    It is synchronised by hand, and nothing is pruned (Prune=false): the old side still serves. Switch automated sync
    and pruning on when it is gone. withheld/ and switched/ are not part of it: the job that changes the database is run
    by a person, and the Services are switched when the new side is ready.
argo-cd-kustomize =
    It is synchronised by hand, and nothing is pruned (Prune=false): the old side still serves. When users have passed
    over, take /dark off the path. Switch automated sync and pruning on when the old side is gone.
argo-cd-manifests =
    It is synchronised by hand, and nothing is pruned (Prune=false): the old side still serves. When users have passed
    over, include the others, too:
      include: "{"{"}green/*,adopted/*,switched/*,kept/*{"}"}"
    Leave withheld/ out: its jobs change the database, and a person runs them.
flux-repository =
    Where Flux gets the chart.
flux-release =
    The values of values.yaml and the patches of supplements/, for Flux. It reads these here, not those files.
    Hooks are off: the chart's would migrate the database that the old side still uses. Drift is told, not corrected;
    set driftDetection.mode to enabled when the old side is gone.
flux-supplements =
    The objects that the chart has no place for. Apply it before the release. Nothing is pruned while the old side serves.
flux-kustomize =
    What can stand beside the old side. When users have passed over, take /dark off the path.
    Set prune to true when the old side is gone.
flux-manifests =
    The first stands beside the old side. The others are suspended: resume them when users have passed over.
    withheld/ has none: its jobs change the database, and a person runs them.
skaffold-helm =
    With helm 3:          skaffold deploy --profile { $release }
    With any helm:        skaffold deploy --profile { $release }-kustomize
    Skaffold is a post-renderer of Helm itself. Helm 4 takes one only, so that the first profile needs helm 3.
skaffold-stages =
    Beside the old side:  skaffold deploy --profile { $release }-dark
    When it is gone:      skaffold deploy --profile { $release }
## A move to a release of Helm

step-record-release-title = Tell Helm of the new side
step-record-release-what = Helm’s own record of the release is written: its chart, its values, and every object as it stands. From now on `helm list`, `helm get` and `helm upgrade` know it. No object changes by this.
step-record-release-check = `helm list` shows the release as deployed, and `helm get values` shows your values.
step-record-release-undo = Delete the Secret named below: Helm forgets the release, and no object changes.
runbook-header-chart = Chart
runbook-header-patched = Patched beside the values
runbook-header-supplements = Added beside the chart
runbook-helm-files = The commands below are typed in a folder with two things: what `mastoferry convert { $source } --to helm --out DIR` writes (`values.yaml`, `supplements/`), and this plan as `plan.json` (`mastoferry plan … --out plan.json`). They need `kubectl`, `helm` and `jq`.
why-restarts-pods = off: each upgrade would restart every pod; where settings change, the chart’s checksum does so
report-helm = The release
report-helm-lead = The new side is a release of a Helm chart. With the files that “mastoferry convert” writes, this changes it later:
report-helm-chart = Chart
report-helm-values = Values that differ from the chart’s own
report-helm-patched = Objects of the chart that are patched
report-helm-supplements = Objects beside the chart
report-helm-none = none
problem-chart-shape-only = Of { $chart } only the shape is known here: without the chart itself nothing can be planned.
problem-chart-shape-only-remedy = Give the chart with --chart: its folder, or the .tgz of `helm pull`. Or use --chart new.
problem-chart-makes-secret = The chart would make { $object } out of values, and no plan may hold a secret.
problem-chart-makes-secret-remedy = Make the Secret yourself and name it in the source, so that the chart takes it as it is.
problem-patch-does-not-fit = The patch of { $object } does not fit what the chart renders: { $reason }
problem-patch-does-not-fit-remedy = The chart differs from the version the tables are of. Use --chart new, or report it with the chart’s name and version.
## Secrets in a folder of their own

secrets-written = Secrets in { $path }, for you alone: { $whole } with all values, { $templates } to fill in
secrets-template =
    The source does not hold every value of { $secret }. If the Secret is in the cluster already, you need this for
    another cluster only. Fill in each FILL-IN, then: kubectl apply -f FILE
secrets-create =
    Makes the Secrets. The manifests beside this file hold the same: kubectl apply -f FOLDER
    Delete this folder when it is done.
problem-secrets-inside = Secrets cannot be written to { $path }: it and { $out } are one inside the other, and { $out } is for others to read.
problem-secrets-inside-remedy = Give a folder of their own, beside it.
problem-secrets-in-git = Secrets cannot be written to { $path }: it is in a Git work tree that does not ignore it.
problem-secrets-in-git-remedy = Give a folder outside of it, or add this one to .gitignore.
# Moves of releases
list-comma = ,{" "}
store-elasticsearch = Elasticsearch
problem-embedded-stores = The release { $release } brings its own { $stores }: { $workloads }. They are part of it and go when it goes.
problem-embedded-stores-remedy = Move the data first to a store that outlives the release: a database of its own, restored from a dump; Redis by replication or RDB; a search index is built anew by `tootctl search deploy`. Then set { $switches } to false and name the new hosts in the values, upgrade, and convert again. Until then, no `helm uninstall`: it deletes these workloads, their Services and the Secrets with their passwords. The claims stay ({ $claims }), and so does the data in them.
problem-post-rendered = The objects of the release { $release } are changed after the chart made them, by postRenderers; what then stands, its values do not say.
problem-post-rendered-remedy = Give what stands instead: cluster:NAMESPACE, or the folder that `kubectl get -o yaml` filled.
reason-chart-writes = the old chart writes it as part of this, which stands here
reason-chart-decides = the old chart made this of it, and it is so here too
reason-chart-withholds = it keeps this away, which is not here either
reason-never-read = the chart never reads this key
reason-switched-off = the chart reads it only where this key says so, and it does not
reason-others-win = the chart reads it, but nothing depends on it as the other values stand
reason-hook-withheld = hooks are off while both sides share the database; the Job is written to withheld/ for you to run
reason-upload-hook = shapes the hook that uploads assets to S3 before an upgrade; it is not written: set mastodon.hooks.s3Upload in the new values before you upgrade
reason-ran-once = shapes only what ran when the old release was first installed, or its test
reason-other-chart = for another chart of the umbrella chart, which is left alone
reason-old-chart = names the old chart; the new one takes its place
reason-old-release = names the old release; the new one stands beside it
reason-values-from = says where values come from; each is accounted for where it is written
reason-old-driver = tells the controller how to drive the old release; it must be paused (OLD-RELEASE.md)
reason-filled-in = what was left open here was filled in on the way to the cluster
reason-keep-repaired = written by an annotation that Helm does not know; OLD-RELEASE.md says how the claim is really kept

# The old release
old-release-title = The old release: what must outlive it
old-release-intro = The new release { $new } stands beside the old one under names of its own. It goes on using objects that belong to the old release. Never run `helm uninstall` on the old release: it would delete them, the claims with your media too. Do this instead, in this order.
old-release-chapter = Release { $name }
old-release-pause-flux = Before anything: suspend the HelmRelease
old-release-pause-flux-text = Flux applies the old release again whenever it likes and undoes what the move does. Suspend it, in Git too if a Kustomization applies it.
old-release-pause-argo = Before anything: stop automatic syncs
old-release-pause-argo-text = With automatic syncs, self-healing or pruning, Argo CD undoes what the move does. Stop them, in Git too if another application or a set applies this one.
old-release-pause-kustomize = Before anything: stop whoever applies the tree
old-release-pause-kustomize-text = Kustomize renders the chart and keeps no release. Whoever applies the tree with pruning would delete what is left out of it: pause that, and take the chart out of the tree only after the last step.
old-release-keep = Guard what must stay
old-release-keep-text = The new side and its users depend on these objects. With this annotation no `helm upgrade` deletes them. `helm uninstall` does all the same: it reads the annotation from the release's own record, where it does not stand. The old chart's keepAfterDelete writes helm.sh/hook-delete-policy, which Helm does not heed here.
old-release-keep-argo = Guard what must stay
old-release-keep-argo-text = The new side and its users depend on these objects. With this annotation Argo CD neither prunes them when it syncs nor deletes them with the application. It heeds no helm.sh/resource-policy: it renders the chart and never runs Helm.
old-release-keep-kustomize = Guard what must stay
old-release-keep-kustomize-text = The new side and its users depend on these objects. With the first annotation Argo CD neither prunes nor deletes them, with the second Flux's Kustomization does not; `kubectl apply --prune` heeds neither: run it no more on this tree.
old-release-delete = Delete what nobody uses any more
old-release-delete-text = Only when users and queues have passed to the new side and you are sure not to go back; a voyage has done it then.
old-release-forget = Let the release go
old-release-forget-text = This deletes Helm's record of the release and nothing else; after that, `helm list` no longer shows { $name }, and the objects above are yours to keep.
old-release-forget-flux = Let the release go
old-release-forget-flux-text = While it is suspended, deleting the HelmRelease uninstalls nothing. Take it out of Git first, or it comes back. Then delete Helm's record of the release.
old-release-forget-argo = Let the application go
old-release-forget-argo-text = Without its finalizer, deleting the application deletes nothing else. Take it out of Git first, or it comes back. Argo CD keeps no Helm release.
old-release-note-flux = Flux would undo the move: suspend { $name } first (OLD-RELEASE.md)
old-release-note-argo = Argo CD would undo the move: stop automatic syncs of { $name } first (OLD-RELEASE.md)
old-release-note-kustomize = Whoever applies the tree that renders { $name } would undo the move: pause that first (OLD-RELEASE.md)
old-release-note-helm = Objects of the release { $name } stay in use: never run `helm uninstall` on it (OLD-RELEASE.md)
old-release-note-tag = The values of { $release } name no image.tag, and the version of its chart ({ $title }) is not the one that is known: { $tag } is taken. Write the tag that runs into the values and convert again.
# The audit: what differs, by its code, and why it may

problem-chart-remedy = Give `new`, `old`, or one of the two charts: a folder, a .tgz, REPOSITORY/NAME or https://…/NAME.

# Charts from repositories, and what of a chart is shown
problem-repository-address = { $address } is no address of a repository: { $reason }
problem-repository-address-remedy = For example: https://charts.example.org
problem-repository-unknown = There is no file or folder of that name, and Helm knows no repository “{ $name }” ({ $path }).
problem-repository-unknown-remedy = Give a folder or a .tgz that is there, add the repository with `helm repo add { $name } URL`, or give its address: https://…/NAME
problem-repository-special = Helm knows the repository “{ $name }” with { $field }, which is not supported here.
problem-repository-special-remedy = Fetch the chart with `helm pull` and give the archive.
problem-repository-no-chart = The repository { $address } has no chart “{ $name }”. It has: { $known }
problem-repository-no-version = The repository { $address } has no version of { $name } that is “{ $version }”. It has: { $known }
problem-repository-no-digest = The repository { $address } names no digest for { $name }, so that nobody can tell whether it is the right one.
problem-repository-no-digest-remedy = Fetch the chart with `helm pull` if you trust it, and give the archive.
problem-unfetched = { $address } cannot be fetched: { $reason }
problem-oci = Charts are not taken from OCI registries here: { $address }
problem-oci-remedy = Fetch the chart with `helm pull { $address }` and give the archive.
repository-offline = Note: { $address } does not answer ({ $reason }); its index is the one that was fetched last.
problem-chart-schema =
    The values do not fit the values.schema.json of { $chart }:
    { $list }
problem-chart-schema-remedy = Correct them, or leave the check out with --skip-schema-validation, as with Helm.
problem-chart-bad-schema = The values.schema.json of { $chart } is not valid: { $detail }
problem-chart-no-template = The chart has no template { $template } that renders something.
problem-chart-no-template-remedy = Templates are named as they stand in the chart: --show-only templates/web.yaml
problem-chart-kube-version = “{ $version }” is no version of Kubernetes.
problem-chart-kube-version-remedy = For example: --kube-version 1.35.0

## Known defects of the charts

defects-title = Known defects of { $chart }
defects-intro = What is known to be wrong with this version, or surprising, and concerns this installation; and what was done about it.
defects-line = Known defects of { $chart }, each avoided or repaired ({ $count }): listed in DEFECTS.md
defect-no-grace = It gives pods neither a grace period nor anything to do before they stop, so that Sidekiq may be killed while it still puts jobs back. What stands today is carried by a patch.
defect-scheduler-guard = It refuses a worker with the queue “scheduler” and several replicas, and does not see “scheduler,1” or a second worker with it. One replica is written.
defect-hooks-on-blue = Its hooks migrate the database while the old side uses it, and their jobs do not get all settings. They are off.
defect-unquoted = It writes settings into the ConfigMap without quotes: a number or a truth value there is refused by the API server. Such settings stand in a patch.
defect-replica-for-streaming = Streaming is sent to the database’s replica, which it is not today. A patch takes that back.
defect-ldap-key = It keeps the LDAP password under another key than it reads. An existing Secret is referred to.
defect-search-certificate = It names a certificate for search and mounts nothing there. The mount stands in a patch.
defect-route-on = By default it makes an HTTPRoute for an example gateway. It is off.
defect-ingress-on = By default it makes an Ingress for an example domain. It is off.
defect-keep-annotation = Claims that it makes are deleted when the release is uninstalled, whatever keepAfterDelete says: the annotation is not the one that Helm reads. Claims that exist are referred to, and it makes none.
defect-assets-hidden = It mounts a claim over the assets that are in the image. A patch takes it away.
defect-volumes-invalid = Its values “volumes” and “volumeMounts” render what the API server refuses. Volumes stand in patches.
defect-media-removal-on = By default it removes old media every week. It is off; what cleans up today goes on.
defect-secrets-shown = It writes the OIDC client secret, the LDAP password, the private key for SAML and the replica’s password into a ConfigMap. Nothing of these is in the values; containers refer to a Secret by a patch.
defect-nil-mappings = It does not render with SAML, CAS or LDAP unless mappings are given that it does not declare. They are given.
defect-pam-refused = It does not render with PAM switched on. The settings stand in mastodon.extraEnvVars.
defect-stray-variable = It gives web a variable TEST_ENV_VALUE, left over from a test. A patch takes it away.
defect-own-stores = By default it makes a database, a Redis and a search engine of its own, empty ones, from images that are no longer kept up. They are off.
defect-ldap-reference = It refers to the LDAP password in a form that the API server refuses. A patch refers to it instead.

## Supplements

supplements-title = What the chart has no place for
supplements-helm-head = With Helm
supplements-helm = The post-renderer lays the patches over what Helm renders and adds the objects, at every install and upgrade. CHART is the chart that the values are for.
supplements-apply-head = Without Helm
supplements-apply = The whole of it, owned by the field manager “mastoferry”. Apply it again after every change of the values; whatever another manager sets is not touched, and a conflict is told.
supplements-onto-head = Over a release that stands already
supplements-onto = Until the last line has run, pods lack what it carries: use this for repairs, not for the move. The next upgrade by Helm without the post-renderer takes the patches back. Patches take things away too, which no server-side apply can do.

## Bad input

chart-namesake = it is called { $name } { $version }, but its values are neither those of mastodon/helm-charts nor those of mastodon/chart
problem-chart-syntax-remedy = The fault is in the chart, not in the values: take a released version of it, or mend the template. Helm refuses it, too.
problem-chart-not-a-table-remedy = A file of values holds keys with what belongs to them, such as “mastodon:”. Is this the right file?
problem-values-mapping-remedy = Write keys below it, each with its value, not a list or a single text. Is this the right file?
problem-values-list-remedy = Write one item a line, each after a dash.
problem-unreadable-remedy = Check the path, and whether you may read it.
problem-out-is-file = { $path } is a file; nothing was written.
problem-out-is-file-remedy = Give a new folder.
problem-no-values-file = There is no file of values { $path }.
problem-no-values-file-remedy = Check the path; it counts from the folder that the command runs in.
note-open-secret = secrets stand in the open in the values: put them into a Secret and name that in the values
difference-secret-in-values = a secret stands in the open; name a Secret instead
problem-chart-nearest = The chart is { $version }; the values were written by what is known of { $known }, and that may be why.
problem-chart-nearest-remedy = Take that version of the chart, or look at each line and accept what is meant.
problem-chart-required-something-remedy = Give it in a file of --values, or by --set. Which one it is, the chart’s words and the line of its template say.
# From Compose: what else a person decides
decide-gateway = Nothing says which Gateway the HTTPRoute hangs on. Put yours in the place of { $gateway }: --gateway [NAMESPACE/]NAME does.
decide-listener = The Gateway must have listeners for { $hosts } that end TLS and admit routes from Mastodon’s namespace, and let through uploads of 99 MB and WebSockets that stay open for hours.
decide-late-env-file = For { $service }, Compose lays { $file } over the files before it, and it is not at hand. What it sets of { $names } wins on the host; here the earlier files’ own win, whatever the Secret holds. Look whether it sets any of them.
decide-env-file-dialect = kubectl --from-env-file reads { $file } otherwise than Compose (variables with their lines): { $names }. Make no Secret of the file itself; `mastoferry convert --secrets FOLDER` writes what containers get today.
decide-env-file-refused = kubectl --from-env-file refuses { $file } for its line { $line }. Make no Secret of the file itself; `mastoferry convert --secrets FOLDER` writes what containers get today.
decide-project-secret = The project keeps a secret as a file: make the Secret { $secret } before. SECRETS.md has the command.
reason-secret-mount = a secret of the project is a file of a Secret, to be made from it
secrets-of-project = Secrets of the project
secrets-of-project-text = Mounted as files under their old paths. Run these where the project is; no value passes through the command line.
secrets-dialect = Files that kubectl reads otherwise
# Services that find several parts
problem-mixed-service = { $service } leads to several parts at once: { $parts }. The new side's selectors find one part each, so users would lose the others.
problem-mixed-service-remedy = Give each part a Service of its own, whose selector finds that part alone, let the routes lead there, and convert again.
decide-empty-search = { $service } is made anew and empty. Once the new side runs, “tootctl search deploy” fills it from the database.
decide-database-proxy = { $service } is a proxy to the database: it stays as it is and leads to the database on the host, so none is made anew. To have one in the cluster, let DB_HOST say the database itself, and put a Pooler of CloudNativePG before it afterwards.
secrets-of-database = Make { $secret } for the database
secrets-of-database-text = CloudNativePG makes its user of it. The password must be what Mastodon gets as DB_PASS.

# Profiles of load
problem-load-unread = { $name } is neither a profile of load nor a file that can be read: { $detail }
problem-load-unread-remedy = Give steady, small, evening, festival or visitors, or the path of a file as docs/load.md describes it.
problem-load-documents = A profile of load is one document.
problem-load-documents-remedy = Write it into one file, without a line “---” between two.
problem-load-mapping = { $what } is not keys with their values.
problem-load-mapping-remedy = Write keys below it, each with its value; docs/load.md shows a whole profile.
problem-load-list = { $what } asks for nothing.
problem-load-list-remedy = Give at least one class, and below it a list of requests: “- get: /”.
problem-load-unknown = The key { $key } means nothing here.
problem-load-unknown-remedy = There are: { $known }.
problem-load-missing = The key { $key } is missing.
problem-load-missing-remedy = docs/load.md says what a profile needs.
problem-load-both = { $first } and { $second } say the same thing, or contradict each other.
problem-load-both-remedy = Keep one of them.
problem-load-number = { $key } is not a number from { $low } to { $high }.
problem-load-number-remedy = Write a number alone, without a unit.
problem-load-choice = { $key } cannot be this.
problem-load-choice-remedy = It may be: { $choices }.
problem-load-size = { $key } is not a size that Mastodon takes.
problem-load-size-remedy = Write bytes, or a number with kB, KiB, MB or MiB; at most 99 MiB.
problem-load-path = { $key } is not a path.
problem-load-path-remedy = Begin with a slash, without the host, spaces written as %20: “/api/v1/timelines/home”.

# Rehearsals in a namespace of a real cluster
staging-title = Nothing has been made yet. A rehearsal in namespace { $namespace } of { $context } would be this:
staging-made = Made as what stands today, all with the label mastoferry.dev/staging:
staging-left-out = Not made, because it reaches beyond the namespace, grants rights or begins work of its own:
staging-secrets = Secrets that must be there, with values of the rehearsal’s own (none is copied from production):
staging-hosts = Hosts, with what stands for them:
staging-settings = Settings laid over production’s:
staging-warnings = Mind:
staging-warning-copy = If the stores hold a copy of production’s data, Sidekiq finds its jobs and followers there. Empty its queues before, and let nothing of it out.
staging-warning-egress = A NetworkPolicy lets pods reach private addresses only, so that no mail and no post leaves. It works where the cluster’s network enforces such policies.
staging-warning-egress-open = Pods may reach the whole world: mails and posts can leave (--open-egress).
staging-warning-no-host = Without --host there is no Ingress and no HTTPRoute; requests go through the API server to the Services.
staging-findings = In the way:
staging-approve = Everything it needs is there. The same command with --approve begins; what it makes is removed at the end, unless --keep is given.
staging-not-yet = It cannot begin before that is settled.
staging-finding-live = Namespace { $namespace } is the one that users are served from. Give another.
staging-finding-no-namespace = Namespace { $namespace } does not exist: kubectl create namespace { $namespace }
staging-finding-occupied = { $object } runs in namespace { $namespace }. Take an empty one, or say that this one is for rehearsals: kubectl label namespace { $namespace } mastoferry.dev/staging=true
staging-finding-taken = { $object } is in namespace { $namespace } already and is not of an earlier rehearsal.
staging-finding-secret = Secret { $secret } is missing in namespace { $namespace }.
staging-finding-store = { $key } leads to production’s own. Give another by --setting or in the Secret; --stores-in-namespace if it is a Service there; --share if it is meant.
staging-finding-nowhere = --setting { $key }: no ConfigMap and no container sets it. Put it into the Secret where it stands.
staging-making = Making what stands today
staging-leftovers = An earlier rehearsal left something behind: it is removed first
staging-kept = What was made stays in namespace { $namespace }, with the label mastoferry.dev/staging
staging-removed = Everything made in namespace { $namespace } is removed
staging-left = Still there: { $objects }
staging-no-sockets = WebSockets are not held in a cluster: the API server’s way to Services is no front
problem-staging-refused =
    The rehearsal in namespace { $namespace } cannot begin:
    { $list }
problem-staging-refused-remedy = Run it without --approve to see all that it would make and need.
problem-staging-make = What stands today cannot be made there: { $detail }
problem-staging-make-remedy = Look at the object named; what was made before it has been removed again.
problem-staging-not-ready = What stands today does not become ready there: { $detail }
problem-staging-not-ready-remedy = Look at its pods with kubectl; --keep leaves them. Often the stores lack Mastodon’s tables, or a Secret holds another address.
problem-staging-again = A rehearsal in a cluster ({ $namespace }) is not taken up again.
problem-staging-again-remedy = Run the same rehearse command anew: it removes what was left and begins from the start.

# What users did, and posts on their way to timelines
terminal-use = use
terminal-delivery = posts on timelines
terminal-delivery-value = { $posts } posted, { $unheard } not shown live, 99 % within { $p99 }, longest { $longest }
use-assets = assets
use-browsing = browsing
use-federation = federation
use-health = uptime checks
use-media = media
use-posting = posting
# Fronts
plan-front = Front: { $front } ({ $by })
plan-front-assumed = Front: { $front }, assumed: nothing in the source says what routes users to pods. --front says it.
front-gateway = Gateway API
front-gce = Google Cloud load balancer (gce)
front-alb = AWS Application Load Balancer (alb)
front-outside-nginx = nginx outside the cluster
step-hold-overlap-title = Wait until the front knows the new side
step-hold-overlap-what = Each Service goes on selecting both sides. This load balancer checks every new pod itself before it sends users there, and forgets the old ones at once.
step-hold-overlap-check = Errors and latency stay within the guard’s rules.
step-hold-overlap-undo = Nothing to take back: it only waits.
# Faults
problem-fault-unknown = No fault is called { $fault }. Is { $nearest } meant?
problem-fault-unknown-remedy = `mastoferry rehearse --list-faults` lists them all.
problem-fault-value = { $fault } cannot be read.
problem-fault-value-remedy = Write it as in { $example }.
problem-fault-window = “{ $time }” is no time for a fault.
problem-fault-window-remedy = Write a span of the cluster’s time or the id of a step, and for how long if it shall end: @30s, @observe, @30s+20s, @observe+60s.
problem-fault-step = The plan has no step { $step }, so the fault would never come.
problem-fault-step-remedy = Its steps are: { $steps }.
faults-fault = Fault
faults-what = What happens
faults-when = Faults in answers of the new side begin when users arrive there; those on the old side, in the cluster and at the API server with the first step; all others hold from the beginning. Say otherwise with @: @30s (after the first step, in the cluster’s time), @observe (when that step begins), @observe+60s (for a minute from then).
fault-500 = So many of each hundred requests by users are answered with 500. Kubernetes’ own probes are not: only users see it.
fault-latency = Every answer comes this much later, in real time.
fault-wrong-answer = So many of each hundred requests by users are answered with 200 by somebody else, as by a default backend.
fault-never-ready = The process never finishes booting.
fault-slow-boot = Booting takes this much longer, in the cluster’s time.
fault-crash-loop = The process ends with an error as soon as it has booted, again and again.
fault-image-missing = The registry does not have the image (ImagePullBackOff).
fault-lost-endpoint = So many pods are ready for the kubelet and refuse every connection of others.
fault-drops = Live connections are cut this long after they were opened, in real time.
fault-disk-full = Nothing can be written: posts, uploads and deliveries are answered with 500.
fault-evicted = One pod is killed without grace, as by a kubelet whose disk runs full, and is replaced.
fault-migration-pending = The database lacks what the new code reads: pages and posts are answered with 500, probes are not.
fault-scaled-to = An autoscaler that no file speaks of asks for so many pods every 15 s.
fault-database-unreachable = PostgreSQL cannot be reached from the new side: all but /health and files is answered with 500.
fault-redis-unreachable = Redis cannot be reached from the new side: posts and live connections fail, and Sidekiq does not start.
fault-409 = So many of each hundred changes meet a conflict: somebody else wrote between.
fault-429 = The API server is busy: so many of each hundred requests are to be made again later (Retry-After).
fault-api-500 = So many of each hundred requests to the API server are answered with 500. With 100% and a time: the control plane is away.
fault-lost-answer = So many of each hundred changes are made, and the answer is lost on the way.
fault-hang = So many of each hundred requests to the API server are never answered.
fault-watch-drop = Every watch ends this long after it began.
fault-undoes = A GitOps controller puts back what the source says, this often.
fault-node-lost = The machine under every second pod loses its power; after 340 s its pods are given up and replaced.
fault-clock = The clock of the machine that Mastoferry runs on is wrong by this much.

# The verdict on a rehearsal
judgement-title = What it means
judgement-changes = What to change
judgement-no-changes = Nothing that this rehearsal or your files show.
judgement-more = { $count ->
    [one] One more is in the report.
   *[other] { $count } more are in the report.
}
judgement-steps = How long each step takes
judgement-on-cluster = On the cluster
judgement-users-none = For users nothing fails: all { $requests } requests were answered, and by whom they were meant for.
judgement-users-some = Of { $requests } requests { $failed } would fail ({ $percent } %), most of them at { $part }.
judgement-users-unmeasured = What users would get was not measured.
judgement-streaming = Each of { $connections } live connections reconnects at most { $most ->
    [one] once
   *[other] { $most } times
} and is gone for { $gap } at most.
judgement-streaming-none = None of { $connections } live connections is cut.
judgement-duration-completed = On the real cluster the move takes about { $span }, most of it waiting while users are served.
judgement-duration-rolled-back = On the real cluster it would be over after about { $span }, with the old side serving as before.
judgement-duration-stopped = On the real cluster it would stop after about { $span } and wait for you.
judgement-duration-failed = On the real cluster it would be stuck after about { $span }.
advice-not-ready = The new side did not get ready ({ $why }).
advice-not-ready-remedy = Look at its pods with `kubectl describe pod` and `kubectl logs`: image, settings and stores that it cannot reach are the usual causes. Until it is ready, no user is sent there.
advice-wrong-answer = Asked through the side door, the new side answered wrongly ({ $why }).
advice-wrong-answer-remedy = Settings or stores differ from what it needs: look at its logs, and whether all migrations have run. No user has seen it.
advice-errors = { $part }: the new side failed its users although its probes were content.
advice-errors-remedy = Look at its logs for what its pods do under real requests. A readiness probe that asks what users ask would have kept them away.
advice-slow = { $part }: the new side was too slow for the users it got.
advice-slow-remedy = Give it as many pods and as much CPU as the old side, and warm it up before it gets everybody. Inside the program it is as fast as this machine: if that was busy, rehearse again when it is not, or with a lower --rate.
advice-stopping-cost = Stopping { $object } cost { $failed } requests: its containers end before the front has heard of it.
advice-stopping-cost-remedy = Add lifecycle.preStop with `sleep: {"{"} seconds: 10 {"}"}` (an exec of sleep before Kubernetes 1.30), within terminationGracePeriodSeconds.
advice-streaming-gap = Live connections were lost up to { $reconnects } times each, and gone for { $gap } at the longest: people’s timelines stood still.
advice-streaming-gap-remedy = Give streaming two pods or more, and look at its logs and at the front’s timeouts for WebSockets.
advice-jobs-lost = { $jobs } background jobs were lost or never done.
advice-jobs-lost-remedy = A Sidekiq that is killed loses what it holds: let terminationGracePeriodSeconds exceed 30, and look at why its pods end.
advice-two-schedulers = Two schedulers ran at once: scheduled jobs ran twice.
advice-two-schedulers-remedy = Something besides this program starts workers. Pause GitOps controllers and autoscalers of Sidekiq before the move.
advice-workers-stayed = The old side’s workers did not end ({ $why }).
advice-workers-stayed-remedy = Something starts them again, or their jobs take longer than they get: pause GitOps controllers, and look at long jobs.
advice-step-failed = “{ $title }” did not succeed ({ $why }).
advice-step-failed-remedy = Somebody else may be changing the same objects: pause GitOps controllers and autoscalers, then rehearse again.
advice-refused = The cluster is not as the plan takes it to be ({ $why }).
advice-refused-remedy = Bring the files and the cluster together, then plan anew.
advice-near-limit = “{ $title }” took { $seconds } of the { $limit } it may take.
advice-near-limit-remedy = A busier day would end the move here. Make pods start or stop faster.
advice-one-replica = { $object } is a single pod: whenever its node is drained or it is restarted, nobody answers.
advice-one-replica-remedy = Set spec.replicas to 2 or more.
advice-no-disruption-budget = Nothing keeps all { $replicas } pods of { $object } from being evicted at once.
advice-no-disruption-budget-remedy = Add a PodDisruptionBudget with maxUnavailable: 1.
advice-no-readiness = { $object } has no readiness probe: users are sent to it while it still boots.
advice-no-readiness-remedy = Add a readinessProbe on the path of its health check.
advice-late-readiness = The first look at { $object } comes after { $seconds }: every pod needs at least that long to serve, however fast it booted.
advice-late-readiness-remedy = Use a startupProbe with periodSeconds: 5 and a high failureThreshold, and no initialDelaySeconds.
advice-no-pre-stop = { $object } has no preStop hook: when a pod stops, the front may still send to it for a moment.
advice-no-pre-stop-remedy = Add lifecycle.preStop with `sleep: {"{"} seconds: 10 {"}"}` (an exec of sleep before Kubernetes 1.30), within terminationGracePeriodSeconds.
advice-recreate = { $object } is updated by Recreate: at each update nobody answers until the new pods are ready.
advice-recreate-remedy = Use RollingUpdate with maxUnavailable: 0. Workers that serve the scheduler are the ones that need Recreate.
advice-boot-near-deadline = { $object } takes at least { $seconds } of { $deadline } after which a rollout counts as failed.
advice-boot-near-deadline-remedy = Raise spec.progressDeadlineSeconds, or let it be ready sooner by a startupProbe.
advice-pre-stop-eats-grace = The preStop hook of { $object } sleeps { $slept } of { $grace }; what it has begun needs { $drain } more, and is cut off.
advice-pre-stop-eats-grace-remedy = Raise terminationGracePeriodSeconds.
advice-several-schedulers = { $object } serves the queue scheduler and may be scaled above 1: two schedulers enqueue every scheduled job twice.
advice-several-schedulers-remedy = Give scheduler a worker of its own with one pod and no autoscaler.
advice-scheduler-overlaps = A rolling update of { $object } runs two schedulers for a while.
advice-scheduler-overlaps-remedy = Use strategy.type: Recreate for it. The new side does.
advice-short-grace = { $object } is given no more than the 25 s that Sidekiq takes to put running jobs back: jobs are lost when it stops.
advice-short-grace-remedy = Set terminationGracePeriodSeconds to 60.
advice-migrates-on-start = Every start of { $object } migrates the database, also while the old side still runs on it.
advice-migrates-on-start-remedy = Migrate in a Job of its own, before the move.
advice-floating-image = The image of { $object } is not pinned: what was rehearsed may not be what starts.
advice-floating-image-remedy = Name a version or a digest.
# rehearse --serve

serve-open = The cluster is open to kubectl and helm: export KUBECONFIG={ $file }
serve-before = The old side stands. Look around; press Enter to begin
serve-hold = The cluster stays as it stands: export KUBECONFIG={ $file }
    Press ^C to end it
problem-serve = The cluster could not be opened at { $address }: { $detail }
problem-serve-remedy = Leave the address out for any free port, or name another one.
problem-descriptors = This process may open { $allowed } files and connections at once; a rehearsal with so many users needs { $needed }.
problem-descriptors-remedy = Raise the hard limit (`ulimit -Hn`, or LimitNOFILE of the service that runs this), or take fewer users: --sockets 20.
# Rehearsing with a fault, and the time it takes in life
judgement-faults = This was rehearsed with { $faults }; what follows is what that would do.
judgement-users-back = On the real cluster requests would go on failing for about { $span }, until the old side answers again.
judgement-users-outage = On the real cluster some part of it would be out of reach for up to about { $span } at a stretch.
judgement-users-scattered = No part of it is ever wholly out of reach.
judgement-delivery = On the real cluster posts made while the queues pass over reach timelines up to about { $span } later.
advice-overloaded = { $failed } requests failed before any step that touches users: the move is not to blame.
advice-overloaded-remedy = Either this machine is too slow for so much load, and then no number here says anything of the move: rehearse again with a lower --rate, or built with --release. Or the old side fails by itself.
terminal-faults = faults
report-fact-load = Load
report-fact-faults = Faults
report-use = What users did
report-delivery-posts = Posts acknowledged
report-delivery-unheard = Not shown live
report-delivery-late = Late deliveries
report-delivery-p99 = 99 % delivered within
report-delivery-longest = Longest delivery
report-delivery-note = Time from a post to its being shown on open timelines. Sidekiq delivers it, so that it waits while the queues pass over. That wait is the cluster’s time: on the real cluster it is { $speed } times as long. What was not shown live, because nobody was connected just then, is there when the timeline is loaded again.
progress-step-failed = failed: { $step } ({ $reason })
progress-breach = rule broken: { $rule }, { $seen }
progress-rolling-back = Going back to the old side
problem-fault-unlike = No fault is called { $fault }.
problem-fault-unlike-remedy = `mastoferry rehearse --list-faults` lists them all.
problem-no-contexts = There is no context { $wanted }: no kubeconfig was found, or it has no contexts.
problem-no-contexts-remedy = Put one at ~/.kube/config, or name it in KUBECONFIG; `kubectl config get-contexts` lists what is in it.
problem-load-no-such = There is neither a profile of load nor a file called { $name }.
problem-load-no-such-remedy = Give steady, small, evening, festival or visitors, or the path of a file as docs/load.md describes it.
# A move that was not even begun
verdict-refused = The move was not begun: what stands is not what the plan takes it to be.
lead-refused = Nothing was touched. What differs is named below.
judgement-duration-refused = Nothing was begun, so that no time can be told.
advice-unnoticed = { $part }: { $failed } of { $requests } requests failed, too few of all requests for the guard to turn back.
advice-unnoticed-remedy = Look at its logs for what fails, and put it right before the move.
# Why a step was not done: as it is recorded
reason-waited = waited { $limit } s for { $condition }; last seen: { $seen }
reason-to-be-ready = { $object } to have { $pods } ready pods
reason-to-be-idle = { $object } to have no pod left
reason-pods-to-be-gone = pods { $pods } to be gone
reason-to-reach-all = { $object } to reach all ready pods of { $pods }
reason-to-reach-only = { $object } to reach ready pods of { $pods } and no others
reason-to-be-gone = { $object } to be gone
reason-seen-pods = asked for { $asked }, updated { $updated } of { $pods }, ready { $ready }
reason-seen-left = asked for { $asked }, has { $pods }
reason-seen-behind = { $pods } of them and { $others } others behind it, { $missing } missing
reason-seen-object = it exists
reason-answer = the { $component } pods do not answer { $path } as they must: { $answer }
reason-answered = { $pod } answered { $status }
reason-assumptions = what stands is not what the plan says: { $list }
reason-undone = what was done was undone by somebody else: { $list }
reason-unsteady = the pods of { $object } do not keep running: their containers end and are started again
reason-missing = { $object } does not exist
# The queues over their own Redis, Prometheus, who applies from a repository, and the backup
step-pause-gitops-title = Pause what applies the old side from a repository
step-pause-gitops-what = Argo CD and Flux put back whatever their repository says. Those that apply objects of the old side are paused, and whoever applies these in turn. They stay paused at the end: their repository still says the old side until you put the new one there.
step-pause-gitops-check = Each is paused, ended what it had begun, and applied nothing since.
step-pause-gitops-undo = Each gets back what it had: its automation, or that it is not suspended.
progress-queues-redis = { $processes ->
    [one] the old side's Sidekiq process takes no more jobs, and runs none
   *[other] the old side's { $processes } Sidekiq processes take no more jobs, and run none
}
progress-queues-outlasted = still running when the time was over, put back and run again by the new side: { $jobs }
progress-queues-pods = the old side's workers end with their pods; Sidekiq puts back what does not end in time
progress-gitops-paused = paused: { $owners }
report-rollback-traffic = From the verdict until users were back
report-rollback-release = From the verdict until nothing of the new side was left
report-left-paused = Still paused, since its repository says the old side: { $owner }. Once it says the new side:
metric-prometheus = what Prometheus says
problem-redis-address = The address of the queues' Redis cannot be used: { $detail }
problem-redis-address-remedy = Give env:VARIABLE or file:PATH that holds an address such as redis://:PASSWORD@HOST:6379/0; Mastodon's own is in SIDEKIQ_REDIS_URL or REDIS_URL.
problem-redis-unreachable = The queues' Redis cannot be used: { $detail }
problem-redis-unreachable-remedy = Nothing was touched. From outside the cluster, `kubectl port-forward` leads to it; without --redis, workers are ended with their pods.
problem-prometheus-unreachable = Prometheus cannot be asked: { $detail }
problem-prometheus-unreachable-remedy = Nothing was touched. `kubectl port-forward` leads to one inside the cluster; without --prometheus, the guard goes by its own prober alone.
problem-rules-unreadable = { $path } holds no rules for the guard: { $detail }
problem-rules-unreadable-remedy = Give ingress-nginx, traefik or mastodon, or a file as docs/guard.md describes it.
problem-backup-key = The key of the backup cannot be used: { $detail }
problem-backup-key-remedy = Secrets are encrypted with age. --identity names the file that opens them, --backup-recipient for whom they are encrypted.
problem-backup-unreadable = The backup cannot be read: { $detail }
problem-backup-unreadable-remedy = Give the folder of a move's state, or the folder `backup` in it.
problem-backup-damaged = Nothing is put back: { $detail }
problem-backup-damaged-remedy = Take the files from where you keep a copy; what is in the folder is not what was kept.
problem-backup-new-side = Nothing is put back: { $detail }
problem-backup-new-side-remedy = Both sides would work the same queues. Take the move back with `mastoferry rollback`, or scale the new side to 0 first.
problem-restore-failed = It could not be put back: { $detail }
restore-missing = { $object } does not exist
restore-differs = { $object } differs: { $paths }
restore-unkept = { $object } is not in the backup: { $reason }
restore-same = Everything stands as it was kept ({ $all } objects).
restore-would = { $count } of { $all } objects would be put back; --approve does it.
restore-done = { $count } of { $all } objects were put back.
problem-reach-inside = The cluster inside this program has neither a Redis nor a Prometheus.
problem-reach-inside-remedy = --redis and --prometheus go with --cluster.
runbook-rule-above = { $metric } above { $value }
restore-task = { $object } is not put back: it would run again
# Migrating, and what is looked at before
migrate-traffic = Users’ requests are watched: { $rate } requests/s, GET only
migrate-begin = Move { $domain } now, in namespace { $namespace } of { $context }?
migrate-not-begun = Nothing was begun, and nothing was changed.
migrate-stopping = Stopping before anything new is begun; once more ends this process at once. Going back is not stopped.
migrate-question = Next is { $step }. Users are watched meanwhile. y: go on, b: go back, anything else: stop here
migrate-leftovers = Left in namespace { $namespace }, to be taken back from; when nobody wants to go back any more: kubectl -n { $namespace } delete { $objects }
migrate-changed = Not as it stood before: { $objects }
migrate-how-on = It stopped: { $reason }
    Go on: mastoferry resume { $name }. Go back: mastoferry rollback { $name }. (State: { $state })
migrate-taken-over = Taken over: { $voyage }
reason-paused = paused before { $step }
reason-asked = stopped as asked for
status-none = The cluster keeps no migration of namespace { $namespace }.
copy-under-way = under way, or its process has died
copy-stopped = stopped; go on with `mastoferry resume` or `mastoferry rollback`
copy-failed = could not go back; try `mastoferry resume` again
copy-completed = completed
copy-rolled-back = rolled back
failure-tls = certificate not good or not trusted
problem-migrate-approve = Nobody is at a terminal to be asked before the first change.
problem-migrate-approve-remedy = Say --approve to begin without being asked, or --dry-run to see every change first.
problem-no-such-step = The plan has no step { $step }.
problem-no-such-step-remedy = Its steps are: { $known }.
problem-not-a-migration = { $state } is the state of a rehearsal.
problem-not-a-migration-remedy = Name the migration’s.
problem-no-migration = There is no migration to go on with in namespace { $namespace } of { $context }.
problem-no-migration-remedy = `mastoferry status --context { $context } --namespace { $namespace }` tells what the cluster keeps.
problem-migration-elsewhere = The migration in namespace { $namespace } of { $context } was begun on another machine.
problem-migration-elsewhere-remedy = Go on with it there; or here with --take-over, once that machine is at work no more.
problem-lease-held = The migration is in living hands: { $holder } holds its Lease until { $until }.
problem-lease-held-remedy = Stop it where it runs, or wait: a machine that has died loses the Lease within a minute.
problem-other-hands = Somebody else is at it: { $detail }
problem-other-hands-remedy = Go on where it runs; or take it over with `mastoferry resume --context C --namespace N --take-over` once that machine is at work no more.
dry-run-changes = Every change, as the API server would decide it:
dry-run-nothing = Nothing was changed. Changes of what the move itself makes first cannot be tried before.
doctor-title = Before the move
doctor-grade-ok = well
doctor-grade-warning = mind
doctor-grade-unchecked = not looked at
doctor-grade-refused = in the way
doctor-ready =
    Nothing is in the way.{ $warnings ->
        [0] {""}
        [one] {" "}One thing to mind.
       *[other] {" "}{ $warnings } things to mind.
    }{ $unchecked ->
        [0] {""}
        [one] {" "}One could not be looked at.
       *[other] {" "}{ $unchecked } could not be looked at.
    }
doctor-refused =
    The move cannot begin, and nothing was touched: { $refused ->
        [one] one thing is in the way.
       *[other] { $refused } things are in the way.
    }
doctor-place-found = Namespace { $namespace } of { $context } is there.
doctor-place-other = The plan is for namespace { $planned }, not for { $namespace }.
doctor-place-other-remedy = Give --namespace { $planned }, or plan anew from what stands in { $namespace }.
doctor-place-missing = There is no namespace { $namespace }.
doctor-place-missing-remedy = Look whether --context is the right one: kubectl config get-contexts
doctor-operator-alone = Nobody else moves it.
doctor-operator-held = { $holder } is moving it: the Lease is held until { $until }.
doctor-operator-held-remedy = Wait until it has ended, or go on with it where it was begun.
doctor-operator-unfinished = An earlier migration has not come to its end: { $voyage } (next to Lease { $lease }).
doctor-operator-unfinished-remedy = Go on with it or take it back: mastoferry resume, or mastoferry rollback; from another machine with --take-over.
doctor-clock-agrees = This machine’s clock and the API server’s agree.
doctor-clock-unknown = The API server’s clock is not told.
doctor-clock-unknown-remedy = See that this machine’s clock is synchronised: timedatectl
doctor-clock-differs = This machine’s clock and the API server’s differ by { $seconds } s.
doctor-clock-differs-remedy = Synchronise this machine’s clock: timedatectl set-ntp true
doctor-clock-off = This machine’s clock and the API server’s differ by { $seconds } s: nobody could tell whose turn it is.
doctor-clock-off-remedy = Synchronise this machine’s clock first: timedatectl set-ntp true
doctor-rights-held = Everything that the plan does is allowed.
doctor-rights-looking = Not allowed, so that less can be looked at: { $rights }
doctor-rights-looking-remedy = A ClusterRole with these rights lets room on nodes, images and stores be looked at; the move needs none of them.
doctor-rights-missing = Not allowed, and needed: { $rights }
doctor-rights-missing-remedy = Have a Role with these rights bound to you in this namespace, or use a context that has them.
doctor-versions-kubernetes = Kubernetes { $version } has everything that is needed.
doctor-versions-kubernetes-unknown = The version of Kubernetes is not told.
doctor-versions-kubernetes-unknown-remedy = 1.23 or later is needed: kubectl version
doctor-versions-kubernetes-old = Kubernetes { $version } is too old.
doctor-versions-kubernetes-old-remedy = 1.23 or later is needed: upgrade the cluster first.
doctor-versions-same = Both sides run the same Mastodon.
doctor-versions-patch = Both sides run the same minor release of Mastodon, in different builds: { $blue } and { $green }.
doctor-versions-patch-remedy = Read the release notes between the two for migrations and changed settings; safer is to move first and upgrade after.
doctor-versions-unknown = Which releases of Mastodon meet cannot be told: { $blue } and { $green }.
doctor-versions-unknown-remedy = If they are not of the same minor release, upgrade first or after, not in the move.
doctor-versions-jump = The move would take Mastodon from { $before } to { $after }, whose database is another one: both sides cannot use it at once.
doctor-versions-jump-remedy = Move with the version that runs now, and upgrade after; or upgrade where it stands, and plan anew.
doctor-versions-back = The move would take Mastodon from { $before } back to { $after }, which does not know the database as it is.
doctor-versions-back-remedy = Convert and plan with the version that runs now.
doctor-standing-holds = What stands is what the plan was made for.
doctor-standing-differs = What stands is not what the plan was made for: { $what }
doctor-standing-differs-remedy = Plan anew from what stands (cluster:CONTEXT/NAMESPACE), or bring it back to what the plan says.
doctor-selectors-apart = No selector takes the new side’s pods for others, nor others for them.
doctor-selectors-service = Service { $service } selects the pods of { $pods }: users would reach them before they are verified.
doctor-selectors-service-remedy = Give its selector a label that the new pods do not have, or plan with another --release.
doctor-selectors-workload = The selector of { $object } covers the pods of { $pods }.
doctor-selectors-workload-remedy = Plan with another --release, so that the new pods have other labels.
doctor-selectors-pods = The new { $object } would take Pod { $pod } for its own.
doctor-selectors-pods-remedy = Plan with another --release, so that it selects other labels.
doctor-disruption-none = PodDisruptionBudget { $budget } lets no pod go: draining a node would hang.
doctor-disruption-none-remedy = The move itself does not evict; drain no node while it lasts.
doctor-secrets-same = Both sides run with the same secrets.
doctor-secrets-hidden = Secrets may not be listed, so that both sides’ cannot be compared.
doctor-secrets-hidden-remedy = Compare by hand that the new side refers to the same Secrets and keys.
doctor-secrets-not-understood = One side’s settings cannot be understood, so that secrets cannot be compared.
doctor-secrets-not-understood-remedy = See what `mastoferry audit` says of both sides.
doctor-secrets-missing = { $component } of the new side refers to { $name } where no Secret has it.
doctor-secrets-missing-remedy = Make the Secret, or the key in it, with the value of the old side.
doctor-secrets-unset = { $component } of the new side lacks { $name }, which its version requires.
doctor-secrets-unset-remedy = Put it where the new side’s settings come from, with the value of the old side.
doctor-secrets-differ = { $name } of { $component } is another one on the new side.
doctor-secrets-differ-remedy = Take over the old value: what was signed or encrypted with it cannot be read with another.
doctor-secrets-lost = { $component } of the old side has { $name }, that of the new side does not.
doctor-secrets-lost-remedy = Put it where the new side’s settings come from, or take it from the old side if it is of no use.
doctor-capacity-enough = The nodes have room for the new side beside the old one.
doctor-capacity-unknown = Whether the nodes have room for the new side may not be looked at.
doctor-capacity-unknown-remedy = Look by hand: kubectl describe nodes. What finds no room goes back by itself, before any user has seen it.
doctor-capacity-grows = The nodes have no room yet for { $workloads }; more of them may be added by themselves.
doctor-capacity-grows-remedy = Add nodes before, so that the move does not wait ten minutes and go back.
doctor-capacity-short = The nodes have no room for { $workloads }.
doctor-capacity-short-remedy = Add a node, or let the old side ask for less.
doctor-capacity-port = Port { $port } of the machine (hostPort) is taken on every node that { $workload } may run on.
doctor-capacity-port-remedy = Add a node, take the hostPort out of the source (a Service is enough), or plan with --strategy maintenance.
doctor-capacity-quota = ResourceQuota { $quota } does not allow the new side beside the old one ({ $resource }).
doctor-capacity-quota-remedy = Raise it for the time of the move.
doctor-capacity-unsaid = ResourceQuota { $quota } counts { $resource }, and { $workload } does not say how much it takes.
doctor-capacity-unsaid-remedy = Say it in its resources, or have a LimitRange say it.
doctor-capacity-range = { $workload } wants more { $resource } than a LimitRange allows a container.
doctor-capacity-range-remedy = Raise the LimitRange, or lower the limit.
doctor-images-present = Every image has run here, or is on a node.
doctor-images-unknown = Which images the nodes have may not be looked at.
doctor-images-unknown-remedy = See that every image can be pulled; what cannot goes back by itself, before any user has seen it.
doctor-images-floating = { $image } may be another build tomorrow.
doctor-images-floating-remedy = Name a release or a digest.
doctor-images-to-pull = No node has these yet: { $images }
doctor-images-to-pull-remedy = See that they can be pulled; what cannot goes back by itself, before any user has seen it.
doctor-images-pull-secret = { $workload } pulls its image with Secret { $secret }, which does not exist.
doctor-images-pull-secret-remedy = Make it: kubectl create secret docker-registry { $secret }
doctor-volumes-fit = The new side can have the volumes it mounts.
doctor-volumes-hidden = PersistentVolumeClaims may not be listed.
doctor-volumes-hidden-remedy = Look by hand whether those that the new side mounts are bound.
doctor-volumes-missing = { $workload } mounts PersistentVolumeClaim { $claim }, which does not exist.
doctor-volumes-missing-remedy = Make the claim, or plan anew from what stands.
doctor-volumes-lost = The volume of PersistentVolumeClaim { $claim }, which { $workload } mounts, is lost.
doctor-volumes-lost-remedy = Restore the volume first.
doctor-volumes-unbound = PersistentVolumeClaim { $claim }, which { $workload } mounts, is not bound yet.
doctor-volumes-unbound-remedy = That is well if its StorageClass waits for the first pod.
doctor-volumes-one-pod = PersistentVolumeClaim { $claim } can be mounted by one pod alone, and { $workload } is a second one.
doctor-volumes-one-pod-remedy = Move the files to an object store or a ReadWriteMany volume first, or plan with --strategy maintenance.
doctor-volumes-one-node = PersistentVolumeClaim { $claim } can be mounted on one node alone: { $workload } comes up only where the old side runs.
doctor-volumes-one-node-remedy = Have it scheduled on that node, or move the files to an object store or a ReadWriteMany volume.
doctor-volumes-owner = { $workload } reads the files of PersistentVolumeClaim { $claim } as another user or group than the old side wrote them.
doctor-volumes-owner-remedy = Give it the same runAsUser and fsGroup.
doctor-probes-can-pass = Every probe can pass.
doctor-probes-none = { $workload } has several pods and no readinessProbe: by rolling, Kubernetes would send users to them before they listen.
doctor-probes-none-remedy = Give it a readinessProbe on /health, or plan with --strategy blue-green, which asks the pods themselves first.
doctor-probes-port = The { $probe } of { $workload } asks port { $port }, which its container does not have.
doctor-probes-port-remedy = Name the port in the container, or ask it by its number.
doctor-probes-port-untold = The { $probe } of { $workload } asks port { $port }, which its container does not tell of.
doctor-probes-port-untold-remedy = See that the program listens there.
doctor-probes-impatient = The { $probe } of { $workload } gives up after { $seconds } s: Rails may still be booting.
doctor-probes-impatient-remedy = Add a startupProbe, or a larger initialDelaySeconds.
doctor-front-well = Certificates and classes of what routes users are well.
doctor-front-class = Ingress { $ingress } is of class { $class }, of which there is no IngressClass.
doctor-front-class-remedy = If users are served, its controller takes it all the same; nothing is changed there.
doctor-front-removed = { $object } leads users in or keeps an address, and the plan removes it.
doctor-front-removed-remedy = See that nothing leads there any more before the move comes to that step (--pause-before remove-blue).
doctor-front-tls-missing = TLS Secret { $secret } does not exist.
doctor-front-tls-missing-remedy = Make it, or look at the Certificate that should.
doctor-front-tls-empty = TLS Secret { $secret } lacks its certificate or key.
doctor-front-tls-empty-remedy = Look at the Certificate that fills it.
doctor-front-tls-unreadable = The certificate in TLS Secret { $secret } cannot be read.
doctor-front-tls-unreadable-remedy = Look at it: kubectl get secret { $secret } -o yaml, and openssl x509 -noout -enddate
doctor-front-tls-expired = The certificate in TLS Secret { $secret } has expired.
doctor-front-tls-expired-remedy = Renew it first.
doctor-front-tls-expiring = The certificate in TLS Secret { $secret } expires within a day.
doctor-front-tls-expiring-remedy = Renew it first: failures by the one would be taken for failures by the other.
doctor-front-other = What stands tells of the front { $front } ({ $by }); the plan was made for { $planned }.
doctor-front-other-remedy = Plan anew with --front { $front } if that is what routes users: fronts differ in how long they keep what they know.
doctor-front-answers = Users’ requests are answered well ({ $requests } tried).
doctor-front-unseen = The plan tells of no route by a host name: nobody would see users suffer.
doctor-front-unseen-remedy = Watch them yourself, and have `mastoferry rollback` at hand.
doctor-front-unwell = { $component }: { $failed } of { $requests } requests failed even now ({ $failure }).
doctor-front-unwell-remedy = Look why before the move: the guard cannot tell that from what the move breaks.
doctor-front-silent = { $component }: none of { $requests } requests was answered well ({ $failure }). Nobody would see users suffer.
doctor-front-silent-remedy = If the host names do not lead here, say where the front is: --via https://ADDRESS:443
doctor-ownership-none = No GitOps controller and no Helm release owns what the move touches.
doctor-ownership-gitops = { $controller } owns objects that the move touches ({ $owner }), and would put them back.
doctor-ownership-gitops-remedy = Pause it before, and give it the new side’s files before it is resumed.
doctor-ownership-helm = Helm release { $release } owns objects that the move touches.
doctor-ownership-helm-remedy = Run no `helm upgrade` or `helm rollback` of it until the move is done, nor after.
doctor-scaling-known = Every autoscaler of the old side is known to the plan.
doctor-scaling-stray = HorizontalPodAutoscaler { $autoscaler } is not in the plan, and may start what the move stops.
doctor-scaling-stray-remedy = Plan anew from what stands, or delete it before.
doctor-stores-unknown = Whether the stores can be reached from inside could not be looked at.
doctor-stores-unknown-remedy = That needs the right to run commands in pods (create pods/exec), and Ruby in the image as Mastodon’s have it.
doctor-stores-reached = { $store } can be reached from inside: { $address }
doctor-stores-without = { $store } cannot be reached from inside: { $address }
doctor-stores-without-remedy = The old side does without it as well; see whether that is meant.
doctor-stores-unreached = { $store } cannot be reached from inside: { $address }
doctor-stores-unreached-remedy = Without it nothing works, the new side no more than the old one. See that it runs, and look at NetworkPolicies.
doctor-trial-accepted = The API server would accept every change ({ $changes } tried).
doctor-trial-untried = Changes were not tried on the API server, since it is known already that some would fail.
doctor-trial-untried-remedy = Settle what is in the way, and look again.
doctor-trial-refused = The API server would refuse to { $change } ({ $step }): { $why }
doctor-trial-refused-remedy = Fields that cannot be changed need another --release; admission policies and quotas say themselves what they want.
# Strategies
strategy-rolling = rolling
plan-headline-rolling = Rolling move to release { $release } in namespace { $namespace }, { $steps } steps:
why-quota = Chosen: rolling. Of { $resource }, ResourceQuota/{ $quota } leaves { $left }, and the new side’s pods need { $needed } beside the old ones.
step-of-part = { $title } ({ $part })
step-raise-green-title = Start the new side where nobody reaches it
step-raise-green-what = Green’s first pods start and pass their readiness probes. No Service that users reach selects them yet.
step-raise-green-check = Each Deployment named below reports as many ready pods as it is asked for.
step-raise-green-undo = Scale these Deployments back to 0 and wait until their pods are gone. Nobody reaches them.
step-shift-pods-title = Replace pod by pod
step-shift-pods-what = One pod of green more: once it is ready, has given the right answers and is known to the front, one pod of blue leaves its Services, and ends when the front no longer sends anyone there. So on until blue has none. There is never more than one pod too many.
step-shift-pods-check = Blue’s Deployments have no pod left, green’s have all of theirs ready, and no request fails.
step-shift-pods-undo = The same the other way round: one pod of blue more and ready, then one of green less. Where the guard calls for it and half of blue still stands, everyone goes back to blue at once.
strategy-maintenance = maintenance
plan-headline-maintenance = Move behind a maintenance page to release { $release } in namespace { $namespace }, { $steps } steps:
why-host-port = Chosen: maintenance. Pods of both sides take port { $port } of their machine (hostPort), so on one machine the new side can start only when the old one has ended. With a machine for each: --strategy blue-green.
why-claim-of-one-pod = Chosen: maintenance. PersistentVolumeClaim/{ $claim } is for one pod alone, so the new side can start only when the old one has ended.
step-raise-page-title = Put up the maintenance page where nobody comes
step-raise-page-what = The page’s files, its Deployments and a Service are created. Each pod is asked through the API server and must answer 503 with Retry-After.
step-raise-page-check = The page’s pods are ready, and `curl -i` on a forwarded port shows 503 and Retry-After.
step-raise-page-undo = Delete the page’s objects. Nobody gets it.
step-show-page-title = Show users the maintenance page
step-show-page-what = Each Service selects blue and the page, then the page alone. Browsers get the page in Japanese and English, programs an error that they can read; other servers get 503 with Retry-After and deliver again later.
step-show-page-check = The endpoints of each Service list the page’s pods only; every answer is 503 with Retry-After.
step-show-page-undo = Put blue’s selector back on each Service, once blue’s pods are ready.
step-hide-page-title = Let users in on the new side
step-hide-page-what = Each Service selects the page and green, then green alone. The maintenance ends when no front sends anyone to the page any more.
step-hide-page-check = The endpoints of each Service list green’s pods only, and no request fails.
step-hide-page-undo = Put the page’s selector back on each Service.
step-remove-page-title = Take the maintenance page down
step-remove-page-what = The page’s objects are deleted. Nobody gets it any more.
step-remove-page-check = The objects named in the commands are gone.
step-remove-page-undo = Put the page’s objects back and wait until its pods are ready.
judgement-maintenance = { $requests } requests got the announced maintenance page (503 with Retry-After), for { $span } of the run: about { $life } on the real cluster. Other servers deliver again; nothing of it counts as failed.
problem-page-file = { $path } cannot be read: { $reason }
problem-page-logo-kind = { $path } is no picture of a kind that every browser shows.
problem-page-logo-kind-remedy = Give an SVG, PNG, WebP, GIF or JPEG file, named so.
problem-page-logo-large = { $path } is too large for the maintenance page.
problem-page-logo-large-remedy = Make it 256 KiB or smaller: it stands in a ConfigMap.
step-shift-weights-title = Send users over by and by
step-shift-weights-what = Each route sends 1, 10, 50 and then 100 of 100 requests to green’s own Service. The guard watches every stage.
step-shift-weights-check = Each HTTPRoute sends all requests to green’s Service, and no request fails.
step-shift-weights-undo = Put back the backendRefs of each HTTPRoute: everyone is on blue at once.
step-restore-routes-title = Put the routes back as they were
step-restore-routes-what = Each route leads again to the Service that it always led to, behind which green is now.
step-restore-routes-check = Each HTTPRoute is as in the backup, and no request fails.
step-restore-routes-undo = Nothing to take back: the routes lead to whatever the Services select.
runbook-concern-waves = In parts ({ $parts } at most), { $pause } apart, so that live connections are not all made anew at once: { $names }
step-observe-alone-title = Watch the new side serve alone
step-observe-alone-what = Users are on green. Blue’s objects stand with no pods; where the guard calls for it, they come back step by step.
doctor-schedulers-known = Nobody but the old side keeps the schedule, as far as the namespace shows.
doctor-schedulers-other = { $object } runs Sidekiq with a schedule and has its settings from elsewhere: another server’s, it seems.
doctor-schedulers-other-remedy = If it works on the same database, scale it to 0 and plan again with it among the objects.
doctor-schedulers-stranger = { $object } keeps the schedule on the old side’s settings and is not in the plan: it would go on beside the new side’s.
doctor-schedulers-stranger-remedy = Scale it to 0, or plan again from the namespace so that it is handed over with the others.
doctor-schedulers-registered = { $process } is registered in Sidekiq’s Redis, keeps the schedule and is of neither side.
doctor-schedulers-registered-remedy = End it where it runs (another cluster, a server of old); one that was just killed is forgotten after a minute.

# What stays as a move leaves it
runbook-concern-stays-paused = At the end they stay paused: their repository still says the old side, and resumed they would build it again beside the new one, with a second scheduler. Put the new side into the repository first (`mastoferry convert … --with flux` or `--with argo-cd`); then:
problem-database-shared = The move changed nothing in the database: both sides use the same one, and no migration ran. There is no earlier state of it to go back to.
problem-database-shared-remedy = `mastoferry rollback --level release` takes back all that the move did, and no row is lost. At risk by putting back a dump of your own would be every row written since the dump was made; the move began at { $since }.

# What a pod of web says, users and charts
doctor-versions-postgres = PostgreSQL { $version } is new enough for Mastodon { $mastodon } ({ $needed }).
doctor-versions-postgres-old = PostgreSQL { $version } is too old for Mastodon { $mastodon }, which needs { $needed }.
doctor-versions-postgres-old-remedy = The move itself runs no migration and does not stumble over it; the next `rails db:migrate` does. Upgrade PostgreSQL before or after, not in the move.
doctor-versions-redis = Redis { $version } is new enough for Mastodon { $mastodon } ({ $needed }).
doctor-versions-redis-old = Redis { $version } is too old for Mastodon { $mastodon }: its Sidekiq begins with { $needed } or later.
doctor-versions-redis-old-remedy = Upgrade Redis first.
doctor-versions-chart = Chart { $chart } takes Kubernetes { $version } ({ $wanted }).
doctor-versions-chart-other = Chart { $chart } takes Kubernetes { $wanted }, and not { $version }: `helm upgrade` would refuse it afterwards.
doctor-versions-chart-other-remedy = Upgrade the cluster first, or convert to another version of the chart.
doctor-images-user = { $workload } must not run as root, and { $image } names its user without a number: the kubelet does not start it.
doctor-images-user-remedy = Set runAsUser: 991, the number of the user mastodon in these images.
doctor-images-root = { $workload } must not run as root, and is told to run as user 0: the kubelet does not start it ({ $image }).
doctor-images-root-remedy = Set runAsUser: 991, or take runAsNonRoot out.
doctor-volumes-readonly = { $path } of PersistentVolumeClaim { $claim } cannot be written to by the old side’s pod; { $workload } mounts it too (owner { $owner }, mode { $mode }).
doctor-volumes-readonly-remedy = If users’ media are kept there, make it writable first: uploads fail even now.
doctor-volumes-denied = { $workload } runs as user { $user }, who may not write to { $path } of PersistentVolumeClaim { $claim } (owner { $owner }, mode { $mode }).
doctor-volumes-denied-remedy = Give it the old side’s runAsUser and fsGroup, or give the files to user { $user } first.
doctor-volumes-given = { $workload } runs as user { $user }, who may write to { $path } of PersistentVolumeClaim { $claim } only if its fsGroup is given the files (owner { $owner }, mode { $mode }).
doctor-volumes-given-remedy = Not every volume does that (NFS does not), and with many files it takes long. Safer is the old side’s runAsUser.
doctor-freeze-holds = Nothing changes the database’s schema.
doctor-freeze-at-start = { $workload } of the new side migrates the database when it starts.
doctor-freeze-at-start-remedy = With the same release on both sides there is nothing to migrate. Safer is to take it out, and to migrate by a Job when you upgrade.
doctor-freeze-running = Job { $job } migrates the database at this moment.
doctor-freeze-running-remedy = Wait until it has ended, and start no other until the move is done.
report-breach-silent = nothing could be measured, and the rule takes that for a reason
terminal-rollback-traffic = Users back
terminal-rollback-release = All back
terminal-after-verdict = { $span } after the verdict

## Data: redis

data-progress = { $items }, { $bytes }, { $rate }/s, { $left } left
data-progress-begin = { $items }, { $bytes }
data-progress-of = { $done } of { $all }
data-progress-rows = { $count } rows
data-progress-keys = { $count } keys
data-progress-objects = { $count } objects
data-redis-plan = { $keys } keys would move; the source’s data take { $mebibytes } MiB of its memory. { $jobs } jobs wait in it.
data-redis-mode-replicate = Recommended: replicate. The new Redis becomes a replica of the old one and is promoted at the cut-over.
data-redis-mode-copy = Recommended: copy. Keys are copied one by one while the old Redis serves.
data-redis-mode-leave = Nothing can be taken along as things stand: the new Redis would begin empty.
data-redis-copied = { $keys } keys ({ $mebibytes } MiB) copied in { $took }. The old Redis serves; the cut-over carries what has changed since.
data-redis-following = The new Redis follows the old one after { $took }, { $behind } bytes behind.
data-redis-handed-over = The new Redis is the one. Nobody could write for { $pause }; { $jobs } jobs of Sidekiq on both sides at that moment.
data-redis-fenced-read-only = The old Redis is a read-only replica of nobody: forgotten writers get READONLY. Without a file of settings a restart ends that: stop it for good.
data-redis-fenced-starved = The old Redis wants more replicas than it has: forgotten writers get NOREPLICAS. Without a file of settings a restart ends that: stop it for good.
data-redis-fenced-paused = The old Redis lets writers wait (CLIENT PAUSE). A restart ends that: stop it for good.
data-redis-fence-fell = The old Redis was restarted and lets writers in again: what was written there since the cut-over is not on the new one. Stop it, and look who still writes to it.
data-redis-follows-back = The old Redis follows the new one: `rollback` loses nothing, until `cleanup`.
data-redis-proof-holds = { $compared } keys compared: kind, content and time of expiry are the same on both sides. { $moved } could not be compared, as they were written to meanwhile.
data-redis-proof-fails = Of { $compared } keys { $different } differ or are missing on the new side, and { $extra } are only there; { $moved } were written to meanwhile.
data-redis-proof-none = Keys were not compared this time; `verify` compares them, best before the new side writes.
data-redis-back-before = Nothing was lost: the old Redis served all the time. { $removed } keys were taken away from the new one.
data-redis-back-whole = The old Redis is the one again, with everything that was written to the new one.
data-redis-back-lost = The old Redis is the one again, as it was at the cut-over. What was written since is on the new one only, which lets no writer in.
data-redis-cleaned-up = What was needed on the way is taken away. There is no way back any more. Left for you to decide:
data-redis-left-source-data = The old Redis still holds its data.
data-redis-left-source-fenced = The old Redis lets no writer in: stop it for good.
data-redis-left-target-data = The new Redis holds what was written to it.
data-redis-left-target-fenced = The new Redis lets no writer in (`REPLICAOF NO ONE` ends that).
data-redis-phase-new = not begun
data-redis-phase-copying = copying
data-redis-phase-copied = copied
data-redis-phase-following = following
data-redis-phase-handing-over = in the middle of a cut-over
data-redis-phase-handed-over = handed over
data-redis-phase-rolled-back = rolled back
data-redis-phase-cleaned-up = cleaned up
data-redis-mode-replicate-remedy = Begin with `mastoferry data redis replicate`.
data-redis-mode-copy-remedy = Begin with `mastoferry data redis copy`.
data-redis-mode-leave-remedy = Mend what is named below. If you leave it behind all the same: { $jobs } jobs ({ $dead } given up ones beside) are lost for good, { $feeds } feeds are built again by `tootctl feeds build`, and trends and counters begin anew.
data-redis-copy-choice = It cannot be replicated, since a replica takes every key under its own name, and you chose some or a namespace.
data-redis-copy-database = It cannot be replicated, since the numbers of the databases differ.
data-redis-copy-neighbours = It cannot be replicated, since the new Redis holds other keys that a replica would lose.
data-redis-copy-replicaof = It cannot be replicated, since the new Redis refuses REPLICAOF.
data-redis-copy-config = It cannot be replicated, since the new Redis cannot be told the old one’s password (CONFIG SET).
data-redis-copy-tls = It cannot be replicated, since the old Redis is reached by TLS and the new one does not replicate by it (tls-replication).
data-redis-copy-hold = It cannot be replicated, since nothing keeps writers out of the old Redis while the last changes pass.
data-redis-copy-socket = It cannot be replicated, since the old Redis is reached by a socket.
data-redis-copy-socket-remedy = Tell with --source-seen where the new Redis reaches it.
data-redis-versions = Redis { $source } and { $target } go together.
data-redis-versions-older = The new Redis ({ $target }) does not understand what the old one ({ $source }) writes.
data-redis-versions-older-remedy = Use a new Redis of the old one’s version or later.
data-redis-roles = Both are primaries, and neither is a cluster.
data-redis-same = Both addresses lead to the same Redis.
data-redis-same-remedy = Correct MASTOFERRY_SOURCE_REDIS_URL or MASTOFERRY_TARGET_REDIS_URL.
data-redis-cluster = One of them is a cluster, which Mastodon does not use.
data-redis-cluster-remedy = Use a single Redis.
data-redis-source-replica = The old Redis is a replica.
data-redis-source-replica-remedy = Give the address of its primary.
data-redis-target-replica = The new Redis is a replica of another.
data-redis-target-replica-remedy = End that with `REPLICAOF NO ONE`, if nobody needs it.
data-redis-loading = One of them still reads its data from the disk.
data-redis-loading-remedy = Wait until it is done.
data-redis-target-empty = The new Redis holds no key of what would move.
data-redis-target-keys = The new Redis already holds { $keys } keys of what would move.
data-redis-target-keys-remedy = Use an empty one. If the keys are of a trial, take them away first (`FLUSHDB`).
data-redis-rights-source = The user of the old Redis must not use { $commands }.
data-redis-rights-source-remedy = Grant these, or use another user.
data-redis-rights-target = The user of the new Redis must not use { $commands }.
data-redis-rights-target-remedy = Grant these, or use another user.
data-redis-memory = The new Redis has room: { $needed } MiB are needed, { $free } MiB are free.
data-redis-memory-unbounded = The new Redis has no bound on its memory (maxmemory); { $needed } MiB are needed.
data-redis-memory-short = The new Redis has too little room: { $needed } MiB are needed, { $free } MiB are free.
data-redis-memory-short-remedy = Raise maxmemory.
data-redis-eviction = The new Redis throws no key away when it is full (noeviction).
data-redis-eviction-unknown = The new Redis does not tell what it does when it is full.
data-redis-eviction-unknown-remedy = Make sure that it is noeviction: otherwise jobs are lost.
data-redis-eviction-keys = The new Redis throws any key away when it is full ({ $policy }): jobs would be lost.
data-redis-eviction-keys-remedy = Set maxmemory-policy to noeviction.
data-redis-eviction-some = The new Redis throws keys away when it is full ({ $policy }).
data-redis-eviction-some-remedy = noeviction is what Sidekiq asks for.
data-redis-persistence = The new Redis writes every change down (append-only file).
data-redis-persistence-none = The new Redis writes nothing down: a restart loses all jobs.
data-redis-persistence-none-remedy = Set appendonly to yes.
data-redis-persistence-snapshots = The new Redis writes snapshots only: a crash loses the jobs since the last.
data-redis-persistence-snapshots-remedy = Set appendonly to yes.
data-redis-persistence-unknown = The new Redis does not tell whether it writes anything down.
data-redis-persistence-unknown-remedy = Make sure that it does: otherwise a restart loses all jobs.
data-redis-clocks = The clocks agree ({ $milliseconds } ms).
data-redis-clocks-apart = The clocks are { $milliseconds } ms apart: keys expire sooner or later by that.
data-redis-clocks-apart-remedy = Set both by NTP.
data-redis-fence = At the cut-over writers wait, and afterwards the old Redis lets none in ({ $fence }).
data-redis-fence-errors = At the cut-over writers get errors, since the old Redis does not let them wait (CLIENT PAUSE, from 6.2), and afterwards it lets none in ({ $fence }).
data-redis-fence-errors-remedy = Stop web, streaming and Sidekiq before the cut-over.
data-redis-fence-none = Nothing keeps writers out of the old Redis: REPLICAOF, CONFIG SET and CLIENT PAUSE are all refused.
data-redis-fence-none-remedy = Grant one of these.
data-redis-workers-none = No Sidekiq process takes jobs from the old Redis.
data-redis-workers = { $processes } Sidekiq processes take jobs from the old Redis.
data-redis-workers-remedy = Before the cut-over they must be quiet and gone: what they run then could not be put back.
data-redis-tracking = The old Redis names each key that changes (CLIENT TRACKING), so that only those are carried at the cut-over.
data-redis-tracking-none = The old Redis does not name keys that change (CLIENT TRACKING, from 6.0): at the cut-over everything is compared behind the fence.
data-redis-tracking-none-remedy = Expect a longer pause, or allow the command.
data-redis-modules-none = No module is loaded into the old Redis.
data-redis-modules = Modules are loaded into the old Redis; the new one needs the same.
data-redis-modules-remedy = Mastodon uses none. Load them into the new Redis as well, if another program keeps data here.
data-redis-modules-unknown = The old Redis does not tell whether modules are loaded.
data-redis-modules-unknown-remedy = Mastodon uses none.
data-redis-large = A queue or set holds { $jobs } jobs: it is read and written in one piece, and both servers are busy with it for a moment.
data-redis-large-remedy = Let Sidekiq work it off first.
data-redis-sentinel = A Sentinel watches the old Redis, and would take the cut-over for an accident.
data-redis-sentinel-remedy = Take it out of the Sentinels first (`SENTINEL REMOVE`).
data-redis-sentinel-unknown = The old Redis does not tell whether a Sentinel watches it.
data-redis-sentinel-unknown-remedy = If one does, take it out first (`SENTINEL REMOVE`).
data-redis-replicas = { $replicas } replicas follow the old Redis, and will not follow the new one.
data-redis-replicas-remedy = Give the new Redis replicas of its own.
data-redis-databases-taken = Databases { $databases } are taken along: a replica takes all.
data-redis-databases-taken-remedy = If they are another program’s, use `copy`.
data-redis-databases-left = Databases { $databases } of the old Redis stay.
data-redis-databases-left-remedy = If they are Mastodon’s, move each by itself. Behind the fence nobody can write to them either.
data-redis-namespace-strange = { $keys } keys are not of the namespace and stay.
data-redis-namespace-strange-remedy = If they are Mastodon’s, look at REDIS_NAMESPACE again.
problem-data-no-address = { $variable } is not set.
problem-data-no-address-remedy = Set it to an address such as { $example }, or name a file that holds one. A password is not taken as an argument: others on this machine would see it.
problem-data-address = The address in { $place } cannot be used: { $detail }
problem-data-redis-failed = Redis did not do what was asked: { $detail }
problem-data-redis-stopped = The cut-over stopped in the middle and could not be taken back: { $detail }
problem-data-redis-stopped-remedy = Bring both servers back, then run `cutover` again with the same --state, or `rollback`. Do not start the new side before.
problem-data-redis-refused = The checks refuse the move, and nothing was written:
    { $findings }
problem-data-redis-journal = The journal of the move cannot be used: { $detail }
problem-data-redis-other-move = The folder of the state belongs to another move: from { $source } to { $target }, or of other keys.
problem-data-redis-other-move-remedy = Give every move a folder of its own.
problem-data-redis-phase = That does not fit where the move stands: { $phase }.
problem-data-redis-phase-remedy = The order is copy or replicate, verify, cutover, then cleanup or rollback. Use a new folder for a new move.
problem-data-redis-full = { $address } has no memory left.
problem-data-redis-full-remedy = Raise maxmemory and run the same again: it goes on where it was. The old Redis serves.
problem-data-redis-unkept = { $address } cannot write what it is told to its disk.
problem-data-redis-unkept-remedy = Make room on its disk and run the same again: it goes on where it was. The old Redis serves.
problem-data-redis-payload = { $address } does not understand what the old Redis writes.
problem-data-redis-payload-remedy = Use a new Redis of the old one’s version or later.
problem-data-redis-no-link = { $address } did not follow within { $seconds } s.
problem-data-redis-no-link-remedy = It must reach the other Redis at the same address as we do, or at the one of --source-seen; its log says why it does not.
problem-data-redis-workers = { $processes } Sidekiq processes still work on the old Redis. What they run could not be put back behind the fence.
problem-data-redis-workers-remedy = Quiet them and wait until they are gone. A process that was killed is forgotten after a minute.
problem-data-redis-no-fence = Writers cannot be kept out of { $address }: { $reason }
problem-data-redis-at-risk = Going back would lose what was written to the new Redis since { $since }; { $jobs } jobs wait in it.
problem-data-redis-at-risk-remedy = Let Sidekiq work them off first, or accept it with --accept-loss.
problem-data-redis-not-handed-over = The cut-over was taken back, and the old Redis serves: { $detail }
problem-data-redis-not-handed-over-remedy = Run it again.
problem-data-redis-unreachable = A Redis does not answer: { $detail }
problem-data-redis-unreachable-remedy = Nothing was done that could not be gone on with: bring it back and run the same again.
problem-data-redis-tls = A Redis and we do not understand each other: { $detail }
problem-data-redis-tls-remedy = rediss:// is for TLS; certificates of an authority of your own are given with --source-authority or --target-authority.
problem-data-redis-password = A Redis does not let us in: { $detail }
problem-data-redis-forbidden = A Redis does not allow it: { $detail }
problem-data-redis-replica = { $detail }
## Data: media
data-media-same-place = One side lies within the other: { $from } and { $to }.
data-media-same-place-remedy = Choose a target outside the source, or another prefix (S3_KEY_PREFIX).
data-media-source-read = { $place } can be read: { $objects } objects, { $bytes }.
data-media-source-empty = { $place } has nothing in it.
data-media-source-empty-remedy = See that it is the folder that Mastodon calls public/system, or the right S3_KEY_PREFIX.
data-media-source-lost = { $place } has nothing in it, and the target has something.
data-media-source-lost-remedy = See that the volume is mounted, and that bucket and prefix are right. With --delete everything would be deleted.
data-media-source-denied = { $place } cannot be read with these credentials: { $reason }.
data-media-source-denied-remedy = Give the rights to list the bucket, to read its objects and their ACLs; for a folder, run as a user who may read it.
data-media-source-missing = { $place } is not there: { $reason }.
data-media-source-missing-remedy = Check S3_BUCKET, S3_ENDPOINT and S3_REGION, or the folder.
data-media-source-name = { $place } holds a name that cannot be moved: { $reason }.
data-media-source-name-remedy = Rename or delete it. Mastodon itself makes no such names.
data-media-source-unreachable = { $place } does not answer: { $reason }.
data-media-source-unreachable-remedy = Check S3_ENDPOINT (http or https, port), the network and the certificate.
data-media-source-acl = The ACLs of the source’s objects can be read; each object keeps its own.
data-media-source-acl-denied = The ACLs of the source’s objects cannot be read: { $reason }. What only Mastodon may read could become public.
data-media-source-acl-denied-remedy = Give the right to read them (s3:GetObjectAcl). Where the source uses no ACLs, set S3_PERMISSION to nothing in its settings.
data-media-names-unusable = { $count } names at the source cannot be moved: { $first }
data-media-names-unusable-remedy = Rename or delete them, or replace links by what they lead to. Mastodon itself makes no such names.
data-media-target-names = { $count } names in { $place } are no files that could be media, and might lead elsewhere: { $first }
data-media-target-names-remedy = Remove links and special files from the target first.
data-media-target-denied = { $place } cannot be written with these credentials: { $reason }.
data-media-target-denied-remedy = Give the rights to list, read, write and delete objects, to set ACLs, and to upload in parts; for a folder, run as a user who may write there.
data-media-target-missing = { $place } is not there: { $reason }.
data-media-target-missing-remedy = Make the bucket first, or check S3_BUCKET, S3_ENDPOINT and S3_REGION.
data-media-target-full = { $place } is full: { $reason }.
data-media-target-full-remedy = Make room, or raise the quota.
data-media-target-name = { $place } holds a name that no object of Mastodon has: { $reason }.
data-media-target-name-remedy = Choose an empty bucket, or a prefix of its own (S3_KEY_PREFIX).
data-media-target-unreachable = { $place } does not answer: { $reason }.
data-media-target-unreachable-remedy = Check S3_ENDPOINT (http or https, port), the network and the certificate.
data-media-target-lossy = { $place } did not give back what was sent there: { $reason }.
data-media-target-lossy-remedy = Do not use it before you know why.
data-media-target-refused = { $place } refused what a copy will need: { $reason }.
data-media-target-refused-remedy = Compare the settings with what its provider asks for (region, path style, storage class).
data-media-target-tried = { $place }: a few objects of our own were written, read back equal, and deleted again.
data-media-target-empty = { $place } is empty; { $objects } objects ({ $bytes }) are to be copied.
data-media-target-equal = { $place } has { $count } objects of the source already; { $objects } objects ({ $bytes }) are to be copied.
data-media-target-different = { $place } has { $count } other objects where the source has something under the same name: { $first }
data-media-target-different-remedy = Nothing is written over what this move has not written. Empty the target, or choose a prefix of its own (S3_KEY_PREFIX).
data-media-target-foreign = { $place } has { $count } objects that the source does not have, and that are not of this move: { $first }
data-media-target-foreign-remedy = Empty the target, or choose a prefix of its own (S3_KEY_PREFIX).
data-media-acl-kept = The target keeps ACLs: what only Mastodon may read stays hidden.
data-media-acl-off = S3_PERMISSION is empty: no ACL is sent, and the bucket’s own policy decides who may read.
data-media-acl-off-remedy = See that the policy shows media to everybody, and nobody what lies below backups/.
data-media-acl-ignored = The target takes an ACL and does not keep it: the bucket’s own policy decides who may read.
data-media-acl-ignored-remedy = Set S3_PERMISSION to nothing, here and in Mastodon, and see that the policy shows media to everybody, and nobody what lies below backups/.
data-media-acl-unread = The target takes ACLs and does not tell them: { $reason }. Whether they are kept is not known.
data-media-acl-unread-remedy = Give the right to read them (s3:GetObjectAcl), or fetch a private object from outside once.
data-media-acl-refused = { $place } takes no ACLs: { $reason }.
data-media-acl-refused-remedy = Set S3_PERMISSION to nothing, here and in Mastodon, and let the bucket’s policy show media to everybody.
data-media-headers-lost = The target does not keep the content type or Cache-Control of objects.
data-media-headers-lost-remedy = See that whatever serves them tells both.
data-media-folder-headers = A folder does not keep content types and cache headers.
data-media-folder-headers-remedy = Whatever serves the folder must tell them; Mastodon’s own nginx configuration does so for /system.
data-media-room = { $place } has room: { $free-bytes } are free, { $bytes } are needed.
data-media-room-short = { $place } has { $free-bytes } free; { $bytes } in { $objects } files do not fit.
data-media-room-short-remedy = Make room, or take a larger volume.
data-media-room-files = { $place } has room for { $free } more files and folders; { $objects } files do not fit.
data-media-room-files-remedy = Make a file system with more inodes.
data-media-room-unknown = How much room { $place } has cannot be told: { $reason }.
data-media-room-unknown-remedy = See that { $bytes } in { $objects } files fit.
data-media-estimate = About { $seconds } seconds for { $objects } objects ({ $bytes }), as fast as the trial was.
problem-media-place = The place of the media cannot be used: { $reason }
problem-media-place-remedy = Tell a folder; or env:, env:PREFIX or file:PATH, where S3_BUCKET, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the other settings of Mastodon stand.
problem-media-place-url = A bucket is not told by a URL: keys have no place among the arguments of a command.
problem-media-place-url-remedy = Set S3_BUCKET, S3_ENDPOINT, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment and say env:, or keep them in a file and say file:PATH.
problem-media-failed = { $reason }
problem-media-failed-remedy = What is on the target is whole. Run the same command again: it goes on where it was.
problem-media-full = { $reason }
problem-media-full-remedy = Make room and run the same command again: it goes on where it was.
problem-media-held = { $reason }
problem-media-held-remedy = Wait for the other process, or give this move a --state of its own.
problem-media-other = { $reason }
problem-media-other-remedy = Give this move a --state of its own.
problem-media-state = { $reason }
problem-media-state-remedy = Take an empty folder as --state: objects that are equal already are recognised and not copied again.
problem-media-part = There is no range { $part }.
problem-media-part-remedy = Ranges are counted from 0; `mastoferry data media job` prints them.
media-cleaned = Nothing but the copied media is left on the target. The folder with the state can be deleted.
media-outcome = { $copied } objects ({ $copied-bytes }) copied and read back equal, { $unchanged } unchanged, { $deleted } deleted, { $gone } gone meanwhile; the source has { $objects } ({ $bytes }). It took { $span }.
media-outcome-surplus = { $count } objects have gone from the source since; `delta --delete` deletes them.
media-outcome-conflicts = { $count } objects on the target are not of this move and differ; they were left alone:
media-outcome-failed = { $count } objects could not be moved:
media-outcome-unusable = { $count } names cannot be moved:
media-outcome-untold = { $count } objects did not keep their content type or Cache-Control:
media-outcome-foreign = { $count } objects on the target are not of this move and not at the source; they were left alone:
media-outcome-complete = The target has everything that the source had when the pass began.
media-outcome-incomplete = The target does not have everything yet.
media-verdict = { $equal } of { $objects } objects ({ $bytes }) were read on both sides and are the same. It took { $span }.
media-verdict-missing = { $count } objects are not on the target:
media-verdict-different = { $count } objects have another content on the target:
media-verdict-access = { $count } objects may be read by others on one side alone:
media-verdict-untold = { $count } objects have another content type or Cache-Control on the target:
media-verdict-failed = { $count } objects could not be read:
media-verdict-surplus = { $count } objects are on the target alone:
media-verdict-unasked = Of { $count } objects a side does not tell who may read them.
media-verdict-fine = The target has all that the source has.
media-verdict-wrong = The target does not have all that the source has.
media-outside = Fetched from outside: { $equal } of { $all } addresses gave the same content.
media-redirect = So that old addresses go on working, the front must lead them to the new ones. As a location of nginx, and as a rule of an HTTPRoute:
media-event-opened = From { $from } to { $to }
media-event-began = { $at }: a pass began
media-event-ended = { $at }: it ended; { $copied } objects copied
media-event-incomplete = { $at }: it ended, not complete; { $copied } objects copied
media-event-stopped = { $at }: it stopped: { $reason }
media-event-equal = { $at }: verified, both sides are equal
media-event-different = { $at }: verified, the sides differ
## Data: PostgreSQL
data-postgres-pooler = Between here and { $side ->
    [source] the source
   *[target] the target
} ({ $address }) stands a pooler such as PgBouncer: snapshots and replication do not go through it.
data-postgres-pooler-remedy = Give the server's own address. At the cut-over PgBouncer is told to hold its clients by --pgbouncer-database.
data-postgres-standby = The server of { $side ->
    [source] the source
   *[target] the target
} is a standby, and takes no writes.
data-postgres-standby-remedy = Give the primary's address.
data-postgres-same = Source and target are the same database.
data-postgres-same-remedy = Give two different ones.
data-postgres-versions = The source is PostgreSQL { $source }, the target { $target }.
data-postgres-versions-older = The target is PostgreSQL { $target }, older than the source's { $source }.
data-postgres-versions-older-remedy = Use a target of the source's major version or a later one.
data-postgres-target-empty = The target is empty.
data-postgres-target-holds = The target is not empty: it has { $count } objects ({ $names }). They are not touched.
data-postgres-target-holds-remedy = Make a new database from template0, and give that. A database that Rails has prepared is not empty.
data-postgres-tools = The official tools of PostgreSQL { $version } are there.
data-postgres-tools-missing = There is no pg_dump of PostgreSQL { $version } or later on this machine.
data-postgres-tools-missing-remedy = Install the client of that version (Debian: postgresql-client-{ $version }), or name its folder by --tools.
data-postgres-extensions = The target has all extensions that the source uses.
data-postgres-extensions-missing = The target's server does not have these extensions: { $names }.
data-postgres-extensions-missing-remedy = Install their packages there. One that Mastodon does not need (such as pg_stat_statements) can be dropped on the source instead.
data-postgres-encoding = Both sides are encoded in { $encoding }.
data-postgres-encoding-differs = The source is encoded in { $source }, the target in { $target }.
data-postgres-encoding-differs-remedy = Make the target's database anew with the source's encoding.
data-postgres-collation = Both sides sort by { $collation }.
data-postgres-collation-differs = The source sorts by { $source }, the target by { $target }: lists sorted by name may come in another order.
data-postgres-collation-differs-remedy = Harmless for Mastodon's data: indexes are built anew. Make the target's database with the source's locale if the order matters.
data-postgres-collation-moved = The source's indexes were built with another version of its sorting (libc or ICU) than it has now: some may not find rows, or hold the same value twice.
data-postgres-collation-moved-remedy = Look with `mastoferry data postgres plan --look-for-duplicates` before the move. The copy builds all indexes anew.
data-postgres-roles = The target knows all roles that will own something: { $names }.
data-postgres-roles-missing = The target does not know these roles, which own or may use something: { $names }.
data-postgres-roles-missing-remedy = Create them there, or name one that shall own all by --owner.
data-postgres-rights = On { $side ->
    [source] the source
   *[target] the target
} the role that was given lacks a right: { $right }.
data-postgres-rights-remedy = Grant it for the time of the move, or give another role.
data-postgres-rights-enough = The roles that were given may do what the move needs.
data-postgres-large-objects-none = There are no large objects, as with any Mastodon.
data-postgres-large-objects = There are { $count } large objects. Mastodon has none, and they would not come along.
data-postgres-large-objects-remedy = Find out whose they are; remove them, or move them by pg_dump.
data-postgres-partitions = These are partitioned, inherited or foreign tables: { $names }. Mastodon has none, and they would not come along.
data-postgres-partitions-remedy = Move such a database by pg_dump and pg_restore.
data-postgres-row-security = Policies would hide rows of these tables from the role that was given: { $names }.
data-postgres-row-security-remedy = Give a role with BYPASSRLS.
data-postgres-indexes-invalid = These indexes are invalid on the source and are left out: { $names }.
data-postgres-indexes-invalid-remedy = They are left from a CREATE INDEX CONCURRENTLY that failed. If they are wanted, build them anew first.
data-postgres-prepared = There are { $count } prepared transactions: they could be committed behind the write fence.
data-postgres-prepared-remedy = Commit them or roll them back (pg_prepared_xacts).
data-postgres-migrations = Rails has made { $count } migrations, the last { $last }. Nothing may migrate until the move is over.
data-postgres-clock = The clocks of both servers agree within { $unsure } ms (offset { $offset } ms).
data-postgres-clock-behind = The target's clock is behind the source's by { $offset } ms (± { $unsure } ms): ids hold the server's time, and new posts would come before older ones.
data-postgres-clock-behind-remedy = Set the clocks by NTP.
data-postgres-clock-differs = The clocks of both servers differ by { $offset } ms (± { $unsure } ms).
data-postgres-clock-differs-remedy = Set the clocks by NTP.
data-postgres-space = The target needs { $needed } MiB at most, and { $free } MiB are free.
data-postgres-space-unchecked = The target will need up to { $needed } MiB; no server says how much is free on its disk.
data-postgres-space-unchecked-remedy = Look there; `mastoferry data postgres plan --target-free` holds what is needed against it.
data-postgres-space-small = The target will need up to { $needed } MiB, and only { $free } MiB are free.
data-postgres-space-small-remedy = Make its volume larger.
data-postgres-divided = Most rows are in these tables: { $names }. All { $connections } connections copy them at once, in ranges of pages. Their rows cannot be written frozen then, and are visited once more at the end.
data-postgres-physical-major = The source is PostgreSQL { $source }, the target { $target }: a replica needs the same major version.
data-postgres-physical-major-remedy = Make the replica with the source's major version, or move by “follow”.
data-postgres-physical-wal-level = The source's wal_level is minimal; a replica needs replica or logical.
data-postgres-physical-wal-level-remedy = “ALTER SYSTEM SET wal_level = replica”, then restart the source: one short outage beforehand.
data-postgres-physical-replica = The target is the source's streaming replica.
data-postgres-physical-replica-none = The target is not a replica of the source.
data-postgres-physical-replica-none-remedy = Make it on the target's machine, as the user of its server, into a new folder, by a role with REPLICATION that the source's pg_hba.conf lets in; then start the server there and look again: { $command }
data-postgres-physical-replica-silent = The target is a replica of the source, and receives nothing.
data-postgres-physical-replica-silent-remedy = Its log says why: the address in primary_conninfo, the password, pg_hba.conf, or log that the source has removed (then make it anew).
data-postgres-physical-collation = The target's system sorts otherwise than the one on which the indexes were built (another version of libc or ICU): after a promotion some would not find their rows.
data-postgres-physical-collation-remedy = Make the replica on a system of the same release, or move by “follow”, which builds all indexes anew.
data-postgres-physical-whole = The replica is of the whole server. These databases come along, and are not fenced: { $names }
data-postgres-physical-whole-remedy = Stop what writes to them before the cut-over.
data-postgres-physical-one-way = After the promotion there is no way back: what is written then is on the target alone.
data-postgres-physical-one-way-remedy = Until the cut-over everything can be taken back. “follow” without --physical has a way back afterwards, too.
data-postgres-duplicates-unchecked = Nobody has looked whether unique indexes hold the same value twice. A copy would fail at such a one.
data-postgres-duplicates-unchecked-remedy = Look with `mastoferry data postgres plan --look-for-duplicates` (it reads every table).
data-postgres-duplicates-none = No unique index holds a value twice.
data-postgres-duplicates = These unique indexes hold a value twice, and could not be built on the target: { $names }.
data-postgres-duplicates-remedy = Mastodon's “tootctl maintenance fix-duplicates” mends that while Mastodon is stopped.
data-postgres-wal-level = The source writes its log so that it can be followed.
data-postgres-wal-level-low = The source's wal_level is { $level }; following needs logical.
data-postgres-wal-level-low-remedy = “ALTER SYSTEM SET wal_level = logical”, then restart the source: one short outage beforehand. Or copy while Mastodon is stopped.
data-postgres-slots = The source has a replication slot and a sender to spare.
data-postgres-slots-none = The source has no replication slot or no sender to spare.
data-postgres-slots-none-remedy = Raise max_replication_slots and max_wal_senders, and restart it.
data-postgres-slot-bounded = The source keeps at most { $bound } of its log for the target: with more changes than that during the copy, it must begin anew.
data-postgres-slot-bounded-remedy = Raise max_slot_wal_keep_size for the time of the move (no restart).
data-postgres-apply-none = The target has no worker or no slot to spare for applying changes.
data-postgres-apply-none-remedy = Raise max_logical_replication_workers, max_worker_processes and max_replication_slots there, and restart it.
data-postgres-identities = Every table has a key by which changed rows are found.
data-postgres-identities-set = These tables have no primary key; for the time of the move they are told how rows are found: { $names }.
data-postgres-identities-set-remedy = Taken back at the end. With FULL every change of that table looks at all its rows on the target.
data-postgres-identities-missing = These tables have no primary key, and their rows could not be changed while they are followed: { $names }.
data-postgres-identities-missing-remedy = --set-identities lets the move tell them how rows are found: by the index in brackets, or by all columns (FULL).
data-postgres-unlogged = These tables are not in the server's log and cannot be followed: { $names }.
data-postgres-unlogged-remedy = “ALTER TABLE … SET LOGGED”, or copy while Mastodon is stopped.
data-postgres-way-back-none = After the cut-over there is no way back that keeps what was written since: it needs wal_level = logical on the target (it is { $level }) and a superuser on the source.
data-postgres-way-back-none-remedy = Set it before the move if you want one.
problem-postgres-argument-password = The address given by { $argument } holds a password. Arguments can be read by all users of this machine.
problem-postgres-argument-password-remedy = Put it into the environment variable { $variable }, or into a file named by { $argument }-file.
problem-postgres-unreachable = PostgreSQL at { $address } cannot be reached: { $detail }.
problem-postgres-unreachable-remedy = Look whether host and port are right, and whether the server listens there.
problem-postgres-tls = There is no TLS with PostgreSQL at { $address }: { $detail }.
problem-postgres-tls-remedy = sslmode says what is asked for, sslrootcert which authority is trusted.
problem-postgres-password = PostgreSQL at { $address } does not take the password of { $user }.
problem-postgres-not-let-in = PostgreSQL at { $address } does not let { $user } in: { $detail }.
problem-postgres-not-let-in-remedy = pg_hba.conf decides who may come from where.
problem-postgres-no-database = There is no database { $address }.
problem-postgres-no-database-remedy = Make it from template0 (the target's), or look at its name.
problem-postgres-full = PostgreSQL at { $address } has no connection left: { $detail }.
problem-postgres-full-remedy = Use fewer by --connections, or raise max_connections.
problem-postgres-not-ready = PostgreSQL at { $address } is starting or stopping: { $detail }.
problem-postgres-not-ready-remedy = Try again in a moment.
problem-postgres-lost = The connection to PostgreSQL at { $address } broke ({ $doing }): { $detail }.
problem-postgres-lost-remedy = The same command goes on from here; “rollback” goes back.
problem-postgres-refused = PostgreSQL at { $address } refuses to { $doing }: { $detail } ({ $code }).
problem-postgres-refused-remedy = Mend what it says, and give the same command again; “rollback” goes back.
problem-postgres-tool = { $program } failed: { $detail }.
problem-postgres-no-tool = There is no { $program } of PostgreSQL { $major } or later.
problem-postgres-no-tool-remedy = Install that version's client, or name its folder by --tools.
problem-postgres-journal = The state cannot be used: { $detail }.
problem-postgres-other-move = The state is that of a move from { $from } to { $to }.
problem-postgres-other-move-remedy = Name another folder by --state.
problem-postgres-out-of-turn = The move is at “{ $phase }”: { $detail }.
problem-postgres-too-long = { $detail }.
problem-postgres-too-long-remedy = What was under way in the pause was undone; look at the servers' logs, and try again.
problem-postgres-unequal = { $detail }.
problem-postgres-stopped = The move stands at “{ $phase }”, and a person must decide.
problem-postgres-stopped-remedy = “cutover” goes on, “rollback” goes back; both look first at what is true on both sides.
# A provider's instance
data-postgres-managed-step-tool = Tool
data-postgres-managed-step-instance = Instance
data-postgres-managed-step-version = Version
data-postgres-managed-step-state = State
data-postgres-managed-step-storage = Storage
data-postgres-managed-step-group = Parameter group
data-postgres-managed-step-flag = Logical decoding
data-postgres-managed-step-attached = Parameter group in use
data-postgres-managed-step-restart = Restart
data-postgres-managed-step-backup = Backup
data-postgres-managed-step-database = Database
data-postgres-managed-step-address = Address
data-postgres-managed-ready = The instance is ready. Next: `mastoferry data postgres plan` with its address as the target.
data-postgres-managed-unready = The instance is not ready. The commands can be copied; --run runs those of the steps that are to do (✕), one after another, up to the first that only a person can do.
data-postgres-managed-tool = { $tool } is there and signed in as { $who }.
data-postgres-managed-tool-missing = { $tool } is not on this machine: nothing could be checked.
data-postgres-managed-tool-missing-remedy = Install it, name it by --tool, or run the commands where it is.
data-postgres-managed-tool-signed-out = { $tool } is not signed in: nothing could be checked. { $detail }
data-postgres-managed-tool-signed-out-remedy = Sign in, then look again: { $command }
data-postgres-managed-blind = not checked.
data-postgres-managed-blind-flags = not checked.
data-postgres-managed-blind-flags-remedy = The command replaces all flags that the instance has: add those that are set.
data-postgres-managed-unseen = could not be checked: { $detail }
data-postgres-managed-later = to be seen when the instance is there.
data-postgres-managed-busy = under way ({ $state }).
data-postgres-managed-instance = { $instance } is there.
data-postgres-managed-none = There is no { $instance } yet.
data-postgres-managed-none-remedy = { $service ->
    [rds] The provider makes the administrator's password and keeps it in Secrets Manager. Networks that may come in are left to you.
   *[cloud-sql] It has no password at first: a person sets it, by “gcloud sql users set-password postgres --instance { $instance } --prompt-for-password”. Networks that may come in are left to you.
}
data-postgres-managed-unchosen = There is no { $instance } yet, and how large it shall be nobody but you can say: it decides what it costs.
data-postgres-managed-unchosen-remedy = { $service ->
    [rds] Name the class of its machine by --tier, such as db.m6g.large.
   *[cloud-sql] Name its tier by --tier, such as db-custom-4-16384, and where it shall be by --region.
}
data-postgres-managed-engine = It is no PostgreSQL of { $service } ({ $target }).
data-postgres-managed-engine-remedy = Name another instance.
data-postgres-managed-running = It runs, and nothing is under way.
data-postgres-managed-stopped = It cannot be used as it is ({ $state }).
data-postgres-managed-stopped-remedy = Look at it at the provider's; what should become of it is for a person to say.
data-postgres-managed-storage = It has { $have } GiB, and { $needed } are enough (twice the source's database).
data-postgres-managed-storage-grows = It has { $have } GiB and grows by itself to the { $needed } that are needed.
data-postgres-managed-storage-small = It has { $have } GiB; { $needed } are needed (twice the source's database).
data-postgres-managed-storage-small-remedy = Storage can be made larger, never smaller again.
data-postgres-managed-storage-pending = It has { $have } GiB and needs { $needed }; other changes wait for its maintenance, and would be made at once as well.
data-postgres-managed-storage-pending-remedy = Let them be made or take them back first.
data-postgres-managed-group = { $group } is there.
data-postgres-managed-group-none = The provider's own parameters cannot be changed: the instance needs a group of its own, { $group }.
data-postgres-managed-group-shared = { $group } is used by others as well: { $names }
data-postgres-managed-group-shared-remedy = Give this instance a group of its own; what is changed there would be changed for all of them.
data-postgres-managed-flag = { $flag } is on.
data-postgres-managed-flag-off = { $flag } is off: what is written after the cut-over could not be carried back.
data-postgres-managed-flag-off-remedy = { $service ->
    [rds] It takes effect with a restart of the target.
   *[cloud-sql] This restarts the target. The command replaces all flags: the { $kept } others that are set are in it again.
}
data-postgres-managed-attached = The instance uses { $group }.
data-postgres-managed-attached-other = The instance uses { $now }, not { $group }.
data-postgres-managed-restarted = It runs with the parameters that are set.
data-postgres-managed-restart-needed = What is set takes effect with a restart ({ $state }).
data-postgres-managed-restart-needed-remedy = The target is away for about a minute.
data-postgres-managed-backup = There is one from before the move.
data-postgres-managed-backup-none = There is none from before the move.
data-postgres-managed-database = { $database } is there, encoded in UTF8.
data-postgres-managed-database-none = There is no { $database } yet.
data-postgres-managed-database-encoding = { $database } is encoded in { $encoding }; Mastodon needs UTF8.
data-postgres-managed-database-encoding-remedy = Name another database in the target's address, or drop that one if nobody needs it: nothing is dropped here.
data-postgres-managed-database-by-hand = There is no { $database } yet, and the provider's tool has no command for it.
data-postgres-managed-database-by-hand-remedy = As the administrator, by psql: { $sql }
data-postgres-managed-database-unseen = the provider's tool cannot say whether { $database } is there.
data-postgres-managed-database-unseen-remedy = Give the target's address as well (MASTOFERRY_TARGET_DATABASE_URL). What makes the database, by psql: { $sql }
data-postgres-managed-address = { $host } is the instance's.
data-postgres-managed-address-other = { $host } is none of the instance's addresses ({ $addresses }).
data-postgres-managed-address-other-remedy = Right where a proxy of the provider's stands between; look, if not.
problem-postgres-pending = Not done within { $seconds } s: { $command }
problem-postgres-pending-remedy = The provider may still be at it. The same command goes on from there; --patience waits longer.
data-postgres-plan = { $mode ->
    [follow] Follow: copied while Mastodon runs, changes carried after it until the cut-over. { $tables } tables, { $size } MiB.
    [physical] Physical: the target is the source's streaming replica, and is promoted at the cut-over. { $tables } tables, { $size } MiB.
    [copy] Copy while Mastodon is stopped, over several connections. { $tables } tables, { $size } MiB.
   *[dump] Dump and restore by the official tools while Mastodon is stopped. { $tables } tables, { $size } MiB.
}
data-postgres-against-following = What speaks against following it while it runs:
data-postgres-copied = { $rows } rows of { $tables } tables copied, { $sequences } sequences set.
data-postgres-still = Nobody can write to the source until “cutover” or “rollback”.
data-postgres-moment = The copy is of one moment; the source went on. It cannot be cut over to: “rollback” takes it away.
data-postgres-standing-by = The replica has caught up: a write took { $arrived } to arrive there. The cut-over will promote it.
data-postgres-following = The target follows the source.
data-postgres-switched = The target serves. Nobody could write for { $pause }.
data-postgres-switched-unmeasured = The target serves. How long nobody could write was not measured: another process had begun.
data-postgres-switched-still = The target serves. Nobody had written since before the copy.
data-postgres-way-back = What is written now is carried back to the source until “cleanup”: until then “rollback” loses nothing.
data-postgres-no-way-back = What is written now is on the target alone: there is no way back that keeps it.
data-postgres-unproven = Both sides were not compared as of the switch: that moment has passed.
data-postgres-returned = The source serves again.
data-postgres-returned-with = The source serves again, with all that was written meanwhile. Nobody could write for { $pause }. The target keeps its copy and takes no writes.
data-postgres-cleaned = Nothing of the move is left.
data-postgres-left = Still there:
data-postgres-source-fenced = The source goes on refusing writes. It may be switched off.
data-postgres-equal = Both sides hold the same: { $rows } rows of { $tables } tables, { $sequences } sequences at or ahead of the source's, indexes, constraints, views and extensions as they were.
data-postgres-unequal = Both sides differ.
data-postgres-table = table
data-postgres-rows-source = rows, source
data-postgres-rows-target = rows, target
data-postgres-content = contents
data-postgres-content-equal = equal
data-postgres-content-other = different
data-postgres-behind = Sequences that are behind: { $names }
data-postgres-missing = Missing on the target: { $names }
data-postgres-invalid = Not valid on the target: { $names }
data-postgres-views-empty = Materialised views without rows: { $names }
data-postgres-schema-differs = Tables or columns differ.
data-postgres-progress = { $rows } rows, { $size } MiB, { $rate } MiB/s, { $left } left
data-postgres-progress-begin = { $rows } rows, { $size } MiB

# Stores that pass over with a move
step-follow-stores-title = Fill the new stores while the old ones serve
step-follow-stores-what = Media are copied, Redis is copied or followed by a replica, PostgreSQL is copied within one snapshot and followed. The new stores refuse writes meanwhile; users notice nothing but load.
step-follow-stores-check = `mastoferry data` says of each store that it is copied, or follows.
step-follow-stores-undo = What was made in the new stores is taken away again, and nothing else. Media that were copied stay.
step-cut-over-stores-title = Pass the stores over
step-cut-over-stores-what = A fence goes up on the old stores, the last changes of all of them arrive, and the new ones open. Every row and key is compared as of that moment. From the fence on nothing is written on the old side, not even by a process that was forgotten.
step-cut-over-stores-check = Both sides are equal row by row and key by key; the old stores refuse writes, the new ones take them.
step-cut-over-stores-undo = The same in the other direction: what was written to the new stores is carried back first. Where it cannot be, nothing goes back until somebody has seen what would be lost and has agreed.
why-stores-move = Chosen: maintenance. Stores pass over as well; in that pause users get a page that says so instead of failures.
moved-store-postgres = PostgreSQL
moved-store-redis = Redis
moved-store-redis-sidekiq = Sidekiq's Redis
moved-store-redis-cache = the cache's Redis
moved-store-media = Media
problem-stores-twice = --move names { $store } twice.
problem-stores-twice-remedy = Name each store once.
problem-stores-same = The new side would reach the old store: { $store } is at { $old } on both sides.
problem-stores-same-remedy = Say where it will be, with --new-setting (DB_HOST=…, REDIS_HOST=…, S3_BUCKET=…) or --new-secret; or leave out --move { $store }.
problem-stores-none = The plan moves { $store }, and this Mastodon has none of its own.
problem-stores-none-remedy = Leave out --move { $store }: what it would hold is in the store that all share.
problem-stores-unmoved = The new side would reach another store than the old one, and { $store } does not move: { $old } → { $new }.
problem-stores-unmoved-remedy = Add --move { $store }, so that it arrives there; or leave out the setting.
problem-stores-strategy = { $strategy } cannot carry these stores along: { $reason }.
problem-stores-strategy-remedy = Choose --strategy maintenance, or leave it to the program.
problem-stores-no-media = The plan moves media, and nobody said from where to where.
problem-stores-no-media-remedy = Add --media-from and --media-to: a folder, env:PREFIX or file:PATH, as for `mastoferry data media`.
problem-stores-failed = A store that the plan moves cannot be used: { $reason }
problem-stores-failed-remedy = Look at it with `mastoferry data postgres|redis|media plan`, which says what to do. Nothing was changed.
problem-stores-elsewhere = The stores began to move on another machine, and their state is there: { $path } is not here.
problem-stores-elsewhere-remedy = Bring that folder from there, or go on there. Nothing was changed.
problem-stores-at-risk = Going back would lose what was written to the new stores since they took over:
    { $list }
problem-stores-at-risk-remedy = Nothing was changed. `mastoferry resume` goes on with the new side. `mastoferry rollback --level database --accept-loss` goes back and loses that.
problem-stores-accept = Going back to the old stores may lose what was written to the new ones, and nobody has agreed to that.
problem-stores-accept-remedy = `mastoferry rollback` says what would be lost, and goes back where that is nothing. With --level database add --accept-loss.
at-risk-postgres = PostgreSQL: { $count } rows more or less, in { $tables } (rows that were changed are not in the number)
at-risk-redis = Redis: { $count } jobs that wait there, and what feeds and caches have taken in since
at-risk-redis-sidekiq = Sidekiq's Redis: { $count } jobs that wait there
at-risk-redis-cache = The cache's Redis: what the cache has taken in since
at-risk-media = Media: { $count } objects that only the new place has; `mastoferry data media copy` can carry them back first
rehearse-without-stores = The stores are not moved in a rehearsal: their steps are passed by. `mastoferry data … plan` looks at the real ones.
progress-stores-follow = The new stores are filled: { $rows } rows, { $objects } objects ({ $size })
progress-stores-passed = The stores have passed over; nobody could write for { $span }
progress-stores-returned = { $after ->
    [yes] The old stores are the ones again
   *[no] The new stores were let go; the old ones have served all the time
}
judgement-stores = The stores passed over with the move: nobody could write for { $pause }, and from the last write on the old side until users were on the new one { $users } went by.
judgement-stores-equal = Compared as of that moment: { $tables } tables with { $rows } rows, { $keys } keys, { $jobs } waiting jobs; all equal. { $objects } objects of media are at the new place, each read back and compared.
judgement-stores-unproven = The comparison as of that moment is missing: another process ended what one began. `mastoferry data … verify` compares now.
judgement-stores-way-back = What is written from now on is carried back, until `mastoferry data … cleanup`: going back loses nothing.
judgement-stores-no-way-back = What is written from now on is not carried back: going back would lose it, and wants --level database --accept-loss.
stores-obstacle-both-serve = both sides serve at once, each with stores of its own, so that two databases would take writes
stores-obstacle-no-page = a database that is copied while nobody writes needs a page in front of users
stores-obstacle-no-fence = without the database’s fence the old side goes on writing to what has passed over; move the database as well
problem-stores-passed = The stores have passed over, so users cannot go back without them.
problem-stores-passed-remedy = `mastoferry rollback` goes back with the stores where that loses nothing, and says what it would lose otherwise. Nothing was changed.
