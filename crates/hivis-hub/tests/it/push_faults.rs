//! An upload that is cut, refused or unanswered at every one of its requests.

use std::collections::BTreeMap;

use hivis_hub::HubError;
use hivis_testbed::hub::{FakeHub, Fault, GOOD_TOKEN, Storage};

use crate::pushes::{KEY, PART, held, on_disk, publish, wanted};
use crate::world::hub;

const STORAGE: Storage = Storage { part: PART, verify: true, xet: false, forgets: false };

fn server() -> FakeHub {
    let server = FakeHub::start();
    server.set_storage(STORAGE);
    server
}

fn status(status: u16) -> Fault {
    Fault::Status(status, if status == 429 { vec![("retry-after", "0".to_owned())] } else { Vec::new() })
}

/// Requests of an upload that nothing disturbs.
async fn requests(folder: &std::path::Path) -> usize {
    let server = server();
    publish(&hub(&server, Some(GOOD_TOKEN), 1).unwrap(), on_disk(folder)).await.unwrap();
    server.seen().len()
}

#[tokio::test]
async fn trouble_at_any_request_is_waited_out() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..requests(folder.path()).await {
        for fault in [status(500), status(429), Fault::Cut(0), Fault::Lost] {
            let server = server();
            server.fault_at(n, fault.clone());
            let pushed = publish(&hub(&server, Some(GOOD_TOKEN), 3).unwrap(), on_disk(folder.path())).await;
            assert_eq!(server.faults_left(), 0, "request {n}: {fault:?} was met");
            // An answer of the commit that is lost leaves a head that moved: whoever looks again sees that it is done.
            let lost = matches!(pushed, Err(HubError::Moved { .. })) && matches!(fault, Fault::Lost);
            assert!(pushed.is_ok() || lost, "request {n}, {fault:?}: {pushed:?}");
            assert_eq!((held(&server), server.log(KEY).len()), (wanted(), 1), "request {n}, {fault:?}");
        }
    }
}

#[tokio::test]
async fn an_upload_cut_at_any_request_ends_with_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let refusals = [401, 403, 404, 409, 412, 500].map(status);
    for n in 0..requests(folder.path()).await {
        for fault in refusals.iter().cloned().chain([Fault::Cut(0), Fault::Cut(60_000), Fault::Lost]) {
            let server = server();
            server.fault_at(n, fault.clone());
            // One try each: what goes wrong ends the run.
            let hub = hub(&server, Some(GOOD_TOKEN), 1).unwrap();
            if let Err(error) = publish(&hub, on_disk(folder.path())).await {
                let said = format!("{error} {error:?}");
                assert!(!said.contains(GOOD_TOKEN) && !said.contains("Signature"), "request {n}, {fault:?}: {said}");
            }
            let pushed = publish(&hub, on_disk(folder.path())).await;
            assert!(pushed.is_ok(), "request {n}, {fault:?}: {pushed:?}");
            assert_eq!((held(&server), server.log(KEY).len()), (wanted(), 1), "request {n}, {fault:?}");
            let mut times: BTreeMap<String, usize> = BTreeMap::new();
            for object in server.sent() {
                *times.entry(object.split('#').next().unwrap().to_owned()).or_default() += 1;
            }
            // The object of three parts may have come in part before, that of one once; no other is sent again.
            let again: usize = times.values().map(|n| usize::from(*n > 3) + usize::from(*n == 2)).sum();
            assert!(
                times.len() == 2 && again <= 1 && times.values().all(|n| *n <= 6),
                "request {n}, {fault:?}: {times:?}"
            );
        }
    }
}
