//! A project's runs, and the history of one.

use std::ops::Range;

use hivis_http::printable;
use serde_json::{Map, Value, json};

use crate::{Wandb, WandbError};

/// Runs of one page, as the official client asks for them.
const PER_PAGE: u32 = 50;
/// Steps of one question; the official client scans as many. More than this the server would sample.
pub const LONGEST_SPAN: u64 = 1000;

const RUNS: &str = "query Runs($project: String!, $entity: String!, $cursor: String, $perPage: Int = 50, \
    $order: String, $filters: JSONString) {
  project(name: $project, entityName: $entity) {
    runs(filters: $filters, after: $cursor, first: $perPage, order: $order) {
      edges { node { name state config createdAt heartbeatAt } cursor }
      pageInfo { endCursor hasNextPage }
    }
  }
}";
const KEYS: &str = "query RunHistoryKeys($project: String!, $entity: String!, $name: String!) {
  project(name: $project, entityName: $entity) { run(name: $name) { historyKeys } }
}";
const HISTORY: &str = "query RunSampledHistory($project: String!, $entity: String!, $name: String!, \
    $specs: [JSONString!]!) {
  project(name: $project, entityName: $entity) { run(name: $name) { sampledHistory(specs: $specs) } }
}";

/// A project by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    entity: String,
    name: String,
}

/// A run as the list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its id within the project.
    pub id: String,
    /// Whether it goes on.
    pub running: bool,
    /// Its configuration by key.
    pub config: Map<String, Value>,
    /// The last sign of life, as the server writes it (ISO 8601).
    pub heartbeat: Option<String>,
}

/// A page of a project's runs.
#[derive(Clone, Debug, PartialEq)]
pub struct RunPage {
    /// The runs, oldest first.
    pub runs: Vec<Run>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

/// A row of a history, by key.
pub type Row = Map<String, Value>;

impl Project {
    /// Both names as in the address of its page.
    pub fn new(entity: &str, name: &str) -> Result<Self, WandbError> {
        for text in [entity, name] {
            let fine = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
            if text.is_empty() || text.len() > 128 || !text.chars().all(fine) {
                return Err(WandbError::Name { name: printable(text) });
            }
        }
        Ok(Self { entity: entity.to_owned(), name: name.to_owned() })
    }

    pub(crate) fn entity(&self) -> &str {
        &self.entity
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl std::fmt::Display for Project {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.entity, self.name)
    }
}

impl Run {
    /// A text of its configuration.
    pub fn text(&self, key: &str) -> Option<&str> {
        let value = self.config.get(key)?;
        // The server keeps each value as {"value": ...}.
        value.get("value").unwrap_or(value).as_str()
    }
}

impl Wandb {
    /// A page of runs, oldest first, from a cursor on.
    pub async fn runs(&self, project: &Project, after: Option<&str>) -> Result<RunPage, WandbError> {
        let with = json!({ "cursor": after, "perPage": PER_PAGE, "order": "+created_at", "filters": "{}" });
        let mut found = self.ask(project, RUNS, with).await?;
        let edges = found.pointer_mut("/runs/edges").map(Value::take);
        let Some(Value::Array(mut edges)) = edges else { return Err(odd("it has no list of runs")) };
        let nodes = edges.iter_mut().filter_map(|edge| edge.get_mut("node").map(Value::take));
        let runs = nodes.filter_map(|node| run(&node)).collect();
        let info = &found["runs"]["pageInfo"];
        let next = info["endCursor"].as_str().filter(|_| info["hasNextPage"] == true).map(str::to_owned);
        if next.is_some() && next.as_deref() == after {
            return Err(odd("its list of runs goes round in a circle"));
        }
        Ok(RunPage { runs, next })
    }

    /// The last step of a run's history; `None` when there is none yet.
    pub async fn last_step(&self, project: &Project, run: &str) -> Result<Option<u64>, WandbError> {
        let found = self.ask(project, KEYS, json!({ "name": run })).await?;
        let found = found.get("run").filter(|run| !run.is_null()).ok_or_else(|| no_run(project, run))?;
        Ok(found["historyKeys"]["lastStep"].as_u64())
    }

    /// For each set of keys the rows with a step in `steps` that hold them all, in the order of steps; `_step` comes with
    /// each.
    ///
    /// # Panics
    /// For more than [`LONGEST_SPAN`] steps: the server would leave out some.
    pub async fn history(
        &self,
        project: &Project,
        run: &str,
        steps: Range<u64>,
        keys: &[&[&str]],
    ) -> Result<Vec<Vec<Row>>, WandbError> {
        let span = steps.end.saturating_sub(steps.start);
        assert!(span <= LONGEST_SPAN, "{span} steps at once: this is a bug");
        let spec = |keys: &&[&str]| {
            let keys: Vec<&str> = std::iter::once("_step").chain(keys.iter().copied()).collect();
            // The span's end is asked for too and then dropped: the last step counts for today's official client, and did not
            // for older ones.
            json!({ "keys": keys, "minStep": steps.start, "maxStep": steps.end, "samples": span + 1 }).to_string()
        };
        let specs: Vec<String> = keys.iter().map(spec).collect();
        let mut found = self.ask(project, HISTORY, json!({ "name": run, "specs": specs })).await?;
        if found.get("run").is_none_or(Value::is_null) {
            return Err(no_run(project, run));
        }
        let lists = found.pointer_mut("/run/sampledHistory").map(Value::take);
        let Some(Value::Array(lists)) = lists else { return Err(odd("it has no history")) };
        if lists.len() != keys.len() {
            return Err(odd(&format!("it has {} histories for {} sets of keys", lists.len(), keys.len())));
        }
        Ok(lists.into_iter().map(|list| rows(list, &steps)).collect())
    }
}

fn odd(why: &str) -> WandbError {
    WandbError::Answer { why: why.to_owned() }
}

fn no_run(project: &Project, run: &str) -> WandbError {
    WandbError::NoSuchRun { project: project.to_string(), run: printable(run) }
}

/// A run out of a node of the list; what has no name is passed over.
fn run(node: &Value) -> Option<Run> {
    let text = |key: &str| node[key].as_str().map(str::to_owned);
    // The configuration is JSON within JSON; of one that cannot be read nothing is known.
    let config = text("config").and_then(|config| serde_json::from_str(&config).ok()).unwrap_or_default();
    let running = node["state"].as_str().is_some_and(|state| state == "running" || state == "pending");
    Some(Run { id: text("name")?, running, config, heartbeat: text("heartbeatAt") })
}

/// The rows of a list that have a step of the span, in its order; each step once.
fn rows(list: Value, steps: &Range<u64>) -> Vec<Row> {
    let Value::Array(list) = list else { return Vec::new() };
    let step = |row: &Row| row.get("_step").and_then(Value::as_u64);
    let mut rows: Vec<Row> =
        list.into_iter().filter_map(|row| if let Value::Object(row) = row { Some(row) } else { None }).collect();
    rows.retain(|row| step(row).is_some_and(|step| steps.contains(&step)));
    rows.sort_by_key(step);
    rows.dedup_by_key(|row| step(row));
    rows
}
