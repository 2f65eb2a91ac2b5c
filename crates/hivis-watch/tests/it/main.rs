//! Rules judged by us and by Prometheus, files read by the programs that they are for.

mod files;
mod promtool;
mod scenario;
mod scenarios;
