//! Files of prompts, shipped and the user's.

use super::*;

fn none() -> Words<'static> {
    Words { slices: &[], caption: "" }
}

#[test]
fn what_ships_covers_weather_night_equipment_and_confusers() {
    let prompts = Prompts::shipped();
    let mut seeds = std::collections::BTreeSet::new();
    for file in prompts.files() {
        assert!(file.version >= 1 && !file.about.is_empty(), "{}", file.name);
        for prompt in &file.prompts {
            assert!(seeds.insert(prompt.seed), "{}: every prompt has seeds of its own", prompt.id);
            assert!(!prompt.negative.is_empty(), "{}", prompt.id);
            let said = prompt.render(&none()).expect("it renders");
            assert!(!said.text.contains(['{', '}', '\n']), "{}: {}", prompt.id, said.text);
        }
    }
    for tag in
        ["time:night", "weather:rain", "weather:fog", "weather:snow", "equipment:excavator", "equipment:arrow-board"]
    {
        let found = prompts.pick(Label::Roadwork, &[tag.to_owned()], None);
        assert!(found.iter().all(|prompt| prompt.slices.iter().any(|t| t == tag)), "{tag}: {found:?}");
    }
    let hydrant = prompts.pick(Label::Clear, &["confuser:hydrant".to_owned()], None);
    assert_eq!(hydrant[0].id, "confusers/hydrant");
    let strange = ["moon:full".to_owned()];
    assert!(prompts.pick(Label::Clear, &strange, None).len() > 5, "nothing fits: any will do");
    assert!(prompts.pick(Label::Clear, &[], Some("nothing")).iter().all(|prompt| prompt.id.starts_with("hard/")));
}

#[test]
fn a_users_file_takes_the_place_of_the_shipped_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let night = "version = 7\n[[prompt]]\nid = \"mine\"\nlabel = \"roadwork\"\ntext = \"my street, {{ slices | join(' ') }}\"\n";
    std::fs::write(folder.path().join("night.toml"), night).expect("a file");
    std::fs::write(folder.path().join("notes.txt"), "not one").expect("a file");
    let prompts = Prompts::load(folder.path()).expect("files");
    assert_eq!(prompts.files().len(), SHIPPED.len());
    let file = prompts.file("night").expect("the file");
    assert_eq!((file.stamp().as_str(), file.from.is_some()), ("night 7", true));
    let slices = ["time:night".to_owned(), "weather:fog".to_owned()];
    let said = file.prompts[0].render(&Words { slices: &slices, caption: "" }).expect("it renders");
    assert_eq!(said.text, "my street, time:night weather:fog");
    assert_eq!(Prompts::load(&folder.path().join("nowhere")).expect("no folder is no error"), Prompts::shipped());
}

#[test]
fn words_of_strangers_survive_to_the_letter() {
    let odd = "\"quotes\" 'single' {brace} {{ caption }} {% raw %}\n\ttab \\ 道路工事 \u{1F6A7} <b> & %s\n";
    let template = Prompt {
        id: "x/y".to_owned(),
        label: Label::Clear,
        slices: Vec::new(),
        text: "{{ caption }}, {{ label }}".to_owned(),
        negative: "{{ caption }}".to_owned(),
        seed: 0,
        plain: false,
    };
    let said = template.render(&Words { slices: &[], caption: odd }).expect("it renders");
    assert_eq!((said.text, said.negative), (format!("{odd}, clear"), odd.to_owned()));
    let plain = Prompt { text: odd.to_owned(), plain: true, ..template };
    assert_eq!(plain.render(&none()).expect("it is taken as it is").text, odd);
}

#[test]
fn a_bad_file_is_named_with_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = "[[prompt]]\nid = \"a\"\nlabel = \"clear\"\n";
    for (text, wanted) in [
        ("version = ", "expected"),
        ("version = 1\nprompt = []\n", "no prompt"),
        (&format!("version = 1\n{one}text = \" \"\n"), "says nothing"),
        (&format!("version = 1\n{one}text = \"x\"\n{one}text = \"y\"\n"), "two prompts"),
        (&format!("version = 1\n{one}text = \"{{{{ weather }}}}\"\n"), "undefined"),
        (&format!("version = 1\n{one}text = \"{{% if %}}\"\n"), "syntax"),
        (&format!("version = 1\n{one}text = \"x\"\ncolour = 1\n"), "colour"),
        ("version = 1\n[[prompt]]\nid = \"../x\"\nlabel = \"clear\"\ntext = \"x\"\n", "no id"),
        ("version = 1\n[[prompt]]\nid = \"x\"\nlabel = \"maybe\"\ntext = \"x\"\n", "maybe"),
    ] {
        std::fs::write(folder.path().join("mine.toml"), text).expect("a file");
        let error = Prompts::load(folder.path()).expect_err(text);
        let said = error.to_string();
        assert!(said.contains("mine") && said.to_lowercase().contains(wanted), "{text}: {said}");
        assert!(error.hint().is_some() && !said.contains('\n'), "{said}");
    }
}
