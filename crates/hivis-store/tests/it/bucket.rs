//! A real S3 server (SeaweedFS) on loopback, with one bucket and one key.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hivis_store::{Place, StoreError};
use hivis_testbed::ports::Port;

use crate::world::DEADLINE;

pub(crate) const KEY: &str = "AKIDOFTHETESTS";
pub(crate) const SECRET: &str = "the-secret-of-the-tests";

/// What listens, each with a port for HTTP and one for gRPC.
const PARTS: [&str; 4] = ["master", "volume", "filer", "s3"];

/// The server; it ends with the value.
pub(crate) struct Bucket {
    weed: PathBuf,
    child: Child,
    ports: Vec<Port>,
    folder: tempfile::TempDir,
}

impl Bucket {
    /// Starts it and makes the bucket `tests`; `None`, with the reason printed, when it could not be installed.
    pub(crate) fn start() -> Option<Self> {
        let weed = hivis_testbed::peers::environment("seaweedfs")?.join("bin/weed");
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let credentials = serde_json::json!([{ "accessKey": KEY, "secretKey": SECRET }]);
        let tester = serde_json::json!({ "name": "tests", "credentials": credentials, "actions": ["Admin"] });
        fs_err::write(path("s3.json"), serde_json::json!({ "identities": [tester] }).to_string()).unwrap();
        let ports: Vec<Port> = (0..8).map(|_| Port::reserve()).collect();
        let mut server = Command::new(&weed);
        server
            .args(["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", "-s3.port.iceberg=0", "-s3.port.lance=0"])
            .args(["-master.telemetry=false", "-master.peers=none", "-master.volumeSizeLimitMB=64", "-volume.max=8"])
            .args(["-volume.minFreeSpace=0".to_owned(), format!("-dir={}", folder.path().display())])
            .args([format!("-s3.config={}", path("s3.json")), format!("-s3.localSocket={}", path("s3.sock"))])
            .arg(format!("-filer.localSocket={}", path("filer.sock")));
        for (part, ports) in PARTS.iter().zip(ports.chunks(2)) {
            server.args([
                format!("-{part}.port={}", ports[0].number()),
                format!("-{part}.port.grpc={}", ports[1].number()),
            ]);
        }
        let log = fs_err::File::create(path("log")).unwrap().into_file();
        let child = server.current_dir(folder.path()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let bucket = Self { weed, child, ports, folder };
        bucket.create();
        Some(bucket)
    }

    /// Tells the vendor's own shell to make the bucket, until it does.
    fn create(&self) {
        let end = Instant::now() + DEADLINE;
        let (master, filer) = (self.grpc(0), self.grpc(2));
        loop {
            let mut shell = Command::new(&self.weed);
            shell.args(["shell", &format!("-master={master}"), &format!("-filer={filer}")]);
            shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            let listens = |at: usize| std::net::TcpStream::connect(("127.0.0.1", self.ports[at].number())).is_ok();
            if listens(1) && listens(5) && listens(6) {
                let mut child = shell.spawn().unwrap();
                child.stdin.take().unwrap().write_all(b"s3.bucket.create -name tests\n").unwrap();
                let said = child.wait_with_output().unwrap();
                if String::from_utf8_lossy(&said.stdout).contains("created bucket tests") {
                    return;
                }
            }
            let log = fs_err::read_to_string(self.folder.path().join("log")).unwrap();
            assert!(Instant::now() < end, "SeaweedFS is not ready:\n{log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn grpc(&self, part: usize) -> String {
        format!("127.0.0.1:{}.{}", self.ports[2 * part].number(), self.ports[2 * part + 1].number())
    }

    /// Its address.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[6].number())
    }

    /// A place in it.
    pub(crate) fn place(&self, text: &str, secret: &str) -> Result<Place, StoreError> {
        tls();
        let endpoint = self.endpoint();
        Place::open(text, |name| match name {
            "AWS_ACCESS_KEY_ID" => Some(KEY.to_owned()),
            "AWS_SECRET_ACCESS_KEY" => Some(secret.to_owned()),
            "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
            _ => None,
        })
    }
}

/// Names the TLS provider, as the program does at its start.
pub(crate) fn tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
