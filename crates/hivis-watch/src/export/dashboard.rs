//! Dashboards as Grafana 10 and later read them.

use serde_json::{Value, json};

/// A page of panels.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// The name of its file and its `uid`: `hivis-axon`.
    pub uid: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Its panels, from the left, top to bottom.
    pub panels: Vec<Panel>,
}

/// How a panel shows numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Lines over time, half the width.
    Lines,
    /// One number, a sixth of the width.
    Number,
}

/// One panel.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Its name.
    pub title: &'static str,
    /// How it shows them.
    pub view: View,
    /// Grafana's name of the unit: `s`, `percentunit`, `bytes`, `reqps`, `short`.
    pub unit: &'static str,
    /// What it asks.
    pub queries: Vec<Query>,
    /// Where lines are drawn: (value, colour).
    pub lines: Vec<(f64, &'static str)>,
}

/// One query.
#[derive(Clone, Debug)]
pub struct Query {
    /// PromQL; `@` stands for the matcher of the chosen instances.
    pub text: String,
    /// The legend: text with `{{label}}`.
    pub legend: &'static str,
}

impl Query {
    /// The query with Grafana's variables.
    pub fn grafana(&self) -> String {
        self.text.replace('@', "instance=~\"$instance\"")
    }

    /// The query as Prometheus takes it, for every instance.
    pub fn promql(&self) -> String {
        self.text.replace('@', "instance=~\".*\"").replace("$__rate_interval", "1m")
    }
}

impl Dashboard {
    /// The dashboard's file.
    pub fn json(&self) -> Value {
        let mut panels = Vec::new();
        let (mut x, mut y, mut tall) = (0, 0, 0);
        for (index, panel) in self.panels.iter().enumerate() {
            let (width, height) = match panel.view {
                View::Lines => (12, 8),
                View::Number => (4, 4),
            };
            if x + width > 24 {
                (x, y, tall) = (0, y + tall, 0);
            }
            tall = tall.max(height);
            panels.push(panel.json(index + 1, &json!({ "x": x, "y": y, "w": width, "h": height })));
            x += width;
        }
        json!({
            "uid": self.uid,
            "title": self.title,
            "tags": ["hivis"],
            "schemaVersion": 39,
            "version": 1,
            "editable": true,
            "timezone": "utc",
            "refresh": "30s",
            "time": { "from": "now-6h", "to": "now" },
            "annotations": { "list": [] },
            "links": [{ "type": "dashboards", "tags": ["hivis"], "title": "hivis", "asDropdown": true, "includeVars": true, "keepTime": true }],
            "templating": { "list": [
                { "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1, "hide": 0 },
                {
                    "name": "instance", "label": "Miner", "type": "query", "refresh": 2, "hide": 0, "multi": true, "includeAll": true,
                    "datasource": source(), "definition": INSTANCES, "query": { "query": INSTANCES, "refId": "instance" },
                    "current": { "text": "All", "value": "$__all" }
                }
            ] },
            "panels": panels
        })
    }
}

const INSTANCES: &str = "label_values(hivis_axon_ready, instance)";

fn source() -> Value {
    json!({ "type": "prometheus", "uid": "${datasource}" })
}

impl Panel {
    fn json(&self, id: usize, place: &Value) -> Value {
        let targets: Vec<Value> = self.queries.iter().zip('A'..='Z').map(|(query, name)| {
            let instant = self.view == View::Number;
            json!({
                "refId": name.to_string(), "datasource": source(), "expr": query.grafana(), "legendFormat": query.legend,
                "range": !instant, "instant": instant, "editorMode": "code"
            })
        }).collect();
        let mut steps = vec![json!({ "color": "green", "value": null })];
        steps.extend(self.lines.iter().map(|(value, colour)| json!({ "color": colour, "value": value })));
        let mut defaults = json!({ "unit": self.unit, "thresholds": { "mode": "absolute", "steps": steps } });
        let (kind, options) = match self.view {
            View::Lines => {
                let style = if self.lines.is_empty() { "off" } else { "line" };
                defaults["custom"] = json!({ "lineWidth": 1, "fillOpacity": 8, "showPoints": "never", "thresholdsStyle": { "mode": style } });
                (
                    "timeseries",
                    json!({ "legend": { "displayMode": "list", "placement": "bottom" }, "tooltip": { "mode": "multi" } }),
                )
            }
            View::Number => (
                "stat",
                json!({ "reduceOptions": { "calcs": ["lastNotNull"] }, "colorMode": "value", "graphMode": "none" }),
            ),
        };
        json!({
            "id": id, "title": self.title, "type": kind, "gridPos": place, "datasource": source(), "targets": targets,
            "fieldConfig": { "defaults": defaults, "overrides": [] }, "options": options
        })
    }
}
