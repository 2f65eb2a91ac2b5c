//! What a server may do wrong: each a reason, one bad picture never the whole order, and no work paid for twice.

use std::time::{Duration, Instant};

use hivis_generate::{Automatic1111, Charged, Comfyui, GenerateError, Generator, Login, Patience, Refusal, Server};
use hivis_testbed::generators::{FakeGenerator, Fault};
use hivis_testbed::ports::Port;
use hivis_types::Usd;

use crate::world::{PRICE, both, order, patience};

#[tokio::test]
async fn one_bad_picture_refuses_that_picture() {
    for (fake, client, part) in both() {
        for (fault, reason) in
            [(Fault::Black, "safety filter"), (Fault::Size(48, 64), "wrong size"), (Fault::Rubbish, "not a picture")]
        {
            fake.fault(part, fault.clone());
            let made = client.make(&order(3)).await.unwrap();
            assert_eq!((made.paid, made.cost), (3, PRICE.times(3)), "what came is paid for");
            let reasons: Vec<_> = made.pictures.iter().map(|p| p.as_ref().err().map(Refusal::reason)).collect();
            assert_eq!(reasons, [Some(reason), None, None], "{}: {fault:?}", client.name());
        }
        assert_eq!(fake.faults_left(), 0);
    }
}

#[tokio::test]
async fn fewer_or_more_pictures_than_were_asked_for() {
    let [(a1111, client, _), (comfy, graphs, _)] = both();
    let reasons = |made: &hivis_generate::Made| -> Vec<_> {
        made.pictures.iter().filter_map(|p| p.as_ref().err().map(Refusal::reason)).collect()
    };
    for (count, wanted) in [(1, vec!["missing"; 2]), (0, vec!["missing"; 3]), (5, vec!["not asked for"; 2])] {
        a1111.fault("txt2img", Fault::Count(count));
        let made = client.make(&order(3)).await.unwrap();
        assert_eq!((reasons(&made), made.paid as usize), (wanted, count));
    }
    comfy.fault("POST /prompt", Fault::Count(0));
    assert_eq!(reasons(&graphs.make(&order(1)).await.unwrap()), ["missing"]);
    comfy.fault("POST /prompt", Fault::Count(3));
    assert_eq!(reasons(&graphs.make(&order(1)).await.unwrap()), ["not asked for"; 2]);
}

#[tokio::test]
async fn trouble_at_the_door_is_waited_for_and_costs_nothing() {
    let wait = |seconds: &str| Fault::Status(429, vec![("retry-after", seconds.to_owned())]);
    for (fake, client, part) in both() {
        fake.fault(part, wait("1"));
        let began = Instant::now();
        assert!(client.make(&order(1)).await.unwrap().pictures[0].is_ok());
        assert!(began.elapsed() >= Duration::from_secs(1), "it waits as long as the server wants");
        fake.fault(part, wait("3600"));
        let error = client.make(&order(1)).await.unwrap_err();
        assert!(matches!(error, GenerateError::TooManyRequests { wait: Some(_), .. }), "{error:?}");
        assert_eq!((error.charged(), error.lasting()), (Charged::Nothing, true));
        assert_eq!(fake.faults_left(), 0);
    }
}

#[tokio::test]
async fn what_may_have_begun_is_not_asked_for_again() {
    for (fake, client, part) in both() {
        for fault in [Fault::Status(500, Vec::new()), Fault::Status(502, Vec::new()), Fault::Half, Fault::Html] {
            fake.asked();
            fake.fault(part, fault.clone());
            let error = client.make(&order(1)).await.unwrap_err();
            assert_eq!(error.charged(), Charged::Unknown, "{fault:?}: {error:?}");
            let posts = fake.asked().iter().filter(|asked| asked.what.contains(part)).count();
            assert_eq!(posts, 1, "{}: {fault:?} is not repeated", client.name());
            let said = format!("{error} {:?}", error.hint());
            assert!(fault != Fault::Html || (said.contains("HTML") && said.contains("--api")), "{said}");
            assert!(fault != Fault::Half || said.contains("cut off"), "{said}");
        }
    }
}

