//! `hivis publish`: a release to the Hub, and NATIX told of it.

use std::process::ExitCode;

use anyhow::{Context, Result};
use hivis_bittensor::Keypair;
use hivis_chain::{At, Network, account};
use hivis_hub::{Content, Event, Hub, Repo, RepoKind};
use hivis_store::{Home, Registration};
use hivis_types::ReleaseId;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::cli::{Global, PublishArgs, ServeArgs};
use crate::config::Settings;
use crate::failure::Hinted;
use crate::licence::{self, Said};
use crate::meter::Meter;
use crate::natix::{Form as Registered, Natix};
use crate::publication::{self, Examined, Form, Publication};
use crate::publish::{self, Done, Order};
use crate::table::table;
use crate::verbs::serve::keypair;
use crate::{backbone, chain, home, promote};

/// Uploads what is not there, then registers what is not registered.
pub(crate) async fn run(global: &Global, args: &PublishArgs) -> Result<ExitCode> {
    let home = home::open(global)?;
    let settings = home::settings(&home, &ServeArgs { wallet: args.wallet.clone(), ..ServeArgs::default() })?;
    let keypair = keypair(&settings.wallet)?;
    if let Some(other) = args.submitted_by.as_ref().filter(|other| **other != keypair.hotkey().to_string()) {
        let why = format!("--submitted-by {other} is not the hotkey in use, {}", keypair.hotkey());
        return Err(Hinted::new(why, "use that hotkey with --wallet and --hotkey, or leave --submitted-by out").into());
    }
    let order = order(&home, args, &settings, keypair.hotkey())?;
    if args.dry_run {
        dry_run(global, &order, &settings)?;
        return Ok(ExitCode::SUCCESS);
    }
    let hub = Hub::from_environment(|name| std::env::var(name).ok())?;
    let done = upload(&home, &hub, &order).await?;
    if !global.json {
        tell(&hub, &order, &done);
    }
    let mut registered = None;
    if !args.no_register {
        let uid = match args.uid {
            Some(uid) => uid,
            None => uid(&settings, &keypair).await.context("published, not registered with NATIX")?,
        };
        if done.private {
            let hint = "make it public in its settings, or use --no-register";
            return Err(Hinted::new(format!("{} is private: NATIX cannot read it", hub.page(&order.repo)), hint).into());
        }
        let natix = Natix::new(settings.natix.clone(), Timestamp::now)?;
        let form = Registered { publication: done.seq, uid, repo: order.repo.id(), hotkey: &keypair };
        let ledger = home.ledger().await?;
        let said = natix.register(&ledger, &form).await.context("published, not registered")?;
        if !global.json {
            println!("registered with NATIX as uid {uid} at {}", at(&said));
        }
        registered = Some((uid, said));
    }
    if global.json {
        println!("{}", object(&done, registered.as_ref())?);
    }
    Ok(ExitCode::SUCCESS)
}

/// Our place, by the chain.
async fn uid(settings: &Settings, keypair: &Keypair) -> Result<u16> {
    let network = settings.chain.network;
    if network != Network::Finney && !settings.natix.here() {
        // Its registry knows uids and no networks: ours on another network is somebody else's there.
        let hint = "publish with --no-register, or give the uid that NATIX should know with --uid";
        return Err(Hinted::new(format!("a uid of {network} is not for NATIX's registry"), hint).into());
    }
    let (chain, netuid, key) = (chain::open(&settings.chain)?, settings.chain.netuid, keypair.public());
    let uid = chain.read(async |at: &At| account::uid(at, netuid, &key).await).await?;
    uid.ok_or_else(|| {
        let what = format!("{} is not registered on subnet {netuid} of {}", keypair.hotkey(), settings.chain.network);
        Hinted::new(what, "`hivis register` first, or give --uid, or --no-register").into()
    })
}

