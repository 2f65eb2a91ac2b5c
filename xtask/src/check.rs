//! `cargo xtask check`: every step that CI runs, cheapest first, with its seconds.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::{command, peers, rooms, tools};

/// How long the seeded mutation tests run, each, in seconds.
const MUTATION_SECONDS: &str = "60";

struct Step {
    name: &'static str,
    run: fn() -> Result<()>,
}

const STEPS: [Step; 10] = [
    Step { name: "format", run: || command::cargo(&["fmt", "--all", "--check"]).and_then(command::run) },
    Step { name: "rooms", run: rooms::check },
    Step { name: "typos", run: tools::typos },
    Step { name: "licences", run: tools::deny },
    Step { name: "dependencies", run: tools::shear },
    Step { name: "peers", run: || peers::install_all().map(|_| ()) },
    Step {
        name: "clippy",
        run: || {
            let args = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
            command::cargo(&args).and_then(command::run)
        },
    },
    Step {
        name: "without train",
        run: || command::cargo(&["check", "-p", "hivis", "--no-default-features", "--locked"]).and_then(command::run),
    },
    Step { name: "tests", run: tests },
    Step {
        name: "doc tests",
        run: || command::cargo(&["test", "--workspace", "--doc", "--locked", "--quiet"]).and_then(command::run),
    },
];

/// Runs the steps whose name contains `only`, or all; stops at the first that fails.
pub(crate) fn run(only: Option<&str>) -> Result<()> {
    let mut times = Vec::new();
    for step in STEPS.iter().filter(|s| only.is_none_or(|o| s.name.contains(o))) {
        println!("==> {}", step.name);
        let start = Instant::now();
        let outcome = (step.run)();
        times.push((step.name, start.elapsed().as_secs_f64()));
        if let Err(error) = outcome {
            report(&times);
            bail!("step `{}` failed: {error:#}", step.name);
        }
    }
    if times.is_empty() {
        bail!("no step is named like that; there are {}", STEPS.map(|s| s.name).join(", "));
    }
    report(&times);
    Ok(())
}

fn report(times: &[(&str, f64)]) {
    println!("\nseconds  step");
    for (name, seconds) in times {
        println!("{seconds:7.1}  {name}");
    }
    println!("{:7.1}  in all", times.iter().map(|t| t.1).sum::<f64>());
}

fn tests() -> Result<()> {
    let mut command = if tools::has_nextest() {
        command::cargo(&["nextest", "run", "--workspace", "--locked", "--no-fail-fast"])?
    } else {
        println!("cargo-nextest is not installed: using `cargo test`, which is slower");
        command::cargo(&["test", "--workspace", "--locked", "--no-fail-fast", "--tests", "--lib", "--bins"])?
    };
    command.env("HIVIS_FUZZ_SECONDS", MUTATION_SECONDS).env("HIVIS_VENVS", peers::folder());
    command::run(command)
}
