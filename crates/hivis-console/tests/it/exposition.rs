//! `/metrics` as the official parsers and promtool read it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use axum::body::Body;
use axum::http::Request;
use hivis_console::routes;
use hivis_testbed::peers::environment;
use hivis_types::metric::{self, Kind, dcgm};
use http_body_util::BodyExt;
use tower::ServiceExt;

/// Every metric that we know, with a label that needs escaping, as `/metrics` answers it.
async fn answered(accept: &str) -> (String, String) {
    let (mut panel, _folder) = crate::panel(&[]).await;
    let buckets = [0.5, 1.0, 10.0];
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().set_buckets(&buckets).expect("buckets");
    let recorder = recorder.build_recorder();
    panel.metrics = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        for described in metric::ALL.iter().chain(dcgm::ALL) {
            for what in ["plain", "a \"b\"\\ é\nc"] {
                match described.kind {
                    Kind::Counter => metrics::counter!(described.name, "what" => what).increment(3),
                    Kind::Gauge => metrics::gauge!(described.name, "what" => what).set(-1.5),
                    Kind::Histogram => metrics::histogram!(described.name, "what" => what).record(0.7),
                }
            }
        }
        metrics::gauge!(metric::HOME_FULL_SECONDS).set(f64::INFINITY);
        metrics::gauge!(metric::CLOCK_OFFSET).set(f64::NAN);
    });
    let request = Request::get("/metrics").header("accept", accept).body(Body::empty()).expect("a request");
    let (head, body) = routes(panel).oneshot(request).await.expect("routes do not fail").into_parts();
    let text = body.collect().await.expect("a whole body").to_bytes();
    let media = head.headers["content-type"].to_str().expect("text").to_owned();
    (media, String::from_utf8(text.to_vec()).expect("UTF-8"))
}

/// Hands `text` to a program, which must be content; gives what it prints.
fn fed(mut command: Command, text: &str) -> String {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("stdin").write_all(text.as_bytes()).expect("it reads");
    let done = child.wait_with_output().expect("it ends");
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}\n{text}");
    said
}

/// Families as a parser of `prometheus_client` has them: name, type, unit, samples; one a line.
const PARSE: &str = "
import sys
from importlib import import_module
parser = import_module(sys.argv[1])
for family in parser.text_string_to_metric_families(sys.stdin.read()):
    assert family.documentation, family.name
    print(family.name, family.type, family.unit or '-', len(family.samples))
";

#[tokio::test]
async fn the_official_parsers_read_every_metric_in_both_formats() {
    let Some(watchers) = environment("watchers") else { return };
    let expect = |open: bool| {
        let mut lines: Vec<String> = metric::ALL
            .iter()
            .chain(dcgm::ALL)
            .map(|described| {
                let (kind, samples) = match described.kind {
                    Kind::Counter => ("counter", 2),
                    Kind::Gauge => ("gauge", 2),
                    Kind::Histogram => ("histogram", 12),
                };
                // One series more, without a label.
                let more = usize::from([metric::HOME_FULL_SECONDS, metric::CLOCK_OFFSET].contains(&described.name));
                let unit = if open && !described.unit.is_empty() { described.unit } else { "-" };
                let family = described.name.strip_suffix("_total").unwrap_or(described.name);
                format!("{family} {kind} {unit} {}", samples + more)
            })
            .collect();
        lines.sort();
        lines
    };
    for (accept, media, module, open) in [
        (
            "application/openmetrics-text; version=1.0.0",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "prometheus_client.openmetrics.parser",
            true,
        ),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8", "prometheus_client.parser", false),
    ] {
        let (said, text) = answered(accept).await;
        assert_eq!(said, media);
        let mut python = Command::new(watchers.join("bin/python"));
        python.args(["-c", PARSE, module]);
        let mut lines: Vec<String> = fed(python, &text).lines().map(str::to_owned).collect();
        lines.sort();
        assert_eq!(lines, expect(open), "{module}");
    }
}

#[tokio::test]
async fn promtool_finds_nothing_to_complain_of() {
    let Some(prometheus) = environment("prometheus") else { return };
    let (_, text) = answered("").await;
    let mut promtool = Command::new(prometheus.join("usr/bin/promtool"));
    promtool.args(["check", "metrics"]);
    let said = fed(promtool, &text);
    assert!(said.is_empty(), "{said}");
}