/// What the arguments and the configuration come to.
fn order(home: &Home, args: &PublishArgs, settings: &Settings, hotkey: hivis_types::Hotkey) -> Result<Order> {
    let release = match &args.release {
        Some(id) => home::load_release(home, &ReleaseId::new(id.clone())?)?,
        None => home::current_release(home)?
            .ok_or_else(|| Hinted::new("there is no current release", "name one; `hivis release list` shows them"))?,
    };
    promote::promotable(&release.manifest)?;
    let configured = &settings.publish;
    let repo = args.repo.as_ref().or(configured.repo.as_ref()).ok_or_else(|| {
        Hinted::new("no repository is named", "--repo OWNER/NAME, or repo under [publish] in hivis.toml")
    })?;
    let repo = Repo::new(RepoKind::Model, repo)?;
    if !repo.id().contains('/') {
        return Err(Hinted::new(format!("{} has no owner", repo.id()), "--repo OWNER/NAME").into());
    }
    let backbones = backbone::behind(home, &release.manifest);
    let said = Said { name: args.licence.as_deref(), file: args.licence_file.as_deref() };
    let licence = licence::of(&backbones, said)?;
    let form = match (args.head_only, args.full) {
        (true, _) => Form::HeadOnly,
        (_, true) => Form::Full,
        _ if licence.gated => Form::HeadOnly,
        _ => Form::Full,
    };
    let names: Vec<&str> = backbones.iter().map(|backbone| backbone.name.as_str()).collect();
    let plain = || format!("Roadwork classifier for StreetVision: a head on {}, made with hivis.", names.join(" and "));
    let text =
        |flag: &Option<String>, file: &Option<String>| flag.clone().or_else(|| file.clone()).map(|t| one_line(&t));
    let name = text(&args.model_name, &configured.model_name).unwrap_or_else(|| release.manifest.id.to_string());
    let description = text(&args.description, &configured.description).unwrap_or_else(plain);
    let exam = Examined::newest(home, &release.manifest.id)?;
    let publication = Publication { release, backbones, licence, form, name: (name, description), hotkey, exam };
    Ok(Order { publication, repo, replace: args.replace })
}

/// Cards are made of lines.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn upload(home: &Home, hub: &Hub, order: &Order) -> Result<Done> {
    let meter = Meter::bytes();
    let show = |event: Event| match event {
        Event::Listed { files, bytes, .. } => {
            meter.total(bytes);
            meter.say(&format!("{}: {files} files differ, {bytes} bytes", order.repo.id()));
        }
        Event::Bytes(more) => meter.add(more),
        Event::Done { .. } => {}
        Event::Waiting { why, wait } => meter.say(&format!("{why}; trying again in {} s", wait.as_secs())),
    };
    let done = publish::publish(home, hub, order, Timestamp::now, &show).await;
    meter.end();
    done
}

fn tell(hub: &Hub, order: &Order, done: &Done) {
    let published = &done.published;
    let how = if done.made { "is published" } else { "was published already" };
    println!("{} {how}: {} at {}", published.release, hub.page(&order.repo), published.revision);
    println!("release hash {}", published.sha256);
}

fn at(said: &Registration) -> String {
    said.registered.map_or_else(String::new, |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

fn object(done: &Done, registered: Option<&(u16, Registration)>) -> Result<Value> {
    let mut object = serde_json::to_value(&done.published)?;
    object["commit_made"] = done.made.into();
    object["registration"] = match registered {
        Some((uid, said)) => {
            let mut said = serde_json::to_value(said)?;
            said["uid"] = (*uid).into();
            said
        }
        None => Value::Null,
    };
    Ok(object)
}

/// Says what would be sent; asks nobody.
fn dry_run(global: &Global, order: &Order, settings: &Settings) -> Result<()> {
    let of = &order.publication;
    let card = of.card(Timestamp::now())?;
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for file in of.files(&card)? {
        let bytes = match &file.content {
            Content::Bytes(bytes) => bytes.clone(),
            Content::File(path) => fs_err::read(path)?,
        };
        let sha256 = hex::encode(Sha256::digest(&bytes));
        objects.push(json!({ "name": file.name, "bytes": bytes.len(), "sha256": sha256 }));
        rows.push(vec![file.name, bytes.len().to_string(), sha256]);
    }
    let hash = publication::hash(&of.release)?;
    if global.json {
        let said = json!({ "dry_run": true, "release": of.release.manifest.id, "sha256": hash, "repo": order.repo.id(),
            "form": of.form, "licence": of.licence.title, "files": objects, "model_card": card,
            "natix": settings.natix.register() });
        println!("{said}");
        return Ok(());
    }
    println!("nothing was sent; without --dry-run this would go to {}:\n", order.repo.id());
    print!("{}", table(&["file", "bytes", "SHA-256"], &rows));
    let form = if of.form == Form::Full { "whole" } else { "head, calibration and recipe only" };
    println!("\nrelease {} ({form}), hash {hash}", of.release.manifest.id);
    println!("backbone under the {}", of.licence.title);
    println!("model_card.json: {}", serde_json::to_string_pretty(&card)?);
    println!("then NATIX would be told at {}", settings.natix.register());
    Ok(())
}
