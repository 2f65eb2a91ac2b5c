//! What a person sees of it, and a program.

use serde_json::json;

use super::Up;
use super::plan::Plan;
use crate::chain::coins;
use crate::up::{Deployment, Item, Seen, Verdict};
use jiff::Timestamp;

impl Up<'_> {
    /// One line of one step.
    pub(super) fn say(&self, step: &str, text: &str) {
        if self.global.json {
            println!("{}", json!({ "step": step, "text": text }));
        } else {
            println!("{step:<11} {text}");
        }
    }

    /// What would happen, what it costs, and whether it is worth it.
    pub(super) fn show_plan(&self, plan: &Plan, seen: &Seen, verdict: &Verdict) {
        if self.global.json {
            let axon = plan.announce.map(|axon| format!("{}:{}", axon.ip, axon.port));
            let plan = json!({ "register": plan.register.map(|cap| json!({ "cost_rao": seen.cost.burn, "cap_rao": cap })),
                "publish": plan.publish.then_some(&plan.repo), "announce": axon, "commit": plan.commit });
            println!("{}", json!({ "plan": plan, "verdict": verdict }));
            return;
        }
        println!();
        for line in self.lines(plan, seen) {
            println!("{line}");
        }
        println!();
        print_verdict(verdict);
        println!();
    }

    fn lines(&self, plan: &Plan, seen: &Seen) -> Vec<String> {
        let mut lines = vec!["What is left to do:".to_owned()];
        match plan.register {
            Some(cap) => lines.push(format!(
                "  register   for {} TAO now (at most {} by your cap) and a small fee, from {}",
                coins(seen.cost.burn),
                coins(cap),
                self.payer()
            )),
            None if seen.uid.is_none() => {
                lines.push(format!("  register   costs {} TAO now: needs --max-cost TAO", coins(seen.cost.burn)));
            }
            None => {}
        }
        if let Some(repo) = plan.repo.as_ref().filter(|_| plan.publish) {
            lines.push(format!("  publish    the serving release to {repo} on the Hub, for everyone to see"));
        }
        match (plan.announce, plan.reached_at) {
            (Some(axon), _) => lines.push(format!("  announce   {}:{}, free", axon.ip, axon.port)),
            (None, None) => {
                lines.push("  announce   needs --ip A.B.C.D: nobody else knows this machine's address".to_owned());
            }
            (None, Some(_)) => {}
        }
        if plan.commit {
            lines.push("  commit     on the chain to what is published, free".to_owned());
        }
        lines.push("  serve      and wait for the first challenge".to_owned());
        lines
    }

    /// The list of the first seven days.
    pub(super) fn show_items(&self, items: &[Item], deployment: &Deployment) {
        let day = deployment.day(Timestamp::now());
        if self.global.json {
            println!(
                "{}",
                json!({ "day": day, "began": deployment.began, "checklist": items, "done": deployment.done })
            );
            return;
        }
        println!("Day {day} of the first seven (since {}):", deployment.began.strftime("%Y-%m-%d %H:%M UTC"));
        for item in items {
            let mark = if item.done { "done" } else { "open" };
            println!("  {mark}  day {}  {:<28} {}", item.day, item.what, item.figure);
        }
    }

    /// How it ended.
    pub(super) fn show_end(&self, items: &[Item], deployment: &Deployment, (verdict, answered): (&Verdict, bool)) {
        if self.global.json {
            self.show_items(items, deployment);
            println!("{}", json!({ "up": answered, "verdict": verdict }));
            return;
        }
        println!();
        self.show_items(items, deployment);
        println!();
        print_verdict(verdict);
    }
}

fn print_verdict(verdict: &Verdict) {
    println!("{}", if verdict.go { "GO" } else { "NO-GO" });
    if verdict.cost_tao > 0.0 {
        println!("  cost             {:.4} TAO for the registration", verdict.cost_tao);
    } else {
        println!("  cost             nothing more: the hotkey is registered");
    }
    let reward =
        verdict.reward.map_or("not known: no exam".to_owned(), |reward| format!("{reward:.3} by its newest exam"));
    println!("  expected reward  {reward}");
    if let Some([low, median, high]) = verdict.daily_tao {
        println!(
            "  miners earn      {median:.4} TAO a day at the median ({low:.4} to {high:.4} for the middle half), at today's price"
        );
    }
    if let Some(days) = verdict.break_even_days {
        println!("  break-even       after {days:.1} days of a median miner");
    }
    for line in &verdict.against {
        println!("  against it       {line}");
    }
    for line in &verdict.risks {
        println!("  risk             {line}");
    }
}
