//! `hivis console`: who may use the control room. A running server sees changes with the next request.

mod password;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use hivis_console::{Accounts, NewToken, hash_password, make_token, token_digest, users_file};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::cli::{ConsoleVerb, Global, TokenCreateArgs, TokenVerb, UserVerb};
use crate::table::table;
use crate::{entropy, home};

/// Runs one of the verbs.
pub(crate) async fn run(global: &Global, verb: &ConsoleVerb) -> Result<ExitCode> {
    let home = home::open_or_create(global)?;
    // A folder with accounts and without a ledger would be no home for anybody else.
    home.ledger().await?.close().await;
    let home = home.path();
    match verb {
        ConsoleVerb::User(verb) => user(global, home, verb)?,
        ConsoleVerb::Token(verb) => token(global, home, verb)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn user(global: &Global, home: &Path, verb: &UserVerb) -> Result<()> {
    match verb {
        UserVerb::Add(args) => {
            // Before somebody types a password for nothing.
            Accounts::read(home)?.add_user(&args.name, args.role.into(), String::new())?;
            let hash = hash(&args.name, &args.password)?;
            let first = Accounts::change(home, |accounts| {
                accounts.add_user(&args.name, args.role.into(), hash)?;
                Ok(accounts.users().len() == 1)
            })?;
            say(global, &json!({ "added": args.name, "file": users_file(home) }), || {
                let note = if first { "From now on the page asks everybody to log in.\n" } else { "" };
                format!("{} may log in.\n{note}", args.name)
            });
        }
        UserVerb::List => {
            let accounts = Accounts::read(home)?;
            let users = accounts.users();
            let value: Vec<_> = users.iter().map(|user| json!({ "name": user.name, "role": user.role })).collect();
            let rows: Vec<_> = users.iter().map(|u| vec![u.name.clone(), u.role.as_str().to_owned()]).collect();
            say(global, &json!(value), || match &rows[..] {
                [] => "No accounts: `hivis console user add NAME --role operator` makes one.\n".to_owned(),
                rows => table(&["name", "role"], rows),
            });
        }
        UserVerb::Remove { name } => {
            let left = Accounts::change(home, |accounts| accounts.remove_user(name).map(|()| accounts.users().len()))?;
            say(global, &json!({ "removed": name, "left": left }), || {
                let note = "No account is left: whoever is on this computer is the operator again.\n";
                format!("{name} may no longer log in.\n{}", if left == 0 { note } else { "" })
            });
        }
        UserVerb::Password(args) => {
            Accounts::read(home)?.set_password(&args.name, String::new())?;
            let hash = hash(&args.name, &args.password)?;
            Accounts::change(home, |accounts| accounts.set_password(&args.name, hash))?;
            say(global, &json!({ "changed": args.name }), || {
                format!("The password of {} is another; its sessions have ended.\n", args.name)
            });
        }
    }
    Ok(())
}

fn token(global: &Global, home: &Path, verb: &TokenVerb) -> Result<()> {
    match verb {
        TokenVerb::Create(args) => create(global, home, args)?,
        TokenVerb::List => {
            let accounts = Accounts::read(home)?;
            let (tokens, now) = (accounts.tokens(), Timestamp::now());
            let until = |expires: Timestamp| {
                let day = expires.strftime("%Y-%m-%d");
                if expires > now { day.to_string() } else { format!("{day} (over)") }
            };
            let value: Vec<_> = tokens
                .iter()
                .map(|t| json!({ "name": t.name, "role": t.role, "created": t.created, "expires": t.expires }))
                .collect();
            let rows: Vec<_> =
                tokens.iter().map(|t| vec![t.name.clone(), t.role.as_str().to_owned(), until(t.expires)]).collect();
            say(global, &json!(value), || match &rows[..] {
                [] => "No tokens: `hivis console token create NAME --role viewer` makes one.\n".to_owned(),
                rows => table(&["name", "role", "until (UTC)"], rows),
            });
        }
        TokenVerb::Revoke { name } => {
            Accounts::change(home, |accounts| accounts.revoke_token(name))?;
            say(global, &json!({ "revoked": name }), || format!("{name} is refused from now on.\n"));
        }
    }
    Ok(())
}

/// The token goes to standard output alone, so that it can go into a file.
fn create(global: &Global, home: &Path, args: &TokenCreateArgs) -> Result<()> {
    let token = make_token(entropy::fill)?;
    let created = Timestamp::now();
    let expires = created + SignedDuration::from_hours(24 * i64::from(args.days));
    let digest = token_digest(&token);
    Accounts::change(home, |accounts| {
        accounts.add_token(&NewToken { name: &args.name, role: args.role.into(), created, expires, digest })
    })?;
    if global.json {
        println!("{}", json!({ "name": args.name, "token": token, "expires": expires }));
    } else {
        println!("{token}");
        eprintln!("It is shown this once, and holds until {} UTC.", expires.strftime("%Y-%m-%d %H:%M"));
    }
    Ok(())
}

fn hash(name: &str, args: &crate::cli::NewPasswordArgs) -> Result<String> {
    let typed = password::read(name, args)?;
    Ok(hash_password(&typed, entropy::fill)?)
}

fn say(global: &Global, value: &serde_json::Value, text: impl FnOnce() -> String) {
    if global.json {
        println!("{value}");
    } else {
        print!("{}", text());
    }
}
