//! Orders that go well: what is sent, word for word, and what comes.

use hivis_generate::{Automatic1111, GenerateError, Generator as _, Login, Mode, Order, Secret, inspect};
use hivis_testbed::generators::{CHECKPOINT, FakeGenerator, PASSWORD, USER};
use hivis_types::Usd;

use crate::world::{ODD, PRICE, both, order, parent, server};

#[tokio::test]
async fn an_order_becomes_pictures_with_their_seeds_and_price() {
    for (fake, client, _) in both() {
        let made = client.make(&order(3)).await.unwrap();
        assert_eq!((made.cost, made.paid, made.pictures.len()), (PRICE.times(3), 3, 3));
        for (i, picture) in made.pictures.into_iter().enumerate() {
            let picture = picture.unwrap();
            assert_eq!((picture.seed, picture.mode, picture.cost), (7_000 + i as u64, Mode::TextToImage, PRICE));
            assert!(picture.model.starts_with("sd_xl_base_1.0") && !picture.varies, "{}", picture.model);
            assert_eq!(inspect(&picture.bytes, (64, 48)), Ok(()));
        }
        let sent = fake.asked().into_iter().find(|asked| asked.what.starts_with("POST")).unwrap().json;
        if client.name() == "comfyui" {
            let inputs = |node: &str| sent["prompt"][node]["inputs"].clone();
            assert_eq!((inputs("wanted")["text"].as_str(), inputs("banned")["text"].as_str()), (Some(ODD), Some(ODD)));
            let sampler = inputs("sampler");
            assert_eq!((sampler["steps"].as_u64(), sampler["cfg"].as_f64()), (Some(25), Some(8.0)));
            assert_eq!((sampler["denoise"].as_f64(), sampler["seed"].as_u64()), (Some(1.0), Some(7_000)));
            assert_eq!(inputs("canvas")["width"], 64);
        } else {
            assert_eq!((sent["prompt"].as_str(), sent["negative_prompt"].as_str()), (Some(ODD), Some(ODD)));
            assert_eq!((sent["steps"].as_u64(), sent["cfg_scale"].as_f64()), (Some(25), Some(8.0)));
            assert_eq!((sent["n_iter"].as_u64(), sent["width"].as_u64()), (Some(3), Some(64)));
        }
    }
}

#[tokio::test]
async fn a_picture_is_varied_with_the_validators_strength() {
    for (fake, client, _) in both() {
        let made = client.make(&order(2).varying(parent())).await.unwrap();
        assert!(
            made.pictures
                .iter()
                .all(|picture| picture.as_ref().is_ok_and(|p| p.varies && p.mode == Mode::ImageToImage))
        );
        let asked = fake.asked();
        let sent = &asked.iter().find(|asked| asked.json.is_object()).unwrap().json;
        let strength = sent["denoising_strength"].as_f64().or(sent["prompt"]["sampler"]["inputs"]["denoise"].as_f64());
        assert!((strength.unwrap() - 0.7).abs() < 1e-6, "{sent}");
        if client.name() == "comfyui" {
            let uploads = asked.iter().filter(|asked| asked.what == "POST /upload/image").count();
            assert_eq!(uploads, 1, "the source goes once, however many pictures are made of it");
        } else {
            assert!(asked[0].what.ends_with("img2img"));
        }
    }
}

#[tokio::test]
async fn large_seeds_are_cut_where_the_server_cannot_take_them() {
    let [(fake, client, _), (_, comfy, _)] = both();
    let big = Order { seed: u64::MAX - 3, ..order(2) };
    let made = client.make(&big).await.unwrap();
    let sent = fake.asked()[0].json["seed"].as_u64().unwrap();
    assert!(u32::try_from(sent).is_ok(), "{sent}");
    assert_eq!(made.pictures[0].as_ref().unwrap().seed, sent, "the seed that was used is what is kept");
    assert_eq!(comfy.make(&big).await.unwrap().pictures[1].as_ref().unwrap().seed, u64::MAX - 2);
}

#[tokio::test]
async fn who_is_there_says_so() {
    for (_, client, _) in both() {
        let presence = client.check().await.unwrap();
        assert!(presence.model.unwrap().starts_with("sd_xl_base_1.0"));
    }
    let fake = FakeGenerator::automatic1111(true);
    let with = |login| Automatic1111::new(&server(&fake, login), Some(CHECKPOINT), None, Usd(0)).unwrap();
    let login = |password: &str| Login::Basic(USER.to_owned(), Secret::new(password));
    assert_eq!(with(login(PASSWORD)).make(&order(1)).await.unwrap().pictures.len(), 1);
    for (wrong, sent) in [(Login::None, false), (login("guess"), true)] {
        let error = with(wrong).make(&order(1)).await.unwrap_err();
        assert!(matches!(error, GenerateError::Unauthorised { sent: was, .. } if was == sent), "{error:?}");
        assert!(!format!("{error:?}{error}").contains("guess"));
    }
    let comfy = FakeGenerator::comfyui();
    let other =
        hivis_generate::Comfyui::new(&server(&comfy, Login::None), Some("dream.safetensors"), None, Usd(0)).unwrap();
    let said = other.check().await.unwrap_err().to_string();
    assert!(said.contains("dream.safetensors") && said.contains(CHECKPOINT), "{said}");
    let said = other.make(&order(1)).await.unwrap_err().to_string();
    assert!(said.contains("node model: Value not in list") && said.contains("dream.safetensors"), "{said}");
}
