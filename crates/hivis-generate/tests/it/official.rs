//! The official client of OpenAI, and the usual one of AUTOMATIC1111, take our servers for the real ones and get what our
//! own clients get.

use std::process::Command;

use hivis_testbed::generators::{FakeGenerator, KEY, PASSWORD, USER};
use hivis_testbed::peers::environment;
use hivis_types::Label;
use serde_json::Value;

use crate::world::{both, order, seeing, street};

/// What a script says on its last line.
fn python(script: &str, args: &[&str]) -> Option<Value> {
    let venv = environment("generators")?;
    let script = format!("{}/tests/peer/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("timeout");
    command.arg("120").arg(venv.join("bin/python")).args(["-B", &script]).args(args).env("NO_PROXY", "127.0.0.1");
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let line = said.lines().find_map(|line| line.strip_prefix("said "));
    Some(serde_json::from_str(line.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&done.stderr)))).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn openais_client_hears_the_same_words() {
    let fake = FakeGenerator::openai();
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("street.png");
    std::fs::write(&picture, street()).unwrap();
    let Some(theirs) = python("openai_client.py", &[&fake.url(), KEY, picture.to_str().unwrap()]) else { return };
    fake.asked();
    let model = seeing(&fake);
    let ours = model.caption(&street()).await.unwrap();
    assert_eq!(theirs["caption"], *ours.text);
    assert_eq!(theirs["tokens"], serde_json::json!([900, 15]));
    assert_eq!(theirs["rewritten"], *model.rewrite("x", Label::Roadwork).await.unwrap().text);
    assert_eq!((&theirs["models"][0], &theirs["refused"]), (&Value::from("street-vision"), &Value::from(401)));
}

#[tokio::test(flavor = "multi_thread")]
async fn webuiapi_gets_the_same_pictures() {
    let [(fake, client, _), _] = both();
    let locked = FakeGenerator::automatic1111(true);
    let Some(theirs) = python("webui_client.py", &[&fake.url(), &locked.url(), USER, PASSWORD]) else { return };
    let made = client.make(&order(2)).await.unwrap();
    for (i, picture) in made.pictures.iter().map(|picture| picture.as_ref().unwrap()).enumerate() {
        let decoded = hivis_image::decode(&picture.bytes, &hivis_image::DecodeLimits::default()).unwrap().picture;
        let sum: u64 = decoded.rgb().iter().map(|value| u64::from(*value)).sum();
        assert_eq!(theirs["sums"][i].as_u64(), Some(sum), "picture {i}");
        assert_eq!(theirs["seeds"][i].as_u64(), Some(picture.seed));
    }
    assert_eq!(theirs["varied"], 1);
    assert_eq!((&theirs["refused"], &theirs["locked"]), (&Value::from(401), &Value::from(1)));
}
