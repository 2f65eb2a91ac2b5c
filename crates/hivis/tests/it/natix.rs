//! NATIX's server on loopback, after the subnet's `register.sh`: it checks what it gets as the real one must.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use serde_json::{Value, json};

/// What the next requests get instead of an answer, in their order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    /// This status.
    Status(u16),
    /// It is done, and the connection ends.
    Lost,
}

#[derive(Default)]
struct World {
    /// What came and was taken.
    registered: Vec<Value>,
    /// Every request: method and path.
    seen: Vec<String>,
    posts: Vec<Trouble>,
    /// Answers of the status, in their order; the last one stays.
    statuses: Vec<Value>,
    /// Its clock, in seconds off ours.
    off: i64,
}

/// The server; it ends with the process.
pub(crate) struct FakeNatix {
    address: SocketAddr,
    world: Arc<Mutex<World>>,
}

impl FakeNatix {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let world =
            Arc::new(Mutex::new(World { statuses: vec![json!({ "status": "succeeded" })], ..World::default() }));
        let shared = world.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A caller that goes away is no trouble of ours.
                let _ = answer(stream, &shared);
            }
        });
        Self { address, world }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no test panics with it")
    }

    pub(crate) fn trouble(&self, posts: &[Trouble]) {
        self.lock().posts = posts.to_vec();
    }

    pub(crate) fn says(&self, statuses: &[Value]) {
        self.lock().statuses = statuses.to_vec();
    }

    pub(crate) fn set_clock(&self, off: i64) {
        self.lock().off = off;
    }

    pub(crate) fn registered(&self) -> Vec<Value> {
        self.lock().registered.clone()
    }

    /// Requests since the last call.
    pub(crate) fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().seen)
    }
}

fn answer(mut stream: TcpStream, world: &Mutex<World>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut world = world.lock().expect("no test panics with it");
    let request: Vec<&str> = first.split(' ').take(2).collect();
    world.seen.push(request.join(" "));
    let (status, said) = match request[..] {
        ["POST", "/participants/register"] => {
            let trouble = if world.posts.is_empty() { None } else { Some(world.posts.remove(0)) };
            match trouble {
                Some(Trouble::Status(status)) => (status, json!({ "detail": "not now" })),
                trouble => {
                    let came = serde_json::from_slice(&body).unwrap_or_default();
                    let wrong = wrong(&came, world.off);
                    if wrong.is_none() {
                        world.registered.push(came);
                    }
                    if trouble.is_some() {
                        return Ok(());
                    }
                    wrong.map_or_else(|| (202, json!({ "detail": "queued" })), |why| (400, json!({ "detail": why })))
                }
            }
        }
        ["GET", path] if path.starts_with("/participants/registration-status/") => {
            let said = if world.statuses.len() > 1 { world.statuses.remove(0) } else { world.statuses[0].clone() };
            if said.is_null() { (404, json!({ "detail": "Not Found" })) } else { (200, said) }
        }
        _ => (404, json!({ "detail": "Not Found" })),
    };
    let now = Timestamp::now().as_second() + world.off;
    let date = Timestamp::from_second(now).expect("a time").strftime("%a, %d %b %Y %H:%M:%S GMT");
    let text = said.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} x\r\ndate: {date}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    )
}

/// What is wrong with a registration: a field that is no text, a time that is not recent, a signature of nobody.
fn wrong(came: &Value, off: i64) -> Option<String> {
    let names = ["message", "model_repo", "natix_public_key", "natix_signature", "type", "uid"];
    let object = came.as_object()?;
    if object.keys().map(String::as_str).ne(names) {
        return Some(format!("fields are {:?}", object.keys().collect::<Vec<_>>()));
    }
    let Some(fields) = object.values().map(Value::as_str).collect::<Option<Vec<_>>>() else {
        return Some("a field is no text".to_owned());
    };
    let [message, _, key, signature, kind, uid] = fields[..] else { return Some("fields".to_owned()) };
    let Ok(time) = message.parse::<i64>() else { return Some("message is no time".to_owned()) };
    if (time - Timestamp::now().as_second() - off).abs() > 8 {
        return Some("Timestamp is too old".to_owned());
    }
    if kind != "miner" || uid.parse::<u16>().is_err() {
        return Some("type or uid".to_owned());
    }
    let mut bytes = [0; 64];
    if signature.len() != 128 || hex::decode_to_slice(signature, &mut bytes).is_err() {
        return Some("the signature is not 128 hex digits".to_owned());
    }
    let public = hivis_bittensor::ss58::decode(key).ok();
    let good = public.is_some_and(|public| hivis_bittensor::verify(&public, message.as_bytes(), &bytes));
    (!good).then(|| "Invalid signature".to_owned())
}
