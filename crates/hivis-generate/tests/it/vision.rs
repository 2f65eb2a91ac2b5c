//! Captions: what is sent and paid, and what a model may do wrong.

use hivis_generate::{Charged, GenerateError};
use hivis_testbed::generators::{FakeGenerator, Fault};
use hivis_types::{Label, Usd};

use crate::world::{ODD, seeing, street, vision};

#[tokio::test]
async fn a_picture_is_captioned_and_rewritten_for_its_price() {
    let fake = FakeGenerator::openai();
    let model = seeing(&fake);
    let caption = model.caption(&street()).await.unwrap();
    assert!(caption.text.starts_with("A quiet street"));
    // 900 tokens at $2.50 and 15 at $10 a million.
    assert_eq!(caption.cost, Usd(2_250 + 150));
    assert!(model.price() > caption.cost);
    let rewritten = model.rewrite(ODD, Label::Roadwork).await.unwrap();
    assert!(rewritten.text.contains("cones"));
    let asked = fake.asked();
    let url = asked[0].json["messages"][0]["content"][1]["image_url"]["url"].as_str().unwrap();
    assert!(url.starts_with("data:image/jpeg;base64,/9j/"), "{}", &url[..40]);
    assert!(asked[1].json["messages"][0]["content"].as_str().unwrap().contains(ODD));
    fake.say("\"Two workers (in orange) stand there.\"\n");
    assert_eq!(model.rewrite("x", Label::Clear).await.unwrap().text, "Two workers (in orange) stand there.");
    assert_eq!(model.check().await.unwrap().model.as_deref(), Some("street-vision"));
}

#[tokio::test]
async fn what_a_model_may_do_wrong() {
    let fake = FakeGenerator::openai();
    let model = seeing(&fake);
    for (fault, said) in [
        (Fault::Black, "safety filter"),
        (Fault::Failure, "middle of a sentence"),
        (Fault::Html, "HTML"),
        (Fault::Half, "cut off"),
        (Fault::Body("{\"choices\": []}".to_owned()), "no choice"),
        (Fault::Body("{\"choices\": [{\"message\": {\"content\": null}}]}".to_owned()), "says nothing"),
    ] {
        fake.fault("completions", fault.clone());
        let error = model.rewrite("a street", Label::Clear).await.unwrap_err();
        assert!(error.to_string().contains(said), "{fault:?}: {error}");
        assert_eq!(error.charged(), Charged::Unknown);
    }
    // Without a count of tokens the most is owed.
    let bare = "{\"choices\": [{\"message\": {\"content\": \"A street.\"}, \"finish_reason\": \"stop\"}]}";
    fake.fault("completions", Fault::Body(bare.to_owned()));
    assert_eq!(model.rewrite("a street", Label::Clear).await.unwrap().cost, model.price());
    let error = vision(&fake, "sk-guess").caption(&street()).await.unwrap_err();
    assert!(matches!(error, GenerateError::Unauthorised { sent: true, .. }), "{error:?}");
    assert!(!format!("{error:?}{error}{:?}", vision(&fake, "sk-guess")).contains("sk-guess"));
    let error = model.caption(b"no picture").await.unwrap_err();
    assert_eq!(error.charged(), Charged::Nothing, "nothing was sent: {error}");
}
