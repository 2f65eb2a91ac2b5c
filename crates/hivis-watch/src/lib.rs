//! Alert rules: each is written once, and judged here or by Prometheus.
