//! Cosmos-Transfer as a command: what it is given, how it may end, and that nothing of it outlives its time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hivis_generate::{Charged, Cosmos, CosmosPlace, CosmosSettings, GenerateError, Generator as _, Mode, Refusal};
use hivis_image::{Picture, encode_png};
use hivis_testbed::peers::environment;
use hivis_types::Usd;

use crate::world::{ODD, order, parent};

/// A script in the place of `python examples/inference.py`, in a folder with `ok.png`, a whole picture of the order's size.
struct Script {
    folder: tempfile::TempDir,
}

impl Script {
    fn new(body: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ok.png"), encode_png(&Picture::filled(64, 48, [80, 120, 90]))).unwrap();
        let script = format!(
            "#!/bin/sh\nset -e\nhere='{}'\n[ \"$1\" = -i ] && [ \"$3\" = -o ]\nspec=\"$2\" out=\"$4\"\n{body}\n",
            folder.path().display()
        );
        let file = folder.path().join("run.sh");
        std::fs::write(&file, script).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn cosmos(&self, timeout: Duration, ffmpeg: &Path) -> Cosmos {
        // `sh FILE`, not the file itself: a file that was just written may still be open in a child of another test.
        let command = vec!["/bin/sh".to_owned(), self.path("run.sh").to_string_lossy().into_owned()];
        let settings = CosmosSettings {
            control: "edge".to_owned(),
            steps: 35,
            guidance: 3,
            timeout,
            ffmpeg: ffmpeg.to_owned(),
            price: Usd(50_000),
        };
        Cosmos::new(CosmosPlace::Command(command), settings).unwrap()
    }

    fn usual(&self) -> Cosmos {
        self.cosmos(Duration::from_mins(1), Path::new("ffmpeg"))
    }
}

#[tokio::test]
async fn a_spec_goes_in_and_a_picture_comes_out() {
    let script = Script::new(
        "cp \"$spec\" \"$here/spec.json\"\ncp \"$(dirname \"$spec\")/source.png\" \"$here/source.png\"\ncp \"$here/ok.png\" \"$out/hivis.jpg\"",
    );
    let made = script.usual().make(&order(1).varying(parent())).await.unwrap();
    let picture = made.pictures[0].as_ref().unwrap();
    assert_eq!((picture.mode, picture.varies, made.cost), (Mode::VideoToWorld, true, Usd(50_000)));
    let spec: serde_json::Value = serde_json::from_slice(&std::fs::read(script.path("spec.json")).unwrap()).unwrap();
    assert_eq!((spec["prompt"].as_str(), spec["negative_prompt"].as_str()), (Some(ODD), Some(ODD)));
    assert_eq!((spec["seed"].as_u64(), spec["max_frames"].as_u64()), (Some(7_000), Some(1)));
    assert!(spec["edge"]["control_weight"].as_f64().is_some_and(|weight| (weight - 0.65).abs() < 1e-9), "{spec}");
    let known = [
        "name",
        "prompt",
        "negative_prompt",
        "video_path",
        "seed",
        "guidance",
        "num_steps",
        "max_frames",
        "num_video_frames_per_chunk",
        "edge",
    ];
    assert!(spec.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "it refuses other keys: {spec}");
    assert_eq!(hivis_generate::inspect(&std::fs::read(script.path("source.png")).unwrap(), (64, 48)), Ok(()));
    let error = script.usual().make(&order(1)).await.unwrap_err();
    assert!(matches!(error, GenerateError::Unable { .. }), "{error:?}");
}

#[tokio::test]
async fn how_a_run_may_end() {
    let blocked = Script::new("echo 'CRITICAL: Guardrail blocked generation. Prompt: x'");
    let made = blocked.usual().make(&order(1).varying(parent())).await.unwrap();
    assert_eq!((made.pictures[0].clone().unwrap_err(), made.paid), (Refusal::SafetyFilter, 1));
    let nothing = Script::new("exit 0");
    let made = nothing.usual().make(&order(1).varying(parent())).await.unwrap();
    assert_eq!(made.pictures[0].clone().unwrap_err(), Refusal::Missing);
    let failed = Script::new("echo loading\necho 'torch.OutOfMemoryError: CUDA out of memory' >&2\nexit 3");
    let error = failed.usual().make(&order(1).varying(parent())).await.unwrap_err();
    assert!(error.to_string().contains("CUDA out of memory") && error.charged() == Charged::Unknown, "{error}");
    let gone = CosmosPlace::Command(vec!["/no/such/program".to_owned()]);
    let settings = CosmosSettings {
        control: "edge".to_owned(),
        steps: 1,
        guidance: 3,
        timeout: Duration::from_mins(1),
        ffmpeg: "ffmpeg".into(),
        price: Usd(0),
    };
    let gone = Cosmos::new(gone, settings).unwrap();
    for error in [gone.make(&order(1).varying(parent())).await.unwrap_err(), gone.check().await.unwrap_err()] {
        assert!(matches!(error, GenerateError::Command { .. }) && error.charged() == Charged::Nothing, "{error:?}");
    }
    assert!(nothing.usual().check().await.is_ok());
}

#[tokio::test]
async fn at_the_deadline_the_whole_family_ends() {
    // A grandchild that would write after its time, and a child that waits for it.
    let script =
        Script::new("(while :; do sleep 0.05; echo x >> \"$here/alive\"; done) &\necho $! > \"$here/pid\"\nwait");
    let cosmos = script.cosmos(Duration::from_millis(800), Path::new("ffmpeg"));
    let error = cosmos.make(&order(1).varying(parent())).await.unwrap_err();
    assert!(matches!(error, GenerateError::Slow { .. }) && error.charged() == Charged::Unknown, "{error:?}");
    let pid = std::fs::read_to_string(script.path("pid")).unwrap();
    let status = PathBuf::from(format!("/proc/{}/stat", pid.trim()));
    for _ in 0..200 {
        // Gone, or dead and not yet reaped by whoever adopts it.
        if std::fs::read_to_string(&status).map_or(true, |stat| stat.contains(") Z ")) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the grandchild {pid} lives on");
}

/// The real ffmpeg, out of the wheel of `imageio-ffmpeg`.
fn ffmpeg() -> Option<PathBuf> {
    let venv = environment("generators")?;
    let folder = std::fs::read_dir(venv.join("lib")).unwrap().next().unwrap().unwrap().path();
    let binaries = folder.join("site-packages/imageio_ffmpeg/binaries");
    let mut found = std::fs::read_dir(binaries).unwrap().map(|entry| entry.unwrap().path());
    found.find(|path| path.file_name().unwrap().to_string_lossy().starts_with("ffmpeg-"))
}

#[tokio::test]
async fn of_a_video_its_first_frame_is_taken() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let script = Script::new(&format!(
        "'{}' -nostdin -loglevel error -loop 1 -i \"$here/ok.png\" -t 0.3 -r 10 -pix_fmt yuv420p \"$out/hivis.mp4\"",
        ffmpeg.display()
    ));
    let made = script.cosmos(Duration::from_mins(1), &ffmpeg).make(&order(1).varying(parent())).await.unwrap();
    assert!(made.pictures[0].is_ok(), "{made:?}");
    let broken = Script::new("printf '\\000\\000\\000\\040ftypisom' > \"$out/hivis.mp4\"");
    let error = broken.cosmos(Duration::from_mins(1), &ffmpeg).make(&order(1).varying(parent())).await.unwrap_err();
    assert!(error.to_string().contains("ffmpeg"), "{error}");
    let missing = broken.cosmos(Duration::from_mins(1), Path::new("/no/ffmpeg"));
    let error = missing.make(&order(1).varying(parent())).await.unwrap_err();
    assert!(matches!(error, GenerateError::Command { .. }), "{error:?}");
}
