//! Odd replies: each is served from loopback, and our dendrite must make of it what the SDK's did.

use hivis_bittensor::golden::{OddReply, odd_replies};
use serde_json::Value;

use crate::dendrite::{Served, ask};
use crate::golden;

const STATUS: &str = "bt_header_axon_status_code: 200\r\nbt_header_axon_status_message: Success\r\n";

/// HTTP/1.1 reply with these header lines and this body.
fn reply(status: &str, headers: &str, body: &str) -> Served {
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    Served::Bytes((head + body).into_bytes())
}

/// JSON with the status headers of a success.
fn success(body: &str) -> Served {
    reply("200 OK", &format!("content-type: application/json\r\n{STATUS}"), body)
}

/// JSON without any bt header.
fn bare(status: &str, body: &str) -> Served {
    reply(status, "content-type: application/json\r\n", body)
}

/// What was sent when a line was recorded, by its name.
fn sent(name: &str) -> Served {
    let json = "content-type: application/json\r\n";
    match name {
        "only_prediction_no_headers" => bare("200 OK", r#"{"prediction": 0.9}"#),
        "only_prediction_with_status_headers" => success(r#"{"prediction": 0.9}"#),
        "full_echo_no_status_headers_body_axon200" => bare(
            "200 OK",
            r#"{"name": "ImageSynapse", "timeout": 5.0, "dendrite": {"ip": "198.51.100.7"}, "axon": {"status_code": 200,
                "status_message": "Success", "port": 18500}, "computed_body_hash": "", "testnet_label": -1,
                "image": "aGVsbG8=", "prediction": 0.8}"#,
        ),
        "full_echo_image_dropped" => {
            success(r#"{"name": "ImageSynapse", "axon": {}, "dendrite": {}, "prediction": 0.8}"#)
        }
        "prediction_as_string" => success(r#"{"prediction": "0.66"}"#),
        "prediction_null" => success(r#"{"prediction": null}"#),
        "prediction_list" => success(r#"{"prediction": [0.5]}"#),
        "prediction_nan" => success(r#"{"prediction": NaN}"#),
        "prediction_out_of_range" => success(r#"{"prediction": 7.5}"#),
        "prediction_int" => success(r#"{"prediction": 1}"#),
        "extra_unknown_field" => success(r#"{"prediction": 0.4, "surprise": [1]}"#),
        "dendrite_axon_null" => success(r#"{"prediction": 0.4, "dendrite": null, "axon": null}"#),
        "text_plain" => reply("200 OK", &format!("content-type: text/plain\r\n{STATUS}"), r#"{"prediction": 0.4}"#),
        "empty_body_200" => success(""),
        "html_502" => reply("502 Bad Gateway", "content-type: text/html\r\n", "<html>bad gateway</html>"),
        "json_429" => bare("429 Too Many Requests", r#"{"message": "slow down"}"#),
        "json_503_no_message" => bare("503 Service Unavailable", "{}"),
        "json_403_list_body" => bare("403 Forbidden", "[]"),
        "header_status_conflict_200_http_403_header" => {
            let status = "bt_header_axon_status_code: 403\r\nbt_header_axon_status_message: no\r\n";
            reply("200 OK", &format!("{json}{status}"), r#"{"prediction": 0.4}"#)
        }
        "http_500_with_header_200" => {
            reply("500 Internal Server Error", &format!("{json}{STATUS}"), r#"{"message": "broken"}"#)
        }
        "bad_header_number" => {
            let time = "bt_header_axon_process_time: abc\r\n";
            reply("200 OK", &format!("{json}{STATUS}{time}"), r#"{"prediction": 0.4}"#)
        }
        "redirect_307" => reply("307 Temporary Redirect", "location: /ImageSynapse\r\n", ""),
        "chunked" => {
            let head = format!("HTTP/1.1 200 OK\r\n{json}bt_header_axon_status_code: 200\r\n");
            let framing = "transfer-encoding: chunked\r\nconnection: close\r\n\r\n";
            Served::Bytes(format!("{head}{framing}9\r\n{{\"predict\r\n9\r\nion\":0.4}}\r\n0\r\n\r\n").into_bytes())
        }
        "uppercase_headers" => {
            let status = STATUS.to_uppercase().replace("SUCCESS", "Success");
            reply("200 OK", &format!("{json}{status}"), r#"{"prediction": 0.4}"#)
        }
        "connection_dropped" => Served::Nothing,
        other => panic!("`{other}` is an odd reply that this test does not know"),
    }
}

#[tokio::test]
async fn golden_odd_replies() {
    for (file, text) in golden::wire_files(|name| name.starts_with("odd_replies")) {
        let lines = odd_replies(&text);
        assert!(lines.len() >= 24, "{file} holds {} replies", lines.len());
        for line in lines {
            let OddReply { name, prediction, status, message, success } = line;
            let reply = ask(sent(&name)).await;
            let Some(prediction) = prediction else {
                assert!(reply.raised && !reply.is_success(), "{file}: {name}: {reply:?}");
                continue;
            };
            let same = reply.prediction == prediction || reply.prediction.is_nan() && prediction.is_nan();
            assert!(same, "{file}: {name}: {reply:?}");
            assert_eq!(reply.status, status, "{file}: {name}: {reply:?}");
            assert_eq!(reply.is_success(), success, "{file}: {name}: {reply:?}");
            // Texts of Python's own libraries are compared up to their colon.
            let start = |text: &Option<String>| text.as_deref().map(|text| text.split(':').next().unwrap().to_owned());
            assert_eq!(start(&reply.message), start(&message), "{file}: {name}");
        }
    }
}

#[tokio::test]
async fn golden_answer_bodies() {
    for folder in golden::folders("challenge") {
        let file: Value = serde_json::from_slice(&std::fs::read(folder.join("protocol.json")).unwrap()).unwrap();
        for case in file["answer_body"].as_array().unwrap() {
            let reply = ask(success(case["body"].as_str().unwrap())).await;
            match &case["prediction"] {
                Value::Null => {
                    assert!(case["error"].is_string(), "{case}");
                    assert_eq!((reply.status, reply.prediction), (Some(422), -1.0), "{case}");
                }
                wanted => {
                    let wanted = wanted.as_f64().unwrap_or_else(|| wanted.as_str().unwrap().parse().unwrap());
                    let same = reply.prediction == wanted || reply.prediction.is_nan() && wanted.is_nan();
                    assert!(same && reply.is_success(), "{case}: {reply:?}");
                }
            }
        }
    }
}
