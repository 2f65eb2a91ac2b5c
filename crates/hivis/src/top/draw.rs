//! One frame of `hivis top`. Pure: a view in, cells out; the time shown is the view's own.

use hivis_console::system::{TopAnswer, TopView};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Cell, Clear, Paragraph, Row, Sparkline, Table, TableState, Wrap};

use super::App;

/// Below this there is room for lines only.
const LEAST: (u16, u16) = (60, 16);
const GOOD: Color = Color::Green;
const BAD: Color = Color::Red;
const ROAD: Color = Color::Yellow;
const SOFT: Style = Style::new().add_modifier(Modifier::DIM);
const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);

/// Draws everything into the frame's whole area.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    let Some(view) = &app.view else {
        let said = app.trouble.as_deref().unwrap_or("looking ...");
        frame.render_widget(Paragraph::new(format!("hivis top\n\n{said}")).wrap(Wrap { trim: false }), area);
        return;
    };
    if area.width < LEAST.0 || area.height < LEAST.1 {
        frame.render_widget(Paragraph::new(few(view, app)), area);
    } else {
        whole(frame, area, view, app);
    }
    if app.help {
        help(frame, area);
    }
}

fn whole(frame: &mut Frame<'_>, area: Rect, view: &TopView, app: &App) {
    let troubles = troubles(view, app);
    let [head, figures, body, said, keys] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Length(5),
        Constraint::Min(6),
        Constraint::Length(troubles.len().clamp(1, 3) as u16),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(heading(view)), head);
    self::figures(frame, figures, view);
    let right = if area.width >= 100 { 40 } else { 31 };
    let [left, right] = Layout::horizontal([Constraint::Min(30), Constraint::Length(right)]).areas(body);
    answers(frame, left, view, app.marked);
    let rows = (view.wheel.len() as u16 + 2).min(body.height.saturating_sub(4));
    let [wheel, jobs] = Layout::vertical([Constraint::Length(rows), Constraint::Min(3)]).areas(right);
    counts(frame, wheel, view);
    turns(frame, jobs, view);
    frame.render_widget(Paragraph::new(troubles), said);
    frame.render_widget(Paragraph::new("q quit   ? keys   ↑↓ answers   r look now").style(SOFT), keys);
}

/// State, release, where and when.
fn heading(view: &TopView) -> Vec<Line<'static>> {
    let colour = if view.ready { GOOD } else { BAD };
    let release = view.release.clone().unwrap_or_else(|| "no release".to_owned());
    let place = if view.address.is_empty() { String::new() } else { format!("  axon {}", view.address) };
    let from = if view.read_from == "server" { "" } else { "  (read from the ledger)" };
    vec![
        Line::from(vec![
            Span::styled("hivis", BOLD),
            Span::raw("  "),
            Span::styled(view.state.clone(), Style::new().fg(colour).add_modifier(Modifier::BOLD)),
            Span::styled(from, SOFT),
        ]),
        Line::from(Span::styled(format!("{release}{place}  {} UTC", second(&view.at)), SOFT)),
    ]
}

fn figures(frame: &mut Frame<'_>, area: Rect, view: &TopView) {
    let quarter = Constraint::Ratio(1, 4);
    let [reward, rate, latency, disk] = Layout::horizontal([quarter; 4]).areas(area);
    let (point, range, source) = match &view.reward {
        Some(reward) => {
            (format!("{:.3}", reward.point), format!("{:.3} to {:.3}", reward.low, reward.high), reward.source.clone())
        }
        None => ("-".to_owned(), "no exam yet".to_owned(), String::new()),
    };
    card(frame, reward, "reward", [&point, &range, &source]);
    let block = Block::bordered().title("challenges");
    let inner = block.inner(rate);
    frame.render_widget(block, rate);
    let [first, bars] = Layout::vertical([Constraint::Length(1), Constraint::Min(1)]).areas(inner);
    let second = format!("{:.2}/s  {}/h", view.rate, count(view.challenges));
    frame.render_widget(Paragraph::new(second).style(BOLD), first);
    frame.render_widget(Sparkline::default().data(fitting(&view.spark, bars.width)).style(Style::new().fg(ROAD)), bars);
    let ms = |ms: Option<f64>| ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.0} ms"));
    let share = match view.challenges {
        0 => "nobody asked".to_owned(),
        all => format!("{:.1}% judged", 100.0 * view.judged as f64 / all as f64),
    };
    card(frame, latency, "latency", [&format!("p50 {}", ms(view.p50_ms)), &format!("p99 {}", ms(view.p99_ms)), &share]);
    let gb = |bytes: u64| bytes as f64 / 1e9;
    let free = format!("{:.1} GB free", gb(view.disk.free_bytes));
    let full = match view.disk.days_until_full {
        Some(days) if days < 1.0 => "full today".to_owned(),
        Some(days) => format!("full in {days:.0} days"),
        None => "does not fill".to_owned(),
    };
    card(frame, disk, "disk", [&free, &format!("of {:.1} GB", gb(view.disk.total_bytes)), &full]);
}

fn card(frame: &mut Frame<'_>, area: Rect, title: &str, lines: [&str; 3]) {
    let [first, second, third] = lines;
    let text =
        vec![Line::styled(first.to_owned(), BOLD), Line::raw(second.to_owned()), Line::styled(third.to_owned(), SOFT)];
    frame.render_widget(Paragraph::new(text).block(Block::bordered().title(title.to_owned())), area);
}

/// The newest bars that fit; a narrow place adds neighbours up.
fn fitting(spark: &[u64], width: u16) -> Vec<u64> {
    let width = usize::from(width).max(1);
    let each = spark.len().div_ceil(width).max(1);
    spark.rchunks(each).rev().map(|chunk| chunk.iter().sum()).collect()
}

