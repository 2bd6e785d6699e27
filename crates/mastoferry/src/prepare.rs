//! From a source to a plan: read, understand, write, account, compare, decide.

use std::collections::BTreeMap;

use audit::{Acceptance, Difference, Ledger, Verdict, Written, WrittenAs};
use clock::Clock;
use cluster::Cluster;
use installation::{Installation, InstallationError, InstallationErrorKind, Role as Part};
use plan::Circumstances;
use source::{Form, Role, SourceKind, SourceRef, Sourced, Unlisted};
use target::Target;
use target::helm::{HelmTarget, Options};

use crate::chart::GivenChart;
use crate::cli::{RaiseArgs, SourceArgs, TargetArgs};
use crate::data::NewStoresArgs;
use crate::explain;
use crate::from_compose::{self, FromCompose};
use crate::moves;
use crate::problem::{Exit, Problem};
use crate::words::Words;

/// A source, read and made out.
pub(crate) struct Read {
    /// What was read.
    pub(crate) sourced: Sourced,
    /// What it is; with the new side's settings laid over it, where stores move.
    pub(crate) installation: Installation,
    /// What it is as it stands, where settings were laid over it.
    pub(crate) standing: Option<Installation>,
}

impl Read {
    /// What stands.
    pub(crate) fn blue(&self) -> &Installation {
        self.standing.as_ref().unwrap_or(&self.installation)
    }
}

/// A source, written anew and accounted for.
pub(crate) struct Converted<T = Target> {
    /// What was read.
    pub(crate) read: Read,
    /// What shall stand.
    pub(crate) target: T,
    /// The release it is called after.
    pub(crate) release: String,
    /// What became of every leaf.
    pub(crate) ledger: Ledger,
    /// What containers, routes and queues get otherwise than before.
    pub(crate) differences: Vec<Difference>,
    /// The audit's word.
    pub(crate) verdict: Verdict,
    /// For a Compose project: how it was raised.
    pub(crate) from_compose: Option<FromCompose>,
}

/// Reads a source: files, or what stands in a cluster.
pub(crate) fn sourced(source: &SourceRef, words: &Words) -> Result<Sourced, Problem> {
    if source.kind == Some(SourceKind::Cluster) {
        return list_cluster(source, words);
    }
    source::read(source).map_err(|error| explain::source(words, source, &error))
}

