//! The two ways to load a server: as fast as it answers, or at a rate that does not care.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use crate::line::{Line, Reply};
use crate::question::Questions;

/// Closed loop: each of `callers` asks `each` questions, one after the other, the first picture being number `from`.
pub(crate) async fn closed(
    questions: &Arc<Questions>,
    at: SocketAddr,
    callers: usize,
    each: u64,
    from: u64,
) -> Result<Vec<Reply>> {
    let mut tasks = JoinSet::new();
    for caller in 0..callers {
        let questions = Arc::clone(questions);
        tasks.spawn(async move {
            let mut line = Line::open(at).await?;
            let mut replies = Vec::with_capacity(each as usize);
            for number in 0..each {
                let number = from + caller as u64 * each + number;
                let request = questions.head(caller) + &questions.body(number);
                replies.push(line.ask(request.as_bytes()).await?);
            }
            Ok::<_, anyhow::Error>(replies)
        });
    }
    let mut all = Vec::new();
    for replies in tasks.join_all().await {
        all.extend(replies?);
    }
    Ok(all)
}

/// An open loop: how many a second, for how long, over how many lines.
#[derive(Clone, Copy)]
pub(crate) struct OpenLoop {
    pub(crate) rate: f64,
    pub(crate) time: Duration,
    pub(crate) lines: usize,
}

/// What an open loop gave.
#[derive(Default)]
pub(crate) struct Offered {
    /// One a request that was answered.
    pub(crate) replies: Vec<Reply>,
    /// Requests whose line broke or that had no answer in time.
    pub(crate) broken: usize,
    /// Requests that were due while every line was busy; they were not sent.
    pub(crate) unsent: usize,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
}

impl OpenLoop {
    /// How many requests that makes.
    pub(crate) fn requests(&self) -> usize {
        (self.rate * self.time.as_secs_f64()) as usize
    }

    /// Sends `head(n)` and picture `n` when it is due, whatever became of those before. A latency begins with the first
    /// byte sent.
    pub(crate) async fn offer(
        self,
        questions: &Arc<Questions>,
        at: SocketAddr,
        heads: impl Fn(usize) -> String,
    ) -> Result<Offered> {
        let mut lines = Vec::with_capacity(self.lines);
        for _ in 0..self.lines {
            lines.push(Line::open(at).await?);
        }
        let idle = Arc::new(Mutex::new(lines));
        let (mut asked, mut offered, begin) = (JoinSet::new(), Offered::default(), Instant::now());
        for number in 0..self.requests() {
            let due = begin + Duration::from_secs_f64(number as f64 / self.rate);
            tokio::time::sleep_until(due.into()).await;
            let Some(mut line) = lock(&idle).pop() else {
                offered.unsent += 1;
                continue;
            };
            let request = heads(number) + &questions.body(number as u64);
            let idle = Arc::clone(&idle);
            asked.spawn(async move {
                let reply = line.ask(request.as_bytes()).await;
                if reply.is_ok() {
                    lock(&idle).push(line);
                } else if let Ok(fresh) = Line::open(at).await {
                    lock(&idle).push(fresh);
                }
                reply
            });
        }
        for reply in asked.join_all().await {
            match reply {
                Ok(reply) => offered.replies.push(reply),
                Err(_) => offered.broken += 1,
            }
        }
        offered.took = begin.elapsed();
        Ok(offered)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
