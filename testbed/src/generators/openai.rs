//! Chat completions with pictures, as the OpenAI API reference has them.

use serde_json::{Value, json};

use super::{Fault, KEY, Question, Reply, World};

/// The one model.
const MODEL: &str = "street-vision";

pub(super) fn answer(world: &mut World, question: &Question<'_>, fault: Option<&Fault>) -> Reply {
    if question.authorization.as_deref() != Some(&format!("Bearer {KEY}")) {
        return error(401, "Incorrect API key provided.", "invalid_api_key");
    }
    match question.what {
        "GET /v1/models" => {
            let model = json!({ "id": MODEL, "object": "model", "created": 1_760_000_000, "owned_by": "hivis" });
            Reply::Json(200, json!({ "object": "list", "data": [model] }))
        }
        "POST /v1/chat/completions" => completion(world, &question.json, fault),
        _ => error(404, "Invalid URL", "invalid_request_error"),
    }
}

fn error(status: u16, message: &str, code: &str) -> Reply {
    let error = json!({ "message": message, "type": "invalid_request_error", "param": null, "code": code });
    Reply::Json(status, json!({ "error": error }))
}

fn completion(world: &mut World, asked: &Value, fault: Option<&Fault>) -> Reply {
    if asked["model"] != MODEL {
        return error(404, "The model does not exist.", "model_not_found");
    }
    let content = &asked["messages"][0]["content"];
    let picture = content.as_array().into_iter().flatten().find_map(|part| part["image_url"]["url"].as_str());
    if picture.is_some_and(|url| !url.starts_with("data:image/")) {
        return error(400, "Invalid image data.", "invalid_image_url");
    }
    let usual = if picture.is_some() {
        "A quiet street in a small town, parked cars left and right, a grey sky."
    } else {
        "Orange cones close the right lane of a quiet street, two workers stand beside a small digger."
    };
    let text = world.words.pop_front().unwrap_or_else(|| usual.to_owned());
    let finish = match fault {
        Some(Fault::Black) => "content_filter",
        Some(Fault::Failure) => "length",
        _ => "stop",
    };
    let input = if picture.is_some() { 900 } else { 120 };
    let output = text.split_whitespace().count();
    let message = json!({ "role": "assistant", "content": text, "refusal": null });
    Reply::Json(
        200,
        json!({ "id": "chatcmpl-1", "object": "chat.completion", "created": 1_760_000_000, "model": MODEL,
            "choices": [{ "index": 0, "message": message, "finish_reason": finish, "logprobs": null }],
            "usage": { "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output } }),
    )
}