#[tokio::test]
async fn looks_and_loads_are_repeated() {
    let [_, (fake, client, _)] = both();
    fake.fault("GET /history", Fault::Status(500, Vec::new()));
    fake.fault("GET /history", Fault::Half);
    fake.fault("GET /view", Fault::Half);
    fake.fault("POST /upload", Fault::Status(503, Vec::new()));
    let made = client.make(&order(1).varying(crate::world::parent())).await.unwrap();
    assert!(made.pictures[0].is_ok(), "{made:?}");
    assert_eq!(fake.faults_left(), 0);
}

#[tokio::test]
async fn a_deadline_is_whole() {
    let short = Patience { whole: Duration::from_millis(400), ..patience() };
    let (one, two) = (FakeGenerator::automatic1111(false), FakeGenerator::comfyui());
    let server = |fake: &FakeGenerator| Server { url: fake.url(), login: Login::None, patience: short };
    let clients: [Box<dyn Generator>; 2] = [
        Box::new(Automatic1111::new(&server(&one), None, None, Usd(0)).unwrap()),
        Box::new(Comfyui::new(&server(&two), None, None, Usd(0)).unwrap()),
    ];
    one.fault("txt2img", Fault::Slow(Duration::from_secs(30)));
    // A server that answers every look at once, and never ends.
    for _ in 0..1000 {
        two.fault("GET /history", Fault::Body("{}".to_owned()));
    }
    for client in clients {
        let error = client.make(&order(1)).await.unwrap_err();
        assert!(matches!(error, GenerateError::Slow { .. }), "{error:?}");
        assert_eq!(error.charged(), Charged::Unknown);
        assert!(error.to_string().contains("within 1 s"), "{error}");
    }
}

#[tokio::test]
async fn nobody_is_there() {
    let nobody = Port::reserve();
    let url = format!("http://{}", nobody.address());
    let server = Server { url, login: Login::None, patience: patience() };
    let client = Comfyui::new(&server, None, None, PRICE).unwrap();
    for error in [client.make(&order(1)).await.unwrap_err(), client.check().await.unwrap_err()] {
        assert!(matches!(error, GenerateError::Unreachable { .. }), "{error:?}");
        assert_eq!((error.charged(), error.lasting()), (Charged::Nothing, true));
        assert!(error.hint().unwrap().contains("start it"));
    }
}

#[tokio::test]
async fn a_server_that_fails_says_why() {
    let [(a1111, client, _), (comfy, graphs, _)] = both();
    a1111.fault("txt2img", Fault::Failure);
    let error = client.make(&order(1)).await.unwrap_err();
    assert!(error.to_string().contains("500: OutOfMemoryError"), "{error}");
    comfy.fault("POST /prompt", Fault::Failure);
    let error = graphs.make(&order(1)).await.unwrap_err();
    assert!(error.to_string().contains("node KSampler: Allocation on device"), "{error}");
    for body in ["{}", "[]", "null", "{\"images\": 7}", "{\"prompt_id\": \"../../x\"}", "not json"] {
        a1111.fault("txt2img", Fault::Body(body.to_owned()));
        comfy.fault("POST /prompt", Fault::Body(body.to_owned()));
        for client in [&client, &graphs] {
            let error = client.make(&order(1)).await.unwrap_err();
            assert!(matches!(error, GenerateError::Answer { .. }), "{body}: {error:?}");
            assert!(!error.to_string().contains('\n'));
        }
    }
    // One prompt of several fails: the others' pictures stay.
    comfy.fault("POST /upload", Fault::Status(503, Vec::new()));
    let varied = order(2).varying(crate::world::parent());
    assert!(graphs.make(&varied).await.unwrap().pictures.iter().all(Result::is_ok));
}
