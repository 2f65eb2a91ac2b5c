//! `modules/api/api.py` as far as a client of pictures meets it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{CHECKPOINT, Fault, PASSWORD, Question, Reply, USER, World, painted_with};

pub(super) fn answer(_: &mut World, question: &Question<'_>, login: bool, fault: Option<&Fault>) -> Reply {
    let wanted = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
    if login && question.authorization.as_deref() != Some(wanted.as_str()) {
        return error(401, "HTTPException", "Incorrect username or password");
    }
    match question.what {
        "POST /sdapi/v1/txt2img" => made(&question.json, false, fault),
        "POST /sdapi/v1/img2img" => made(&question.json, true, fault),
        "GET /sdapi/v1/options" => Reply::Json(200, json!({ "sd_model_checkpoint": title(), "samples_format": "png" })),
        "GET /sdapi/v1/progress" => {
            let state = json!({ "skipped": false, "interrupted": false, "job": "", "job_count": 0, "job_no": 0,
                "sampling_step": 0, "sampling_steps": 0 });
            Reply::Json(
                200,
                json!({ "progress": 0.0, "eta_relative": 0.0, "state": state, "current_image": null,
                "textinfo": null }),
            )
        }
        "GET /sdapi/v1/scripts" => Reply::Json(200, json!({ "txt2img": [], "img2img": [] })),
        _ => error(404, "HTTPException", "Not Found"),
    }
}

fn title() -> String {
    format!("{CHECKPOINT} [31e35c80fc]")
}

fn error(status: u16, kind: &str, detail: &str) -> Reply {
    Reply::Json(status, json!({ "error": kind, "detail": detail, "body": "", "errors": "" }))
}

fn made(asked: &Value, from_picture: bool, fault: Option<&Fault>) -> Reply {
    if fault == Some(&Fault::Failure) {
        return error(500, "OutOfMemoryError", "");
    }
    let number = |name: &str, usual: u64| asked[name].as_u64().unwrap_or(usual);
    if !["Euler", "Euler a", "DPM++ 2M"].contains(&asked["sampler_name"].as_str().unwrap_or("Euler")) {
        return error(404, "HTTPException", "Sampler not found");
    }
    if from_picture {
        let image = asked["init_images"][0].as_str().unwrap_or_default();
        let image = image.split_once("base64,").map_or(image, |(_, bytes)| bytes);
        let read = STANDARD.decode(image).ok();
        let whole =
            read.is_some_and(|bytes| hivis_image::decode(&bytes, &hivis_image::DecodeLimits::default()).is_ok());
        if !whole {
            return error(500, "HTTPException", "Invalid encoded image");
        }
    }
    let (width, height) = (number("width", 512) as u32, number("height", 512) as u32);
    let seed = asked["seed"].as_i64().filter(|seed| *seed >= 0).map_or(4_242_424_242, |seed| seed as u64);
    let usual = number("n_iter", 1) * number("batch_size", 1);
    let count = match fault {
        Some(Fault::Count(count)) => *count as u64,
        _ => usual,
    };
    let seeds: Vec<u64> = (0..count).map(|i| seed + i).collect();
    // A fault of one picture is the first one's.
    let image =
        |(i, seed): (usize, &u64)| STANDARD.encode(painted_with(fault.filter(|_| i == 0), (width, height), *seed));
    let images: Vec<String> = seeds.iter().enumerate().map(image).collect();
    let prompts = vec![asked["prompt"].clone(); seeds.len()];
    let info = json!({ "prompt": asked["prompt"], "all_prompts": prompts, "negative_prompt": asked["negative_prompt"],
        "seed": seed, "all_seeds": seeds, "subseed": 1, "width": width, "height": height,
        "sampler_name": asked["sampler_name"], "cfg_scale": asked["cfg_scale"], "steps": asked["steps"],
        "batch_size": asked["batch_size"], "sd_model_name": CHECKPOINT.trim_end_matches(".safetensors"),
        "sd_model_hash": "31e35c80fc", "index_of_first_image": 0, "infotexts": [],
        "denoising_strength": asked["denoising_strength"], "extra_generation_params": {} });
    let mut parameters = asked.clone();
    parameters["init_images"] = Value::Null;
    Reply::Json(200, json!({ "images": images, "parameters": parameters, "info": info.to_string() }))
}
