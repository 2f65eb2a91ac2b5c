//! The official clients decode and verify what we sign: `bittensor-core` is the core of bittensor 11, `cyscale` with
//! `bittensor-wallet` are the parts of 10.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use hivis_bittensor::Keypair;
use hivis_chain::extrinsic::pow::{Search, Work};
use hivis_chain::extrinsic::{
    Axon, Call, Commitment, Era, Runtime, Terms, Unsigned, register_limit, serve_axon, set_commitment, withdraw_axon,
};
use hivis_testbed::{golden, peers};
use serde_json::{Value as Json, json};

use crate::runtimes::{self, GENESIS};

const BLOCK: u64 = 6_000_123;

/// Runs the script with `jobs`; `None` when the peer could not be installed.
fn ask(environment: &str, how: &str, jobs: &Json) -> Option<Json> {
    let python = peers::environment(environment)?.join("bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/extrinsics.py");
    let mut child = Command::new(python)
        .arg(script)
        .arg(how)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    child.stdin.take().expect("a pipe").write_all(jobs.to_string().as_bytes()).expect("it reads");
    let out = child.wait_with_output().expect("it ends");
    assert!(out.status.success(), "{environment} {how}");
    Some(serde_json::from_slice(&out.stdout).expect("JSON"))
}

/// Each call of ours, who signs it, and its arguments as the peers read them.
fn calls() -> Vec<(Call, &'static str, Json)> {
    let axon = Axon { ip: "52.14.201.9".parse().expect("an address"), port: 8091, version: 10_005_000 };
    let bob = Keypair::from_uri("//Bob").expect("a key");
    let ip = u32::from(axon.ip);
    let served = |version: u32, ip: u32, port: u16| {
        json!({ "netuid": 72, "version": version, "ip": ip, "port": port, "ip_type": 4, "protocol": 4,
            "placeholder1": 0, "placeholder2": 0 })
    };
    let short = Commitment::new("natix/road", &"0f".repeat(20), [7; 32]).expect("a commitment");
    let long = Commitment::new(&format!("natix/{}", "r".repeat(60)), &"0f".repeat(20), [7; 32]).expect("a commitment");
    let raw = |commitment: &Commitment| match &commitment.fields()[0] {
        hivis_chain::extrinsic::CommitmentField::Raw(text) => {
            json!({ format!("Raw{}", text.len()): format!("0x{}", hex::encode(text)) })
        }
        other => panic!("{other:?}"),
    };
    let committed = |fields: Vec<Json>| json!({ "netuid": 72, "info": { "fields": fields } });
    let hash = json!({ "Sha256": format!("0x{}", "07".repeat(32)) });
    vec![
        (
            register_limit(72, &bob.public(), 1_234_567_890),
            "//Alice",
            json!({ "netuid": 72, "hotkey": bob.hotkey().as_str(), "limit_price": 1_234_567_890 }),
        ),
        (serve_axon(72, &axon), "//Bob", served(10_005_000, ip, 8091)),
        (withdraw_axon(72), "//Bob", served(0, 0, 1)),
        (set_commitment(72, &short), "//Bob", committed(vec![raw(&short)])),
        (set_commitment(72, &long), "//Bob", committed(vec![raw(&long), hash])),
    ]
}

fn check(environment: &str, how: &str) {
    for folder in golden::folders("chain") {
        for (file, spec) in [("finney-metadata-v15.scale.gz", 424), ("subtensor-461-metadata-v15.scale.gz", 461)] {
            let file = folder.join(file);
            let runtime = runtimes::of(&runtimes::bytes(&file), spec);
            let (jobs, wanted): (Vec<Json>, Vec<Json>) = calls()
                .into_iter()
                .enumerate()
                .map(|(index, (call, uri, args))| job(&runtime, &file, &call, (uri, index as u64, args)))
                .unzip();
            let Some(answers) = ask(environment, how, &Json::Array(jobs)) else { return };
            assert_eq!(answers, Json::Array(wanted), "{how} {spec}");
        }
    }
}

/// What the peer gets, and what it must answer.
fn job(runtime: &Runtime, file: &Path, call: &Call, (uri, nonce, args): (&str, u64, Json)) -> (Json, Json) {
    let keypair = Keypair::from_uri(uri).expect("a key");
    let bytes = call.encode(runtime).expect("a call");
    let era = Era::mortal(Era::PERIOD, BLOCK, [0x5a; 32]);
    let unsigned = Unsigned::new(runtime, bytes.clone(), Terms { nonce, tip: 0, era }).expect("an extrinsic");
    let extrinsic = unsigned.sign(&keypair).expect("a signature");
    let hex = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
    let shown = hivis_chain::extrinsic::Shown::of(runtime, &bytes).expect("a text");
    let job = json!({
        "metadata": file, "spec": runtime.spec, "genesis": GENESIS, "call": hex(bytes.as_slice()),
        "extrinsic": hex(&extrinsic.bytes), "payload": hex(&unsigned.signed_bytes()), "nonce": nonce,
        "period": Era::PERIOD, "block": BLOCK, "block_hash": "5a".repeat(32),
    });
    let answer = json!({
        "hash": hex(&extrinsic.hash), "signer": keypair.hotkey().as_str(), "scheme": "Sr25519", "nonce": nonce,
        "era": [Era::PERIOD, BLOCK % Era::PERIOD], "call": format!("{}.{}", shown.pallet, shown.call), "args": args,
        "payload": hex::encode(unsigned.signed_bytes()), "good": true,
    });
    (job, answer)
}

#[test]
fn bittensor_core_decodes_and_verifies_ours() {
    check("bittensor-core", "core");
}

#[test]
fn cyscale_decodes_and_bittensor_wallet_verifies_ours() {
    check("bittensor-10.5.0", "cyscale");
}

#[test]
fn bittensor_core_takes_our_proof() {
    let work = Work { netuid: 72, block_hash: [3; 32], hotkey: [1; 32], coldkey: [2; 32], difficulty: 5000 };
    let proof = Search::start(&work, 2, 0).expect("threads").wait(Duration::from_mins(1)).expect("a proof");
    let job = json!({ "prefix": hex::encode(work.prefix()), "difficulty": work.difficulty, "nonce": proof.nonce });
    let Some(found) = ask("bittensor-core", "seal", &job) else { return };
    assert_eq!(found, json!([proof.nonce, hex::encode(proof.seal)]));
}
