//! What only a connection shows: long heads, bodies that are announced, who is at the other end.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

struct Served {
    address: String,
    folder: tempfile::TempDir,
}

async fn served(on: &str, accounts: &[&str]) -> Served {
    let (mut panel, folder) = panel(&[]).await;
    let home = folder.path().join("home");
    for role in accounts {
        add(&home, role, role.parse().expect("a role"));
    }
    panel.door = Door::new(door_settings(&home)).expect("a door");
    let listener = TcpListener::bind((on, 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(hivis_console::serve(listener, panel, std::future::pending()));
    Served { address: format!("127.0.0.1:{port}"), folder }
}

/// Sends the head and no body, and reads what comes: the status line and the rest.
async fn send(served: &Served, head: &str) -> String {
    let talk = async {
        let mut socket = TcpStream::connect(&served.address).await.expect("it listens");
        let head = format!("{head}\r\nHost: {}\r\nConnection: close\r\n\r\n", served.address);
        // The other end may have had enough before all is sent.
        let _ = socket.write_all(head.as_bytes()).await;
        let mut all = Vec::new();
        let _ = socket.read_to_end(&mut all).await;
        String::from_utf8_lossy(&all).into_owned()
    };
    tokio::time::timeout(Duration::from_mins(1), talk).await.expect("an answer in time")
}

#[tokio::test]
async fn a_long_head_is_refused() {
    let served = served("127.0.0.1", &["viewer"]).await;
    let said = send(&served, &format!("GET / HTTP/1.1\r\nCookie: hivis_session={}", "x".repeat(20_000))).await;
    assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
    let many = "\r\nX-Line: 1".repeat(80);
    let said = send(&served, &format!("GET / HTTP/1.1{many}")).await;
    assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
    // One that fits, and is nobody's.
    let said = send(&served, &format!("GET / HTTP/1.1\r\nCookie: hivis_session={}", "x".repeat(8_000))).await;
    assert!(said.starts_with("HTTP/1.1 303 "), "{said}");
}

/// Ten megabytes are refused by their announcement: not one of their bytes is sent here.
#[tokio::test]
async fn a_long_body_is_refused_before_it_comes() {
    let served = served("127.0.0.1", &[]).await;
    let json = "Content-Type: application/json\r\nContent-Length: 10485760";
    let said = send(&served, &format!("POST /api/review/undo HTTP/1.1\r\n{json}\r\nX-Hivis-Reviewer: anna")).await;
    assert!(said.starts_with("HTTP/1.1 413 "), "{said}");
    let said = send(&served, &format!("POST /api/review/undo HTTP/1.1\r\n{json}")).await;
    assert!(said.starts_with("HTTP/1.1 403 "), "who may not change anything is told so first: {said}");
}

#[tokio::test]
async fn where_others_reach_it_nobody_is_in() {
    for (on, status) in [("127.0.0.1", "200"), ("0.0.0.0", "303")] {
        let served = served(on, &[]).await;
        let said = send(&served, "GET / HTTP/1.1").await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{on}: {said}");
        let token = served.folder.path().join("home").join(hivis_console::TOKEN_FILE);
        assert_eq!(token.exists(), on == "0.0.0.0", "{on}");
    }
}
