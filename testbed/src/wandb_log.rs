//! A small Weights & Biases server on loopback: a project's runs, their histories, and faults on demand. `hivis-wandb`'s
//! tests hold it against the official Python client.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use serde_json::{Map, Value, json};

/// The key that may read everything; of the official client's shape.
pub const GOOD_KEY: &str = "0123456789abcdef0123456789abcdef01234567";
/// A key that is known and sees no project.
pub const STRANGER_KEY: &str = "76543210fedcba9876543210fedcba9876543210";

/// A run with its whole history.
#[derive(Clone, Debug, Default)]
pub struct LoggedRun {
    /// Its id.
    pub id: String,
    /// `running`, `finished`, `crashed`.
    pub state: String,
    /// Its configuration, without the `value` that the server wraps each in.
    pub config: Map<String, Value>,
    /// The last sign of life.
    pub heartbeat: String,
    /// What was logged; `_step` is each row's place, unless it says another.
    pub rows: Vec<Map<String, Value>>,
}

/// What goes wrong once.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, with these headers, instead of an answer.
    Status(u16, Vec<(&'static str, String)>),
    /// This body, with status 200.
    Body(String),
}

/// One question as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The GraphQL text.
    pub query: String,
    /// Its variables.
    pub variables: Value,
}

#[derive(Debug, Default)]
struct World {
    /// `entity/project` and its runs.
    projects: Vec<(String, Vec<LoggedRun>)>,
    /// Runs of a page at most, whatever is asked for.
    page: Option<usize>,
    /// A part of the query, and what goes wrong there next.
    faults: Vec<(String, Fault)>,
    asked: Vec<Asked>,
}

type Shared = Arc<Mutex<World>>;

/// The server; it ends with the process.
#[derive(Clone, Debug)]
pub struct FakeWandb {
    address: SocketAddr,
    world: Shared,
}

fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeWandb {
    /// Starts it on a port of loopback, on a thread of its own.
    pub fn start() -> Self {
        let (send, receive) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let address = listener.local_addr().expect("an address");
                let world = Shared::default();
                send.send(Self { address, world: world.clone() }).expect("the test waits");
                let app = Router::new().fallback(answer).with_state(world);
                axum::serve(listener, app).await.expect("it serves");
            });
        });
        receive.recv().expect("the server starts")
    }

    /// What goes into `WANDB_BASE_URL`.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Puts a run there, or another state of it.
    pub fn put(&self, project: &str, run: LoggedRun) {
        let projects = &mut lock(&self.world).projects;
        let at = projects.iter().position(|(name, _)| name == project).unwrap_or_else(|| {
            projects.push((project.to_owned(), Vec::new()));
            projects.len() - 1
        });
        let runs = &mut projects[at].1;
        match runs.iter_mut().find(|old| old.id == run.id) {
            Some(old) => *old = run,
            None => runs.push(run),
        }
    }

    /// Gives at most so many runs a page.
    pub fn page(&self, runs: usize) {
        lock(&self.world).page = Some(runs);
    }

    /// The next question whose text holds `part` goes wrong; several wait for each other.
    pub fn fault(&self, part: &str, fault: Fault) {
        lock(&self.world).faults.push((part.to_owned(), fault));
    }

    /// Faults that nobody has met yet.
    pub fn faults_left(&self) -> usize {
        lock(&self.world).faults.len()
    }

    /// All questions since the last call.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut lock(&self.world).asked)
    }
}

async fn answer(State(world): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let mut world = lock(&world);
    let question: Value = serde_json::from_slice(&body).unwrap_or_default();
    let query = question["query"].as_str().unwrap_or_default().to_owned();
    let variables = question["variables"].clone();
    let authorization = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).map(str::to_owned);
    let sees = authorization.as_deref().and_then(|text| {
        let decoded = base64::engine::general_purpose::STANDARD.decode(text.strip_prefix("Basic ")?).ok()?;
        String::from_utf8(decoded).ok()?.strip_prefix("api:").map(str::to_owned)
    });
    let at = world.faults.iter().position(|(part, _)| query.contains(part.as_str()));
    world.asked.push(Asked {
        authorization: authorization.clone(),
        query: query.clone(),
        variables: variables.clone(),
    });
    match at.map(|at| world.faults.remove(at).1) {
        Some(Fault::Status(status, with)) => {
            let mut response = (StatusCode::from_u16(status).expect("a status"), "trouble").into_response();
            for (name, value) in with {
                response.headers_mut().insert(name, value.parse().expect("a header"));
            }
            return response;
        }
        Some(Fault::Body(text)) => return text.into_response(),
        None => {}
    }
    if sees.as_deref().is_some_and(|key| key != GOOD_KEY && key != STRANGER_KEY) {
        let errors = json!({ "errors": [{ "message": "invalid API key" }] });
        return (StatusCode::UNAUTHORIZED, errors.to_string()).into_response();
    }
    let data = data(&world, &query, &variables, sees.as_deref() == Some(GOOD_KEY));
    json!({ "data": data }).to_string().into_response()
}