/// Lists a namespace: `[CONTEXT/]NAMESPACE`. Names of contexts may hold slashes, those of namespaces cannot.
fn list_cluster(source: &SourceRef, words: &Words) -> Result<Sourced, Problem> {
    let (context, namespace) = match source.path.as_str().rsplit_once('/') {
        Some((context, namespace)) => (Some(context), namespace),
        None => (None, source.path.as_str()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| explain::unlistable(words, &error.to_string()))?;
    runtime.block_on(async {
        let connection =
            cluster::connect(context).await.map_err(|error| explain::connection(words, &error))?;
        let cluster = Cluster::new(connection.client, namespace, Clock::real());
        let snapshot = cluster
            .snapshot()
            .await
            .map_err(|error| explain::listing(words, &connection.context, namespace, &error))?;
        let unlisted = snapshot.unlisted.into_iter();
        let unlisted =
            unlisted.map(|unlisted| Unlisted { resource: unlisted.resource, reason: unlisted.reason });
        let place = format!("cluster:{}/{namespace}", connection.context);
        Ok(source::live(&place, snapshot.objects, unlisted.collect()))
    })
}

/// Reads a source and makes out the Mastodon in it. What cannot be read beside it stays in
/// [`Sourced::unread`]; it is the reason where no Mastodon is found.
pub(crate) fn read(arguments: &SourceArgs, words: &Words) -> Result<Read, Problem> {
    let sourced = sourced(&arguments.source, words)?;
    match Installation::understand(sourced.objects.clone(), arguments.instance.as_deref()) {
        Ok(installation) => Ok(Read { sourced, installation, standing: None }),
        Err(error) => Err(first_gap(&arguments.source, &sourced, words)
            .unwrap_or_else(|| explain::installation(words, &error, &sourced.files))),
    }
}

/// The first thing that could not be read, the others beside it.
pub(crate) fn first_gap(source: &SourceRef, sourced: &Sourced, words: &Words) -> Option<Problem> {
    let mut gaps = unread(source, sourced, words);
    if gaps.is_empty() {
        return None;
    }
    let first = gaps.remove(0);
    Some(first.beside(gaps))
}

/// What could not be read, in words.
pub(crate) fn unread(source: &SourceRef, sourced: &Sourced, words: &Words) -> Vec<Problem> {
    let gaps = sourced.unread.iter();
    gaps.map(|gap| explain::unread(words, source, gap, &sourced.files)).collect()
}

/// Reads a source that can be written anew.
pub(crate) fn read_whole(source: &SourceArgs, words: &Words) -> Result<Read, Problem> {
    let mut read = read(source, words)?;
    let gaps = std::mem::take(&mut read.sourced.unread);
    read.sourced.unread =
        gaps.into_iter().filter(|gap| !from_compose::is_kept_env_file(gap, &read.sourced)).collect();
    // A source with gaps can be looked at; to act on it would lose what nobody has read.
    match first_gap(&source.source, &read.sourced, words) {
        Some(gap) => Err(gap),
        None => moves::of_what_stands(read, source.instance.as_deref(), words),
    }
}

/// The documents as the ledger wants them.
fn documents(sourced: &Sourced) -> Vec<Written<'_>> {
    let written = sourced.documents.iter().map(|document| Written {
        role: match document.role {
            Role::Directives => WrittenAs::Directives,
            Role::Settings | Role::Values => WrittenAs::Settings,
            // A Compose file has no object's name to tell beside the path.
            Role::Object if sourced.form == Form::Compose => WrittenAs::Settings,
            Role::Object => WrittenAs::Object,
            Role::Patch => WrittenAs::Patch,
        },
        node: &document.node,
    });
    written.collect()
}

/// Writes a source anew as manifests and accounts for every leaf. A Compose project is raised, where it is said how.
pub(crate) fn convert(
    source: &SourceArgs,
    target: &TargetArgs,
    raising: Option<&RaiseArgs>,
    stores: &NewStoresArgs,
    words: &Words,
) -> Result<Converted, Problem> {
    let mut read = read_whole(source, words)?;
    convertible(&read, words)?;
    apart(&mut read, raising.is_some(), words)?;
    stores.lay_over(&mut read, source.instance.as_deref(), words)?;
    let release = target.release.as_deref();
    let from_compose = from_compose::raised(&mut read, raising, release, words)?;
    let mut written = target::write_manifests(&read.installation, release)
        .map_err(|error| explain::target(words, &error, &read.sourced.files))?;
    let standing = target::moves::standing(&read.installation, &written);
    moves::account(&read, &standing, &mut written.notes);
    if let Some(own) = &from_compose {
        own.raised.settle(&mut written);
        let notes = own.notes(&read.sourced, from_compose::labelled(&written), &written.notes);
        written.notes.extend(notes);
    }
    let objects = written.green.iter().map(|made| &made.object.node);
    let objects = objects.chain(written.switched.iter().map(|switched| &switched.object.node));
    no_open_secret(objects, &read, words)?;
    let mut ledger = audit::account(
        &documents(&read.sourced),
        &read.sourced.overridden,
        &read.sourced.server_filled,
        &read.installation,
        &written,
    );
    let mut differences = audit::compare(&read.installation, &written);
    if from_compose.is_some() {
        FromCompose::explain(&mut differences);
    }
    accept(&target.accept, &mut differences, Some(&mut ledger), words)?;
    let verdict = audit::verdict(&ledger, &differences);
    let release = written.naming.release.clone();
    Ok(Converted { target: written, release, ledger, differences, verdict, read, from_compose })
}

