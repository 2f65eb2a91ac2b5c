//! Pages that say what to do: one for each alert, in the repository, in exports and on the page.

/// Names and texts (Markdown: headings, lists, `code`, links to each other).
pub const ALL: &[(&str, &str)] = &[
    ("acceptance", include_str!("../../../docs/runbooks/acceptance.md")),
    ("channel", include_str!("../../../docs/runbooks/channel.md")),
    ("clock", include_str!("../../../docs/runbooks/clock.md")),
    ("dates", include_str!("../../../docs/runbooks/dates.md")),
    ("disk", include_str!("../../../docs/runbooks/disk.md")),
    ("down", include_str!("../../../docs/runbooks/down.md")),
    ("drift", include_str!("../../../docs/runbooks/drift.md")),
    ("errors", include_str!("../../../docs/runbooks/errors.md")),
    ("gpu-hot", include_str!("../../../docs/runbooks/gpu-hot.md")),
    ("latency", include_str!("../../../docs/runbooks/latency.md")),
    ("memory", include_str!("../../../docs/runbooks/memory.md")),
    ("metagraph-old", include_str!("../../../docs/runbooks/metagraph-old.md")),
    ("missed", include_str!("../../../docs/runbooks/missed.md")),
    ("night", include_str!("../../../docs/runbooks/night.md")),
    ("no-model", include_str!("../../../docs/runbooks/no-model.md")),
    ("no-validator", include_str!("../../../docs/runbooks/no-validator.md")),
    ("not-ready", include_str!("../../../docs/runbooks/not-ready.md")),
    ("records", include_str!("../../../docs/runbooks/records.md")),
    ("shedding", include_str!("../../../docs/runbooks/shedding.md")),
    ("spend", include_str!("../../../docs/runbooks/spend.md")),
    ("unknown", include_str!("../../../docs/runbooks/unknown.md")),
    ("uptime", include_str!("../../../docs/runbooks/uptime.md")),
    ("vram", include_str!("../../../docs/runbooks/vram.md")),
];

/// The text of a page.
pub fn page(name: &str) -> Option<&'static str> {
    ALL.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
