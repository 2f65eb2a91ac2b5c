//! Discord: its own library drives the fake, and what we send is what that library reads back.

use hivis_notify::{Discord, Notifier as _, Secret, SendError};
use hivis_testbed::notify::{FakeDiscord, Fault};
use hivis_testbed::peers::environment;
use serde_json::json;

use crate::world::{LIMIT, parcel, python};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_discord_takes_the_fake_for_discord() {
    let Some(venv) = environment("watchers") else { return };
    let fake = FakeDiscord::start();
    let ours = Discord::new(&Secret::new(fake.url()), LIMIT).unwrap();
    let receipt = ours.send(&parcel(&["@everyone"])).await.unwrap();
    let id = receipt.provider_id.unwrap();
    let said = python(&venv, "discord_client.py", &[&fake.url(), &id]);
    assert_eq!(said["sent"], json!(200));
    assert_eq!(said["edited"], json!("changed"));
    assert_eq!(said["deleted"], json!(204));
    assert_eq!(said["too_long"], json!(400));
    let body = r#"{"message": "You are being rate limited.", "retry_after": 0.2, "global": false}"#;
    // Without `Via` the library takes it for a ban by the proxy in front.
    fake.fault(Fault::Status(429, vec![("via", "1.1 google".to_owned())], body.to_owned()));
    let limited = python(&venv, "discord_client.py", &[&fake.url(), "limited"]);
    assert_eq!(limited, json!([429, 200]), "the library waits as it is told");
    assert_eq!(said["unknown"], json!(404));
    // Ours, as the library reads it: nobody is called.
    assert_eq!(said["ours"]["mention_everyone"], json!(false));
    assert_eq!(said["ours"]["embeds"][0]["title"], json!(r"CRITICAL\: HivisX"));
    assert!(said["ours"]["content"].as_str().unwrap().contains(r"\@everyone"));
    assert!(said["theirs"]["mention_everyone"].as_bool().unwrap(), "what would call somebody is told apart");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_told_apart_and_hide_the_address() {
    let fake = FakeDiscord::start();
    let ours = Discord::new(&Secret::new(fake.url()), LIMIT).unwrap();
    let send = async || ours.send(&parcel(&["x"])).await;
    let echo = format!("no such thing as /api/webhooks/1/{}", fake.token());
    fake.fault(Fault::Status(404, Vec::new(), echo.clone()));
    fake.fault(Fault::Status(401, Vec::new(), r#"{"message": "Invalid Webhook Token", "code": 50027}"#.into()));
    fake.fault(Fault::Status(500, Vec::new(), echo.clone()));
    fake.fault(Fault::Status(400, Vec::new(), echo));
    let said: Vec<SendError> = [send().await, send().await, send().await, send().await].map(Result::unwrap_err).into();
    assert!(matches!(said[0], SendError::Gone { .. }) && matches!(said[1], SendError::Gone { .. }), "{said:?}");
    assert!(matches!(said[2], SendError::Unsure { .. }) && matches!(said[3], SendError::Refused { .. }), "{said:?}");
    assert!(said[0].to_string().contains("[hidden]") && !format!("{said:?}").contains(fake.token()), "{said:?}");
    // Nobody listens there: it did not arrive, and the error has no address.
    let nobody = Discord::new(&Secret::new("http://127.0.0.1:1/api/webhooks/1/secret-secret"), LIMIT).unwrap();
    let error = nobody.send(&parcel(&["x"])).await.unwrap_err();
    assert!(matches!(error, SendError::Unreachable { .. }) && !error.to_string().contains("secret"), "{error}");
    // Taken, and the answer lost or late.
    fake.fault(Fault::Cut);
    assert!(matches!(send().await.unwrap_err(), SendError::Unsure { .. }));
    let hasty = Discord::new(&Secret::new(fake.url()), std::time::Duration::from_millis(200)).unwrap();
    fake.fault(Fault::Slow(std::time::Duration::from_secs(30)));
    assert!(matches!(hasty.send(&parcel(&["x"])).await.unwrap_err(), SendError::Unsure { .. }));
    assert_eq!(fake.messages().len(), 2);
}
