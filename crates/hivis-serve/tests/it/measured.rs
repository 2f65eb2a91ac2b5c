//! Every event reaches its metrics, under the names of `hivis_types::metric`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, atomic::AtomicU64, atomic::Ordering},
};

use hivis_serve::AxonSettings;
use insta::assert_snapshot;
use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use crate::{asking::Ask, world::World};

/// Keeps counters by their whole name and counts the samples of histograms.
#[derive(Clone, Default)]
struct Board(Arc<Mutex<BTreeMap<String, Arc<AtomicU64>>>>);

struct Samples(Arc<AtomicU64>);

impl HistogramFn for Samples {
    fn record(&self, _value: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Board {
    fn cell(&self, key: &Key) -> Arc<AtomicU64> {
        let labels: Vec<String> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        Arc::clone(self.0.lock().unwrap().entry(name.trim_end().to_owned()).or_default())
    }

    /// One line each: counters with their value, of the others the name.
    fn text(&self) -> String {
        let cells = self.0.lock().unwrap();
        let line = |(name, cell): (&String, &Arc<AtomicU64>)| {
            if name.contains("_total") { format!("{name} {}", cell.load(Ordering::Relaxed)) } else { name.clone() }
        };
        cells.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl Recorder for Board {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        // Only its name is of interest: gauges hold times and offsets.
        self.cell(key);
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::new(Samples(self.cell(key))))
    }
}

#[test]
fn events_are_counted_under_their_names() {
    let board = Board::default();
    // Local to this thread: what the engine's own thread counts (batches) is not seen here.
    metrics::with_local_recorder(&board, || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::start(AxonSettings::default());
            world.send(Ask::grey(1).bytes()).await;
            world.send(Ask::grey(2).bytes()).await;
            world.send(Ask::new(b"{}".to_vec()).bytes()).await;
            world.send(Ask::new(b"[]".to_vec()).bytes()).await;
            world.send(Ask::grey(1).by("Dave").head()).await;
            world.send("GET /favicon.ico HTTP/1.1\r\n\r\n").await;
        });
    });
    assert_snapshot!(board.text(), @"
    hivis_axon_answer_seconds
    hivis_axon_in_flight_requests
    hivis_axon_last_verified_timestamp_seconds
    hivis_axon_open_connections
    hivis_axon_permitted_callers
    hivis_axon_phase_seconds phase=body
    hivis_axon_phase_seconds phase=decode
    hivis_axon_phase_seconds phase=engine
    hivis_axon_phase_seconds phase=queue
    hivis_axon_phase_seconds phase=verify
    hivis_axon_probability_ratio
    hivis_axon_refusals_total reason=not-permitted 1
    hivis_axon_refusals_total reason=unknown-synapse 1
    hivis_axon_requests_total status=200 protocol=axon 3
    hivis_axon_requests_total status=403 protocol=axon 1
    hivis_axon_requests_total status=404 protocol=none 1
    hivis_axon_requests_total status=500 protocol=axon 1
    hivis_axon_silences_total reason=bad-body 1
    hivis_axon_silences_total reason=no-image 1
    hivis_clock_offset_seconds
    hivis_release_info release=scripted engine=fixed precision=fp32
    ");
}
