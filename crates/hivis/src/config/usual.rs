//! What holds for keys that nobody wrote.

use std::collections::BTreeMap;
use std::time::Duration;

use hivis_notify::GroupBy;
use hivis_types::{Precision, Usd};

use super::Settings;
use super::mine::plain;
use crate::night::Step;
use crate::policy::Policy;

/// The value of each key by name, in TOML's words. A key without an entry has none until somebody writes it.
pub(super) fn usual(settings: &Settings) -> BTreeMap<&'static str, String> {
    let mut rows = serving(settings);
    rows.extend(around(settings));
    rows.extend(picking(settings));
    rows.extend(making(settings));
    rows.extend(turning(settings));
    rows.extend(watching(settings));
    rows.extend(alerting(settings));
    rows.into_iter().collect()
}

type Rows = Vec<(&'static str, String)>;

fn serving(s: &Settings) -> Rows {
    let (serve, model, records) = (&s.serve, &s.model, &s.records);
    vec![
        ("wallet.path", text(&s.wallet.path.display().to_string())),
        ("wallet.name", text(&s.wallet.name)),
        ("wallet.hotkey", text(&s.wallet.hotkey)),
        ("serve.addr", text(&serve.addr.to_string())),
        ("serve.page", text(&serve.page.to_string())),
        ("serve.permits", text(&serve.permits.display().to_string())),
        ("serve.least_stake", serve.least_stake.to_string()),
        ("serve.permits_old_min", minutes(serve.permits_old)),
        ("serve.unvisited_min", minutes(serve.unvisited)),
        ("serve.deadline_s", seconds(serve.deadline)),
        ("serve.silence_below", serve.silence_below.to_string()),
        ("serve.body_bytes", serve.body_bytes.to_string()),
        ("serve.picture_pixels", serve.picture_pixels.to_string()),
        ("serve.connections", serve.connections.to_string()),
        ("serve.drain_s", seconds(serve.drain)),
        ("serve.announce_port", serve.announced.port.to_string()),
        ("model.engine", text(model.engine.as_str())),
        ("model.precision", text(Precision::as_str(model.precision))),
        ("model.threads", model.threads.to_string()),
        ("model.batch", model.batch.to_string()),
        ("model.provider", text(&model.provider)),
        ("release.policy", text(policy(s.policy))),
        ("records.keep_days", (records.keep.as_secs() / 86_400).to_string()),
        ("records.keep_gb", gigabytes(records.keep_bytes)),
        ("records.min_free_gb", gigabytes(records.min_free)),
    ]
}

fn around(s: &Settings) -> Rows {
    let (chain, natix, dates, versions) = (&s.chain, &s.natix, &s.dates, &s.versions);
    let endpoints: Vec<String> = chain.endpoints.iter().map(|e| text(&hivis_chain::printable(e))).collect();
    let days: Vec<String> = dates.retrain_days.iter().map(u32::to_string).collect();
    vec![
        ("chain.endpoints", format!("[{}]", endpoints.join(", "))),
        ("chain.netuid", chain.netuid.to_string()),
        ("chain.stale_after_s", seconds(chain.stale_after)),
        ("chain.refresh_blocks", chain.refresh_blocks.to_string()),
        ("chain.timeout_s", seconds(chain.timeout)),
        ("natix.base", text(&natix.base)),
        ("natix.path", text(&natix.path)),
        ("natix.status_path", text(&natix.status_path)),
        ("natix.type", text(&natix.kind)),
        ("natix.poll_s", seconds(natix.poll)),
        ("natix.wait_s", seconds(natix.wait)),
        ("dates.full_reward_days", dates.full_reward_days.to_string()),
        ("dates.period_days", dates.period_days.to_string()),
        ("dates.source", text(&dates.source)),
        ("dates.in_force", dates.in_force.to_string()),
        ("dates.retrain_days", format!("[{}]", days.join(", "))),
        ("dates.remind_days", dates.remind_days.to_string()),
        ("versions.split_seed", versions.split_seed.to_string()),
        ("versions.keep", versions.keep.to_string()),
        ("versions.link", text(versions.link.as_str())),
    ]
}

fn picking(s: &Settings) -> Rows {
    let (mine, gate, review) = (&s.mine, &s.gate, &s.review);
    let bands: Vec<String> =
        mine.rules.bands.iter().map(|(low, high)| format!("[{}, {}]", plain(*low), plain(*high))).collect();
    let days = |back: jiff::SignedDuration| (back.as_hours() / 24).to_string();
    let basis = hivis_curate::gate::Basis::NAMES.iter().find(|(_, basis)| *basis == gate.basis);
    vec![
        ("mine.confidence", plain(mine.rules.confidence).to_string()),
        ("mine.bands", format!("[{}]", bands.join(", "))),
        ("mine.entropy_bits", plain(mine.rules.entropy_bits).to_string()),
        ("mine.disagreement", plain(mine.rules.disagreement).to_string()),
        ("mine.drift", plain(mine.rules.drift).to_string()),
        ("mine.rejudge", mine.rejudge.to_string()),
        ("mine.night_days", days(mine.night.back)),
        ("mine.night_clusters", mine.night.clusters.to_string()),
        ("mine.night_each", mine.night.each.to_string()),
        ("mine.week_days", days(mine.week.back)),
        ("mine.week_clusters", mine.week.clusters.to_string()),
        ("mine.week_each", mine.week.each.to_string()),
        ("mine.merge", plain(mine.spread.merge).to_string()),
        ("mine.split", plain(mine.spread.split).to_string()),
        ("mine.scene", plain(mine.spread.scene).to_string()),
        ("mine.pool", mine.pool.to_string()),
        ("mine.again_days", days(mine.again)),
        ("mine.neighbours", mine.guess.neighbours.to_string()),
        ("mine.share", plain(mine.guess.share).to_string()),
        ("mine.expected_percent", format!("[{}, {}]", mine.expected.0, mine.expected.1)),
        ("gate.limits", text(basis.map_or("", |(name, _)| name))),
        ("gate.laplacian", gate.fixed.laplacian.to_string()),
        ("gate.outside", gate.fixed.outside.to_string()),
        ("gate.one_colour", gate.fixed.one_colour.to_string()),
        ("gate.grid_db", gate.fixed.grid_db.to_string()),
        ("gate.repeat", gate.fixed.repeat.to_string()),
        ("gate.tail", gate.tail.to_string()),
        ("gate.real", gate.real.to_string()),
        ("gate.same_bits", gate.same_bits.to_string()),
        ("gate.same_distance", plain(gate.same_distance).to_string()),
        ("gate.sureness", gate.sureness.to_string()),
        ("gate.consensus", gate.consensus.to_string()),
        ("gate.batch", gate.batch.least.to_string()),
        ("gate.ratio", gate.batch.ratio.to_string()),
        ("gate.draws", gate.batch.draws.to_string()),
        ("gate.seed", gate.batch.seed.to_string()),
        ("gate.best", gate.second.share.to_string()),
        ("gate.clusters", gate.second.clusters.to_string()),
        ("review.week", review.week.to_string()),
        ("review.double", review.double.to_string()),
        ("review.reviewer", text(review.reviewer.as_str())),
        ("review.lease_min", review.lease.as_mins().to_string()),
        ("review.weeks", review.weeks.to_string()),
        ("review.target", review.rules.target.to_string()),
        ("review.change_below", review.rules.change_below.to_string()),
        ("review.switch_below", review.rules.switch_below.to_string()),
        ("review.alert_below", review.rules.alert_below.to_string()),
        ("review.least", review.rules.least.to_string()),
    ]
}

fn making(s: &Settings) -> Rows {
    let synth = &s.synth;
    vec![
        ("synth.generator", text(&synth.generator)),
        ("synth.variations", synth.variations.to_string()),
        ("synth.night", synth.night.to_string()),
        ("synth.long", synth.long.to_string()),
        ("synth.adversarial", synth.adversarial.to_string()),
        ("synth.strength", plain(synth.strength).to_string()),
        ("synth.steps", synth.steps.to_string()),
        ("synth.guidance", plain(synth.guidance).to_string()),
        ("synth.width", synth.size.0.to_string()),
        ("synth.height", synth.size.1.to_string()),
        ("synth.week_usd", dollars(synth.caps.week.usd)),
        ("synth.week_pictures", synth.caps.week.pictures.to_string()),
        ("synth.month_usd", dollars(synth.caps.month.usd)),
        ("synth.month_pictures", synth.caps.month.pictures.to_string()),
        ("synth.timeout_s", seconds(synth.timeout)),
    ]
}

fn watching(s: &Settings) -> Rows {
    let (console, drift) = (&s.console, &s.drift);
    vec![
        ("console.idle_min", minutes(console.idle)),
        ("console.session_h", (console.lifetime.as_secs_f64() / 3600.0).to_string()),
        ("console.open_metrics", console.open_metrics.to_string()),
        ("drift.enabled", drift.enabled.to_string()),
        ("drift.window", drift.window.to_string()),
        ("drift.every_min", minutes(drift.every)),
        ("drift.history", drift.history.to_string()),
        ("drift.least", drift.least.to_string()),
        ("drift.false_alarms", drift.false_alarms.to_string()),
        ("drift.reference", drift.reference.to_string()),
        ("drift.accuracy_loss", drift.accuracy_loss.to_string()),
    ]
}

fn alerting(s: &Settings) -> Rows {
    let (limits, policy, rank) = (s.thresholds(), &s.notify.policy, &s.rank);
    let targets = s.watch.targets.clone().unwrap_or_else(|| vec![s.serve.page.to_string()]);
    let targets: Vec<String> = targets.iter().map(|target| text(target)).collect();
    let list = |values: &[f64]| format!("[{}]", values.iter().map(f64::to_string).collect::<Vec<_>>().join(", "));
    let over = |span: jiff::SignedDuration, unit: f64| (span.as_secs_f64() / unit).to_string();
    vec![
        ("watch.latency_ms", (1e3 * limits.latency_s).to_string()),
        ("watch.latency_critical_ms", (1e3 * limits.latency_critical_s).to_string()),
        ("watch.error_share", limits.error_share.to_string()),
        ("watch.objective", limits.objective.to_string()),
        ("watch.clock_s", limits.clock_s.to_string()),
        ("watch.drift_ratio", limits.drift_ratio.to_string()),
        ("watch.shed_per_minute", limits.shed_per_minute.to_string()),
        ("watch.queued_records", limits.queued_records.to_string()),
        ("watch.vram_share", list(&limits.vram_share)),
        ("watch.gpu_celsius", limits.gpu_celsius.to_string()),
        ("watch.memory_share", limits.memory_share.to_string()),
        ("watch.disk_free_share", limits.disk_free_share.to_string()),
        ("watch.disk_full_days", (limits.disk_full_s / 86_400.0).to_string()),
        ("watch.acceptance_share", limits.acceptance_share.to_string()),
        ("watch.spend_share", list(&limits.spend_share)),
        ("watch.date_days", list(&limits.date_s.map(|s| s / 86_400.0))),
        ("watch.night_late_h", (limits.night_late_s / 3600.0).to_string()),
        ("watch.runbooks", text(&s.runbooks())),
        ("watch.targets", format!("[{}]", targets.join(", "))),
        ("watch.alertmanager", text(&s.watch.alertmanager)),
        ("notify.group_by", text(group_by(policy.group_by))),
        ("notify.wait_s", over(policy.wait, 1.0)),
        ("notify.interval_min", over(policy.interval, 60.0)),
        ("notify.repeat_h", over(policy.repeat, 3600.0)),
        ("notify.settle_s", over(policy.settle, 1.0)),
        ("notify.resolved", policy.resolved.to_string()),
        ("notify.round_s", seconds(s.notify.round)),
        ("notify.hold_most_s", seconds(s.notify.hold_most)),
        ("rank.least_days", rank.least_days.to_string()),
        ("rank.most_days", rank.most_days.to_string()),
    ]
}

fn turning(s: &Settings) -> Rows {
    let night = &s.night;
    let time = |time: jiff::civil::Time| text(&time.strftime("%H:%M").to_string());
    let day = |day: jiff::civil::Weekday| format!("{day:?}").to_lowercase();
    let days: Vec<String> = night.days.iter().map(|weekday| text(&day(*weekday))).collect();
    let off: Vec<String> = night.off.iter().map(|step: &Step| text(step.as_str())).collect();
    vec![
        ("night.at", time(night.at)),
        ("night.days", format!("[{}]", days.join(", "))),
        ("night.weekly_day", text(&day(night.weekly.0))),
        ("night.weekly_at", time(night.weekly.1)),
        ("night.monthly_at", time(night.monthly_at)),
        ("night.off", format!("[{}]", off.join(", "))),
        ("night.synthesise_above", night.synthesise_above.to_string()),
        ("night.train_above", night.train_above.to_string()),
        ("night.epochs", night.nightly.0.to_string()),
        ("night.minutes", minutes(night.nightly.1)),
        ("night.weekly_epochs", night.weekly_training.0.to_string()),
        ("night.weekly_minutes", minutes(night.weekly_training.1)),
        ("night.retrain_minutes", minutes(night.retraining.1)),
        ("night.pictures", text(&night.pictures)),
        ("night.exam_pictures", text(&night.exam_pictures)),
        ("night.exam_questions", night.exam_questions.to_string()),
        ("night.promote", text(if night.promote == super::Promote::Ask { "ask" } else { "policy" })),
    ]
}

fn group_by(group_by: GroupBy) -> &'static str {
    match group_by {
        GroupBy::Rule => "rule",
        GroupBy::Severity => "severity",
        GroupBy::All => "all",
    }
}