/// What GraphQL calls the answer's data.
fn data(world: &World, query: &str, variables: &Value, sees: bool) -> Value {
    if query.contains("viewer") {
        let viewer = json!({ "id": "VXNlcjox", "username": "tester", "entity": "tester", "name": "Tester", "email": "t@example.org",
            "admin": false, "flags": "{}", "deletedAt": null, "teams": { "edges": [] }, "apiKeys": { "edges": [] } });
        return json!({ "viewer": viewer, "serverInfo": null });
    }
    let name = format!(
        "{}/{}",
        variables["entity"].as_str().unwrap_or_default(),
        variables["project"].as_str().unwrap_or_default()
    );
    let Some((_, runs)) = world.projects.iter().find(|(project, _)| *project == name).filter(|_| sees) else {
        return json!({ "project": null });
    };
    if query.contains("runs(") {
        return json!({ "project": list(world, runs, variables) });
    }
    let wanted = variables["name"].as_str().or(variables["runName"].as_str()).or(variables["run"].as_str());
    let run = runs.iter().find(|run| Some(run.id.as_str()) == wanted);
    let run = run.map(|run| {
        let rows = rows(run);
        if query.contains("sampledHistory") {
            let one = || vec![variables["spec"].clone()];
            let specs = variables["specs"].as_array().cloned().unwrap_or_else(one);
            return json!({ "sampledHistory": specs.iter().map(|spec| sampled(&rows, spec)).collect::<Vec<_>>() });
        }
        if query.contains("parquetHistory") {
            return json!({ "parquetHistory": { "parquetUrls": [], "liveData": rows } });
        }
        node(run)
    });
    json!({ "project": { "run": run } })
}

/// A page of runs; a cursor is the place of the last one seen.
fn list(world: &World, runs: &[LoggedRun], variables: &Value) -> Value {
    let from = variables["cursor"].as_str().and_then(|c| c.parse::<usize>().ok()).map_or(0, |last| last + 1);
    let wanted = variables["perPage"].as_u64().unwrap_or(50) as usize;
    let count = world.page.map_or(wanted, |page| page.min(wanted));
    let edges: Vec<Value> = runs
        .iter()
        .enumerate()
        .skip(from)
        .take(count)
        .map(|(at, run)| json!({ "node": node(run), "cursor": at.to_string() }))
        .collect();
    let end = edges.last().map(|edge| edge["cursor"].clone());
    let more = from + edges.len() < runs.len();
    json!({ "internalId": "1", "runCount": runs.len(), "readOnly": true,
        "runs": { "edges": edges, "pageInfo": { "endCursor": end, "hasNextPage": more } } })
}

/// A run as the list has it.
fn node(run: &LoggedRun) -> Value {
    let config: Map<String, Value> = run.config.iter().map(|(k, v)| (k.clone(), json!({ "value": v }))).collect();
    let rows = rows(run);
    let last = rows.last().map(|row| row["_step"].clone());
    let mut keys = Map::new();
    for key in rows.iter().flat_map(Map::keys) {
        keys.insert(key.clone(), json!({ "typeCounts": [{ "type": "number", "count": 1 }] }));
    }
    json!({ "id": format!("UnVu{}", run.id), "projectId": "1", "name": run.id, "displayName": run.id, "state": run.state,
        "tags": [], "group": null, "jobType": null, "sweepName": null, "commit": null, "readOnly": true,
        "createdAt": "2026-11-01T00:00:00", "heartbeatAt": run.heartbeat, "description": null, "notes": null,
        "config": Value::Object(config).to_string(), "summaryMetrics": "{}", "systemMetrics": "{}",
        "historyLineCount": rows.len(), "user": { "name": "Tester", "username": "tester" },
        "historyKeys": { "lastStep": last, "sets": [], "keys": keys } })
}

fn rows(run: &LoggedRun) -> Vec<Map<String, Value>> {
    let with_step = |(step, row): (usize, &Map<String, Value>)| {
        let mut row = row.clone();
        row.entry("_step").or_insert(step.into());
        row
    };
    run.rows.iter().enumerate().map(with_step).collect()
}

/// The rows of a span that hold all keys, thinned out when there are more than samples. The official client's last step is
/// within its span.
fn sampled(rows: &[Map<String, Value>], spec: &Value) -> Vec<Value> {
    let spec: Value = spec.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let keys: Vec<&str> = spec["keys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let from = spec["minStep"].as_u64().unwrap_or(0);
    let to = spec["maxStep"].as_u64().unwrap_or(u64::MAX);
    let samples = spec["samples"].as_u64().unwrap_or(500) as usize;
    let holds = |row: &&Map<String, Value>| {
        row["_step"].as_u64().is_some_and(|step| (from..=to).contains(&step))
            && keys.iter().all(|key| row.get(*key).is_some_and(|value| !value.is_null()))
    };
    let found: Vec<&Map<String, Value>> = rows.iter().filter(holds).collect();
    let every = found.len().div_ceil(samples.max(1)).max(1);
    let chosen = |row: &&Map<String, Value>| keys.iter().map(|key| ((*key).to_owned(), row[*key].clone())).collect();
    found.into_iter().step_by(every).map(|row| Value::Object(chosen(&row))).collect()
}
