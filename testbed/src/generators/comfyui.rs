//! `server.py` and `execution.py` as far as a client of pictures meets them: prompts are checked node by node, take a few
//! looks to end, and leave their pictures as files.

use serde_json::{Value, json};

use super::{CHECKPOINT, Fault, Question, Reply, World, painted_with};

/// Nodes that are known, with the inputs that each must have.
const NODES: [(&str, &[&str]); 8] = [
    ("CheckpointLoaderSimple", &["ckpt_name"]),
    ("EmptyLatentImage", &["width", "height", "batch_size"]),
    ("LoadImage", &["image"]),
    ("ImageScale", &["image", "upscale_method", "width", "height", "crop"]),
    ("VAEEncode", &["pixels", "vae"]),
    ("CLIPTextEncode", &["clip", "text"]),
    (
        "KSampler",
        &[
            "model",
            "positive",
            "negative",
            "latent_image",
            "seed",
            "steps",
            "cfg",
            "sampler_name",
            "scheduler",
            "denoise",
        ],
    ),
    ("VAEDecode", &["samples", "vae"]),
];
/// Looks into the history before a prompt is there.
const LOOKS: u32 = 2;

pub(super) fn answer(world: &mut World, question: &Question<'_>, fault: Option<&Fault>) -> Reply {
    match question.what {
        "POST /upload/image" => upload(world, question.body),
        "POST /prompt" => prompt(world, &question.json, fault),
        "GET /view" => match world.files.get(&format!("output/{}", question.parameter("filename"))) {
            Some(bytes) => Reply::Bytes("image/png", bytes.clone()),
            None => Reply::Json(404, Value::Null),
        },
        "GET /queue" => Reply::Json(200, json!({ "queue_running": [], "queue_pending": [] })),
        "GET /object_info/CheckpointLoaderSimple" => {
            let required = json!({ "ckpt_name": [[CHECKPOINT], {}] });
            Reply::Json(200, json!({ "CheckpointLoaderSimple": { "input": { "required": required } } }))
        }
        what => match what.strip_prefix("GET /history/") {
            Some(id) => history(world, id),
            None => Reply::Json(404, Value::Null),
        },
    }
}

/// The first file of a multipart form, by its name.
fn upload(world: &mut World, body: &[u8]) -> Reply {
    let find = |part: &[u8], from: usize| {
        body[from..].windows(part.len()).position(|window| window == part).map(|at| from + at)
    };
    let found = (|| {
        let boundary = &body[..find(b"\r\n", 0)?];
        let name_from = find(b"filename=\"", 0)? + 10;
        let name = String::from_utf8(body[name_from..find(b"\"", name_from)?].to_vec()).ok()?;
        let from = find(b"\r\n\r\n", name_from)? + 4;
        let end = find(&[b"\r\n", boundary].concat(), from)?;
        Some((name, body[from..end].to_vec()))
    })();
    let Some((name, bytes)) = found else { return Reply::Json(400, Value::Null) };
    world.files.insert(format!("input/{name}"), bytes);
    Reply::Json(200, json!({ "name": name, "subfolder": "", "type": "input" }))
}

fn invalid(node: &str, class: &str, (kind, message): (&str, &str), details: &str) -> Reply {
    let errors = json!([{ "type": kind, "message": message, "details": details, "extra_info": {} }]);
    Reply::Json(
        400,
        json!({ "error": { "type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation",
            "details": "", "extra_info": {} },
            "node_errors": { node: { "errors": errors, "dependent_outputs": ["saved"], "class_type": class } } }),
    )
}

fn prompt(world: &mut World, asked: &Value, fault: Option<&Fault>) -> Reply {
    let Some(graph) = asked["prompt"].as_object() else {
        return Reply::Json(400, json!({ "error": "no prompt", "node_errors": [] }));
    };
    for (name, node) in graph {
        let class = node["class_type"].as_str().unwrap_or_default();
        let inputs: &[&str] = match NODES.iter().find(|(known, _)| *known == class) {
            Some((_, inputs)) => inputs,
            None if class == "SaveImage" => &["images", "filename_prefix"],
            None => {
                return invalid(name, class, ("invalid_prompt", "Cannot execute because node does not exist."), class);
            }
        };
        for input in inputs {
            let value = &node["inputs"][input];
            if value.is_null() {
                return invalid(name, class, ("required_input_missing", "Required input is missing"), input);
            }
            let linked = value
                .as_array()
                .is_none_or(|link| link.first().and_then(Value::as_str).is_some_and(|to| graph.contains_key(to)));
            if !linked {
                return invalid(name, class, ("bad_linked_input", "Bad linked input"), input);
            }
        }
        let text = |input: &str| node["inputs"][input].as_str().unwrap_or_default();
        if class == "CheckpointLoaderSimple" && text("ckpt_name") != CHECKPOINT {
            let details = format!("ckpt_name: '{}' not in ['{CHECKPOINT}']", text("ckpt_name"));
            return invalid(name, class, ("value_not_in_list", "Value not in list"), &details);
        }
        if class == "LoadImage" && !world.files.contains_key(&format!("input/{}", text("image"))) {
            return invalid(
                name,
                class,
                ("custom_validation_failed", "Custom validation failed for node"),
                text("image"),
            );
        }
    }
    world.numbered += 1;
    let id = format!("00000000-0000-4000-8000-{:012}", world.numbered);
    let entry = if fault == Some(&Fault::Failure) {
        let error = json!({ "prompt_id": id, "node_id": "sampler", "node_type": "KSampler", "executed": [],
            "exception_message": "Allocation on device", "exception_type": "torch.OutOfMemoryError", "traceback": [] });
        let messages = json!([["execution_start", { "prompt_id": id }], ["execution_error", error]]);
        json!({ "prompt": [], "outputs": {}, "status": { "status_str": "error", "completed": false, "messages": messages } })
    } else {
        let images = save(world, asked, fault);
        json!({ "prompt": [], "outputs": { "saved": { "images": images } },
            "status": { "status_str": "success", "completed": true, "messages": [] } })
    };
    world.prompts.insert(id.clone(), (LOOKS, entry));
    Reply::Json(200, json!({ "prompt_id": id, "number": world.numbered, "node_errors": {} }))
}

/// Paints what the graph says into files; gives the list of them.
fn save(world: &mut World, asked: &Value, fault: Option<&Fault>) -> Vec<Value> {
    let inputs = |node: &str| &asked["prompt"][node]["inputs"];
    let canvas = if inputs("fitted").is_null() { inputs("canvas") } else { inputs("fitted") };
    let size = (canvas["width"].as_u64().unwrap_or(64) as u32, canvas["height"].as_u64().unwrap_or(64) as u32);
    let seed = inputs("sampler")["seed"].as_u64().unwrap_or_default();
    let count = match fault {
        Some(Fault::Count(count)) => *count,
        _ => 1,
    };
    let mut images = Vec::new();
    for i in 0..count {
        let name = format!("hivis_{:05}_{i}.png", world.numbered);
        world.files.insert(format!("output/{name}"), painted_with(fault, size, seed + i as u64));
        images.push(json!({ "filename": name, "subfolder": "", "type": "output" }));
    }
    images
}

fn history(world: &mut World, id: &str) -> Reply {
    match world.prompts.get_mut(id) {
        Some((left, _)) if *left > 0 => {
            *left -= 1;
            Reply::Json(200, json!({}))
        }
        Some((_, entry)) => Reply::Json(200, json!({ id: entry })),
        None => Reply::Json(200, json!({})),
    }
}
