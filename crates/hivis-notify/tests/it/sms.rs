//! SMS: Twilio's own client drives the fake gateway; parts, money, caps.

use hivis_notify::{Channel, Gateway, Notifier as _, Secret, SendError, Sms, SmsSettings, Spending};
use hivis_store::{Cap, Caps};
use hivis_testbed::notify::{FakeGateway, Fault};
use hivis_testbed::peers::environment;
use hivis_types::{Severity, Usd};
use jiff::SignedDuration;
use serde_json::json;

use crate::world::{LIMIT, World, alert, at, channel, parcel, python};

fn settings(fake: &FakeGateway, token: &str) -> SmsSettings {
    let gateway = Gateway { address: fake.url(), account: fake.login().0.to_owned(), token: Secret::new(token) };
    SmsSettings { gateway, from: "+15005550006".into(), to: "+4915123456789".into(), parts: 1, limit: LIMIT }
}

#[tokio::test(flavor = "multi_thread")]
async fn twilios_client_takes_the_fake_for_twilio() {
    let Some(venv) = environment("watchers") else { return };
    let fake = FakeGateway::start();
    let (account, token) = fake.login();
    let ours = Sms::new(settings(&fake, token)).unwrap();
    let sid =
        ours.send(&parcel(&["a summary that is much too long ".repeat(9).trim()])).await.unwrap().provider_id.unwrap();
    let said = python(&venv, "twilio_client.py", &[fake.base(), account, token, &sid]);
    assert_eq!(said["theirs"]["body"], json!("gr\u{fc}n & 100% = [ok]+"));
    assert_eq!(said["bad_number"], json!([400, 21211]));
    assert_eq!(said["bad_token"], json!([401, 20003]));
    assert_eq!(said["too_long"], json!([400, 21617]));
    let body = said["ours"]["body"].as_str().unwrap();
    assert_eq!(
        (said["ours"]["to"].as_str(), said["ours"]["num_segments"].as_str()),
        (Some("+4915123456789"), Some("1"))
    );
    assert!(
        body.starts_with("hivis [critical] HivisX: a summary") && body.ends_with("...") && body.len() <= 160,
        "{body}"
    );
    assert_eq!(fake.sent().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_stops_it_and_shows_nothing() {
    let fake = FakeGateway::start();
    let ours = Sms::new(settings(&fake, "wrong-token")).unwrap();
    let error = ours.send(&parcel(&["x"])).await.unwrap_err();
    assert!(matches!(&error, SendError::Gone { said } if said.contains("20003")), "{error}");
    fake.fault(Fault::Status(400, Vec::new(), "your token is wrong-token".into()));
    let error = ours.send(&parcel(&["x"])).await.unwrap_err();
    assert!(!error.to_string().contains("wrong-token") && !format!("{ours:?}").contains("wrong-token"), "{error}");
    assert!(Sms::new(SmsSettings { to: "0151 234".into(), ..settings(&fake, "x") }).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_critical_goes_and_a_cap_holds_the_rest_back() {
    let fake = FakeGateway::start();
    let cap = |usd: f64| Cap { usd: Usd::from_dollars(usd).unwrap(), pictures: u64::MAX >> 1 };
    let spending = Spending { each: Usd::from_dollars(0.08).unwrap(), caps: Caps { week: cap(0.2), month: cap(9.0) } };
    let sms = Sms::new(settings(&fake, fake.login().1)).unwrap();
    let channel = Channel { spending: Some(spending), ..channel("call", &[Severity::Critical], sms) };
    let mut world = World::new(vec![channel]).await;
    fake.fault(Fault::Status(503, Vec::new(), String::new()));
    let minutes = SignedDuration::from_mins;
    world.rounds(minutes(10), &[alert("A", Severity::Warning), alert("B", Severity::Critical)]).await;
    assert_eq!(fake.sent().iter().map(|sms| sms.body.as_str()).collect::<Vec<_>>(), ["hivis [critical] B: B holds"]);
    // The first attempt may have gone, so it is paid: two of two fit, a third does not.
    let spent = world.ledger.spent("notify", at(world.second)).await.unwrap();
    assert_eq!((spent.week.usd, spent.week.open), (Usd(160_000), Usd(0)));
    let (b, c) = (alert("B", Severity::Critical), alert("C", Severity::Critical));
    world.rounds(minutes(30), &[b.clone(), c.clone()]).await;
    assert_eq!(fake.sent().len(), 1);
    let message = world.ledger.waiting_messages("call", 9).await.unwrap().remove(0);
    assert!(message.error.unwrap().contains("cap of the week reached"));
    // Another week, other money: nothing is lost.
    world.second += 7 * 86_400;
    world.rounds(minutes(5), &[b, c]).await;
    let last = fake.sent().pop().unwrap().body;
    assert!(last.contains("2 critical"), "{last}");
}