/// Writes a source anew as values of a chart, renders it with them where it is at hand, and accounts for every leaf.
pub(crate) fn convert_to_helm(
    source: &SourceArgs,
    target: &TargetArgs,
    chart: &GivenChart,
    raising: Option<&RaiseArgs>,
    stores: &NewStoresArgs,
    words: &Words,
) -> Result<Converted<HelmTarget>, Problem> {
    let mut read = read_whole(source, words)?;
    convertible(&read, words)?;
    apart(&mut read, raising.is_some(), words)?;
    stores.lay_over(&mut read, source.instance.as_deref(), words)?;
    let release = target.release.as_deref();
    let from_compose = from_compose::raised(&mut read, raising, release, words)?;
    let options = Options { chart: chart.official, release };
    let mut written = target::helm::write_helm(&read.installation, options)
        .map_err(|error| explain::target(words, &error, &read.sourced.files))?;
    let standing = target::moves::standing_helm(&read.installation, &written);
    moves::account(&read, &standing, &mut written.notes);
    if let Some(own) = &from_compose {
        own.raised.settle_helm(&mut written);
        let notes = own.notes(&read.sourced, from_compose::labelled_helm(&written), &written.notes);
        written.notes.extend(notes);
    }
    let objects = written.supplements.iter().map(|made| &made.object.node);
    let objects = objects.chain(written.switched.iter().map(|switched| &switched.object.node));
    let nodes = objects.chain(written.patches.iter().map(|patch| &patch.node)).chain([&written.values]);
    no_open_secret(nodes, &read, words)?;
    let mut ledger = audit::account_helm(
        &documents(&read.sourced),
        &read.sourced.overridden,
        &read.sourced.server_filled,
        &read.installation,
        &written,
    );
    let namespace = read.installation.namespace.as_deref().unwrap_or("default");
    let release = written.naming.release.clone();
    // The chart's own texts are beside the source's files, and none of them.
    let mut files = read.sourced.files.clone();
    let made = chart.render(&written.values, &release, namespace, &mut files, words)?;
    let made = made.map(|made| [made.objects, made.hooks].concat());
    let rendered = made.as_deref().unwrap_or(&written.rendered);
    let mut differences = audit::compare_helm(&read.installation, &written, rendered);
    if from_compose.is_some() {
        FromCompose::explain(&mut differences);
    }
    accept(&target.accept, &mut differences, Some(&mut ledger), words)?;
    let verdict = audit::verdict(&ledger, &differences);
    Ok(Converted { target: written, release, ledger, differences, verdict, read, from_compose })
}

/// Marks what was accepted by name.
///
/// # Errors
/// If an acceptance matches nothing: what it was meant for has another name now.
pub(crate) fn accept(
    acceptances: &[Acceptance],
    differences: &mut [Difference],
    ledger: Option<&mut Ledger>,
    words: &Words,
) -> Result<(), Problem> {
    let unmatched = audit::accept(acceptances, differences, ledger);
    if unmatched.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = unmatched.into_iter().map(ToString::to_string).collect();
    Err(Problem::new(words, Exit::Unreadable, "accept-unmatched", &[("names", &names.join(", "))]))
}

/// Refuses what can be looked at but not written anew: a Mastodon without web, and several parts in one pod.
fn convertible(read: &Read, words: &Words) -> Result<(), Problem> {
    let installation = &read.installation;
    moves::movable(read, words)?;
    if installation.components_where(|role| *role == Part::Web).next().is_none() {
        let origin = installation.components.first().and_then(|part| installation.workload(part).node.origin);
        let kind = InstallationErrorKind::MissingComponent { component: "web".to_owned() };
        let error = InstallationError { kind, origin };
        return Err(explain::installation(words, &error, &read.sourced.files));
    }
    Ok(())
}

/// Gives parts that share a pod workloads of their own. A plan moves what stands, where they are one: it takes none.
fn apart(read: &mut Read, is_written: bool, words: &Words) -> Result<(), Problem> {
    let told = |error| explain::target(words, &error, &read.sourced.files);
    if read.sourced.form == Form::Compose {
        return Ok(());
    }
    let Some(apart) = target::raise::take_apart(&read.installation).map_err(told)? else { return Ok(()) };
    if is_written {
        read.installation = apart;
        return Ok(());
    }
    let installation = &read.installation;
    for component in &installation.components {
        let together = installation.components.iter().filter(|one| one.object == component.object);
        let parts: Vec<String> = together.map(|one| one.role.component()).collect();
        if parts.len() > 1 {
            let workload = installation.workload(component);
            let arguments = [("object", &*workload.id().to_string()), ("parts", &*parts.join(", "))];
            let problem = Problem::new(words, Exit::Unreadable, "shared-workload", &arguments);
            return Err(problem.at(&read.sourced.files, workload.node.origin));
        }
    }
    Ok(())
}

