//! What a server may do wrong, and what a person then reads.

use std::time::{Duration, Instant};

use hivis_testbed::wandb_log::{FakeWandb, Fault, GOOD_KEY, STRANGER_KEY};
use hivis_wandb::{Project, Wandb, WandbError};

use crate::world::{PROJECT, client, good, patience, project, run};

fn server() -> FakeWandb {
    let server = FakeWandb::start();
    server.put(PROJECT, run("one", 3));
    server
}

/// The error, checked for the key.
async fn fails(wandb: &Wandb) -> WandbError {
    let error = wandb.runs(&project(), None).await.unwrap_err();
    assert!(!format!("{error:?} {error} {:?} {wandb:?}", error.hint()).contains(GOOD_KEY));
    error
}

#[tokio::test]
async fn who_may_not_read_is_told_why() {
    let server = server();
    let error = fails(&client(&server, "wrong-and-secret")).await;
    assert!(matches!(error, WandbError::Unauthorised { key: true }) && error.hint().is_some(), "{error:?}");
    assert!(!format!("{error:?}{error}").contains("wrong-and-secret"));
    let error = fails(&client(&server, STRANGER_KEY)).await;
    assert!(matches!(error, WandbError::Unreadable { key: true, .. }), "{error:?}");
    let error = fails(&Wandb::new(&server.base(), None, patience()).unwrap()).await;
    assert!(error.to_string().contains("natix/subnet to strangers") && error.hint().unwrap().contains("API key"));
    server.fault("Runs", Fault::Status(403, Vec::new()));
    assert!(matches!(fails(&good(&server)).await, WandbError::Unreadable { .. }));
    let denied = r#"{"errors":[{"message":"permission denied"}],"data":{"project":null}}"#;
    server.fault("Runs", Fault::Body(denied.to_owned()));
    assert!(matches!(fails(&good(&server)).await, WandbError::Unreadable { .. }));
    let error = good(&server).last_step(&project(), "nothing").await.unwrap_err();
    assert!(matches!(error, WandbError::NoSuchRun { .. }), "{error:?}");
    for bad in ["", "a/b", "x\"y", "a\nb"] {
        assert!(Project::new(bad, "subnet").is_err(), "{bad}");
    }
}

#[tokio::test]
async fn trouble_that_passes_is_waited_for() {
    let server = server();
    let wait = |seconds: &str| Fault::Status(429, vec![("retry-after", seconds.to_owned())]);
    server.fault("Runs", wait("1"));
    server.fault("Runs", Fault::Status(502, Vec::new()));
    let began = Instant::now();
    assert_eq!(good(&server).runs(&project(), None).await.unwrap().runs.len(), 1);
    assert!(began.elapsed() >= Duration::from_secs(1), "it waits as long as the server wants");
    assert_eq!((server.faults_left(), server.asked().len()), (0, 3));

    server.fault("Runs", wait("3600"));
    let error = fails(&good(&server)).await;
    assert!(matches!(error, WandbError::TooManyRequests { wait: Some(_) }), "{error:?}");
    assert_eq!(server.asked().len(), 1, "an hour is not waited for");
    for _ in 0..3 {
        server.fault("Runs", Fault::Status(500, Vec::new()));
    }
    assert!(matches!(fails(&good(&server)).await, WandbError::Status { status: 500, .. }));
    assert_eq!(server.asked().len(), 3, "as often as the patience says");
}

#[tokio::test]
async fn answers_that_are_none_are_errors() {
    let server = server();
    let bad = [
        "<html>",
        "{}",
        "[]",
        "null",
        r#"{"data":{"project":{"runs":{"edges":7}}}}"#,
        r#"{"errors":[{"message":"x\ny"}]}"#,
    ];
    for body in bad {
        server.fault("Runs", Fault::Body(body.to_owned()));
        let error = fails(&good(&server)).await;
        assert!(!error.to_string().contains('\n'), "{body}: {error}");
    }
    for body in [
        r#"{"data":{"project":{"run":{"sampledHistory":null}}}}"#,
        r#"{"data":{"project":{"run":{"sampledHistory":[[],[]]}}}}"#,
    ] {
        server.fault("sampledHistory", Fault::Body(body.to_owned()));
        assert!(good(&server).history(&project(), "one", 0..10, &[&["x"]]).await.is_err(), "{body}");
    }
    let strange = r#"{"data":{"project":{"run":{"sampledHistory":[[7,{"x":1},{"_step":2,"x":1},{"_step":2,"x":3},{"_step":99,"x":1}]]}}}}"#;
    server.fault("sampledHistory", Fault::Body(strange.to_owned()));
    let rows = good(&server).history(&project(), "one", 0..10, &[&["x"]]).await.unwrap();
    assert_eq!(serde_json::to_string(&rows).unwrap(), r#"[[{"_step":2,"x":1}]]"#);
}
