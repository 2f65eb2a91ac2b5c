//! What the machine suffers from: disk, memory, GPU, the ledger's queue.

use hivis_types::metric::{self, dcgm};

use super::{critical, warning};
use crate::{Expr, Operator, Rule, Selector, Shape, Thresholds, Window};

pub(super) fn rules(t: &Thresholds) -> Vec<Rule> {
    vec![
        warning("HivisRecordsQueued", "records").when(
            Expr::last(metric::RECORDS_QUEUED).above(t.queued_records),
            5,
            Shape::Plain,
            "{value} records wait for the ledger: the disk is too slow.",
        ),
        warning("HivisRecordsDropped", "records").when(
            Expr::Increase(Selector::of(metric::RECORDS_DROPPED), Window::minutes(15))
                .sum(&["what", "reason"])
                .above(0.0),
            0,
            Shape::Plain,
            "{value} records lost their {what} in the last 15 minutes: {reason}.",
        ),
        warning("HivisVramHigh", "vram").when(
            vram().above(t.vram_share[0]),
            5,
            Shape::Share,
            "GPU {gpu} has {value} of its memory in use.",
        ),
        critical("HivisVramVeryHigh", "vram").when(
            vram().above(t.vram_share[1]),
            2,
            Shape::Share,
            "GPU {gpu} has {value} of its memory in use: the next batch may fail.",
        ),
        warning("HivisGpuHot", "gpu-hot").when(
            Expr::last(dcgm::TEMPERATURE).above(t.gpu_celsius),
            5,
            Shape::Plain,
            "GPU {gpu} is at {value} °C: it slows down soon.",
        ),
        warning("HivisMemoryHigh", "memory").when(
            share_used(metric::MACHINE_MEMORY_AVAILABLE, metric::MACHINE_MEMORY).above(t.memory_share),
            10,
            Shape::Share,
            "{value} of the machine's memory is in use.",
        ),
        warning("HivisDiskLow", "disk").when(
            Expr::last(metric::HOME_FREE_BYTES).ratio(Expr::last(metric::HOME_SIZE_BYTES)).below(t.disk_free_share),
            10,
            Shape::Share,
            "{value} of the home's disk is free.",
        ),
        critical("HivisDiskVeryLow", "disk").when(
            Expr::last(metric::HOME_FREE_BYTES).below(t.disk_free_bytes),
            2,
            Shape::Bytes,
            "{value}B are free on the home's disk: pictures are no longer recorded.",
        ),
        warning("HivisDiskFillsSoon", "disk").when(
            Expr::last(metric::HOME_FULL_SECONDS).below(t.disk_full_s),
            60,
            Shape::Seconds,
            "The home's disk is full in {value} if it goes on like this.",
        ),
    ]
}

fn vram() -> Expr {
    let (used, free) = (Expr::last(dcgm::FB_USED), Expr::last(dcgm::FB_FREE));
    used.clone().ratio(used.math(Operator::Plus, free))
}

fn share_used(free: &str, all: &str) -> Expr {
    Expr::Number(1.0).math(Operator::Minus, Expr::last(free).ratio(Expr::last(all)))
}
