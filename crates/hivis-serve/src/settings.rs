//! What an operator can set, with the defaults and why they are what they are.

use std::time::Duration;

use hivis_image::DecodeLimits;

use crate::AlarmSettings;

/// How the axon answers. Every count of zero is read as one.
#[derive(Clone, Debug)]
pub struct AxonSettings {
    /// No answer takes longer than this from its request's head. Default 5 s (validators of subnet 72 wait 9 s).
    pub deadline: Duration,
    /// Taken off the caller's own timeout, for the way back. Default 0.5 s.
    pub margin: Duration,
    /// Most pictures in one batch. Default 8.
    pub max_batch: usize,
    /// Most requests that are admitted and not yet in the engine. Default 256: at 35 ms a picture that is 9 s, more than
    /// any deadline, and 256 pictures of 224 x 224 are 39 MB. At most 4096 are used: the line is searched linearly.
    pub queue: usize,
    /// Below this confidence (`max(p, 1 - p)`, so 0.5 to 1) the answer is -1. Default 0: everything is answered.
    pub silence_below: f32,
    /// Threads that turn base64 into pixels. Default 2.
    pub decode_threads: usize,
    /// Limits on a stranger's picture.
    pub picture: DecodeLimits,
    /// Only for `bench axon`, whose peer does not decode either: `false` gives the engine a grey picture instead. Default
    /// `true`.
    pub decode: bool,
    /// How long requests in flight may take after the shutdown signal; what comes in during it must be done by then.
    /// Default 10 s, twice the deadline; less than the deadline would cut some off.
    pub drain: Duration,
    /// When someone must be told.
    pub alarms: AlarmSettings,
    /// Limits on connections and slow clients.
    pub limits: Limits,
}

impl Default for AxonSettings {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(5),
            margin: Duration::from_millis(500),
            max_batch: 8,
            queue: 256,
            silence_below: 0.0,
            decode_threads: 2,
            picture: DecodeLimits::default(),
            decode: true,
            drain: Duration::from_secs(10),
            alarms: AlarmSettings::default(),
            limits: Limits::default(),
        }
    }
}

/// What one client, and all of them together, may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a request's head. Default 16 KiB; the SDK sends 1.2 KiB. More is answered with 431. At least 8 KiB.
    pub head_bytes: usize,
    /// From a head's first byte to its last. Default 5 s.
    pub head_time: Duration,
    /// Between two requests of one connection, and before the first. Default 30 s; the SDK's own axon gives 5 s.
    pub idle_time: Duration,
    /// Bytes of a body. Default 12 MiB: an 8 MiB picture in base64 and room for the rest. More is answered with 413.
    pub body_bytes: usize,
    /// From a head's last byte to its body's last. Default 4 s. More is answered with 408.
    pub body_time: Duration,
    /// Bytes of all bodies held at once. Default 128 MiB. What does not fit is answered with 503.
    pub all_body_bytes: usize,
    /// Open connections. Default 512. One more is closed at once.
    pub connections: usize,
    /// Open connections of one address (of one /64 in IPv6). Default 64. One more is closed at once.
    pub connections_per_ip: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 16 << 10,
            head_time: Duration::from_secs(5),
            idle_time: Duration::from_secs(30),
            body_bytes: 12 << 20,
            body_time: Duration::from_secs(4),
            all_body_bytes: 128 << 20,
            connections: 512,
            connections_per_ip: 64,
        }
    }
}
