//! Reads the files of `fixtures/wire`.

use serde_json::Value;

use super::Request;

/// A captured answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Its reason, `OK`.
    pub reason: String,
    /// Names and values in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// `bt_header_axon_status_code`.
    pub fn bt_status(&self) -> Option<u16> {
        self.header("bt_header_axon_status_code").map(|text| text.parse().expect("a captured status is a number"))
    }

    /// The bytes as they were on the wire, on a connection that closes after them.
    pub fn bytes(&self) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} {}\r\n", self.status, self.reason);
        for (name, value) in &self.headers {
            if !["content-length", "connection"].contains(&name.to_ascii_lowercase().as_str()) {
                text.extend([name.as_str(), ": ", value.as_str(), "\r\n"]);
            }
        }
        let framing = format!("content-length: {}\r\nconnection: close\r\n\r\n", self.body.len());
        [text, framing, self.body.clone()].concat().into_bytes()
    }

    /// Reads head and body; a head without a body may be followed by a block with it.
    fn read(block: &str) -> Self {
        let (head, body) = block.trim_start_matches('\n').split_once("\n\n").unwrap_or((block, ""));
        let mut lines = head.lines();
        let status = lines.next().expect("an answer starts with its status line");
        let mut words = status.splitn(3, ' ').skip(1);
        Self {
            status: words.next().and_then(|word| word.parse().ok()).expect("a status line has a number"),
            reason: words.next().unwrap_or_default().to_owned(),
            headers: lines.map(header).collect(),
            body: body.trim_matches('\n').to_owned(),
        }
    }
}

fn header(line: &str) -> (String, String) {
    let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("`{line}` is no header"));
    (name.to_owned(), value.trim_start().to_owned())
}

/// One capture: what was asked, what came back, what the dendrite made of it.
#[derive(Clone, Debug)]
pub struct Capture {
    /// The request; none where the dendrite could not connect.
    pub request: Option<Request>,
    /// The answer; none where none came.
    pub answer: Option<Answer>,
    /// The synapse as the dendrite saw it in the end.
    pub seen: Value,
}

impl Capture {
    /// Reads a `<release>_<case>.txt`.
    pub fn read(text: &str) -> Self {
        let mut capture = Self { request: None, answer: None, seen: Value::Null };
        for block in text.split("\n#### ").skip(1) {
            let (title, rest) = block.split_once('\n').unwrap_or((block, ""));
            if title.starts_with(">>> REQUEST") {
                capture.request = Some(request(rest));
            } else if title.starts_with("<<< RESPONSE") {
                match &mut capture.answer {
                    None => capture.answer = Some(Answer::read(rest)),
                    Some(answer) => answer.body += rest.trim_matches('\n'),
                }
            } else if title.starts_with("what the dendrite made") {
                capture.seen = serde_json::from_str(rest).expect("the last block is JSON");
            } else {
                panic!("`{title}` is no block of a capture");
            }
        }
        assert!(!capture.seen.is_null(), "a capture ends with what the dendrite made of it");
        capture
    }
}

fn request(block: &str) -> Request {
    let (head, body) = block.split_once("\n\n").expect("a request has a head and a body");
    let mut lines = head.lines();
    let mut words = lines.next().expect("a request starts with its line").split(' ');
    let mut word = || words.next().expect("a request line has three words").to_owned();
    let framing = |name: &str| ["host", "content-length"].contains(&name.to_ascii_lowercase().as_str());
    Request {
        method: word(),
        target: word(),
        headers: lines.map(header).filter(|(name, _)| !framing(name)).collect(),
        body: body.trim_matches('\n').as_bytes().to_vec(),
        chunked: false,
    }
}

/// The cases of a `<release>_raw_requests.txt` with their answers.
pub fn raw_answers(text: &str) -> Vec<(String, Answer)> {
    let blocks = text.split("\n#### ").skip(1);
    let case = |block: &str| {
        let (title, rest) = block.split_once('\n').expect("a case has a title and an answer");
        let name = title.split(':').next().unwrap_or(title).to_owned();
        (name, Answer::read(rest))
    };
    blocks.map(case).collect()
}

/// One line of an `odd_replies_<release>.txt`.
#[derive(Clone, Debug, PartialEq)]
pub struct OddReply {
    /// Its name; what was sent follows from it.
    pub name: String,
    /// The final prediction; `None` where the dendrite raised.
    pub prediction: Option<f64>,
    /// The final status.
    pub status: Option<u16>,
    /// The start of the final message; Python's `None` reads as no message.
    pub message: Option<String>,
    /// `is_success`.
    pub success: bool,
}

/// Reads what the dendrite made of odd replies. Lines that go on with the message of the one before are skipped.
pub fn odd_replies(text: &str) -> Vec<OddReply> {
    text.lines().filter_map(odd_reply).collect()
}

fn odd_reply(line: &str) -> Option<OddReply> {
    let name = line.split_whitespace().next()?.to_owned();
    let (_, rest) = line.split_once("dendrite=(").unwrap_or_default();
    if line.contains(" RAISED ") {
        return Some(OddReply { name, prediction: None, status: None, message: None, success: false });
    }
    let prediction = line.split_once(" prediction=")?.1.split_whitespace().next()?.parse().ok()?;
    let (status, message) = rest.split_once(',')?;
    let message = message.get(1..)?.split(['\'', '"', '\\']).next().filter(|text| *text != "None");
    Some(OddReply {
        name,
        prediction: Some(prediction),
        status: status.parse().ok(),
        message: message.map(str::to_owned),
        success: line.ends_with("is_success=True"),
    })
}
