//! One kept-alive connection that sends bytes and reads as little of the answer as the measures need.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// No server takes longer: the validator's timeout.
const PATIENCE: Duration = Duration::from_secs(9);

/// A connection to a server.
pub(crate) struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reply {
    /// HTTP status.
    pub(crate) status: u16,
    /// Whether the body has a prediction other than -1.
    pub(crate) judged: bool,
    /// From the first byte written to the last read.
    pub(crate) latency: Duration,
}

impl Line {
    pub(crate) async fn open(at: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(at).await.with_context(|| format!("cannot connect to {at}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 << 10) })
    }

    /// Sends one request and waits for its answer, at most nine seconds.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Reply> {
        let begin = Instant::now();
        let (status, judged) =
            tokio::time::timeout(PATIENCE, self.exchange(request)).await.context("no answer in nine seconds")??;
        Ok(Reply { status, judged, latency: begin.elapsed() })
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<(u16, bool)> {
        self.stream.write_all(request).await.context("the server hung up on a request")?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let text = String::from_utf8_lossy(&self.buffer[..head]).to_ascii_lowercase();
        let status = text.get(9..12).and_then(|code| code.parse().ok()).context("an answer without a status")?;
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if let Some(length) = value("content-length:") {
            let end = head + length.parse::<usize>().context("an odd content-length")?;
            while self.buffer.len() < end {
                self.more().await?;
            }
        } else if value("transfer-encoding:") == Some("chunked") {
            while !self.buffer.ends_with(b"\r\n0\r\n\r\n") {
                self.more().await?;
            }
        } else {
            bail!("an answer without a length");
        }
        let body = &self.buffer[head..];
        let judged = find(body, b"\"prediction\":").is_some_and(|at| {
            let value = body[at + 13..].trim_ascii_start();
            !value.starts_with(b"-")
        });
        Ok((status, judged))
    }

    async fn more(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.buffer).await.context("the server hung up on an answer")? {
            0 => bail!("the server closed the line"),
            _ => Ok(()),
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