fn answers(frame: &mut Frame<'_>, area: Rect, view: &TopView, marked: usize) {
    let block = Block::bordered().title("answers");
    if view.answers.is_empty() {
        let said = "No challenge yet. A validator asks about once a minute.";
        frame.render_widget(Paragraph::new(said).style(SOFT).wrap(Wrap { trim: true }).block(block), area);
        return;
    }
    let wide = area.width >= 60;
    let row = |answer: &TopAnswer| {
        let (colour, judged) = match (answer.said.as_str(), answer.probability) {
            ("roadwork", Some(_)) => (ROAD, true),
            (_, Some(_)) => (GOOD, true),
            _ => (BAD, false),
        };
        let probability = answer.probability.map_or_else(String::new, |p| format!("{p:.3}"));
        let mut cells = vec![
            Cell::from(clock(&answer.time).to_owned()),
            Cell::from(answer.caller.clone()),
            Cell::from(answer.said.clone()).style(Style::new().fg(colour)),
            Cell::from(probability),
        ];
        if wide {
            cells.push(Cell::from(format!("{:>6}", answer.status)));
        }
        cells.push(Cell::from(format!("{:>7.1}", answer.ms)).style(if judged { Style::new() } else { SOFT }));
        Row::new(cells)
    };
    let mut head = vec!["UTC", "caller", "answer", "p"];
    let mut widths = vec![Constraint::Length(8), Constraint::Length(7), Constraint::Min(8), Constraint::Length(5)];
    if wide {
        head.push("status");
        widths.push(Constraint::Length(6));
    }
    head.push("     ms");
    widths.push(Constraint::Length(7));
    let table = Table::new(view.answers.iter().map(row), widths)
        .header(Row::new(head).style(SOFT))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED))
        .block(block);
    frame.render_stateful_widget(table, area, &mut TableState::new().with_selected(Some(marked)));
}

fn counts(frame: &mut Frame<'_>, area: Rect, view: &TopView) {
    let inside = usize::from(area.width.saturating_sub(2));
    let line = |count: &hivis_console::system::TopCount| {
        let value = self::count(count.value);
        Line::raw(format!("{:<width$}{value}", count.name, width = inside.saturating_sub(value.len())))
    };
    let waiting = format!("wheel, {} wait for you", count(view.waiting));
    let lines: Vec<Line<'_>> = view.wheel.iter().map(line).collect();
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(waiting)), area);
}

fn turns(frame: &mut Frame<'_>, area: Rect, view: &TopView) {
    let line = |job: &hivis_console::system::TopJob| {
        let colour = match job.state.as_str() {
            "failed" | "cut off" => Style::new().fg(BAD),
            "running" => Style::new().fg(ROAD),
            "done" => Style::new().fg(GOOD),
            _ => SOFT,
        };
        let when = job.at.get(5..16).unwrap_or(&job.at).replacen('T', " ", 1);
        Line::from(vec![Span::raw(format!("{:<8} {when} ", job.kind)), Span::styled(job.state.clone(), colour)])
    };
    let lines: Vec<Line<'_>> = view.jobs.iter().map(line).collect();
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title("jobs")), area);
}

/// What is wrong, the worst first; else that nothing is.
fn troubles(view: &TopView, app: &App) -> Vec<Line<'static>> {
    let bad = |text: String| Line::styled(text, Style::new().fg(BAD));
    let mut lines = Vec::new();
    lines.extend(app.trouble.clone().map(|why| bad(format!("the last look failed: {why}"))));
    lines.extend(view.troubles.iter().cloned().map(bad));
    match view.alerts {
        Some(0) => lines.push(Line::styled("no alert holds", Style::new().fg(GOOD))),
        Some(1) => lines.push(bad("1 alert holds that nobody acknowledged".to_owned())),
        Some(many) => lines.push(bad(format!("{many} alerts hold that nobody acknowledged"))),
        None => lines.push(Line::styled("alerts are not known here", SOFT)),
    }
    lines
}

/// The essentials in lines, for a small terminal.
fn few(view: &TopView, app: &App) -> Vec<Line<'static>> {
    let reward = view.reward.as_ref().map_or_else(|| "-".to_owned(), |reward| format!("{:.3}", reward.point));
    let ms = |ms: Option<f64>| ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms:.0}"));
    let mut lines = heading(view);
    lines.push(Line::raw(format!("reward {reward}  {:.2}/s  {}/h", view.rate, count(view.challenges))));
    lines.push(Line::raw(format!("p50 {} ms  p99 {} ms", ms(view.p50_ms), ms(view.p99_ms))));
    lines.push(Line::raw(format!("{:.1} GB free  {} wait", view.disk.free_bytes as f64 / 1e9, view.waiting)));
    lines.extend(troubles(view, app));
    lines
}

fn help(frame: &mut Frame<'_>, area: Rect) {
    let text = "q, Esc, Ctrl-C   quit\n?                these words\n↑ ↓ Home End     mark an answer\nr                look now\n\n\
                reward: what the exam of the serving release expects, 90%\nchallenges: by ten seconds of the last ten minutes\n\
                latency and share judged: of the last hour\ndisk: when recording would stop";
    let (width, height) = (62.min(area.width), 11.min(area.height));
    let place = Rect::new((area.width - width) / 2, (area.height - height) / 2, width, height);
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(text).block(Block::bordered().title("keys and figures")), place);
}

/// `12345` as `12,345`
fn count(value: u64) -> String {
    let digits = value.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// `2026-11-27 02:40:11`
fn second(time: &str) -> String {
    time.get(..19).unwrap_or(time).replacen('T', " ", 1)
}

/// `02:40:11`
fn clock(time: &str) -> &str {
    time.get(11..19).unwrap_or(time)
}