fn policy(policy: Policy) -> &'static str {
    Policy::NAMES.iter().find(|(_, known)| *known == policy).map_or("", |(name, _)| name)
}

fn text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn seconds(duration: Duration) -> String {
    duration.as_secs_f64().to_string()
}

fn minutes(duration: Duration) -> String {
    (duration.as_secs_f64() / 60.0).to_string()
}

fn gigabytes(bytes: u64) -> String {
    (bytes as f64 / 1e9).to_string()
}

fn dollars(usd: Usd) -> String {
    (usd.0 as f64 / 1e6).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::cli::ServeArgs;
    use crate::config::Raw;
    use crate::config::keys::keys;

    /// Keys that have no value until somebody writes one.
    const NONE: [&str; 21] = [
        "serve.announce_ip",
        "model.runtime_library",
        "earnings.tao_usd",
        "dates.token",
        "dates.entry",
        "chain.network",
        "publish.repo",
        "publish.model_name",
        "publish.description",
        "mine.members",
        "gate.releases",
        "gate.inception",
        "gate.lpips",
        "versions.remote",
        "versions.git_name",
        "versions.git_email",
        "night.backbone",
        "console.hosts",
        "console.proxies",
        "notify.page_url",
        "notify.channels",
    ];

    #[test]
    fn every_key_has_its_usual_value_or_is_known_to_have_none() {
        let settings = Settings::resolve(&Raw::default(), &ServeArgs::default(), Path::new("/h")).expect("defaults");
        let usual = usual(&settings);
        let keys: BTreeSet<String> = keys().into_iter().collect();
        let strange: Vec<_> = usual.keys().filter(|key| !keys.contains(**key)).collect();
        assert!(strange.is_empty(), "no such keys: {strange:?}");
        // A subsection that is not there has no values.
        let told = |key: &str| key.matches('.').count() > 1 || NONE.contains(&key) || key == "night.generator";
        let missing: Vec<_> = keys.iter().filter(|key| !usual.contains_key(key.as_str()) && !told(key)).collect();
        assert!(missing.is_empty(), "give these a row above: {missing:?}");
    }
}
