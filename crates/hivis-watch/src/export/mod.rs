//! Files for a Prometheus, an Alertmanager and a Grafana, from the same rules that we judge ourselves.

mod alertmanager;
mod dashboard;
mod panels;
mod prometheus;
mod yaml;

pub use alertmanager::{Contacts, Mail, Quiet, Receiver, Way, alertmanager};
pub use dashboard::{Dashboard, Panel, Query, View};
pub use panels::dashboards;
pub use prometheus::{rules_file, scrape_file};