/// Refuses secrets in the open of which a copy would be written: what stays where it is keeps its own, and the chart
/// takes references to Secrets for most, but not everything can be written as a reference.
fn no_open_secret<'a>(
    nodes: impl Iterator<Item = &'a tree::Node>,
    read: &Read,
    words: &Words,
) -> Result<(), Problem> {
    let mut leaves = nodes.flat_map(tree::Node::leaves);
    match leaves.find(|leaf| leaf.node.as_secret().is_some()) {
        None => Ok(()),
        Some(leaf) => {
            let problem = Problem::new(words, Exit::Unreadable, "open-secret", &[]);
            Err(problem.at(&read.sourced.files, leaf.node.origin))
        }
    }
}

impl<T> Converted<T> {
    /// Refuses to go on while something would be lost.
    pub(crate) fn lost_nothing(&self, words: &Words) -> Result<(), Problem> {
        self.from_compose.as_ref().map_or(Ok(()), |own| own.nothing_unexplained(words))?;
        let unaccounted: Vec<String> =
            self.ledger.unaccounted().map(|item| format!("  {}", self.place_and_path(item))).collect();
        if !unaccounted.is_empty() {
            let (count, list) = (unaccounted.len().to_string(), unaccounted.join("\n"));
            return Err(Problem::new(
                words,
                Exit::WouldLose,
                "unaccounted",
                &[("count", &count), ("list", &list)],
            ));
        }
        let unexplained = self.differences.iter().filter(|difference| difference.explained_by.is_none());
        let unexplained = unexplained.map(|difference| {
            let (code, path) = (difference.code.name(), &difference.path);
            format!("  {code}:{path}  {} → {}", difference.before, difference.after)
        });
        let unaccepted = self.ledger.unaccepted().map(|item| {
            format!("  {}:{}  {}", item.disposition.name(), item.path, words.tell(item.reason, &[]))
        });
        let unexplained: Vec<String> = unexplained.chain(unaccepted).collect();
        if unexplained.is_empty() {
            return Ok(());
        }
        let (count, list) = (unexplained.len().to_string(), unexplained.join("\n"));
        Err(Problem::new(words, Exit::WouldLose, "differences", &[("count", &count), ("list", &list)]))
    }

    /// `file:line path` of a ledger item.
    pub(crate) fn place_and_path(&self, item: &audit::Item) -> String {
        match item.origin {
            Some(origin) => format!("{} {}", self.read.sourced.files.place(origin), item.path),
            None => item.path.clone(),
        }
    }

    /// What a plan is made from besides both sides.
    pub(crate) fn circumstances(
        &self,
        source: &str,
        namespace: Option<&str>,
        front: Option<rehearsal::Profile>,
    ) -> Circumstances {
        let front = crate::front::Chosen::of(&self.read.installation, front);
        Circumstances {
            source: source.to_owned(),
            namespace: namespace.map(ToOwned::to_owned),
            ledger: self.tally(),
            helm: None,
            front: front.profile.name().to_owned(),
            front_by: front.by,
            hold_overlap_s: front.profile.overlap().as_secs(),
            strategy: None,
            page: plan::PageOptions::default(),
            stores: plan::StoresMove::default(),
        }
    }

    /// What is told of it, whatever it was written as.
    pub(crate) fn without_target(self) -> Converted<()> {
        let Self { read, target: _, release, ledger, differences, verdict, from_compose } = self;
        Converted { read, target: (), release, ledger, differences, verdict, from_compose }
    }

    /// The ledger in numbers.
    pub(crate) fn tally(&self) -> BTreeMap<String, usize> {
        self.ledger.tally()
    }
}
